/*
 * addr.c - the grammar of addresses, read and written.
 *
 * On the path: text -> HERE -> listener.c, dial.
 */
#include <leat/addr.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "socket.h"
#include "sys/sys.h"

#define HOST_MAX 255u

/* A text taken apart: HOST:PORT with the brackets off. */
struct parts {
    char host[HOST_MAX + 1]; /* empty for a bare PORT */
    int port;
};

/* --- reading --- */

/* Decimal digits only, at most 65535; -EINVAL otherwise. */
static int
read_port(const char *digits, size_t len)
{
    int port = 0;
    if (len == 0 || len > 5)
        return -EINVAL;
    for (size_t i = 0; i < len; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return -EINVAL;
        port = port * 10 + (digits[i] - '0');
    }
    return port <= 65535 ? port : -EINVAL;
}

static int
split(struct parts *parts, const char *text)
{
    const char *colon = strrchr(text, ':');
    const char *port = colon == NULL ? text : colon + 1;
    parts->port = read_port(port, strlen(port));
    if (parts->port < 0)
        return -EINVAL;

    const char *host = text;
    size_t len = colon == NULL ? 0 : (size_t)(colon - text);
    if (colon != NULL && len == 0)
        return -EINVAL; /* ":7000" */
    if (len > 0 && host[0] == '[') {
        if (len < 3 || host[len - 1] != ']' || memchr(host, ':', len) == NULL)
            return -EINVAL;
        host++;
        len -= 2;
    }
    if (len > HOST_MAX)
        return -EINVAL;
    memcpy(parts->host, host, len);
    parts->host[len] = '\0';
    return 0;
}

static void
add_v4(struct leat__found *found, uint32_t host, int port)
{
    struct leat_addr *addr = &found->addr[found->count++];
    struct sockaddr_in in = {.sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr = {.s_addr = htonl(host)}};
    memcpy(&addr->storage, &in, sizeof in);
    addr->len = sizeof in;
}

static void
add_v6(struct leat__found *found, const struct in6_addr *host, int port)
{
    struct leat_addr *addr = &found->addr[found->count++];
    struct sockaddr_in6 in = {.sin6_family = AF_INET6,
        .sin6_port = htons((uint16_t)port),
        .sin6_addr = *host};
    memcpy(&addr->storage, &in, sizeof in);
    addr->len = sizeof in;
}

static int
find_unix(struct leat__found *found, const char *path)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len == 0)
        return -EINVAL;
    if (len >= sizeof un.sun_path)
        return -ENAMETOOLONG;
    memcpy(un.sun_path, path, len + 1);
    struct leat_addr *addr = &found->addr[0];
    memcpy(&addr->storage, &un, sizeof un);
    addr->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
    found->count = 1;
    return 0;
}

static bool
is_known(const struct leat__found *found, const struct addrinfo *info)
{
    for (size_t i = 0; i < found->count; i++)
        if (found->addr[i].len == info->ai_addrlen &&
            memcmp(&found->addr[i].storage, info->ai_addr, info->ai_addrlen) ==
                0)
            return true;
    return false;
}

/* A name, or a literal: getaddrinfo(3) knows both, and IPv6 scopes. */
static int
find_host(struct leat__found *found, const struct parts *parts, unsigned flags)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_NUMERICSERV};
    /* No name has a colon: what does is an IPv6 address or a mistake, and the
     * resolver is not asked about mistakes. */
    bool is_numeric =
        flags & LEAT_ADDR_NUMERIC || strchr(parts->host, ':') != NULL;
    if (is_numeric)
        hints.ai_flags |= AI_NUMERICHOST;
    char port[8];
    snprintf(port, sizeof port, "%d", parts->port);

    struct addrinfo *list;
    int error = leat__sys_hosts(parts->host, port, &hints, &list);
    if (error != 0)
        return error == -ENOENT && is_numeric ? -EINVAL : error;
    for (const struct addrinfo *info = list;
         info != NULL && found->count < LEAT_ADDR_MAX; info = info->ai_next) {
        bool is_ip = info->ai_family == AF_INET || info->ai_family == AF_INET6;
        if (!is_ip || is_known(found, info))
            continue;
        struct leat_addr *addr = &found->addr[found->count++];
        memcpy(&addr->storage, info->ai_addr, info->ai_addrlen);
        addr->len = info->ai_addrlen;
    }
    leat__sys_free_hosts(list);
    return found->count > 0 ? 0 : -ENOENT;
}

static bool
is_reserved(const char *host)
{
    return strcmp(host, "udp") == 0 || strcmp(host, "unix") == 0 ||
           strcmp(host, "fd") == 0;
}

int
leat__addr_find(struct leat__found *found, const char *text, unsigned flags)
{
    memset(found, 0, sizeof *found);
    if (strncmp(text, "unix:", 5) == 0)
        return find_unix(found, text + 5);

    struct parts parts;
    int error = split(&parts, text);
    if (error != 0)
        return error;
    bool is_any =
        strcmp(parts.host, "any") == 0 || strcmp(parts.host, "*") == 0;
    if (parts.host[0] != '\0' && !is_any)
        return is_reserved(parts.host) ? -EINVAL
                                       : find_host(found, &parts, flags);
    add_v4(found, is_any ? INADDR_ANY : INADDR_LOOPBACK, parts.port);
    add_v6(found, is_any ? &in6addr_any : &in6addr_loopback, parts.port);
    found->is_pair = true;
    return 0;
}

int
leat_addr_parse(
    struct leat_addr out[LEAT_ADDR_MAX], const char *text, unsigned flags)
{
    struct leat__found found;
    int error = leat__addr_find(&found, text, flags);
    if (error != 0)
        return error;
    memcpy(out, found.addr, found.count * sizeof found.addr[0]);
    return (int)found.count;
}

/* --- writing --- */

static void
write_v4(char *text, const void *host, int port)
{
    char name[INET_ADDRSTRLEN] = "?";
    inet_ntop(AF_INET, host, name, sizeof name);
    snprintf(text, LEAT_ADDR_TEXT, "%s:%d", name, port);
}

static void
write_v6(char *text, const struct sockaddr_in6 *in, int port)
{
    if (IN6_IS_ADDR_V4MAPPED(&in->sin6_addr)) {
        write_v4(text, &in->sin6_addr.s6_addr[12], port);
        return;
    }
    char name[INET6_ADDRSTRLEN] = "?";
    inet_ntop(AF_INET6, &in->sin6_addr, name, sizeof name);
    if (in->sin6_scope_id != 0)
        snprintf(text, LEAT_ADDR_TEXT, "[%s%%%u]:%d", name,
            (unsigned)in->sin6_scope_id, port);
    else
        snprintf(text, LEAT_ADDR_TEXT, "[%s]:%d", name, port);
}

/* A path as far as it fits; the leading NUL of an abstract name is '@'. */
static void
write_unix(char *text, const struct leat_addr *addr)
{
    const char *path = ((const struct sockaddr_un *)&addr->storage)->sun_path;
    size_t start = offsetof(struct sockaddr_un, sun_path);
    size_t len = addr->len > start ? addr->len - start : 0;
    size_t at = (size_t)snprintf(text, LEAT_ADDR_TEXT, "unix:");
    bool is_abstract = len > 1 && path[0] == '\0';
    for (size_t i = 0; i < len && at + 5 < LEAT_ADDR_TEXT; i++) {
        unsigned char c = (unsigned char)path[i];
        if (is_abstract && i == 0)
            text[at++] = '@';
        else if (c == '\0')
            break;
        else if (c > ' ' && c < 0x7f)
            text[at++] = (char)c;
        else
            at += (size_t)snprintf(text + at, 5, "\\x%02X", c);
    }
    text[at] = '\0';
}

char *
leat_addr_format(const struct leat_addr *addr, char text[LEAT_ADDR_TEXT])
{
    const void *storage = &addr->storage;
    int port = leat_addr_port(addr);
    if (addr->storage.ss_family == AF_INET)
        write_v4(text, &((const struct sockaddr_in *)storage)->sin_addr, port);
    else if (addr->storage.ss_family == AF_INET6)
        write_v6(text, storage, port);
    else
        write_unix(text, addr);
    return text;
}

int
leat_addr_port(const struct leat_addr *addr)
{
    const void *storage = &addr->storage;
    if (addr->storage.ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)storage)->sin_port);
    if (addr->storage.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)storage)->sin6_port);
    return -1;
}
