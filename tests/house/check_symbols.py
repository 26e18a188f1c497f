#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The backline authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the audio path is linked to.

    check_symbols.py --compiler CXX --archive A [--archive B] [--binary EXECUTABLE_OR_PLUGIN]...
                     [--host EXECUTABLE]...

--archive  code that runs on the audio thread: refers to nothing but itself and the list below
--binary   nothing is bound at its first call, no thread-local data is allocated at first use
--host     an executable that runs the cycle: a binary whose hooks a preloaded library can define
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

# Bounded time, no lock, no allocation. syscall() is the futex wake of rt::ReadySet, clock_gettime()
# is answered without a system call by the vDSO.
ALLOWED = re.compile(r"""^(
    mem(cpy|move|set|cmp) | __mem(cpy|move|set)_chk
  | (pow|exp|exp2|log|log2|log10|sin|cos|tan|tanh|sqrt|floor|ceil|round|lround|fmod|ldexp)f?
  | syscall | clock_gettime
  | backline_rt_enter | backline_rt_exit
  | _GLOBAL_OFFSET_TABLE_
  | __tls_get_addr        # of position-independent code; the linker removes it, see --binary
  | __gxx_personality_v0  # the table that ends the process where noexcept is broken
  | __stack_chk_fail | __assert_fail
)$""", re.VERBOSE)
HOOKS = ("backline_rt_enter", "backline_rt_exit")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def symbols(path, *options):
    """(type, demangled name) of each symbol."""
    found = re.findall(r"^[0-9a-f ]*([A-Za-z]) (.+)$", run("nm", "-C", *options, path), re.MULTILINE)
    return [(kind, re.sub(r"@.*", "", name)) for kind, name in found]


def check_archives(paths):
    all_symbols = [(path, symbol) for path in paths for symbol in symbols(path)]
    defined = {name for _, (kind, name) in all_symbols if kind not in "Uwv"}
    complaints = []
    for path, (kind, name) in all_symbols:
        if kind in "Uwv" and name not in defined and not ALLOWED.match(name):
            complaints.append(f"{os.path.basename(path)}: refers to {name}")
        if name.startswith("guard variable for"):
            complaints.append(f"{os.path.basename(path)}: {name}: a static local is initialised at its first use")
    return sorted(set(complaints))


def check_binary(path):
    name = os.path.basename(path)
    complaints = []
    if not re.search(r"\(FLAGS_1\).*\bNOW\b|BIND_NOW", run("readelf", "-dW", path)):
        complaints.append(f"{name}: bound lazily, the first call of a function would search it; link with -z now")
    if ("U", "__tls_get_addr") in symbols(path, "-D", "--undefined-only"):
        complaints.append(f"{name}: thread-local data that is allocated at its first use")
    return complaints


def check_host(path):
    present = {name for _, name in symbols(path, "-D", "--undefined-only")}
    return check_binary(path) + [
        f"{os.path.basename(path)}: {hook} is fixed at link time, no library can be preloaded for it"
        for hook in HOOKS if hook not in present]


BAD_ARCHIVES = {
    "refers to malloc": "#include <cstdlib>\nvoid* f() { return std::malloc(3); }",
    "refers to operator new": "int* f() { return new int; }",
    "refers to pthread_mutex_lock": "#include <pthread.h>\nvoid f(pthread_mutex_t* m) { pthread_mutex_lock(m); }",
    "refers to printf": "#include <cstdio>\nvoid f(int i) { std::printf(\"%d\", i); }",
    "refers to __cxa_throw": "void f() { throw 1; }",
    "refers to other()": "void other(); void f() { other(); }",
    "static local": "int g() noexcept; int f() { static int i = g(); return i; }",
}
GOOD_ARCHIVE = "#include <cmath>\n#include <cstring>\nnamespace n { double g(double x) { return std::pow(x, 0.3); } }\n" \
               "void f(char* a) { std::memset(a, 0, 100 + unsigned(n::g(2.0))); }"
DYNAMIC_TLS = "extern thread_local int x; thread_local int x = 3; int* f() { return &x; }"
HOOKED = "extern \"C\" [[gnu::weak]] void backline_rt_enter(); extern \"C\" [[gnu::weak]] void backline_rt_exit();\n" \
         "int main() { if (backline_rt_enter) backline_rt_enter(); if (backline_rt_exit) backline_rt_exit(); }"


def self_test(compiler):
    """Tries the checks on small programs; returns what they miss."""
    with tempfile.TemporaryDirectory() as folder:
        def build(text, *options):
            source, made = os.path.join(folder, "a.cpp"), os.path.join(folder, "made")
            with open(source, "w", encoding="utf-8") as file:
                file.write(text + "\n")
            run(compiler, "-std=c++20", "-O1", "-fPIC", source, "-o", made, *options)
            return made

        missed = []

        def expect(complaint, found):
            if complaint == "" and found or not any(complaint in text for text in found or [""]):
                missed.append(f"expected {complaint!r}, found {found}")

        expect("", check_archives([build(GOOD_ARCHIVE, "-c")]))
        for complaint, text in BAD_ARCHIVES.items():
            expect(complaint, check_archives([build(text, "-c")]))
        expect("", check_binary(build("int f() { return 1; }", "-shared", "-Wl,-z,now")))
        expect("bound lazily", check_binary(build("int f() { return 1; }", "-shared", "-Wl,-z,lazy")))
        expect("thread-local", check_binary(build(DYNAMIC_TLS, "-shared", "-Wl,-z,now")))
        expect("", check_host(build(HOOKED, "-pie", "-Wl,-z,now")))
        expect("fixed at link time", check_host(build(HOOKED, "-static")))
        return missed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--compiler", default="c++")
    for name in ("archive", "binary", "host"):
        parser.add_argument(f"--{name}", action="append", default=[])
    options = parser.parse_args()
    complaints = [f"the check itself: {text}" for text in self_test(options.compiler)]
    complaints += check_archives(options.archive)
    for path in options.binary:
        complaints += check_binary(path)
    for path in options.host:
        complaints += check_host(path)
    for text in complaints:
        print("FAIL", text)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
