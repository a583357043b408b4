#!/usr/bin/env python3
"""Run transcripts: talk.py FILE.talk... - what is typed and what must come.

    # one line that says what is shown
    $ echo secret | leat passwd F anna   before that: an entry of a login file
    $ leatd stamp:0                      leatd, as a shell would start it
    A> hello                             client A types a line
    A< [{ctime}] hello                   and gets a line
    A> bye  A< [{ctime}] bye             two steps on a line: two blanks between
    B@ stamp-2                           B comes to that listener, the others to
                                         the first one when they are first named
    > hello                              where there is one client it needs no
                                         letter
    < TEST\\                              a \\ at the end: no line ending there
    > \\x00\\t\\r                           and \\n \\\\, as in C
    > ^D                                 no more will be typed: half of a close
    < ^D                                 no more comes
    > ^C                                 gone; what else comes is not looked at
    ! short-message                      a line of the log has this
    $ kill -TERM leatd

A login file is in a folder of its own, and its hashes are cheap. In what is
expected {name} is one of PATTERNS below. At the end of a transcript
every client that is still there ends, and must get nothing more. Each one is
run twice, the second time with every byte sent and received alone."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import e2e  # noqa: E402

# What varies, and the most bytes that it may have.
PATTERNS = {
    "ctime": (rb"[A-Z][a-z]{2} [A-Z][a-z]{2} [ 123]\d \d\d:\d\d:\d\d \d{4}",
              24),
    "rfc3339": (rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", 20),
    "rfc3339ms": (rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", 24),
    "unix": (rb"\d{10}", 10),
    "peer": (rb"127\.0\.0\.1:\d{1,5}", 15),
    "4 bytes": (rb"[\x00-\xff]{4}", 4),
}

STEP = re.compile(r"([A-Z]?)([<>]|(?<=[A-Z])@|!) ")
BETWEEN = re.compile(r"\s{2,}(?=(?:[A-Z]?[<>]|[A-Z]@|!) )")
ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|[nrt\\])")
END, GONE = "^D", "^C"


def unescape(text):
    """The bytes that a text stands for, with its line ending or without."""
    def one(match):
        name = match.group(1)
        return {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}.get(name) \
            or chr(int(name[1:], 16))
    ending = "\n"
    if re.search(r"(?<!\\)(\\\\)*\\$", text):
        text, ending = text[:-1], ""
    assert "\\" not in ESCAPE.sub("", text), "unknown escape in %r" % text
    return (ESCAPE.sub(one, text) + ending).encode("latin-1")


def compile_pattern(text):
    """A compiled expression for what is expected, and its greatest length."""
    pieces, most = [], 0
    for i, piece in enumerate(re.split(r"\{(%s)\}" % "|".join(PATTERNS),
                                       text)):
        if i % 2:
            pattern, length = PATTERNS[piece]
        else:
            length = len(piece)
            pattern = re.escape(piece.encode("latin-1"))
        pieces.append(pattern)
        most += length
    return re.compile(b"".join(pieces), re.S), most


class Client:
    """One peer, and what it has got so far without having been expected."""

    def __init__(self, sock, chunk):
        self.sock, self.chunk = sock, chunk
        self.got, self.has_end, self.has_ended = b"", False, False

    def type(self, text):
        if text == GONE:
            self.sock.close()
            self.has_end = True
        elif text == END:
            self.sock.shutdown(socket.SHUT_WR)
            self.has_ended = True
        else:
            bytes_ = unescape(text)
            for at in range(0, len(bytes_), self.chunk):
                self.sock.sendall(bytes_[at:at + self.chunk])

    def expect(self, text):
        if text == END:
            self.expect_end()
            return
        pattern, most = compile_pattern(unescape(text).decode("latin-1"))
        while True:
            found = pattern.match(self.got)
            if found:
                self.got = self.got[found.end():]
                return
            wrong = len(self.got) >= most or (
                text[-1] != "\\" and b"\n" in self.got)
            assert not wrong, "%r came, not %r" % (self.got, text)
            part = self.sock.recv(self.chunk)
            assert part, "%r and the end came, not %r" % (self.got, text)
            self.got += part

    def expect_end(self):
        while not self.has_end:
            assert not self.got, "%r came, not the end" % self.got
            self.got = self.sock.recv(self.chunk)
            self.has_end = not self.got

    def finish(self):
        """Nothing more may come."""
        if not self.has_end and not self.has_ended:
            self.type(END)
        self.expect_end()
        self.sock.close()


class Talk:
    """A transcript that is being run against the leatd that it starts."""

    def __init__(self, leatd, chunk):
        self.leatd, self.chunk = leatd, chunk
        self.clients, self.logged, self.is_killed = {}, [], False

    def client(self, letter, name=None):
        if letter not in self.clients:
            first = self.leatd.ready["listeners"][0]["name"]
            sock = self.leatd.connect(name=name or first)
            self.clients[letter] = Client(sock, self.chunk)
        return self.clients[letter]

    def step(self, step):
        found = STEP.match(step)
        assert found, "not a step: %r" % step
        (letter, sign), text = found.groups(), step[found.end():]
        if sign == "!":
            self.logged.append(text)
        elif sign == "@":
            assert letter not in self.clients, "%s is there" % letter
            self.client(letter, text)
        elif sign == ">":
            self.client(letter).type(text)
        else:
            self.client(letter).expect(text)

    def line(self, line):
        if line == "$ kill -TERM leatd":
            self.leatd.signal(signal.SIGTERM)
            self.is_killed = True
        elif line and not line.startswith("#"):
            for step in BETWEEN.split(line):
                self.step(step)

    def finish(self):
        for client in self.clients.values():
            client.finish()
        if self.is_killed:
            self.leatd.wait()

    def check_log(self):
        log, at = self.leatd.log().encode(), 0
        for text in self.logged:
            found = compile_pattern(text)[0].search(log, at)
            assert found, "no %r in the log" % text
            at = found.end()


PASSWD = re.compile(r"\$ echo (.+) \| leat passwd (\w+) (\S+)")


def make_login(line, folder):
    """An entry of a login file; byte for byte what a shell would make."""
    password, name, who = PASSWD.fullmatch(line).groups()
    subprocess.run([os.environ["LEAT"], "passwd", "--cost=1",
                    os.path.join(folder, name), who],
                   input=password.encode() + b"\n", check=True)


def words(line, folder):
    """The words after leatd; login files are those of the folder."""
    return [re.sub(r"(?<=,login=)(?=\w)", folder + "/", word)
            for word in shlex.split(line)[2:]]


def run_text(text, chunk):
    """Run a transcript; AssertionError where it lies."""
    with tempfile.TemporaryDirectory() as folder:
        run_in(folder, text.splitlines(), chunk)


def run_in(folder, lines, chunk):
    number = 0
    while not lines[number].startswith("$ leatd "):
        if lines[number].startswith("$ "):
            make_login(lines[number], folder)
        else:
            assert not lines[number] or lines[number].startswith("#")
        number += 1
    with e2e.Leatd(*words(lines[number], folder)) as leatd:
        talk = Talk(leatd, chunk)
        try:
            for number in range(number + 1, len(lines)):
                talk.line(lines[number])
            number = len(lines)
            talk.finish()
        except AssertionError as error:
            raise AssertionError("line %d: %s" % (number + 1, error)) from None
    talk.check_log()


def run(path):
    """Run a transcript as it stands, and again byte by byte."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for chunk in (e2e.CHUNK, 1):
        run_text(text, chunk)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        run(name)
        print("ok", name)
