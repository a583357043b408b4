"""What is measured: servers, loads, and the bars that leat is to reach.

An entrant is a label, a server and a load. A bar compares the first entrant,
leat, with another one; must and aim are the least ratio that is good, or the
most where less is better. "best peer" is whoever was best in that round.
Where the kernel has no memory for all of them, at_once says how many entrants
are there together."""

from collections import namedtuple

Case = namedtuple("Case", "name title metric entrants bars note at_once",
                  defaults=(None,))
Bar = namedtuple("Bar", "other must aim")

ECHO = "leatd echo:0"
PEERS = [("epoll", "echo_epoll"), ("libuv", "echo_libuv"),
         ("libev", "echo_libev"), ("libevent", "echo_libevent"),
         ("io_uring", "echo_uring")]
BEST = "best peer"
BARE = "bare"  # what no server can do without, and nothing else

# Less is better for all but the first.
METRICS = {"per_s": "messages per second", "p50_us": "median latency",
           "cpu_ns": "CPU of the server per message"}


def echo(name, title, options, bars, metric="per_s", leat=ECHO, extra=(),
         note=""):
    load = "load_echo PORT -p PID " + options
    entrants = [("leat", leat, load)]
    entrants += [(label, server, load) for label, server in PEERS]
    entrants += [(label, server, "load_echo PORT -p PID " + words)
                 for label, server, words in extra]
    return Case(name, title, metric, entrants,
                [Bar(*bar) for bar in bars], note)


def fan(name, title, subscribers, window, must, aim):
    numbers = "%d %d 64 PID" % (subscribers, window)
    return Case(name, title, "per_s", [
        ("leat", "leatd hub:0,quiet,raw", "load_fan lines PORT " + numbers),
        ("redis", "redis", "load_fan redis PORT " + numbers),
        ("mosquitto", "mosquitto", "load_fan mqtt PORT " + numbers),
        (BARE, "bare_fan", "load_fan lines PORT " + numbers),
    ], [Bar("redis", must, aim)],
        "One publisher; a message that has come to one subscriber is one "
        "delivery. Text of 64 bytes, each in its own protocol (QoS 0).")


def never():
    """Each server beside itself, without those that never read."""
    patient = "leatd --max-memory=2g echo:0,limit=256k,high=64k"
    rows = [("leat", patient)] + PEERS
    entrants = []
    for label, server in rows:
        for suffix, crowd in ("", " -n 4000"), (" alone", ""):
            entrants.append((label + suffix, server,
                             "load_echo PORT -p PID -c 100" + crowd))
    return Case("never", "100 active, 4 000 that never read", "per_s",
                entrants, [Bar("leat alone", 0.90, 0.98)],
                "Each is compared with itself without the 4 000, one server "
                "after the other: what those pin in the kernel is too much "
                "for all at once. leat with `limit=256k,high=64k`, so that "
                "it too keeps 64 KiB of each.", at_once=2)


CASES = [
    echo("echo100", "64 B echo, 100 clients", "-c 100",
         [("epoll", 1.00, 1.05), ("libuv", 1.00, 1.05),
          ("io_uring", 0.97, 1.00), ("libevent", 1.25, 1.40)],
         extra=[("tutorial", "echo_tutorial.py", "-c 100")]),
    echo("echo900", "64 B echo, 900 clients", "-c 900",
         [("epoll", 1.05, 1.15), ("libuv", 1.05, 1.15),
          ("io_uring", 1.05, 1.15), ("libevent", 1.40, 1.60)]),
    echo("idle9000", "1 000 active, 9 000 idle", "-c 1000 -i 9000",
         [("epoll", 1.08, 1.17), ("libuv", 1.08, 1.17)]),
    echo("idle19000", "10 active, 19 000 idle", "-c 10 -i 19000",
         [("epoll", 0.94, 1.00), ("libevent", 1.15, 1.30),
          ("leat alone", 0.90, 0.97)],
         extra=[("leat alone", ECHO, "-c 10")]),
    echo("random", "a random one of 10 000, 100 in flight", "-c 10000 -r 100",
         [("epoll", 0.94, 1.00)]),
    never(),
    echo("latency", "1 client, `--busy-poll=50us`", "-c 1",
         [("epoll", 0.45, 0.30)], "p50_us",
         "leatd --busy-poll=50us echo:0",
         extra=[("leat, not polling", ECHO, "-c 1"),
               (BARE, "bare_echo", "-c 1")]),
    echo("latencyb", "1 client, `--busy-poll=50us`, and it polls too",
         "-c 1 -b 1", [], "p50_us", "leatd --busy-poll=50us echo:0",
         extra=[("leat, not polling", ECHO, "-c 1 -b 1"),
               (BARE, "bare_echo", "-c 1 -b 1")],
         note="So a wake-up of the client is not in the time."),
    echo("echo16k", "16 KiB echo, 10 clients", "-c 10 -s 16384",
         [("epoll", 0.97, None), (BEST, None, 1.00)]),
    echo("echo1m", "1 MiB echo, 1 client", "-c 1 -s 1048576",
         [("epoll", 0.97, None), (BEST, None, 1.00)]),
    echo("pipelined", "16 B pipelined x 8, 100 clients", "-c 100 -s 16 -d 8",
         [("epoll", 1.10, 1.00)], "cpu_ns"),
    fan("fan100w1", "fan-out to 100, window 1", 100, 1, 1.00, 1.05),
    fan("fan100w16", "fan-out to 100, window 16", 100, 16, 1.20, 1.50),
    fan("fan5000w4", "fan-out to 5 000, window 4", 5000, 4, 1.50, 2.50),
    Case("churn", "connect, one message, close", "per_s",
         [(label, server, "load_churn PORT 32 64 PID")
          for label, server in [("leat", ECHO)] + PEERS],
         [Bar("epoll", 0.97, 1.05)],
         "32 clients at once, each from another address."),
]


def agree(clients):
    words = "-c %d -s 64" % clients
    return Case("agree%d" % clients,
                "`leat bench` beside our plain load, %d clients" % clients,
                "per_s", [("leat", ECHO, "leat bench " + words),
                          ("plain load", ECHO, "load_echo PORT " + words)],
                [], "Both on leatd: what the public tool says is what a "
                "client that knows nothing of leat sees.")


CASES += [agree(1), agree(10), agree(100)]

# The plot: cost per message against the number of idle clients.
IDLE = [0, 10, 100, 1000, 5000, 10000, 19000]
CURVE = [Case("curve%d" % idle, "10 active, %d idle" % idle, "cpu_ns",
              [(label, server, "load_echo PORT -p PID -c 10 -i %d" % idle)
               for label, server in [("leat", ECHO)] + PEERS], [], "")
         for idle in IDLE]
