#!/usr/bin/env python3
"""make_table.py OUT - write the sites of the seam and their faults as C.

Sites are the places in src that say LEAT_SYS(call, ...); their faults come
from faults.def, what cannot be reached from unreached.def. Anything that is
missing or left over is an error, and the build fails."""

import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SRC = os.path.join(HERE, "..", "..", "src")
# Of other platforms: not in the build that is swept.
ELSEWHERE = ("park_kqueue.c", "kqueue", "kevent")

OWES = ("never", "nobody", "open", "one", "listener", "turn",
        "patience")
FAULTS = re.compile(r"-$|E[A-Z0-9_]+$|short:[0-9]+$|as:(0|E[A-Z0-9]+)$")
MEMBER = re.compile(r"\(\*(\w+)\)\(")
SITE = re.compile(r"\bLEAT_SYS\(\s*(\w+)")
TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.S)

problems = []


def problem(path, line, text):
    problems.append("%s:%d: %s" % (os.path.normpath(path), line, text))


def code(path):
    """The text with comments and strings blanked, its lines kept."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return TOKEN.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)


def rows(name, count):
    """The rows of a .def file: line, and so many words and the rest."""
    path = os.path.join(HERE, name)
    with open(path, encoding="utf-8") as file:
        for line, text in enumerate(file, 1):
            words, _, why = text.partition("# ")
            words = words.split()
            if not words or words[0] == "#":
                continue
            if len(words) < count or not why.strip():
                problem(path, line, "a row has %d words and a reason" % count)
                continue
            yield line, words


# --- the sites --------------------------------------------------------------

class Site:
    def __init__(self, path, name, call, first, last):
        self.file = os.path.relpath(path, SRC)
        self.call, self.function = call, name
        self.first, self.last = first, last
        self.kinds = []
        self.name = self.base = "%s:%s:%s" % (
            os.path.basename(path), name, call)


def end_of(text, start):
    """Where the parenthesis opened at or after start is closed."""
    depth = 0
    for at in range(text.index("(", start), len(text)):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0:
            return at
    return start


def function_at(text, start):
    """The name of the function around: the last that began a line."""
    names = re.findall(r"^(\w+)\(", text[:start], re.M)
    return names[-1] if names else "?"


def sites_of(path):
    text = code(path)
    for match in SITE.finditer(text):
        start = match.start()
        yield Site(path, function_at(text, start), match.group(1),
                   text.count("\n", 0, start) + 1,
                   text.count("\n", 0, end_of(text, start)) + 1)


def all_sites():
    found, seen = [], {}
    for folder, folders, names in os.walk(SRC):
        folders.sort()
        for name in sorted(names):
            if name.endswith(".c") and name not in ELSEWHERE:
                found += sites_of(os.path.join(folder, name))
    for site in found:  # the second of a name is name#2
        seen[site.base] = seen.get(site.base, 0) + 1
        if seen[site.base] > 1:
            site.name = "%s#%d" % (site.base, seen[site.base])
    return found


def members():
    text = code(os.path.join(SRC, "sys", "seam.h"))
    start = text.index("struct leat_sys {")
    found = MEMBER.findall(text[start:text.index("\n};", start)])
    return [name for name in found if name not in ELSEWHERE]


# --- the faults -------------------------------------------------------------

def read_faults():
    """Rows by call or call@function: pairs of owes and faults."""
    table, path = {}, os.path.join(HERE, "faults.def")
    for line, words in rows("faults.def", 3):
        owes = words[1].split(",")
        for word in owes:
            if word not in OWES:
                problem(path, line, "nobody owes %s" % word)
        for word in words[2:]:
            if not FAULTS.match(word):
                problem(path, line, "%s is no fault" % word)
        table.setdefault(words[0], []).append((line, owes, words[2:]))
    return table


def row_of(table, site):
    narrow = "%s@%s" % (site.call, site.function)
    return narrow if narrow in table else site.call


def give_faults(sites, table):
    used = set(members())
    for site in sites:
        name = row_of(table, site)
        used.add(name)
        if name not in table:
            problem(os.path.join(SRC, site.file), site.first,
                    "%s has no row in faults.def" % site.call)
        for _, owes, words in table.get(name, []):
            site.kinds.append((owes, words))
    for name in members():
        if name not in table:
            problem(os.path.join(SRC, "sys", "seam.h"), 1,
                    "%s has no row in faults.def" % name)
    for name, found in table.items():
        if name not in used:
            problem(os.path.join(HERE, "faults.def"), found[0][0],
                    "nothing calls %s" % name)


def read_unreached(sites):
    """Names of sites by program."""
    found, names = {}, {site.name for site in sites}
    for line, words in rows("unreached.def", 2):
        if words[1] not in names:
            problem(os.path.join(HERE, "unreached.def"), line,
                    "there is no site %s" % words[1])
        found.setdefault(words[1], set()).add(words[0])
    return found


# --- C ----------------------------------------------------------------------

def reason(word):
    if word == "0":
        return "0"
    return "LEAT_EOF" if word == "EOF" else "-" + word


def kinds_of(index, site):
    for owes, words in site.kinds:
        also = [reason(word[3:]) for word in words if word[:3] == "as:"]
        also = "{%s}, %d" % (", ".join(also or ["0"]), len(also))
        flags = " | ".join("OWES_" + word.upper() for word in owes)
        for word in words:
            if word[:3] == "as:" or word == "-":
                continue
            error, short = word, "0"
            if word.startswith("short:"):
                error, short = "0", word[6:]
            yield '    {%d, "%s", %s, %s, %s, %s},' % (
                index, word, error, short, flags, also)


def write(path, sites, unreached):
    out = ["/* Made by make_table.py: do not edit. */",
           '#include "table.h"', "", "#include <leat/error.h>", "",
           "#include <errno.h>", "#include <netdb.h>", "",
           "const struct fault_site fault_sites[] = {"]
    for site in sites:
        programs = unreached.get(site.name, set())
        out.append('    {"%s", "%s", "%s", %d, %d, %s, %s},' % (
            site.name, site.call, site.file, site.first, site.last,
            str("sweep" in programs).lower(),
            str("plain" in programs).lower()))
    out += ["};", "const size_t fault_site_count = %d;" % len(sites), "",
            "const struct fault_kind fault_kinds[] = {"]
    kinds = [line for i, site in enumerate(sites)
             for line in kinds_of(i, site)]
    out += kinds + ["};", "const size_t fault_kind_count = %d;" % len(kinds)]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n")


def main():
    sites, table = all_sites(), read_faults()
    give_faults(sites, table)
    unreached = read_unreached(sites)
    for text in problems:
        print(text, file=sys.stderr)
    if not problems:
        write(sys.argv[1], sites, unreached)
    return 1 if problems else 0


sys.exit(main())
