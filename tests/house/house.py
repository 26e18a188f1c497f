# SPDX-FileCopyrightText: 2026 The backline authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the house checks have in common: the tree, and the proof that a check can fail.

A check is a function that takes the root of a tree and returns complaints, one line each. It comes
with samples: small trees that it has to complain about, tried before the real tree is looked at.
"""
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@dataclass
class Sample:
    """Files by path, and what a complaint about them has to contain ("" = there is to be none)."""
    complaint: str
    files: dict


def files(root):
    """All files of the tree that belong to the project, as paths relative to its root."""
    if os.path.exists(os.path.join(root, ".git")):
        listed = subprocess.run(
            ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=root, check=True, capture_output=True, text=True).stdout
        return sorted(name for name in set(listed.split("\0"))
                      if name and os.path.isfile(os.path.join(root, name)))
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in ("build", ".git")]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def is_cxx(path):
    return path.endswith((".c", ".h", ".cpp", ".hpp"))


def expand(pattern):
    """`a/{b,c}` as [`a/b`, `a/c`]."""
    found = re.search(r"\{([^}]*)\}", pattern)
    if not found:
        return [pattern]
    return [pattern[:found.start()] + choice.strip() + pattern[found.end():]
            for choice in found.group(1).split(",")]


def try_sample(check, sample):
    """What is wrong with the check, or None."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in sample.files.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        found = check(root)
    if sample.complaint == "":
        return f"complains about a good sample: {found[0]}" if found else None
    if not any(sample.complaint in text for text in found):
        return f"misses {sample.complaint!r} in {', '.join(sample.files)}: found {found}"
    return None


def main(check, samples, root=ROOT):
    """Runs the samples, then the check on the tree; returns the exit status."""
    blind = [text for text in (try_sample(check, sample) for sample in samples) if text]
    for text in blind:
        print("FAIL the check itself", text)
    found = check(root)
    for text in found:
        print("FAIL", text)
    return 1 if blind or found else 0


if __name__ == "__main__":
    sys.exit("import me")
