#!/usr/bin/env python3
"""A hub with many clients: who reads gets every line of each sender, in its
order, whatever others do or leave undone."""

import re
import select
import socket
import threading

import e2e
from e2e import Leatd, scaled, test

CLIENTS = scaled(200, 60)
LINES = scaled(5, 3)  # of each client


def connect_all(leatd, count):
    """Clients that are in the lobby, each known by its number."""
    clients = []
    for number in range(count):
        sock = leatd.connect()
        sock.sendall(b"/nick c%d\n" % number)
        clients.append(sock)
    for number, sock in enumerate(clients):
        buffer = b""
        while b"* you are c%d in lobby\n" % number not in buffer:
            part = sock.recv(65536)
            assert part, "client %d was cut" % number
            buffer += part
        rest = buffer.split(b"* you are c%d in lobby\n" % number)[1]
        assert rest == b"", rest
        sock.setblocking(False)
    return clients


class Crowd:
    """Clients of which each says LINES lines; each checks what it hears."""

    def __init__(self, clients):
        self.clients = clients
        self.number = {sock: i for i, sock in enumerate(clients)}
        self.rest = {sock: b"" for sock in clients}
        self.heard = {sock: {} for sock in clients}  # sender: how many
        self.left = len(clients) * (len(clients) - 1) * LINES
        self.others = set()  # lines that are no messages of the crowd

    def hear(self, sock):
        part = sock.recv(1 << 20)
        assert part, "client %d was cut" % self.number[sock]
        data = self.rest[sock] + part
        *lines, self.rest[sock] = data.split(b"\n")
        heard = self.heard[sock]
        for line in lines:
            sender, mark, text = line.partition(b"> says ")
            if not mark or not sender.startswith(b"c"):
                self.others.add(line)
                continue
            told = heard.get(sender, 0)
            assert text == b"%d" % told, (sender, text, told)
            heard[sender] = told + 1
            self.left -= 1

    def say_all(self):
        for line in range(LINES):
            for sock in self.clients:
                sock.sendall(b"says %d\n" % line)
                self.hear_ready(0)

    def hear_ready(self, seconds):
        poller = self.poller()
        ready = poller.poll(seconds)
        for fd, _ in ready:
            self.hear(self.by_fd[fd])
        return ready

    def poller(self):
        if not hasattr(self, "_poller"):
            self._poller = select.epoll()
            self.by_fd = {sock.fileno(): sock for sock in self.clients}
            for fd in self.by_fd:
                self._poller.register(fd, select.EPOLLIN)
        return self._poller

    def check(self):
        """Each hears each other line, in its order, and no more."""
        while self.left > 0:
            assert self.hear_ready(e2e.HANG), "%d lines are missing" % self.left
        assert self.left == 0
        for sock, heard in self.heard.items():
            assert len(heard) == len(self.clients) - 1, self.number[sock]
            assert set(heard.values()) == {LINES}
            assert b"c%d" % self.number[sock] not in heard

    def close(self):
        self._poller.close()
        for sock in self.clients:
            sock.close()


# --- one that does not read --------------------------------------------------

def freeze(leatd):
    """A client for which leatd's queue is full already."""
    frozen = leatd.connect(rcvbuf=4096)
    feeder = leatd.connect()
    feeder.sendall(b"/nick feeder\n")
    totals = leatd.totals()
    while totals["drops"] == 0:
        feeder.sendall((b"x" * 1000 + b"\n") * 300)
        totals = leatd.totals()
    feeder.shutdown(socket.SHUT_WR)
    while feeder.recv(65536):
        pass
    feeder.close()
    return frozen


@test
def two_hundred_hear_every_line_though_one_is_frozen():
    e2e.need_files(CLIENTS + 100)
    with Leatd("hub:0,quiet") as leatd:
        frozen = freeze(leatd)
        crowd = Crowd(connect_all(leatd, CLIENTS))
        drops = leatd.totals()["drops"]
        crowd.say_all()
        crowd.check()
        assert not crowd.others, crowd.others
        after = leatd.totals()
        assert after["drops"] > drops, "the frozen one missed nothing"
        port = frozen.getsockname()[1]
        assert not any(close["peer"].endswith(":%d" % port)
                       for close in leatd.closes())
        crowd.close()

        # It wakes up, and is told what it has missed.
        frozen.shutdown(socket.SHUT_WR)
        while frozen.recv(65536):
            pass
        close = leatd.close_of(port)
        assert int(close["drops"]) == after["drops"], close
        frozen.close()


@test
def who_wakes_up_is_told_how_many_it_missed():
    with Leatd("hub:0,quiet") as leatd:
        frozen = freeze(leatd)
        drops = leatd.totals()["drops"]
        data = b""
        while b"* you missed" not in data[-4096:] or data[-1:] != b"\n":
            data += frozen.recv(65536)
        told = re.findall(rb"^\* you missed (\d+) messages$", data, re.M)
        assert [int(number) for number in told] == [drops], (told, drops)
        frozen.close()


# --- storms -------------------------------------------------------------------

def storm(leatd, number, over):
    """Come, say half of something, mark it urgent, and reset; again and
    again; so often that no queue can be full of what is told about it."""
    words = (b"/nick storm%d" % number, b"half a li", b"@c0 not said", b"/join")
    for _ in range(200):
        if over.is_set():
            break
        sock = leatd.connect()
        try:
            sock.sendall(words[number % len(words)])
            sock.send(b"!", socket.MSG_OOB)
            if number % 2:
                sock.sendall(b"x" * 70000)
        except (ConnectionResetError, BrokenPipeError):
            pass  # leatd has met our reset, or nothing at all
        e2e.reset(sock)
        number += 4


@test
def a_storm_of_resets_and_urgent_bytes_and_half_lines_harms_only_its_senders():
    count = scaled(40, 15)
    with Leatd("hub:0") as leatd:
        crowd = Crowd(connect_quietly(leatd, count))
        over = threading.Event()
        storms = [threading.Thread(target=storm, args=(leatd, i, over))
                  for i in range(4)]
        for thread in storms:
            thread.start()
        try:
            crowd.say_all()
            crowd.check()
        finally:
            over.set()
            for thread in storms:
                thread.join()
        # Nothing of it was ever said.
        form = re.compile(rb"\* (guest\d+|storm\d+)( joined| left"
                          rb"| is now storm\d+)$")
        wrong = [line for line in crowd.others if not form.match(line)]
        assert not wrong, wrong[:5]
        assert leatd.totals()["drops"] == 0
        crowd.close()


def connect_quietly(leatd, count):
    """As connect_all, where each is told of each."""
    clients = [leatd.connect() for _ in range(count)]
    for number, sock in enumerate(clients):
        sock.sendall(b"/nick c%d\n/ping\n" % number)
    for number, sock in enumerate(clients):
        data = b""
        while b"* pong\n" not in data:
            part = sock.recv(65536)
            assert part, "client %d was cut" % number
            data += part
    # All have their names; what is still on the way is of names.
    for sock in clients:
        sock.sendall(b"/ping\n")
        data = b""
        while not data.endswith(b"* pong\n"):
            data += sock.recv(65536)
        sock.setblocking(False)
    return clients


e2e.main()
