/*
 * target_address.c - the grammar of addresses: any words, and no resolver.
 *
 * What is taken is written and read again, and must be the same address.
 */
#include "fuzz.h"

#include <leat/addr.h>

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "said.h"
#include "support/kernel.h"

#define WORD_MOST 700u

/* Whether the text can say all of it: a path only where nothing is escaped or
 * cut, IPv4 within IPv6 only as IPv4. */
static bool
is_told_whole(const struct leat_addr *addr, const char *text)
{
    struct sockaddr_in6 in6;
    struct sockaddr_un un;

    memcpy(&in6, &addr->storage, sizeof in6);
    if (addr->storage.ss_family == AF_INET6)
        return !IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr);
    memcpy(&un, &addr->storage, sizeof un);
    if (addr->storage.ss_family == AF_UNIX)
        return strcmp(text + strlen("unix:"), un.sun_path) == 0;
    return true;
}

/* One port in four is one less than it was. */
static void
mistake(struct leat_addr *addr)
{
    struct sockaddr_in in;

    memcpy(&in, &addr->storage, sizeof in);
    if (!is_mistaken || in.sin_family != AF_INET || ntohs(in.sin_port) % 4 != 3)
        return;
    in.sin_port = htons((uint16_t)(ntohs(in.sin_port) - 1));
    memcpy(&addr->storage, &in, sizeof in);
}

static void
write_and_read(const struct leat_addr *addr)
{
    struct leat_addr again[LEAT_ADDR_MAX], written = *addr;
    char text[LEAT_ADDR_TEXT];

    mistake(&written);
    memset(text, 'x', sizeof text);
    quick_assert(leat_addr_format(&written, text) == text);
    said_plainly(text, sizeof text);
    if (!is_told_whole(addr, text))
        return;
    quick_eq(leat_addr_parse(again, text, LEAT_ADDR_NUMERIC), 1);
    quick_eq(again[0].len, addr->len);
    quick_assert(memcmp(&again[0].storage, &addr->storage, addr->len) == 0);
    quick_eq(leat_addr_port(&again[0]), leat_addr_port(addr));
}

static void
read_address(struct input *input)
{
    struct leat_addr addrs[LEAT_ADDR_MAX];
    char word[WORD_MOST];
    int count = leat_addr_parse(
        addrs, input_text(input, 0, word, sizeof word), LEAT_ADDR_NUMERIC);

    quick_assert(count != 0 && count <= LEAT_ADDR_MAX);
    quick_assert(count > 0 || count == -EINVAL || count == -ENAMETOOLONG);
    if (count == -ENAMETOOLONG)
        quick_assert(strncmp(word, "unix:", 5) == 0);
    for (int i = 0; i < count; i++)
        write_and_read(&addrs[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct input input = {bytes, len};

    kernel_reset();
    read_address(&input);
    const char *leftover = kernel_leftover();
    if (leftover != NULL)
        ck_abort_msg("left behind: %s", leftover);
    return 0;
}
