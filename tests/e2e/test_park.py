#!/usr/bin/env python3
"""leatd parks quiet clients, and answers them all the same: by itself, at
once (--park=eager), and not at all (--no-park)."""

import e2e
from e2e import Leatd, Stream, exchange, test


def ask(sock, key, size=64):
    e2e.send_keyed(sock, key, 0, size)
    e2e.recv_keyed(sock, key, 0, size)


def crowd_of(leatd, count):
    socks = [leatd.connect("tcp6" if key % 3 == 0 else "tcp4")
             for key in range(count)]
    for key, sock in enumerate(socks):
        ask(sock, key)
    return socks


@test
def the_quiet_are_parked_and_answered_and_their_end_is_seen():
    with Leatd("echo:0") as leatd:
        socks = crowd_of(leatd, 200)
        busy = socks.pop()
        tries = 0
        while leatd.totals()["parked"] < 200 - 16:
            ask(busy, tries)  # a turn each
            tries += 1
            assert tries < 2000
        for key, sock in enumerate(socks):
            ask(sock, 1000 + key, 5000)
        for sock in socks:
            sock.close()
        ask(busy, 2000)
        tries = 0
        while leatd.totals()["conns"] > 1:
            tries += 1
            assert tries < 2000


@test
def nobody_is_parked_where_that_is_asked_for():
    for word in ("--no-park", "--park=off"):
        with Leatd(word, "echo:0") as leatd:
            socks = crowd_of(leatd, 100)
            for key in range(50):
                ask(socks[0], key)
            assert leatd.totals()["parked"] == 0


@test
def with_everybody_parked_every_byte_comes_back():
    with Leatd("--park=eager", "echo:0,high=8k,low=2k") as leatd:
        socks = crowd_of(leatd, 30)
        assert leatd.totals()["parked"] > 0
        exchange([Stream(sock, key, e2e.scaled(400000, 40000))
                  for key, sock in enumerate(socks)])


@test
def a_wrong_way_to_park_is_refused():
    code, _, err = e2e.run("--park=always", "echo:0")
    assert code == 2 and "'always'" in err and "eager" in err, err


e2e.main()
