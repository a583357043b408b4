#!/usr/bin/env python3
"""greetings.py HOST PORT... - read what many servers say, all at once."""

import select
import socket
import sys

host, ports = sys.argv[1], sys.argv[2:]
said = {}
for port in ports:
    sock = socket.create_connection((host, int(port)), 60)
    said[sock] = b""
waiting = list(said)
while waiting:
    readable, _, _ = select.select(waiting, [], [], 60)
    if not readable:
        sys.exit("greetings.py: %d servers say nothing" % len(waiting))
    for sock in readable:
        piece = sock.recv(8192)
        said[sock] += piece
        if not piece:
            waiting.remove(sock)
            print(ports[list(said).index(sock)], said[sock].decode())
            sock.close()
