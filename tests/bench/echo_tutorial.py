#!/usr/bin/env python3
"""The echo server of the tutorials: select() on lists, a queue per client.

Our own, in the shape that everybody knows: what came is put in the queue of
its client, the client is asked to be writable, the next turn sends it."""

import queue
import select
import socket
import sys

CHUNK = 65536


def drop(client, inputs, outputs, queues):
    inputs.remove(client)
    if client in outputs:
        outputs.remove(client)
    del queues[client]
    client.close()


def read(client, inputs, outputs, queues):
    try:
        data = client.recv(CHUNK)
    except ConnectionError:
        data = b""
    if not data:
        drop(client, inputs, outputs, queues)
        return
    queues[client].put(data)
    if client not in outputs:
        outputs.append(client)


def write(client, outputs, queues):
    try:
        data = queues[client].get_nowait()
    except queue.Empty:
        outputs.remove(client)
        return
    rest = data[client.send(data):]
    if rest:
        queues[client].queue.appendleft(rest)


def main():
    server = socket.create_server(("127.0.0.1", 0), backlog=4096)
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server.setblocking(False)
    print(server.getsockname()[1], flush=True)
    inputs, outputs, queues = [server], [], {}
    while True:
        readable, writable, _ = select.select(inputs, outputs, [])
        for sock in readable:
            if sock is server:
                client, _ = server.accept()
                client.setblocking(False)
                inputs.append(client)
                queues[client] = queue.Queue()
            else:
                read(sock, inputs, outputs, queues)
        for sock in writable:
            if sock in queues:
                write(sock, outputs, queues)


sys.exit(main())
