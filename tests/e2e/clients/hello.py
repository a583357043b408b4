#!/usr/bin/env python3
"""hello.py HOST PORT - say hello once and show what comes back."""

import socket
import sys

host, port = sys.argv[1], int(sys.argv[2])
with socket.create_connection((host, port), 60) as sock:
    sock.sendall(b"Hello, world")
    print("got", sock.recv(1024))
