"""Where everything is; the programs are made by script/bench. The
environment may name another build to measure, and another place for what
comes out of it."""

import os

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
OUT = os.environ.get("LEAT_BENCH_DIR", os.path.join(ROOT, "build/bench"))
DOCS = os.environ.get("LEAT_BENCH_DOCS", os.path.join(ROOT, "docs"))
RESULTS = os.path.join(OUT, "results")
RELEASE = os.environ.get("LEAT_RELEASE_DIR",
                         os.path.join(ROOT, "build/release"))
LEATD = os.path.join(RELEASE, "leatd")
LEAT = os.path.join(RELEASE, "leat")


def program(name):
    return os.path.join(OUT, name)


def result(case):
    return os.path.join(RESULTS, case + ".json")
