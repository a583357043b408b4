#!/usr/bin/env python3
"""mutate.py [--file F]... [--sample N [--seed S]] [--jobs J] - plant mistakes
in a source of leat, one at a time, and see whether its unit tests notice.

Works on a copy of the tree. For each mutant only its object is compiled and
the tests are linked with it; the suites of the table below are run, the
quickest and those that killed most first, until one fails, crashes or hangs:
then the mutant is killed. Those that the compiler makes the same code of are
no mutants, nor are those that the file "equivalent" lists, with the reason.
Prints who survived and, for each file, "F mutants M killed K score P %"; ends
with 0 if every score is 90 or more."""

import argparse
import concurrent.futures
import json
import os
import random
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from mutants import mutants

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
NEEDED = ("CMakeLists.txt", "cmake", "include", "src", "tests", "script",
          "examples")
BAR = 90
PROGRAM = "tests/unit/leat-unit"
TESTS = {
    "src/base/queue.c": "queue queue_policy queue_kept queue_forecast "
                        "queue_model bounds",
    "src/base/queue_view.c": "queue_view queue queue_policy queue_kept "
                             "queue_forecast queue_model bounds",
    "src/base/frame.c": "frame frame_config frame_growth frame_long "
                        "frame_model",
    "src/loop/timer.c": "timer timer_at loop wait reenter",
    "src/loop/fdset.c": "fdset fdset_park fdset_check fdset_host sets watch "
                        "watch_fds lost budget park park_rule park_odd "
                        "park_errors",
    "src/loop/loop.c": "loop wait timer life reenter sets watch lost budget "
                       "callbacks signal post pair park park_rule park_odd",
    "src/loop/park.c": "park park_rule park_odd park_errors",
    "src/loop/signal.c": "signal wake loop reenter",
    "src/loop/post.c": "post loop reenter",
    "src/loop/wake.c": "wake signal post loop life",
    "src/loop/watch.c": "watch watch_fds lost reenter",
    "src/loop/sets.c": "sets reenter",
    "src/loop/memory.c": "memory warm loop",
    "src/loop/life.c": "life loop reenter sets callbacks post bounds",
    "src/net/chunk.c": "chunk forward_model group dial_errors",
    "src/net/group.c": "group group_send group_walk group_model",
}
# As in memcheck: all tests in one process, so that its limits bound them.
TEST_ENV = dict(os.environ, CK_FORK="no", CK_VERBOSITY="silent", LEAT_SEED="1",
                LEAT_OPS="5000", LEAT_DEPTH="3")
CPU_S, MEMORY = 10, 2 << 30
# What the tests under UBSan would notice; without its library.
UBSAN = ["-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"]


def limits():
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 20, 64 << 20))


def session_of(pid):
    try:
        with open("/proc/%s/stat" % pid) as stat:
            return int(stat.read().rpartition(")")[2].split()[3])
    except (OSError, IndexError, ValueError):
        return -1


def end_session(session):
    """Kill what a test left, also what has a process group of its own."""
    for _ in range(100):
        left = [int(pid) for pid in os.listdir("/proc")
                if pid.isdigit() and session_of(pid) == session]
        if not left:
            return
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.01)


def passes(program, suite, timeout_s):
    """Whether the tests of a suite pass; nothing of them is left behind."""
    child = subprocess.Popen([program, suite], env=TEST_ENV,
                             start_new_session=True,
                             preexec_fn=limits, stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    try:
        return child.wait(timeout=timeout_s) == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        # Not reaped yet, or just now: the number is still this session's.
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        end_session(child.pid)
        child.wait()


def run(command, folder):
    return subprocess.run(["nice"] + command, cwd=folder, capture_output=True,
                          text=True)


def must(command, folder):
    done = run(command, folder)
    if done.returncode != 0:
        sys.exit("%s\n%s%s" % (" ".join(command), done.stdout, done.stderr))
    return done.stdout


class Build:
    """A copy of the tree, built so far as the tests of one file need it."""

    def __init__(self, copy):
        self.copy, self.tree = copy, os.path.join(copy, "build")
        for name in NEEDED:
            if os.path.isdir(os.path.join(ROOT, name)):
                shutil.copytree(os.path.join(ROOT, name),
                                os.path.join(copy, name), symlinks=True,
                                ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(os.path.join(ROOT, name), copy)
        must(["cmake", "-S", copy, "-B", self.tree, "-G", "Ninja",
              "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_C_FLAGS_DEBUG=-O0",
              "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"], copy)

    def prepare(self, path):
        suites = TESTS[path].split()
        must(["ninja", "-j2", PROGRAM], self.tree)
        with open(os.path.join(self.tree, "compile_commands.json")) as file:
            command = [c["command"] for c in json.load(file)
                       if c["file"] == os.path.join(self.copy, path)
                       and "leat_t.dir" in c["command"]][0]
        words = shlex.split(command)
        self.compile = words[:words.index("-o")] + [
            "-iquote", os.path.dirname(os.path.join(self.copy, path))]
        steps = must(["ninja", "-t", "commands", PROGRAM], self.tree)
        self.link = steps.strip().split("\n")[-1]
        program, times = os.path.join(self.tree, PROGRAM), {}
        for name in suites:
            start = time.monotonic()
            if not passes(program, name, 120) and \
                    not passes(program, name, 120):
                sys.exit("%s fails without any mutant" % name)
            times[name] = time.monotonic() - start
        self.suites = sorted(suites, key=times.get)
        self.kills = dict.fromkeys(suites, 0)
        self.timeout_s = {n: 60 + 20 * times[n] for n in suites}

    def code(self, source, top):
        """What the compiler makes of it when it optimises; the name of the
        folder above src, which asserts mention, does not matter."""
        return must(self.compile + ["-w", "-O2", "-S", "-o", "-", "-c", source,
                                    "-ffile-prefix-map=%s=." % top], self.tree)

    def judge(self, path, text, work):
        """killed, survived, or void: not C, or the same code."""
        source, made = os.path.join(work, path), os.path.join(work, "mutant.o")
        os.makedirs(os.path.dirname(source), exist_ok=True)
        with open(source, "w") as file:
            file.write(text)
        done = run(self.compile + UBSAN + ["-w", "-o", made, "-c", source],
                   self.tree)
        if done.returncode != 0:
            return "void"
        program = os.path.join(work, "mutant")
        must(["sh", "-c", self.link.replace(
            " -o " + PROGRAM + " ",
            " %s -o %s " % (shlex.quote(made), shlex.quote(program)))],
            self.tree)
        for name in sorted(self.suites, key=self.kills.get, reverse=True):
            if not passes(program, name, self.timeout_s[name]):
                self.kills[name] += 1
                return "killed"
        plain = self.code(os.path.join(self.copy, path), self.copy)
        return "void" if self.code(source, work) == plain else "survived"


def known(path):
    """What is listed as equal for this file: the line before or None, the
    line as it is, the line as it would be."""
    entries = set()
    with open(os.path.join(HERE, "equivalent")) as file:
        for block in file.read().split("\n\n"):
            rows = [r for r in block.splitlines() if not r.startswith("#")]
            if len(rows) < 4 or rows[0].partition(" after: ")[0] != path:
                continue
            before = rows[0].partition(" after: ")[2] or None
            entries.add((before, rows[1][2:], rows[2][2:]))
    return entries


def lines(source, mutant):
    """Number, line before, old and new text of the lines it changes."""
    start, end, text, _ = mutant
    first = source.rfind("\n", 0, start) + 1
    last = source.find("\n", end)
    before = source[:first].rstrip("\n").rpartition("\n")[2]
    new = source[first:start] + text + source[end:last]
    return (source.count("\n", 0, start) + 1, before.strip(),
            " ".join(source[first:last].split()), " ".join(new.split()))


def entry_of(entries, source, mutant):
    _, before, old, new = lines(source, mutant)
    for entry in ((None, old, new), (before, old, new)):
        if entry in entries:
            return entry
    return None


def mutate(build, path, options):
    with open(os.path.join(build.copy, path)) as file:
        source = file.read()
    build.prepare(path)
    equal = known(path)
    todo = mutants(source)
    for entry in equal - {entry_of(equal, source, m) for m in todo}:
        sys.exit("equivalent: %s has no such mutant: %s" % (path, entry))
    todo = [m for m in todo if not entry_of(equal, source, m)]
    if options.sample and options.sample < len(todo):
        todo = random.Random(options.seed).sample(todo, options.sample)

    def one(mutant):
        start, end, text, _ = mutant
        with tempfile.TemporaryDirectory(dir=build.copy) as work:
            return build.judge(path, source[:start] + text + source[end:],
                               work)

    count = {"killed": 0, "survived": 0, "void": 0}
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for mutant, result in zip(todo, pool.map(one, todo)):
            count[result] += 1
            if result == "survived":
                number, _, old, new = lines(source, mutant)
                print("%s:%d survived\n- %s\n+ %s" % (
                    path, number, old, new), flush=True)
    total = count["killed"] + count["survived"]
    score = 100.0 * count["killed"] / total if total else 0.0
    print("%s mutants %d killed %d score %.1f %% (and %d void, %d listed)" % (
        path, total, count["killed"], score, count["void"], len(equal)),
        flush=True)
    return score >= BAR


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", action="append", choices=sorted(TESTS))
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    with tempfile.TemporaryDirectory(prefix="leat-mutate-") as copy:
        build = Build(copy)
        good = [mutate(build, path, options)
                for path in options.file or sorted(TESTS)]
    sys.exit(0 if all(good) else 1)


main()
