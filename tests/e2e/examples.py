"""What the tests of the examples share. EXAMPLES is the directory in which
they were built."""

import os
import signal
import socket
import subprocess
import sys
import tempfile

import e2e

EXAMPLES = os.environ.get("EXAMPLES", "")


class Example:
    """An example that listens on a unix socket."""

    def __init__(self, name, *args):
        self.folder = tempfile.TemporaryDirectory()
        self.path = self.folder.name + "/sock"
        self.process = subprocess.Popen(
            [EXAMPLES + "/" + name, "unix:" + self.path, *args],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, preexec_fn=e2e.end_with_us)
        while e2e.is_refused(socket.AF_UNIX, self.path):
            assert self.process.poll() is None, self.process.stderr.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        self.folder.cleanup()

    def connect(self):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(e2e.HANG)
        sock.connect(self.path)
        return sock

    def start_nc(self, *args):
        return subprocess.Popen(
            ["nc", *args, "-U", self.path], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, preexec_fn=e2e.end_with_us)

    def nc(self, text):
        """What nc prints that is given text."""
        nc = self.start_nc("-N")
        answer = nc.communicate(text, e2e.HANG)[0]
        assert nc.returncode == 0, nc.returncode
        return answer

    def is_over(self, code):
        out, err = self.process.communicate(timeout=e2e.HANG)
        assert (self.process.returncode, out, err) == (code, "", ""), (
            self.process.returncode, out, err)

    def end(self):
        """It runs for ever and knows no signal."""
        assert self.process.poll() is None
        self.process.terminate()
        self.is_over(-signal.SIGTERM)


def run(name, *args):
    """Run one that ends by itself; its exit status, output and errors."""
    done = subprocess.run([EXAMPLES + "/" + name, *args], text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=e2e.HANG,
                          check=False)
    return done.returncode, done.stdout, done.stderr


def main():
    if not os.path.isdir(EXAMPLES):
        sys.exit("EXAMPLES must name the directory of the examples")
    e2e.main()
