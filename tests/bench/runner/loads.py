"""The loads, on core 1: they stay connected, and run when they are told."""

import json
import re
import select
import subprocess

import paths
import servers

CORE, PATIENCE = "1", 120


class Load:
    """One of ours; see load.h for the orders that it takes."""

    def __init__(self, words, port, pid, log):
        name, *options = words.split()
        options = [{"PORT": str(port), "PID": str(pid)}.get(word, word)
                   for word in options]
        self.log = open(log, "w+")
        self.process = subprocess.Popen(
            servers.pinned(CORE, [paths.program(name)] + options), text=True,
            bufsize=1, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.log)
        self.ready = self.answer()

    def answer(self):
        line = ""
        if select.select([self.process.stdout], [], [], PATIENCE)[0]:
            line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        self.log.seek(0)
        said = self.log.read().strip() or "the load does not answer"
        self.close()
        raise servers.Refused(said)

    def run(self, order):
        self.process.stdin.write(order + "\n")
        return self.answer()

    def close(self):
        servers.end(self.process)
        self.log.close()


class Tool:
    """leat bench, under the same orders."""

    ready = {}

    def __init__(self, words, port, _pid, _log):
        self.command = [paths.LEAT, "bench", str(port)] + words.split()[2:]

    def run(self, order):
        ms = str(int(float(order.split()[1]) * 1000)) + "ms"
        out = subprocess.run(
            servers.pinned(CORE, self.command + ["-d", ms, "--json"]),
            text=True, capture_output=True, timeout=PATIENCE, check=False)
        found = re.search(r'"requests_per_s": ?([0-9.]+)', out.stdout)
        if out.returncode != 0 or not found:
            raise servers.Refused(out.stderr.strip() or "leat bench failed")
        return {"per_s": float(found.group(1))}

    def close(self):
        pass


def open_load(words, port, pid, log):
    kind = Tool if words.startswith("leat bench") else Load
    return kind(words, port, pid, log)
