#!/usr/bin/env python3
"""sixteen.py HOST PORT - send 16 bytes, and read exactly 16."""

import socket
import sys


def recv_all(sock, size):
    """Read size bytes, however many pieces they come in."""
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        if not more:
            raise EOFError("closed after %d bytes of a %d-byte message"
                           % (len(data), size))
        data += more
    return data


host, port = sys.argv[1], int(sys.argv[2])
with socket.create_connection((host, port), 60) as sock:
    sock.sendall(b"Hi there, server")
    try:
        print("the server said", recv_all(sock, 16))
    except EOFError as error:
        sys.exit("sixteen.py: %s" % error)
