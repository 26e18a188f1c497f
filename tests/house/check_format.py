#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The backline authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every source file is as clang-format would leave it."""
import os
import re
import shutil
import subprocess
import sys

import house


def check(root):
    paths = [path for path in house.files(root) if house.is_cxx(path)]
    wrong = set()
    for start in range(0, len(paths), 50):
        result = subprocess.run(["clang-format", "--dry-run", "-Werror", *paths[start:start + 50]], cwd=root,
                                capture_output=True, text=True)
        places = re.findall(r"^(.+?):(\d+):\d+: error: ", result.stderr, re.MULTILINE)
        wrong |= {path for path, _ in places}
        if result.returncode != 0 and not places:
            wrong.add(result.stderr.strip())
    return [f"{path}: not as .clang-format has it (./dev format)" for path in sorted(wrong)]


with open(os.path.join(house.ROOT, ".clang-format"), encoding="utf-8") as style:
    STYLE = style.read()
SAMPLES = [
    house.Sample("", {".clang-format": STYLE, "a.cpp": "int main() {\n    return 0;\n}\n"}),
    house.Sample("a.cpp", {".clang-format": STYLE, "a.cpp": "int main()\n{ return 0; }\n"}),
]

if __name__ == "__main__":
    if shutil.which("clang-format") is None:
        sys.exit("clang-format is not installed")
    sys.exit(house.main(check, SAMPLES))
