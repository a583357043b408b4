#!/usr/bin/env python3
"""A client that behaves badly costs only itself: beside it another one gets
every byte. A log that nobody reads stops nobody."""

import fcntl
import os
import random
import re
import select
import socket
import tempfile
import threading

import e2e
from e2e import Leatd, Stream, exchange, scaled, test

MIB = 1024 * 1024


# --- one bad client beside good ones ---------------------------------------

def garbage(leatd, family):
    """Random bytes, and an end without having read the answer."""
    sock = leatd.connect(family)
    sock.sendall(random.Random(3).randbytes(100000))
    sock.close()


def flood(leatd, family):
    """As much as goes, the answers thrown away."""
    sock = leatd.connect(family)
    exchange([Stream(sock, 90, scaled(8, 2) * MIB)])
    sock.close()


def never_read(leatd, family):
    sock = leatd.connect(family)
    e2e.send_until_stuck(sock, 91)
    return sock


def reset_at_once(leatd, family):
    for _ in range(50):
        e2e.reset(leatd.connect(family))


def reset_with_answers_under_way(leatd, family):
    for _ in range(10):
        sock = leatd.connect(family)
        sock.sendall(bytes(200000))
        e2e.reset(sock)


def reset_when_stuck(leatd, family):
    e2e.reset(never_read(leatd, family))


def urgent_flood(leatd, family):
    sock = leatd.connect(family)
    for _ in range(500):
        sock.send(b"!", socket.MSG_OOB)
    e2e.recv_exactly(sock, 500)
    sock.close()


def urgent_and_gone(leatd, family):
    for _ in range(10):
        sock = leatd.connect(family)
        sock.send(b"!", socket.MSG_OOB)
        e2e.reset(sock)


def half_close(leatd, family):
    """And never an end from this side."""
    sock = leatd.connect(family)
    sock.sendall(b"half")
    sock.shutdown(socket.SHUT_WR)
    assert e2e.recv_exactly(sock, 4) == b"half"
    return sock


def half_close_unread(leatd, family):
    """The end is sent while answers are stuck, which are never read."""
    sock = never_read(leatd, family)
    sock.shutdown(socket.SHUT_WR)
    return sock


def stop_reading_half(leatd, family):
    """SHUT_RD: what comes is thrown away by the client's kernel."""
    sock = leatd.connect(family)
    sock.shutdown(socket.SHUT_RD)
    try:
        sock.sendall(bytes(100000))
    except ConnectionError:
        pass  # a unix peer is told
    sock.close()


def connect_and_nothing(leatd, family):
    return leatd.connect(family)


BAD = (garbage, flood, never_read, reset_at_once, reset_with_answers_under_way,
       reset_when_stuck, urgent_flood, urgent_and_gone, half_close,
       half_close_unread, stop_reading_half, connect_and_nothing)


def move_on(streams, size):
    """Good clients send and get so much more."""
    for stream in streams:
        stream.total += size
    exchange(streams)


@test
def no_bad_client_costs_a_good_one_a_byte():
    with tempfile.TemporaryDirectory() as folder:
        with Leatd("echo:0", "echo:unix:%s/s" % folder) as leatd:
            families = ("tcp4", "tcp6", "unix")
            good = [Stream(leatd.connect(family), key, 0)
                    for key, family in enumerate(families)]
            kept = []
            for family in families:
                for bad in BAD:
                    with e2e.context("%s %s" % (bad.__name__, family)):
                        kept.append(bad(leatd, family))
                        move_on(good, 100000)
            # And all of them at once.
            for family in families:
                kept += [bad(leatd, family) for bad in BAD]
            move_on(good, scaled(4, 1) * MIB)
            for sock in filter(None, kept):
                sock.close()  # else the drain would wait for them


@test
def bad_clients_at_work_all_the_time_cost_good_ones_nothing():
    with Leatd("echo:0") as leatd:
        done = threading.Event()
        errors = []

        def misbehave(bad):
            try:
                while not done.is_set():
                    sock = bad(leatd, "tcp4")
                    if sock:
                        sock.close()
            except Exception as error:  # told by the test below
                errors.append((bad.__name__, error))

        bads = [threading.Thread(target=misbehave, args=(bad,), daemon=True)
                for bad in
                (garbage, reset_at_once, reset_with_answers_under_way,
                 urgent_and_gone, never_read)]
        good = [Stream(leatd.connect(), key, 0) for key in range(10)]
        for thread in bads:
            thread.start()
        move_on(good, scaled(4, 1) * MIB)
        done.set()
        for thread in bads:
            thread.join()
        assert not errors, errors
        # The log may have been too much for its pipe, but never wrong.
        reasons = {close["reason"] for close in leatd.closes()}
        assert reasons <= {"eof", "reset", "error:EPIPE"}, reasons


@test
def max_memory_is_shed_from_those_who_hold_most():
    with Leatd("--max-memory", "2m", "echo:0",
               warn=" (memory-high|shed)") as leatd:
        good = Stream(leatd.connect(), 1, 0)
        frozen = [leatd.connect() for _ in range(16)]
        for key, sock in enumerate(frozen):
            try:
                e2e.send_until_stuck(sock, key)
            except ConnectionError:
                pass  # this one is closed already
        # It never holds much: who sends a MiB before it reads may hold most.
        for _ in range(32):
            move_on([good], MIB // 32)
        totals = leatd.totals()
        assert totals["memory"] <= 2 * MIB, totals
        assert totals["shed"] > 0, totals
        assert leatd.line(r"info close .*reason=shed$")
        for sock in frozen:
            sock.close()
        move_on([good], MIB)


# --- a log that nobody reads -----------------------------------------------

def full_pipe():
    """A pipe that has no room, and how much was put in."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    filled = 0
    try:
        while True:
            filled += os.write(writer, b"x" * 4095 + b"\n")
    except BlockingIOError:
        pass
    os.set_blocking(writer, True)
    return reader, writer, filled


@test
def a_stuck_log_stops_nobody_and_later_says_what_was_dropped():
    clients = 1500
    reader, writer, filled = full_pipe()
    with Leatd("echo:0", stderr=writer) as leatd:
        for key in range(clients):  # each of them makes a line
            sock = leatd.connect()
            e2e.send_keyed(sock, key, 0, 1)
            e2e.recv_keyed(sock, key, 0, 1)
            sock.close()
        good = Stream(leatd.connect(), 1, 0)
        move_on([good], scaled(8, 1) * MIB)
        flags = fcntl.fcntl(writer, fcntl.F_GETFL)
        assert not flags & os.O_NONBLOCK, "leatd made our stderr non-blocking"
        os.close(writer)

        leatd.watch(reader)
        leatd.line(r"info dropped \d+ lines$")
        move_on([good], MIB)
        good.sock.close()
        leatd.stop()
        log = leatd.log()
        assert log.startswith("x" * 4095 + "\n")
        dropped = sum(int(number) for number in
                      re.findall(r"info dropped (\d+) lines$", log, re.M))
        written = len(leatd.closes())
        assert dropped > 0 and written > 100, (dropped, written)
        assert written + dropped == clients + 1, (written, dropped)


@test
def a_stuck_log_does_not_hold_up_the_end():
    reader, writer, _ = full_pipe()
    with Leatd("echo:0", stderr=writer) as leatd:
        os.close(writer)
        sock = leatd.connect()
        e2e.send_keyed(sock, 1, 0, 1000)
        e2e.recv_keyed(sock, 1, 0, 1000)
        leatd.stop()
    os.close(reader)


@test
def a_log_whose_reader_has_gone_stops_nobody():
    reader, writer = os.pipe()
    with Leatd("echo:0", stderr=writer) as leatd:
        os.close(writer)
        os.close(reader)
        for key in range(50):
            sock = leatd.connect()
            e2e.send_keyed(sock, key, 0, 1000)
            e2e.recv_keyed(sock, key, 0, 1000)
            sock.close()
        leatd.stop()


@test
def without_standard_descriptors_leatd_serves_and_none_becomes_a_socket():
    with Leatd("echo:0", prefix=["sh", "-c", 'exec "$@" 0<&- 1>&- 2>&-', "-"]
               ) as leatd:
        for fd in range(3):
            path = os.readlink("/proc/%d/fd/%d" % (leatd.pid, fd))
            assert path == "/dev/null", path
        sock = leatd.connect()
        e2e.send_keyed(sock, 1, 0, 1000)
        e2e.recv_keyed(sock, 1, 0, 1000)
        leatd.signal(15)
        leatd.wait()


@test
def a_full_disk_under_the_log_stops_nobody():
    with open("/dev/full", "wb") as full:
        with Leatd("echo:0", stderr=full.fileno()) as leatd:
            for key in range(50):
                sock = leatd.connect()
                e2e.send_keyed(sock, key, 0, 1000)
                e2e.recv_keyed(sock, key, 0, 1000)
                sock.close()
            leatd.stop()


@test
def signals_at_any_moment_cost_no_byte():
    """A storm of HUP and USR1 while bytes move."""
    with Leatd("-q", "echo:0") as leatd:
        good = [Stream(leatd.connect(), key, 0) for key in range(10)]
        done = threading.Event()

        def storm():
            while not done.is_set():
                leatd.signal(1)
                leatd.signal(10)

        thread = threading.Thread(target=storm, daemon=True)
        thread.start()
        move_on(good, scaled(8, 2) * MIB)
        done.set()
        thread.join()


e2e.main()
