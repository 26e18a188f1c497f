#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The backline authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the include lines of the tree against the table in docs/contributing.md."""
import os
import re
import sys

import house

PAGE = "docs/contributing.md"
# Headers of others that only these may include (tests and benchmarks apart).
FENCES = [
    (re.compile(r"jack/"), ("daemon/audio/jack_",), "JACK"),
    (re.compile(r"lo/"), ("protocol/",), "liblo"),
    (re.compile(r"(\w*intrin|arm_neon|arm_sve|cpuid)\.h$"),
     ("plugins/dsp/simd/", "daemon/rt/ticks.hpp", "daemon/rt/denormals.hpp"), "processor"),
]
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)


def full_name(name, folders):
    """What a name in the third column stands for: `rt` is `daemon/rt`, `sdk` is `plugins/sdk`."""
    name = name.rstrip("/")
    for candidate in (name, f"daemon/{name}", f"plugins/{name}"):
        if candidate in folders:
            return candidate
    return None


def read_table(text):
    """({part: what it may include}, what all of daemon/ may include, complaints)."""
    rows = re.findall(r"^\| (`[^|]*) \| [^|]* \| ([^|]*) \|$", text, re.MULTILINE)
    parts = []
    for first, _ in rows:
        parts.append([part for name in re.findall(r"`([^`]+)`", first)
                      for part in house.expand(name)])
    known = {part for row in parts for part in row}
    allowed, wrong = {}, []
    for (_, cell), row in zip(rows, parts):
        may = set(row) if "each other" in cell else set()
        if re.match(r"all\b", cell):
            may = None
        else:
            for name in re.findall(r"`([^`]+)`", cell):
                full = full_name(name, known)
                if full is None:
                    wrong.append(f"{PAGE}: `{name}` in the table is no part of it")
                may.add(full)
        for part in row:
            allowed[part] = may
    sentence = re.search(r"All of `daemon/` may include (.*?),\s+except", text, re.DOTALL)
    if not sentence or not rows:
        return {}, set(), [f"{PAGE}: no table of parts, or no sentence about all of `daemon/`"]
    common = {"daemon/" + name.rstrip("/").removesuffix(".hpp")
              for name in re.findall(r"`([^`]+)`", sentence.group(1))}
    return allowed, common, wrong


def part_of(path, parts):
    """The part a file belongs to: the longest name that is its folder or its stem."""
    fits = [part for part in parts
            if path.startswith(part + "/") or os.path.splitext(path)[0] == part]
    return max(fits, key=len, default=None)


def target_of(root, path, quote, name):
    """The file of ours that an include line names, or None."""
    if quote == '"':
        beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
        for candidate in (name, beside):
            if os.path.exists(os.path.join(root, candidate)):
                return candidate
        return None
    if name.startswith("backline/"):
        return ("plugins/sdk/" if name.endswith(".hpp") else "plugins/api/") + name
    return None


def check(root):
    allowed, common, found = read_table(house.read(root, PAGE))
    if not allowed:
        return found
    for path in house.files(root):
        if not house.is_cxx(path):
            continue
        part = part_of(path, allowed)
        if part is None:
            found.append(f"{path}: belongs to no part in the table of {PAGE}")
            continue
        may = allowed[part]
        for quote, name in INCLUDE.findall(house.read(root, path)):
            for pattern, homes, what in FENCES:
                if pattern.match(name) and may is not None and not path.startswith(homes):
                    found.append(f"{path}: includes <{name}>; {what} headers belong to {', '.join(homes)}")
            target = target_of(root, path, quote, name)
            if target is None or may is None:
                continue
            other = part_of(target, allowed)
            if other == part or other in may:
                continue
            if path.startswith("daemon/") and part != "daemon/process" and other in common:
                continue
            if path.startswith("daemon/") and os.path.splitext(target)[0] in common and part != "daemon/process":
                continue
            found.append(f"{path}: includes {target}; {part} may include "
                         f"{', '.join(sorted(may)) or 'nothing of ours'}")
    return found


TABLE = """
| folder | purpose | may include |
|---|---|---|
| `daemon/rt` | a | nothing of ours |
| `daemon/process` | b | `rt`, `plugins/api` |
| `daemon/audio` | c | `process` |
| `daemon/{log,config}` | d | each other |
| `plugins/api`, `plugins/sdk` | e | each other |
| `plugins/{effects,analysis}` | f | `api`, `sdk` |
| `tests` | g | all |

All of `daemon/` may include `rt/`, `log.hpp` and `config.hpp`,
except `process`.
"""


def sample(complaint, path, line):
    return house.Sample(complaint, {
        PAGE: TABLE, "daemon/rt/a.hpp": "", "daemon/log.hpp": "", "daemon/config.hpp": "",
        "daemon/process/b.hpp": "", "daemon/audio/c.hpp": "", "plugins/api/backline/plugin.h": "",
        "plugins/sdk/backline/plugin.hpp": "#include <backline/plugin.h>\n", path: line + "\n"})


SAMPLES = [
    sample("", "daemon/audio/d.cpp", '#include "daemon/process/b.hpp"\n#include "daemon/log.hpp"'),
    sample("", "daemon/log.cpp", '#include "daemon/config.hpp"'),
    sample("", "tests/x.cpp", '#include "daemon/audio/c.hpp"\n#include <jack/jack.h>'),
    sample("", "plugins/effects/e.cpp", "#include <backline/plugin.hpp>"),
    sample("daemon/audio/c.hpp", "daemon/process/d.cpp", '#include "daemon/audio/c.hpp"'),
    sample("daemon/log.hpp", "daemon/process/d.cpp", '#include "daemon/log.hpp"'),
    sample("daemon/process/b.hpp", "daemon/log.cpp", '#  include "daemon/process/b.hpp"'),
    sample("daemon/process/b.hpp", "daemon/rt/d.hpp", '#include "../process/b.hpp"'),
    sample("daemon/rt/a.hpp", "plugins/effects/e.cpp", '#include "daemon/rt/a.hpp"'),
    sample("JACK", "daemon/audio/offline.cpp", "#include <jack/jack.h>"),
    sample("liblo", "daemon/audio/d.cpp", "#include <lo/lo.h>"),
    sample("processor", "plugins/effects/e.cpp", "#include <immintrin.h>"),
    sample("belongs to no part", "elsewhere/e.cpp", ""),
    house.Sample("no table", {PAGE: "nothing here\n"}),
]

if __name__ == "__main__":
    sys.exit(house.main(check, SAMPLES))
