/*
 * error.c - names and words for what can go wrong.
 *
 * On the path: nowhere; logs and people ask.
 *
 * One table holds every number that sockets, files, memory and leat itself
 * give. It is searched from the top, so where a system gives two names to one
 * number, the first one wins. The words are ours and do not change with the
 * locale, unlike those of strerror.
 */
#include <leat/error.h>

#include <errno.h>
#include <stddef.h>

/* The numbers are kept negative, as they travel: -error would overflow for the
 * least int there is, a comparison cannot. */
struct row {
    int error; /* 0, LEAT_EOF or a negative errno */
    const char *name, *text;
};

static const struct row table[] = {
    {0, "OK", "no error"},
    {LEAT_EOF, "EOF", "end of file"},
    /* connections: what on_close is told most often */
    {-ECONNRESET, "ECONNRESET", "connection reset by peer"},
    {-EPIPE, "EPIPE", "peer no longer receives"},
    {-ETIMEDOUT, "ETIMEDOUT", "peer did not answer in time"},
    {-ETIME, "ETIME", "time has run out"},
    {-ECONNREFUSED, "ECONNREFUSED", "connection refused"},
    {-ECONNABORTED, "ECONNABORTED", "connection aborted on this side"},
    {-ENOTCONN, "ENOTCONN", "not connected"},
    {-EISCONN, "EISCONN", "connected already"},
    {-ESHUTDOWN, "ESHUTDOWN", "sending was shut down"},
    {-ECANCELED, "ECANCELED", "canceled"},
    {-EINPROGRESS, "EINPROGRESS", "in progress"},
    {-EALREADY, "EALREADY", "in progress already"},
    {-EMSGSIZE, "EMSGSIZE", "message too long"},
    {-ENOBUFS, "ENOBUFS", "no room in a buffer or queue"},
    {-EDQUOT, "EDQUOT", "share of memory or disk used up"},
    /* addresses and networks: what a dial or a bind runs into */
    {-EADDRINUSE, "EADDRINUSE", "address in use"},
    {-EADDRNOTAVAIL, "EADDRNOTAVAIL", "not an address of this host"},
    {-EAFNOSUPPORT, "EAFNOSUPPORT", "address family not supported"},
    {-EPFNOSUPPORT, "EPFNOSUPPORT", "protocol family not supported"},
    {-EDESTADDRREQ, "EDESTADDRREQ", "destination address missing"},
    {-ENETDOWN, "ENETDOWN", "network is down"},
    {-ENETUNREACH, "ENETUNREACH", "no route to the network"},
    {-ENETRESET, "ENETRESET", "network dropped the connection"},
    {-ENONET, "ENONET", "host has no network"},
    {-EHOSTDOWN, "EHOSTDOWN", "host is down"},
    {-EHOSTUNREACH, "EHOSTUNREACH", "no route to the host"},
    /* sockets and protocols: mostly a wrong option or a wrong descriptor */
    {-ENOTSOCK, "ENOTSOCK", "not a socket"},
    {-EPROTO, "EPROTO", "protocol violated"},
    {-EPROTOTYPE, "EPROTOTYPE", "wrong kind of socket"},
    {-ENOPROTOOPT, "ENOPROTOOPT", "unknown socket option"},
    {-EPROTONOSUPPORT, "EPROTONOSUPPORT", "protocol not supported"},
    {-ESOCKTNOSUPPORT, "ESOCKTNOSUPPORT", "socket type not supported"},
    {-EOPNOTSUPP, "EOPNOTSUPP", "operation not supported"},
    {-ENOTSUP, "ENOTSUP", "not supported"},
    {-ETOOMANYREFS, "ETOOMANYREFS", "too many descriptors in flight"},
    {-EBADMSG, "EBADMSG", "malformed message"},
    /* descriptors and calls; the two names of EAGAIN are one number here and
     * two elsewhere */
    {-EAGAIN, "EAGAIN", "not ready, try again"},
    {-EWOULDBLOCK, "EWOULDBLOCK", "would have to wait"},
    {-EINTR, "EINTR", "interrupted by a signal"},
    {-EBADF, "EBADF", "descriptor is not open"},
    {-EMFILE, "EMFILE", "process has too many open files"},
    {-ENFILE, "ENFILE", "system has too many open files"},
    {-EINVAL, "EINVAL", "invalid argument"},
    {-EFAULT, "EFAULT", "bad memory address"},
    {-ERANGE, "ERANGE", "number out of range"},
    {-EDOM, "EDOM", "argument out of domain"},
    {-EOVERFLOW, "EOVERFLOW", "value too large for its type"},
    {-ENOSYS, "ENOSYS", "function not implemented"},
    {-EBUSY, "EBUSY", "busy"},
    {-EDEADLK, "EDEADLK", "would wait for itself"},
    {-ENOLCK, "ENOLCK", "no more locks"},
    /* memory, rights and processes */
    {-ENOMEM, "ENOMEM", "out of memory"},
    {-EACCES, "EACCES", "permission denied"},
    {-EPERM, "EPERM", "not allowed"},
    {-ESRCH, "ESRCH", "no such process"},
    {-ECHILD, "ECHILD", "no child process"},
    /* files: unix sockets, the ready file, the log */
    {-ENOENT, "ENOENT", "no such file or name"},
    {-EEXIST, "EEXIST", "exists already"},
    {-ENOTDIR, "ENOTDIR", "not a directory"},
    {-EISDIR, "EISDIR", "is a directory"},
    {-ENOTEMPTY, "ENOTEMPTY", "directory is not empty"},
    {-ENAMETOOLONG, "ENAMETOOLONG", "name too long"},
    {-ELOOP, "ELOOP", "too many symbolic links"},
    {-EXDEV, "EXDEV", "on another file system"},
    {-EROFS, "EROFS", "file system is read-only"},
    {-ENOSPC, "ENOSPC", "no space left on the device"},
    {-EFBIG, "EFBIG", "file too large"},
    {-ESPIPE, "ESPIPE", "cannot seek"},
    {-ESTALE, "ESTALE", "file handle out of date"},
    {-EIO, "EIO", "input or output failed"},
    {-ENXIO, "ENXIO", "no such device or address"},
    {-ENODEV, "ENODEV", "no such device"},
    {-ENOTTY, "ENOTTY", "request does not fit the device"},
};

/* Not NULL: whoever logs an error must not have to look whether it has a name.
 */
static const struct row unknown = {0, "E?", "unknown error"};

/* A walk over some eighty rows: errors are told to people, a few a second. */
static const struct row *
find(int error)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].error == error)
            return &table[i];
    return &unknown;
}

const char *
leat_error_name(int error)
{
    return find(error)->name;
}

const char *
leat_error_text(int error)
{
    return find(error)->text;
}
