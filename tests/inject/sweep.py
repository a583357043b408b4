#!/usr/bin/env python3
# ctest: TIMEOUT 300
"""sweep.py [--short] [--jobs N] [CALL]... - the leatd that was built to be
shipped, with errors injected into its system calls by strace.

Each call of rules.py fails with each of its errnos at several places, once and
from there on, while clients of every kind are served (scenario.py). Whatever
fails, leatd must either not start, and say why, or serve on: every byte that a
client gets is the right one, nobody suffers but the one whose connection
failed, it ends at TERM with a documented status, writes documented lines, and
makes no more calls than the work needs."""

import collections
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import rules
import scenario

MOST_CALLS = 8000  # a run without errors makes about 300
STORM = 20
SKIP = 77
CALL = re.compile(r"\d+ +(\w+)\(")
LINE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z (?:debug|info|warn) (\S+)")
Case = collections.namedtuple("Case", "call errno mode place")


def calls_of(trace):
    """The names of the calls in their order."""
    return [found.group(1) for found in map(CALL.match, trace) if found]


def before_main(calls):
    """Calls of the dynamic loader; the first of leatd's is getppid."""
    return calls.index("getppid")


# --- which cases there are ---------------------------------------------------

def places(call, runs):
    """At which calls to fail: all of a few, some of many."""
    rule = rules.RULES[call]
    own, count = 0, 0
    for calls in runs:
        own = calls[:before_main(calls)].count(call)
        end = calls.index("pselect6") if rule.start else len(calls)
        count = max(count, calls[:end].count(call) - own)
    wanted = list(range(1, min(count, 8) + 1))
    wanted += [count * part // 8 for part in range(1, 9) if count > 8]
    return sorted({own + place for place in wanted})


def modes(rule):
    """Pairs of errno and mode of a rule."""
    for errno in rule.errnos.split():
        yield from ((errno, "once"), (errno, "sticky"))
    for errno in rule.storm.split():
        yield from ((errno, "once"), (errno, "storm"))
    for errno in rule.dead.split():
        yield from ((errno, "dead"), (errno, "sticky"))
    for errno in rule.once.split():
        yield errno, "once"


def cases(runs, names):
    for call, rule in rules.RULES.items():
        if names and call not in names:
            continue
        for errno, mode in modes(rule):
            for place in places(call, runs):
                yield Case(call, errno, mode, place)


def some_of(all_cases):
    """Two for each call: once in the middle, on and on near the end."""
    by_call = collections.defaultdict(list)
    for case in all_cases:
        by_call[case.call].append(case)
    for found in by_call.values():
        once = [case for case in found if case.mode == "once"]
        more = [case for case in found if case.mode == "storm"]
        yield once[len(once) // 2]
        if more:
            yield more[-1]


WHEN = {"once": "%d", "dead": "%d", "sticky": "%d+"}
IMPATIENT = ("dead", "sticky")


def expression(case):
    if case.mode == "storm":
        when = "%d..%d" % (case.place, case.place + STORM - 1)
    else:
        when = WHEN[case.mode] % case.place
    result = rules.RESULT.get(case.call, "error=" + case.errno)
    return "%s:%s:when=%s" % (case.call, result, when)


# --- what must be true -------------------------------------------------------

def wrong_lines(run, may_be_cut):
    """Lines of the log that no documentation knows."""
    for line in run.log:
        found = LINE.match(line)
        known = found.group(1) in rules.MESSAGES if found \
            else line.startswith("leatd: ") and run.code in (1, 2)
        if not known and not may_be_cut:
            yield "an unknown line: %s" % line


def first_injected(run):
    for number, line in enumerate(run.trace):
        if "INJECTED" in line:
            return number
    return len(run.trace)


def wrong_start(run, case):
    if run.code not in ((1, 2) if case.call in rules.USAGE else (1,)):
        yield "exit status %s before it was ready" % run.code
    if not any(line.startswith("leatd: ") for line in run.log) \
            and case.call not in ("write", "fcntl"):
        yield "no word of why it did not start"


def wrong_end(run, case):
    """It has served. An error for ever may stop that, with status 1; another
    may cost one client its connection."""
    hurt = [c.name for c in run.clients if c.verdict() == "part"]
    may_stop = case.mode in IMPATIENT
    allowed = len(run.clients) if may_stop else rules.RULES[case.call].hurts
    serving = next((i for i, line in enumerate(run.trace)
                    if "pselect6(" in line), len(run.trace))
    if run.code == 1 and first_injected(run) < serving:
        return  # after the ready line, and before the first client
    if run.code not in ((0, 1, 3) if may_stop else (0, 3) if hurt else (0,)):
        yield "exit status %s" % run.code
    if len(hurt) > allowed:
        yield "hurt: %s" % ", ".join(hurt)


def wrong(run, case):
    if run.code is None:
        yield "it hangs"
        return
    if run.code < 0 or run.code > 128:
        yield "killed by a signal: %d" % run.code
    for client in run.clients:
        if client.verdict() == "wrong":
            yield "wrong bytes for %s" % client.name
    if len(run.trace) > MOST_CALLS:
        yield "%d calls" % len(run.trace)
    yield from wrong_lines(run, case.call == "write")
    yield from (wrong_end if run.started else wrong_start)(run, case)


# --- the sweep ---------------------------------------------------------------

def try_case(case):
    run = scenario.Run(expression(case), case.mode not in IMPATIENT)
    try:
        run.go()
    except scenario.Hang:
        run.code = None
    return case, run, list(wrong(run, case))


def show(case, run, problems):
    print("FAILED %s" % expression(case))
    print("  " + "\n  ".join(problems))
    where = first_injected(run)
    for line in run.trace[max(0, where - 3):where + 8] + run.log[-12:]:
        print("  | " + line[:160])
    sys.stdout.flush()


def clean_runs():
    """Three without errors: they must be right, and all their calls known."""
    runs = []
    for _ in range(3):
        run = scenario.Run(None, True).go()
        assert run.code == 0, (run.code, run.log)
        assert all(c.verdict() == "whole" for c in run.clients)
        calls = calls_of(run.trace)
        own = set(calls[before_main(calls):])
        strange = own - set(rules.RULES) - set(rules.NEVER)
        assert not strange, "calls without a rule: %s" % strange
        runs.append(calls)
    return runs


def can_trace():
    return shutil.which("strace") and subprocess.run(
        ["strace", "-o", os.devnull, "true"], check=False,
        stderr=subprocess.DEVNULL).returncode == 0


def main(args):
    if not can_trace():
        print("strace cannot trace here")
        return SKIP
    jobs = int(args.pop(args.index("--jobs") + 1)) if "--jobs" in args else 2
    names = [word for word in args if not word.startswith("--")]
    todo = list(cases(clean_runs(), names))
    if "--short" in args:
        todo = list(some_of(todo))
    failed = fired = most = refused = 0
    with ThreadPoolExecutor(jobs) as pool:
        for case, run, problems in pool.map(try_case, todo):
            fired += any("INJECTED" in line for line in run.trace)
            refused += not run.started
            most = max(most, len(run.trace))
            if problems:
                failed += 1
                show(case, run, problems)
    print("calls %d errnos %d runs %d injected %d not-started %d most-calls %d"
          " fail %d" % (len({c.call for c in todo}),
                        len({(c.call, c.errno) for c in todo}), len(todo),
                        fired, refused, most, failed))
    return 1 if failed or not fired else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
