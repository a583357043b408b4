"""Run one case: everybody connected, then everybody in turn, round by round.
A result is written when its case is complete, so that nothing is lost when a
run is cut off."""

import json
import os
import subprocess
import sys
import time

import loads
import paths
import servers


def say(words):
    print("bench: " + words, file=sys.stderr, flush=True)


def commit():
    out = subprocess.run(["git", "describe", "--always", "--dirty"],
                         text=True, capture_output=True, cwd=paths.ROOT,
                         check=False)
    return out.stdout.strip() or "unknown"


class Entrant:
    """A server with its load, and what they did."""

    def __init__(self, number, label, server, load):
        self.label, self.runs, self.error = label, [], ""
        self.process, self.load, self.ready = None, None, {}
        log = paths.program("log.%d" % number)
        try:
            self.process, port = servers.open_server(server, log)
            self.load = loads.open_load(load, port, self.process.pid,
                                        log + ".load")
            self.ready = self.load.ready
        except servers.Refused as why:
            self.fail(why)

    def fail(self, why):
        self.error = str(why)
        say("  %s: %s" % (self.label, self.error))

    def run(self, order, keep=True):
        if self.error:
            return
        try:
            result = self.load.run(order)
        except servers.Refused as why:
            self.fail(why)
            return
        if keep:
            self.runs.append(result)

    def close(self):
        if self.load:
            self.load.close()
        if self.process:
            servers.end(self.process)


def write(path, data):
    os.makedirs(paths.RESULTS, exist_ok=True)
    with open(path + ".new", "w") as out:
        json.dump(data, out, indent=1)
    os.rename(path + ".new", path)


def take_turns(rows, rounds, seconds):
    """One round that does not count, then as many as were asked for. Every
    other round goes backwards: nobody is always behind the same one."""
    entrants = []
    try:
        for number, row in enumerate(rows):
            entrants.append(Entrant(number, *row))
        for entrant in entrants:
            entrant.run("t %.3f" % min(seconds, 0.2), keep=False)
        for turn in range(rounds):
            for entrant in entrants[::-1 if turn % 2 else 1]:
                entrant.run("t %.3f" % seconds)
    finally:
        for entrant in entrants:
            entrant.close()
    return entrants


def measure(case, rounds, seconds):
    began, entrants = time.monotonic(), []
    together = case.at_once or len(case.entrants)
    for first in range(0, len(case.entrants), together):
        entrants += take_turns(case.entrants[first:first + together], rounds,
                               seconds)
    write(paths.result(case.name), {
        "case": case.name, "rounds": rounds, "seconds": seconds,
        "commit": commit(), "date": time.strftime("%Y-%m-%d"),
        "entrants": {entrant.label: {
            "runs": entrant.runs, "error": entrant.error,
            "ready": entrant.ready} for entrant in entrants}})
    say("%s: %.0f s" % (case.name, time.monotonic() - began))
