#!/usr/bin/env python3
"""leat bench: what it counts was there, and every wrong byte is found."""

import json
import re
import signal
import socket
import subprocess
import tempfile

import e2e
import tool
from tool import Terminal, address, fails, leat

SHORT = "--time=300ms"


def bench(*args, code=0):
    out, err = leat("bench", "--json", *args, code=code)
    return json.loads(out), err


@e2e.test
def bench_counts_what_the_server_has_seen():
    with e2e.Leatd("echo:0") as leatd:
        result, err = bench(address(leatd), "-c", 3, "-s", 100, SHORT)
        assert err == ""
        assert result["address"] == address(leatd)
        assert (result["clients"], result["size"]) == (3, 100)
        assert (result["failed"], result["lost"]) == (0, 0)
        assert result["requests"] > 0
        # The others are of the warm-up, and the last one of each client.
        assert leatd.totals()["in"] >= result["requests"] * 100
        assert leatd.totals()["in"] == leatd.totals()["out"]


@e2e.test
def bench_rates_fit_the_count():
    with e2e.Leatd("echo:0") as leatd:
        result, _ = bench(address(leatd), "-s", "1k", SHORT)
        for rate in (result["requests_per_s"], result["mb_per_s"] * 1e6 / 1024):
            # seconds has one decimal, mb_per_s too
            seconds = result["requests"] / max(rate, 1)
            assert abs(seconds - result["seconds"]) <= 0.1 + seconds / 5, result


@e2e.test
def bench_quantiles_are_in_order():
    with e2e.Leatd("echo:0") as leatd:
        latency = bench(address(leatd), SHORT)[0]["latency_us"]
        values = [latency[name] for name in ("p50", "p99", "p99.9", "max")]
        assert values == sorted(values) and values[0] > 0, latency


@e2e.test
def bench_ends_every_client_in_order():
    with e2e.Leatd("echo:0") as leatd:
        bench(address(leatd), "-c", 20, "-s", 10, SHORT)
        while leatd.totals()["closed"] < 20:
            pass
        for close in leatd.closes():
            assert close["reason"] == "eof", close
            assert close["in"] == close["out"] and int(close["in"]) % 10 == 0


@e2e.test
def bench_every_family_and_size():
    with tempfile.TemporaryDirectory() as dir_, \
            e2e.Leatd("echo:0", "echo:unix:%s/s" % dir_) as leatd:
        for where in tool.addresses(leatd):
            for size in ("1", "65537", "3m"):
                with e2e.context("%s of %s" % (where, size)):
                    result, _ = bench(where, "-c2", "-n20", "-s", size,
                                      "--time=1h")
                    assert result["requests"] == 20


@e2e.test
def bench_many_clients():
    count = e2e.scaled(2000, 200)
    e2e.need_files(count + 100)
    with e2e.Leatd("echo:0") as leatd:
        result, _ = bench(address(leatd), "-c", count, SHORT)
        assert (result["failed"], result["lost"]) == (0, 0)
        assert result["requests"] > 0


@e2e.test
def bench_text_is_for_people():
    with e2e.Leatd("echo:0") as leatd:
        where = address(leatd)
        out, err = leat("bench", where, "-c", 1, SHORT)
        assert err == ""
        assert re.fullmatch(
            r"%s: 1 client, 64 bytes, 0\.\d s\n"
            r"requests  \d+, \d+/s\n"
            r"data      \d+\.\d MB/s each way\n"
            r"latency   p50 \d+ us, p99 \d+ us, p99\.9 \d+ us, max \d+ us\n"
            % re.escape(where), out.decode()), out


# --- on a terminal, and interrupted ----------------------------------------

@e2e.test
def bench_shows_progress_on_a_terminal_and_takes_it_away():
    with e2e.Leatd("echo:0") as leatd, \
            Terminal("bench", address(leatd), "-d", "1100ms",
                     stdout=subprocess.PIPE) as screen:
        screen.sees(rb"\r\d+\.\d s  \d+ requests/s  \d+\.\d MB/s *\r")
        assert b"latency" in screen.process.stdout.read()
        screen.ends()
        assert re.search(rb"\r +\r$", screen.rest())
        screen.process.stdout.close()


@e2e.test
def bench_interrupted_reports_what_there_is():
    with e2e.Leatd("echo:0") as leatd:
        for signo in (signal.SIGINT, signal.SIGTERM):
            with Terminal("bench", address(leatd), "-d", "1h", "--json",
                          stdout=subprocess.PIPE) as screen:
                screen.sees(b"requests/s")
                screen.process.send_signal(signo)
                result = json.loads(screen.process.stdout.read())
                assert result["requests"] > 0 and result["seconds"] < 3600
                screen.ends()
                screen.process.stdout.close()


# --- servers that are no echo ----------------------------------------------

@e2e.test
def bench_finds_a_wrong_byte():
    def wrong_at(place):
        def serve(sock):
            at = 0
            while data := bytearray(sock.recv(1000)):
                if at <= place < at + len(data):
                    data[place - at] ^= 1
                at += len(data)
                sock.sendall(data)
        return serve

    def serve_until_reset(serve):
        def guarded(sock):
            try:
                serve(sock)
            except ConnectionError:
                pass
        return guarded

    for place in (0, 63, 64, 100000):
        with tool.server(serve_until_reset(wrong_at(place))) as where:
            fails("not an echo: byte %d of client 0 is wrong" % place, "bench",
                  where, "-c1", "-d", "1h")


@e2e.test
def bench_finds_bytes_that_nobody_asked_for():
    with e2e.Leatd("greet:0,stay") as leatd:
        fails("not an echo: byte 0 of client 0 is wrong", "bench",
              address(leatd), "-c1", SHORT)


@e2e.test
def bench_finds_bytes_of_another_client():
    """An echo that mixes up its two clients."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = tool.start(
            "bench", "127.0.0.1:%d" % listener.getsockname()[1], "-c2", "-s8",
            "-d1h", stderr=subprocess.PIPE)
        first, second = listener.accept()[0], listener.accept()[0]
        second.sendall(first.recv(8))
        err = process.stderr.read()
        assert process.wait(e2e.HANG) == 1
        assert re.match(rb"leat: not an echo: byte [0-7] of client \d is "
                        rb"wrong", err), err
        for end in (first, second, process.stderr):
            end.close()


@e2e.test
def bench_counts_the_clients_that_are_lost():
    def three(sock):
        sock.sendall(sock.recv(8)[:3])

    with tool.server(three) as where:
        fails(where + ": closed after 3 bytes of a 8-byte message", "bench",
              where, "-c1", "-s8", "-d1h")


@e2e.test
def bench_goes_on_without_those_that_are_lost():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = tool.start(
            "bench", "127.0.0.1:%d" % listener.getsockname()[1], "-c2", "-s8",
            SHORT, "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        first, second = listener.accept()[0], listener.accept()[0]
        first.close()
        while data := second.recv(8):
            second.sendall(data)
        result = json.loads(process.stdout.read())
        assert (result["failed"], result["lost"]) == (0, 1)
        assert result["requests"] > 0
        assert b"1 of 2 clients were lost: " in process.stderr.read()
        assert process.wait(e2e.HANG) == 1
        for end in (second, process.stdout, process.stderr):
            end.close()


@e2e.test
def bench_counts_the_clients_that_are_refused():
    with tool.nobody() as where:
        fails(where + ": connection refused", "bench", where, "-d1h")
        fails(where + ": connection refused", "bench", where, "-d1h", "--json")


@e2e.test
def bench_without_an_answer_says_so():
    with e2e.Leatd("discard:0") as leatd:
        fails(address(leatd) + ": no answer", "bench", address(leatd), SHORT)


@e2e.test
def bench_more_clients_than_files_is_refused():
    process = tool.start("bench", "7", "-c50", prefix=("prlimit",
                         "--nofile=60:60"), stderr=subprocess.PIPE)
    err = process.stderr.read().decode()
    assert process.wait(e2e.HANG) == 1
    assert re.fullmatch(r"leat: \d+ clients at most here .*\n", err), err
    process.stderr.close()


if __name__ == "__main__":
    e2e.main()
