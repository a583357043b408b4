#!/usr/bin/env python3
"""The shared library exports what the headers declare with LEAT_API, and
nothing else; the static one defines names of leat only."""
# ctest: FIXTURES_REQUIRED release

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import release  # noqa: E402
import tree  # noqa: E402

declared = {name: (path, line)
            for name, path, line in tree.api_functions()}
exported = set(name for _, _, name in release.symbols(
    [release.SHARED], "-D", "--defined-only"))

for name in sorted(exported - set(declared)):
    tree.problem("libleat.so", 0, "%s is exported, but no header says so"
                 % name)
for name, (path, line) in declared.items():
    if not name.startswith("leat_") or name.startswith("leat__"):
        tree.problem(path, line, "%s is no public name" % name)
    if name not in exported and tree.all_rooms_have_code():
        tree.problem(path, line, "%s is declared, but not exported" % name)

for _, kind, name in release.symbols(
        [release.STATIC], "-g", "--defined-only"):
    if not name.startswith("leat_"):
        tree.problem("libleat.a", 0, "%s (%s) is not a name of leat"
                     % (name, kind))
    elif not name.startswith("leat__") and name not in declared:
        tree.problem("libleat.a", 0, "%s is neither public nor leat__" % name)

soname = release.run("objdump", "-p", release.SHARED)
if "libleat.so." not in soname:
    tree.problem("libleat.so", 0, "no soname")
tree.finish("exports: %d functions" % len(exported))
