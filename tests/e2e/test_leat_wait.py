#!/usr/bin/env python3
"""leat wait: until each address accepts, or the time is over."""

import subprocess
import tempfile

import e2e
import tool
from tool import fails, prints


@e2e.test
def wait_for_those_that_accept_prints_nothing():
    with tempfile.TemporaryDirectory() as dir_, \
            e2e.Leatd("echo:0", "greet:0", "echo:unix:%s/s" % dir_) as leatd:
        prints(b"", "wait", *tool.addresses(leatd))
        prints(b"", "wait", leatd.entry("tcp4")["port"], "--timeout=1m")


@e2e.test
def wait_verbose_tells_what_it_waits_for():
    with e2e.Leatd("echo:0") as leatd:
        where = tool.address(leatd)
        out, err = tool.leat("wait", "-v", where)
        assert out == b"" and err == "leat: %s: accepts\n" % where, err


def waiting(where, word):
    """A leat that has found nobody there, and says so."""
    process = tool.start("wait", "-v", where, stderr=subprocess.PIPE,
                         text=True)
    said = process.stderr.readline()
    assert said == "leat: %s: %s\n" % (where, word), said
    return process


def accepts(process, where, before=()):
    """It ends well; what it may say before that, it says once."""
    said = process.stderr.read()
    assert said in ["".join("leat: %s: %s\n" % (where, word) for word in words)
                    for words in ((*before, "accepts"), ("accepts",))], said
    assert process.wait(e2e.HANG) == 0
    process.stderr.close()


@e2e.test
def wait_goes_on_until_a_server_comes():
    # SO_REUSEADDR lets leatd have the port of a socket that does not listen.
    with tool.nobody() as where:
        process = waiting(where, "connection refused")
    with e2e.Leatd("echo:" + where):
        accepts(process, where)


@e2e.test
def wait_goes_on_until_a_unix_socket_is_there():
    with tempfile.TemporaryDirectory() as dir_:
        where = "unix:%s/s" % dir_
        process = waiting(where, "no such file or name")
        with e2e.Leatd("echo:" + where):
            # The path is there from bind on, and refuses until listen.
            accepts(process, where, before=["connection refused"])


@e2e.test
def wait_names_those_that_did_not_accept():
    with e2e.Leatd("echo:0") as leatd, tool.nobody() as dead:
        fails(dead + ": connection refused", "wait", "--timeout=500ms",
              tool.address(leatd), dead)
        fails("unix:/nonexistent/s: no such file or name\nleat: %s: "
              "connection refused" % dead, "wait", "--timeout=500ms",
              "unix:/nonexistent/s", tool.address(leatd), dead)


@e2e.test
def wait_for_a_wrong_address_is_over_at_once():
    with e2e.Leatd("echo:0") as leatd:
        for word in ("nonsense", "7000x", "host:", "any:0", "0"):
            fails("wrong address '%s'.*" % word, "wait", tool.address(leatd),
                  word, code=2)
        fails("wrong address 'unix:/x*'.*too long", "wait",
              "unix:/" + "x" * 200, code=2)


@e2e.test
def wait_leaves_no_descriptor_to_a_slow_start():
    """Each try is closed: a small limit of open files is enough for many."""
    with tool.nobody() as where:
        process = tool.start("wait", "--timeout=1s", where,
                             prefix=("prlimit", "--nofile=10"),
                             stderr=subprocess.PIPE)
        err = process.stderr.read().decode()
        assert process.wait(e2e.HANG) == 1
        assert err == "leat: %s: connection refused\n" % where, err
        process.stderr.close()


if __name__ == "__main__":
    e2e.main()
