# SPDX-FileCopyrightText: 2026 The backline authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that are compared, each started as its users start it, one at a time on a JACK server
of its own, and gone with its `with` block."""
import contextlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import osc
import synthdef

RATE = 48000
SETTLE_S = 1.0


class CannotRun(Exception):
    """Why something could not be measured, for people."""


def wait_until(condition, what, limit_s=60.0):
    """Returns the first true value of condition()."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.02)
    raise CannotRun(f"{what}: not within {limit_s:.0f} s")


def unused_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


class Program:
    """A program that ends with us, however we end; what it writes is kept in log()."""

    def __init__(self, words, environment=None):
        if not shutil.which(words[0]):
            raise CannotRun(f"{words[0]} is not installed")
        self.name = os.path.basename(words[0])
        self.folder = tempfile.mkdtemp(prefix="backline-compare-")
        with open(self.file("log"), "wb") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--"] + words, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env=dict(os.environ, **(environment or {})),
                cwd=self.folder, start_new_session=True)
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def file(self, name):
        return os.path.join(self.folder, name)

    def log(self):
        return read(self.file("log"))

    def wait(self, condition, what):
        """Waits for condition() while the program runs; ends it when that never comes."""
        def look():
            if self.process.poll() is not None:
                last = self.log().strip().splitlines()[-3:]
                raise CannotRun(f"{self.name} ended: " + " / ".join(last))
            return condition()
        try:
            return wait_until(look, f"{self.name}: {what}")
        except CannotRun:
            self.end()
            raise

    def wait_log(self, text):
        self.wait(lambda: text in self.log(), text)

    def cpu_ns(self):
        """Processor time of each thread, by its id."""
        times = {}
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with contextlib.suppress(FileNotFoundError):
                times[task] = int(read(f"/proc/{self.pid}/task/{task}/schedstat").split()[0])
        return times


class Jack(Program):
    """A jackd with the dummy driver."""

    numbers = itertools.count()

    def __init__(self, period=64):
        self.period = period
        self.server = f"compare{os.getpid()}-{next(self.numbers)}"
        realtime = subprocess.run(["chrt", "-f", "10", "true"], stderr=subprocess.DEVNULL,
                                  check=False).returncode == 0
        super().__init__(["jackd", "-n", self.server] + (["-R", "-P60"] if realtime else ["-r"]) +
                         ["-d", "dummy", "-r", str(RATE), "-p", str(period), "-C", "2", "-P", "2"],
                         {"JACK_NO_AUDIO_RESERVATION": "1"})
        path = f"/dev/shm/jack_{self.server}_{os.getuid()}_0"
        self.wait(lambda: os.path.exists(path), "its socket")
        time.sleep(0.2)
        self.environment = {"JACK_DEFAULT_SERVER": self.server, "JACK_NO_START_SERVER": "1"}

    def xruns(self):
        return self.log().count("XRun")

    def connect(self, source, target):
        subprocess.run(["jack_connect", source, target], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, env=dict(os.environ, **self.environment))


def audio_ns(jack, programs, seconds):
    """Processor time of the audio thread of each program per period of `jack`, over `seconds`. It is
    the thread that works most: nobody else is asked for anything meanwhile."""
    before, begin = [p.cpu_ns() for p in programs], time.monotonic()
    time.sleep(seconds)
    after, end = [p.cpu_ns() for p in programs], time.monotonic()
    periods = (end - begin) * RATE / jack.period
    return [max(b[t] - a.get(t, 0) for t in b) / periods for a, b in zip(before, after)]


class Backlined(Program):
    """A backlined with a rack; its nodes are in the graph and sound when the constructor returns."""

    def __init__(self, jack, build, rack, arguments=()):
        self.setup = tempfile.mkdtemp(prefix="backline-compare-")
        names = {name: os.path.join(self.setup, name) for name in ("rack.toml", "backline.toml")}
        with open(names["rack.toml"], "w", encoding="utf-8") as file:
            file.write(rack)
        # Nothing is to be bypassed for its cost: that would hide what is measured.
        with open(names["backline.toml"], "w", encoding="utf-8") as file:
            file.write("[limits]\nnode_percent = 100.0\ncycle_percent = 100.0\n")
        port_file = os.path.join(self.setup, "port")
        super().__init__([f"{build}/bin/backlined", "--config", names["backline.toml"],
                          "--jack-server", jack.server, "--osc-port", "0", "--port-file", port_file,
                          "--state-dir", "", "--runtime-dir", self.setup,
                          "--rack", names["rack.toml"], *arguments],
                         {"BACKLINE_PLUGIN_PATH": f"{build}/lib/backline:{build}/bench/plugins"})
        self.wait(lambda: read(port_file), "its port")
        self.peer = osc.Peer(int(read(port_file)))
        nodes = rack.count("[node.")

        def ready():
            for line in self.log().splitlines():
                if " error: " in line:
                    raise CannotRun(line)
            status = self.status()
            return status["jack"]["state"] == "running" and status["graph"]["nodes"] == nodes
        self.wait(ready, f"a graph of {nodes} nodes")

    def end(self):
        super().end()
        shutil.rmtree(self.setup, ignore_errors=True)

    def status(self):
        return self.peer.ask_json("/status")

    def bypassed(self):
        """The nodes that the daemon has bypassed, for their cost or for NaN, with the reasons. They cost
        nothing: a figure with such nodes in it is none."""
        return self.status()["suspects"]

    def load(self, seconds):
        """Mean share of the period that the cycle takes."""
        return mean_of(lambda: self.status()["load"]["now"], seconds)


class SynthServer(Program):
    """scsynth or supernova, with definitions loaded and nothing playing."""

    def __init__(self, jack, kind="scsynth", threads=1):
        self.port = unused_port()
        self.made = 1000  # node ids so far
        client = {"scsynth": ["-H", f"{jack.server}:sc"],
                  "supernova": ["-T", str(threads), "-H", f"{jack.server}:sc"]}[kind]
        super().__init__([kind, "-u", str(self.port), "-B", "127.0.0.1", "-D", "0", "-R", "0",
                          "-i", "2", "-o", "2", "-a", "64", "-z", "64", "-n", "65536",
                          "-m", "524288", "-w", "512"] + client,
                         dict(jack.environment, SC_SYNTHDEF_PATH="/nonexistent"))
        self.wait_log({"scsynth": "server ready", "supernova": "Supernova ready"}[kind])
        self.peer = osc.Peer(self.port)
        output = {"scsynth": "sc:out_1", "supernova": "sc:output_1"}[kind]
        jack.connect(output, "system:playback_1")

    def __exit__(self, *problem):
        self.peer.send(osc.message("/quit"))
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(3)
        self.peer.close()
        super().__exit__(*problem)

    def define(self, *definitions):
        path = self.file("all.scsyndef")
        with open(path, "wb") as file:
            file.write(synthdef.file_of(*definitions))
        self.peer.ask(osc.message("/d_load", path), lambda v: v[:2] == ["/done", "/d_load"])

    def group(self, parallel=False):
        """A group at the end of all; its id."""
        self.made += 1
        self.peer.send(osc.message("/p_new" if parallel else "/g_new", self.made, 1, 0))
        return self.made

    def play(self, name, count=1, group=0):
        """Adds synths to the end of a group and waits until they are there."""
        for done in range(0, count, 200):
            some = range(done, min(done + 200, count))
            self.peer.send(osc.bundle(
                [osc.message("/s_new", name, self.made + 1 + i, 1, group) for i in some]))
            self.peer.ask(osc.message("/sync", done), lambda v: v == ["/synced", done])
        self.made += count

    def status(self):
        """synths, average load in %."""
        values = self.peer.ask(osc.message("/status"), lambda v: v[0] == "/status.reply")
        return values[3], values[6]

    def load(self, seconds):
        """Mean share of the period that its JACK server measures: it is the only client."""
        return mean_of(lambda: self.status()[1] / 100.0, seconds)


def mean_of(value, seconds):
    values, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        values.append(value())
        time.sleep(0.05)
    return sum(values) / len(values)


@contextlib.contextmanager
def jalv_chain(jack, count):
    """`count` jalv processes in a row, each with the simplest LV2 plugin there is."""
    with contextlib.ExitStack() as stack:
        chain = []
        for i in range(count):
            chain.append(stack.enter_context(Program(
                ["jalv", "-i", "-x", "-n", f"p{i}", "http://lv2plug.in/plugins/eg-amp"],
                jack.environment)))
            # They do not end by themselves when there are many of them.
            stack.callback(chain[-1].process.send_signal, signal.SIGKILL)
            chain[-1].wait(lambda: f"p{i}:out" in subprocess.run(
                ["jack_lsp"], capture_output=True, text=True, check=False,
                env=dict(os.environ, **jack.environment)).stdout, "its ports")
        ends = ["system:capture_1"] + [f"p{i}:{end}" for i in range(count) for end in ("in", "out")]
        ends.append("system:playback_1")
        for source, target in zip(ends[::2], ends[1::2]):
            jack.connect(source, target)
        yield chain
