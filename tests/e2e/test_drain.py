#!/usr/bin/env python3
"""The end of leatd: TERM and INT drain, and no accepted byte is lost."""

import os
import select
import signal
import socket
import subprocess
import tempfile
import threading

import e2e
from e2e import Leatd, keyed, scaled, test

KIB = 1024


def stuck_client(leatd, family="tcp4", key=50):
    """One that does not read; leatd has answers queued that cannot leave."""
    sock = leatd.connect(family)
    return sock, e2e.send_until_stuck(sock, key)


def read_to_end(sock):
    """All there is, up to the end or the reset."""
    parts = []
    try:
        while True:
            parts.append(sock.recv(e2e.CHUNK))
            if not parts[-1]:
                return b"".join(parts)
    except ConnectionError:
        return b"".join(parts)


def blast(sock, key, result):
    """Send keyed bytes as fast as leatd takes them, verify what comes back,
    until the end; store how much came."""
    stream = e2e.Stream(sock, key, 1 << 40)
    poll = select.poll()
    poll.register(sock, select.POLLIN | select.POLLOUT)
    while True:
        poll.poll()
        try:
            stream.send()
        except ConnectionError:
            poll.modify(sock, select.POLLIN)
        try:
            part = sock.recv(e2e.CHUNK)
        except BlockingIOError:
            continue
        except ConnectionError:
            part = b""
        if not part:
            break
        assert part == keyed(key, stream.received, len(part))
        stream.received += len(part)
    result[sock.getsockname()[1]] = stream.received


@test
def term_under_load_returns_every_byte_that_was_accepted():
    """Some send without a pause until they are ended; others have sent all
    when TERM comes and have read nothing."""
    waiting, size = scaled(40, 20), 60 * KIB
    with Leatd("--drain", "600ms", "echo:0") as leatd:
        socks = [leatd.connect() for _ in range(waiting)]
        received = {}
        blasters = [threading.Thread(target=blast, daemon=True,
                                     args=(sock, key, received))
                    for key, sock in enumerate([leatd.connect()
                                                for _ in range(4)])]
        for thread in blasters:
            thread.start()
        for key, sock in enumerate(socks, 100):
            e2e.send_keyed(sock, key, 0, size)
        leatd.signal(signal.SIGTERM)

        for key, sock in enumerate(socks, 100):
            received[sock.getsockname()[1]] = e2e.recv_accepted(leatd, sock, key)
        for thread in blasters:
            thread.join()
        leatd.wait()
        e2e.assert_nothing_is_lost(leatd)
        assert len(received) == 4 + waiting
        for close in leatd.closes():
            port = int(close["peer"].rsplit(":", 1)[1])
            assert close["reason"] in ("drain", "eof"), close
            assert int(close["out"]) == received[port], close


@test
def term_between_requests_lets_each_client_have_its_answer():
    """Clients that wait for one answer before the next question."""
    with Leatd("echo:0") as leatd:
        told = threading.Event()
        wrong = []

        def ask(sock, key):
            offset = 0
            try:
                while True:
                    sock.sendall(keyed(key, offset, 300))
                    if sock.recv(300, socket.MSG_WAITALL) != \
                            keyed(key, offset, 300):
                        break
                    offset += 300
                    if offset > 30000:
                        told.set()
            except ConnectionError:
                pass
            # The last one met the end of leatd: it was not half answered.
            got = leatd.close_of(sock.getsockname()[1])["out"]
            if int(got) != offset:
                wrong.append((key, offset, got))

        threads = [threading.Thread(target=ask, daemon=True,
                                    args=(leatd.connect(), key))
                   for key in range(8)]
        for thread in threads:
            thread.start()
        told.wait()
        leatd.signal(signal.SIGTERM)
        for thread in threads:
            thread.join()
        leatd.wait()
        assert not wrong, wrong


@test
def whoever_waits_in_the_backlog_at_term_is_still_served():
    """SIGSTOP keeps leatd from accepting before the signal is there."""
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/echo.sock"
        with Leatd("echo:0", "echo:unix:" + path) as leatd:
            leatd.signal(signal.SIGSTOP)
            socks = [leatd.connect(family) for family in
                     ("tcp4", "tcp6", "unix") for _ in range(30)]
            for key, sock in enumerate(socks):
                e2e.send_keyed(sock, key, 0, 5000)
            leatd.signal(signal.SIGTERM)
            leatd.signal(signal.SIGCONT)
            for key, sock in enumerate(socks):
                e2e.recv_keyed(sock, key, 0, 5000)
                e2e.recv_end(sock)
            leatd.wait()
        assert not os.path.exists(path)


@test
def listeners_are_closed_while_the_drain_goes_on():
    with tempfile.TemporaryDirectory() as folder:
        with Leatd("--drain", "10m", "echo:0", "echo:unix:%s/s" % folder
                   ) as leatd:
            sock = stuck_client(leatd)[0]
            leatd.signal(signal.SIGTERM)
            leatd.line("info drain why=TERM conns=1")
            for family in ("tcp4", "tcp6", "unix"):
                assert e2e.is_refused(*leatd.address(family)), family
            sock.shutdown(socket.SHUT_WR)
            e2e.recv_accepted(leatd, sock, 50)
            leatd.wait()
            e2e.assert_nothing_is_lost(leatd)


@test
def a_client_that_reads_only_after_term_gets_every_accepted_byte():
    with Leatd("--drain", "10m", "echo:0") as leatd:
        sock = stuck_client(leatd)[0]
        leatd.signal(signal.SIGTERM)
        leatd.line("info drain why=TERM conns=1")
        assert e2e.recv_accepted(leatd, sock, 50) > 64 * KIB
        leatd.wait()
        e2e.assert_nothing_is_lost(leatd)
        assert leatd.closes()[0]["reason"] == "drain"


@test
def term_and_int_with_idle_clients_end_at_once():
    """At once, as the drain's ten minutes would be a hang."""
    for signo in (signal.SIGTERM, signal.SIGINT):
        with Leatd("--drain", "10m", "echo:0") as leatd:
            used = leatd.connect()
            e2e.send_keyed(used, 1, 0, 100)
            e2e.recv_keyed(used, 1, 0, 100)
            silent = leatd.connect("tcp6")
            leatd.signal(signo)
            e2e.recv_end(used)
            e2e.recv_end(silent)
            leatd.wait()


@test
def int_with_an_idle_nc_attached_ends_at_once():
    with Leatd("--drain", "10m", "echo:0") as leatd:
        nc = subprocess.Popen(
            ["nc", "127.0.0.1", str(leatd.entry("tcp4")["port"])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            preexec_fn=e2e.end_with_us)
        nc.stdin.write(b"hi\n")
        nc.stdin.flush()
        assert nc.stdout.readline() == b"hi\n"
        leatd.signal(signal.SIGINT)
        leatd.wait()
        assert "info drain why=INT conns=1" in leatd.log()
        nc.communicate(timeout=e2e.HANG)


@test
def without_clients_term_ends_at_once_with_0():
    with Leatd("--drain", "10m", "echo:0") as leatd:
        leatd.signal(signal.SIGTERM)
        leatd.wait()


@test
def a_second_term_or_int_ends_the_drain_and_loss_makes_3():
    for first, second in ((signal.SIGTERM, signal.SIGTERM),
                          (signal.SIGINT, signal.SIGINT),
                          (signal.SIGTERM, signal.SIGINT)):
        with Leatd("--drain", "10m", "echo:0", code=3,
                   warn=" warn drained lost=") as leatd:
            sock, sent = stuck_client(leatd)
            leatd.signal(first)
            leatd.line("info drain why=")
            leatd.signal(second)
            leatd.wait()
            got = read_to_end(sock)
            assert len(got) < sent
            lost = int(leatd.line(r"drained lost=(\d+)").group(1))
            close = leatd.closes()[0]
            assert close["reason"] == "drain", close
            assert lost == int(close["in"]) - int(close["out"]), close


@test
def a_second_term_where_nothing_is_owed_makes_0():
    """The client does not end, as it goes on sending; nothing is queued."""
    with Leatd("--drain", "10m", "discard:0") as leatd:
        stop = threading.Event()

        def send_for_ever(sock):
            try:
                while not stop.is_set():
                    sock.sendall(bytes(e2e.CHUNK))
            except ConnectionError:
                pass

        thread = threading.Thread(target=send_for_ever, daemon=True,
                                  args=(leatd.connect(),))
        thread.start()
        try:
            leatd.signal(signal.SIGTERM)
            leatd.line("info drain why=TERM")
            leatd.signal(signal.SIGTERM)
            leatd.wait()
        finally:
            stop.set()
            thread.join()


@test
def a_signal_that_comes_while_leatd_ends_does_not_change_the_exit_status():
    """From the start of the drain to the last moment of the process."""
    for signo in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP,
                  signal.SIGUSR1):
        with Leatd("echo:0") as leatd:
            sock = leatd.connect()
            leatd.signal(signal.SIGTERM)
            leatd.line("info drain why=TERM")
            while leatd.process.poll() is None:
                leatd.signal(signo)
            leatd.wait()
            sock.close()


@test
def the_drain_has_a_deadline_and_loss_makes_3():
    for drain in ("0s", "200ms"):
        with Leatd("--drain", drain, "echo:0", code=3,
                   warn=" warn drained lost=") as leatd:
            frozen = stuck_client(leatd)[0]
            leatd.signal(signal.SIGTERM)
            leatd.wait()
            assert "info drain-cut conns=1" in leatd.log()
            frozen.close()


@test
def who_never_pauses_is_ended_and_what_came_after_is_told():
    """What comes after the end is received, as a close with unread input would
    reset the answers under way; all that came before it is answered."""
    with Leatd("--drain", "400ms", "echo:0") as leatd:
        sock = leatd.connect()
        sock.setblocking(False)
        got, senders = 0, [sock]
        leatd.signal(signal.SIGTERM)
        while True:
            readable, writable, _ = select.select([sock], senders, [], 1)
            try:
                if writable:
                    sock.send(bytes(64 * KIB))
            except BlockingIOError:
                pass
            except ConnectionError:  # closed, as it was quiet for a moment
                senders = []
            try:
                data = sock.recv(e2e.CHUNK) if readable else b"-"
                got += len(data) if readable else 0
            except ConnectionResetError:
                data = b""
            if not data:
                break
        sock.close()
        leatd.wait()
        unserved = int(leatd.line(r"drained lost=0 unserved=(\d+)").group(1))
        close = leatd.closes()[0]
        assert got == int(close["out"]), (got, close)
        assert unserved == int(close["in"]) - got, close


@test
def one_that_is_lost_does_not_cost_the_others_a_byte():
    with Leatd("--drain", "500ms", "echo:0", code=3,
               warn=" warn drained lost=") as leatd:
        frozen = stuck_client(leatd)[0]
        socks = [leatd.connect() for _ in range(20)]
        for key, sock in enumerate(socks):
            e2e.send_keyed(sock, key, 0, 50 * KIB)
        leatd.signal(signal.SIGTERM)
        for key, sock in enumerate(socks):
            e2e.recv_accepted(leatd, sock, key)
        leatd.wait()
        frozen.close()


e2e.main()
