#!/usr/bin/env python3
"""The examples of the core run for real, and nc talks to them."""

import os
import re

import e2e
import examples
from e2e import test
from examples import Example, run


@test
def echo_sends_back_what_comes():
    with Example("echo") as echo:
        assert echo.nc(b"hi\n") == b"hi\n"
        many = os.urandom(5000000)
        assert echo.nc(many) == many
        echo.end()


@test
def echo_and_the_others_name_an_address_they_cannot_have():
    for name in ("echo", "frame_loop", "foreign_select"):
        code, out, err = run(name, "999999")
        assert (code, out) == (1, ""), (name, code, out)
        assert err.startswith(name + ": 999999: "), err


@test
def timer_ticks_so_often_and_ends():
    code, out, err = run("timer", "3")
    assert (code, err) == (0, "")
    assert re.fullmatch(r"(tick \d after \d\.\d s\n){3}", out), out
    code, out, err = run("timer", "0")
    assert (code, out) == (2, "") and "usage" in err, err


@test
def frame_loop_answers_lines_while_its_world_moves():
    with Example("frame_loop") as game:
        first = game.nc(b"right\n")
        assert re.fullmatch(rb"at -?\d+\n", first), first
        where = first
        while where == first:
            where = game.nc(b"where\n")
        assert int(where[3:]) > int(first[3:]), (first, where)
        assert game.nc(b"left\nwhere\nwhere\n").count(b"at ") == 3
        game.end()


@test
def frame_loop_ends_after_its_frames():
    with Example("frame_loop", "60") as game:
        game.is_over(0)


@test
def foreign_select_serves_clients_and_what_is_typed():
    with Example("foreign_select") as host:
        assert host.nc(b"hi\n") == b"hi\n"
        # Those who stay are known to be there by their first answer.
        stay = [host.start_nc() for _ in range(3)]
        for nc in stay:
            nc.stdin.write(b"are you there\n")
            nc.stdin.flush()
            assert nc.stdout.readline() == b"are you there\n"
        host.process.stdin.write("to all of you\n")
        host.process.stdin.flush()
        for nc in stay:
            assert nc.stdout.readline() == b"to all of you\n"
            nc.kill()
            nc.communicate()
        host.end()


@test
def foreign_select_ends_with_its_standard_input():
    with Example("foreign_select") as host:
        nc = host.start_nc("-N")
        nc.stdin.write(b"hi\n")
        nc.stdin.flush()
        assert nc.stdout.readline() == b"hi\n"
        host.is_over(0)  # closes its standard input
        nc.communicate(timeout=e2e.HANG)


examples.main()
