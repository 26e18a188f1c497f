# SPDX-FileCopyrightText: 2026 The backline authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""backlined beside what people use today, on this machine, in one run. Prints figures and ratios,
each ratio beside its limit; the status is 1 when one was missed or could not be measured."""
import argparse
import os
import sys

import figures
import parallel
from osc import NoReply
from peers import CannotRun


class Table:
    """Prints figures and remembers whether all limits were kept."""

    def __init__(self):
        self.kept = True

    def title(self, text):
        print(text, flush=True)

    def figure(self, what, value, unit):
        print(f"  {what:<58} {value:10.2f} {unit}", flush=True)

    def at_most(self, what, value, limit):
        self.limit(what, value, "<=", limit, value <= limit)

    def at_least(self, what, value, limit):
        self.limit(what, value, ">=", limit, value >= limit)

    def limit(self, what, value, sign, limit, kept):
        print(f"  {what:<58} {value:10.4f} x   {sign} {limit:<6g} {'ok' if kept else 'FAIL'}",
              flush=True)
        self.kept = self.kept and kept

    def cannot(self, what, why):
        print(f"  {what}: FAIL, could not be measured: {why}", flush=True)
        self.kept = False


def main():
    parser = argparse.ArgumentParser(prog="./dev compare", description=__doc__)
    parser.add_argument("build")
    parser.add_argument("filter", nargs="?", default="", metavar="figure",
                        help="only this one: overhead, biquad, most or parallel")
    parser.add_argument("--threads", type=int, default=2,
                        help="of the parallel figures (default 2)")
    given = parser.parse_args()
    build = os.path.abspath(given.build)
    table = Table()
    for name, measure in (
            ("overhead", lambda: figures.overhead(table, build)),
            ("biquad", lambda: figures.biquad(table, build)),
            ("most", lambda: figures.most_nodes(table, build)),
            ("parallel", lambda: parallel.parallel(table, build, given.threads))):
        if given.filter in name:
            try:
                measure()
            except (CannotRun, NoReply) as why:
                table.cannot(name, why)
    return 0 if table.kept else 1


if __name__ == "__main__":
    sys.exit(main())
