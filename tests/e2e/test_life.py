#!/usr/bin/env python3
"""What ends leatd and what does not: idleness, lifetime, parents, standard
input, signals; and life as process 1."""

import os
import signal
import subprocess
import time

import e2e
from e2e import Leatd, Stream, exchange, test


def ask(sock, key=1, size=1000):
    e2e.send_keyed(sock, key, 0, size)
    e2e.recv_keyed(sock, key, 0, size)


def ends_because(leatd, why):
    """It ends by itself, drained, and says why."""
    leatd.wait()
    assert "info drain why=%s conns=" % why in leatd.log(), leatd.log()


# --- what ends it ----------------------------------------------------------

@test
def exit_when_idle_counts_from_the_start():
    with Leatd("--exit-when-idle=200ms", "echo:0") as leatd:
        ends_because(leatd, "idle")


@test
def exit_when_idle_waits_for_clients_and_counts_from_the_last():
    started = time.monotonic()
    with Leatd("--exit-when-idle=1s", "echo:0") as leatd:
        sock = leatd.connect()
        ask(sock)
        time.sleep(1.5)  # the client is silent, but it is there
        ask(sock, 2)
        sock.close()
        leatd.line("reason=eof$")
        ends_because(leatd, "idle")
    assert time.monotonic() - started >= 2.5


@test
def exit_when_idle_has_a_default():
    with Leatd("--exit-when-idle", "echo:0") as leatd:
        ask(leatd.connect())  # ten seconds are not waited for


@test
def lifetime_drains():
    with Leatd("--lifetime=1s", "--drain=10m", "echo:0") as leatd:
        sock = leatd.connect()
        e2e.send_until_stuck(sock, 1)
        leatd.line("info drain why=lifetime conns=1")
        assert e2e.recv_accepted(leatd, sock, 1) > 0
        leatd.wait()
        e2e.assert_nothing_is_lost(leatd)


@test
def the_end_of_standard_input_drains():
    reader, writer = os.pipe()
    with Leatd("--die-with-stdin", "--drain=10m", "echo:0", stdin=reader
               ) as leatd:
        os.close(reader)
        os.write(writer, b"what comes before the end means nothing\n")
        sock = leatd.connect()
        e2e.send_until_stuck(sock, 1)
        os.close(writer)
        leatd.line("info drain why=stdin conns=1")
        assert e2e.recv_accepted(leatd, sock, 1) > 0
        leatd.wait()
        e2e.assert_nothing_is_lost(leatd)


@test
def without_die_with_stdin_its_end_means_nothing():
    with Leatd("echo:0") as leatd:  # standard input is /dev/null
        ask(leatd.connect())


def started_by_a_shell(*options):
    """leatd started by a parent that ends when its standard input does. The
    log's end tells that leatd has ended: nobody else holds it."""
    reader, writer = os.pipe()
    parent = subprocess.Popen(
        ["sh", "-c", '"$@" & read -r _', "-", e2e.LEATD, "--lifetime=100s",
         "--ready-fd", "1", *options, "echo:0"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=writer, preexec_fn=e2e.end_with_us)
    os.close(writer)
    assert parent.stdout.readline().startswith(b'{"ready":true')
    return parent, reader


@test
def the_end_of_the_parent_drains():
    parent, reader = started_by_a_shell("--die-with-parent")
    parent.communicate(b"end\n", timeout=e2e.HANG)
    with os.fdopen(reader) as log:
        assert "info drain why=TERM conns=0" in log.read()


# --- what does not ---------------------------------------------------------

@test
def hup_never_ends_it():
    with Leatd("echo:0") as leatd:
        sock = leatd.connect()
        for number in range(3):
            start = len(leatd.lines)
            leatd.signal(signal.SIGHUP)
            leatd.line("info nothing to reload$", start)
            ask(sock, number)


@test
def usr1_logs_one_line_of_totals():
    with Leatd("-q", "echo:0") as leatd:
        sock = leatd.connect()
        ask(sock, size=5000)
        totals = leatd.totals()
        assert list(totals) == [
            "up_ms", "conns", "accepted", "closed", "refused",
            "accept_errors", "in", "out", "in_msgs", "out_msgs", "drops",
            "lost", "shed", "memory", "pool", "parked", "turns", "selects",
            "spins", "udp_in", "udp_out", "udp_drops", "udp_unanswered"]
        assert len(leatd.lines) == 1, leatd.lines
        assert totals["conns"] == totals["accepted"] == 1, totals
        assert totals["in"] == totals["out"] == 5000, totals
        assert totals["closed"] == totals["lost"] == totals["memory"] == 0
        ask(sock, 2, 3000)
        assert leatd.totals()["out"] == 8000


@test
def pipe_child_and_stop_signals_do_no_harm():
    with Leatd("echo:0") as leatd:
        streams = [Stream(leatd.connect(), 1, 100000)]
        leatd.signal(signal.SIGPIPE)
        leatd.signal(signal.SIGCHLD)
        leatd.signal(signal.SIGSTOP)
        leatd.signal(signal.SIGCONT)
        exchange(streams)


@test
def a_quiet_leatd_does_not_wake():
    """Clients that are there and silent, timers that are armed but far."""
    with Leatd("--exit-when-idle=1h", "--lifetime=1h", "echo:0,idle=1h"
               ) as leatd:
        socks = [leatd.connect() for _ in range(20)]
        for key, sock in enumerate(socks):
            ask(sock, key)
        before = leatd.totals()
        time.sleep(1)  # the second itself: nothing is waited for
        selects = leatd.totals()["selects"] - before["selects"]
        assert selects <= 20, selects


# --- process 1 -------------------------------------------------------------

def in_a_pid_namespace():
    """What to put before leatd, or a reason to skip."""
    prefix = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
    if subprocess.run([*prefix, "true"], check=False,
                      stderr=subprocess.DEVNULL).returncode:
        raise e2e.Skip("no pid namespace for us")
    return prefix


def outer_pid(leatd):
    """The number that process 1 has for us: unshare's only child."""
    pid = leatd.process.pid
    with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
        return int(file.read())


@test
def as_process_1_it_serves_and_ends_by_term_and_int():
    prefix = in_a_pid_namespace()
    for signo in (signal.SIGTERM, signal.SIGINT):
        with Leatd("--drain=10m", "echo:0", prefix=prefix) as leatd:
            assert leatd.pid == 1
            leatd.pid = outer_pid(leatd)
            sock = leatd.connect()
            ask(sock)
            leatd.signal(signal.SIGHUP)
            leatd.line("nothing to reload")
            leatd.signal(signo)
            e2e.recv_end(sock)
            leatd.wait()


@test
def as_process_1_it_leaves_no_zombies():
    """The orphans of a container become its children. Here they wait for the
    end of a pipe, so that they end when leatd is there."""
    prefix = in_a_pid_namespace()
    script = """exec 9<&0
        (sh -c "read -r _ <&9" & sh -c "read -r _ <&9" &)
        exec "$@" </dev/null 9<&-"""
    reader, writer = os.pipe()
    with Leatd("echo:0", prefix=[*prefix, "sh", "-c", script, "-"],
               stdin=reader) as leatd:
        os.close(reader)
        assert leatd.pid == 1
        leatd.pid = outer_pid(leatd)
        children = "/proc/%d/task/%d/children" % (leatd.pid, leatd.pid)
        with open(children) as file:
            assert len(file.read().split()) == 2
        os.close(writer)
        while True:  # a zombie would stay for ever
            with open(children) as file:
                if not file.read().strip():
                    break
        ask(leatd.connect())


e2e.main()
