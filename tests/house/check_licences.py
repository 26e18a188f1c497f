#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The backline authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every source file begins with our two lines, and the right licence: MIT where docs/contributing.md
says so, GPL elsewhere."""
import os
import re
import sys

import house

PAGE = "docs/contributing.md"
# Prose, files that take no comment, and configuration, which is its user's once it is copied.
EXEMPT = re.compile(r"(^LICENSE|\.md|\.toml|\.json|\.json\.in|\.txt\.in|^\.gitignore|\.clang-(format|tidy)|\.wav|\.flac|"
                    r"\.osc|\.bin|\.transcript)$")


def mit_parts(text):
    found = re.search(r"\(MIT in (.*?)\)", text, re.DOTALL)
    if not found:
        return []
    return [part for name in re.findall(r"`([^`]+)`", found.group(1)) for part in house.expand(name)]


def check(root):
    parts = mit_parts(house.read(root, PAGE))
    if not parts:
        return [f"{PAGE}: does not say where MIT applies"]
    found = []
    for path in house.files(root):
        if EXEMPT.search(path) and not path.endswith("CMakeLists.txt"):
            continue
        head = "\n".join(house.read(root, path).split("\n")[:4])
        is_mit = any(path.startswith(part + "/") or os.path.splitext(path)[0] == part
                     for part in parts)
        wanted = "MIT" if is_mit else "GPL-3.0-or-later"
        if not re.search(r"SPDX-FileCopyrightText: 2026 The backline authors$", head, re.MULTILINE):
            found.append(f"{path}: no line \"SPDX-FileCopyrightText: 2026 The backline authors\"")
        licence = re.search(r"SPDX-License-Identifier: ([\w.+-]+)", head)
        if not licence:
            found.append(f"{path}: no line \"SPDX-License-Identifier: {wanted}\"")
        elif licence.group(1) != wanted:
            found.append(f"{path}: licence is {licence.group(1)}, expected {wanted}")
    return found


COPYRIGHT = "// SPDX-FileCopyrightText: 2026 The backline authors\n"
GPL = COPYRIGHT + "// SPDX-License-Identifier: GPL-3.0-or-later\n"
MIT = COPYRIGHT + "// SPDX-License-Identifier: MIT\n"


def sample(complaint, path, text):
    return house.Sample(complaint, {PAGE: "(MIT in `plugins/api` and `protocol/{codec,client}`)",
                                    path: text})


SAMPLES = [
    sample("", "daemon/a.cpp", GPL),
    sample("", "protocol/codec.cpp", MIT),
    sample("", "run", "#!/bin/sh\n" + GPL.replace("//", "#")),
    sample("FileCopyrightText", "daemon/a.cpp", GPL.replace("2026", "2025")),
    sample("License-Identifier", "daemon/CMakeLists.txt", COPYRIGHT),
    sample("expected GPL", "protocol/table.cpp", MIT),
    sample("expected MIT", "plugins/api/a.h", GPL),
    sample("FileCopyrightText", "dev", "#!/bin/sh\n"),
]

if __name__ == "__main__":
    sys.exit(house.main(check, SAMPLES))
