#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The backline authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every header compiles alone: as C++20 without warnings, the plugin ABI as C11 and as strict C++20.
A header that some source file includes before anything else is left to the build.

    check_headers.py [--cc CC] [--cxx CXX]
"""
import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import house

WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
ABI = re.compile(r"^plugins/api/.*\.h$")
HEADER = re.compile(r"^(plugins|protocol|daemon)/.*\.(h|hpp)$")
options = argparse.Namespace(cc="cc", cxx="c++")


def compile_alone(root, path, compiler, language, *flags):
    """The first error, or None."""
    folders = [f"-I{root}", f"-I{root}/plugins/api", f"-I{root}/plugins/sdk"]
    result = subprocess.run(
        [*compiler.split(), *flags, *WARNINGS, *folders, "-DSPDLOG_FMT_EXTERNAL", "-x", language, "-fsyntax-only", "-"],
        input=f'#include "{os.path.join(root, path)}"\n', text=True, capture_output=True)
    if result.returncode == 0:
        return None
    errors = [line for line in result.stderr.splitlines() if "error" in line]
    return f"{path}: does not compile alone as {language}: {(errors or [result.stderr])[0]}"


def first_include(text):
    found = re.search(r'^#\s*include\s*["<]([^">]+)[">]', text, re.MULTILINE)
    return found.group(1) if found else None


def check(root):
    paths = house.files(root)
    built = {first_include(house.read(root, path)) for path in paths
             if path.endswith(".cpp") and path.startswith(("daemon/", "protocol/", "plugins/"))}
    jobs = []
    for path in paths:
        if ABI.match(path):
            jobs.append((root, path, options.cc, "c", "-std=c11", "-pedantic"))
            jobs.append((root, path, options.cxx, "c++", "-std=c++20", "-pedantic"))
        elif HEADER.match(path) and path not in built:
            jobs.append((root, path, options.cxx, "c++", "-std=c++20"))
    if not any(HEADER.match(path) for path in paths):
        return ["no header found"]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [text for text in pool.map(lambda job: compile_alone(*job), jobs) if text]


SAMPLES = [
    house.Sample("", {"daemon/a.hpp": "#pragma once\n#include <string>\ninline std::string f() { return {}; }\n"}),
    house.Sample("daemon/a.hpp", {"daemon/a.hpp": "#pragma once\ninline std::string f() { return {}; }\n",
                                  "daemon/a.cpp": '#include <string>\n#include "daemon/a.hpp"\n'}),
    house.Sample("as c:", {"plugins/api/backline/a.h": "struct a { int b; };\na f(void);\n"}),
    house.Sample("as c++:", {"plugins/api/backline/a.h": "int f(int class);\n"}),
    house.Sample("no header", {"daemon/a.cpp": "\n"}),
]

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--cxx", default="c++")
    parser.parse_args(namespace=options)
    sys.exit(house.main(check, SAMPLES))
