"""The machine and the versions, without a name of either."""

import os
import platform
import re
import resource
import subprocess

PACKAGES = ["gcc", "libuv1-dev", "libev-dev", "libevent-dev", "liburing-dev",
            "redis-server", "mosquitto", "python3"]


def first(path, pattern, default="unknown"):
    try:
        with open(path) as file:
            found = re.search(pattern, file.read(), re.M)
    except OSError:
        return default
    return found.group(1).strip() if found else default


def version(package):
    try:
        out = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Version}", package], text=True,
            capture_output=True, check=False)
    except OSError:
        return "unknown"
    return out.stdout or "not installed"


def files():
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def describe():
    memory = int(first("/proc/meminfo", r"MemTotal: *([0-9]+)", "0"))
    virtual = "hypervisor" in first("/proc/cpuinfo", r"^flags\s*: (.*)$", "")
    return {
        "processor": first("/proc/cpuinfo", r"^model name\s*: (.*)$")
        + (" (virtual)" if virtual else ""),
        "cores": os.cpu_count(),
        "memory": "%.0f GB" % (memory / 1e6),
        "kernel": re.match(r"[0-9.]+", platform.release()).group(0)
        + " " + platform.machine(),
        "system": first("/etc/os-release", r'^PRETTY_NAME="?([^"\n]*)'),
        "most open files": files(),
        "packages": {name: version(name) for name in PACKAGES},
    }
