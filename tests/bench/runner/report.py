"""docs/benchmarks.md and docs/benchmarks.svg, from the results that are there;
a case without a result is named as not measured."""

import json
import os
import statistics
import subprocess

import cases
import figures
import paths
import where

DOCUMENT = os.path.join(paths.DOCS, "benchmarks.md")
PLOT = os.path.join(paths.DOCS, "benchmarks.svg")

HEAD = """# Benchmarks

Made by `script/bench`, not by hand: %(how)s.

Server on one core, load on the other, both pinned. All servers of a case are
there at once and run in turn, every other round backwards. Each round gives a
ratio of its own, leat to the other; the tables show the median of the rounds
and in brackets the quartiles. The ratio counts and nothing else does: what a
machine like this does in a second is another thing every hour.

*busy* is the share of its core that the server used: where it is far from
100 %%, the load was the slower side and the ratio says little. *CPU* is the
ratio of the servers' CPU time per message, less is better; the rest of the
machine hardly disturbs it.
*ahead* and *behind* stand where three rounds of four agree; *must* is the
least that we take for good, *aim* is where we want to be.

"""

FAIR = """## Who is compared

All servers have one thread, one buffer of 64 KiB, `TCP_NODELAY`, a backlog of
4096 and their best way to wait; what a client cannot take is kept and nothing
more read from it meanwhile. All sources are in `tests/bench/`.

| name | is |
|---|---|
| leat | `leatd` of the release preset, `-q`, with limits as by default |
| epoll | written by hand: level-triggered, `recv` and `send` at once |
| libuv | every read into one buffer, `uv_try_write` first |
| libev | its epoll backend, one watcher per connection |
| libevent | bufferevents, evbuffers moved and not copied, epoll change list |
| io_uring | liburing: multishot accept and receive, a ring of shared buffers |
| tutorial | `select.select` in Python, lists and queues, as it is taught |
| redis | Pub/Sub of `redis-server`, nothing saved, no limit for subscribers |
| mosquitto | QoS 0, nothing saved, no limit for subscribers |
| bare | no rival but a limit: the system calls that must be, and nothing else |

*bare* does what no server of one thread can do without, for one case, and no
more: `bare_echo.c` asks one client for bytes in a loop, `bare_fan.c` sends one
block to each subscriber. *bare / epoll* is the ratio that it reaches. Where
that is clearly below must, as for the busy poll, no server of one thread can
reach it here; where the two are close it scatters as the others do and says
only how little there is to win.

The load (`tests/bench/load*.c`) knows nothing of leat. It compares every byte
that comes with what it sent; one wrong byte ends the case.

"""


def load_result(name):
    try:
        with open(paths.result(name)) as file:
            return json.load(file)
    except OSError:
        return None


def number(value):
    if value is None:
        return ""
    return "%.1f" % value if value < 100 else format(round(value), ",")


def cpu(result, one, other):
    """The ratio of what a message costs the servers."""
    found = figures.ratio(result, one, other, "cpu_ns")
    return "%.3f" % found.middle if found else ""


def row(case, result, one, other):
    """One line of a table, and whether leat is ahead there."""
    found = figures.ratio(result, one, other, case.metric)
    if found is None:
        error = result["entrants"].get(other, {}).get("error") or \
            result["entrants"].get(one, {}).get("error") or "not measured"
        return "| %s | | %s | | | | |" % (other, error), None
    bar = next((bar for bar in case.bars if bar.other == other), None)
    wanted = reached = ""
    if bar:
        wanted = " / ".join("%.2f" % part if part is not None else "-"
                            for part in (bar.must, bar.aim))
        reached = figures.reached(case.metric, bar, found)
    said = "" if case.name.startswith("agree") or one == cases.BARE \
        else figures.verdict(case.metric, found)
    name = "*%s / %s*" % (one, other) if one == cases.BARE else other
    return "| %s | %s | %.3f [%.3f..%.3f] | %s | %s | %s | %s |" % (
        name, number(figures.median(result, other, case.metric)),
        found.middle, found.low, found.high, said, wanted, reached,
        cpu(result, one, other)), \
        (other, found, said, reached)


def pairs(case, result):
    """Who is compared with whom; in most cases leat with all others."""
    labels = list(result["entrants"])
    if case.name == "never":
        return [(label, label + " alone") for label in labels
                if not label.endswith(" alone")]
    others = [("leat", label) for label in labels if label != "leat"]
    if any(bar.other == cases.BEST for bar in case.bars):
        others.append(("leat", cases.BEST))
    if cases.BARE in labels:
        others += [(cases.BARE, bar.other) for bar in case.bars]
    return others


def short_of(case, result):
    """What could not be as big as it should, by its own account."""
    for label, _server, load in case.entrants:
        words = load.split()
        idle = result["entrants"][label]["ready"].get("idle")
        if "-i" in words and idle is not None and \
                idle < int(words[words.index("-i") + 1]):
            yield "Open files allow only %d idle clients here (%s). " % (
                idle, label)


def busy(result):
    """Whether it was the server that was measured, and not the load."""
    shares = [a * b / 1e7 for a, b in zip(
        figures.values(result, "leat", "cpu_ns"),
        figures.values(result, "leat", "per_s"))]
    return "; leat busy %.0f %%" % statistics.median(shares) if any(shares) \
        else ""


def section(case, result):
    text = "### %s\n\n" % case.title
    if result is None:
        return text + "Not measured.\n\n", []
    text += "".join(short_of(case, result)) + (case.note + "\n\n"
                                               if case.note else "")
    own = number(figures.median(result, "leat", case.metric))
    what = cases.METRICS[case.metric]
    less = "" if case.metric == "per_s" else "; less is better"
    text += "%s, leat %s%s%s. %d rounds of %g s, %s, %s.\n\n" % (
        what[0].upper() + what[1:], own or "did not run", less,
        busy(result), result["rounds"], result["seconds"], result["date"],
        result["commit"])
    text += "| compared with | its figure | ratio | leat is | must / aim " \
        "| reached | CPU |\n|---|---|---|---|---|---|---|\n"
    notes = []
    for one, other in pairs(case, result):
        line, note = row(case, result, one, other)
        text += line + "\n"
        if note and one == "leat" and is_told(note):
            notes.append((case.title,) + note)
    return text + "\n", notes


def is_told(note):
    """Not ahead of another, or a bar that is not reached."""
    other, _found, said, reached = note
    rival = said and other != cases.BARE and not other.startswith("leat")
    return "**" in reached or (rival and said != "ahead")


def not_ahead(lines):
    text = "## Where leat is not ahead\n\n"
    if not lines:
        return text + "Nowhere, in what was measured.\n\n"
    text += "| case | compared with | ratio | leat is | reached |\n" \
        "|---|---|---|---|---|\n"
    for title, other, found, said, reached in lines:
        text += "| %s | %s | %.3f | %s | %s |\n" % (
            title, other, found.middle, said, reached)
    return text + "\n"


def tell(case):
    """The ratios of a case, for who waits at the terminal."""
    result = load_result(case.name)
    for one, other in pairs(case, result):
        found = figures.ratio(result, one, other, case.metric)
        if found:
            print("%s: %s / %s, %s: ratio %.3f (%.3f..%.3f)" % (
                case.title, one, other, cases.METRICS[case.metric],
                found.middle, found.low, found.high), flush=True)


def curve():
    """The table of the plot: a line per number of idle clients."""
    lines, labels = [], ["leat"] + [label for label, _ in cases.PEERS]
    for idle, case in zip(cases.IDLE, cases.CURVE):
        result = load_result(case.name)
        if result is None:
            continue
        cells = [figures.median(result, label, "cpu_ns") for label in labels]
        lines.append([idle] + cells)
    return labels, lines


GNUPLOT = """set terminal svg size 800,480 background '#ffffff'
set output '%s'
set title '64 B echo, 10 active clients among idle ones'
set key outside right
set grid
set logscale x
set xrange [1:30000]
set yrange [0:*]
set xlabel 'idle clients'
set ylabel 'CPU of the server per message, microseconds'
set xtics (%s)
plot %s
"""


def short(number):
    return str(number) if number < 1000 else "%dk" % (number // 1000)


def plot(labels, lines):
    data = os.path.join(paths.OUT, "curve.dat")
    with open(data, "w") as out:
        for idle, *cells in lines:
            # A logarithmic axis has no 0: it stands where 1 would.
            out.write(" ".join([str(max(idle, 1))] + [
                "%.3f" % (cell / 1000) if cell else "nan"
                for cell in cells]) + "\n")
    tics = ["'%s' %d" % (short(idle), max(idle, 1)) for idle, *_ in lines]
    lines = ["'%s' using 1:%d with linespoints lw %d title '%s' noenhanced"
             % (data, column + 2, 3 if label == "leat" else 1, label)
             for column, label in enumerate(labels)]
    script = GNUPLOT % (PLOT, ",".join(tics), ", ".join(lines))
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def curve_section():
    labels, lines = curve()
    text = "## Cost per message against the number of idle clients\n\n"
    if not lines:
        return text + "Not measured.\n\n"
    plot(labels, lines)
    text += "![cost per message against idle clients](benchmarks.svg)\n\n" \
        "Nanoseconds of CPU of the server per message of 64 B, 10 active " \
        "clients; compare within a line.\n\n"
    text += "| idle | %s |\n|%s\n" % (" | ".join(labels),
                                      "---|" * (len(labels) + 1))
    for idle, *cells in lines:
        text += "| %d | %s |\n" % (idle, " | ".join(
            number(cell) for cell in cells))
    return text + "\n"


def repeat(machine):
    text = "## The machine, and how to repeat this\n\n| | |\n|---|---|\n"
    for name, value in machine.items():
        if name != "packages":
            text += "| %s | %s |\n" % (name, value)
    for name, value in machine["packages"].items():
        text += "| `%s` | %s |\n" % (name, value)
    return text + """
```sh
script/bench                # all of it: nine rounds of a second
script/bench 5 0.5          # five rounds of half a second
script/bench --case random  # one case; --list names them
script/bench --where        # where the time goes
script/bench --report       # this document, from build/bench/results
```

Debian 12 or later; what is missing is installed. Debian may start the servers
that it installs; those that are measured are started here. A run that is cut
off keeps the cases that were complete. It needs two idle cores,
and 20 000 open files for the largest crowd.
"""


def make():
    machine = load_result("machine")
    text, notes = "", []
    rounds = set()
    for case in cases.CASES:
        result = load_result(case.name)
        part, more = section(case, result)
        text += part
        notes += more
        if result:
            rounds.add((result["rounds"], result["seconds"]))
    how = "; ".join("%d rounds of %g s" % pair for pair in sorted(rounds)) \
        or "nothing was measured yet"
    with open(DOCUMENT, "w") as out:
        out.write(HEAD % {"how": how} + not_ahead(notes) + "## Cases\n\n"
                  + text + curve_section() + where.section() + FAIR
                  + (repeat(machine) if machine else ""))
