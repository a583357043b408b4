#!/usr/bin/env python3
"""The cases of script/chaos: what leatd holds while clients do their worst.

   cases.py [--minutes N] [--seed S] [CASE]...

Each figure stands beside its bar. Ends with 0 only if every bar holds."""

import argparse
import sys

import bars
import case_crowd  # noqa: F401 - a case enters itself
import case_drain  # noqa: F401
import case_limits  # noqa: F401
import case_net  # noqa: F401

USUAL_MINUTES = 8


def main():
    parser = argparse.ArgumentParser(prog="chaos")
    parser.add_argument("--minutes", type=float, default=USUAL_MINUTES,
                        help="for all of them together, more or less")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("cases", nargs="*", metavar="CASE",
                        help=", ".join(bars.cases))
    asked = parser.parse_args()
    if asked.list:
        print("\n".join(bars.cases))
        return 0
    for name in asked.cases:
        if name not in bars.cases:
            parser.error("no case %s" % name)
    bars.Settings.seed = asked.seed
    names = asked.cases or list(bars.cases)
    bars.Settings.scale = asked.minutes / USUAL_MINUTES * \
        len(bars.cases) / len(names)
    return bars.run(names)


if __name__ == "__main__":
    sys.exit(main())
