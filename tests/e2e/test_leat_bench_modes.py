#!/usr/bin/env python3
"""leat bench beyond plain echo: crowds, random clients, churn and fan-out. What
it counts is so many, and what a server does wrong is found."""

import json
import re
import select
import socket
import subprocess
import threading

import e2e
import tool
from tool import address, fails, leat

LONG = "--time=1h"  # what ends a run here is its count


def bench(*args, code=0):
    out, err = leat("bench", "--json", *args, code=code)
    return json.loads(out), err


def all_closed(leatd, count):
    """Wait until leatd has closed so many."""
    while leatd.totals()["closed"] < count:
        pass


# --- counted ---------------------------------------------------------------

@e2e.test
def a_count_ends_it_and_the_server_has_seen_as_much():
    with e2e.Leatd("echo:0") as leatd:
        result, err = bench(address(leatd), "-c3", "-n500", LONG)
        assert err == "" and result["requests"] == 500, result
        assert leatd.totals()["in"] >= 500 * 64


@e2e.test
def pipelined_requests_are_verified():
    with e2e.Leatd("echo:0") as leatd:
        for size in ("1", "64", "100k"):
            result, _ = bench(address(leatd), "-c2", "-n200", "--pipeline=8",
                              "-s", size, LONG)
            assert (result["requests"], result["pipeline"]) == (200, 8)


@e2e.test
def random_requests_reach_all_of_a_crowd():
    with e2e.Leatd("echo:0") as leatd:
        result, _ = bench(address(leatd), "-c20", "-n2000", "--random",
                          "--in-flight=5", LONG)
        assert (result["mode"], result["in_flight"]) == ("random", 5)
        all_closed(leatd, 20)
        # Of 2000 draws among 20 no one is left out: 1 in 10^44 otherwise.
        assert all(int(close["in"]) > 0 for close in leatd.closes())


@e2e.test
def idle_clients_say_one_message_and_stay():
    with e2e.Leatd("echo:0") as leatd:
        result, _ = bench(address(leatd), "-c2", "-n300", "--idle=50", LONG)
        assert (result["idle"], result["requests"]) == (50, 300)
        assert (result["failed"], result["lost"]) == (0, 0)
        all_closed(leatd, 52)
        closes = leatd.closes()
        assert {close["reason"] for close in closes} == {"eof"}
        said = sorted(int(close["in"]) for close in closes)
        assert said[:50] == [64] * 50 and sum(said[50:]) >= 300 * 64


@e2e.test
def many_idle_clients():
    count = e2e.scaled(2000, 200)
    e2e.need_files(count + 100)
    with e2e.Leatd("-q", "echo:0") as leatd:
        result, _ = bench(address(leatd), "-c2", "-n300", "--idle", count, LONG)
        assert (result["idle"], result["lost"]) == (count, 0)


@e2e.test
def never_readers_are_there_and_nobody_waits_for_them():
    with e2e.Leatd("echo:0") as leatd:
        result, _ = bench(address(leatd), "-c2", "-n300", "--never-readers=5",
                          LONG)
        assert (result["never_readers"], result["lost"]) == (5, 0)
        all_closed(leatd, 7)
        stuck = [close for close in leatd.closes()
                 if int(close["in"]) > int(close["out"])]
        assert len(stuck) == 5, leatd.closes()


@e2e.test
def churn_is_a_connection_for_each_request():
    with e2e.Leatd("echo:0") as leatd:
        result, _ = bench(address(leatd), "-c4", "-n200", "--churn", LONG)
        assert (result["mode"], result["connections"]) == ("churn", 200)
        totals = leatd.totals()
        assert totals["accepted"] >= 200
        assert totals["in"] == totals["out"] == totals["accepted"] * 64


@e2e.test
def fanout_delivers_every_line_of_a_hub_to_all():
    with e2e.Leatd("hub:0,quiet", "hub:0") as leatd:
        for name in ("hub", "hub-2"):
            result, err = bench(
                address(leatd, name), "-c30", "-n3000", "--fanout",
                "--publishers=3", "--window=16", LONG)
            assert err == "" and result["deliveries"] == 3000, result
            assert (result["publishers"], result["window"]) == (3, 16)
            assert (result["failed"], result["lost"]) == (0, 0)


@e2e.test
def requests_may_be_larger_than_any_queue():
    with e2e.Leatd("echo:0", "hub:0,quiet") as leatd:
        for words in (("--churn",), ("--idle=2",), ("--random",)):
            result, _ = bench(address(leatd), "-c2", "-n10", "-s600k", *words,
                              LONG)
            assert result["size"] == 600 * 1024 and result["lost"] == 0
        result, _ = bench(address(leatd, "hub"), "-c3", "-n100", "-s60000",
                          "--fanout", "--window=8", LONG)
        assert result["deliveries"] == 100


@e2e.test
def fanout_to_many_subscribers():
    count = e2e.scaled(1000, 100)
    e2e.need_files(count + 100)
    with e2e.Leatd("hub:0,quiet") as leatd:
        result, _ = bench(address(leatd), "-c", count, "-n", 5 * count,
                          "--fanout", "--window=4", "-s", "200", LONG)
        assert result["deliveries"] == 5 * count


@e2e.test
def the_time_of_the_server_is_told():
    with e2e.Leatd("echo:0") as leatd:
        result, _ = bench(address(leatd), "-n2000", LONG,
                          "--server-pid", leatd.pid)
        total, each = result["server_cpu_us"], result["server_cpu_us_each"]
        assert total % 10000 == 0 and abs(each - total / 2000) < 0.001
        out, _ = leat("bench", address(leatd), "-n100", LONG,
                      "--server-pid", leatd.pid)
        assert re.search(rb"\nserver    \d+\.\d{3} us of processor time each\n",
                         out), out


@e2e.test
def bench_may_poll():
    with e2e.Leatd("--busy-poll=50us", "echo:0") as leatd:
        result, _ = bench(address(leatd), "-c1", "-n500", "--busy-poll=50us",
                          LONG)
        assert result["requests"] == 500


# --- servers that do wrong -------------------------------------------------

@e2e.test
def a_byte_for_an_idle_client_is_found():
    """The first client is active and wants an end; the other is idle."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = tool.start(
            "bench", "127.0.0.1:%d" % listener.getsockname()[1], "-c1", "-s8",
            "--idle=1", LONG, stderr=subprocess.PIPE)
        first, idle = listener.accept()[0], listener.accept()[0]
        idle.sendall(e2e.recv_exactly(idle, 8))
        first.sendall(e2e.recv_exactly(first, 8))
        idle.sendall(b"?")
        err = process.stderr.read()
        assert err == b"leat: not an echo: byte 8 of client 1 is wrong\n", err
        assert process.wait(e2e.HANG) == 1
        for end in (first, idle, process.stderr):
            end.close()


@e2e.test
def churn_counts_the_connections_that_are_cut():
    def cut(sock):
        sock.sendall(sock.recv(8)[:3])

    with tool.server(cut) as where:
        fails(where + ": closed after 3 bytes of a 8-byte message", "bench",
              where, "--churn", "-c1", "-s8", LONG)


@e2e.test
def churn_is_refused_where_nobody_listens():
    with tool.nobody() as where:
        fails(where + ": connection refused", "bench", where, "--churn", LONG)


@e2e.test
def a_server_that_ends_is_told_in_every_mode():
    for words in (("--pipeline=3",), ("--random",), ("--churn",), ("--idle=5",),
                  ("--fanout",)):
        with e2e.context(words), \
                e2e.Leatd("--lifetime=300ms", "--drain=10s", "echo:0",
                          "hub:0,quiet") as leatd:
            name = "hub" if words[0] == "--fanout" else "echo"
            _, err = leat("bench", address(leatd, name), "-c5", *words, LONG,
                          code=1)
            assert re.fullmatch(r"leat: \S+: .*(closed|refused|reset).*\n",
                                err), err
            leatd.wait()


class Relay:
    """Sends each line to all others, those for its first client through a
    function that may do wrong: it gets the number of the line and the line, and
    gives what is sent. That client is not there yet for so many probes."""

    def __init__(self, spoil, late=0):
        self.spoil, self.late, self.lines = spoil, late, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.where = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.stop, self.stopped = socket.socketpair()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def relay(self, socks, sender, line):
        for index, sock in enumerate(socks):
            if sock is sender:
                continue
            sent = line
            if index == 0 and self.late > 0:
                self.late -= b".probe" in line
                continue
            if index == 0 and b".probe" not in line:
                sent = self.spoil(self.lines, line)
                self.lines += 1
            try:
                sock.sendall(sent)
            except OSError:
                pass  # it has ended already

    def run(self):
        socks, rest = [], {}
        while True:
            ready = select.select([self.listener, self.stopped, *socks], [],
                                  [])[0]
            if self.stopped in ready:
                break
            for sock in ready:
                if sock is self.listener:
                    socks.append(sock.accept()[0])
                    rest[socks[-1]] = b""
                    continue
                try:
                    data = sock.recv(65536)
                except OSError:
                    data = b""
                if not data:
                    socks.remove(sock)
                    sock.close()
                    continue
                lines = (rest[sock] + data).split(b"\n")
                rest[sock] = lines.pop()
                for line in lines:
                    self.relay(socks, sock, line + b"\n")
        for sock in [*socks, self.listener, self.stopped]:
            sock.close()

    def __enter__(self):
        return self.where

    def __exit__(self, *_):
        self.stop.close()
        self.thread.join()


def spoiled(spoil, complaint, *args):
    with Relay(spoil) as where:
        fails(complaint, "bench", where, "--fanout", "-c2", "--window=4",
              *args, LONG)


@e2e.test
def fanout_is_content_with_a_relay():
    with Relay(lambda _, line: line) as where:
        result, _ = bench(where, "--fanout", "-c3", "-n300", "--window=4",
                          "--publishers=2", LONG)
        assert result["deliveries"] == 300


@e2e.test
def fanout_finds_a_lost_line():
    spoiled(lambda n, line: b"" if n == 5 else line,
            "subscriber 0 got message 6 of publisher 0 in the place of 5")


@e2e.test
def fanout_finds_a_line_that_comes_twice():
    spoiled(lambda n, line: line * 2 if n == 5 else line,
            "subscriber 0 got message 5 of publisher 0 in the place of 6")


@e2e.test
def fanout_finds_lines_out_of_order():
    kept = []

    def swap(n, line):
        if n == 5:
            kept.append(line)
            return b""
        return line + kept.pop() if kept else line

    spoiled(swap, "subscriber 0 got message 6 of publisher 0 in the place of 5")


@e2e.test
def fanout_finds_a_wrong_byte():
    spoiled(lambda n, line: line[:-2] + b"?\n" if n == 5 else line,
            "subscriber 0 got message 5 of publisher 0 with wrong bytes")


@e2e.test
def fanout_names_who_lacks_the_last_line():
    """With a window of 1 a lost line is one that all wait for."""
    with Relay(lambda n, line: b"" if n == 5 else line) as where:
        process = tool.start("bench", where, "--fanout", "-c2", "--json",
                             "--time=300ms", stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
        out, err = process.communicate(timeout=e2e.HANG)
        assert process.returncode == 1
        assert re.fullmatch(
            rb"leat: \S+: subscriber 0 has not got message 5 of publisher 0\n",
            err), (out, err)


@e2e.test
def fanout_begins_only_when_all_are_heard():
    with Relay(lambda _, line: line, late=5) as where:
        result, _ = bench(where, "--fanout", "-c5", "-n100", LONG)
        assert result["deliveries"] == 100


# --- words -----------------------------------------------------------------

@e2e.test
def wrong_combinations_name_the_option():
    for words, complaint in (
            (("--random", "--churn"), "--random and --churn do not go "
                                      "together"),
            (("--idle=5", "--fanout"), "--idle and --fanout do not go "
                                       "together"),
            (("--window=5",), "--window needs --fanout"),
            (("--in-flight=5",), "--in-flight needs --random"),
            (("--fanout", "-s10"), "--size is 64 to 60000 with --fanout"),
            (("--pipeline=0",), "wrong value '0': pipeline must be 1 to 4096"),
            (("--server-pid=0",), "wrong value '0': server-pid must be 1 or "
                                  "more"),
            (("--fan-out",), "unknown option '--fan-out'; the nearest there "
                             "is: --fanout")):
        fails(re.escape(complaint), "bench", "7", *words, code=2)


@e2e.test
def a_process_that_is_not_there_is_told():
    with e2e.Leatd("echo:0") as leatd:
        fails("cannot read the time of process 2147483647: no such process",
              "bench", address(leatd), "--server-pid=2147483647", LONG)


if __name__ == "__main__":
    e2e.main()
