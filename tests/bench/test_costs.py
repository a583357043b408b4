#!/usr/bin/env python3
"""test_costs.py [--record] - what a message of 64 bytes costs leatd's echo, in
system calls (strace) and in instructions of its own (callgrind).

Both are counted, so a slow machine does not change them. With 100 clients all
must be ready at once: leatd is stopped while they send. What a start and the
connections cost is the same in a short and in a long run, and in neither.

The instructions are compared with tests/bench/instructions, for the compiler
that is named there; --record writes that file, after a change that is meant."""

import collections
import json
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

LEATD = os.environ.get("LEATD", "build/release/leatd")
RECORD = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "instructions")
MESSAGE, SHORT, LONG = b"0123456789abcdef" * 4, 10, 60
CLIENTS = (1, 100)
TOLERANCE = 0.10
HANG, SKIP = 200, 77
WAITS = ("select", "pselect6", "_newselect", "pselect6_time64")


def state(pid):
    with open("/proc/%d/stat" % pid) as file:
        return file.read().rsplit(")", 1)[1].split()[0]


def stop(pid):
    os.kill(pid, signal.SIGSTOP)
    while state(pid) not in "Tt":
        time.sleep(0.001)


def wave(pid, clients):
    """Each client sends a message and gets it back; all in one turn."""
    if len(clients) > 1:
        stop(pid)
    for client in clients:
        client.sendall(MESSAGE)
    if len(clients) > 1:
        os.kill(pid, signal.SIGCONT)
    for client in clients:
        back = client.recv(len(MESSAGE), socket.MSG_WAITALL)
        assert back == MESSAGE, back


def repeats(clients):
    """A wave of one is a message only: some more of them."""
    return 20 if clients == 1 else 1


def run(wrapper, clients, waves, log):
    """leatd under a tool, for so many waves of so many clients."""
    process = subprocess.Popen(
        wrapper + [LEATD, "-q", "--ready-fd", "1", "echo:0"], text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
    pid = process.pid
    try:
        ready = json.loads(process.stdout.readline())
        pid = ready["pid"]
        port = next(listener["port"] for listener in ready["listeners"]
                    if listener["family"] == "tcp4")
        crowd = [socket.create_connection(("127.0.0.1", port), HANG)
                 for _ in range(clients)]
        for _ in range(waves * repeats(clients)):
            wave(pid, crowd)
        for client in crowd:
            client.close()
    finally:
        os.kill(pid, signal.SIGCONT)
        os.kill(pid, signal.SIGTERM)
        process.wait()
        process.stdout.close()


def calls(clients, waves):
    found = collections.Counter()
    with tempfile.NamedTemporaryFile("r") as out:
        run(["strace", "-f", "-c", "-o", out.name], clients, waves, None)
        for line in out:
            words = line.split()
            if len(words) >= 5 and words[0][0].isdigit() and \
                    words[-1] != "total":
                found[words[-1]] += int(words[3])
    return found


def instructions(clients, waves):
    with tempfile.TemporaryFile("w+") as log:
        run(["valgrind", "--tool=callgrind",
             "--callgrind-out-file=/dev/null"], clients, waves, log)
        log.seek(0)
        found = re.search(r"Collected : (\d+)", log.read())
    assert found, "callgrind counted nothing"
    return int(found.group(1))


def messages(clients):
    return clients * (LONG - SHORT) * repeats(clients)


def calls_per_message(clients):
    more = calls(clients, LONG)
    more.subtract(calls(clients, SHORT))
    return {name: count / messages(clients) for name, count in more.items()
            if count}


def a_message_costs_one_recv_and_one_send(clients):
    """And a turn one select(); the rest is less than a call in 20 messages,
    as a wait may be interrupted when leatd is stopped."""
    each = calls_per_message(clients)
    print("  %d clients: %s" % (clients, ", ".join(
        "%s %.3f" % item for item in sorted(each.items()))))
    waits = sum(each.pop(name, 0) for name in WAITS)
    spare = 0.05
    for name in ("recvfrom", "sendto"):
        got = each.pop(name, 0)
        assert abs(got - 1) <= spare, "%s: %.3f a message" % (name, got)
    assert waits <= 1 / clients + spare, "%.3f waits a message" % waits
    rest = sum(max(count, 0) for count in each.values())
    assert rest <= spare, "others: %s" % each


def instructions_per_message(clients):
    return (instructions(clients, LONG) - instructions(clients, SHORT)) \
        / messages(clients)


def compiler():
    """The version of gcc that made it, as the binary says."""
    out = subprocess.run(["readelf", "-p", ".comment", LEATD], text=True,
                         capture_output=True, check=False).stdout
    found = re.search(r"GCC: \(.*\) (\d+)", out)
    return "gcc-%s-%s" % (found.group(1) if found else "unknown",
                          platform.machine())


def recorded():
    with open(RECORD) as file:
        lines = [line.split() for line in file if line[0] != "#"]
    return {(name, int(clients)): int(count)
            for name, clients, count in lines}


def a_message_costs_the_instructions_on_record(clients):
    wanted = recorded()[compiler(), clients]
    got = instructions_per_message(clients)
    print("  %d clients: %.0f instructions, %d on record"
          % (clients, got, wanted))
    assert abs(got - wanted) <= TOLERANCE * wanted, \
        "not within 10 %; if that is meant: tests/bench/test_costs.py --record"


def record():
    with open(RECORD, "w") as out:
        out.write("# Instructions of leatd per echoed message of 64 bytes: "
                  "compiler, clients,\n# figure. Written by "
                  "test_costs.py --record.\n")
        for clients in CLIENTS:
            out.write("%s %d %.0f\n" % (
                compiler(), clients, instructions_per_message(clients)))


def no_strace():
    if not shutil.which("strace"):
        return "no strace here"
    if subprocess.run(["strace", "-o", "/dev/null", "true"],
                      capture_output=True, check=False).returncode != 0:
        return "strace may not trace here"
    return ""


def no_callgrind():
    if not shutil.which("valgrind") or not shutil.which("readelf"):
        return "no valgrind or no readelf here"
    if (compiler(), CLIENTS[0]) not in recorded():
        return "nothing on record for " + compiler()
    return ""


TESTS = [(a_message_costs_one_recv_and_one_send, no_strace),
         (a_message_costs_the_instructions_on_record, no_callgrind)]


def main():
    signal.alarm(HANG)
    if "--record" in sys.argv:
        record()
        return 0
    ran = 0
    for function, why_not in TESTS:
        name, skip = function.__name__, why_not()
        print("%s%s" % (name, ": skipped, " + skip if skip else ""))
        for clients in () if skip else CLIENTS:
            function(clients)
            ran += 1
    return 0 if ran else SKIP


sys.exit(main())
