#!/usr/bin/env python3
"""What the objects of the library and the programs take from libc is listed in
tests/lint/allowed-libc, with the rooms that may."""
# ctest: FIXTURES_REQUIRED release

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import release  # noqa: E402
import tree  # noqa: E402

LIST = "tests/lint/allowed-libc"

# What the compiler calls on its own account.
COMPILER = {"__stack_chk_fail", "_GLOBAL_OFFSET_TABLE_", "__tls_get_addr"}


def plain(name):
    """The name in the source: without what fortify, large files, 64-bit time
    and the C standard's variants make of it."""
    name = re.sub(r"^__(\w+?)(_2)?_chk$", r"\1", name)
    name = re.sub(r"^__isoc\d\d_", "", name)
    name = re.sub(r"^__(open|fcntl|lstat)64(_2)?$", r"\1", name)
    return re.sub(r"^(open|fcntl|lstat|fstat|stat|getrlimit|setrlimit)64$",
                  r"\1", name)


# A password is hashed where nobody waits for it, and nowhere else.
ONLY_IN = {"crypt_r": ("src/leatd/hub/helper.c", "src/leat/passwd.c")}

allowed = {}
for number, line in enumerate(tree.read(LIST).splitlines(), 1):
    words = line.split("#")[0].split()
    if words:
        allowed[words[0]] = (words[1:], number)

sources = {path: source
           for source, path in release.library() + release.programs()}
own = set(name for _, _, name in release.symbols(
    sources, "-g", "--defined-only"))
used = set()
for path, _, name in release.symbols(sources, "-u"):
    source = sources[path]
    if name in own or name in COMPILER:
        continue
    name = plain(name)
    used.add(name)
    if source not in ONLY_IN.get(name, (source,)):
        tree.problem(source, 0, "%s is for %s only"
                     % (name, " and ".join(ONLY_IN[name])))
    if tree.room(source) not in allowed.get(name, ([], 0))[0] \
            and "any" not in allowed.get(name, ([], 0))[0]:
        tree.problem(source, 0, "%s is not listed for %s in %s"
                     % (name, tree.room(source), LIST))
tree.finish("allowed_libc: %d of %d names used" % (len(used), len(allowed)))
