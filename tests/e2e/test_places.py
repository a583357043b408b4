#!/usr/bin/env python3
"""Where there are not enough places: few descriptors, max=, --max-conns.
The served are served on, the others wait and get the places that come free."""

import re
import resource
import select
import time

import e2e
from e2e import Leatd, keyed, scaled, test


def is_answered(sock, seconds):
    """Whether something comes within so long."""
    return bool(select.select([sock], [], [], seconds)[0])


def served_of(waiting, count):
    """So many of the clients as get an answer; the rest stays waiting."""
    served = []
    epoll = select.epoll()
    for key, sock in waiting.items():
        epoll.register(sock, select.EPOLLIN)
    by_fd = {sock.fileno(): key for key, sock in waiting.items()}
    while len(served) < count:
        for fd, _ in epoll.poll():
            epoll.unregister(fd)
            served.append(by_fd[fd])
    epoll.close()
    return {key: waiting.pop(key) for key in served}


def all_are_served_in_turn(leatd, clients, places, before_each=None):
    """All connect and ask; so many as there are places are answered. As they
    leave, the next come."""
    size = 2000
    waiting = {}
    for key in range(clients):
        waiting[key] = leatd.connect("tcp6" if key % 2 else "tcp4")
        e2e.send_keyed(waiting[key], key, 0, size)
    while waiting:
        served = served_of(waiting, min(places, len(waiting)))
        if before_each:
            before_each(served, waiting)
        for key, sock in served.items():
            e2e.recv_keyed(sock, key, 0, size)
            e2e.send_keyed(sock, key, size, size)
            e2e.recv_keyed(sock, key, size, size)
            sock.close()


@test
def five_hundred_clients_share_the_descriptors_of_sixty_four():
    """The countable cause of a low CPU share: with all places taken leatd does
    not try to accept, and does not wake."""
    clients, places = 500, 64 - 32
    rounds = []

    def quiet_second(served, waiting):
        if rounds:
            return
        before = leatd.totals()
        assert before["conns"] == places, before
        started = time.monotonic()
        time.sleep(1)  # the second itself: nothing is waited for
        after = leatd.totals()
        rounds.append(time.monotonic() - started)
        assert after["accepted"] == before["accepted"]
        assert after["accept_errors"] == 0
        assert after["selects"] - before["selects"] <= 20
        assert not any(is_answered(sock, 0) for sock in waiting.values())

    with Leatd("-v", "echo:0", prefix=["prlimit", "--nofile=64"]) as leatd:
        all_are_served_in_turn(leatd, clients, places, quiet_second)
        totals = leatd.totals()
        assert totals["accepted"] == clients, totals
        others = [line for line in leatd.lines if not re.search(
            " (listening|open|close|totals|dropped) ", line)]
        assert not others, others


@test
def real_emfile_pauses_and_recovers():
    """The limit falls below what is in use while leatd runs, so that accept
    itself fails; when it rises again all are served."""
    # Who is quiet meanwhile may be parked, for which there is no place either.
    with Leatd("echo:0", warn=" warn (accept-paused|park-failed) ") as leatd:
        old = [leatd.connect() for _ in range(40)]
        for key, sock in enumerate(old):
            e2e.send_keyed(sock, key, 0, 100)
            e2e.recv_keyed(sock, key, 0, 100)
        _, hard = resource.prlimit(leatd.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(leatd.pid, resource.RLIMIT_NOFILE, (20, hard))

        new = [leatd.connect() for _ in range(100)]
        for key, sock in enumerate(new, 1000):
            e2e.send_keyed(sock, key, 0, 100)
        leatd.line(" warn accept-paused error=EMFILE")
        before = leatd.totals()
        time.sleep(2)  # while it fails: nothing is waited for
        after = leatd.totals()
        errors = after["accept_errors"] - before["accept_errors"]
        assert errors <= 100, "%d failed accepts in 2 s" % errors
        assert after["selects"] - before["selects"] <= 300, (before, after)
        lines = leatd.log().count("accept-paused")
        assert lines <= 2 + after["up_ms"] / 1000, leatd.log()
        for key, sock in enumerate(old):
            e2e.send_keyed(sock, key, 100, 100)
            e2e.recv_keyed(sock, key, 100, 100)

        resource.prlimit(leatd.pid, resource.RLIMIT_NOFILE, (hard, hard))
        for key, sock in enumerate(new, 1000):
            e2e.recv_keyed(sock, key, 0, 100)


@test
def fewer_than_forty_eight_descriptors_are_refused_with_a_word():
    for limit in ("47", "20"):
        code, out, err = e2e.run("echo:0",
                                 prefix=["prlimit", "--nofile=" + limit])
        assert (code, out) == (1, ""), (code, out, err)
        assert err.startswith("leatd: ") and limit in err and "48" in err, err
    with Leatd("echo:0", prefix=["prlimit", "--nofile=48"]) as leatd:
        all_are_served_in_turn(leatd, 40, 48 - 32)


@test
def the_soft_limit_is_raised_to_the_hard_one():
    with Leatd("echo:0", prefix=["prlimit", "--nofile=64:300"]) as leatd:
        assert resource.prlimit(
            leatd.pid, resource.RLIMIT_NOFILE) == (300, 300)
        all_are_served_in_turn(leatd, scaled(400, 300), 300 - 32)


@test
def max_conns_bounds_all_listeners_together():
    with Leatd("--max-conns", "5", "echo:0", "echo:0") as leatd:
        all_are_served_in_turn(leatd, 30, 5)
        assert leatd.totals()["accepted"] == 30


@test
def max_conns_above_what_there_is_is_lowered_with_a_word():
    with Leatd("--max-conns", "1000", "echo:0", prefix=[
            "prlimit", "--nofile=100"], warn=" warn max-conns-lowered ") as leatd:
        leatd.line("warn max-conns-lowered asked=1000 given=68$")


@test
def max_of_a_listener_bounds_only_that_one():
    with Leatd("echo:0,max=3,name=small", "echo:0,name=big") as leatd:
        small = [leatd.connect(name="small") for _ in range(10)]
        for key, sock in enumerate(small):
            e2e.send_keyed(sock, key, 0, 10)
        big = [leatd.connect(name="big") for _ in range(20)]
        for key, sock in enumerate(big):
            e2e.send_keyed(sock, key, 0, 10)
            e2e.recv_keyed(sock, key, 0, 10)
        assert leatd.totals()["conns"] == 3 + 20
        for key, sock in enumerate(small):  # first come, first served
            e2e.recv_keyed(sock, key, 0, 10)
            sock.close()


@test
def a_client_that_gave_up_waiting_takes_no_place_from_the_next():
    with Leatd("echo:0,max=1") as leatd:
        first = leatd.connect()
        e2e.send_keyed(first, 1, 0, 10)
        e2e.recv_keyed(first, 1, 0, 10)
        for number in range(20):
            gone = leatd.connect()
            if number % 2:
                e2e.reset(gone)
            else:
                gone.close()
        last = leatd.connect()
        e2e.send_keyed(last, 2, 0, 10)
        first.close()
        e2e.recv_keyed(last, 2, 0, 10)


e2e.main()
