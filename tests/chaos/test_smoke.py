#!/usr/bin/env python3
"""A little of every kind of chaos: whoever goes on, gets every byte. Only bytes
are judged here, never times; script/chaos does more."""

import tempfile

import chaos
import e2e
from e2e import Leatd, scaled, test


@test
def two_hundred_clients_with_all_toxics_lose_no_byte():
    with tempfile.TemporaryDirectory() as folder:
        with Leatd("-q", "echo:0", "echo:unix:%s/echo.sock" % folder
                   ) as leatd:
            counts = chaos.drive(chaos.targets_of(leatd), "--seed", 20,
                                 "--clients", scaled(200, 100),
                                 "--seconds", scaled(2, 1),
                                 "--patience", 90)
            print(counts["line"], end="")
            assert counts["code"] == 0, counts
            assert counts["whole"] > 0 and counts["resets"] > 0, counts
            assert counts["urgent"] > 0 and counts["abrupt"] > 0, counts


e2e.main()
