#!/usr/bin/env python3
"""leat ask: the answer and nothing else, however it comes, and a clear word
when it does not."""
# ctest: TIMEOUT 240

import hashlib
import os
import random
import re
import socket
import subprocess
import tempfile

import e2e
import tool
from tool import address, fails, prints

BIG = e2e.scaled(100 << 20, 4 << 20)
EVERY_BYTE = bytes(range(256))


@e2e.test
def ask_prints_the_answer_and_nothing_else():
    with tempfile.TemporaryDirectory() as dir_, \
            e2e.Leatd("echo:0", "echo:unix:%s/s" % dir_) as leatd:
        for where in tool.addresses(leatd):
            prints(b"Hello, world", "ask", where, "Hello, world")


@e2e.test
def ask_bare_port_finds_the_family_that_answers():
    with e2e.Leatd("echo:[::1]:0") as leatd:
        port = leatd.entry("tcp6")["port"]
        for where in (port, "any:%d" % port, "*:%d" % port):
            prints(b"six", "ask", where, "six")


@e2e.test
def ask_message_of_every_byte_comes_back():
    with e2e.Leatd("echo:0") as leatd:
        prints(EVERY_BYTE * 9, "ask", address(leatd), "-",
               given=EVERY_BYTE * 9)


@e2e.test
def ask_empty_message_is_answered_by_nothing():
    with e2e.Leatd("echo:0") as leatd:
        prints(b"", "ask", address(leatd), "")
        prints(b"", "ask", address(leatd), "-", given=b"")
    with tool.nobody() as where:
        fails(".*connection refused", "ask", where, "")


@e2e.test
def ask_word_that_begins_with_a_dash_follows_two():
    with e2e.Leatd("echo:0") as leatd:
        prints(b"--until-eof", "ask", "--", address(leatd), "--until-eof")


@e2e.test
def ask_ends_each_connection_in_order():
    with e2e.Leatd("echo:0") as leatd:
        prints(b"hi", "ask", address(leatd), "hi")
        leatd.line(r" close .* in=2 out=2 .*reason=eof$")


@e2e.test
def ask_answer_that_comes_byte_by_byte_is_whole():
    def one_by_one(sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(12):
            sock.sendall(sock.recv(1))
        assert tool.read_to_end(sock) == b""

    with tool.server(one_by_one) as where:
        prints(b"Hello, world", "ask", where, "Hello, world")


@e2e.test
def ask_does_not_print_what_follows_the_answer():
    def talkative(sock):
        sock.sendall(sock.recv(100) + b" and more")
        tool.read_to_end(sock)

    with tool.server(talkative) as where:
        prints(b"four", "ask", where, "four")


@e2e.test
def ask_every_service():
    ctime = rb"[A-Z][a-z]{2} [A-Z][a-z]{2} [ 123]\d \d\d:\d\d:\d\d \d{4}"
    asks = {
        "echo": (["hi"], rb"hi"),
        "stamp": (["hi\nho", "--until-eof"],
                  rb"\[%s\] hi\n\[%s\] ho" % (ctime, ctime)),
        "fixed": (["0123456789abcdef", "--exactly=16"], rb"Farewell, client"),
        "greet": (["", "--until-eof"], rb"TEST"),
        "discard": (["into the void", "--until-eof"], rb""),
        "chargen": (["", "--exactly=148"], rb"([ -~]{72}\r\n){2}"),
        "daytime": (["", "--until-eof"], rb".*\d\d:\d\d:\d\d.*\r\n"),
        "time": (["", "--until-eof"], rb"(?s:....)"),
    }
    with e2e.Leatd(*(service + ":0" for service in asks)) as leatd:
        for service, (words, answer) in asks.items():
            for where in tool.addresses(leatd, service):
                with e2e.context("%s at %s" % (service, where)):
                    out, err = tool.leat("ask", where, *words)
                    assert re.fullmatch(answer, out) and err == "", (out, err)


# --- how long the answer is ------------------------------------------------

@e2e.test
def ask_exactly_takes_so_many_bytes():
    with e2e.Leatd("fixed:0") as leatd:
        prints(b"Farewell, client", "ask", "--exactly", 16, address(leatd),
               "0123456789abcdef")
        prints(b"Farewell", "ask", "--exactly=8", address(leatd),
               "0123456789abcdef")


@e2e.test
def ask_exactly_needs_no_message():
    with e2e.Leatd("greet:0") as leatd:
        prints(b"TEST", "ask", address(leatd), "", "--exactly=4")


@e2e.test
def ask_exactly_does_not_wait_for_the_rest_of_the_message():
    with e2e.Leatd("fixed:0") as leatd:
        reader, writer = os.pipe()
        os.write(writer, b"0123456789abcdef")
        prints(b"Farewell, client", "ask", "--exactly=16", address(leatd), "-",
               stdin=reader)
        os.close(reader)
        os.close(writer)


@e2e.test
def ask_until_eof_tells_the_peer_that_all_is_sent():
    with e2e.Leatd("stamp:0,stamp=none") as leatd:
        for where in tool.addresses(leatd):
            prints(b"no end of line", "ask", "--until-eof", where,
                   "no end of line")
            prints(b"a\n\nb", "ask", "--until-eof", where, "-",
                   given=b"a\n\nb")


@e2e.test
def ask_until_eof_takes_an_answer_longer_than_the_message():
    with e2e.Leatd("greet:0,text=%s" % ("x" * 1000)) as leatd:
        prints(b"x" * 1000, "ask", "--until-eof", address(leatd), "")


@e2e.test
def ask_until_eof_complains_when_the_message_was_cut_short():
    with e2e.Leatd("greet:0") as leatd:
        reader, writer = os.pipe()
        fails("closed after 4 bytes", "ask", "--until-eof", address(leatd),
              "-", stdin=reader, printed=b"TEST")
        os.close(reader)
        os.close(writer)


@e2e.test
def ask_refuses_an_answer_ahead_of_the_message():
    def ahead(sock):
        sock.sendall(sock.recv(100) + b"more")
        tool.read_to_end(sock)

    with tool.server(ahead) as where:
        reader, writer = os.pipe()
        os.write(writer, b"part of a message")
        fails("the answer is longer than the message; say --until-eof or "
              "--exactly=N", "ask", where, "-", stdin=reader)
        os.close(reader)
        os.close(writer)


# --- much, and slowly ------------------------------------------------------

def ask_much(where, *options):
    data = random.Random(3).randbytes(BIG)
    # A sanitizer needs room of its own.
    prefix = () if e2e.SLOW else ("prlimit", "--as=%d" % (16 << 20))
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as taken:
        given.write(data)
        given.seek(0)
        process = tool.start("ask", *options, where, "-", stdin=given,
                             stdout=taken, prefix=prefix)
        assert process.wait(e2e.HANG) == 0
        taken.seek(0)
        assert hashlib.sha256(taken.read()).digest() == \
            hashlib.sha256(data).digest()


@e2e.test
def ask_streams_any_amount_and_keeps_little():
    with tempfile.TemporaryDirectory() as dir_, \
            e2e.Leatd("echo:0", "echo:unix:%s/s" % dir_) as leatd:
        for where in tool.addresses(leatd):
            ask_much(where)
            ask_much(where, "--until-eof")


@e2e.test
def ask_through_pipes_loses_nothing():
    data = random.Random(4).randbytes(BIG // 10)
    with e2e.Leatd("echo:0") as leatd:
        prints(data, "ask", address(leatd), "-", given=data)


@e2e.test
def ask_slow_standard_output_stops_the_reading():
    size = 8 << 20
    with e2e.Leatd("echo:0") as leatd, tempfile.TemporaryFile() as given:
        given.write(random.Random(5).randbytes(size))
        given.seek(0)
        process = tool.start("ask", address(leatd), "-", stdin=given,
                             stdout=subprocess.PIPE)
        # Nobody reads yet: all queues fill up, and all of them wait.
        taken = process.stdout.read(1)
        while leatd.totals()["in"] < 1 << 20:
            taken += process.stdout.read(65536)
        assert leatd.totals()["in"] < size
        while part := process.stdout.read(1000003):
            taken += part
        process.stdout.close()
        assert process.wait(e2e.HANG) == 0
        given.seek(0)
        assert taken == given.read()


@e2e.test
def ask_tells_when_standard_output_is_gone():
    with e2e.Leatd("echo:0") as leatd:
        reader, writer = os.pipe()
        os.close(reader)
        process = tool.start("ask", address(leatd), "hi", stdout=writer,
                             stderr=subprocess.PIPE)
        os.close(writer)
        _, err = process.communicate(timeout=e2e.HANG)
        assert process.returncode == 1
        assert err.startswith(b"leat: cannot write to standard output: "), err


@e2e.test
def ask_tells_when_standard_input_cannot_be_read():
    with e2e.Leatd("echo:0") as leatd:
        folder = os.open("/", os.O_RDONLY)
        fails("cannot read standard input: is a directory", "ask",
              address(leatd), "-", stdin=folder)
        os.close(folder)


@e2e.test
def ask_without_standard_descriptors_harms_nothing():
    with e2e.Leatd("echo:0") as leatd:
        done = subprocess.run(
            ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh",
             *tool.command("ask", address(leatd), "hi")], check=False,
            timeout=e2e.HANG)
        assert done.returncode == 0


# --- peers that fail -------------------------------------------------------

@e2e.test
def ask_names_an_early_end():
    def three(sock):
        sock.sendall(sock.recv(5)[:3])

    with tool.server(three, clients=3) as where:
        fails("closed after 3 bytes of a 5-byte message", "ask", where,
              "hello", printed=b"hel")
        fails("closed after 3 bytes of a 9-byte message", "ask", "--exactly=9",
              where, "hello", printed=b"hel")
        fails("closed after 3 bytes of a 5-byte message", "ask", where, "-",
              given=b"hello", printed=b"hel")


@e2e.test
def ask_names_an_end_before_the_whole_message():
    def nothing(sock):
        sock.recv(100)

    with tool.server(nothing) as where:
        reader, writer = os.pipe()
        os.write(writer, b"begun")
        fails("closed after 0 bytes, before the whole message was sent", "ask",
              where, "-", stdin=reader)
        os.close(reader)
        os.close(writer)


@e2e.test
def ask_names_a_reset():
    with tool.server(e2e.reset) as where:
        fails(where + ": connection reset by peer", "ask", where, "hello",
              "--exactly=100")


@e2e.test
def ask_names_a_refusal():
    with tool.nobody() as where:
        fails(where + ": connection refused", "ask", where, "hello")
        fails(where + ": connection refused", "ask", where.split(":")[1], "hi")
    fails("unix:/nonexistent/s: no such file or name", "ask",
          "unix:/nonexistent/s", "hello")


@e2e.test
def ask_unknown_host_is_a_failure():
    fails("no.such.host.invalid:7: (unknown host|the resolver .*)", "ask",
          "no.such.host.invalid:7", "hello")


@e2e.test
def ask_timeout_says_how_far_it_got():
    def half(sock):
        sock.sendall(sock.recv(4)[:2])
        tool.read_to_end(sock)

    with tool.server(half) as where:
        out, err = tool.leat("ask", "--timeout=500ms", where, "four", code=1)
        # On a slow machine it got less far; then that is what it must say.
        assert out in (b"", b"fo"), out
        assert err == "leat: %s: timed out after %d bytes of a 4-byte " \
            "message\n" % (where, len(out)), err


@e2e.test
def ask_timeout_covers_connecting():
    with socket.socket() as full, socket.socket() as first, \
            socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        first.connect(full.getsockname())
        second.setblocking(False)
        second.connect_ex(full.getsockname())
        where = "127.0.0.1:%d" % full.getsockname()[1]
        fails(where + ": peer did not answer in time", "ask", "--timeout",
              "100ms", where, "hi")


@e2e.test
def ask_timeout_ends_a_stuck_standard_output():
    with e2e.Leatd("echo:0") as leatd:
        process = tool.start("ask", "--timeout=1s", address(leatd), "-",
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
        # More than the pipe of standard output takes; nobody reads it.
        process.stdin.write(b"x" * 100000)
        process.stdin.close()
        err = process.stderr.read()
        assert process.wait(e2e.HANG) == 1
        assert b"timed out" in err, err
        process.stdout.close()
        process.stderr.close()


if __name__ == "__main__":
    e2e.main()
