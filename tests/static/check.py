#!/usr/bin/env python3
"""check.py TOOL BUILD [FILE]... - what a static analyser says of src and
examples, or of these files; it should say nothing. TOOL is analyzer (gcc
-fanalyzer), cppcheck or tidy (clang-tidy with .clang-tidy); BUILD is a build
directory with compile_commands.json.

Each tool first has to find the mistake in mistakes.c: one that finds nothing
there would find nothing anywhere. A tool that is not installed is a skip."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MISTAKES = os.path.join(HERE, "mistakes.c")
ROOMS = [os.path.join(ROOT, room, "") for room in ("src", "examples")]
SKIP = 77


def entries(build, chosen):
    """File to command, each file once, for our rooms or the files chosen."""
    with open(os.path.join(build, "compile_commands.json")) as file:
        database = json.load(file)
    found = {}
    for entry in database:
        if "LEAT_TEST_SEAM" not in entry["command"]:
            found.setdefault(entry["file"], shlex.split(entry["command"]))
    wanted = [os.path.abspath(name) for name in chosen]
    return {name: command for name, command in sorted(found.items())
            if (name in wanted if wanted else name.startswith(tuple(ROOMS)))}


def analyzer(_build, name, command):
    """The build's own flags, by gcc whatever the build's compiler is."""
    flags = [word for word in command[1:] if word not in ("-c", name)]
    at = flags.index("-o") if "-o" in flags else len(flags)
    flags[at:at + 2] = []
    return ["gcc", *flags, "-fanalyzer", "-c", name, "-o", "/dev/null"]


def cppcheck(_build, name, command):
    places = [word for word in command if word[:2] in ("-I", "-D")]
    return ["cppcheck", "--quiet", "--std=c11", "--inline-suppr",
            "--enable=warning,style,performance,portability",
            "--suppress=unmatchedSuppression", "--error-exitcode=1",
            *places, name]


def tidy(build, name, _command):
    return ["clang-tidy", "--quiet", "-p", build, name]


TOOLS = {"analyzer": analyzer, "cppcheck": cppcheck, "tidy": tidy}


def findings(argv):
    """What the tool says; clang-tidy counts what it did not say, too."""
    done = subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, check=False)
    lines = [line for line in done.stdout.splitlines()
             if not line.endswith((" warnings generated.",
                                   " warning generated."))
             and not line.startswith(("Suppressed ", "Use -header-filter="))]
    if done.returncode and not lines:
        lines = ["%s: exit status %d" % (argv[0], done.returncode)]
    return "\n".join(lines)


def main(tool, build, *chosen):
    make = TOOLS[tool]
    if shutil.which(make(build, MISTAKES, [])[0]) is None:
        print("%s is not installed" % tool)
        return SKIP
    todo = entries(build, chosen)
    if not todo:
        print("nothing to look at in %s" % build)
        return 1
    some = next(iter(todo.values()))
    some = [word for word in some if word.startswith(("-I", "-D", "-O"))]
    if MISTAKES not in findings(make(build, MISTAKES, ["cc", *some])):
        print("%s does not find the mistake in mistakes.c" % tool)
        return 1
    jobs = int(os.environ.get("LEAT_JOBS", "2"))
    with ThreadPoolExecutor(jobs) as pool:
        told = list(pool.map(
            lambda item: findings(make(build, *item)), todo.items()))
    wrong = [text for text in told if text]
    print("\n".join(wrong + ["%s: files %d with-findings %d"
                             % (tool, len(told), len(wrong))]))
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in TOOLS:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
