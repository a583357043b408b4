"""Where the time goes: system calls and instructions per message, and the
share of the kernel.

Both counts are differences of two runs, one of them longer by MESSAGES, so
that what a start and a connection cost is in neither."""

import collections
import json
import os
import re
import shutil
import subprocess
import time

import cases
import loads
import measure
import paths
import servers

MESSAGES, CLIENTS = 5000, (1, 100)
SERVERS = [("leat", cases.ECHO)] + cases.PEERS
LOG = paths.program("where.log")


def child(process):
    """What strace started; itself for all others."""
    path = "/proc/%d/task/%d/children" % (process.pid, process.pid)
    try:
        with open(path) as file:
            return int(file.read().split()[0])
    except (OSError, IndexError, ValueError):
        return process.pid


def under(wrapper, server, clients, messages):
    """Run a server under a tool for so many messages, then end it."""
    process, port = servers.open_server(server, LOG, wrapper)
    pid = child(process)
    load = loads.open_load("load_echo PORT -c %d" % clients, port, pid,
                           LOG + ".load")
    load.run("n %d" % messages)
    load.close()
    if pid != process.pid:
        os.kill(pid, 15)
        process.wait(20)
    servers.end(process)


def calls(server, clients, messages):
    out = paths.program("strace.out")
    under(["strace", "-f", "-c", "-o", out], server, clients, messages)
    found = collections.Counter()
    with open(out) as table:
        for line in table:
            words = line.split()
            if len(words) >= 5 and words[0][0].isdigit() and \
                    words[-1] != "total":
                found[words[-1]] += int(words[3])
    return found


def calls_per_message(server, clients):
    more = calls(server, clients, MESSAGES + 1000)
    more.subtract(calls(server, clients, 1000))
    each = {name: count / MESSAGES for name, count in more.items()}
    return {name: count for name, count in each.items() if count >= 0.005}


def instructions(server, clients, messages):
    under(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"],
          server, clients, messages)
    with open(LOG) as words:
        found = re.search(r"Collected : (\d+)", words.read())
    if not found:
        raise servers.Refused("callgrind counted nothing")
    return int(found.group(1))


def instructions_per_message(server, clients):
    return (instructions(server, clients, MESSAGES + 1000)
            - instructions(server, clients, 1000)) / MESSAGES


def samples(pid, seconds):
    """Addresses that perf saw the server at, by the clock of the CPU."""
    data = paths.program("perf.data")
    subprocess.run(["perf", "record", "-q", "-e", "cpu-clock", "-F", "2000",
                    "-o", data, "-p", str(pid), "--", "sleep", str(seconds)],
                   check=True, capture_output=True)
    out = subprocess.run(["perf", "script", "-F", "ip", "-i", data],
                         text=True, check=True, capture_output=True)
    return [int(line, 16) for line in out.stdout.split()]


def kernel_share(server, clients):
    """The kernel has the upper half of the addresses."""
    process, port = servers.open_server(server, LOG)
    load = loads.open_load("load_echo PORT -c %d" % clients, port,
                           process.pid, LOG + ".load")
    try:
        load.process.stdin.write("t 3\n")
        time.sleep(0.5)
        seen = samples(process.pid, 2)
        load.answer()
    finally:
        load.close()
        servers.end(process)
    if not seen or not any(address >> 63 for address in seen):
        raise servers.Refused("perf does not see the kernel here")
    return sum(address >> 63 for address in seen) / len(seen)


WHAT = {"calls": ("strace", calls_per_message),
        "instructions": ("valgrind", instructions_per_message),
        "kernel": ("perf", kernel_share)}


def attempt(what, server, clients):
    tool, function = WHAT[what]
    if not shutil.which(tool):
        return {"error": tool + " is not here"}
    try:
        return {"value": function(server, clients)}
    except (servers.Refused, subprocess.SubprocessError, OSError) as why:
        return {"error": str(why).split("\n")[0][:60]}


def run():
    began, result = time.monotonic(), {}
    for label, server in SERVERS:
        measure.say("where: " + label)
        result[label] = {
            str(clients): {what: attempt(what, server, clients)
                           for what in WHAT} for clients in CLIENTS}
    measure.write(paths.result("where"), {
        "commit": measure.commit(), "servers": result,
        "date": time.strftime("%Y-%m-%d")})
    measure.say("where: %.0f s" % (time.monotonic() - began))


def cell(what, found):
    if "error" in found:
        return found["error"]
    value = found["value"]
    if what == "calls":
        parts = ", ".join("%s %.2f" % item for item in sorted(
            value.items(), key=lambda item: -item[1]))
        return "%.2f: %s" % (sum(value.values()), parts)
    return "%.0f %%" % (value * 100) if what == "kernel" else "%.0f" % value


TEXT = """## Where the time goes

64 B echo. System calls per message by `strace -c`, instructions per message
in user space by callgrind: both the difference of two runs, divided by %d
messages. Under these tools a server is slow, so with 100 clients it finds
nearly all of them waiting whenever it looks. The share of the kernel in the
server's time is by `perf record -e cpu-clock`, at full speed. valgrind runs
libraries as they are; it does not know io_uring. %s, %s.

| server | clients | system calls | instructions | kernel |
|---|---|---|---|---|
"""


def section():
    try:
        with open(paths.result("where")) as file:
            result = json.load(file)
    except OSError:
        return ""
    text = TEXT % (MESSAGES, result["date"], result["commit"])
    for label, rows in result["servers"].items():
        for clients, found in rows.items():
            text += "| %s | %s | %s |\n" % (label, clients, " | ".join(
                cell(what, found[what]) for what in WHAT))
    return text + "\n"
