#!/usr/bin/env python3
"""What leat says of itself, and of a wrong start: one line that names the
word, and exit status 2."""

import os
import re

import e2e
import tool
from tool import fails, leat

COMMANDS = ("ask", "talk", "wait", "bench")


@e2e.test
def help_is_on_standard_output():
    for option in ("--help", "-h"):
        out, err = leat(option)
        assert err == "" and out.startswith(b"Usage: leat COMMAND"), out
        for command in COMMANDS:
            assert re.search(rb"^  %s ADDRESS" % command.encode(), out, re.M)


@e2e.test
def help_of_each_command_has_its_options():
    for command in COMMANDS:
        for option in ("--help", "-h"):
            out, err = leat(command, option)
            assert err == "", err
            assert out.startswith(b"Usage: leat %s " % command.encode()), out
            assert b"-h, --help" in out and b"Exit status" in out


@e2e.test
def help_fits_a_terminal():
    for words in (["--help"], *([command, "--help"] for command in COMMANDS)):
        for line in leat(*words)[0].decode().splitlines():
            assert len(line) <= 80, line


@e2e.test
def version_is_that_of_leatd():
    out, _ = leat("--version")
    assert out == e2e.run("--version")[1].replace("leatd", "leat").encode()
    assert leat("-V")[0] == out


@e2e.test
def help_that_cannot_be_written_is_a_failure():
    full = os.open("/dev/full", os.O_WRONLY)
    process = tool.start("--help", stdout=full, stderr=full)
    os.close(full)
    assert process.wait(e2e.HANG) == 1


WRONG = (
    ((), "no command; see leat --help"),
    (("--",), "no command; see leat --help"),
    (("ax",), "unknown command 'ax'; the nearest there is: ask"),
    (("bnech", "7"), "unknown command 'bnech'; the nearest there is: bench"),
    (("\x1b[31m",), r"unknown command '\\x1b\[31m'.*"),
    (("",), "unknown command ''.*"),
    (("--bench",), "unknown option '--bench'.*"),
    (("-x",), "unknown option '-x'; see leat --help for those there are"),
    (("ask",), "too few words; it is: leat ask ADDRESS MESSAGE"),
    (("ask", "7"), "too few words; it is: leat ask ADDRESS MESSAGE"),
    (("ask", "7", "two", "words"), "one word too many: 'words'.*"),
    (("talk",), "too few words; it is: leat talk ADDRESS"),
    (("talk", "7", "8"), "one word too many: '8'.*"),
    (("wait",), r"too few words; it is: leat wait ADDRESS\.\.\."),
    (("bench",), "too few words; it is: leat bench ADDRESS"),
    (("ask", "-x", "7", "m"), "unknown option '-x'; see leat ask --help .*"),
    (("ask", "--exacty=1", "7", "m"),
     "unknown option '--exacty'; the nearest there is: --exactly"),
    (("ask", "--classic", "7", "m"), "unknown option '--classic'.*"),
    (("ask", "7", "m", "--exactly"), "no value for option 'exactly'"),
    (("ask", "7", "m", "--exactly=0"), "wrong value '0': exactly must be .*"),
    (("ask", "7", "m", "--exactly=-1"), "wrong value '-1': exactly .*"),
    (("ask", "7", "m", "--exactly=1", "--until-eof"),
     "--until-eof and --exactly do not go together"),
    (("ask", "7", "m", "--timeout=5"), "wrong value '5': timeout must be .*"),
    (("ask", "7", "m", "--timeout=0s"), "wrong value '0s': timeout .*1ms.*"),
    (("ask", "7", "m", "--until-eof=1"), "option 'until-eof' takes no value"),
    (("ask", "udp:7", "m"), "wrong address 'udp:7'; it is PORT, .*"),
    (("talk", "[::1"), r"wrong address '\[::1'.*"),
    (("talk", "unix:"), "wrong address 'unix:'.*"),
    (("talk", "any:0"), "wrong address 'any:0': nobody can be .* port 0"),
    (("bench", "7", "-c", "0"), "wrong value '0': clients must be 1 to .*"),
    (("bench", "7", "-c"), "no value for option 'clients'"),
    (("bench", "7", "-s", "17m"), "wrong value '17m': size must be 1 to 16m"),
    (("bench", "7", "-d", "10"), "wrong value '10': time must be a time .*"),
)


@e2e.test
def wrong_starts_name_the_word():
    for words, complaint in WRONG:
        with e2e.context(words):
            fails(complaint, *words, code=2)


if __name__ == "__main__":
    e2e.main()
