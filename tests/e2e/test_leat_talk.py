#!/usr/bin/env python3
"""leat talk: with a pipe, and with a person at a terminal."""

import os
import random
import subprocess

import e2e
import tool
from tool import Terminal, address, fails, prints


@e2e.test
def talk_passes_on_what_is_piped_in_and_prints_the_rest():
    with e2e.Leatd("echo:0") as leatd:
        for where in tool.addresses(leatd):
            prints(b"one\ntwo\n\nno end", "talk", where,
                   given=b"one\ntwo\n\nno end")
            prints(b"", "talk", where, given=b"")


@e2e.test
def talk_streams_any_amount():
    data = random.Random(6).randbytes(e2e.scaled(20 << 20, 2 << 20))
    with e2e.Leatd("echo:0") as leatd:
        prints(data, "talk", address(leatd), given=data)


@e2e.test
def talk_tells_the_peer_at_the_end_of_input():
    def after_the_end(sock):
        assert tool.read_to_end(sock) == b"question\n"
        sock.sendall(b"answer\n")

    with tool.server(after_the_end) as where:
        prints(b"answer\n", "talk", where, given=b"question\n")


@e2e.test
def talk_ends_when_the_peer_ends():
    with e2e.Leatd("greet:0") as leatd:
        reader, writer = os.pipe()
        prints(b"TEST", "talk", address(leatd), stdin=reader)
        os.close(reader)
        os.close(writer)


@e2e.test
def talk_classic_ends_at_an_empty_line():
    with e2e.Leatd("echo:0") as leatd:
        where = address(leatd)
        prints(b"one\ntwo\n", "talk", "--classic", where,
               given=b"one\ntwo\n\nthree\n")
        prints(b"", "talk", "--classic", where, given=b"\nthree\n")
        prints(b"one", "talk", "--classic", where, given=b"one")


@e2e.test
def talk_classic_knows_an_empty_line_that_comes_in_pieces():
    with e2e.Leatd("echo:0") as leatd:
        process = tool.start("talk", "--classic", address(leatd), bufsize=0,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for piece in (b"one", b"\n", b"t", b"wo\n"):
            process.stdin.write(piece)
            assert process.stdout.read(len(piece)) == piece
        process.stdin.write(b"\n")
        assert process.stdout.read() == b""
        assert process.wait(e2e.HANG) == 0
        process.stdin.close()
        process.stdout.close()


@e2e.test
def talk_names_a_refusal_and_a_reset():
    with tool.nobody() as where:
        fails(where + ": connection refused", "talk", where)
    with tool.server(e2e.reset) as where:
        reader, writer = os.pipe()
        fails(where + ": connection reset by peer", "talk", where,
              stdin=reader)
        os.close(reader)
        os.close(writer)


# --- a person --------------------------------------------------------------

@e2e.test
def talk_prompts_a_person():
    with e2e.Leatd("echo:0") as leatd, \
            Terminal("talk", address(leatd)) as person:
        assert person.sees(b"> ") == b"> "
        person.type(b"hello\n")
        # The terminal's own echo, then the answer, then the prompt; one that
        # was there before, on a slow machine, is overwritten.
        person.sees(rb"^hello\r\n(> \r  \r)?hello\r\n> $")
        person.type(b"again\n")
        person.sees(rb"^again\r\n(> \r  \r)?again\r\n> $")
        person.type(b"\4")
        person.ends()
        assert person.rest() == b"\r\n"


@e2e.test
def talk_prompts_again_when_no_answer_comes():
    with e2e.Leatd("discard:0") as leatd, \
            Terminal("talk", address(leatd)) as person:
        person.sees(b"^> ")
        person.type(b"into the void\n")
        person.sees(rb"^into the void\r\n> $")
        person.type(b"\4")
        person.ends()


@e2e.test
def talk_prompts_on_a_line_of_its_own():
    with e2e.Leatd("greet:0,stay,text=no newline") as leatd, \
            Terminal("talk", address(leatd)) as person:
        person.sees(rb"no newline\r\n> $")
        person.type(b"\4")
        person.ends()


@e2e.test
def talk_classic_person_ends_with_an_empty_line():
    with e2e.Leatd("stamp:0,stamp=none") as leatd, \
            Terminal("talk", "--classic", address(leatd)) as person:
        person.sees(b"^> ")
        person.type(b"hello\n")
        person.sees(rb"^hello\r\n(> \r  \r)?hello\r\n> $")
        person.type(b"\n")
        person.ends()


@e2e.test
def talk_person_sees_the_end_of_the_peer():
    with e2e.Leatd("fixed:0") as leatd, \
            Terminal("talk", address(leatd)) as person:
        person.sees(b"^> ")
        person.type(b"0123456789abcdef\n")
        person.sees(b"Farewell, client")
        person.ends()


@e2e.test
def talk_does_not_prompt_a_pipe():
    with e2e.Leatd("echo:0") as leatd:
        reader, writer = os.pipe()
        with Terminal("talk", address(leatd), stdin=reader) as screen:
            os.close(reader)
            os.write(writer, b"hello\n")
            assert screen.sees(rb"hello\r\n") == b"hello\r\n"
            os.close(writer)
            screen.ends()
            assert screen.rest() == b""


if __name__ == "__main__":
    e2e.main()
