# SPDX-FileCopyrightText: 2026 The backline authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured, each of us and of a peer in the same run, turn about. Times are in nanoseconds of
processor time per block of 64 frames unless they say otherwise."""
import os
import statistics
import struct
import subprocess
import tempfile
import time

import osc
import synthdef
from peers import (RATE, SETTLE_S, Backlined, CannotRun, Jack, SynthServer, audio_ns, jalv_chain)

FRAMES = 64
MEASURE_S = 2.0
ROUNDS = 5
FEW, MANY = 100, 1000  # nodes whose costs are subtracted
JALVS = 12
MOST_OURS = 4093  # besides the source and the output: the daemon has slots for 4095


def in_turn(*subjects, rounds=ROUNDS):
    """The medians of what each subject returns, asked turn about: noise that comes and goes meets
    all of them."""
    values = [[subject() for subject in subjects] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*values)]


# ---- Racks ------------------------------------------------------------------------------------

def rack(connect, *nodes):
    text = "format = 1\nconnect = [\n" + "".join(f'  "{arrow}",\n' for arrow in connect) + "]\n"
    text += '[output.main]\nchannels = 1\njack = ["playback:1"]\n'
    text += '[node.noise]\nplugin = "backline.noise"\nchannels = 1\nparams = { level = -40.0 }\n'
    return text + "".join(f"[node.{name}]\n{keys}\n" for name, keys in nodes)


def chain(plugin, count, params):
    names = [f"n{i}" for i in range(count)]
    keys = f'plugin = "{plugin}"\nchannels = 1\nparams = {{ {params} }}'
    return rack([" -> ".join(["noise", *names, "main"])], *((name, keys) for name in names))


def branches(plugin, count, params):
    keys = f'plugin = "{plugin}"\nchannels = 1\nparams = {{ {params} }}'
    return rack([f"noise -> n{i} -> main" for i in range(count)],
                *((f"n{i}", keys) for i in range(count)))


def gains(count):
    return chain("backline.gain", count, "gain = -0.01")


# ---- One measurement each ---------------------------------------------------------------------

def bare(build, plugin, count, *values, threads=1, blocks=2000):
    """(processor time of one thread, time on the wall) per block of `count` plugins without a
    host."""
    words = [f"{build}/bench/bench_bare", f"{build}/{plugin}", str(count), str(blocks), str(threads)]
    done = subprocess.run(words + list(values), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotRun(done.stderr.strip())
    return [float(word) for word in done.stdout.split()]


def backlined_cost(build, text):
    with Jack(FRAMES) as jack, Backlined(jack, build, text) as daemon:
        time.sleep(SETTLE_S)
        cost = audio_ns(jack, [daemon], MEASURE_S)[0]
        if bypassed := daemon.bypassed():
            raise CannotRun(f"{len(bypassed)} nodes were bypassed: {bypassed[0]['reason']}")
        return cost


def scsynth_costs(definitions, loads):
    """Costs of several loads in one scsynth; a load is a list of (definition, how many)."""
    with Jack(FRAMES) as jack, SynthServer(jack) as server:
        server.define(*definitions)
        costs = []
        for load in loads:
            group = server.group()
            for name, count in load:
                server.play(name, count, group)
            time.sleep(SETTLE_S)
            costs.append(audio_ns(jack, [server], MEASURE_S)[0])
            server.peer.send(osc.message("/n_free", group))
        return costs


def scsynth_score_seconds(definition, seconds):
    """Processor time of rendering one synth without real time."""
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "all.scsyndef")
        with open(file, "wb") as out:
            out.write(synthdef.file_of(definition))
        score = b""
        for when, what in ((0, osc.message("/d_load", file)),
                           (0, osc.message("/s_new", definition.name, 1000, 1, 0)),
                           (seconds, osc.message("/none"))):
            packet = osc.bundle([what], when << 32)
            score += struct.pack(">i", len(packet)) + packet
        with open(os.path.join(folder, "score.osc"), "wb") as out:
            out.write(score)
        try:
            process = subprocess.Popen(
                ["scsynth", "-N", "score.osc", "_", "out.wav", str(RATE), "WAV", "int16", "-o", "1",
                 "-z", str(FRAMES), "-D", "0", "-w", "512", "-V", "-1"], cwd=folder,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env=dict(os.environ, SC_SYNTHDEF_PATH="/nonexistent"))
        except FileNotFoundError:
            raise CannotRun("scsynth is not installed") from None
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise CannotRun(f"scsynth -N ended with status {process.returncode}")
        return usage.ru_utime + usage.ru_stime


# ---- The figures ------------------------------------------------------------------------------

def overhead(table, build):
    """What a node costs above what its plugin does."""
    def slope(few, many):
        return (many - few) / (MANY - FEW)

    def ours():
        return slope(*(backlined_cost(build, gains(count)) for count in (FEW, MANY)))

    def plugin():
        return bare(build, "lib/backline/gain.so", MANY, "0=-0.01")[0] / MANY

    def synths():
        definitions = [synthdef.noise(), synthdef.listen(), synthdef.tone(), synthdef.gains(1),
                       synthdef.gains(FEW), synthdef.gains(MANY)]
        loads = [[("noise", 1), *middle, ("listen", 1)] for middle in (
            [("gains1", FEW)], [("gains1", MANY)],
            [(f"gains{FEW}", 1)], [(f"gains{MANY}", 1)],
            [("tone", FEW)], [("tone", MANY)])]
        costs = scsynth_costs(definitions, loads)
        return slope(*costs[0:2]), slope(*costs[2:4]), slope(*costs[4:6])

    table.title(f"per node above its work: from {FEW} to {MANY} gains in a row, live, {FRAMES} frames")
    rounds = [(ours(), plugin(), *synths()) for _ in range(ROUNDS)]
    node, inside, synth, multiply, tone = (statistics.median(column) for column in zip(*rounds))
    table.figure("backlined, node", node, "ns")
    table.figure("  of that the plugin itself, called in a loop", inside, "ns")
    table.figure("scsynth, synth", synth, "ns")
    table.figure("  of that its multiplication, in one synth", multiply, "ns")
    table.at_most("backlined / scsynth", (node - inside) / (synth - multiply), 0.5)
    # The thinnest voice is what others have published; its sine is in the figure.
    table.figure("scsynth, synth of one SinOsc", tone, "ns")
    table.figure("backlined above its plugin / that", (node - inside) / tone, "x")

    def processes():
        with Jack(FRAMES) as jack, jalv_chain(jack, JALVS) as programs:
            time.sleep(SETTLE_S)
            return statistics.mean(audio_ns(jack, programs, MEASURE_S))

    jalv = statistics.median(processes() for _ in range(3))
    table.figure(f"jalv, process in a chain of {JALVS}", jalv, "ns")
    table.at_most("backlined / jalv", (node - inside) / jalv, 0.01)


def biquad(table, build):
    """One peaking filter on a block."""
    sections, seconds = 100, 30

    def ours():
        return bare(build, "bench/plugins/peak.so", sections // 20, "0=20", blocks=10000)[0] / sections

    def theirs():
        times = [scsynth_score_seconds(synthdef.peaks(count), seconds) for count in (1, 1 + sections)]
        return (times[1] - times[0]) / (seconds * RATE / FRAMES * sections) * 1e9

    table.title(f"one peaking biquad, mono, {FRAMES} frames")
    peak, unit = in_turn(ours, theirs, rounds=5)
    table.figure("ours, in a loop", peak, "ns")
    table.figure("scsynth's BPeakEQ, rendered without real time", unit, "ns")
    table.at_most("ours / scsynth's", peak / unit, 0.6)

    nodes = 50
    more = nodes * 19

    def ours_live():
        costs = [backlined_cost(build, branches("org.example.peak", nodes, f"count = {count}"))
                 for count in (1, 20)]
        return (costs[1] - costs[0]) / more

    def theirs_live():
        costs = scsynth_costs([synthdef.peaks(1), synthdef.peaks(20)],
                              [[("peaks1", nodes)], [("peaks20", nodes)]])
        return (costs[1] - costs[0]) / more

    peak, unit = in_turn(ours_live, theirs_live)
    table.figure("ours, live in backlined", peak, "ns")
    table.figure("scsynth's BPeakEQ, live", unit, "ns")
    table.at_most("ours / scsynth's, live", peak / unit, 0.6)


def most(works, limit):
    """The most nodes up to `limit`, to 5 %, at which works(count) holds in one of three tries: what
    is too much never works, the machine's own hiccups come and go."""
    def holds(count):
        return any(works(count) for _ in range(3))
    low, high = 0, min(2000, limit)
    while holds(high):
        if high == limit:
            return limit
        low, high = high, min(2 * high, limit)
    while high - low > max(0.05 * high, 1):
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def most_nodes(table, build):
    """How many gains in a row are on time at 64 frames."""
    def ours(count):
        with Jack(FRAMES) as jack, Backlined(jack, build, gains(count)) as daemon:
            time.sleep(SETTLE_S)
            before = jack.xruns()
            time.sleep(MEASURE_S)
            return jack.xruns() == before and not daemon.bypassed()

    def theirs(count):
        with Jack(FRAMES) as jack, SynthServer(jack) as server:
            server.define(synthdef.noise(), synthdef.listen(), synthdef.gains(1))
            group = server.group()
            for name, number in (("noise", 1), ("gains1", count), ("listen", 1)):
                server.play(name, number, group)
            time.sleep(SETTLE_S)
            before = jack.xruns()
            time.sleep(MEASURE_S)
            return jack.xruns() == before

    table.title(f"most gains in a row without a late period: {FRAMES} frames, {MEASURE_S:.0f} s")
    node, synth = most(ours, MOST_OURS), most(theirs, 32000)
    table.figure("backlined" + (" (no more fit in)" if node == MOST_OURS else ""), node, "")
    table.figure("scsynth", synth, "")
    table.figure("backlined / scsynth", node / max(synth, 1), "x")
