#!/usr/bin/env python3
"""docs/embedding.md: its C compiles, and the room that it shows is one."""

import os
import re
import socket
import subprocess
import tempfile

import e2e
from e2e import test

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
with open(ROOT + "/docs/embedding.md", encoding="utf-8") as page:
    TEXT = page.read()

# (name or "", code) of each snippet.
SNIPPETS = re.findall(
    r"(?:^<!-- run: (\S+) -->\n)?^```c\n(.*?)^```$", TEXT, re.M | re.S)

# What the fragments leave out.
BEFORE = """
#include <leat/leat.h>
void on_open(struct leat_conn *conn, void *user);
void on_data(struct leat_conn *conn, const void *bytes, size_t len, void *user);
void on_eof(struct leat_conn *conn, void *user);
void on_drain(struct leat_conn *conn, void *user);
void on_close(struct leat_conn *conn, int reason, void *user);
"""
# What the room leaves out; it ends when its standard input does.
MAIN = """
#include <stdio.h>
static void
on_input(struct leat_watch *watch, unsigned ready, void *user)
{
    (void)watch, (void)ready;
    leat_loop_stop(user);
}

int
main(void)
{
    struct leat_loop *loop;
    struct leat_listener *listener;
    struct leat_watch *watch;
    struct leat_addr addr;
    struct room room;
    if (leat_loop_create(&loop, NULL) != 0 ||
        room_open(&room, loop, "127.0.0.1:0", &listener) != 0 ||
        leat_watch_open(&watch, loop, 0, LEAT_READABLE, on_input, loop) != 0 ||
        leat_listener_addr(listener, 0, &addr) != 0)
        return 2;
    printf("%d\\n", leat_addr_port(&addr));
    fflush(stdout);
    int error = leat_loop_run(loop);
    leat_loop_destroy(loop);
    return error == 0 ? 0 : 1;
}
"""

CC = [os.environ.get("CC", "cc"), "-std=c11", "-D_GNU_SOURCE", "-Wall",
      "-Wextra", "-Werror", "-I" + ROOT + "/include"]


def compile_c(code, *options):
    done = subprocess.run([*CC, "-x", "c", "-", *options], input=code,
                          text=True, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 0, code + done.stderr


@test
def c_snippets_compile():
    assert len(SNIPPETS) == len(re.findall(r"^```c$", TEXT, re.M)) > 1
    for name, code in SNIPPETS:
        compile_c(code if name else BEFORE + code, "-fsyntax-only",
                  "-Wno-unused")


class Person:
    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), e2e.HANG)
        self.file = self.sock.makefile("rb")

    def say(self, line):
        self.sock.sendall(line)

    def hears(self, line):
        assert self.file.readline() == line

    def go(self):
        self.file.close()
        self.sock.close()


def talk(port):
    """Who is heard is in the room, and so are all who came before."""
    people = [Person(port)]
    for _ in range(2):
        newcomer = Person(port)
        newcomer.say(b"hi\n")
        for person in people:
            person.hears(b"hi\n")
        people.append(newcomer)
    ann, bob, cid = people
    ann.say(b"x" * 5000 + b"\nhello\n")
    bob.hears(b"hello\n")
    cid.hears(b"hello\n")
    bob.go()
    cid.say(b"bye\n")
    ann.hears(b"bye\n")
    ann.go()
    cid.go()


@test
def what_one_says_in_the_room_goes_to_the_others():
    folder = os.path.dirname(e2e.LEATD)
    with tempfile.TemporaryDirectory() as place:
        options = ["-L" + folder, "-lleat", "-Wl,-rpath," + folder,
                   "-o", place + "/room"]
        if e2e.is_sanitized():
            options.append("-fsanitize=address,undefined")
        compile_c(dict(SNIPPETS)["room.c"] + MAIN, *options)
        with subprocess.Popen(
                [place + "/room"], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, text=True,
                preexec_fn=e2e.end_with_us) as process:
            port = int(process.stdout.readline())
            talk(port)
            process.stdin.close()
            assert process.wait(e2e.HANG) == 0


e2e.main()
