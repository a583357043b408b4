#!/usr/bin/env python3
"""frames.py HOST PORT - a robot that is drawn again and again, and looks for
commands between two frames without ever waiting for them."""

import select
import socket
import sys

host, port = sys.argv[1], int(sys.argv[2])
x = y = frame = 0
MOVES = {b"left": (-1, 0), b"right": (1, 0), b"up": (0, 1), b"down": (0, -1)}
sock = socket.create_connection((host, port), 60)
unread = b""
# The far end echoes, so the robot is its own master. Each plan is sent in two
# halves that do not end where a command does.
plan = [b"right\nri", b"ght\nup\nle", b"ft\nup\ndown\nst", b"op\n"]
running = True
while running and frame < 10_000_000:
    frame += 1  # here the picture would be drawn
    if plan:
        sock.sendall(plan.pop(0))
    readable, _, _ = select.select([sock], [], [], 0.0)
    if not readable:
        continue
    piece = sock.recv(4096)
    if not piece:
        sys.exit("frames.py: the server has gone")
    *commands, unread = (unread + piece).split(b"\n")
    for command in commands:
        dx, dy = MOVES.get(command, (0, 0))
        x, y = x + dx, y + dy
        running = running and command != b"stop"
sock.close()
print("at %d %d, %s" % (x, y, "still going" if running else "stopped"))
