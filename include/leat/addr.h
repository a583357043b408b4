/*
 * leat/addr.h - addresses, and the one grammar for writing them.
 *
 *   PORT         127.0.0.1 and ::1            7000
 *   any:PORT     every address, also *:PORT   any:7000
 *   HOST:PORT    a name or an IPv4 address    localhost:7000
 *   [V6]:PORT    an IPv6 address              [::1]:7000, also ::1:7000
 *   unix:PATH    a unix stream socket         unix:/run/leatd.sock
 *
 * PORT is 0..65535 in decimal digits; 0 lets the system choose. udp, unix, fd
 * and any are reserved words and no host names.
 */
#ifndef LEAT_ADDR_H
#define LEAT_ADDR_H

#include <leat/api.h>

#include <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One socket address. The caller's storage; a value to be copied freely. */
struct leat_addr {
    struct sockaddr_storage storage; /* ro; family AF_INET, AF_INET6, AF_UNIX */
    socklen_t len;                   /* ro; bytes of storage in use */
};

/* Most addresses that one text can stand for. */
#define LEAT_ADDR_MAX 16

/* Enough bytes for any formatted address and its NUL. */
#define LEAT_ADDR_TEXT 128

/* leat_addr_parse: refuse host names, so that no resolver is asked. */
#define LEAT_ADDR_NUMERIC 1u

/*
 * Read an address by the grammar above.
 *
 * out      room for LEAT_ADDR_MAX addresses; filled in the order they should
 *          be tried, IPv4 first for PORT and any:PORT
 * text     NUL-terminated; borrowed
 * flags    0 or LEAT_ADDR_NUMERIC
 *
 * Returns  how many addresses, 1 or more; -EINVAL not of the grammar, or a
 *          host name with LEAT_ADDR_NUMERIC; -ENAMETOOLONG unix path too long
 *          for a sockaddr_un; -ENOENT unknown host; -EAGAIN the resolver has
 *          no answer now; -EIO the resolver failed; -ENOMEM.
 * On error out is undefined.
 * Calls back never, but blocks while a host name is resolved: for start-up,
 *          not for callbacks.
 */
LEAT_API LEAT_CHECKED int leat_addr_parse(
    struct leat_addr out[LEAT_ADDR_MAX], const char *text, unsigned flags);

/*
 * Write an address so that leat_addr_parse would read it again:
 * "127.0.0.1:7000", "[::1]:7000", "unix:/run/x"; an unnamed unix peer is
 * "unix:". IPv4 mapped into IPv6 is written as IPv4. A blank in a path, and
 * what is not printable ASCII, is written as \xHH; a path too long is cut.
 *
 * addr     borrowed
 * text     at least LEAT_ADDR_TEXT bytes; always NUL-terminated
 *
 * Returns  text.
 */
LEAT_API char *leat_addr_format(
    const struct leat_addr *addr, char text[LEAT_ADDR_TEXT]);

/*
 * The port of an address.
 *
 * Returns  0..65535; -1 for a unix socket.
 */
LEAT_API int leat_addr_port(const struct leat_addr *addr);

#ifdef __cplusplus
}
#endif

#endif
