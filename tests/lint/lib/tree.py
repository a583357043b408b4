"""What the lints share: the files of the tree, C without its comments, and a
report that names file and line."""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.dirname(os.path.abspath(__file__)))))
os.chdir(ROOT)

# The rooms of the library, each knowing only those before it.
LIBRARY = ["sys", "base", "loop", "net"]
# Those that embed it; cli is what the two programs share.
PROGRAMS = ["cli", "leatd", "leat"]

problems = []


def problem(path, line, text):
    problems.append("%s:%s: %s" % (path, line, text))


def finish(summary):
    """Print what was found and end with 1, or the summary and end with 0."""
    for text in problems:
        print(text)
    if problems:
        print("%d problem(s)" % len(problems))
        sys.exit(1)
    print(summary)


def files(*prefixes, ends=(".c", ".h")):
    """Files below the prefixes, tracked or about to be."""
    try:
        names = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "--"]
            + list(prefixes), capture_output=True, text=True,
            check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        names = [os.path.join(folder, name)[2:]
                 for folder, _, found in os.walk(".") for name in found]
        names = [n for n in names if not n.startswith("build/")]
        names = [n for n in names
                 if not prefixes or any(n.startswith(p) for p in prefixes)]
    return sorted(n for n in set(names)
                  if n.endswith(tuple(ends)) and os.path.exists(n))


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


TOKEN = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def code(path, keep_strings=False):
    """Text of a C file without comments and without what strings say; lines
    stay where they are."""
    def blank(match):
        text = match.group()
        if text[0] in "\"'":
            return text if keep_strings else text[0] * 2
        return " " + "\n" * text.count("\n")
    return TOKEN.sub(blank, read(path))


def comments(path):
    """Pairs of line number and text of the comments of a C file."""
    text = read(path)
    for match in TOKEN.finditer(text):
        if match.group()[0] == "/":
            yield text.count("\n", 0, match.start()) + 1, match.group()


def room(path):
    """include, sys, base, loop, net, cli, leatd, leat, examples or tests."""
    parts = path.split("/")
    return parts[1] if parts[0] == "src" else parts[0]


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def api_functions():
    """Name, header and line of every function that the headers declare."""
    for path in files("include/leat", ends=(".h",)):
        text = code(path)
        for match in re.finditer(r"^LEAT_API\b[^;{(]*?(\w+)\s*\(", text, re.M):
            yield match.group(1), path, line_of(text, match.start())


def all_rooms_have_code():
    """False while the library is still being built up."""
    return all(any(p.endswith(".c") for p in files("src/" + name + "/"))
               for name in LIBRARY)
