"""Which errors are injected into which system calls, and what they may cost.

Left out is what the kernel never does, as leatd cannot be asked to be right
about it: an injected call is not carried out, and says so."""

import collections

# errnos   each once, and then from there on for ever
# storm    each once, and then twenty times running. For ever they would
#          contradict select(), which goes on to say that there is something
# once     each once only
# dead     each once, and then from there on; what such an error ends has ended
#          in the kernel too, and here it has not: nobody tells the client
# hurts    how many clients one failure may cost their connection
# start    only until leatd serves
Rule = collections.namedtuple(
    "Rule", "errnos storm once dead hurts start", defaults=("",) * 4 + (0, 0))

RULES = {
    # --- connections
    "accept4": Rule("EMFILE ENFILE ENOBUFS ENOMEM ECONNABORTED EPROTO EPERM"
                    " ENETDOWN ENETUNREACH EHOSTUNREACH EOPNOTSUPP",
                    storm="EAGAIN EINTR"),
    "recvfrom": Rule("ECONNRESET ETIMEDOUT EHOSTUNREACH ENOMEM", hurts=1,
                     storm="EAGAIN EINTR"),
    "sendto": Rule("ENOBUFS ENOMEM", storm="EAGAIN EINTR",
                   dead="ECONNRESET EPIPE ETIMEDOUT EHOSTUNREACH"),
    "sendmsg": Rule("ENOBUFS ENOMEM", storm="EAGAIN EINTR",
                    dead="ECONNRESET EPIPE ETIMEDOUT EHOSTUNREACH"),
    "shutdown": Rule("ENOTCONN", hurts=1),
    "getpeername": Rule("ENOTCONN ENOBUFS", hurts=1),
    "ioctl": Rule("EINVAL ENOTTY"),
    # A wait without descriptors, as leatd makes it after ENOMEM, takes none.
    "pselect6": Rule("", storm="EINTR", once="ENOMEM"),

    # --- sockets that listen
    "socket": Rule("EMFILE ENFILE ENOBUFS ENOMEM EACCES EAFNOSUPPORT"),
    "setsockopt": Rule("ENOPROTOOPT ENOMEM ENOBUFS EPERM", hurts=1),
    "bind": Rule("EADDRINUSE EACCES EADDRNOTAVAIL ENOMEM EROFS"),
    "listen": Rule("EADDRINUSE"),
    "getsockname": Rule("ENOBUFS"),
    "connect": Rule("EAGAIN EACCES ECONNREFUSED EPROTOTYPE"),

    # --- files. The pipe of signals never fails as a file may; what is lost
    # there is sent again, see scenario.py. The errors of close are those of
    # files: a socket is closed whatever close says, and one that an injected
    # error keeps open is no such socket.
    "openat": Rule("EMFILE ENFILE ENOMEM EACCES ENOENT ELOOP EROFS ENOSPC"),
    "newfstatat": Rule("EACCES ENOENT ELOOP ENOMEM"),
    "read": Rule("", storm="EAGAIN EINTR", once="EIO"),
    "write": Rule("", storm="EIO ENOSPC EPIPE EAGAIN EINTR"),
    "lseek": Rule("ESPIPE"),
    "close": Rule("", once="EIO EINTR ENOSPC EDQUOT", start=1),
    "flock": Rule("ENOLCK", storm="EINTR"),
    "chmod": Rule("EPERM EROFS EIO"),
    "rename": Rule("ENOSPC EXDEV EIO EACCES"),
    "unlink": Rule("EACCES EROFS ENOENT"),

    # --- the process
    "pipe2": Rule("EMFILE ENFILE"),
    "fcntl": Rule("EBADF"),
    "prlimit64": Rule("EPERM EINVAL"),
    "prctl": Rule("EINVAL"),
    "brk": Rule("ENOMEM", hurts=1),
    "mmap": Rule("ENOMEM", hurts=1),
    "mremap": Rule("ENOMEM", hurts=1),
    "getrandom": Rule("ENOSYS EAGAIN"),
}

# A brk that fails gives where the heap ends, and no errno; libc takes what is
# below the address it asked for as a failure.
RESULT = {"brk": "retval=0"}

NEVER = {
    "execve": "it comes before leatd",
    "exit_group": "it does not come back",
    "getpid": "it cannot fail",
    "getppid": "it cannot fail",
    "munmap": "it cannot fail for a whole mapping",
    "rt_sigaction": "it fails for wrong arguments only",
    "rt_sigprocmask": "it fails for wrong arguments only",
    "rt_sigreturn": "it is not a call",
    "umask": "it cannot fail",
}

# The status of a leatd that does not start is 1. These may also make it 2, as
# the number given by --ready-fd is then not that of an open descriptor.
USAGE = ["fcntl"]

# What leatd may write to standard error: the messages of its log, and one
# line that begins with its name where it cannot start.
MESSAGES = """
    accept-error accept-paused accept-resumed clock-failed close drain
    drain-cut drained dropped family-missing fd-lost listener-failed listening
    loop-failed max-conns-lowered memory-high memory-low no-memory nothing open
    option-refused select-failed shed totals try:
""".split()
