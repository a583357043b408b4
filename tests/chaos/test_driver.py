#!/usr/bin/env python3
"""The driver of chaos sees each mistake that an echo can make, and none where
there is none."""

import socket
import subprocess

import chaos
import e2e
from e2e import test
from faulty_echo import FaultyEcho

# Streams that are long enough for a mistake, each of which is read to its
# end; that of a half-closed one is the server's.
PLAIN = ("--toxics", "half=100,storm=100", "--total", 200, "--window", 1000,
         "--clients", 10, "--lives", 2, "--seconds", 600)
CONNS = 20


def drive(mistake, *more):
    with FaultyEcho(mistake) as port:
        return chaos.drive(["127.0.0.1:%d" % port], *PLAIN, *more)


@test
def a_right_echo_is_found_to_be_right():
    counts = drive("none")
    assert counts["code"] == 0, counts
    assert counts["halves"] == counts["whole"] == counts["conns"] == CONNS
    assert counts["verified"] == counts["sent"] == 200 * CONNS


def finds(trouble, mistake, *more, conns=CONNS):
    """The driver fails, for each stream and for this reason only."""
    counts = drive(mistake, *more)
    assert counts["code"] == 1, counts
    troubles = {name: counts[name] for name in (
        "wrong", "surplus", "early", "reset", "refused", "timeout", "stuck",
        "other")}
    assert troubles.pop(trouble) == conns, counts
    assert not any(troubles.values()), counts
    assert trouble in counts["errors"]


@test
def a_lost_byte_is_found():
    finds("wrong", "lose")


@test
def a_doubled_byte_is_found():
    finds("wrong", "double")


@test
def two_bytes_that_changed_places_are_found():
    finds("wrong", "swap")


@test
def a_changed_byte_is_found():
    finds("wrong", "change")


@test
def a_byte_too_many_is_found():
    finds("surplus", "append")


@test
def an_end_too_early_is_found():
    finds("early", "early", "--toxics", "storm=100")


@test
def a_reset_is_found():
    finds("reset", "reset", "--toxics", "storm=100")


@test
def an_answer_that_does_not_come_is_found():
    finds("stuck", "silence", "--patience", 1, "--lives", 1, conns=10)


@test
def nobody_there_is_found():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))  # taken, and nobody listens
        counts = chaos.drive(["127.0.0.1:%d" % sock.getsockname()[1]], *PLAIN)
    assert counts["code"] == 1 and counts["refused"] == CONNS, counts


@test
def what_is_allowed_is_counted_and_is_no_failure():
    counts = drive("early", "--toxics", "storm=100", "--allow", "early")
    assert counts["code"] == 0 and counts["early"] == CONNS, counts


@test
def wrong_bytes_cannot_be_allowed():
    done = subprocess.run([chaos.DRIVER, "--allow", "wrong", "127.0.0.1:1"],
                          stderr=subprocess.DEVNULL, check=False)
    assert done.returncode == 2


@test
def the_same_seed_gives_the_same_plan():
    def plan(*args):
        return subprocess.run([chaos.DRIVER, "--plan", *args, "127.0.0.1:1"],
                              stdout=subprocess.PIPE, check=True).stdout
    assert plan("--seed", "7") == plan("--seed", "7")
    assert plan("--seed", "7") != plan("--seed", "8")
    assert plan("--seed", "7") != plan("--seed", "7", "--toxics", "slices")


e2e.main()
