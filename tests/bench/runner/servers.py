"""The servers: how each is started, on core 0, and its port.

A start that fails is Refused, with the words of the server: a row of the
tables then says so, and all other rows are as they would be."""

import json
import os
import select
import socket
import subprocess
import time

import paths

CORE, PATIENCE = "0", 20

REDIS = ["redis-server", "--bind", "127.0.0.1", "--protected-mode", "no",
         "--save", "", "--appendonly", "no", "--maxclients", "10000",
         "--tcp-backlog", "4096", "--client-output-buffer-limit",
         "pubsub 0 0 0", "--port"]
MOSQUITTO = """listener %d 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
persistence false
log_dest none
max_queued_messages 0
"""


class Refused(Exception):
    """It does not run here, and why."""


def pinned(core, command):
    """On that core, and never longer there than we are."""
    return ["setpriv", "--pdeathsig", "TERM", "taskset", "-c", core] + command


def end(process):
    """End one process that we started, by its own number."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()


def read_line(process, log):
    """Its first line; what it said instead, if it ended."""
    if select.select([process.stdout], [], [], PATIENCE)[0]:
        line = process.stdout.readline()
        if line:
            return line
    end(process)
    with open(log) as words:
        said = words.read().strip().split("\n")[-1]
    raise Refused(said or "it does not start")


def start(command, log, wrapper=()):
    with open(log, "w") as words:
        return subprocess.Popen(
            pinned(CORE, list(wrapper) + command), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=words)


def free_port():
    """For those that cannot tell which port 0 became."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def await_port(process, port, log):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return port
        except OSError:
            time.sleep(0.05)
    end(process)
    with open(log) as words:
        raise Refused(words.read().strip()[-200:] or "it does not start")


def start_leatd(arguments, log, wrapper=()):
    for word in arguments:
        option = word.split("=")[0]
        if option.startswith("--") and option not in options_of_leatd():
            raise Refused("this leatd has no " + option)
    process = start([paths.LEATD, "-q", "--ready-fd", "1"] + arguments, log,
                    wrapper)
    ready = json.loads(read_line(process, log))
    return process, next(listener["port"] for listener in ready["listeners"]
                         if listener["family"] == "tcp4")


def options_of_leatd():
    return subprocess.run([paths.LEATD, "--help"], text=True,
                          capture_output=True, check=True).stdout


def start_peer(name, log, wrapper=()):
    process = start([paths.program(name)], log, wrapper)
    return process, int(read_line(process, log))


def start_redis(log):
    port = free_port()
    process = start(REDIS + [str(port)], log)
    return process, await_port(process, port, log)


def start_mosquitto(log):
    port = free_port()
    with open(paths.program("mosquitto.conf"), "w") as config:
        config.write(MOSQUITTO % port)
    process = start(["mosquitto", "-c", config.name], log)
    return process, await_port(process, port, log)


OTHERS = {"redis": start_redis, "mosquitto": start_mosquitto}


def open_server(server, log, wrapper=()):
    """A process and its port, of one of the servers of cases.py."""
    os.makedirs(paths.OUT, exist_ok=True)
    if server.startswith("leatd "):
        return start_leatd(server.split()[1:], log, wrapper)
    if server in OTHERS:
        return OTHERS[server](log)
    return start_peer(server, log, wrapper)
