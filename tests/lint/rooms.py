#!/usr/bin/env python3
"""A room includes only the rooms before it; a public header includes public
headers; the programs see <leat/...>, sys/sys.h and cli; a service sees no
other."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tree  # noqa: E402

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:<([^>]*)>|"([^"]*)")', re.M)

# Whose files a room may include by "...". Tests may look anywhere.
MAY = {"include": set(), "examples": set()}
for index, name in enumerate(tree.LIBRARY):
    MAY[name] = set(tree.LIBRARY[:index + 1])
for name in tree.PROGRAMS:
    MAY[name] = {"cli", name}

# Headers of I/O and clock, of which these rooms know nothing.
KERNEL = re.compile(r"(sys/(socket|select|epoll|event|ioctl|stat|file|un|time"
                    r"|resource|prctl)|netinet/.*|arpa/.*|netdb|unistd|fcntl"
                    r"|poll|signal|time|pthread|threads)\.h$")
NO_KERNEL = {"base"}


def find(path, name):
    """The project's file that #include "name" in path means."""
    for folder in (os.path.dirname(path), "src", "src/leatd", "src/leat"):
        there = os.path.normpath(os.path.join(folder, name))
        if os.path.exists(there):
            return there
    return None


def check_quoted(path, line, name):
    there = find(path, name)
    if there is None:
        return tree.problem(path, line, '"%s" is nowhere' % name)
    here, whose = tree.room(path), tree.room(there)
    if here in tree.PROGRAMS and there == "src/sys/sys.h":
        return None
    if whose not in MAY[here]:
        tree.problem(path, line, "room %s may not include room %s (%s)"
                     % (here, whose, there))
    elif there == "src/sys/seam.h" and path != "src/sys/sys.h":
        tree.problem(path, line, "only sys.h may include seam.h")
    elif (os.path.basename(path).startswith("svc_")
          and os.path.basename(there).startswith("svc_")
          and os.path.splitext(path)[0] != os.path.splitext(there)[0]):
        tree.problem(path, line, "a service may not include another")
    return None


def check_angled(path, line, name):
    if name.startswith("leat/"):
        if not os.path.exists("include/" + name):
            tree.problem(path, line, "<%s> is nowhere" % name)
    elif tree.room(path) in NO_KERNEL and KERNEL.match(name):
        tree.problem(path, line, "room %s knows nothing of <%s>"
                     % (tree.room(path), name))


checked = 0
for path in tree.files("include/", "src/", "examples/"):
    text = tree.code(path, keep_strings=True)
    checked += 1
    for match in INCLUDE.finditer(text):
        line = tree.line_of(text, match.start(match.lastindex))
        if match.group(1):
            check_angled(path, line, match.group(1))
        else:
            check_quoted(path, line, match.group(2))

# The umbrella holds every public header.
umbrella = tree.read("include/leat/leat.h")
for path in tree.files("include/leat"):
    name = path[len("include/"):]
    if name not in ("leat/leat.h", "leat/api.h") \
            and "#include <%s>" % name not in umbrella:
        tree.problem("include/leat/leat.h", 1, "<%s> is not included" % name)

tree.finish("rooms: %d files" % checked)
