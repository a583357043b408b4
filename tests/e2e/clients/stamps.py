#!/usr/bin/env python3
"""stamps.py HOST PORT - send each thing that is typed, show what comes back,
until nothing is typed. No line endings are sent: what one recv of the server
brings is a message, which is stamp's frame=raw."""

import socket
import sys

host, port = sys.argv[1], int(sys.argv[2])
with socket.create_connection((host, port), 60) as sock:
    while True:
        try:
            text = input("> ")
        except EOFError:
            break
        if not text:
            break
        sock.sendall(text.encode())
        answer = sock.recv(1024)
        if not answer:
            break
        print(answer.decode())
