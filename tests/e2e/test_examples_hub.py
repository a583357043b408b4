#!/usr/bin/env python3
"""The examples of hubs run for real: hub_mini, and robots that talk through
it, or through leatd's."""

import contextlib
import re
import socket
import subprocess
import tempfile

import e2e
import examples
from e2e import test
from examples import EXAMPLES, Example, run


def join(hub, name):
    sock = hub.connect()
    file = sock.makefile("rb")
    assert file.readline() == b"your name?\n"
    sock.sendall(name + b"\n")
    return sock, file


# --- hub_mini ----------------------------------------------------------------

@test
def hub_mini_passes_lines_on_under_names():
    with Example("hub_mini") as hub:
        anna, anna_file = join(hub, b"anna")
        bob, bob_file = join(hub, b"bob")
        assert anna_file.readline() == b"bob is here\n"
        anna.sendall(b"hello\r\nhow is\x1b[2J it\n")
        assert bob_file.readline() == b"anna> hello\n"
        assert bob_file.readline() == b"anna> how is?[2J it\n"
        bob.sendall(b"fine")
        bob.shutdown(socket.SHUT_WR)
        assert bob_file.read() == b""
        assert anna_file.readline() == b"bob> fine\n"
        assert anna_file.readline() == b"bob has gone\n"
        for thing in (anna_file, bob_file, anna, bob):
            thing.close()
        hub.end()


@test
def hub_mini_tells_nobody_of_who_has_no_name():
    with Example("hub_mini") as hub:
        anna, anna_file = join(hub, b"anna")
        for text in (b"", b"\n", b"\r\n"):
            assert hub.nc(text) == b"your name?\n"
        bob, bob_file = join(hub, b"bob")
        assert anna_file.readline() == b"bob is here\n"
        for thing in (anna_file, bob_file, anna, bob):
            thing.close()
        hub.end()


@test
def hub_mini_does_not_wait_for_who_does_not_read():
    with Example("hub_mini") as hub:
        frozen, frozen_file = join(hub, b"frozen")
        bob, bob_file = join(hub, b"bob")
        anna, anna_file = join(hub, b"anna")
        assert bob_file.readline() == b"anna is here\n"
        for i in range(e2e.scaled(8000, 3000)):
            anna.sendall(b"%06d%s\n" % (i, b"x" * 900))
            assert bob_file.readline()[:12] == b"anna> %06d" % i
        for thing in (frozen_file, bob_file, anna_file, frozen, bob, anna):
            thing.close()
        hub.end()


@test
def hub_mini_names_an_address_it_cannot_have():
    code, out, err = run("hub_mini", "999999")
    assert (code, out) == (1, ""), (code, out)
    assert err.startswith("hub_mini: 999999: "), err


# --- robots ------------------------------------------------------------------

@contextlib.contextmanager
def robots(hub, count):
    """Robots that have come, and where they can be stopped."""
    process = subprocess.Popen(
        [EXAMPLES + "/robots", hub, str(count), "127.0.0.1:0"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=e2e.end_with_us)
    try:
        line = process.stdout.readline()
        port = re.fullmatch(r"control 127\.0\.0\.1:(\d+)\n", line)
        assert port, line
        yield process, int(port.group(1))
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def check_end(process, count):
    out, err = process.communicate(timeout=e2e.HANG)
    assert (process.returncode, err) == (0, ""), (process.returncode, err)
    stops = re.findall(r"^robot(\d+) stopped at (\d+) after (\d+) messages$",
                       out, re.M)
    assert sorted(int(stop[0]) for stop in stops) == list(range(count)), out
    assert out.count("\n") == count, out
    return stops


def watch(file, form, count):
    """Read until each of count robots was heard a few times."""
    heard = {}
    while len(heard) < count or min(heard.values()) < 3:
        line = file.readline()
        assert line, "cut"
        found = re.match(form, line)
        if found:
            heard[found.group(1)] = heard.get(found.group(1), 0) + 1


def stop_by_urgent_byte(port):
    with socket.create_connection(("127.0.0.1", port), e2e.HANG) as sock:
        sock.sendall(b"x" * 1000)
        sock.send(b"!", socket.MSG_OOB)
        while sock.recv(1000):
            pass


@test
def robots_talk_through_leatd_and_stop_on_an_urgent_byte():
    with e2e.Leatd("hub:0") as leatd:
        port = leatd.address("tcp4")[1][1]
        sock = leatd.connect()
        with robots("127.0.0.1:%d" % port, 4) as (process, control):
            with sock.makefile("rb") as file:
                watch(file, rb"robot(\d)> at \d+$", 4)
            stop_by_urgent_byte(control)
            stops = check_end(process, 4)
            assert any(int(stop[2]) > 0 for stop in stops), stops
        sock.close()


@test
def robots_stop_when_somebody_says_so():
    with Example("hub_mini") as hub:
        with robots("unix:" + hub.path, 3) as (process, _control):
            sock, file = join(hub, b"anna")
            watch(file, rb"robot(\d)> at \d+$", 3)
            sock.sendall(b"stop\n")
            check_end(process, 3)
            file.close()
            sock.close()
        hub.end()


@test
def robots_say_that_the_hub_has_gone():
    with tempfile.TemporaryDirectory() as folder:
        with e2e.Leatd("hub:unix:%s/hub" % folder) as leatd:
            with robots("unix:%s/hub" % folder, 2) as (process, _control):
                leatd.signal(15)
                _out, err = process.communicate(timeout=e2e.HANG)
                assert process.returncode == 1, process.returncode
                assert err.startswith("robots: unix:"), err
                leatd.wait()


@test
def robots_need_a_hub_and_a_number_of_them():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = "127.0.0.1:%d" % nobody.getsockname()[1]
        code, out, err = run("robots", address, "2", "127.0.0.1:0")
        assert code == 1 and out.startswith("control "), (code, out)
        assert err == "robots: %s: connection refused\n" % address, err
    code, out, err = run("robots", "0", "65")
    assert (code, out) == (2, "") and err.startswith("usage: "), err


examples.main()
