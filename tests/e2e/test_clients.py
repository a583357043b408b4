#!/usr/bin/env python3
"""The client programs that people learn sockets with, as they are, against
leatd: those of clients/."""

import os
import re
import subprocess
import sys

import e2e

CLIENTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clients")
CTIME = r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ 123]\d \d\d:\d\d:\d\d \d{4}"


def client(name, *args, typed="", code=0):
    """What a client prints, and what it complains of."""
    done = subprocess.run(
        [sys.executable, os.path.join(CLIENTS, name), *map(str, args)],
        input=typed, capture_output=True, text=True, timeout=e2e.HANG,
        check=False)
    assert done.returncode == code, (done.returncode, done.stderr)
    return done.stderr if code else done.stdout


def hosts(leatd, name=None):
    """Each TCP address of a listener, as the arguments of a client."""
    return [(entry["address"], entry["port"])
            for entry in leatd.ready["listeners"]
            if name in (None, entry["name"])]


@e2e.test
def hello_client_gets_its_words_back():
    with e2e.Leatd("echo:0") as leatd:
        for host in hosts(leatd):
            assert client("hello.py", *host) == "got b'Hello, world'\n"


@e2e.test
def stamp_client_goes_on_until_nothing_is_typed():
    with e2e.Leatd("stamp:0,frame=raw") as leatd:
        for host in hosts(leatd):
            shown = client("stamps.py", *host, typed="one\ntwo\n\nthree\n")
            assert re.fullmatch(r"> \[%s\] one\n> \[%s\] two\n> "
                                % (CTIME, CTIME), shown), shown
            assert client("stamps.py", *host, typed="") == "> "


@e2e.test
def sixteen_byte_client_gets_its_farewell():
    with e2e.Leatd("fixed:0") as leatd:
        for host in hosts(leatd):
            assert client("sixteen.py", *host) == \
                "the server said b'Farewell, client'\n"


@e2e.test
def sixteen_byte_client_says_how_early_the_server_closed():
    with e2e.Leatd("greet:0") as leatd:
        for host in hosts(leatd):
            assert client("sixteen.py", *host, code=1) == \
                "sixteen.py: closed after 4 bytes of a 16-byte message\n"


@e2e.test
def greeting_reader_asks_many_ports_at_once():
    words = ["greet:127.0.0.1:0,text=port %d" % i for i in range(20)]
    with e2e.Leatd(*words) as leatd:
        ports = [entry["port"] for entry in leatd.ready["listeners"]]
        shown = client("greetings.py", "127.0.0.1", *ports)
        wanted = ["%d port %d" % (port, i) for i, port in enumerate(ports)]
        assert sorted(shown.splitlines()) == sorted(wanted), shown


@e2e.test
def echo_client_reads_until_all_is_back():
    with e2e.Leatd("echo:0") as leatd:
        for host in hosts(leatd):
            for size in (1, 43, 100_000):
                assert client("whole_echo.py", *host, size) == \
                    "%d bytes are back, right\n" % size


@e2e.test
def frame_loop_client_never_waits_and_misses_nothing():
    with e2e.Leatd("echo:0") as leatd:
        for host in hosts(leatd):
            assert client("frames.py", *host) == "at 1 1, stopped\n"


e2e.main()
