#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The backline authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does what README.md and docs/*.md say.

Of each page, in the order written and in one shell:

- a fence ```LANGUAGE file=NAME is written to NAME;
- a fence ```sh is run. Every command has to succeed;
- a comment "#> text" in it expects text in what was printed since the one before, by the commands
  or by the daemon. "…" stands for anything within a line, and any blank for any run of blanks.

Other fences are only looked at. All of it happens in an installation made for the occasion, with a
home, a UDP port and a JACK server of its own: "9770" in a command becomes that port, and backlined
reads a configuration that stands for /etc/backline/backline.toml. A program started with "&" is
waited for, as a reader would.
"""
import argparse
import concurrent.futures
import contextlib
import json
import os
import re
import selectors
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

PORT = "9770"
CHUNK_SECONDS = 30.0


class Wrong(Exception):
    """What is wrong with a page, with its line."""


@dataclass
class Chunk:
    """Commands, and what has to be in what they print."""
    line: int
    commands: list = field(default_factory=list)
    expected: list = field(default_factory=list)


@dataclass
class Fence:
    line: int
    words: list
    text: list = field(default_factory=list)


def fences(page):
    """The fenced blocks of a page."""
    found, inside = [], None
    for number, line in enumerate(page.split("\n"), 1):
        if line.startswith("```"):
            if inside is None:
                inside = Fence(number, line[3:].split())
            else:
                found.append(inside)
                inside = None
        elif inside is not None:
            inside.text.append(line)
    if inside is not None:
        raise Wrong(f"{inside.line}: this fence is not closed")
    return found


def chunks(fence):
    """A fence cut after each group of expectations and after each program that stays."""
    found = [Chunk(fence.line + 1)]
    for number, line in enumerate(fence.text, fence.line + 1):
        last = found[-1]
        if line.startswith("#>"):
            last.expected.append(line[2:].strip())
            continue
        if last.expected or (last.commands and (stays(last.commands[-1]) or ends(last.commands[-1]))):
            last = Chunk(number)
            found.append(last)
        last.commands.append(line)
    return found


def stays(line):
    """A program that is to run on."""
    return re.search(r"(?<!&)&\s*$", line) is not None


def ends(line):
    """What ends one; it takes a moment."""
    return line.strip() == "backlinectl quit"


def pattern(expected):
    parts = [r"\s+".join(re.escape(word) for word in part.split()) for part in expected.split("…")]
    return re.compile(r"[^\n]*?".join(parts))


class Shell:
    """One bash per page; what it and its jobs print comes back."""

    def __init__(self, folder, env):
        self.process = subprocess.Popen(["bash", "--noprofile", "--norc"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        cwd=folder, env=env)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)
        self.count = 0
        self.unread = ""
        self.send("set -e")

    def send(self, text):
        self.process.stdin.write((text + "\n").encode())
        self.process.stdin.flush()

    def run(self, commands):
        """Runs and returns what was printed since the last time; raises what went wrong."""
        self.count += 1
        mark = f"-- done {self.count} --"
        # Commands that read would else read ours.
        self.send("{ :\n" + "\n".join(commands) + f"\n}} </dev/null\necho '{mark}'")
        end = time.monotonic() + CHUNK_SECONDS
        while mark not in self.unread:
            left = end - time.monotonic()
            if left <= 0:
                raise Wrong(f"takes longer than {CHUNK_SECONDS:.0f} s; so far:\n{self.unread}")
            if not self.read(min(left, 1.0)):
                raise Wrong(f"failed with status {self.process.wait()}:\n{self.unread}")
        said, self.unread = self.unread.split(mark, 1)
        return said

    def read(self, seconds):
        """False when the shell has ended."""
        if self.selector.select(seconds):
            data = self.process.stdout.read()
            if data == b"":
                return False
            self.unread += (data or b"").decode(errors="replace")
        # Its jobs hold the pipe open.
        return self.process.poll() is None

    def end(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def processes(mark):
    """Those with the mark in their environment, as {id: name}; jackd leaves every group."""
    found = {}
    for folder in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if folder.isdigit():
                with open(f"/proc/{folder}/environ", "rb") as file:
                    if mark.encode() in file.read().split(b"\0"):
                        with open(f"/proc/{folder}/comm", encoding="utf-8") as name:
                            found[int(folder)] = name.read().strip()
    return found


def end_processes(mark):
    """In order, or else."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        limit = time.monotonic() + 5.0
        for process in processes(mark):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)
                os.kill(process, signal.SIGCONT)
        while processes(mark) and time.monotonic() < limit:
            time.sleep(0.02)


class Page:
    """A page at work."""

    def __init__(self, house, name, text):
        self.text = text
        word = re.sub(r"\W+", "-", name)
        self.folder = os.path.join(house.folder, word)
        self.server = f"bldocs{os.getpid()}-{word}"
        self.mark = f"JACK_DEFAULT_SERVER={self.server}"
        self.port = free_port()
        home = os.path.join(self.folder, "home")
        os.makedirs(os.path.join(home, "work"))
        os.symlink(house.source, os.path.join(home, "backline"))
        self.env = {key: value for key, value in os.environ.items()
                    if not key.startswith(("BACKLINE_", "JACK_", "RUNTIME_", "XDG_"))}
        self.env.update(HOME=home, LC_ALL="C.UTF-8", JACK_DEFAULT_SERVER=self.server,
                        JACK_NO_AUDIO_RESERVATION="1", BACKLINE_URL=f"osc.udp://127.0.0.1:{self.port}",
                        CPATH=os.path.join(house.prefix, "include"),
                        PATH=f"{self.folder}/bin:{house.prefix}/bin:{os.environ['PATH']}")
        self.control = os.path.join(house.prefix, "bin", "backlinectl")
        self.furnish(house.prefix)
        self.shell = Shell(os.path.join(home, "work"), self.env)

    def furnish(self, prefix):
        """What a system has in /etc/backline, and a backlined that reads it."""
        config = os.path.join(self.folder, "backline.toml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f'[osc]\nport = {self.port}\n[racks]\nwritable = "{self.folder}/racks"\n'
                       f'directories = ["{prefix}/share/backline/racks"]\n'
                       f'[state]\ndir = "{self.folder}/state"\n[runtime]\ndir = "{self.folder}"\n')
        os.mkdir(os.path.join(self.folder, "bin"))
        shim = os.path.join(self.folder, "bin", "backlined")
        with open(shim, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nfor word; do [ "$word" = --config ] && exec {prefix}/bin/backlined "$@"; '
                       f'done\nexec {prefix}/bin/backlined --config {config} "$@"\n')
        os.chmod(shim, 0o755)

    def run(self):
        try:
            for fence in fences(self.text):
                files = [word[5:] for word in fence.words if word.startswith("file=")]
                if files:
                    with open(os.path.join(self.folder, "home", "work", files[0]), "w",
                              encoding="utf-8") as file:
                        file.write("\n".join(fence.text) + "\n")
                elif fence.words[:1] == ["sh"]:
                    for chunk in chunks(fence):
                        self.do(chunk)
        finally:
            self.shell.end()
            end_processes(self.mark)

    def do(self, chunk):
        commands, expected = ([line.replace(PORT, str(self.port)) for line in lines]
                              for lines in (chunk.commands, chunk.expected))
        try:
            said = self.shell.run(commands)
            if commands and stays(commands[-1]):
                self.wait_for(commands)
            elif commands and ends(commands[-1]):
                self.wait_until(lambda: not self.alive("backlined"))
            missing = [text for text in expected if not pattern(text).search(said)]
            limit = time.monotonic() + 2.0
            while missing and time.monotonic() < limit:
                # A daemon's own lines may come late.
                said += self.shell.run(["sleep 0.05"])
                missing = [text for text in missing if not pattern(text).search(said)]
            if missing:
                raise Wrong(f"expected \"{missing[0]}\", got:\n{said.strip()}")
        except Wrong as wrong:
            raise Wrong(f"{chunk.line}: {wrong}\nafter:\n" + "\n".join(commands).strip()) from None

    def wait_for(self, commands):
        """Until the programs that stay are ready, as they are for somebody who types."""
        words = shlex.split(commands[-1], comments=True)
        if "jackd" in words:
            # A machine has room for 8 servers; others may be testing.
            limit = time.monotonic() + 60.0
            while not self.jack_comes_up():
                if time.monotonic() > limit:
                    raise Wrong("jackd is not up after 60 s")
                self.shell.run([commands[-1]])
            if self.alive("backlined"):
                self.wait_until(lambda: self.daemon_is_up(False))
        elif "backlined" in words:
            rack = "--rack" in words
            if not self.wait_until(lambda: self.daemon_is_up(rack)):
                raise Wrong("backlined is not up after 10 s")

    def wait_until(self, ready):
        limit = time.monotonic() + 10.0
        while not (done := ready()) and time.monotonic() < limit:
            self.shell.read(0.02)
        return done

    def alive(self, program):
        return program in processes(self.mark).values()

    def jack_comes_up(self):
        """False when it has ended instead."""
        begin = time.monotonic()  # it takes a moment until the process has its name
        self.wait_until(lambda: self.jack_is_up() or (
            time.monotonic() > begin + 0.5 and not self.alive("jackd")))
        return self.jack_is_up()

    def jack_is_up(self):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(f"/dev/shm/jack_{self.server}_{os.getuid()}_0") == 0

    def daemon_is_up(self, rack):
        asked = subprocess.run([self.control, "--json", "status"], capture_output=True, text=True,
                               env=self.env, timeout=20, check=False)
        plugins = subprocess.run([self.control, "info", "backline.gain"], capture_output=True,
                                 env=self.env, timeout=20, check=False)
        if asked.returncode != 0 or plugins.returncode != 0:
            return False
        status = json.loads(asked.stdout)
        state = "running" if self.jack_is_up() else "jack_lost"
        loaded = status["graph"]["outputs"] > 0 or any(
            reason.startswith("rack") for reason in status["reasons"])
        return (status["jack"]["state"] in (state, "jack_name_taken", "none")) and (loaded or not rack)


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# ---- What need not be run ---------------------------------------------------------------------


def links(page, folder):
    """Links that lead nowhere."""
    inside = False
    for number, line in enumerate(page.split("\n"), 1):
        inside = inside != line.startswith("```")
        for target in [] if inside else re.findall(r"\]\(([^)#]+)[^)]*\)", line):
            if "://" not in target and not os.path.exists(os.path.join(folder, target)):
                yield f"{number}: there is no {target}"


def words_said(page, program):
    """(line, word) after the program's name, in fences and in inline code."""
    inside = False
    for number, line in enumerate(page.split("\n"), 1):
        if line.startswith("```"):
            inside = not inside
        for code in [line] if inside else re.findall(r"`([^`]+)`", line):
            for said in re.findall(rf"(?:^|[\s;|]){re.escape(program)}((?: --?[\w-]+)* \w[\w-]*)", code):
                yield number, said.split()


def commands(page, program, known):
    """Commands of a program that it does not have; options before them may have values."""
    for number, said in words_said(page, program):
        word = next((word for word in said if not word.startswith("-")), None)
        if not any(word.startswith("-") for word in said) and word not in known:
            yield f"{number}: {program} has no \"{word}\""


def options(page, program, known):
    """Options of a program that it does not have."""
    for number, line in enumerate(page.split("\n"), 1):
        for said in re.findall(rf"(?:^|[\s`]){program} ([^`|;]*)", line):
            for option in re.findall(r"(?:^|\s)(--[a-z][\w-]*)", said):
                if option not in known:
                    yield f"{number}: {program} has no {option}"


class House:
    """The installation that the pages speak of."""

    def __init__(self, source, build, folder):
        self.source, self.folder = source, folder
        self.prefix = os.path.join(folder, "prefix")
        done = subprocess.run(["cmake", "--install", build, "--prefix", self.prefix],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"FAIL cmake --install: {done.stderr}")

    def help(self, *words):
        return subprocess.run([os.path.join(self.prefix, "bin", words[0]), *words[1:], "--help"],
                              capture_output=True, text=True, check=True).stdout

    def look(self, name, page):
        """What is wrong with a page that nobody has to run."""
        dev = subprocess.run([os.path.join(self.source, "dev"), "help"], capture_output=True, text=True,
                             check=True).stdout
        words = {command: set(re.findall(r"^  (?!-)([a-z]+)", text, re.MULTILINE)) for command, text in (
            ("backlinectl", self.help("backlinectl")), ("backlined", self.help("backlined")))}
        words["./dev"] = set(re.findall(r"^  ([a-z]+)", dev, re.MULTILINE)) | set(
            re.findall(r"\| ([a-z]+)", dev))
        flags = set(re.findall(r"--[a-z][\w-]*", self.help("backlined") + self.help("backlined", "render")))
        problems = list(links(page, os.path.dirname(os.path.join(self.source, name))))
        for program, known in words.items():
            problems += commands(page, program, known)
        problems += options(page, "backlined", flags)
        return problems

    def check(self, name):
        """Looks at a page and does it; how many things are wrong."""
        begin = time.monotonic()
        with open(os.path.join(self.source, name), encoding="utf-8") as file:
            text = file.read()
        problems = self.look(name, text)
        try:
            Page(self, name, text).run()
        except Wrong as wrong:
            problems.append(str(wrong))
        said = [f"FAIL {name}:{problem}" for problem in problems]
        print("\n".join([*said, f"{name}: {time.monotonic() - begin:.1f} s"]), flush=True)
        return len(problems)


def self_test():
    """That the checks see what they are for."""
    page = ("```sh\necho one\n#> one … three\njackd -d dummy &\necho two && true\n```\n"
            "`backlinectl frobnicate` `backlined --frob` [x](nowhere.md)\n")
    cut = [chunk.commands for chunk in chunks(fences(page)[0])]
    seen = [cut == [["echo one"], ["jackd -d dummy &"], ["echo two && true"]],
            pattern("one … three").search("a one  two  three") is not None,
            pattern("one … three").search("one\nthree") is None,
            len(list(links(page, "/"))) == 1,
            len(list(commands(page, "backlinectl", {"status"}))) == 1,
            len(list(options(page, "backlined", {"--rack"}))) == 1]
    with tempfile.TemporaryDirectory() as folder:
        shell = Shell(folder, os.environ)
        seen.append("7" in shell.run(["echo $((3 + 4))"]))
        try:
            shell.run(["echo before", "false", "echo after"])
            seen.append(False)
        except Wrong as wrong:
            seen.append("before" in str(wrong) and "after" not in str(wrong))
        shell.end()
    if not all(seen):
        sys.exit(f"FAIL the check itself: {seen}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", required=True)
    parser.add_argument("--build", required=True)
    parser.add_argument("pages", nargs="*", help="only these, relative to the source")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    self_test()
    names = given.pages or ["README.md"] + sorted(
        os.path.join("docs", name) for name in os.listdir(os.path.join(given.source, "docs"))
        if name.endswith(".md"))
    folder = tempfile.mkdtemp(prefix="bldocs.")
    try:
        house = House(given.source, given.build, folder)
        # They wait more than they compute.
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            failed = sum(pool.map(house.check, names))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
