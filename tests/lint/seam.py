#!/usr/bin/env python3
"""The seam is complete and costs nothing: no symbol of it in the release
build, every member of struct leat_sys is called through it, and no call to
the kernel, the clock or the allocator, and no errno, stands outside src/sys."""
# ctest: FIXTURES_REQUIRED release

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import release  # noqa: E402
import tree  # noqa: E402

# Calls that would go past the table, apart from its own members.
BARE = """accept poll ppoll pselect epoll_create epoll_pwait kqueue kevent
recvfrom recvmmsg sendto sendmmsg sendfile splice readv writev pread
pwrite dup dup2 dup3 socketpair pipe eventfd timerfd_create signalfd creat
openat unlinkat renameat fstat stat mkdir rmdir link symlink truncate ftruncate
fsync access chown fchmod fchown lockf signal raise kill fork vfork execv
execve execvp popen system waitpid gettimeofday time clock sleep usleep
nanosleep clock_nanosleep alarm setitimer malloc calloc reallocarray strdup
strndup asprintf vasprintf aligned_alloc posix_memalign alloca mmap munmap brk
sbrk fopen fdopen freopen fclose fread fwrite fputs fputc fflush fprintf
vfprintf printf vprintf puts putchar perror dprintf vdprintf getline getc
fgets gethostbyname getnameinfo exit _exit abort syslog getrandom random rand
srand syscall""".split()


def table():
    """Name and line of each member of struct leat_sys."""
    text = tree.code("src/sys/seam.h")
    start = text.index("struct leat_sys {")
    body = text[start:text.index("\n};", start)]
    for match in re.finditer(r"\(\*(\w+)\)\(", body):
        yield match.group(1), tree.line_of(text, start + match.start())


for path, _, name in release.symbols(
        [release.STATIC] + [path for _, path in release.programs()]):
    if re.match(r"leat_sys(_at)?$|leat_seam", name):
        tree.problem(os.path.basename(path), 0, "seam symbol %s" % name)

members = dict(table())
called = set()
bare = re.compile(r"(?<![\w.])(?<!->)(%s)\s*\(" % "|".join(
    sorted(set(BARE) | set(members), key=len, reverse=True)))

for path in tree.files("src/"):
    text = tree.code(path)
    in_sys = tree.room(path) == "sys"
    for match in re.finditer(r"\bLEAT_SYS\(\s*(\w+)", text):
        called.add(match.group(1))
        if match.group(1) == "fn":
            continue
        line = tree.line_of(text, match.start())
        if not in_sys:
            tree.problem(path, line, "LEAT_SYS outside src/sys")
        if match.group(1) not in members:
            tree.problem(path, line, "%s is not in struct leat_sys"
                         % match.group(1))
    for match in bare.finditer(text):
        tree.problem(path, tree.line_of(text, match.start()),
                     "%s() does not go through the seam" % match.group(1))
    if not in_sys:
        for match in re.finditer(r"\berrno\b(?!\.h)", text):
            tree.problem(path, tree.line_of(text, match.start()),
                         "errno is read in src/sys only")

for name, line in members.items():
    if name not in called:
        tree.problem("src/sys/seam.h", line, "nothing calls %s" % name)
tree.finish("seam: %d calls" % len(members))
