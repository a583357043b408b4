"""The parts of script/prove: what leat promises, and the command that checks
it in full."""

import re
import subprocess

DEV = "build/dev/tests/"

PACKAGES = """gcc g++ clang libclang-rt-dev:- libc6-dev:- uthash-dev:- libcrypt-dev:-
cmake ninja-build:ninja make pkg-config check:- valgrind clang-format clang-tidy
cppcheck shellcheck python3 gcovr netcat-openbsd:nc ncat socat strace
procps:pgrep iproute2:ss nftables:nft util-linux:prlimit
frama-c-base:frama-c"""

MUTATED = ("src/base/queue.c", "src/base/queue_view.c", "src/base/frame.c",
           "src/loop/timer.c", "src/loop/fdset.c", "src/loop/loop.c",
           "src/loop/park.c")


class Part:
    """One proof. command may have {seed} and {next_seed}; several, separated
    by " & ", run side by side. result is the pattern of what is told of their
    output: the groups of all matches. totals are counted up over all runs: a
    name, and the pattern of a number."""

    def __init__(self, name, promise, command, result, totals=(),
                 is_worth_more=False):
        self.name = name
        self.promise = promise
        self.command = command
        self.result = re.compile(result, re.M)
        self.totals = totals
        self.is_worth_more = is_worth_more

    def commands(self, seed):
        # No two runs of a part have seeds in common.
        first = (seed & 0xffffffff) * 1000000
        line = self.command.format(seed=first, next_seed=first + 500000)
        return line.split(" & ")

    def shown(self):
        return self.command.format(seed="SEED", next_seed="SEED2")

    def read(self, printed):
        found = [" ".join(match.groups() or (match.group(0),))
                 for match in self.result.finditer(printed)]
        return "; ".join(" ".join(part.split()) for part in found)

    def count(self, printed):
        return {name: sum(int(number) for number in
                          re.findall(pattern, printed, re.M))
                for name, pattern in self.totals}


PARTS = (
    Part("suite",
         "Every test passes: unit, memcheck, end to end, lint, sweep, "
         "simulator, corpora, chaos smoke; under gcc, clang with ASan+UBSan, TSan",
         "script/test",
         r"^(\d+ passed, \d+ failed.*)$"),
    Part("compilers",
         "The tests pass under gcc with ASan+UBSan, too, and the unit tests "
         "under clang alone",
         "script/build gcc-asan -DLEAT_WERROR=ON && "
         "script/build clang -DLEAT_WERROR=ON && "
         "ctest --preset gcc-asan && ctest --preset clang",
         r"^(\d+% tests passed, .*)$"),
    Part("sweep",
         "Whatever call of the kernel or of the allocator fails, once or from "
         "then on: the documented error, no leak, no lost byte, and the same "
         "loop serves again",
         DEV + "fault/leat-faults",
         r"^(sites \d+/\d+ runs \d+ fail \d+)$",
         totals=(("runs with one fault", r"^sites \S+ runs (\d+)"),)),
    Part("pairs",
         "The same with two faults in a run",
         DEV + "fault/leat-faults --pairs 20000 --seed {seed}",
         r"^(runs \d+ fail \d+)$",
         totals=(("runs with two faults", r"^runs (\d+) fail"),),
         is_worth_more=True),
    Part("sim",
         "leatd on a simulated kernel, with faults and clients drawn from a "
         "seed: no byte lost, doubled or moved, memory bounded, no spin, "
         "nobody starved, TERM ends it with the right status",
         DEV + "sim/leat-sim --seeds 50000 --from {seed} & "
         + DEV + "sim/leat-sim --seeds 50000 --from {next_seed}",
         r"^(seeds .* failed)$",
         totals=(("simulator seeds", r"^seeds (\d+)"),
                 ("simulated hours", r"(\d+) simulated hours")),
         is_worth_more=True),
    Part("small-world",
         "Two clients and a queue of 4 bytes: every order of events, to depth "
         "10 in full",
         DEV + "sim/leat-sim --exhaustive --depth 10 & "
         + DEV + "sim/leat-sim --exhaustive --depth 10 --storms 1",
         r"^(depth .*)$"),
    Part("same-trace",
         "Equal seeds are equal runs with gcc, clang, ASan, -m32 and on "
         "big-endian s390x",
         "tests/sim/determinism.sh",
         r"^(\d+ builds .* equal)$"),
    Part("queue",
         "The queue agrees with a plain array, operation by operation",
         "LEAT_OPS=50000000 LEAT_SEED={seed} LEAT_DEPTH=3 "
         "CK_DEFAULT_TIMEOUT=1200 " + DEV + "unit/leat-unit queue_model & "
         "LEAT_OPS=50000000 LEAT_SEED={next_seed} LEAT_DEPTH=3 "
         "CK_DEFAULT_TIMEOUT=1200 " + DEV + "unit/leat-unit queue_model "
         "&& echo 100000000 operations",
         r"^(100%: .*|\d+ operations)$",
         totals=(("queue operations", r"^(\d+) operations"),),
         is_worth_more=True),
    Part("forward",
         "Whatever connections pass on to each other, in 10 000 random worlds: "
         "what was accepted arrives whole and in order, or its loss has a "
         "reason and is counted",
         "LEAT_OPS=20000000 LEAT_SEED={seed} CK_DEFAULT_TIMEOUT=1200 "
         + DEV + "unit/leat-unit forward_model",
         r"^(100%: .*)$",
         is_worth_more=True),
    Part("hub",
         "10 000 random lines of each of 50 clients of a hub: each client gets "
         "what the model says, byte by byte",
         "LEAT_LINES=10000 LEAT_SEED={seed} CK_DEFAULT_TIMEOUT=1200 "
         + DEV + "unit/leat-unit leatd_hub_model",
         r"^(100%: .*)$",
         is_worth_more=True),
    Part("fuzz",
         "No input crashes a parser, breaks an invariant or an oracle",
         "script/fuzz --minutes 5",
         r"^\| \S+ \| \S+ \| (\w+) \| (\d+) \|",
         totals=(("fuzzer executions",
                  r"^\| \S+ \| \S+ \| \w+ \| (\d+) \|"),),
         is_worth_more=True),
    Part("chaos",
         "Thousands of clients that do their worst on real sockets: no wrong "
         "byte; who behaves is served; TERM under load x 100 loses nothing",
         "script/chaos --minutes 8 --seed {seed}",
         r"^chaos: (.*)$"),
    Part("inject",
         "The binary that is shipped survives each of its system calls "
         "failing with each errno",
         "script/build release && LEATD=build/release/leatd "
         "tests/inject/sweep.py",
         r"^(calls .* fail \d+)$",
         totals=(("injected runs", r"\bruns (\d+)"),)),
    Part("static", "clang-tidy and gcc -fanalyzer have nothing to say",
         "tests/static/check.py tidy build/dev && "
         "tests/static/check.py analyzer build/release",
         r"^((?:tidy|analyzer): .*)$"),
    Part("cover",
         "Branches taken by tests: 95 % of the library, 85 % of the programs",
         "script/cover", r"^(src/\w+ .*)bar \d+.*$"),
    Part("mutate",
         "Nine of ten small mistakes in queue, frame, timer, fdset, loop and "
         "park are noticed",
         "tests/mutate/mutate.py --file " + " --file ".join(MUTATED),
         r"^(\S+ mutants \d+ killed \d+ score \S+ %)"),
    Part("queues",
         "The unit tests pass, also with everybody parked, where the queue is "
         "a kqueue (played by epoll), or there is none",
         "tests/proof/queues.sh",
         r"^(\w+: \d+% tests passed, .*)$"),
    Part("eva",
         "Frama-C's Eva: nothing undefined can happen in words, frame and "
         "queue",
         "tests/proof/eva.sh", r"^eva: (.*)$"),
    Part("speed",
         "As fast as an echo written by hand on epoll (a ratio of requests "
         "per second; 1 is equal)",
         "script/bench 5 1 --no-write --case echo100 --case echo900 "
         "--case echo16k",
         r"^(.*leat / epoll.*ratio.*)$"),
)


def prepare(top):
    """Install what all parts need, and build what they run."""
    subprocess.run(
        ["sh", "-euc", ". script/lib.sh; install %s; build release; build dev"
         % " ".join(PACKAGES.split())], cwd=top, check=True)
