#!/usr/bin/env python3
"""Logins of a hub: the helper process that looks at passwords holds nobody up,
holds nothing else, and leaves nothing behind.

Where a test needs passwords that are not answered yet it stops the helper by a
signal, so that nothing depends on how long a hash takes."""

import contextlib
import os
import re
import select
import signal
import socket
import struct
import tempfile

import e2e
import tool
from e2e import Leatd, test

QUEUE = 64
ENDED = "warn login-helper .*the login helper has ended"


class Logins:
    """A login file with cheap hashes, in a folder of its own."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "logins")
        self.add("anna", "secret")

    def add(self, name, password):
        tool.prints(b"", "passwd", "--cost=1", self.path, name,
                    given=password.encode() + b"\n")

    def write(self, text):
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.cleanup()


@contextlib.contextmanager
def serving(*more, keys="", **options):
    """A login file and a leatd with a hub that uses it."""
    with Logins() as logins:
        with Leatd("hub:0,login=%s%s" % (logins.path, keys), *more,
                   **options) as leatd:
            yield logins, leatd


def status(pid):
    """State, parent and nice of a process; None when there is none."""
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii") as file:
            fields = file.read().rpartition(") ")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return fields[0], int(fields[1]), int(fields[16])


def helpers(leatd):
    """The children that leatd has, whatever state they are in."""
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [pid for pid in pids if (status(pid) or (0, 0))[1] == leatd.pid]


def helper(leatd):
    (pid,) = helpers(leatd)
    return pid


def say(sock, text):
    sock.sendall(text.encode() + b"\n")


def hear(sock):
    """A line; nothing may come behind it."""
    line = b""
    while not line.endswith(b"\n"):
        part = sock.recv(4096)
        assert part, "%r and the end" % line
        line += part
    assert line.count(b"\n") == 1, line
    return line.decode().rstrip("\n")


def asks(sock, text, answer):
    say(sock, text)
    assert re.match(answer, hear(sock)), answer


def wait_lines(leatd, count):
    """Until so many lines of clients were looked at."""
    while (seen := leatd.totals()["in_msgs"]) < count:
        pass
    assert seen == count, "%d lines, not %d" % (seen, count)


def is_silent(sock):
    return not select.select([sock], [], [], 0)[0]


def first(sock):
    """A line; others may follow."""
    line = b""
    while not line.endswith(b"\n"):
        part = sock.recv(1)
        assert part, "%r and the end" % line
        line += part
    return line.decode()


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    sock.close()


def wait_stopped(pid):
    """A stopped process does not run any more once its state says so."""
    os.kill(pid, signal.SIGSTOP)
    while status(pid)[0] not in "Tt":
        select.select([], [], [], 0.001)


# --- nobody waits ----------------------------------------------------------

@test
def many_wrong_logins_at_once_leave_others_undisturbed():
    with serving("echo:0") as (_, leatd):
        anna = leatd.connect(name="hub")
        asks(anna, "/login anna secret", r"\* you are anna in lobby")
        wait_stopped(helper(leatd))
        crowd = [leatd.connect(name="hub") for _ in range(QUEUE)]
        for sock in crowd:
            say(sock, "/login anna wrong")
        wait_lines(leatd, 1 + QUEUE)
        late = leatd.connect(name="hub")
        asks(late, "/login anna wrong", "! BUSY ")
        turns = leatd.totals()["turns"]
        echo = leatd.connect(name="echo")
        for number in range(200):
            e2e.send_keyed(echo, 1, number * 100, 100)
            e2e.recv_keyed(echo, 1, number * 100, 100)
            asks(anna, "/ping", r"\* pong")
        # Two turns for each exchange, and one to flush; never a spin.
        assert leatd.totals()["turns"] - turns < 6 * 200
        assert all(is_silent(sock) for sock in crowd)
        os.kill(helper(leatd), signal.SIGCONT)
        for sock in crowd:
            assert hear(sock).startswith("! AUTH ")


@test
def a_client_that_waits_for_its_answer_is_not_read():
    with serving() as (_, leatd):
        wait_stopped(helper(leatd))
        sock = leatd.connect()
        say(sock, "/login anna secret\n/ping\n/ping")
        wait_lines(leatd, 1)
        other = leatd.connect()
        asks(other, "/ping", r"\* pong")
        wait_lines(leatd, 2)
        assert is_silent(sock)
        os.kill(helper(leatd), signal.SIGCONT)
        got = e2e.recv_exactly(sock, len("* you are anna in lobby\n") + 14)
        assert got == b"* you are anna in lobby\n* pong\n* pong\n", got


@test
def who_goes_while_he_waits_is_forgotten():
    with serving() as (_, leatd):
        wait_stopped(helper(leatd))
        for number in range(3):
            sock = leatd.connect()
            say(sock, "/login anna secret")
            wait_lines(leatd, number + 1)
            # A paused connection learns of it when it is written to.
            reset(sock)
        os.kill(helper(leatd), signal.SIGCONT)
        sock = leatd.connect()
        while True:  # until the three have been let in and have left again
            say(sock, "/login anna secret")
            line = hear(sock)
            if line.startswith("* you are anna"):
                break
            assert line.startswith("! TAKEN"), line


# --- the helper is a process of its own ------------------------------------

@test
def the_helper_has_one_descriptor_and_is_nice():
    with serving("echo:0", "stamp:0") as (_, leatd):
        asks(leatd.connect(), "/login anna secret", r"\* you are anna")
        pid = helper(leatd)
        assert status(pid)[2] == 10, status(pid)
        folder = "/proc/%d/fd" % pid
        assert os.listdir(folder) == ["0"], os.listdir(folder)
        assert os.readlink(folder + "/0").startswith("socket:")
        with open("/proc/%d/environ" % pid, "rb") as file:
            assert file.read() == b""
        with open("/proc/%d/cmdline" % pid, "rb") as file:
            assert file.read() == b"leatd\0--login-helper\0"


@test
def signals_to_the_helper_do_not_end_it():
    with serving() as (_, leatd):
        pid = helper(leatd)
        asks(leatd.connect(), "/login anna wrong", "! AUTH ")
        for signo in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(pid, signo)
        asks(leatd.connect(), "/login anna secret", r"\* you are anna")
        assert helper(leatd) == pid


@test
def a_helper_that_is_killed_costs_nobody_his_login():
    with serving(warn=ENDED) as (logins, leatd):
        logins.add("bob", "secret")
        leatd.signal(signal.SIGHUP)
        leatd.line("info reloaded")
        pid = helper(leatd)
        wait_stopped(pid)
        socks = [leatd.connect() for _ in range(10)]
        for number, sock in enumerate(socks):
            say(sock, "/login %s secret" % ("anna", "bob", "eve")[number % 3])
        wait_lines(leatd, 10)
        os.kill(pid, signal.SIGKILL)
        heard = {}
        for sock in socks:
            word = re.match(r"[*!] (\w+)", first(sock)).group(1)
            heard[word] = heard.get(word, 0) + 1
        assert heard == {"you": 2, "TAKEN": 5, "AUTH": 3}, heard
        leatd.line(ENDED)
        # It was reaped before the next one was started.
        assert status(pid) is None and helper(leatd) != pid


# --- the end ---------------------------------------------------------------

@test
def the_end_of_leatd_is_the_end_of_the_helper():
    with serving() as (_, leatd):
        pid = helper(leatd)
        asks(leatd.connect(), "/login anna secret", r"\* you are anna")
        leatd.stop()
        assert status(pid) is None, "a zombie is left"


@test
def a_drain_does_not_wait_for_a_helper_that_is_stuck():
    with serving("--drain=1s") as (_, leatd):
        pid = helper(leatd)
        wait_stopped(pid)
        sock = leatd.connect()
        say(sock, "/login anna secret")
        wait_lines(leatd, 1)
        leatd.stop()
        assert status(pid) is None, "a zombie is left"


@test
def a_wrong_start_leaves_no_helper():
    with Logins() as logins:
        code, _, err = e2e.run("hub:0,login=" + logins.path,
                               "echo:203.0.113.9:1")
        assert code == 1 and "cannot listen on" in err, (code, err)


@test
def a_helper_whose_leatd_was_killed_ends():
    with serving(code=-signal.SIGKILL) as (_, leatd):
        pid = helper(leatd)
        leatd.signal(signal.SIGKILL)
        leatd.process.wait(e2e.HANG)
        # Who reaps it then is not for leatd to say.
        while (status(pid) or "Z")[0] != "Z":
            select.select([], [], [], 0.01)


# --- the login file --------------------------------------------------------

@test
def hup_reads_the_file_again_and_a_bad_one_leaves_the_old():
    with serving(warn="warn not-reloaded") as (logins, leatd):
        logins.add("bob", "other")
        asks(leatd.connect(), "/login bob other", "! AUTH ")
        leatd.signal(signal.SIGHUP)
        leatd.line("info reloaded listener=hub$")
        asks(leatd.connect(), "/login bob other", r"\* you are bob")

        logins.write("# nobody\nanna\n")
        leatd.signal(signal.SIGHUP)
        leatd.line("warn not-reloaded listener=hub text=\"login file .*"
                   ": line 2: no colon after the name\"$")
        os.unlink(logins.path)
        start = len(leatd.lines)
        leatd.signal(signal.SIGHUP)
        leatd.line("warn not-reloaded .*cannot read login file", start)
        anna = leatd.connect()
        asks(anna, "/login anna secret", r"\* you are anna")

        logins.add("carl", "third")
        start = len(leatd.lines)
        leatd.signal(signal.SIGHUP)
        leatd.line("info reloaded listener=hub$", start)
        asks(leatd.connect(), "/login anna secret", "! AUTH ")
        asks(leatd.connect(), "/login carl third", r"\* you are carl")
        assert first(anna) == "* carl joined\n"  # she stays


@test
def hup_is_for_each_hub_that_has_a_file():
    with serving("echo:0", "hub:0") as (_, leatd):
        leatd.signal(signal.SIGHUP)
        leatd.line("info reloaded listener=hub$")
        asks(leatd.connect(), "/login anna secret", r"\* you are anna")
        assert "nothing to reload" not in leatd.log()
        assert len(re.findall("reloaded", leatd.log())) == 1


@test
def a_bad_file_is_a_wrong_start():
    with Logins() as logins:
        hub = "hub:0,login=" + logins.path
        for text, told in (("anna:x\n", "line 1: no hash that crypt"),
                           ("#\n\nan na:$1$x\n", "line 3: a name is"),
                           ("", "nobody is in it")):
            logins.write(text)
            code, out, err = e2e.run(hub)
            assert (code, out) == (2, "") and told in err, (code, err)
        os.unlink(logins.path)
        code, _, err = e2e.run(hub)
        assert code == 2 and "cannot read login file" in err, (code, err)


@test
def who_does_not_log_in_is_sent_away():
    with serving(keys=",login-time=50ms") as (_, leatd):
        sock = leatd.connect()
        assert hear(sock).startswith("! TIMEOUT ")
        e2e.recv_end(sock)


@test
def passwords_are_in_no_log_and_no_command_line():
    with serving("--verbose") as (_, leatd):
        sock = leatd.connect()
        asks(sock, "/login anna wr0ng-pass", "! AUTH ")
        asks(sock, "/login t0p-secret x", "! AUTH ")
        asks(sock, "/login anna secret", r"\* you are anna")
        leatd.stop()
        assert not re.search("wr0ng|t0p|text=secret", leatd.log())


e2e.main()
