#!/usr/bin/env python3
"""leat passwd: on a terminal it asks twice and shows nothing; a password is
never a word of the command line."""

import os
import stat
import tempfile
import termios

import e2e
import tool


def in_folder(function):
    """A test that gets a path where there is no file yet."""
    def run():
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "logins")
            function(path)
            assert os.listdir(folder) in ([], ["logins"])
    run.__name__ = function.__name__
    return e2e.test(run)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def terminal(path):
    return tool.Terminal("passwd", "--cost=1", path, "anna")


@in_folder
def a_password_is_typed_twice_and_not_shown(path):
    with terminal(path) as term:
        term.sees(b"Password: ")
        term.type(b"wrong\x15secrex\x7ft\n")
        term.sees(b"Once more: ")
        term.type(b"secret\n")
        term.ends()
        assert b"sec" not in term.rest() and b"wrong" not in term.screen
    assert read(path).startswith("anna:$y$"), read(path)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


@in_folder
def two_that_differ_write_nothing(path):
    with terminal(path) as term:
        term.sees(b"Password: ")
        term.type(b"secret\n")
        term.sees(b"Once more: ")
        term.type(b"secret \n")
        term.sees(b"leat: the two passwords differ")
        term.ends(1)
    assert not os.path.exists(path)


@in_folder
def a_control_c_gives_the_terminal_back_and_writes_nothing(path):
    for key in b"\x03\x04":
        with terminal(path) as term:
            term.sees(b"Password: ")
            term.type(b"sec")
            term.type(bytes([key]))
            term.sees(b"leat: no password was typed")
            term.ends(1)
            # The master knows the state of the terminal too.
            assert termios.tcgetattr(term.fd)[3] & termios.ECHO
    assert not os.path.exists(path)


@in_folder
def standard_input_gives_one_line(path):
    tool.prints(b"", "passwd", "--cost=1", path, "anna", given=b"secret\nmore")
    first = read(path)
    tool.prints(b"", "passwd", "--cost=1", path, "bob", given=b"other")
    assert read(path).startswith(first + "bob:$y$")
    tool.fails("the password is empty", "passwd", path, "anna", given=b"\n")
    assert read(path).startswith(first)


@in_folder
def wrong_words_are_usage(path):
    tool.fails("wrong NAME 'an na': .*", "passwd", path, "an na", code=2)
    tool.fails("one word too many: 'secret'.*", "passwd", path, "anna",
               "secret", code=2)
    tool.fails("too few words.*", "passwd", path, code=2)
    tool.fails(".*cost.*", "passwd", "--cost=12", path, "anna", code=2)


e2e.main()
