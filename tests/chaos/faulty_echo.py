"""An echo that makes one mistake in each stream, on purpose: what the driver
has to see. A thread of the test that uses it."""

import selectors
import socket
import threading

PLACE = 40  # the byte of the stream near which the mistake is made


class Stream:
    def __init__(self):
        self.at = 0
        self.is_done = False


def place_of_two(data):
    """Where two neighbours differ, or None."""
    for at in range(len(data) - 1):
        if data[at] != data[at + 1]:
            return at
    return None


def lose(data):
    return data[:1] + data[2:] if len(data) > 2 else None


def double(data):
    return data[:2] + data[1:] if len(data) > 2 else None


def swap(data):
    at = place_of_two(data)
    if at is None:
        return None
    return data[:at] + data[at + 1:at + 2] + data[at:at + 1] + data[at + 2:]


def change(data):
    return bytes([data[0] ^ 1]) + data[1:]


def append(data):
    return data + b"+"


MISTAKES = {"none": None, "lose": lose, "double": double, "swap": swap,
            "change": change, "append": append}
# What is not a mistake in the bytes: the connection.
ENDS = ("early", "reset", "silence")


class FaultyEcho:
    """with FaultyEcho("lose") as port: ..."""

    def __init__(self, mistake):
        self.end = mistake if mistake in ENDS else None
        self.mistake = None if self.end else MISTAKES[mistake]
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.stop, self.stopped = socket.socketpair()
        self.selector = selectors.DefaultSelector()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.selector.register(self.stopped, selectors.EVENT_READ)
        self.thread.start()
        return self.listener.getsockname()[1]

    def __exit__(self, *_):
        self.stop.close()
        self.thread.join()
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()

    def run(self):
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is self.stopped:
                    return
                if key.fileobj is self.listener:
                    sock = self.listener.accept()[0]
                    self.selector.register(sock, selectors.EVENT_READ,
                                           Stream())
                    continue
                try:
                    is_over = self.echo(key.fileobj, key.data)
                except ConnectionError:
                    is_over = True
                if is_over:
                    self.selector.unregister(key.fileobj)
                    key.fileobj.close()

    def echo(self, sock, stream):
        """Whether the connection is over. Blocking, as clients are few and
        read what they are sent."""
        data = sock.recv(65536)
        if not data:
            return self.end != "silence" or stream.at == 0
        stream.at += len(data)
        if stream.at < PLACE or stream.is_done:
            sock.sendall(data)
            return False
        if self.end == "reset":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            b"\1\0\0\0\0\0\0\0")
        if self.end:
            return self.end != "silence"
        changed = self.mistake(data) if self.mistake else None
        stream.is_done = changed is not None
        sock.sendall(data if changed is None else changed)
        return False
