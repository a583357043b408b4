"""One leatd under strace: clients of every kind, then TERM; and what came of
it. Every wait ends at what it waits for; HANG is for hangs only."""

import contextlib
import json
import os
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "e2e"))
from e2e import CHUNK, LEATD, end_with_us, keyed, reset  # noqa: E402

HANG = 100  # seconds
TICK = 0.05  # seconds between two looks at whether a signal was lost
QUIET = 0.3  # seconds without a byte, after which leatd is known to be stuck
GREETING = b"TEST"


class Hang(Exception):
    """Something was waited for in vain."""


class Client:
    """Sends it all, then reads to the end; what comes must be expected. Who
    stays does not half-close, and is served without an end."""

    def __init__(self, name, sock, sent, expected, stays):
        self.name, self.sock, self.stays = name, sock, stays
        self.sent, self.expected = memoryview(sent), expected
        self.got, self.is_over = bytearray(), False

    def is_served(self):
        return self.is_over or (self.stays and self.got == self.expected)

    def wants_out(self):
        return self.sent.nbytes > 0

    def step(self, can_write, can_read):
        try:
            if can_write:
                self.sent = self.sent[self.sock.send(self.sent):]
                if self.sent.nbytes == 0 and not self.stays:
                    self.sock.shutdown(socket.SHUT_WR)
            if can_read:
                part = self.sock.recv(65536)
                self.got += part
                self.is_over = not part
        except BlockingIOError:
            pass
        except OSError:
            self.is_over, self.sent = True, self.sent[:0]

    def verdict(self):
        if self.got == self.expected:
            return "whole"
        return "part" if self.expected.startswith(self.got) else "wrong"


def stale_socket(path):
    """A socket's file that nobody listens at any more."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(path)


class Run:
    """inject is strace's expression, or None; patient: wait for every client,
    else go on when no byte moves any more."""

    def __init__(self, inject, patient):
        self.inject, self.patient = inject, patient
        self.clients, self.code, self.started = [], None, False
        self.strace, self.has_ended, self.lost = None, False, 0

    def go(self):
        with tempfile.TemporaryDirectory(prefix="leat") as self.folder:
            self.deadline = time.monotonic() + HANG
            try:
                self.play()
            finally:
                self.clean()
                self.trace = self.read("trace").splitlines()
                self.log = self.read("log").splitlines()
        return self

    def read(self, name):
        try:
            with open(os.path.join(self.folder, name),
                      errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    # --- begin and end

    def spawn(self):
        where = os.path.join(self.folder, "socket")
        stale_socket(where)
        argv = ["strace", "-f", "-o", os.path.join(self.folder, "trace")]
        if self.inject:
            argv += ["-e", "trace=all", "-e", "inject=" + self.inject]
        argv += [LEATD, "--die-with-parent", "--drain", "500ms", "--ready-file",
                 os.path.join(self.folder, "ready"), "--ready-fd", "1",
                 "echo:0", "greet:0", "echo:unix:" + where]
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.strace = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=log, preexec_fn=self.prepare)

    @staticmethod
    def prepare():
        end_with_us()
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 512))

    def clean(self):
        for client in self.clients:
            client.sock.close()
        if self.strace is None:
            return
        if self.strace.poll() is None:
            self.signal(signal.SIGKILL)
            self.strace.kill()
            self.strace.wait()
        self.strace.stdout.close()

    def signal(self, signo):
        """To leatd, unless it has ended: then strace ends with it."""
        pid = re.match(r"\d+", self.read("trace"))
        if pid and self.strace.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid.group()), signo)

    def left(self):
        seconds = self.deadline - time.monotonic()
        if seconds <= 0:
            raise Hang
        return seconds

    def ready(self):
        """The ready line, or None where leatd ended instead."""
        if not select.select([self.strace.stdout], [], [], self.left())[0]:
            raise Hang
        line = self.strace.stdout.readline()
        return json.loads(line) if line.endswith(b"\n") else None

    def wait(self):
        while self.code is None:
            try:
                self.code = self.strace.wait(min(self.left(), TICK))
            except subprocess.TimeoutExpired:
                self.end_again()

    def end(self):
        self.has_ended = True
        self.signal(signal.SIGTERM)

    def end_again(self):
        """Where an injected error swallowed the byte that the signal's handler
        wrote: that pipe is not full, so the kernel would have taken it."""
        lost = len(re.findall(r'write\(\d+, "[^"]*", 1\).*INJECTED',
                              self.read("trace")))
        if self.has_ended and lost > self.lost:
            self.end()
        self.lost = lost

    # --- clients

    def connect(self, entry, sent, expected, stays=False):
        family = {"tcp4": socket.AF_INET, "tcp6": socket.AF_INET6,
                  "unix": socket.AF_UNIX}[entry["family"]]
        where = entry.get("path") or (entry["address"], entry["port"])
        sock = socket.socket(family)
        try:
            # Little room, so that several messages wait in leatd's queue.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
            sock.settimeout(self.left())
            sock.connect(where)
        except OSError:
            pass  # leatd has ended; the client will see it too
        sock.setblocking(False)
        client = Client(entry["name"] + " " + entry["family"], sock, sent,
                        expected, stays)
        self.clients.append(client)
        return client

    def exchange(self, until):
        """Serve the clients until each is, or no byte moves for long."""
        while True:
            todo = [c for c in self.clients if not until(c)]
            if not todo:
                return
            tick = TICK if self.has_ended else QUIET
            readable, writable, _ = select.select(
                [c.sock for c in todo if not c.wants_out()],
                [c.sock for c in todo if c.wants_out()], [],
                min(self.left(), tick))
            if not readable and not writable:
                if not self.patient and not self.has_ended:
                    return
                self.end_again()
            for client in todo:
                client.step(client.sock in writable, client.sock in readable)

    def play(self):
        self.spawn()
        ready = self.ready()
        if ready is None:
            self.wait()
            return
        self.started = True
        for key, entry in enumerate(ready["listeners"]):
            if entry["service"] == "greet":
                self.connect(entry, b"", GREETING)
                continue
            stream = keyed(key, 0, CHUNK) + keyed(key, CHUNK, CHUNK)
            self.connect(entry, stream, stream)
            self.connect(entry, stream[:3000], stream[:3000], stays=True)
            one = self.connect(entry, stream[:100], b"")  # will reset
            self.clients.remove(one)
            one.step(True, False)
            reset(one.sock)
        self.signal(signal.SIGUSR1)
        self.exchange(Client.is_served)
        self.end()
        self.exchange(lambda client: client.is_over)
        self.wait()
