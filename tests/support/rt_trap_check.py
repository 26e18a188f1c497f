#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The backline authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a program under rt_trap and fails when its audio thread did what it must not.

    rt_trap_check.py --trap LIBRARY [options] -- PROGRAM ARGUMENTS...
    rt_trap_check.py --trap LIBRARY --self-test SAMPLE

Options:
    --spans N     at least so many cycles have to have run (default 1)
    --warmup N    page faults of the first N cycles of a thread do not count (default 0)
    --wakes N     futex wakes allowed in one cycle (default 2)
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

FORBIDDEN = ("allocations", "locks", "stdio", "loads", "exceptions", "syscalls", "page_faults")

# What the sample does, and the counter that has to see it.
DEEDS = {
    "malloc": "allocations", "free": "allocations", "new": "allocations", "aligned": "allocations",
    "lock": "locks", "signal": "locks", "printf": "stdio", "open": "syscalls", "sleep": "syscalls",
    "raw": "syscalls", "dlopen": "loads", "throw": "exceptions", "fault": "page_faults",
}


def run(trap, command, warmup):
    """The program's exit status and its report (None when it wrote none)."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "report.json")
        environment = dict(os.environ, LD_PRELOAD=trap, BACKLINE_TRAP_REPORT=path,
                           BACKLINE_TRAP_WARMUP=str(warmup))
        status = subprocess.run(command, env=environment).returncode
        if not os.path.exists(path):
            return status, None
        with open(path, encoding="utf-8") as file:
            return status, json.load(file)


def line_of(module, offset):
    """Where an address lies, by the debug information if there is some."""
    try:
        text = subprocess.run(["addr2line", "-Cfpe", module, hex(offset - 1)], text=True,
                              capture_output=True).stdout.strip()
    except FileNotFoundError:
        text = ""
    return text if text and not text.startswith("??") else f"{module}+{offset:#x}"


def complaints(report, spans, wakes):
    """What is wrong with a report, one sentence each."""
    if report is None:
        return ["no report: no cycle ran, or the hooks were not called"]
    found = [f"{report[name]} {name.replace('_', ' ')}" for name in FORBIDDEN if report[name]]
    if report["spans"] < spans:
        found.append(f"{report['spans']} cycles, expected at least {spans}")
    if report["futex_wakes_per_span_max"] > wakes:
        found.append(f"{report['futex_wakes_per_span_max']} futex wakes in one cycle, at most {wakes}")
    if report["threads_with_syscalls_trapped"] != report["threads"]:
        found.append("this kernel does not let us trap system calls")
    return found


def print_report(report):
    for name in ("spans", *FORBIDDEN, "page_faults_in_warmup", "futex_wakes"):
        print(f"{name.replace('_', ' '):>22}: {report[name]}")
    if report["syscalls_by_number"]:
        print(f"{'by number':>22}: {report['syscalls_by_number']}")
    for sample in report["first"]:
        number = f" {sample['number']}" if sample["number"] >= 0 else ""
        print(f"\n{sample['what']}{number} in cycle {sample['span']}:")
        lines = [line_of(module, offset) for module, offset in sample["stack"][:20]
                 if "librt_trap" not in module]
        for line in [text for text in lines if "/include/c++/" not in text][:10]:
            print(f"    {line}")


def self_test(trap, sample):
    wrong = []
    for ending in ([], ["quick"]):
        report = run(trap, [sample, "clean", *ending], 0)[1]
        wrong += [f"clean {ending}: {text}" for text in complaints(report, 100, 0)]
    for deed, counter in DEEDS.items():
        status, report = run(trap, [sample, deed], 0)
        seen = 0 if report is None else report[counter]
        expected = 8 if deed == "fault" else 1
        if status != 0 or seen < expected or not complaints(report, 100, 2):
            wrong.append(f"{deed}: exit status {status}, {seen} {counter} seen, expected {expected}")
    report = run(trap, [sample, "fault"], 51)[1]
    if report["page_faults"] or report["page_faults_in_warmup"] < 8:
        wrong.append("faults of the warm-up are not told apart")
    report = run(trap, [sample, "wake"], 0)[1]
    if report["futex_wakes"] < 1 or report["syscalls"]:
        wrong.append("a futex wake is not told apart from other system calls")
    for text in wrong:
        print("FAIL", text)
    return 1 if wrong else 0


def main():
    own, command = sys.argv[1:], []
    if "--" in own:
        command = own[own.index("--") + 1:]
        own = own[:own.index("--")]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trap", required=True)
    parser.add_argument("--self-test", metavar="SAMPLE")
    parser.add_argument("--spans", type=int, default=1)
    parser.add_argument("--warmup", type=int, default=0)
    parser.add_argument("--wakes", type=int, default=2)
    options = parser.parse_args(own)
    if options.self_test:
        return self_test(options.trap, options.self_test)
    if not command:
        parser.error("no program given")
    status, report = run(options.trap, command, options.warmup)
    if report is not None:
        print_report(report)
    found = complaints(report, options.spans, options.wakes)
    if status != 0:
        found.append(f"the program ended with status {status}")
    for text in found:
        print("FAIL", text)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
