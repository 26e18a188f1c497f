#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The backline authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the demo: that it sounds, that it says why when it cannot, and that nothing is left of it."""
import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time

from check_docs import end_processes, processes


class Demo:
    """A run with a JACK server and a folder for temporary files of its own."""

    def __init__(self, source, build, folder, number):
        self.server = f"bldemo{os.getpid()}-{number}"
        self.mark = f"JACK_DEFAULT_SERVER={self.server}"
        self.folder = os.path.join(folder, str(number))
        os.mkdir(self.folder)
        self.words = [os.path.join(source, "demo", "run"), build]
        self.env = dict(os.environ, JACK_DEFAULT_SERVER=self.server, TMPDIR=self.folder)

    def run(self, seconds, end_after=None):
        """Exit status and what was said. A machine has room for 8 servers: waits for a place."""
        limit = time.monotonic() + 40.0
        while True:
            child = subprocess.Popen([*self.words, "--seconds", str(seconds)], env=self.env, text=True,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            try:
                said = ""
                if end_after is not None:
                    for line in child.stdout:
                        said += line
                        if end_after in line:
                            break
                    child.send_signal(signal.SIGTERM)
                said += child.communicate(timeout=60)[0]
            except subprocess.TimeoutExpired:
                child.kill()
                return "no end", child.communicate()[0]
            if "Too many servers" not in said or time.monotonic() > limit:
                return child.returncode, said
            time.sleep(0.5)

    def left(self):
        """What is still there."""
        there = [f"process {name}" for name in processes(self.mark).values()]
        there += [f"/dev/shm/{name}" for name in os.listdir("/dev/shm") if self.server in name]
        return there + [os.path.join(self.folder, name) for name in os.listdir(self.folder)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", required=True)
    parser.add_argument("--build", required=True)
    given = parser.parse_args()
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        cases = [("plays", given.build, {"seconds": 3}, 0, "The loudest level was -"),
                 ("is ended", given.build, {"seconds": 60, "end_after": " dBFS  spectrum"}, 143, "main"),
                 ("finds no build", folder, {"seconds": 3}, 1, "bin/backlined is missing")]
        for number, (what, build, how, status, text) in enumerate(cases):
            demo = Demo(given.source, build, folder, number)
            try:
                came, said = demo.run(**how)
                left = demo.left()
            finally:
                end_processes(demo.mark)
            if came != status or text not in said or left:
                failures += 1
                print(f"FAIL demo that {what}: status {came}, expected {status}; expected \"{text}\" in\n"
                      f"{said}\nleft behind: {', '.join(left) or 'nothing'}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
