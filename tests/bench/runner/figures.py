"""From runs to ratios: each round is a ratio of its own, the median of the
rounds is what counts, the quartiles say how sure it is."""

import statistics
from collections import namedtuple

import cases

Ratio = namedtuple("Ratio", "low middle high")


def values(result, label, metric):
    runs = result["entrants"].get(label, {}).get("runs", [])
    return [run[metric] for run in runs if metric in run]


def spread(numbers):
    if len(numbers) == 1:
        numbers = numbers * 2
    low, middle, high = statistics.quantiles(numbers, n=4, method="inclusive")
    return Ratio(low, middle, high)


def best(result, metric, not_this):
    """The best of the others, round by round."""
    rows = [values(result, label, metric) for label in result["entrants"]
            if not label.startswith(not_this)]
    choose = max if metric == "per_s" else min
    return [choose(turn) for turn in zip(*[row for row in rows if row])]


def ratio(result, one, other, metric):
    """The spread of one/other, or None where one of them did not run."""
    ones = values(result, one, metric)
    others = best(result, metric, one) if other == cases.BEST \
        else values(result, other, metric)
    pairs = [a / b for a, b in zip(ones, others) if b > 0]
    return spread(pairs) if pairs else None


def median(result, label, metric):
    numbers = values(result, label, metric)
    return statistics.median(numbers) if numbers else None


def better(metric, a, b):
    """Whether a is at least as good as b."""
    return a >= b if metric == "per_s" else a <= b


def verdict(metric, found):
    """Ahead and behind are said only if three rounds of four agree."""
    if better(metric, found.low, 1) and better(metric, found.high, 1):
        return "ahead"
    if not better(metric, found.low, 1) and not better(metric, found.high, 1):
        return "**behind**"
    return "even" if better(metric, found.middle, 1) else "even, not ahead"


def reached(metric, bar, found):
    if bar.aim is not None and better(metric, found.middle, bar.aim):
        return "aim"
    if bar.must is not None and not better(metric, found.middle, bar.must):
        return "**below must**"
    return "must" if bar.must is not None else "**not yet**"
