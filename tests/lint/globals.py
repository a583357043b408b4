#!/usr/bin/env python3
"""No mutable variable at file scope, static or not, in the library or in the
programs: but for the one in signal.c that handlers of the process write to."""
# ctest: FIXTURES_REQUIRED release

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import release  # noqa: E402
import tree  # noqa: E402

# How many each file may have.
ALLOWED = {"src/loop/signal.c": 1}

LINE = re.compile(r"^[0-9a-f]+ .{7} (\S+)\s+([0-9a-f]+)\s+(?:\.\w+ )?(\S+)$")


def mutable(path):
    """Names in sections that stay writable after relocation."""
    for line in release.run("objdump", "-t", path).splitlines():
        match = LINE.match(line)
        if not match or int(match.group(2), 16) == 0:
            continue
        section = match.group(1)
        if section == "*COM*" or (
                re.match(r"\.(data|bss|tdata|tbss)(\.|$)", section)
                and not section.startswith(".data.rel.ro")):
            yield match.group(3)


found = 0
for source, path in release.library() + release.programs():
    names = list(mutable(path))
    found += len(names)
    if len(names) > ALLOWED.get(source, 0):
        text = tree.code(source)
        for name in names:
            where = re.search(r"\b%s\b" % re.escape(name.split(".")[0]), text)
            tree.problem(source, tree.line_of(text, where.start())
                         if where else 0, "mutable variable %s" % name)
tree.finish("globals: %d" % found)
