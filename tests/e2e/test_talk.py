#!/usr/bin/env python3
"""Every transcript is true, whole and byte by byte, and stands in
docs/protocol.md, which knows every service and every key of it."""

import contextlib
import glob
import io
import os
import re

import e2e
import talk

HERE = os.path.dirname(os.path.abspath(__file__))
PROTOCOL = os.path.join(HERE, "../../docs/protocol.md")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def add(path):
    def transcript():
        talk.run(path)
    transcript.__name__ = os.path.basename(path)
    e2e.test(transcript)


for path_ in sorted(glob.glob(os.path.join(HERE, "*.talk"))):
    add(path_)


@e2e.test
def protocol_md_has_every_transcript_and_no_other():
    told = re.findall(r"^```talk\n(.*?)^```$", read(PROTOCOL), re.M | re.S)
    run = {read(path): os.path.basename(path)
           for path in glob.glob(os.path.join(HERE, "*.talk"))}
    missing = [name for text, name in run.items() if text not in told]
    assert not missing, "not in docs/protocol.md: %s" % missing
    other = [text for text in told if text not in run]
    assert not other, "in no transcript:\n%s" % "\n".join(other)
    assert len(told) == len(run), "one is there twice"


@e2e.test
def protocol_md_knows_every_service_and_key():
    _, usage, _ = e2e.run("--help")
    sections = dict(re.findall(r"^## `(\w+)`(.*?)(?=^## |\Z)", read(PROTOCOL),
                               re.M | re.S))
    services = re.search(r"^Services:\n(.*?)\n\n", usage, re.M | re.S).group(1)
    for name in re.findall(r"^  (\w+)", services, re.M):
        assert name in sections, "no section on %s" % name
        keys = re.search(r"^Keys of %s:\n(.*?)\n\n" % name, usage,
                         re.M | re.S)
        for key in re.findall(r"^  ([\w-]+)", keys.group(1) if keys else "",
                              re.M):
            assert re.search(r"`%s[`=]" % key, sections[name]), \
                "%s of %s is not told" % (key, name)


LIES = [
    "$ leatd echo:0\n> one\n< two\n",
    "$ leatd echo:0\n> one\\\n< two\\\n",
    "$ leatd echo:0\n> one two\n< one\n",
    "$ leatd echo:0\n> one\n< one\\\n",
    "$ leatd echo:0\n> one\n> two\n< one\n",
    "$ leatd echo:0\n> one\n< ^D\n",
    "$ leatd greet:0\n< TEST\n",
    "$ leatd greet:0\n< TESTS\\\n",
    "$ leatd greet:0\nA< TEST\\\nB> hello\nC< TEST\\\n",
    "$ leatd stamp:0,stamp=unix\n> one\n< [{ctime}] one\n",
    "$ leatd echo:0\n> one\n< one\n! info short-message\n",
    "$ leatd echo:0\n! info drained\n! info drain why\n",
]


@e2e.test
def transcript_that_lies_fails():
    for text in LIES:
        for chunk in (e2e.CHUNK, 1):
            try:
                with contextlib.redirect_stderr(io.StringIO()):
                    talk.run_text(text, chunk)
            except AssertionError:
                continue
            raise AssertionError("this was taken for true:\n%s" % text)


@e2e.test
def transcript_is_read_as_it_is_meant():
    assert talk.unescape("a\\r\\x41\\\\") == b"a\rA\\\n"
    assert talk.unescape("a\\\\\\") == b"a\\"
    assert talk.unescape("\\n\\") == b"\n"
    assert talk.BETWEEN.split("A> a  b   B< c\\  ! d") == \
        ["A> a  b", "B< c\\", "! d"]


e2e.main()
