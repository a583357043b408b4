"""What the end-to-end tests in Python share: a leatd that is started, watched
and ended, keyed bytes, clients that verify every one of them, and a runner.

Nothing here waits for luck: leatd is ready when it says so, and a line of its
log is waited for. Limits of time are for hangs only."""

import contextlib
import ctypes
import errno
import json
import os
import random
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback

LEATD = os.environ.get("LEATD", "")
HANG = 100  # seconds that no test needs
SLOW = os.environ.get("LEAT_SLOW") == "1"


def scaled(full, reduced):
    """The size of a test, smaller where LEAT_SLOW=1 asks for it."""
    return reduced if SLOW else full


def is_sanitized():
    """Whether leatd's memory is mostly that of AddressSanitizer."""
    with open(LEATD, "rb") as file:
        return b"__asan_init" in file.read()


# --- the runner ------------------------------------------------------------

_tests = []


class Skip(Exception):
    """The host cannot do what the test needs."""


def test(function):
    _tests.append(function)
    return function


@contextlib.contextmanager
def context(what):
    """Say in which of many cases it was that a test failed."""
    try:
        yield
    except BaseException:
        print("  in the case: %s" % what, file=sys.stderr)
        raise


def _hang(_signo, _frame):
    raise TimeoutError("hangs for %d s" % HANG)


def _run_one(function):
    started = time.monotonic()
    signal.alarm(HANG)
    try:
        function()
        verdict = "ok"
    except Skip as skip:
        verdict = "skip (%s)" % skip
    except BaseException:  # the next test should run all the same
        traceback.print_exc()
        verdict = "FAILED"
    finally:
        signal.alarm(0)
    print("%-7s %s (%.1f s)" % (verdict, function.__name__,
                                time.monotonic() - started), flush=True)
    return verdict


def main():
    """Run the tests of a script, or those whose names hold an argument."""
    if not os.access(LEATD, os.X_OK):
        sys.exit("LEATD must name the leatd to be tested")
    signal.signal(signal.SIGALRM, _hang)
    chosen = [t for t in _tests
              if not sys.argv[1:] or any(a in t.__name__ for a in sys.argv)]
    verdicts = [_run_one(function) for function in chosen]
    sys.exit(not verdicts or "FAILED" in verdicts)


# --- leatd -----------------------------------------------------------------

_libc = ctypes.CDLL(None)


def end_with_us():
    """For a child: should this test be killed, it is not left behind."""
    _libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


FORBIDDEN = re.compile(r"Sanitizer|runtime error:|==\d+==| warn |^leatd: ")


class Leatd:
    """A leatd that has said it is ready. Leaving the with block ends it by
    TERM and asserts its exit status, its log and that it never span."""

    def __init__(self, *args, prefix=(), warn="", code=0, stdin=None,
                 stderr=None, spins=0):
        self.warn, self.code, self.spins = warn, code, spins
        self.lines, self.news, self.log_ended = [], threading.Condition(), False
        ready, ready_end = os.pipe()
        reader, log_end = (None, stderr) if stderr is not None else os.pipe()
        self.process = subprocess.Popen(
            [*prefix, LEATD, "--ready-fd", str(ready_end), *args],
            pass_fds=[ready_end], preexec_fn=end_with_us,
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=subprocess.PIPE, stderr=log_end)
        os.close(ready_end)
        self.reader = None
        if reader is not None:
            os.close(log_end)
            self.watch(reader)
        with os.fdopen(ready) as file:
            line = file.readline()
        if not line:
            self.process.wait(HANG)
            raise AssertionError("leatd did not start: %s" % self.log())
        self.ready = json.loads(line)
        self.pid = self.ready["pid"]

    def watch(self, fd):
        """Collect the lines of its log from fd."""
        self.reader = threading.Thread(target=self._collect, args=(fd,),
                                       daemon=True)
        self.reader.start()

    def _collect(self, fd):
        with os.fdopen(fd, errors="replace") as file:
            for line in file:
                with self.news:
                    self.lines.append(line.rstrip("\n"))
                    self.news.notify_all()
        with self.news:
            self.log_ended = True
            self.news.notify_all()

    def log(self):
        with self.news:
            return "\n".join(self.lines)

    def line(self, pattern, start=0):
        """Wait for a line of the log, at start or later, that has pattern."""
        with self.news:
            at = start
            while True:
                for at in range(at, len(self.lines)):
                    found = re.search(pattern, self.lines[at])
                    if found:
                        return found
                at = max(start, len(self.lines))
                assert not self.log_ended, "no %r in the log" % pattern
                self.news.wait()

    def totals(self):
        """What USR1 logs, as numbers. Where many lines come at once that one
        may be among those dropped; then it is asked for again."""
        text = None
        while text is None:
            start = len(self.lines)
            self.signal(signal.SIGUSR1)
            text = self.line(r" info (?:totals (.*)|dropped \d+ lines)$",
                             start).group(1)
        return {key: int(value)
                for key, value in (pair.split("=") for pair in text.split())}

    def closes(self):
        """The access lines there are, as dictionaries."""
        found = re.findall(r"info close (.*)$", self.log(), re.M)
        return [dict(pair.split("=", 1) for pair in line.split())
                for line in found]

    def close_of(self, port, start=0):
        """Wait for the access line of a client and give it as a dictionary."""
        line = self.line(r"info close .*peer=\S*:%d .*" % port, start).group(0)
        return dict(pair.split("=", 1) for pair in line.split()[2:])

    def signal(self, signo):
        os.kill(self.pid, signo)

    def entry(self, family, name=None):
        for entry in self.ready["listeners"]:
            if entry["family"] == family and name in (None, entry["name"]):
                return entry
        raise AssertionError("no %s in %s" % (family, self.ready))

    def address(self, family, name=None):
        entry = self.entry(family, name)
        if family == "unix":
            return socket.AF_UNIX, entry["path"]
        number = socket.AF_INET if family[-1] == "4" else socket.AF_INET6
        return number, (entry["address"], entry["port"])

    def connect(self, family="tcp4", name=None, rcvbuf=0):
        number, address = self.address(family, name)
        sock = socket.socket(number, socket.SOCK_STREAM)
        sock.settimeout(HANG)
        if rcvbuf:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        if family != "unix":
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect(address)
        return sock

    def wait(self):
        """Wait for its end; assert exit status and log."""
        code = self.process.wait(HANG)
        if self.reader:
            self.reader.join()
        assert code == self.code, "exit status %d" % code
        for line in self.lines:
            allowed = self.warn and re.search(self.warn, line)
            assert allowed or not FORBIDDEN.search(line), line

    def stop(self):
        if self.reader:
            spins = self.totals()["spins"]
            assert spins <= self.spins, "%d spins" % spins
        self.signal(signal.SIGTERM)
        self.wait()

    def __enter__(self):
        return self

    def __exit__(self, kind, _value, _traceback):
        try:
            if kind is None and self.process.poll() is None:
                self.stop()
            elif kind is None:
                self.wait()
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            if kind:
                print("--- end of the log\n%s\n---"
                      % "\n".join(self.lines[-40:]), file=sys.stderr)
            self.process.stdout.close()


def run(*args, prefix=(), **more):
    """Run a leatd that ends by itself; its exit status, output and errors."""
    done = subprocess.run([*prefix, LEATD, *args], timeout=HANG, text=True,
                          preexec_fn=end_with_us, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False, **more)
    assert not re.search(r"Sanitizer|runtime error:|==\d+==", done.stderr), \
        done.stderr
    return done.returncode, done.stdout, done.stderr


def call(*args, prefix=(), stderr=subprocess.DEVNULL):
    """Run a leatd that ends by itself; its exit status."""
    return subprocess.run([*prefix, LEATD, *args], timeout=HANG, check=False,
                          preexec_fn=end_with_us, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=stderr).returncode


# --- keyed bytes -----------------------------------------------------------

CHUNK = 128 * 1024
_PERIOD = 1048573  # a prime, so that no power of two fits
_block = random.Random(2).randbytes(_PERIOD)
_block += _block[:CHUNK]


def keyed(key, offset, size):
    """Bytes of client key from offset on: one lost, doubled, moved or of
    another client is not what stands there. size is at most CHUNK."""
    start = (key * 40503 + offset) % _PERIOD
    return _block[start:start + size]


def send_keyed(sock, key, offset, size):
    for at in range(offset, offset + size, CHUNK):
        sock.sendall(keyed(key, at, min(CHUNK, offset + size - at)))


def recv_exactly(sock, size):
    parts = []
    while size > 0:
        part = sock.recv(min(size, CHUNK))
        assert part, "the stream ends %d bytes early" % size
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def recv_keyed(sock, key, offset, size):
    while size > 0:
        part = recv_exactly(sock, min(size, CHUNK))
        assert part == keyed(key, offset, len(part)), \
            "wrong byte in %d..%d" % (offset, offset + len(part))
        offset += len(part)
        size -= len(part)


def recv_end(sock):
    part = sock.recv(CHUNK)
    assert part == b"", "%d bytes too many" % len(part)


def send_until_stuck(sock, key, offset=0):
    """Send keyed bytes until no more go out. The reader may be on its way,
    so a pause is waited for; how long it is decides nothing. The new offset
    is returned."""
    sock.setblocking(False)
    while True:
        try:
            offset += sock.send(keyed(key, offset, CHUNK))
        except BlockingIOError:
            if not select.select([], [sock], [], 0.1)[1]:
                sock.settimeout(HANG)
                return offset


def recv_accepted(leatd, sock, key):
    """Every byte that leatd accepted from this client comes back, then the
    end. What was still under way to leatd when it looked is not among them:
    "served until it pauses" (leat_conn_drain) is what leatd's recv saw. Such
    bytes meet a closed socket, so the end may be a reset; it takes nothing of
    what has come."""
    port, got = sock.getsockname()[1], 0
    while True:
        try:
            part = sock.recv(CHUNK)
        except ConnectionResetError:
            break
        if not part:
            break
        assert part == keyed(key, got, len(part))
        got += len(part)
    assert got == int(leatd.close_of(port)["out"])
    return got


def assert_nothing_is_lost(leatd):
    """What went in came out, or came after a client's end."""
    told = leatd.line(r"info drained lost=0 unserved=(\d+)")
    closes = leatd.closes()
    went_in = sum(int(close["in"]) for close in closes)
    came_out = sum(int(close["out"]) for close in closes)
    assert went_in - came_out == int(told.group(1)), (told, closes)


class Stream:
    """A client that sends keyed bytes and verifies what comes back."""

    def __init__(self, sock, key, total):
        self.sock, self.key, self.total = sock, key, total
        self.sent = self.received = 0
        sock.setblocking(False)

    def events(self):
        sending = self.sent < self.total
        return select.EPOLLIN | (select.EPOLLOUT if sending else 0)

    def send(self):
        part = keyed(self.key, self.sent, min(CHUNK, self.total - self.sent))
        try:
            self.sent += self.sock.send(part)
        except BlockingIOError:
            pass

    def recv(self):
        part = self.sock.recv(CHUNK)
        assert part, "client %d: the stream ends at %d of %d" % (
            self.key, self.received, self.total)
        assert part == keyed(self.key, self.received, len(part)), \
            "client %d: wrong byte in %d..%d" % (
                self.key, self.received, self.received + len(part))
        self.received += len(part)

    def is_done(self):
        return self.received >= self.total


def exchange(streams):
    """Let streams run until each has everything back."""
    epoll = select.epoll()
    busy = {stream.sock.fileno(): stream
            for stream in streams if not stream.is_done()}
    for fd, stream in busy.items():
        epoll.register(fd, stream.events())
    while busy:
        for fd, events in epoll.poll():
            stream = busy[fd]
            if events & select.EPOLLOUT:
                stream.send()
                epoll.modify(fd, stream.events())
            if events & ~select.EPOLLOUT:
                stream.recv()
            if stream.is_done():
                epoll.unregister(fd)
                del busy[fd]
    epoll.close()


def reset(sock):
    """Close by RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    b"\1\0\0\0\0\0\0\0")
    sock.close()


def need_files(count):
    """Have so many descriptors, or skip."""
    import resource
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        raise Skip("%d open files at most here, %d needed" % (hard, count))
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


def is_refused(family, address):
    """Whether nobody listens there."""
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        error = sock.connect_ex(address)
    return error in (errno.ECONNREFUSED, errno.ENOENT)
