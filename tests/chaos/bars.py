"""What the cases of chaos share: a runner that reports each figure beside its
bar, and what is measured of a leatd that runs."""

import contextlib
import os
import resource
import signal
import statistics
import sys
import threading
import time
import traceback

import chaos
import e2e

KIB, MIB = 1024, 1024 * 1024
TICK = os.sysconf("SC_CLK_TCK")

cases = {}
_failed = []
_told = []


class Settings:
    """What the command line asked for, read by every case."""
    seed = 1
    scale = 1.0  # of the usual length of a case


def case(name):
    """Make a case of a function."""
    def enter(function):
        cases[name] = function
        return function
    return enter


def seconds(usual, least=2):
    return max(least, usual * Settings.scale)


def times(usual, least=1):
    return max(least, round(usual * Settings.scale))


def tell(what, figure):
    """A figure that has no bar."""
    print("  %-52s %16s" % (what, figure), flush=True)


def hold(what, figure, bar, holds):
    """A figure beside its bar."""
    verdict = "holds" if holds else "DOES NOT HOLD"
    print("  %-52s %16s  %-22s %s" % (what, figure, bar, verdict), flush=True)
    _told.append(what)
    if not holds:
        _failed.append(what)


def hold_bytes(counts, what="bytes verified, none wrong, no trouble"):
    """The driver's verdict."""
    for line in counts["errors"].splitlines():
        print("  " + line)
    hold(what, counts["verified"], "driver ends with 0", counts["code"] == 0)


def _run_one(name, function):
    print("%s: %s" % (name, function.__doc__.split("\n")[0]), flush=True)
    started = time.monotonic()
    try:
        function()
        verdict = "done"
    except e2e.Skip as skip:
        verdict = "skipped: %s" % skip
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # the next case should run all the same
        traceback.print_exc()
        _failed.append(name)
        verdict = "FAILED"
    print("  %s in %.0f s" % (verdict, time.monotonic() - started), flush=True)


def run(names):
    """Run cases; the exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for name in names:
        _run_one(name, cases[name])
    print("chaos: %d bars, %d do not hold%s" % (
        len(_told), len(_failed),
        "" if not _failed else ": " + "; ".join(_failed)))
    return 1 if _failed else 0


# --- what is measured ------------------------------------------------------

def status_of(pid, key):
    """Bytes, of /proc/PID/status."""
    with open("/proc/%d/status" % pid) as file:
        for line in file:
            if line.startswith(key + ":"):
                return int(line.split()[1]) * KIB
    raise KeyError(key)


def cpu_of(pid):
    """Seconds."""
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def files_of(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


def cpu_share(pid, duration):
    """Of one core, over so many seconds."""
    before, started = cpu_of(pid), time.monotonic()
    time.sleep(duration)
    return (cpu_of(pid) - before) / (time.monotonic() - started)


def wait_until(condition, most=60):
    """Whether it became true in so many seconds, and after how many."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > most:
            return False, most
        time.sleep(0.02)
    return True, time.monotonic() - started


def median(numbers):
    return statistics.median(numbers)


def need_files(count):
    """As many descriptors as are allowed; skip if these are too few."""
    e2e.need_files(count)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextlib.contextmanager
def held(leatd, count, *args, name=None):
    """Clients that are there while the block runs."""
    targets = chaos.targets_of(leatd, name)
    with chaos.Driver(targets, "--clients", count, "--seed", Settings.seed,
                      "--seconds", 3600, *args) as driver:
        yield driver


class Watch:
    """The most that a function has said, looked at ten times a second."""

    def __init__(self, function):
        self.function, self.most = function, 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)

    def look(self):
        while not self.stop.wait(0.1):
            self.most = max(self.most, self.function())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
