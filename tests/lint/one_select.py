#!/usr/bin/env python3
"""The library waits in one place: one relocation to select in its code, one
mention in its source, and no other call that could wait for descriptors."""
# ctest: FIXTURES_REQUIRED release

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import release  # noqa: E402
import tree  # noqa: E402

WAITS = r"(?:pselect6?|ppoll|poll|__poll_chk|__ppoll_chk|sleep|usleep" \
        r"|nanosleep|clock_nanosleep|epoll_pwait2?|sigwait\w*|pause)"

calls = []
for source, path in release.library():
    for line in release.run("objdump", "-dr", path).splitlines():
        match = re.search(r"\bR_\w+\s+([\w.@]+)", line)
        name = match.group(1).split("@")[0] if match else ""
        if name in ("select", "__select", "__select64"):
            calls.append(source)
        elif re.fullmatch(WAITS, name):
            tree.problem(source, 0, "object code calls %s" % name)

named = []
for path in tree.files("src/sys", "src/base", "src/loop", "src/net"):
    text = tree.code(path)
    for match in re.finditer(
            r"LEAT_SYS\(\s*select\b|(?<![\w.>*])select\s*\(", text):
        named.append((path, tree.line_of(text, match.start())))

if len(calls) != 1:
    tree.problem("libleat.a", 0, "%d relocations to select, not 1: %s"
                 % (len(calls), " ".join(calls)))
if len(named) != 1:
    for path, line in named or [("src", 0)]:
        tree.problem(path, line, "select is called in %d places, not 1"
                     % len(named))
tree.finish("one_select: in %s" % " ".join(calls))
