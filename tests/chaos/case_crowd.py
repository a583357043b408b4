"""Cases of many clients: all toxics at once, those who starve a server, those
who reset."""

import tempfile
import time

import bars
import chaos
import e2e
from bars import KIB, MIB, Settings, hold, tell
from e2e import Leatd

CROWD = 9000


def hold_idle(leatd, files):
    """Leatd has forgotten everybody."""
    bars.wait_until(lambda: leatd.totals()["conns"] == 0)
    totals = leatd.totals()
    hold("connections left", totals["conns"], "0", totals["conns"] == 0)
    now = bars.files_of(leatd.pid)
    # Whoever has parked somebody keeps the queue, which is a descriptor.
    hold("descriptors, %d before anybody was parked" % files, now,
         "as before, + 1", files <= now <= files + 1)
    hold("bytes queued", totals["memory"], "0", totals["memory"] == 0)
    share = bars.cpu_share(leatd.pid, 2)
    hold("CPU when idle", "%.1f %%" % (100 * share), "< 1 %", share < 0.01)
    spins = totals["spins"]
    hold("spins of %d selects" % totals["selects"], spins, "< 1 in 1000",
         spins * 1000 < totals["selects"])


@bars.case("mixed")
def mixed():
    """9 000 clients with all toxics: not one wrong byte."""
    bars.need_files(CROWD + 100)
    with tempfile.TemporaryDirectory() as folder:
        with Leatd("-q", "echo:0", "echo:unix:%s/s" % folder,
                   warn=" memory-high| shed ", spins=1000) as leatd:
            leatd.totals()  # by now the ready line's one is closed
            files, base = bars.files_of(leatd.pid), \
                bars.status_of(leatd.pid, "VmRSS")
            counts = chaos.drive(chaos.targets_of(leatd), "--clients", CROWD,
                                 "--seed", Settings.seed,
                                 "--seconds", bars.seconds(30, 5))
            for name in ("conns", "sent", "whole", "resets", "abrupt",
                         "urgent"):
                tell(name, counts[name])
            bars.hold_bytes(counts)
            hold_idle(leatd, files)
            most = bars.status_of(leatd.pid, "VmHWM") - base
            tell("resident memory at most, above that at start",
                 "%.1f MiB" % (most / MIB))
            # Output is bounded by --max-memory, 256m; a client is small.
            bound = 256 * MIB * 5 // 4 + CROWD * 2 * KIB
            hold("  in bounds", most, "< %d" % bound, most < bound)


# --- p99 of the good beside the bad ----------------------------------------

GOOD = 100


def ping(leatd, duration, *more):
    counts = chaos.drive(chaos.targets_of(leatd, "good", "tcp4"), "--toxics",
                         "ping=100", "--clients", GOOD, "--seconds", duration,
                         *more)
    assert counts["code"] == 0, counts
    return counts


def compare(what, alone, beside, rounds, *more):
    """The p99 of the good, by turns alone and beside the bad."""
    ratios, figures = [], []
    for _ in range(rounds):
        one, other = ping(alone, 2, *more), ping(beside, 2, *more)
        ratios.append(other["p99_us"] / max(one["p99_us"], 1))
        figures.append((one["p99_us"], other["p99_us"],
                        one["answers"], other["answers"]))
    middle = [bars.median(column) for column in zip(*figures)]
    tell("p99 alone and beside, %s" % what, "%d, %d us" % tuple(middle[:2]))
    tell("answers alone and beside in 2 s", "%d, %d" % tuple(middle[2:]))
    ratio = bars.median(ratios)
    hold("p99 beside / p99 alone, median of %d" % rounds,
         "%.2f" % ratio, "< 2", ratio < 2)


HALF_OPEN, NEVER = 5000, 4000


@bars.case("starve")
def starve():
    """5 000 half-open and 4 000 never-reading clients beside 100 good ones."""
    bars.need_files(CROWD + 300)
    rounds = bars.times(5, 3)
    listeners = ("echo:0,name=good", "echo:0,name=never",
                 "echo:0,name=open,idle=5s")
    quiet = ("--toxics", "silent=100", "--life", 3600000, "--allow", "early",
             "--rate", 5000)
    with Leatd("-q", *listeners) as alone, \
            Leatd("-q", "--max-memory", "4g", *listeners,
                  warn=" memory-high| shed ") as beside, \
            bars.held(beside, HALF_OPEN, *quiet, name="good"), \
            bars.held(beside, NEVER, "--toxics", "never=100", "--total",
                      4 * MIB, "--life", 3600000, name="never"):
        bars.wait_until(
            lambda: beside.totals()["conns"] >= HALF_OPEN + NEVER)
        time.sleep(2)  # until the never-readers are stuck; decides nothing
        totals = beside.totals()
        tell("connections, bytes queued", "%d, %d MiB" % (
            totals["conns"], totals["memory"] / MIB))
        compare("10 ms between", alone, beside, rounds, "--pace", 10000)
        compare("as fast as goes", alone, beside, rounds)
    deadline(listeners, quiet)


def deadline(listeners, quiet):
    """The half-open are ended by idle=, which is all they have."""
    with Leatd("-q", *listeners) as leatd:
        with bars.held(leatd, HALF_OPEN, *quiet, "--lives", 1,
                       name="open") as driver:
            counts = driver.result(60)
    hold("half-open ended, of %d" % HALF_OPEN, counts["early"], "all",
         counts["early"] == HALF_OPEN)
    hold("first and last at the age of", "%d, %d ms" % (
        counts["first_end_ms"], counts["last_end_ms"]), "5 s to 6 s",
         4900 <= counts["first_end_ms"] and counts["last_end_ms"] <= 6000)


NEVER_ONCE = 1000


@bars.case("memory")
def memory():
    """Who never reads fills max-memory; newcomers are served all the same."""
    bars.need_files(NEVER_ONCE + 300)
    with Leatd("-q", "--max-memory", "64m", "echo:0,name=good",
               warn=" memory-high| shed ", spins=100) as leatd:
        with bars.held(leatd, NEVER_ONCE, "--toxics", "never=100", "--total",
                       4 * MIB, "--life", 3600000, "--allow", "reset,early",
                       "--lives", 1, "--rate", 1000):
            let_in, after = bars.wait_until(
                lambda: leatd.totals()["accepted"] >= NEVER_ONCE)
            hold("all of them are let in after", "%.1f s" % after, "< 60 s",
                 let_in)
            waits = [newcomer(leatd, key) for key in range(10)]
            totals = leatd.totals()
            tell("connections, bytes queued, shed", "%d, %d MiB, %d" % (
                totals["conns"], totals["memory"] / MIB, totals["shed"]))
            hold("a newcomer's answer comes after, at most",
                 "%.2f s" % max(waits), "< 5 s", max(waits) < 5)
        bars.wait_until(lambda: leatd.totals()["conns"] == 0)


def newcomer(leatd, key):
    """Seconds until it has its answer."""
    started = time.monotonic()
    with leatd.connect(name="good") as sock:
        sock.settimeout(10)
        try:
            e2e.send_keyed(sock, key, 0, 1000)
            e2e.recv_keyed(sock, key, 0, 1000)
        except TimeoutError:
            pass
    return time.monotonic() - started


# --- resets ----------------------------------------------------------------

@bars.case("resets")
def resets():
    """2 000 resets a second beside others, who lose nothing."""
    bars.need_files(3000)
    duration = bars.seconds(15, 5)
    with Leatd("echo:0", spins=100) as leatd:
        targets = chaos.targets_of(leatd)
        with chaos.Driver(targets, "--toxics", "reset=100,storm=100",
                          "--window", 1000, "--clients", 500, "--rate", 2600,
                          "--seed", Settings.seed, "--seconds", duration
                          ) as storm, \
                chaos.Driver(targets, "--toxics", "slices=20,half=50",
                             "--clients", 200, "--seed", Settings.seed,
                             "--seconds", duration) as others:
            counts, stormy = others.result(), storm.result()
        rate = stormy["resets"] / stormy["seconds"]
        hold("resets in a second", "%.0f" % rate, ">= 2000", rate >= 2000)
        bars.hold_bytes(counts, "bytes of the others, none wrong, no trouble")
        bars.hold_bytes(stormy, "bytes of those who reset")
        leatd.totals()
        log = leatd.log().split("\n")
        closes = sum(" info close " in line for line in log)
        ended = leatd.totals()["closed"]
        hold("access lines, of %d connections" % ended, closes,
             "one each at most", closes <= ended)
        rest = len(log) - closes
        hold("other lines", rest, "< 30 + 4/s", rest < 30 + 4 * duration)


# --- descriptors taken away ------------------------------------------------

@bars.case("files")
def files():
    """The descriptors run out under load, and come back."""
    import resource
    bars.need_files(3000)
    duration = bars.seconds(15, 6)
    with tempfile.TemporaryDirectory() as folder:
        with Leatd("-q", "echo:0", "echo:unix:%s/s" % folder,
                   warn="accept-paused", spins=1000) as leatd:
            leatd.totals()  # by now the ready line's one is closed
            before = bars.files_of(leatd.pid)
            hard = resource.prlimit(leatd.pid, resource.RLIMIT_NOFILE)[1]
            with chaos.Driver(chaos.targets_of(leatd), "--clients", 1000,
                              "--seed", Settings.seed,
                              "--seconds", duration) as driver:
                cuts, ends = 0, time.monotonic() + duration - 1
                while time.monotonic() < ends:
                    time.sleep(0.7)
                    low = max(before, bars.files_of(leatd.pid) - 20)
                    resource.prlimit(leatd.pid, resource.RLIMIT_NOFILE,
                                     (low, hard))
                    cuts += 1
                    time.sleep(0.7)
                    resource.prlimit(leatd.pid, resource.RLIMIT_NOFILE,
                                     (hard, hard))
                counts = driver.result()
            tell("times that descriptors ran out", cuts)
            totals = leatd.totals()
            errors, ended = totals["accept_errors"], totals["closed"]
            # A try for each connection that ends, and those of the back-off.
            hold("accepts that failed, beside %d ends" % ended, errors,
                 "> 0, < ends + 50/s", 0 < errors < ended + 50 * duration)
            bars.hold_bytes(counts)
            hold_idle(leatd, before)
