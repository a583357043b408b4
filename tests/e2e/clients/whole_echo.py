#!/usr/bin/env python3
"""whole_echo.py HOST PORT BYTES - send a message and read until all of it is
back, which one recv may not do."""

import socket
import sys

host, port, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
message = bytes(i % 251 for i in range(size))
with socket.create_connection((host, port), 60) as sock:
    sock.sendall(message)
    back = bytearray()
    while len(back) < len(message):
        piece = sock.recv(1000)
        if not piece:
            sys.exit("whole_echo.py: closed after %d bytes of %d"
                     % (len(back), size))
        back += piece
print(len(back), "bytes are back,", "right" if back == message else "wrong")
