#!/usr/bin/env python3
"""leatd --busy-poll: it serves as ever, it polls while messages come soon, and
it stops when nothing comes. Counted by its own calls of select()."""

import time

import e2e
from e2e import Leatd, Stream, exchange, test


def ask(sock, key, size=64):
    e2e.send_keyed(sock, key, 0, size)
    e2e.recv_keyed(sock, key, 0, size)


def selects_of(leatd):
    """All so far, and those that were more than one a turn: polls."""
    totals = leatd.totals()
    return totals["selects"], totals["selects"] - totals["turns"]


@test
def busy_poll_is_off_by_default():
    with Leatd("echo:0") as leatd:
        sock = leatd.connect()
        for key in range(50):
            ask(sock, key)
        assert selects_of(leatd)[1] in (0, 1)  # the turn it is asked in


@test
def with_busy_poll_every_byte_comes_back():
    with Leatd("--busy-poll", "50us", "echo:0") as leatd:
        exchange([Stream(leatd.connect(), key, e2e.scaled(400000, 40000))
                  for key in range(20)])
        sock = leatd.connect()
        for key in range(500):
            ask(sock, key)


@test
def messages_that_come_soon_are_polled_for():
    """Soon is a second here, so that a loaded machine is fast enough; and not
    at once, for what is there already needs no poll."""
    with Leatd("--busy-poll=1s", "echo:0") as leatd:
        sock = leatd.connect()
        for key in range(200):
            ask(sock, key)
            time.sleep(0.002)
            if key % 20 == 19 and selects_of(leatd)[1] > 100:
                return
        raise AssertionError("it never polled")


@test
def a_quiet_leatd_stops_polling():
    """Each question about the totals is a message that comes late."""
    with Leatd("--busy-poll=20ms", "echo:0") as leatd:
        sock = leatd.connect()
        for key in range(50):
            ask(sock, key)
            time.sleep(0.001)
        selects = []
        while len(selects) < 2 or selects[-1] - selects[-2] > 5:
            assert len(selects) < 50, selects
            time.sleep(0.1)  # longer than two of its polls
            selects.append(selects_of(leatd)[0])
        ask(sock, 51)


@test
def signals_and_timers_work_while_it_polls():
    with Leatd("--busy-poll=1s", "--lifetime=700ms", "--drain=10m", "echo:0"
               ) as leatd:
        sock = leatd.connect()
        for key in range(20):
            ask(sock, key)
            leatd.totals()
        leatd.line("info drain why=lifetime")
        e2e.recv_end(sock)
        leatd.wait()


e2e.main()
