#!/usr/bin/env python3
"""Where streams are pressed back, cut and pointed at, no byte is lost: slow
readers, single bytes, half-closes, urgent bytes."""

import socket
import tempfile
import threading
import time

import e2e
from e2e import Leatd, keyed, scaled, test

KIB = 1024


def echo_everywhere(folder):
    return Leatd("echo:0", "echo:unix:%s/echo.sock" % folder)


def everywhere(function):
    """Make a test of function(leatd, family) over all families."""
    def all_families():
        with tempfile.TemporaryDirectory() as folder:
            with echo_everywhere(folder) as leatd:
                for family in ("tcp4", "tcp6", "unix"):
                    function(leatd, family)
    all_families.__name__ = function.__name__
    return test(all_families)


@everywhere
def a_client_that_reads_only_when_it_is_stuck_gets_every_byte(leatd, family):
    total = scaled(32, 4) * KIB * KIB
    sock = leatd.connect(family, rcvbuf=16 * KIB)
    sent = received = 0
    while sent < total:
        sock.setblocking(False)
        try:
            sent += sock.send(keyed(1, sent, min(e2e.CHUNK, total - sent)))
        except BlockingIOError:
            sock.settimeout(e2e.HANG)
            part = sock.recv(16 * KIB)
            assert part == keyed(1, received, len(part))
            received += len(part)
    sock.settimeout(e2e.HANG)
    sock.shutdown(socket.SHUT_WR)
    e2e.recv_keyed(sock, 1, received, total - received)
    e2e.recv_end(sock)


@everywhere
def single_bytes_without_waiting_come_back_in_order(leatd, family):
    total = scaled(20000, 4000)
    sock = leatd.connect(family)
    for offset in range(total):
        sock.sendall(keyed(2, offset, 1))
    e2e.recv_keyed(sock, 2, 0, total)


@everywhere
def single_bytes_read_one_at_a_time_come_back_in_order(leatd, family):
    total = scaled(5000, 1000)
    sock = leatd.connect(family)
    for offset in range(total):
        sock.sendall(keyed(3, offset, 1))
        assert sock.recv(1) == keyed(3, offset, 1), offset


@everywhere
def a_half_closed_client_gets_what_was_queued_for_it(leatd, family):
    sock = leatd.connect(family)
    sent = e2e.send_until_stuck(sock, 4)
    sock.shutdown(socket.SHUT_WR)
    e2e.recv_keyed(sock, 4, 0, sent)
    e2e.recv_end(sock)


@everywhere
def a_half_close_alone_is_answered_by_an_end(leatd, family):
    sock = leatd.connect(family)
    sock.shutdown(socket.SHUT_WR)
    e2e.recv_end(sock)


# --- urgent bytes ----------------------------------------------------------

@everywhere
def an_urgent_byte_stays_in_its_place(leatd, family):
    sock = leatd.connect(family)
    sock.sendall(b"ab")
    sock.send(b"!", socket.MSG_OOB)
    sock.sendall(b"cd")
    assert e2e.recv_exactly(sock, 5) == b"ab!cd"


@everywhere
def a_stream_full_of_urgent_bytes_loses_none(leatd, family):
    sock = leatd.connect(family)
    offset = 0
    for round_ in range(200):
        sock.sendall(keyed(5, offset, 1 + round_ % 7))
        offset += 1 + round_ % 7
        sock.send(keyed(5, offset, 1), socket.MSG_OOB)
        offset += 1
    sock.shutdown(socket.SHUT_WR)
    e2e.recv_keyed(sock, 5, 0, offset)
    e2e.recv_end(sock)


@everywhere
def bytes_long_before_the_urgent_one_come_first(leatd, family):
    before = 240 * KIB
    sock = leatd.connect(family)
    e2e.send_keyed(sock, 6, 0, before)
    sock.send(keyed(6, before, 1), socket.MSG_OOB)
    e2e.send_keyed(sock, 6, before + 1, 1000)
    e2e.recv_keyed(sock, 6, 0, before + 1001)


@test
def urgent_bytes_in_a_flood_stay_in_their_places():
    """Marks overtake each other in a stream that is never empty."""
    step, total = 4 * KIB, scaled(4000, 800) * KIB
    with Leatd("echo:0") as leatd:
        sock = leatd.connect()

        def flood():
            for offset in range(0, total, step):
                e2e.send_keyed(sock, 7, offset, step - 1)
                sock.send(keyed(7, offset + step - 1, 1), socket.MSG_OOB)
            sock.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=flood, daemon=True)
        sender.start()
        e2e.recv_keyed(sock, 7, 0, total)
        e2e.recv_end(sock)
        sender.join()


def stuck_before_a_mark(leatd, family):
    """A client that leatd does not read, since its answers are stuck; then
    there is room in the client's kernel for a mark behind it all."""
    sock = leatd.connect(family)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32 * KIB)
    sent = e2e.send_until_stuck(sock, 8)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 200 * KIB)
    sock.send(keyed(8, sent, 1), socket.MSG_OOB)
    return sock, sent + 1


def selects_in_a_quiet_second(leatd):
    """Of the two questions one costs selects that are counted here."""
    before = leatd.totals()
    time.sleep(1)  # the quiet second itself: nothing is waited for
    return leatd.totals()["selects"] - before["selects"]


@everywhere
def an_urgent_mark_does_not_spin_passed_or_not_yet_read(leatd, family):
    passed = leatd.connect(family)
    passed.send(b"!", socket.MSG_OOB)
    assert e2e.recv_exactly(passed, 1) == b"!"
    stuck, sent = stuck_before_a_mark(leatd, family)

    selects = selects_in_a_quiet_second(leatd)
    print("%d selects in a quiet second, %s" % (selects, family))
    assert selects <= 20, selects

    e2e.recv_keyed(stuck, 8, 0, sent)
    e2e.send_keyed(stuck, 8, sent, 5000)
    e2e.recv_keyed(stuck, 8, sent, 5000)


e2e.main()
