#!/usr/bin/env python3
"""#if stands in src/sys and include/leat/api.h only; elsewhere there are
header guards and the guards of extern "C"."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tree  # noqa: E402

FREE = ("src/sys/", "include/leat/api.h")

count = 0
for path in tree.files("include/", "src/", "examples/"):
    if path.startswith(FREE):
        continue
    text = tree.code(path)
    guard = re.match(r"\s*#ifndef (\w+)\n#define \1\n", text)
    if path.endswith(".h") and not guard:
        tree.problem(path, 1, "does not begin with a header guard")
    for match in re.finditer(r"^[ \t]*#[ \t]*(if|ifdef|ifndef)\b[ \t]*(.*)$",
                             text, re.M):
        count += 1
        if match.group(2) == "__cplusplus" or (
                guard and match.start() == guard.start() + len(
                    guard.group()) - len(guard.group().lstrip())):
            continue
        tree.problem(path, tree.line_of(text, match.start()),
                     "#%s %s outside src/sys" % match.groups())
tree.finish("conditionals: %d guards" % count)
