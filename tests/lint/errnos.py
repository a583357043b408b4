#!/usr/bin/env python3
"""Every error that a public header promises appears in a test, or stands with
a reason in tests/lint/untested-errnos."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tree  # noqa: E402

LIST = "tests/lint/untested-errnos"
# A name alone is enough: "EMFILE", "-EMFILE", or leatd's "error:EMFILE".
NAME = r"\b(E[A-Z0-9]{3,}|LEAT_EOF)\b"

tested = set()
for path in tree.files("tests/", ends=(".c", ".h", ".sh", ".py", ".talk")):
    if not path.startswith("tests/lint/"):
        tested |= set(re.findall(NAME, tree.read(path)))

excused = {}
for number, line in enumerate(tree.read(LIST).splitlines(), 1):
    words = line.split("#")[0].split(None, 1)
    if len(words) == 1:
        tree.problem(LIST, number, "%s has no reason" % words[0])
    if words:
        excused[words[0]] = number
        if words[0] in tested:
            tree.problem(LIST, number, "%s is tested now" % words[0])

promised = {}
for path in tree.files("include/leat"):
    for line, text in tree.comments(path):
        for match in re.finditer(r"-(E[A-Z0-9]{3,})\b|\b(LEAT_EOF)\b", text):
            promised.setdefault(match.group(1) or match.group(2), []).append(
                (path, line + text.count("\n", 0, match.start())))

for name in sorted(set(promised) - tested - set(excused)):
    for path, line in promised[name]:
        tree.problem(path, line, "%s is in no test" % name)
for name in sorted(set(excused) - set(promised)):
    tree.problem(LIST, excused[name], "no header promises %s" % name)
tree.finish("errnos: %d" % len(promised))
