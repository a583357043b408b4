#!/usr/bin/env python3
"""What the services do where a transcript cannot show it: right times, many
bytes, slow readers, many clients, ends of all kinds."""

import calendar
import os
import re
import select
import signal
import socket
import struct
import tempfile
import threading
import time

import e2e

MIB = 1024 * 1024


def read_all(sock):
    parts = []
    while True:
        part = sock.recv(e2e.CHUNK)
        if not part:
            return b"".join(parts)
        parts.append(part)


def everywhere(word, function, families=("tcp4", "tcp6", "unix")):
    """Start a service on TCP and on a unix socket, and run a function with a
    client of each."""
    service, _, keys = word.partition(",")
    keys = "," + keys if keys else ""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "socket")
        with e2e.Leatd("%s:0%s" % (service, keys),
                       "%s:unix:%s%s" % (service, path, keys)) as leatd:
            for family in families:
                with leatd.connect(family) as sock:
                    function(sock)


def between(function):
    """What function returns, and the whole seconds around it."""
    before = int(time.time())
    result = function()
    return before, result, int(time.time())


# --- times ------------------------------------------------------------------

def seconds_of(stamp):
    """Seconds since 1970 that any of the four forms stands for."""
    stamp = stamp.decode()
    if re.fullmatch(r"\d+", stamp):
        return int(stamp)
    if "T" in stamp[:12] and stamp.endswith("Z"):
        return calendar.timegm(time.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S"))
    return int(time.mktime(time.strptime(stamp, "%a %b %d %H:%M:%S %Y")))


@e2e.test
def stamp_tells_the_time_that_it_is():
    def ask(sock):
        sock.sendall(b"hello\n")
        before, answer, after = between(lambda: sock.makefile("rb").readline())
        found = re.fullmatch(rb"\[([^]]*)\] hello\n", answer)
        assert found, answer
        assert before - 1 <= seconds_of(found.group(1)) <= after, answer
    for form in ("ctime", "rfc3339", "rfc3339ms", "unix"):
        everywhere("stamp,stamp=" + form, ask)


@e2e.test
def daytime_is_one_line_with_the_time_that_it_is():
    def ask(sock):
        before, answer, after = between(lambda: read_all(sock))
        assert re.fullmatch(rb"[ -~]{24}\r\n", answer), answer
        assert before - 1 <= seconds_of(answer[:-2]) <= after, answer
    everywhere("daytime", ask)


@e2e.test
def time_counts_the_seconds_since_1900():
    def ask(sock):
        before, answer, after = between(lambda: read_all(sock))
        assert len(answer) == 4, answer
        # The number is of 32 bits and begins anew in 2036.
        seconds = struct.unpack(">I", answer)[0] - 2208988800 - before + 1
        assert seconds % 2 ** 32 <= after - before + 1, answer
    everywhere("time", ask)


@e2e.test
def local_time_is_that_of_the_zone():
    with e2e.Leatd("stamp:0", prefix=["env", "TZ=XYZ-05:30"]) as leatd:
        sock = leatd.connect()
        sock.sendall(b"\n")
        before, answer, after = between(lambda: e2e.recv_exactly(sock, 28))
        there = calendar.timegm(
            time.strptime(answer[1:25].decode(), "%a %b %d %H:%M:%S %Y"))
        assert before - 1 <= there - 19800 <= after, answer
        sock.close()


# --- stamp: nothing is lost -------------------------------------------------

def check_stamped(answer, count):
    """So many empty lines, each with its stamp, and nothing else."""
    lines = answer.split(b"\n")
    assert lines.pop() == b"", "the last line has no end"
    assert len(lines) == count, "%d lines of %d" % (len(lines), count)
    for line in set(lines):
        assert re.fullmatch(rb"\[[ -~]{24}\] ", line), line


@e2e.test
def stamp_returns_a_mebibyte_of_newlines():
    count = e2e.scaled(MIB, MIB // 8)

    def ask(sock):
        def send():
            sock.sendall(b"\n" * count)
            sock.shutdown(socket.SHUT_WR)
        sender = threading.Thread(target=send)
        sender.start()
        answer = read_all(sock)
        sender.join()
        check_stamped(answer, count)
    everywhere("stamp", ask)


def send_newlines(sock, left):
    """Send what can be sent; how many newlines are left."""
    try:
        return left - sock.send(b"\n" * min(left, e2e.CHUNK))
    except BlockingIOError:
        return left


@e2e.test
def stamp_returns_a_mebibyte_of_newlines_to_a_slow_reader():
    count = left = e2e.scaled(MIB, MIB // 8)
    with e2e.Leatd("stamp:0,high=64k,sndbuf=16k") as leatd:
        sock = leatd.connect(rcvbuf=4096)
        sock.setblocking(False)
        # Nothing is read until nothing can be sent any more.
        while left and select.select([], [sock], [], 0.1)[1]:
            left = send_newlines(sock, left)
        assert leatd.totals()["memory"] < MIB

        # Then little by little, and only as much as makes it stick again.
        answer = bytearray()
        while len(answer) < count * 28:
            wants = [sock] if left else []
            readable, writable, _ = select.select([sock], wants, [], e2e.HANG)
            if readable:
                answer += sock.recv(3000)
            if writable:
                left = send_newlines(sock, left)
        check_stamped(bytes(answer), count)
        sock.setblocking(True)
        sock.shutdown(socket.SHUT_WR)
        e2e.recv_end(sock)
        close = leatd.close_of(sock.getsockname()[1])
        assert close["in_msgs"] == close["out_msgs"] == str(count), close
        sock.close()


@e2e.test
def stamp_raw_loses_nothing_of_large_chunks():
    size = e2e.scaled(8 * MIB, MIB)

    def ask(sock):
        sender = threading.Thread(
            target=e2e.send_keyed, args=(sock, 3, 0, size))
        sender.start()
        answer = b""
        # A stamp is not among keyed bytes: they are random.
        stamp = re.compile(rb"\[\d{10}\] ")
        while len(stamp.sub(b"", answer)) < size:
            part = sock.recv(e2e.CHUNK)
            assert part, "closed"
            answer += part
        sender.join()
        plain = stamp.sub(b"", answer)
        for at in range(0, size, e2e.CHUNK):
            assert plain[at:at + e2e.CHUNK] == e2e.keyed(3, at, e2e.CHUNK)
    everywhere("stamp,frame=raw,stamp=unix", ask, ["tcp4", "unix"])


@e2e.test
def stamp_ends_a_flood_without_a_newline():
    with e2e.Leatd("stamp:0") as leatd:
        sock = leatd.connect()
        other = leatd.connect()
        try:
            for _ in range(64):
                sock.sendall(b"x" * 65536)
        except (BrokenPipeError, ConnectionResetError):
            pass
        close = leatd.close_of(sock.getsockname()[1])
        assert close["reason"] == "error:EMSGSIZE", close
        other.sendall(b"hi\n")
        assert other.recv(64).endswith(b"] hi\n")
        sock.close()
        other.close()


# --- fixed ------------------------------------------------------------------

@e2e.test
def fixed_answers_however_the_message_comes():
    def ask(sock):
        for byte in b"Hi there, server":
            sock.sendall(bytes([byte]))
        assert read_all(sock) == b"Farewell, client"
    everywhere("fixed", ask)


@e2e.test
def fixed_does_not_let_what_is_too_much_destroy_the_reply():
    def ask(sock):
        try:
            sock.sendall(b"x" * MIB)
        except (BrokenPipeError, ConnectionResetError):
            raise AssertionError("reset while it was being sent") from None
        sock.shutdown(socket.SHUT_WR)
        assert read_all(sock) == b"Farewell, client"
    everywhere("fixed", ask)


@e2e.test
def fixed_repeat_keeps_step_with_large_messages():
    size, count = 1024 * 1024, e2e.scaled(20, 4)

    def ask(sock):
        for _ in range(count):
            sock.sendall(b"m" * size)
            assert e2e.recv_exactly(sock, 16) == b"Farewell, client"
        sock.shutdown(socket.SHUT_WR)
        e2e.recv_end(sock)
    everywhere("fixed,size=1m,repeat", ask, ["tcp4", "unix"])


@e2e.test
def fixed_logs_who_closed_early():
    with e2e.Leatd("fixed:0,name=six,size=6") as leatd:
        for count in range(6):
            sock = leatd.connect()
            sock.sendall(b"12345"[:count])
            port = sock.getsockname()[1]
            sock.close()
            leatd.line(r' info short-message listener=six peer=127.0.0.1:%d '
                       r'text="closed after %d bytes of a 6-byte message"$'
                       % (port, count))
            assert leatd.close_of(port)["in"] == str(count)


# --- greet ------------------------------------------------------------------

@e2e.test
def greet_serves_500_clients_of_20_ports_at_once():
    e2e.need_files(1200)
    words = ["greet:127.0.0.1:0,text=port %d" % i for i in range(20)]
    with e2e.Leatd(*words) as leatd:
        entries = leatd.ready["listeners"]
        clients = [(leatd.connect(name=entries[i % 20]["name"]), i % 20)
                   for i in range(500)]
        for sock, i in clients:
            assert read_all(sock) == b"port %d" % i
            sock.close()


@e2e.test
def greet_knows_each_peer():
    with e2e.Leatd("greet:0,text=%peer") as leatd:
        for family, form in (("tcp4", "%s:%d"), ("tcp6", "[%s]:%d")):
            with leatd.connect(family) as sock:
                wanted = form % sock.getsockname()[:2]
                assert read_all(sock).decode() == wanted


@e2e.test
def greet_reaches_a_client_that_talks_first():
    def ask(sock):
        sock.sendall(b"x" * 100000)
        assert read_all(sock) == b"TEST"
    everywhere("greet", ask)


# --- chargen ----------------------------------------------------------------

RING = bytes(range(32, 127)) * 2
PERIOD = b"".join(RING[i:i + 72] + b"\r\n" for i in range(95))


def check_chargen(data, offset=0):
    offset %= len(PERIOD)
    wanted = PERIOD * ((offset + len(data)) // len(PERIOD) + 1)
    assert data == wanted[offset:offset + len(data)]


@e2e.test
def chargen_sends_the_pattern_to_each_client():
    size = e2e.scaled(8 * MIB, MIB)
    with e2e.Leatd("chargen:0,rate=off") as leatd:
        stuck = leatd.connect(rcvbuf=4096)
        clients = [leatd.connect(), leatd.connect("tcp6")]
        for sock in clients:
            check_chargen(e2e.recv_exactly(sock, size))
            e2e.reset(sock)
        # Who has read nothing so far finds it all in its place.
        check_chargen(e2e.recv_exactly(stuck, 200000))
        e2e.reset(stuck)


@e2e.test
def chargen_ends_with_whole_lines_when_the_client_does():
    def ask(sock):
        head = e2e.recv_exactly(sock, 74)
        sock.shutdown(socket.SHUT_WR)
        data = head + read_all(sock)
        assert len(data) % 74 == 0, len(data)
        check_chargen(data)
    everywhere("chargen", ask)


# --- null and discard ------------------------------------------------------

@e2e.test
def null_takes_nothing_and_says_nothing():
    with e2e.Leatd("null:0", "--drain=1s") as leatd:
        sock = leatd.connect()
        e2e.send_until_stuck(sock, 1)
        assert not select.select([sock], [], [], 0)[0]
        assert leatd.totals()["in"] == 0
        sock.close()


@e2e.test
def null_is_over_after_its_idle_time():
    with e2e.Leatd("null:0,idle=100ms") as leatd:
        sock = leatd.connect()
        assert read_all(sock) == b""
        assert leatd.close_of(sock.getsockname()[1])["reason"] == "idle"
        sock.close()


@e2e.test
def discard_takes_everything():
    size = e2e.scaled(8 * MIB, MIB)
    with e2e.Leatd("discard:0") as leatd:
        sock = leatd.connect()
        e2e.send_keyed(sock, 9, 0, size)
        sock.shutdown(socket.SHUT_WR)
        e2e.recv_end(sock)
        close = leatd.close_of(sock.getsockname()[1])
        assert close["in"] == str(size) and close["out"] == "0", close
        sock.close()


# --- the end of leatd -------------------------------------------------------

@e2e.test
def drain_ends_every_service_and_owes_nobody():
    with e2e.Leatd("--drain=1s", "stamp:0", "fixed:0", "greet:0,stay",
                   "chargen:0,rate=off", "null:0") as leatd:
        socks = [leatd.connect(name=name) for name in (
            "stamp", "fixed", "greet", "chargen", "chargen", "null")]
        socks[0].sendall(b"one\nhalf")
        socks[1].sendall(b"half")
        e2e.recv_exactly(socks[3], 100000)
        leatd.signal(signal.SIGTERM)
        answer = read_all(socks[0])
        assert re.fullmatch(rb"\[.{24}\] one\n", answer), answer
        assert read_all(socks[1]) == b""
        assert read_all(socks[2]) == b"TEST"
        leatd.wait()
        for sock in socks:
            sock.close()


e2e.main()
