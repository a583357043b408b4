"""What the end-to-end tests of leat, the tool, share: running it, on pipes or
on a terminal, and servers that behave as no server should."""

import contextlib
import os
import pty
import re
import socket
import subprocess
import sys
import threading

import e2e

LEAT = os.environ.get("LEAT", "")
if not os.access(LEAT, os.X_OK):
    sys.exit("LEAT must name the leat to be tested")

NEVER = re.compile(r"Sanitizer|runtime error:|==\d+==")


def command(*args):
    return [LEAT, *map(str, args)]


def start(*args, prefix=(), **more):
    """A leat that goes on."""
    return subprocess.Popen([*prefix, *command(*args)],
                            preexec_fn=e2e.end_with_us, **more)


def leat(*args, given=b"", code=0, **more):
    """Run leat to its end: what it printed, and what it complained of."""
    if "stdin" not in more:
        more["input"] = given
    done = subprocess.run(command(*args), preexec_fn=e2e.end_with_us,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=e2e.HANG, check=False, **more)
    err = done.stderr.decode()
    assert not NEVER.search(err), err
    assert done.returncode == code, (done.returncode, err, done.stdout[:200])
    return done.stdout, err


def prints(wanted, *args, **more):
    """It must print exactly this, and complain of nothing."""
    out, err = leat(*args, **more)
    assert (out, err) == (wanted, ""), (out[:200], err)


def fails(complaint, *args, code=1, printed=b"", **more):
    """It must complain in one line, which is leat: and a pattern."""
    out, err = leat(*args, code=code, **more)
    assert re.fullmatch("leat: (?:%s)\n" % complaint, err), err
    assert out == printed, out[:200]


def text(entry):
    """The ADDRESS of an entry of the ready line."""
    if entry["family"] == "unix":
        return "unix:" + entry["path"]
    shape = "[%s]:%d" if entry["family"] == "tcp6" else "%s:%d"
    return shape % (entry["address"], entry["port"])


def addresses(leatd, name=None):
    """Each address of a listener."""
    return [text(entry) for entry in leatd.ready["listeners"]
            if name in (None, entry["name"])]


def address(leatd, name=None):
    return addresses(leatd, name)[0]


# --- servers ---------------------------------------------------------------

@contextlib.contextmanager
def server(serve, clients=1):
    """A server whose function gets each client's socket; its ADDRESS."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(e2e.HANG)
        failures = []

        def run():
            try:
                for _ in range(clients):
                    with listener.accept()[0] as sock:
                        sock.settimeout(e2e.HANG)
                        serve(sock)
            except BaseException as failure:  # for the test to raise
                failures.append(failure)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield "127.0.0.1:%d" % listener.getsockname()[1]
        thread.join(e2e.HANG)
        assert not thread.is_alive(), "the server waits"
        if failures:
            raise failures[0]


@contextlib.contextmanager
def nobody(family=socket.AF_INET):
    """An ADDRESS where nobody listens, and nobody will."""
    host = "127.0.0.1" if family == socket.AF_INET else "::1"
    with socket.socket(family) as sock:
        sock.bind((host, 0))
        yield "%s:%d" % sock.getsockname()[:2]


def read_to_end(sock):
    parts = []
    while part := sock.recv(65536):
        parts.append(part)
    return b"".join(parts)


# --- a terminal ------------------------------------------------------------

class Terminal:
    """A leat on a terminal of its own, and the person in front of it."""

    def __init__(self, *args, **more):
        self.fd, end = pty.openpty()
        given = {"stdin": end, "stdout": end, "stderr": end, **more}
        self.process = start(*args, start_new_session=True, **given)
        os.close(end)
        self.screen = b""

    def type(self, keys):
        os.write(self.fd, keys)

    def sees(self, pattern):
        """Wait for a pattern on what the screen shows after the last one; all
        up to its end is returned."""
        while not (found := re.search(pattern, self.screen, re.S)):
            try:
                part = os.read(self.fd, 65536)
            except OSError:  # the other end is closed
                part = b""
            assert part, "no %r on the screen: %r" % (pattern, self.screen)
            self.screen += part
        seen, self.screen = (self.screen[:found.end()],
                             self.screen[found.end():])
        return seen

    def rest(self):
        """All that is shown until it ends."""
        with contextlib.suppress(AssertionError):
            self.sees(rb"(?!)")
        return self.screen

    def ends(self, code=0):
        assert self.process.wait(e2e.HANG) == code, self.rest()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.fd)
