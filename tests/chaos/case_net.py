"""Cases of bad links: network namespaces of our own, joined by a veth pair."""

import contextlib
import os
import subprocess

import bars
import chaos
import e2e
from bars import Settings, hold
from e2e import Leatd

SERVER, CLIENT = "10.213.7.1", "10.213.7.2"


def command(*words):
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


class Lab:
    """Two namespaces and the link between them."""

    def __init__(self):
        mark = "leat-chaos-%d" % os.getpid()
        self.server, self.client = mark + "-s", mark + "-c"
        self.made = []

    def make(self):
        for name in (self.server, self.client):
            command("ip", "netns", "add", name)
            self.made.append(name)
        command("ip", "link", "add", "leat0", "netns", self.server, "type",
                "veth", "peer", "name", "leat1", "netns", self.client)
        for name, link, address in ((self.server, "leat0", SERVER),
                                    (self.client, "leat1", CLIENT)):
            self.ip(name, "addr", "add", address + "/24", "dev", link)
            self.ip(name, "link", "set", "lo", "up")
            self.ip(name, "link", "set", link, "up")

    @staticmethod
    def ip(name, *words):
        command("ip", "-n", name, *words)

    def nft(self, verdict):
        """A rule for what comes in, at both ends."""
        for name in (self.server, self.client):
            command("ip", "netns", "exec", name, "nft", "\n".join((
                "add table inet chaos",
                "add chain inet chaos incoming "
                "{ type filter hook input priority 0; }",
                "add rule inet chaos incoming meta l4proto tcp " + verdict)))

    def slow(self):
        for name, link in ((self.server, "leat0"), (self.client, "leat1")):
            command("tc", "-n", name, "qdisc", "add", "dev", link, "root",
                    "tbf", "rate", "4mbit", "burst", "10kb", "latency",
                    "300ms")

    def remove(self):
        for name in self.made:
            subprocess.run(["ip", "netns", "del", name], check=False)
        self.made = []


@contextlib.contextmanager
def lab():
    made = Lab()
    try:
        try:
            made.make()
        except (OSError, subprocess.CalledProcessError) as error:
            raise e2e.Skip("no network namespaces here: %s" % error)
        yield made
    finally:
        made.remove()


def run(what, spoil, *args):
    """Clients over a link that was spoilt."""
    with lab() as link:
        inside = ("ip", "netns", "exec")
        with Leatd("-q", "echo:%s:0" % SERVER, prefix=[*inside, link.server],
                   spins=1000) as leatd:
            spoil(link)
            counts = chaos.drive(
                chaos.targets_of(leatd), "--clients", 60, "--seed",
                Settings.seed, "--seconds", bars.seconds(10, 4),
                "--patience", 120, *args, prefix=[*inside, link.client])
            bars.hold_bytes(counts, "bytes over %s" % what)
            hold("lives that got all", counts["whole"], "> 0",
                 counts["whole"] > 0)


@bars.case("links")
def links():
    """Packets dropped, connections reset, a slow link: no wrong byte."""
    toxics = ("--toxics", "slices=20,urgent=20,slow=10,half=50")
    run("a link that drops 5 %",
        lambda link: link.nft("numgen random mod 100 < 5 drop"), *toxics)
    run("a link that resets 2 %",
        lambda link: link.nft(
            "numgen random mod 100 < 2 reject with tcp reset"), *toxics,
        # Only one end is told; the other, if it has nothing to send, waits.
        "--allow", "reset,early,refused,stuck", "--patience", 5)
    run("a link of 4 Mbit/s", lambda link: link.slow(), *toxics)
