#!/usr/bin/env python3
"""Every wrong start names the word that is wrong, in one line, and leaves
nothing open: exit status 2 for a wrong word, 1 for what the host refuses."""

import os
import re
import socket
import stat
import tempfile

import e2e
from e2e import Leatd, test


def fails(code, words, *args, **more):
    """leatd with args ends with code; its one line has each of words."""
    with e2e.context(" ".join(args)):
        found, out, err = e2e.run(*args, **more)
        assert found == code, (found, err)
        assert out == "", out
        assert re.fullmatch(r"leatd: [ -~]+\n", err), err
        for word in words:
            assert word in err, (word, err)


# The arguments, and what the line must name.
WORDS = (
    # options
    (["--redy-fd=1"], ["'--redy-fd'", "--ready-fd"]),
    (["--nonsense"], ["'--nonsense'"]),
    (["-x"], ["'-x'"]),
    (["-qx"], ["'-x'"]),
    (["--drain"], ["'drain'", "no value"]),
    (["--drain=5"], ["'5'", "drain", "unit"]),
    (["--drain", "5parsecs"], ["'5parsecs'", "drain"]),
    (["--drain=-1s"], ["'-1s'", "drain"]),
    (["--drain=99999999999999999999d"], ["drain", "smaller"]),
    (["--lifetime=0s"], ["'0s'", "lifetime", "1ms"]),
    (["--exit-when-idle=soon"], ["'soon'", "exit-when-idle"]),
    (["--busy-poll=50"], ["'50'", "busy-poll", "unit"]),
    (["--busy-poll=1001ms"], ["'1001ms'", "busy-poll", "1s"]),
    (["--max-conns=0"], ["'0'", "max-conns"]),
    (["--max-conns=many"], ["'many'", "max-conns"]),
    (["--max-memory=1q"], ["'1q'", "max-memory"]),
    (["--max-memory="], ["''", "max-memory"]),
    (["--ready-fd=-1"], ["'-1'", "ready-fd"]),
    (["--ready-fd=2"], ["'2'", "ready-fd"]),
    (["--ready-fd=99"], ["ready-fd"]),
    (["--help=me"], ["'help'", "no value"]),
    (["-q", "--quite"], ["'--quite'", "--quiet"]),
    (["echo:0", "--nonsense"], ["'--nonsense'"]),
    # services
    (["ecko:0"], ["'ecko'", "echo"]),
    (["discrad:0"], ["'discrad'", "discard"]),
    (["7000"], ["'7000'", "service"]),
    ([""], ["''", "service"]),
    (["echo"], ["'echo'", "address"]),
    (["echo:"], ["'echo'", "address"]),
    (["echo:0", "ecko:0"], ["'ecko'"]),
    # addresses
    (["echo:65536"], ["'65536'", "address"]),
    (["echo:-1"], ["'-1'", "address"]),
    (["echo:99999999999999999999"], ["'99999999999999999999'", "address"]),
    (["echo:127.0.0.1"], ["'127.0.0.1'", "address"]),
    (["echo:127.0.0.1:"], ["'127.0.0.1:'", "address"]),
    (["echo:127.0.0.1:http"], ["'127.0.0.1:http'", "address"]),
    (["echo:[::1"], ["'[::1'", "address"]),
    (["echo:[::1]"], ["'[::1]'", "address"]),
    (["echo:any"], ["'any'", "address"]),
    (["echo:fd:3"], ["'fd:3'", "address"]),
    (["greet:udp:7"], ["'greet'", "udp", "echo, stamp, discard"]),
    (["echo:udp:"], ["'echo'", "address"]),
    (["echo:udp:x"], ["'x'", "address"]),
    (["echo:udp:65536"], ["'65536'", "address"]),
    (["echo:udp:unix:/x"], ["'unix:/x'", "udp", "unix"]),
    (["stamp:udp:any:0"], ["'udp:any:0'", "loopback", "open"]),
    (["stamp:udp:0.0.0.0:0"], ["'udp:0.0.0.0:0'", "loopback", "open"]),
    (["echo:unix:"], ["'unix:'", "address"]),
    (["echo:unix:/tmp/" + "x" * 110], ["xxx", "path", "too long"]),
    # keys
    (["echo:0,nmae=x"], ["'nmae'", "name"]),
    (["echo:0,"], ["''", "key"]),
    (["echo:0,=x"], ["''", "key"]),
    (["echo:0,name"], ["'name'", "no value"]),
    (["echo:0,name="], ["''", "name"]),
    (["echo:0,name=" + "n" * 49], ["nnn", "name", "48"]),
    (["echo:0,name=a", "discard:0,name=a"], ["'a'", "twice"]),
    (["echo:0,max=1,max=2"], ["'max'", "twice"]),
    (["echo:0,idle=5"], ["'5'", "idle", "unit"]),
    (["echo:0,idle=5 s"], ["'5 s'", "idle"]),
    (["echo:0,limit=10k"], ["'10k'", "limit", "72k"]),
    (["echo:0,limit=1z"], ["'1z'", "limit"]),
    (["echo:0,limit=-1"], ["'-1'", "limit"]),
    (["echo:0,limit=999999999999999999999"], ["999999999999999999999"]),
    (["echo:0,low=64k,high=64k"], ["'low'", "high"]),
    (["echo:0,low=200k,high=100k"], ["'low'", "high"]),
    (["echo:0,limit=128k,high=64k"], ["'limit'", "at least"]),
    (["echo:0,limit-msgs=1"], ["'1'", "limit-msgs"]),
    (["echo:0,policy=drop"], ["'drop'", "policy", "drop-new", "drop-old"]),
    (["echo:0,max=0"], ["'0'", "max"]),
    (["echo:0,max=1.5"], ["'1.5'", "max"]),
    (["echo:0,max-frame=0"], ["'0'", "max-frame"]),
    (["echo:0,sndbuf=x"], ["'x'", "sndbuf"]),
    (["echo:0,rcvbuf=x"], ["'x'", "rcvbuf"]),
    (["echo:0,lowat=0"], ["'0'", "lowat"]),
    (["echo:0,backlog=x"], ["'x'", "backlog"]),
    (["echo:0,nagle=maybe"], ["'maybe'", "nagle"]),
    (["echo:0,keepalive=1ms"], ["'1ms'", "keepalive", "1s"]),
    (["echo:0,mode=999"], ["'999'", "mode"]),
    (["echo:0,mode=1777"], ["'1777'", "mode"]),
    (["echo:0,open"], ["'open'", "udp"]),
    (["echo:udp:0,idle=5s"], ["'idle'", "udp"]),
    (["stamp:udp:0,open=maybe"], ["'maybe'", "open"]),
)


@test
def each_wrong_word_is_named_and_makes_2():
    for args, words in WORDS:
        fails(2, words, *args)


@test
def what_is_wrong_is_told_without_control_characters():
    fails(2, [r"\x1b[2J\x0a"], "echo:0,\033[2J\n=1")
    fails(2, [r"caf\xc3\xa9"], "--café")
    fails(2, ["unknown service 'x"], "x" * 100000 + ":0")


@test
def an_address_in_use_is_named_and_makes_1():
    with Leatd("echo:0") as leatd:
        port = leatd.entry("tcp4")["port"]
        for address in (str(port), "127.0.0.1:%d" % port, "[::1]:%d" % port,
                        "any:%d" % port):
            fails(1, ["'%s'" % address, "in use"], "echo:" + address)


@test
def an_address_in_use_in_one_family_only_is_an_error_too():
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as taken:
        taken.bind(("::1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        fails(1, ["'%d'" % port, "in use"], "echo:%d" % port)


@test
def an_address_that_is_not_of_this_host_makes_1():
    fails(1, ["'192.0.2.1:0'", "not an address"], "echo:192.0.2.1:0")


@test
def a_live_unix_socket_is_left_alone_and_makes_1():
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/echo.sock"
        with Leatd("echo:unix:" + path) as leatd:
            fails(1, ["'unix:%s'" % path, "in use"], "echo:unix:" + path)
            sock = leatd.connect("unix")
            sock.sendall(b"alive")
            assert e2e.recv_exactly(sock, 5) == b"alive"


@test
def a_live_unix_socket_with_a_full_backlog_is_live():
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/full.sock"
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
            other.bind(path)
            other.listen(0)
            full = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            full.connect(path)
            fails(1, ["in use"], "echo:unix:" + path)
            full.close()


@test
def a_datagram_socket_at_the_path_is_live():
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/dgram.sock"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.bind(path)
            fails(1, ["in use"], "echo:unix:" + path)


@test
def a_stale_unix_socket_is_replaced():
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/stale.sock"
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
            dead.bind(path)
            dead.listen()
        with Leatd("echo:unix:" + path) as leatd:
            sock = leatd.connect("unix")
            sock.sendall(b"new")
            assert e2e.recv_exactly(sock, 3) == b"new"
        assert not os.path.exists(path)


@test
def what_is_no_socket_is_left_alone_and_makes_1():
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/precious"
        with open(path, "w") as file:
            file.write("data")
        fails(1, ["'unix:%s'" % path], "echo:unix:" + path)
        with open(path) as file:
            assert file.read() == "data"
        # A link is not followed, even to a stale socket.
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
            dead.bind(folder + "/stale")
        os.symlink(folder + "/stale", folder + "/link")
        fails(1, ["link"], "echo:unix:%s/link" % folder)
        assert stat.S_ISSOCK(os.lstat(folder + "/stale").st_mode)


@test
def a_missing_directory_makes_1():
    fails(1, ["'unix:/nonexistent/s'", "no such"], "echo:unix:/nonexistent/s")


@test
def of_several_listeners_all_are_opened_or_none():
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/first.sock"
        with Leatd("echo:0") as leatd:
            port = str(leatd.entry("tcp4")["port"])
            fails(1, ["'%s'" % port, "in use"],
                  "--ready-file", folder + "/ready",
                  "echo:unix:" + path, "echo:0", "echo:" + port)
        assert os.listdir(folder) == []


@test
def a_ready_file_that_cannot_be_written_makes_1_and_leaves_nothing():
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/s"
        code, out, err = e2e.run("-q", "--ready-file", "/nonexistent/ready",
                                 "echo:unix:" + path)
        assert (code, out) == (1, ""), (code, out)
        assert "'/nonexistent/ready'" in err, err
        assert os.listdir(folder) == []


@test
def a_wrong_start_is_told_even_where_nobody_reads():
    """Standard error is a full pipe, or closed: it ends all the same."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 4096)
    except BlockingIOError:
        pass
    os.set_blocking(writer, True)
    assert e2e.call("--nonsense", stderr=writer) == 2
    os.close(reader)
    os.close(writer)
    assert e2e.call("--nonsense", prefix=[
        "sh", "-c", 'exec "$@" 2>&-', "-"]) == 2


e2e.main()
