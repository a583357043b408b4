"""What the tests and the cases of chaos share: the driver, run and read."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "e2e"))
import e2e  # noqa: E402

DRIVER = os.environ.get("CHAOS_DRIVER", "")


class Driver:
    """A chaos_driver that runs. Leaving the with block ends it."""

    def __init__(self, targets, *args, prefix=()):
        self.process = subprocess.Popen(
            [*prefix, DRIVER, *[str(arg) for arg in args], *targets],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=e2e.end_with_us)

    def result(self, timeout=None):
        """Wait for its end; its counts, with "code" and "errors"."""
        out, errors = self.process.communicate(timeout=timeout)
        words = out.split()
        assert len(words) > 2 and words[0] == "chaos", (out, errors)
        counts = {}
        for word in words[2:]:
            key, value = word.split("=")
            counts[key] = value if key == "plan" else float(value) \
                if "." in value else int(value)
        counts.update(code=self.process.returncode, errors=errors, line=out)
        return counts

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


def drive(targets, *args, prefix=()):
    """Run a driver to its end."""
    with Driver(targets, *args, prefix=prefix) as driver:
        return driver.result()


def targets_of(leatd, name=None, family=None):
    """How the driver is told of leatd's sockets, or of those of a name."""
    targets = []
    for entry in leatd.ready["listeners"]:
        if name not in (None, entry["name"]) or \
                family not in (None, entry["family"]):
            continue
        if entry["family"] == "unix":
            targets.append("unix:" + entry["path"])
        else:
            host = entry["address"]
            targets.append("%s:%d" % ("[%s]" % host if ":" in host else host,
                                      entry["port"]))
    return targets
