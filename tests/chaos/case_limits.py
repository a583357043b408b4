"""Cases of a leatd that has too few descriptors or too little memory."""

import contextlib
import os
import resource
import select
import signal
import tempfile
import time

import bars
import chaos
import e2e
from bars import MIB, Settings, hold, tell
from e2e import Leatd

NOFILE, OLD, CONNECTORS = 256, 100, 2000


def connectors(leatd):
    """They come, get no answer, give up by a reset and come again."""
    return bars.held(leatd, CONNECTORS, "--toxics", "storm=100",
                     "--impatient", 1000, "--allow", "reset,early,timeout")


class Full:
    """A leatd with room for OLD more clients; the rest of its places is
    taken. Who waits in the backlog has sent a byte."""

    def __init__(self, leatd):
        self.leatd, self.socks, self.waiting = leatd, [], []

    def fill(self, leave):
        """Take all places, then free some of them for the old clients."""
        while True:
            sock = self.leatd.connect()
            sock.sendall(b"x")
            if not select.select([sock], [], [], 0.5)[0]:
                self.waiting.append(sock)
                break
            sock.recv(1)
            self.socks.append(sock)
        self.waiting.pop().close()
        for _ in range(leave):
            self.socks.pop().close()

    def wait_in_line(self, count):
        for _ in range(count):
            sock = self.leatd.connect()
            sock.sendall(b"x")
            self.waiting.append(sock)

    def recovery(self):
        """Seconds from a free place to the answer of one who waited."""
        assert not select.select(self.waiting, [], [], 0)[0], "not full"
        self.socks.pop(0).close()
        started = time.monotonic()
        ready = select.select(self.waiting, [], [], 10)[0]
        taken = time.monotonic() - started
        for sock in ready:
            self.waiting.remove(sock)
            self.socks.append(sock)
        return taken

    def close(self):
        for sock in self.socks + self.waiting:
            sock.close()


@contextlib.contextmanager
def full_leatd(is_sudden, prefix=()):
    """With few descriptors: from the start, or since it runs."""
    limit = NOFILE if not is_sudden else CONNECTORS
    with Leatd("-q", "echo:0", prefix=[
            *prefix, "prlimit", "--nofile=%d:%d" % (limit, limit)],
               warn="accept-paused", spins=100) as leatd:
        resource.prlimit(leatd.pid, resource.RLIMIT_NOFILE, (NOFILE, limit))
        full = Full(leatd)
        try:
            yield leatd, full
        finally:
            full.close()


def rate(leatd, duration):
    """Answers in a second."""
    before, started = leatd.totals()["in_msgs"], time.monotonic()
    time.sleep(duration)
    return (leatd.totals()["in_msgs"] - before) / (time.monotonic() - started)


def old_clients_rate(is_sudden):
    """Their answers beside the connectors, as a share of those without. Both
    are there all the time, and the connectors stand still by turns: what else
    the machine does is the same for both."""
    ratios = []
    with full_leatd(is_sudden) as (leatd, full):
        full.fill(OLD)
        with chaos.Driver(chaos.targets_of(leatd), "--toxics", "ping=100",
                          "--clients", OLD, "--seconds", 3600):
            time.sleep(1)
            with connectors(leatd) as storm:
                time.sleep(1)
                for _ in range(bars.times(20, 10)):
                    storm.process.send_signal(signal.SIGSTOP)
                    alone = rate(leatd, 0.4)
                    storm.process.send_signal(signal.SIGCONT)
                    ratios.append(rate(leatd, 0.4) / alone)
    return bars.median(ratios)


def accept_calls(is_sudden):
    """In a second while full, as strace counts them."""
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/accepts"
        strace = ("strace", "-f", "--seccomp-bpf", "-e", "trace=accept4",
                  "-o", path)
        with full_leatd(is_sudden, prefix=strace) as (leatd, full):
            full.fill(0)
            with connectors(leatd):
                time.sleep(1)
                with open(path) as file:
                    before = sum("accept4" in line for line in file)
                time.sleep(3)
                with open(path) as file:
                    return (sum("accept4" in line for line in file)
                            - before) / 3


@bars.case("full")
def full_case():
    """256 descriptors, 2 000 connectors: nobody inside notices."""
    bars.need_files(CONNECTORS + 600)
    # By the bound that leatd takes from the limit, and by EMFILE itself.
    for how, is_sudden in (("its own bound", False), ("EMFILE", True)):
        share = old_clients_rate(is_sudden)
        hold("rate of old clients, by %s" % how, "%.0f %%" % (100 * share),
             ">= 80 %", share >= 0.8)
        calls = accept_calls(is_sudden)
        hold("accept calls in a second", "%.1f" % calls, "< 50", calls < 50)
        with full_leatd(is_sudden) as (leatd, full):
            full.fill(0)
            full.wait_in_line(20)
            with connectors(leatd):
                time.sleep(2)
                share = bars.cpu_share(leatd.pid, 3)
                hold("CPU while full", "%.1f %%" % (100 * share), "< 5 %",
                     share < 0.05)
                waits = [full.recovery() for _ in range(10)]
            tell("recovery in the middle", "%.0f ms"
                 % (1000 * bars.median(waits)))
            hold("recovery at most", "%.0f ms" % (1000 * max(waits)),
                 "< 200 ms", max(waits) < 0.2)


# --- memory ----------------------------------------------------------------

CGROUP_MIB = 64


class Group:
    """A memory cgroup, of version 1 or 2; with neither, none."""

    def __init__(self):
        name = "leat-chaos-%d" % os.getpid()
        one, two = "/sys/fs/cgroup/memory", "/sys/fs/cgroup"
        self.path = None
        if os.access(one, os.W_OK) and os.path.exists(one + "/cgroup.procs"):
            self.path, self.limit = one + "/" + name, "memory.limit_in_bytes"
            self.kills, self.most = "memory.oom_control", \
                "memory.max_usage_in_bytes"
        elif os.access(two + "/cgroup.subtree_control", os.W_OK):
            self.path, self.limit = two + "/" + name, "memory.max"
            self.kills, self.most = "memory.events", "memory.peak"
        try:
            if self.path:
                os.mkdir(self.path)
                self.write(self.limit, CGROUP_MIB * MIB)
        except OSError:
            self.remove()

    def write(self, name, value):
        with open(self.path + "/" + name, "w") as file:
            file.write(str(value))

    def read(self, name):
        with open(self.path + "/" + name) as file:
            return file.read()

    def killed(self):
        """How many were killed for memory."""
        for line in self.read(self.kills).splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
        return 0

    def remove(self):
        if self.path and os.path.isdir(self.path):
            os.rmdir(self.path)
        self.path = None

    def prefix(self):
        """Of a command that is to run in it."""
        if not self.path:
            return ()
        return ("sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"',
                self.path)


@bars.case("cgroup")
def cgroup():
    """64 MiB for leatd with --max-memory 8m, 9 000 clients outside."""
    clients, never = 7500, 1500
    bars.need_files(clients + never + 300)
    group = Group()
    if not group.path:
        print("  no memory cgroup is to be had here: resident memory only")
    try:
        with Leatd("-q", "--max-memory", "8m", "echo:0",
                   prefix=group.prefix(), spins=1000,
                   warn=" memory-high| shed |accept-") as leatd, \
                bars.Watch(lambda: bars.status_of(leatd.pid, "VmRSS")
                           ) as rss, \
                bars.held(leatd, never, "--toxics", "never=100", "--total",
                          4 * MIB, "--allow", "reset,early,timeout") as greedy:
            counts = chaos.drive(
                chaos.targets_of(leatd), "--clients", clients, "--seed",
                Settings.seed, "--seconds", bars.seconds(20, 5), "--toxics",
                "slices=30,urgent=20,silent=10,slow=20,half=40,reset=10",
                # Whose turn in the backlog does not come, times out.
                "--allow", "reset,early,timeout", "--patience", 300)
            greedy.process.terminate()
            bars.wait_until(lambda: leatd.totals()["conns"] == 0)
            totals = leatd.totals()
            bars.hold_bytes(counts)
            hold("resident memory at most", "%.1f MiB" % (rss.most / MIB),
                 "< %d MiB" % CGROUP_MIB, rss.most < CGROUP_MIB * MIB)
            if group.path:
                tell("cgroup's memory at most", "%.1f MiB"
                     % (int(group.read(group.most)) / MIB))
                kills = group.killed()
                hold("killed", kills, "0", kills == 0)
            cut = counts["reset"] + counts["early"]
            tell("of those who read, cut off", cut)
            tell("  and not let in before they gave up", counts["timeout"])
            hold("shed, as leatd counts", totals["shed"],
                 "> 0, and >= those cut",
                 0 < totals["shed"] and cut <= totals["shed"])
            # Served on: one more client.
            with leatd.connect() as sock:
                e2e.send_keyed(sock, 1, 0, 1000)
                e2e.recv_keyed(sock, 1, 0, 1000)
    finally:
        group.remove()
