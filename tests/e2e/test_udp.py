#!/usr/bin/env python3
"""Services by UDP: what comes back, what does not, and how it is told."""

import os
import select
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
from e2e import HANG, Leatd, Skip, context, end_with_us, main  # noqa: E402
from e2e import keyed, scaled, test  # noqa: E402

FAMILIES = ("udp4", "udp6")
LONGEST = 65507  # 65535 without the headers of IPv4 and UDP


def meet(leatd, family, name=None):
    """A socket that sends to a listener and hears nobody else."""
    number, address = leatd.address(family, name)
    sock = socket.socket(number, socket.SOCK_DGRAM)
    sock.settimeout(HANG)
    sock.connect(address)
    return sock


def ask(sock, data):
    """What comes back. Over loopback nothing is lost that there is room for."""
    sock.send(data)
    return sock.recv(65536)


@test
def echo_sends_back_each_datagram():
    with Leatd("echo:udp:0") as leatd:
        for family in FAMILIES:
            with context(family), meet(leatd, family) as sock:
                for size in (0, 1, 2, 1400, 1500, 9000, LONGEST):
                    data = keyed(1, size, size)
                    assert ask(sock, data) == data, size


@test
def datagrams_are_kept_apart():
    with Leatd("echo:udp:0") as leatd, meet(leatd, "udp4") as sock:
        words = [b"%d" % i for i in range(20)]
        for word in words:
            sock.send(word)
        assert [sock.recv(99) for _ in words] == words


@test
def stamp_puts_the_time_in_front():
    with Leatd("stamp:udp:0,stamp=rfc3339") as leatd:
        for family in FAMILIES:
            with meet(leatd, family) as sock:
                answer = ask(sock, b"hi\n")
                assert answer.startswith(b"[20") and len(answer) == 26, answer
                assert answer.endswith(b"Z] hi\n"), answer
                # An empty one is not answered, the next one is.
                sock.send(b"")
                assert ask(sock, b"again").endswith(b"Z] again")
        assert leatd.totals()["udp_unanswered"] == 2


@test
def discard_answers_nothing():
    with Leatd("discard:udp:0,name=d", "echo:udp:0,name=e") as leatd:
        with meet(leatd, "udp4", "d") as sock, \
                meet(leatd, "udp4", "e") as other:
            sock.send(b"x" * 1000)
            ask(other, b"after it")
            ask(other, b"in another turn")
            assert not select.select([sock], [], [], 0)[0]
        assert leatd.totals()["udp_in"] == 3
        assert leatd.totals()["udp_out"] == 2


@test
def one_number_serves_both_families_and_both_protocols():
    with Leatd("echo:udp:0", "echo:0,name=t") as leatd:
        four, six = leatd.entry("udp4"), leatd.entry("udp6")
        assert four["port"] == six["port"] > 0
        assert four["address"] == "127.0.0.1" and six["address"] == "::1"
        for entry in (four, six):
            assert entry["service"] == entry["name"] == "echo"
        leatd.line(r"info listening service=echo name=echo "
                   r"address=udp:127\.0\.0\.1:%d$" % four["port"])
        leatd.line(r"address=udp:\[::1\]:%d$" % four["port"])
        with leatd.connect("tcp4", "t") as sock:
            sock.sendall(b"hi")
            assert sock.recv(2) == b"hi"


@test
def an_answer_comes_from_the_address_that_was_asked():
    with Leatd("echo:udp:any:0") as leatd:
        for host in ("127.0.0.1", "127.0.0.2", "127.5.6.7"):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.settimeout(HANG)
                sock.connect((host, leatd.entry("udp4")["port"]))
                assert ask(sock, b"here?") == b"here?", host


@test
def a_stamp_that_is_open_serves_every_address():
    with Leatd("stamp:udp:any:0,open,stamp=none") as leatd:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(HANG)
            sock.connect(("127.0.0.2", leatd.entry("udp4")["port"]))
            assert ask(sock, b"open") == b"open"


@test
def peers_that_are_gone_do_no_harm():
    with Leatd("echo:udp:0") as leatd, meet(leatd, "udp4") as sock:
        for _ in range(scaled(200, 20)):
            with meet(leatd, "udp4") as gone:
                gone.send(b"and away")
        assert ask(sock, b"still there?") == b"still there?"


@test
def a_flood_leaves_a_client_of_tcp_its_turns():
    with Leatd("echo:udp:0,name=u", "echo:0,name=t") as leatd, \
            meet(leatd, "udp4", "u") as flood, \
            leatd.connect("tcp4", "t") as sock:
        flood.setblocking(False)
        for i in range(scaled(300, 50)):
            for _ in range(100):
                try:
                    flood.send(b"x" * 100)
                except BlockingIOError:
                    break
            data = keyed(3, i * 10, 10)
            sock.sendall(data)
            assert sock.recv(10) == data
        # Whatever was lost was lost by the kernel: all that came went back.
        totals = leatd.totals()
        assert totals["udp_in"] == totals["udp_out"] + totals["udp_drops"]


@test
def two_of_leatds_own_listeners_do_not_talk_to_each_other():
    """A datagram that says to come from the one is sent to the other: only
    root can forge that over a wire, but the port may be one's own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forged, \
            Leatd("echo:udp:127.0.0.1:0,name=a") as leatd:
        forged.settimeout(HANG)
        try:
            forged.bind(("127.0.0.2", leatd.entry("udp4")["port"]))
        except OSError as error:
            raise Skip("no second loopback address: %s" % error) from error
        forged.sendto(b"ping", leatd.address("udp4")[1])
        with meet(leatd, "udp4") as sock:
            ask(sock, b"after it")
            ask(sock, b"in another turn")
        assert not select.select([forged], [], [], 0)[0]
        assert leatd.totals()["udp_unanswered"] == 1


@test
def what_waits_is_answered_before_the_end():
    with Leatd("echo:udp:0", "echo:0,name=t") as leatd, \
            meet(leatd, "udp4") as sock:
        # Stopped, so that datagrams and TERM are there together.
        leatd.totals()
        leatd.signal(signal.SIGSTOP)
        for i in range(10):
            sock.send(b"%d" % i)
        leatd.signal(signal.SIGTERM)
        leatd.signal(signal.SIGCONT)
        assert [sock.recv(9) for _ in range(10)] == \
            [b"%d" % i for i in range(10)]
        leatd.wait()
        leatd.line(r"info close-udp listener=echo in=10 out=10 in_msgs=10 "
                   r"out_msgs=10 drops=0 unanswered=0$")


@test
def netcat_gets_its_line_back():
    with Leatd("echo:udp:0") as leatd:
        for family, host in (("udp4", "127.0.0.1"), ("udp6", "::1")):
            # -W 1: it ends with the answer.
            done = subprocess.run(
                ["nc", "-u", "-W", "1", host,
                 str(leatd.entry(family)["port"])], input=b"hi\n",
                stdout=subprocess.PIPE, timeout=HANG, check=True,
                preexec_fn=end_with_us)
            assert done.stdout == b"hi\n", (host, done.stdout)


main()
