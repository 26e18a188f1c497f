# SPDX-FileCopyrightText: 2026 The backline authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a second thread brings. Speed-ups are of the time a cycle takes, as each server says it."""
import os
import subprocess
import time

import synthdef
from figures import MEASURE_S, bare, branches, in_turn
from peers import SETTLE_S, Backlined, CannotRun, Jack, SynthServer

PERIOD = 256  # frames: a period in which a few wake-ups do not decide
FAT, SECTIONS, THIN = 120, 20, 1000
ROUNDS = 7  # the limits are near what is reached: noise has to average out


def backlined_load(build, text, helpers):
    with Jack(PERIOD) as jack, Backlined(jack, build, text, ["--helpers", str(helpers)]) as daemon:
        time.sleep(SETTLE_S)
        load = daemon.load(MEASURE_S)
        if bypassed := daemon.bypassed():
            raise CannotRun(f"{len(bypassed)} nodes were bypassed: {bypassed[0]['reason']}")
        return load


def supernova_load(threads, definition, count):
    with Jack(PERIOD) as jack, SynthServer(jack, "supernova", threads) as server:
        server.define(definition)
        server.play(definition.name, count, server.group(parallel=threads > 1))
        time.sleep(SETTLE_S)
        return server.load(MEASURE_S)


def parallel(table, build, threads):
    """Fat nodes and thin ones on several threads against one."""
    table.title(f"{threads} threads against one, {PERIOD} frames")
    help_text = subprocess.run([f"{build}/bin/backlined", "--help"], capture_output=True, text=True,
                               check=True).stdout
    if "--helpers" not in help_text:
        raise CannotRun("this backlined has one audio thread only")
    if os.cpu_count() < threads:
        raise CannotRun(f"this machine has {os.cpu_count()} processors")

    def ours(text):
        return lambda: backlined_load(build, text, 0) / backlined_load(build, text, threads - 1)

    def bare_speed():
        walls = [bare(build, "bench/plugins/peak.so", FAT, f"0={SECTIONS}", threads=n)[1]
                 for n in (1, threads)]
        return walls[0] / walls[1]

    def supernova(definition, count):
        return lambda: (supernova_load(1, definition, count)
                        / supernova_load(threads, definition, count))

    fat = branches("org.example.peak", FAT, f"count = {SECTIONS}, gain = 0.1")
    speed, best = in_turn(ours(fat), bare_speed, rounds=ROUNDS)
    table.figure(f"bare threads, {FAT} nodes of {SECTIONS} biquads", best, "x")
    table.figure("backlined", speed, "x")
    table.at_least("backlined / bare threads", speed / best, 0.95)
    thin, = in_turn(ours(branches("backline.gain", THIN, "gain = -60.0")), rounds=ROUNDS)
    table.at_least(f"backlined, {THIN} gains side by side", thin, 0.98)
    speed, thin = in_turn(supernova(synthdef.peaks(SECTIONS), FAT),
                          supernova(synthdef.tone(), THIN), rounds=3)
    table.figure(f"supernova, {FAT} synths of {SECTIONS} BPeakEQ", speed, "x")
    table.figure(f"supernova, {THIN} synths of one SinOsc", thin, "x")
