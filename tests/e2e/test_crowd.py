#!/usr/bin/env python3
"""Many clients at once: thousands, and one that freezes among fifty."""

import e2e
from e2e import Leatd, Stream, exchange, keyed, scaled, test

MIB = 1024 * 1024


@test
def three_thousand_clients_with_all_in_flight_get_every_byte():
    clients, rounds, size = scaled(3000, 1200), 3, 4096
    e2e.need_files(clients + 64)
    with Leatd("echo:0") as leatd:
        socks = [leatd.connect("tcp6" if key % 3 == 0 else "tcp4")
                 for key in range(clients)]
        for offset in range(0, rounds * size, size):
            for key, sock in enumerate(socks):
                sock.sendall(keyed(key, offset, size))
            for key, sock in enumerate(socks):
                e2e.recv_keyed(sock, key, offset, size)
        assert leatd.totals()["conns"] == clients
        for sock in socks:
            sock.close()


def memory_of(leatd):
    """Resident bytes."""
    with open("/proc/%d/status" % leatd.pid) as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


@test
def a_frozen_client_costs_its_limit_and_gets_every_byte_when_it_thaws():
    clients, size = 50, scaled(10, 2) * MIB
    limit = 1 * MIB
    with Leatd("echo:0") as leatd:
        warm = [Stream(leatd.connect(), key, size) for key in range(clients)]
        exchange(warm)
        before = memory_of(leatd)

        frozen = leatd.connect()
        sent = e2e.send_until_stuck(frozen, 99)
        streams = [Stream(stream.sock, 100 + stream.key, size)
                   for stream in warm]
        exchange(streams)
        # All others have all of theirs: what is queued is the frozen one's.
        queued = leatd.totals()["memory"]
        assert 0 < queued <= limit, queued
        # How much the others had queued at once depends on how fast they were
        # let run; each had its limit at most. script/measure has the figure.
        growth = memory_of(leatd) - before
        print("grown by %d KiB with %d KiB stuck" % (growth // 1024,
                                                     sent // 1024))
        most = (clients + 1) * (limit + MIB // 8)
        assert e2e.is_sanitized() or growth <= most, growth

        e2e.recv_keyed(frozen, 99, 0, sent)
        e2e.send_keyed(frozen, 99, sent, 100000)
        e2e.recv_keyed(frozen, 99, sent, 100000)


e2e.main()
