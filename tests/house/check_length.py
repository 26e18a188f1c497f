#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The backline authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file does one thing: past 500 lines it wants to be two."""
import sys

import house

LIMIT = 500


def check(root):
    found = []
    for path in house.files(root):
        if house.is_cxx(path) and path.startswith(("daemon/", "plugins/", "protocol/")):
            lines = house.read(root, path).count("\n")
            if lines > LIMIT:
                found.append(f"{path}: {lines} lines, at most {LIMIT}")
    return found


SAMPLES = [
    house.Sample("", {"daemon/a.cpp": "\n" * LIMIT, "tests/b.cpp": "\n" * (LIMIT + 1)}),
    house.Sample("501 lines", {"plugins/a.hpp": "\n" * (LIMIT + 1)}),
]

if __name__ == "__main__":
    sys.exit(house.main(check, SAMPLES))
