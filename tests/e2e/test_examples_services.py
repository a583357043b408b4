#!/usr/bin/env python3
"""The examples that are services, clients and tests of their own run for real:
stamp, fixed, greet, many_ports, poll_client, in_memory."""

import re
import socket
import subprocess
import time

import e2e
import examples
from e2e import test
from examples import EXAMPLES, Example, run

STAMP = (rb"\[((?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul"
         rb"|Aug|Sep|Oct|Nov|Dec) [ 123]\d \d\d:\d\d:\d\d \d{4})\] ")


def recv_all(sock, length):
    """Exactly so many bytes, in however many pieces they come."""
    data = b""
    while len(data) < length:
        more = sock.recv(length - len(data))
        assert more, "closed %d bytes into a %d-byte message" % (
            len(data), length)
        data += more
    return data


def recv_rest(sock):
    data = b""
    while True:
        more = sock.recv(65536)
        if not more:
            return data
        data += more


# --- stamp -----------------------------------------------------------------

@test
def stamp_puts_the_time_before_each_line():
    with Example("stamp") as stamp:
        before = int(time.time())
        answer = stamp.nc(b"hello\r\n\nlast")
        found = re.fullmatch(
            STAMP + rb"hello\r\n" + STAMP + rb"\n" + STAMP + rb"last", answer)
        assert found, answer
        for text in found.groups():
            told = time.mktime(time.strptime(text.decode()))
            assert before <= told <= time.time(), text
        stamp.end()


@test
def stamp_puts_a_line_together_that_comes_byte_by_byte():
    with Example("stamp") as stamp, stamp.connect() as sock:
        for byte in b"one byte at a time":
            sock.sendall(bytes([byte]))
        sock.sendall(b"\n")
        answer = recv_all(sock, 27 + 19)
        assert re.fullmatch(STAMP + b"one byte at a time\n", answer), answer


@test
def stamp_answers_a_flood_of_empty_lines_in_full():
    lines = e2e.scaled(200000, 20000)
    with Example("stamp") as stamp:
        answer = stamp.nc(b"\n" * lines)
        assert answer.count(b"\n") == lines
        assert len(answer) == 28 * lines
        assert re.fullmatch(b"(?:" + STAMP + b"\n)+", answer)
        stamp.end()


# --- fixed -----------------------------------------------------------------

def expect_line(fixed, line):
    told = fixed.process.stdout.readline()
    assert told == line + "\n", told


def expect_first(fixed):
    """Example connects once to see whether it is there."""
    expect_line(fixed, "closed after 0 bytes of a 16-byte message")


@test
def fixed_exchanges_sixteen_octets():
    with Example("fixed") as fixed:
        with fixed.connect() as sock:
            sock.sendall(b"Hi there, server")
            assert recv_all(sock, 16) == b"Farewell, client"
            assert sock.recv(1) == b""
        expect_first(fixed)
        expect_line(fixed, 'the client said "Hi there, server"')
        fixed.end()


@test
def fixed_waits_for_the_last_octet():
    with Example("fixed") as fixed, fixed.connect() as sock:
        for byte in b"Hi there, server":
            sock.sendall(bytes([byte]))
        assert recv_rest(sock) == b"Farewell, client"


@test
def fixed_does_not_take_what_comes_after_for_a_message():
    with Example("fixed") as fixed, fixed.connect() as sock:
        sock.sendall(b"Hi there, server" * 1000)
        assert recv_rest(sock) == b"Farewell, client"


@test
def fixed_tells_how_far_a_message_got():
    with Example("fixed") as fixed:
        expect_first(fixed)
        for text in (b"", b"x", b"fifteen octets!"):
            assert fixed.nc(text) == b""
            expect_line(fixed, "closed after %d bytes of a 16-byte message"
                        % len(text))
        fixed.end()


# --- greet -----------------------------------------------------------------

@test
def greet_says_test_and_ends():
    with Example("greet") as greet:
        for _ in range(20):
            assert greet.nc(b"") == b"TEST"
        greet.end()


@test
def greet_reaches_those_too_who_talk_first():
    with Example("greet") as greet:
        socks = [greet.connect() for _ in range(100)]
        for sock in socks:
            try:
                sock.sendall(b"x" * 100000)
            except (BrokenPipeError, ConnectionResetError):
                raise AssertionError("reset while it was talking") from None
            sock.shutdown(socket.SHUT_WR)
        for sock in socks:
            assert recv_rest(sock) == b"TEST"
            sock.close()
        greet.end()


# --- many_ports ------------------------------------------------------------

class ManyPorts:
    """It tells where it listens: port 0 is the system's choice."""

    def __enter__(self):
        self.process = subprocess.Popen(
            [EXAMPLES + "/many_ports", "0", "127.0.0.1:0", "0"],
            stdout=subprocess.PIPE, text=True, preexec_fn=e2e.end_with_us)
        self.addresses = {}
        while len(self.addresses.get("who", [])) < 2:
            name, address = self.process.stdout.readline().split()
            host, port = address.rsplit(":", 1)
            self.addresses.setdefault(name, []).append(
                (host.strip("[]"), int(port)))
        return self

    def connect(self, name, index=0):
        return socket.create_connection(self.addresses[name][index], e2e.HANG)

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


@test
def many_ports_has_a_service_on_each():
    with ManyPorts() as ports:
        assert [len(ports.addresses[name])
                for name in ("echo", "shout", "who")] == [2, 1, 2]
        for index in range(2):
            with ports.connect("echo", index) as sock:
                sock.sendall(b"to you too\n")
                assert recv_all(sock, 11) == b"to you too\n"
        with ports.connect("shout") as sock:
            sock.sendall(b"quiet\nplease")
            sock.shutdown(socket.SHUT_WR)
            assert recv_rest(sock) == b"QUIET\nPLEASE"


@test
def many_ports_knows_who_is_where():
    with ManyPorts() as ports:
        stay = [ports.connect("echo", index) for index in (0, 1)]
        stay.append(ports.connect("shout"))
        for sock in stay:  # the answer says that it has been accepted
            sock.sendall(b"\n")
            assert sock.recv(1) == b"\n"
        with ports.connect("who", 1) as sock:
            assert recv_rest(sock) == b"echo 2\nshout 1\nwho 1\n"
        for sock in stay:
            sock.close()


@test
def many_ports_names_the_address_it_cannot_have():
    code, _out, err = run("many_ports", "0", "0", "nowhere:")
    assert code == 1 and err.startswith("many_ports: nowhere:: "), err


# --- poll_client -----------------------------------------------------------

class Robot:
    """A poll_client that has come to us."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(e2e.HANG)
        self.process = subprocess.Popen(
            [EXAMPLES + "/poll_client",
             "127.0.0.1:%d" % self.listener.getsockname()[1]],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=e2e.end_with_us)
        self.sock = self.listener.accept()[0]
        self.sock.settimeout(e2e.HANG)
        self.file = self.sock.makefile("rb")
        return self

    def ask(self, *pieces):
        for piece in pieces:
            self.sock.sendall(piece)
        return self.file.readline()

    def is_over(self, code, error=""):
        out, err = self.process.communicate(timeout=e2e.HANG)
        assert (self.process.returncode, out) == (code, ""), (
            self.process.returncode, out, err)
        assert err.endswith(error), err

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        self.file.close()
        self.sock.close()
        self.listener.close()


@test
def poll_client_obeys_and_moves_while_nobody_speaks():
    with Robot() as robot:
        first = robot.ask(b"speed 3\n")
        assert re.fullmatch(rb"speed 3 heading 0 travelled 0\n", first), first
        turned = robot.ask(b"turn -9", b"0\r", b"\n")
        assert turned.startswith(b"speed 3 heading 270 "), turned
        assert robot.ask(b"fly away\n") == b"what?\n"
        assert robot.ask(b"w" * 1000 + b"\n") == b"what?\n"
        travelled = 0
        while travelled < 9:  # it moves by the frame, not by the question
            answer = robot.ask(b"where\n")
            travelled = int(answer.split()[-1])
            assert travelled % 3 == 0, answer


@test
def poll_client_stops_when_told_to_and_answers_first():
    with Robot() as robot:
        assert robot.ask(b"stop\n") == b"speed 0 heading 0 travelled 0\n"
        assert robot.file.read() == b""
        robot.sock.close()
        robot.file.close()
        robot.is_over(0)


@test
def poll_client_ends_when_the_other_end_does():
    with Robot() as robot:
        robot.sock.shutdown(socket.SHUT_WR)
        robot.is_over(0)
    with Robot() as robot:
        robot.file.close()
        e2e.reset(robot.sock)
        robot.is_over(1, "connection reset by peer\n")


@test
def poll_client_says_that_nobody_answers():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = "127.0.0.1:%d" % nobody.getsockname()[1]
        code, out, err = run("poll_client", address)
        assert (code, out) == (1, "")
        assert err == "poll_client: %s: connection refused\n" % address, err


# --- in_memory -------------------------------------------------------------

@test
def in_memory_passes_its_own_tests():
    code, out, err = run("in_memory")
    assert (code, err) == (0, ""), (code, out, err)
    assert re.fullmatch(r"(ok - [a-z ]+\n){5}", out), out


examples.main()
