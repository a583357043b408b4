#!/usr/bin/env python3
"""A .c file has at most 450 lines, a public header 180, a function 60 (median
15 at most in src), a line 80 columns.

Functions are found by the layout that format.sh holds: the braces of a
function, and no others, stand alone in the first column."""

import os
import statistics
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tree  # noqa: E402

FILE_MAX, HEADER_MAX, FUNCTION_MAX, MEDIAN_MAX, COLUMNS = 450, 180, 60, 15, 80


def functions(lines):
    """Triples of first line, name line and length."""
    start = None
    for number, line in enumerate(lines):
        if line == "{":
            start = number
            while start > 0 and lines[start - 1].strip() \
                    and lines[start - 1][0] not in "#}" \
                    and not lines[start - 1].endswith(";"):
                start -= 1
        elif line == "}" and start is not None:
            yield start + 1, number - start + 1
            start = None


lengths = []
for path in tree.files("include/", "src/", "examples/", "tests/"):
    plain = tree.read(path).split("\n")
    count = len(plain) - 1
    if path.endswith(".c") and count > FILE_MAX:
        tree.problem(path, count, "%d lines, %d at most" % (count, FILE_MAX))
    if path.startswith("include/") and count > HEADER_MAX:
        tree.problem(path, count, "%d lines, %d at most" % (count, HEADER_MAX))
    for number, line in enumerate(plain, 1):
        if len(line) > COLUMNS:
            tree.problem(path, number, "%d columns" % len(line))
    for line, length in functions(tree.code(path).split("\n")):
        if length > FUNCTION_MAX:
            tree.problem(path, line, "function of %d lines, %d at most"
                         % (length, FUNCTION_MAX))
        if path.startswith("src/"):
            lengths.append(length)

if lengths:
    median = statistics.median(lengths)
    print("sizes: %d functions in src, median %g, longest %d lines"
          % (len(lengths), median, max(lengths)))
    if median > MEDIAN_MAX:
        tree.problem("src", 0, "median function of %g lines, %d at most"
                     % (median, MEDIAN_MAX))
tree.finish("sizes: in bounds")
