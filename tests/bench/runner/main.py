#!/usr/bin/env python3
"""script/bench without the building of it; see there."""

import argparse
import os
import signal
import sys

import cases
import machine
import measure
import paths
import report
import where

# Of the plot there are seven points; it does not need as much of each.
CURVE_ROUNDS, CURVE_SECONDS = 5, 0.4


def arguments():
    parser = argparse.ArgumentParser(
        prog="script/bench", description="leat beside its rivals; writes "
        "docs/benchmarks.md and docs/benchmarks.svg")
    parser.add_argument("rounds", nargs="?", type=int, default=9)
    parser.add_argument("seconds", nargs="?", type=float, default=1.0)
    parser.add_argument("--case", action="append", metavar="NAME",
                        help="this case only (curve: the plot); repeatable")
    parser.add_argument("--quick", action="store_true",
                        help="2 rounds of 0.2 s: does all of it work?")
    parser.add_argument("--where", action="store_true",
                        help="only: where the time goes")
    parser.add_argument("--report", action="store_true",
                        help="only the document, from what is there")
    parser.add_argument("--list", action="store_true", help="name the cases")
    parser.add_argument("--no-write", action="store_true",
                        help="leave docs/ alone")
    return parser.parse_args()


def chosen(wanted):
    known = cases.CASES + cases.CURVE
    if not wanted:
        return known
    names = {case.name for case in known} | {"curve"}
    if not names.issuperset(wanted):
        sys.exit("bench: no such case; there are: " + " ".join(
            case.name for case in known))
    return [case for case in known if case.name in wanted or
            case in cases.CURVE and "curve" in wanted]


def run(options):
    rounds, seconds = options.rounds, options.seconds
    if options.quick:
        rounds, seconds = 2, 0.2
    measure.write(paths.result("machine"), machine.describe())
    for case in chosen(options.case):
        if case in cases.CURVE:
            measure.measure(case, min(rounds, CURVE_ROUNDS),
                            min(seconds, CURVE_SECONDS))
        else:
            measure.measure(case, rounds, seconds)
            report.tell(case)
    if not options.case:
        where.run()


def main():
    # An orderly end: whoever was started is ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: cut off"))
    options = arguments()
    if options.list:
        for case in cases.CASES + cases.CURVE:
            print("%-12s %s" % (case.name, case.title))
        return
    if options.where:
        where.run()
    elif not options.report:
        if len(os.sched_getaffinity(0)) < 2:
            sys.exit("bench: two cores are needed, one for each side")
        run(options)
    if not options.no_write:
        report.make()


main()
