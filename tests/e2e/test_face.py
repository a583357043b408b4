#!/usr/bin/env python3
"""What leatd shows to whoever starts it: help, the ready line, the log, and
what LISTENER and its keys do."""

import json
import os
import re
import socket
import stat
import subprocess
import tempfile
import time

import e2e
from e2e import Leatd, Stream, exchange, test

KIB = 1024


def ask(sock, key=1, size=1000):
    e2e.send_keyed(sock, key, 0, size)
    e2e.recv_keyed(sock, key, 0, size)


# --- help and version ------------------------------------------------------

@test
def help_is_on_standard_output_and_names_everything():
    for word in ("--help", "-h"):
        code, out, err = e2e.run(word)
        assert (code, err) == (0, "")
        for name in """-h -V -v -q --max-conns --max-memory --busy-poll --park --no-park
                --drain --ready-fd
                --ready-file --die-with-parent --die-with-stdin --lifetime
                --exit-when-idle echo discard name limit high low limit-msgs
                policy idle max max-frame sndbuf rcvbuf lowat backlog nagle
                keepalive mode PORT any: unix: TERM USR1 HUP""".split():
            assert re.search(r"(^|[ ,])%s([ ,=\[P]|$)" % re.escape(name), out,
                             re.M), name
        assert max(map(len, out.splitlines())) <= 80


@test
def version_is_on_standard_output():
    for word in ("--version", "-V"):
        code, out, err = e2e.run(word)
        assert (code, err) == (0, "")
        assert re.fullmatch(r"leatd \d+\.\d+\.\d+\n", out), out


@test
def help_that_cannot_be_written_makes_1():
    with open("/dev/full", "w") as full:
        done = subprocess.run([e2e.LEATD, "--help"], stdout=full, text=True,
                              stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("leatd: cannot write"), done.stderr


# --- ready -----------------------------------------------------------------

@test
def the_ready_line_has_an_entry_for_each_socket():
    with tempfile.TemporaryDirectory() as folder:
        path = folder + '/a "quoted" one.sock'
        with Leatd("echo:0", "discard:127.0.0.1:0,name=only4", "echo:[::1]:0",
                   "echo:unix:" + path) as leatd:
            assert leatd.ready["ready"] is True
            assert leatd.ready["pid"] == leatd.process.pid
            found = [(entry["name"], entry["service"], entry["family"],
                      entry.get("address", entry.get("path")))
                     for entry in leatd.ready["listeners"]]
            assert found == [
                ("echo", "echo", "tcp4", "127.0.0.1"),
                ("echo", "echo", "tcp6", "::1"),
                ("only4", "discard", "tcp4", "127.0.0.1"),
                ("echo-2", "echo", "tcp6", "::1"),
                ("echo-3", "echo", "unix", path)], found
            for entry in leatd.ready["listeners"]:
                keys = {"name", "service", "family"}
                keys |= {"path"} if entry["family"] == "unix" else {
                    "address", "port"}
                assert set(entry) == keys, entry
                sock = leatd.connect(entry["family"], entry["name"])
                if entry["service"] == "echo":
                    ask(sock)


@test
def port_0_is_the_same_number_in_both_families():
    with Leatd(*["echo:0"] * 20, *["discard:any:0"] * 5) as leatd:
        ports = {}
        for entry in leatd.ready["listeners"]:
            ports.setdefault(entry["name"], []).append(entry["port"])
        assert len(ports) == 25
        for pair in ports.values():
            assert len(pair) == 2 and pair[0] == pair[1] > 0, pair
        assert len({pair[0] for pair in ports.values()}) == 25


@test
def ready_fd_1_is_standard_output_and_nothing_else_is():
    done = subprocess.Popen([e2e.LEATD, "--ready-fd", "1", "-v", "echo:0"],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            stdin=subprocess.DEVNULL, text=True,
                            preexec_fn=e2e.end_with_us)
    line = done.stdout.readline()
    assert json.loads(line)["pid"] == done.pid
    assert done.stdout.read() == ""  # it is closed after the line
    done.terminate()
    log = done.communicate(timeout=e2e.HANG)[1]
    assert done.returncode == 0
    assert " info listening " in log and "ready" not in log, log


@test
def standard_output_stays_empty_otherwise():
    with Leatd("-v", "echo:0") as leatd:
        ask(leatd.connect())
        leatd.stop()
        assert leatd.process.stdout.read() == b""


@test
def the_ready_file_appears_whole_and_alone():
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/ready"
        with open(path, "w") as file:
            file.write("of another time")
        inode = os.stat(path).st_ino
        with Leatd("--ready-file", path, "echo:0") as leatd:
            assert os.listdir(folder) == ["ready"]
            with open(path) as file:
                text = file.read()
            assert text.endswith("}\n") and json.loads(text) == leatd.ready
            assert os.stat(path).st_ino != inode  # renamed, not written over


@test
def a_ready_file_that_is_a_pipe_is_written_to_and_stays_one():
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/ready"
        os.mkfifo(path)
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with Leatd("--ready-file", path, "echo:0") as leatd:
            with os.fdopen(reader) as file:
                assert json.loads(file.readline()) == leatd.ready
            assert stat.S_ISFIFO(os.stat(path).st_mode)
        code, _, errors = e2e.run("--ready-file", path, "echo:0")
        assert code == 1 and path in errors, errors  # nobody reads now


# --- addresses -------------------------------------------------------------

@test
def any_is_every_address_of_both_families():
    for word in ("any:0", "*:0"):
        with Leatd("echo:" + word) as leatd:
            addresses = [entry["address"]
                         for entry in leatd.ready["listeners"]]
            assert addresses == ["0.0.0.0", "::"], addresses
            port = leatd.entry("tcp4")["port"]
            for host in ("127.0.0.1", "127.0.0.2", "::1"):
                sock = socket.create_connection((host, port), e2e.HANG)
                ask(sock)
                sock.close()


@test
def a_bare_port_is_loopback_only():
    with Leatd("echo:0") as leatd:
        port = leatd.entry("tcp4")["port"]
        assert e2e.is_refused(socket.AF_INET, ("127.0.0.2", port))


@test
def a_host_name_and_ipv6_without_brackets_are_addresses():
    with Leatd("echo:localhost:0", "echo:::1:0") as leatd:
        for entry in leatd.ready["listeners"]:
            assert entry["address"] in ("127.0.0.1", "::1"), entry
        ask(leatd.connect("tcp6", "echo-2"))


@test
def a_path_with_commas_and_backslashes_is_escaped():
    with tempfile.TemporaryDirectory() as folder:
        with Leatd(r"echo:unix:%s/a\,b\\c=d,name=odd" % folder) as leatd:
            assert leatd.entry("unix", "odd")["path"] == folder + r"/a,b\c=d"
            ask(leatd.connect("unix"))


@test
def the_mode_of_a_unix_socket_is_600_or_what_is_said():
    with tempfile.TemporaryDirectory() as folder:
        with Leatd("echo:unix:%s/a" % folder, "echo:unix:%s/b,mode=666" % folder
                   ):
            modes = [stat.S_IMODE(os.stat(folder + name).st_mode)
                     for name in ("/a", "/b")]
            assert modes == [0o600, 0o666], [oct(mode) for mode in modes]


@test
def at_its_end_leatd_removes_only_its_own_socket():
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/s"
        with Leatd("echo:unix:" + path) as leatd:
            os.unlink(path)
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
                other.bind(path)
            leatd.stop()
            assert os.path.exists(path)


# --- keys ------------------------------------------------------------------

@test
def every_key_with_a_sound_value_is_taken():
    with tempfile.TemporaryDirectory() as folder:
        with Leatd("echo:0,limit=512k,high=64k,low=16k,limit-msgs=100,"
                   "policy=close,idle=5m,max=10,max-frame=4k,sndbuf=64k,"
                   "rcvbuf=64k,lowat=off,backlog=5,nagle,keepalive=30s,name=x",
                   "discard:0,policy=drop-old,nagle=no,keepalive=off,lowat=1k,"
                   "idle=off",
                   "echo:unix:%s/s,policy=drop-new,mode=640" % folder) as leatd:
            exchange([Stream(leatd.connect(name="x"), 1, 1024 * KIB),
                      Stream(leatd.connect("unix"), 2, 1024 * KIB)])


@test
def idle_ends_the_silent_and_the_never_reading_but_not_the_busy():
    with Leatd("echo:0,idle=1s") as leatd:
        silent = leatd.connect()
        frozen = leatd.connect()
        e2e.send_until_stuck(frozen, 1)
        busy = leatd.connect()
        ports = [sock.getsockname()[1] for sock in (silent, frozen)]
        offset = 0
        while len(leatd.closes()) < 2:
            e2e.send_keyed(busy, 3, offset, 10)
            e2e.recv_keyed(busy, 3, offset, 10)
            offset += 10
        for port in ports:
            close = leatd.close_of(port)
            assert close["reason"] == "idle", close
            assert int(close["dur_ms"]) >= 1000, close
        e2e.recv_end(silent)
        e2e.send_keyed(busy, 3, offset, 10)
        e2e.recv_keyed(busy, 3, offset, 10)


LOW = 8 * KIB


def mix_of_limits(limit):
    return "echo:0,limit=%dk,high=%dk,low=%d" % (limit, limit - 72, LOW)


@test
def limit_high_and_low_hold_what_is_queued_for_a_frozen_client():
    for limit in (128, 512):
        with Leatd(mix_of_limits(limit)) as leatd:
            frozen = leatd.connect()
            sent = queued = 0
            # Where the kernel took some after high was reached, the rest lies
            # between low and high, and nothing more is read.
            while queued < LOW:
                sent = e2e.send_until_stuck(frozen, 1, sent)
                totals = leatd.totals()
                queued = totals["in"] - totals["out"]
            assert totals["in"] >= (limit - 72) * KIB, totals
            assert queued <= limit * KIB, totals
            e2e.recv_keyed(frozen, 1, 0, sent)


# --- the log ---------------------------------------------------------------

STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
CLOSE = re.compile(
    STAMP + r" info close listener=(\S+) peer=(\S+) dur_ms=\d+ in=\d+ out=\d+"
    r" in_msgs=\d+ out_msgs=\d+ drops=\d+ reason=(\S+)")


@test
def each_end_is_one_access_line_with_its_reason():
    with tempfile.TemporaryDirectory() as folder:
        with Leatd("echo:0", "echo:0,idle=50ms,name=hasty",
                   "echo:unix:%s/s,name=local" % folder,
                   "--max-memory", "1m", "--drain", "10m",
                   warn=" (memory-high|shed)") as leatd:
            wanted = {}

            def note(sock, reason):
                wanted["127.0.0.1:%d" % sock.getsockname()[1]] = reason

            eof = leatd.connect()
            note(eof, "eof")
            ask(eof)
            eof.close()
            reset = leatd.connect()
            note(reset, "reset")
            ask(reset)
            e2e.reset(reset)
            idle = leatd.connect(name="hasty")
            note(idle, "idle")
            e2e.recv_end(idle)
            piped = leatd.connect("unix")
            wanted["unix:"] = "error:EPIPE"
            e2e.send_until_stuck(piped, 1)
            piped.close()
            leatd.line("reason=error:EPIPE$")
            frozen = [leatd.connect() for _ in range(6)]
            for key, sock in enumerate(frozen):
                try:
                    e2e.send_until_stuck(sock, key)
                except ConnectionError:
                    pass
            leatd.line("reason=shed$")
            for sock in frozen:
                sock.close()
            drain = leatd.connect()
            note(drain, "drain")
            ask(drain)
            leatd.stop()

            closes = [line for line in leatd.lines if " close " in line]
            assert len(closes) == 5 + len(frozen), closes
            reasons = {}
            for line in closes:
                found = CLOSE.fullmatch(line)
                assert found, line
                reasons[found.group(2)] = found.group(3)
            for peer, reason in wanted.items():
                assert reasons[peer] == reason, (peer, reason, reasons)
            assert "shed" in reasons.values()


@test
def a_close_counts_bytes_and_messages():
    with Leatd("echo:0,name=counted") as leatd:
        sock = leatd.connect("tcp6")
        port = sock.getsockname()[1]
        for offset in range(0, 500, 100):
            e2e.send_keyed(sock, 1, offset, 100)
            e2e.recv_keyed(sock, 1, offset, 100)
        sock.close()
        close = leatd.close_of(port)
        del close["dur_ms"]
        assert close == {
            "listener": "counted", "peer": "[::1]:%d" % port, "in": "500",
            "out": "500", "in_msgs": "5", "out_msgs": "5", "drops": "0",
            "reason": "eof"}, close


@test
def times_in_the_log_are_utc():
    before = time.time()
    with Leatd("echo:0") as leatd:
        leatd.stop()
        stamp = leatd.lines[0].split(" ")[0]
        assert re.fullmatch(STAMP, stamp)
        # Not an hour off: that is all a time zone could do.
        text = time.strftime("%Y-%m-%dT%H", time.gmtime(before))
        later = time.strftime("%Y-%m-%dT%H", time.gmtime(before + 600))
        assert stamp[:13] in (text, later), stamp


@test
def quiet_logs_warnings_only_and_verbose_the_opens():
    with Leatd("-q", "echo:0") as leatd:
        ask(leatd.connect())
        leatd.signal(15)
        leatd.wait()
        assert leatd.lines == []
    with Leatd("-v", "echo:0") as leatd:
        sock = leatd.connect()
        leatd.line(r"debug open listener=echo peer=127\.0\.0\.1:%d$"
                   % sock.getsockname()[1])
    with Leatd("echo:0") as leatd:
        ask(leatd.connect())
        leatd.stop()
        assert " debug " not in leatd.log()


e2e.main()
