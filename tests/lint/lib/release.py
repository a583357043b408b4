"""What the lints share that look at the objects of the release build."""

import os
import re
import subprocess
import sys

import tree

BUILD = os.environ.get("LEAT_RELEASE_DIR") or os.path.join(
    tree.ROOT, "build", "release")
STATIC = os.path.join(BUILD, "libleat.a")
SHARED = os.path.join(BUILD, "libleat.so")

if not os.path.exists(STATIC):
    print("%s is missing: run script/build release" % STATIC)
    sys.exit(1)


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True,
                          env=dict(os.environ, LC_ALL="C")).stdout


def objects(target):
    """Pairs of source and object of a target, in which each object is one
    that a source of today was compiled to."""
    top = os.path.join(BUILD, "CMakeFiles", target + ".dir")
    for folder, _, names in sorted(os.walk(top)):
        for name in sorted(names):
            path = os.path.join(folder, name)
            source = os.path.relpath(path, top)[:-2]
            if name.endswith(".c.o") and os.path.exists(source):
                yield source, path


def library():
    return list(objects("leat_objects"))


def programs():
    return [pair for target in ("leat_cli", "leatd", "leat_tool")
            for pair in objects(target)]


def symbols(paths, *options):
    """Path, type letter and name of the symbols in some files, as nm says. One
    nm for all: it takes long to start, as it loads the compiler's plugin."""
    for line in run("nm", "-A", "-P", *options, *paths).splitlines():
        path, _, symbol = line.partition(": ")
        fields = symbol.split()
        if len(fields) >= 2 and len(fields[1]) == 1:
            yield path, fields[1], re.sub(r"@.*", "", fields[0])
