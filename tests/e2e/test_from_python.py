#!/usr/bin/env python3
"""docs/from-python.md: its Python parses, its C compiles, what is whole runs,
and the mistakes that it tells of are those of the Python server and not of
leat's."""

import ast
import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading

import e2e
from e2e import test

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
with open(ROOT + "/docs/from-python.md", encoding="utf-8") as page:
    TEXT = page.read()

# (name or "", language, code) of each snippet.
SNIPPETS = re.findall(
    r"(?:^<!-- run: (\S+) -->\n)?^```(python|c)\n(.*?)^```$", TEXT, re.M | re.S)
WHOLE = {name: code for name, _, code in SNIPPETS if name}

# What the fragments leave out.
BEFORE = """
#include <leat/leat.h>
#include <stdbool.h>
#include <stdio.h>
#define SOURCE_SIZE 100
struct source;
bool source_has_more(struct source *source);
const void *source_next(struct source *source);
"""
AROUND = """
struct robot { bool is_over; };
void move(struct robot *robot);
void wait_for_next_frame(void);
int fragment(struct leat_loop *loop, struct leat_conn *conn,
    const struct leat_addr *addrs, size_t count, const char *reply,
    size_t reply_len);
int fragment(struct leat_loop *loop, struct leat_conn *conn,
    const struct leat_addr *addrs, size_t count, const char *reply,
    size_t reply_len)
{
    static const struct leat_conn_ops ops;
    struct robot robot = {false};
    (void)loop, (void)conn, (void)addrs, (void)count, (void)reply;
    (void)reply_len, (void)ops, (void)robot;
{
%s
}
    return 0;
}
"""

CC = [os.environ.get("CC", "cc"), "-std=c11", "-D_GNU_SOURCE", "-Wall",
      "-Wextra", "-Werror", "-I" + ROOT + "/include"]


def compile_c(code, *options):
    done = subprocess.run([*CC, "-x", "c", "-", *options], input=code,
                          text=True, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 0, code + done.stderr


# --- all of them -----------------------------------------------------------

@test
def every_snippet_is_looked_at():
    assert len(SNIPPETS) == len(re.findall(r"^```\w+$", TEXT, re.M)) > 15
    assert set(WHOLE) == {"select_server.py", "echo.c", "poll_client.py",
                          "ask.py", "ask.c"}


@test
def python_snippets_parse():
    for _name, language, code in SNIPPETS:
        if language == "python":
            ast.parse(code)


@test
def c_snippets_compile():
    for name, language, code in SNIPPETS:
        if language != "c":
            continue
        with e2e.context(code):
            if not name and code.startswith("static"):
                compile_c(BEFORE + code, "-fsyntax-only", "-Wno-unused")
            elif not name:
                compile_c(BEFORE + AROUND % code, "-fsyntax-only",
                          "-Wno-unused")
            else:
                compile_c(code, "-fsyntax-only")


# --- programs --------------------------------------------------------------

FOLDER = tempfile.TemporaryDirectory()  # for all of them


def build(name):
    """The program of a C snippet, linked as a user would link it."""
    path = FOLDER.name + "/" + name[:-2]
    folder = os.path.dirname(e2e.LEATD)
    options = ["-L" + folder, "-lleat", "-Wl,-rpath," + folder, "-o", path]
    if e2e.is_sanitized():
        options.append("-fsanitize=address,undefined")
    compile_c(WHOLE[name], *options)
    return [path]


def script(name):
    path = FOLDER.name + "/" + name
    with open(path, "w", encoding="utf-8") as file:
        file.write(WHOLE[name])
    return [sys.executable, path]


@contextlib.contextmanager
def running(command):
    with subprocess.Popen(command, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True,
                          preexec_fn=e2e.end_with_us) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def connect(address, rcvbuf=0):
    sock = socket.socket(socket.AF_UNIX if isinstance(address, str)
                         else socket.AF_INET)
    sock.settimeout(e2e.HANG)
    if rcvbuf:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
    sock.connect(address)
    return sock


@contextlib.contextmanager
def python_server():
    """The server of the lessons, and where it is."""
    with running(script("select_server.py") + ["0"]) as process:
        port = int(process.stdout.readline().split()[-1])
        yield process, ("127.0.0.1", port)


@contextlib.contextmanager
def leat_server():
    with e2e.Leatd("echo:127.0.0.1:0") as leatd:
        yield leatd.process, leatd.address("tcp4")[1]


def is_alive(process, address):
    """Whether it still echoes to somebody new."""
    if process.poll() is not None:
        return False
    try:
        with connect(address) as sock:
            sock.sendall(b"alive?")
            return e2e.recv_exactly(sock, 6) == b"alive?"
    except ConnectionError:
        return False


def recv_rest(sock):
    """What comes until the end, or until a reset."""
    data = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while True:
            more = sock.recv(65536)
            if not more:
                break
            data += more
    return bytes(data)


@test
def servers_and_clients_understand_each_other():
    echo = build("echo.c")
    path = FOLDER.name + "/sock"
    with running([*echo, "unix:" + path]) as process:
        while e2e.is_refused(socket.AF_UNIX, path):
            assert process.poll() is None, process.stderr.read()
        with connect(path) as sock:
            sock.sendall(b"Hello, world")
            sock.shutdown(socket.SHUT_WR)
            assert recv_rest(sock) == b"Hello, world"
        done = subprocess.run([*build("ask.c"), "unix:" + path], check=True,
                              capture_output=True, text=True)
        assert (done.stdout, done.stderr) == ("received Hello, world\n", "")


@test
def python_client_is_served_by_leat():
    with leat_server() as (_process, address):
        done = subprocess.run([*script("ask.py"), str(address[1])], check=True,
                              capture_output=True, text=True)
        assert done.stdout == "received Hello, world\n", done.stdout


@test
def python_server_echoes():
    with python_server() as (process, address):
        assert is_alive(process, address)
        with connect(address) as sock:
            sock.sendall(b"Hello, world")
            assert e2e.recv_exactly(sock, 12) == b"Hello, world"


@test
def python_frame_loop_is_polled():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with running([*script("poll_client.py"), str(port)]) as process:
            sock = listener.accept()[0]
            sock.settimeout(e2e.HANG)
            file = sock.makefile("rb")
            sock.sendall(b"forward")
            first = file.readline()
            sock.sendall(b"stop")
            assert int(file.readline().split()[1]) \
                > int(first.split()[1]), first
            file.close()
            sock.close()
            out, err = process.communicate(timeout=e2e.HANG)
            assert re.fullmatch(r"over after \d+ frames\n", out), out
            assert err == ""


@test
def c_client_says_that_nobody_answers():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = "127.0.0.1:%d" % nobody.getsockname()[1]
        done = subprocess.run([*build("ask.c"), address], check=False,
                              capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "connection refused\n")


# --- the mistakes, on one and on the other ---------------------------------

@test
def a_reset_ends_the_python_server():
    for server, survives in ((python_server, False), (leat_server, True)):
        with server() as (process, address):
            sock = connect(address)
            sock.sendall(b"x")
            assert sock.recv(1) == b"x"
            e2e.reset(sock)
            if not survives:
                process.wait(e2e.HANG)
                assert "ConnectionResetError" in process.stderr.read()
            assert is_alive(process, address) == survives


@test
def an_urgent_byte_costs_the_python_client_its_connection():
    for server, survives in ((python_server, False), (leat_server, True)):
        with server() as (_process, address):
            with connect(address) as sock:
                sock.send(b"!", socket.MSG_OOB)
                with contextlib.suppress(OSError):  # it may be gone already
                    sock.shutdown(socket.SHUT_WR)
                assert (recv_rest(sock) == b"!") == survives


SIZE = e2e.scaled(32, 16) << 20  # far more than two kernels keep


def send_and_shut(sock):
    e2e.send_keyed(sock, 1, 0, SIZE)
    sock.shutdown(socket.SHUT_WR)


@test
def the_python_server_keeps_everything_for_one_who_does_not_read():
    with python_server() as (_process, address):
        with connect(address, 65536) as sock:
            e2e.send_keyed(sock, 1, 0, SIZE)  # every byte of it is taken
    with leat_server() as (_process, address):
        with connect(address, 65536) as sock:
            assert e2e.send_until_stuck(sock, 1) < SIZE


@test
def a_half_close_costs_the_replies_of_the_python_server():
    with python_server() as (_process, address):
        with connect(address, 65536) as sock:
            send_and_shut(sock)
            assert len(recv_rest(sock)) < SIZE
    with leat_server() as (_process, address):
        with connect(address, 65536) as sock:
            sender = threading.Thread(target=send_and_shut, args=(sock,))
            sender.start()
            e2e.recv_keyed(sock, 1, 0, SIZE)
            e2e.recv_end(sock)
            sender.join()


@test
def descriptor_1024_ends_the_python_server():
    e2e.need_files(2300)
    for server, survives in ((python_server, False), (leat_server, True)):
        with server() as (process, address), contextlib.ExitStack() as socks:
            try:
                for _ in range(1100):  # one by one: each is served at once
                    sock = socks.enter_context(connect(address))
                    sock.sendall(b"x")
                    assert sock.recv(1) == b"x"
                assert survives
            except (AssertionError, ConnectionError):
                assert not survives
                process.wait(e2e.HANG)
                assert "ValueError" in process.stderr.read()


e2e.main()
