/*
 * target_ready.c - an entry of the ready line is JSON, whatever the names and
 * paths are, and gives them back.
 *
 * A family, a port and a scope, then the listener's name ended by 0xfe, then
 * the bytes of the address: a path, or as many as an address takes.
 */
#include "fuzz.h"

#include "leatd/ready.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "json.h"

/* What key name= takes, and what ready_tell allows for one socket. */
#define NAME_MOST 48u
#define ENTRY_MOST 1200u

enum { UNIX, TCP4, TCP6, MAPPED };

/* --- any address ---------------------------------------------------------- */

static struct leat_addr
take_unix(struct input *input)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct leat_addr addr;
    size_t len = sizeof un.sun_path - 1;

    memset(&addr, 0, sizeof addr);
    const uint8_t *path = input_take(input, &len);
    if (len > 0)
        memcpy(un.sun_path, path, len);
    memcpy(&addr.storage, &un, sizeof un);
    addr.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
    return addr;
}

static struct leat_addr
take_v4(struct input *input, int port)
{
    struct sockaddr_in in = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct leat_addr addr = {.len = sizeof in};
    size_t len = sizeof in.sin_addr;
    const uint8_t *host = input_take(input, &len);

    if (len > 0)
        memcpy(&in.sin_addr, host, len);
    memcpy(&addr.storage, &in, sizeof in);
    return addr;
}

static struct leat_addr
take_v6(struct input *input, int port, uint32_t scope, bool is_mapped)
{
    static const uint8_t mapped[12] = {
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    struct sockaddr_in6 in = {.sin6_family = AF_INET6,
        .sin6_port = htons((uint16_t)port),
        .sin6_scope_id = is_mapped ? 0 : scope};
    struct leat_addr addr = {.len = sizeof in};
    size_t len = sizeof in.sin6_addr;
    const uint8_t *host = input_take(input, &len);

    if (len > 0)
        memcpy(&in.sin6_addr, host, len);
    if (is_mapped)
        memcpy(&in.sin6_addr, mapped, sizeof mapped);
    memcpy(&addr.storage, &in, sizeof in);
    return addr;
}

/* --- what must be in the entry -------------------------------------------- */

/* A member that is a string with these bytes; key with its punctuation. */
static void
expect_string(struct json *json, const char *key, const void *bytes, size_t len)
{
    uint8_t got[JSON_STRING_MAX], clean[JSON_STRING_MAX];
    size_t clean_len = json_clean(bytes, len, clean);

    json_expect(json, key);
    quick_eq(json_string(json, got), clean_len);
    quick_assert(memcmp(got, clean, clean_len) == 0);
}

/* Up to its first NUL, as open(2) sees it. */
static void
expect_path(struct json *json, const struct leat_addr *addr)
{
    struct sockaddr_un un;

    memcpy(&un, &addr->storage, sizeof un);
    json_expect(json, ",\"family\":\"unix\"");
    expect_string(json, ",\"path\":", un.sun_path,
        strnlen(un.sun_path, sizeof un.sun_path));
}

/* inet_pton must make of the text what the address was. */
static void
expect_address(struct json *json, const struct leat_addr *addr, int port)
{
    bool is_v4 = addr->storage.ss_family == AF_INET;
    uint8_t text[JSON_STRING_MAX], host[16] = {0}, mapped[16] = {0};
    const void *storage = &addr->storage;
    const void *v4 = &((const struct sockaddr_in *)storage)->sin_addr;
    const struct sockaddr_in6 *v6 = storage;

    json_expect(json, is_v4 ? ",\"family\":\"tcp4\",\"address\":"
                            : ",\"family\":\"tcp6\",\"address\":");
    size_t len = json_string(json, text);
    text[len] = '\0';
    char *scope = strchr((char *)text, '%');
    if (scope != NULL)
        *scope = '\0';
    if (is_v4) {
        quick_eq(inet_pton(AF_INET, (char *)text, host), 1);
        quick_assert(memcmp(host, v4, 4) == 0);
    } else if (strchr((char *)text, ':') == NULL) {
        memset(mapped + 10, 0xff, 2);
        quick_eq(inet_pton(AF_INET, (char *)text, mapped + 12), 1);
        quick_assert(memcmp(mapped, &v6->sin6_addr, 16) == 0);
    } else {
        quick_eq(inet_pton(AF_INET6, (char *)text, host), 1);
        quick_assert(memcmp(host, &v6->sin6_addr, 16) == 0);
        quick_assert((scope != NULL) == (v6->sin6_scope_id != 0));
    }
    json_expect(json, ",\"port\":");
    quick_eq(json_number(json), (uint64_t)port);
}

/* DEL goes through as if it needed no escape. */
static void
mistake(char *bytes)
{
    char *del = is_mistaken ? strstr(bytes, "\\u007f") : NULL;

    if (del != NULL)
        memcpy(del, "     \x7f", 6);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct input input = {bytes, len};
    size_t family = input_pick(&input, 4);
    int port = (int)input_pick(&input, 65536);
    uint32_t scope = (uint32_t)input_pick(&input, 70000);
    char name[NAME_MOST + 1], entry[ENTRY_MOST];
    const struct listener_spec spec = {
        .service = service_at(input_pick(&input, service_count())),
        .name = input_text(&input, 0xfe, name, sizeof name)};
    struct leat_addr addr =
        family == UNIX   ? take_unix(&input)
        : family == TCP4 ? take_v4(&input, port)
                         : take_v6(&input, port, scope, family == MAPPED);
    struct text text;

    text_init(&text, entry, sizeof entry);
    ready_entry(&text, &spec, &addr);
    quick_assert(!text.is_cut);
    mistake(entry);

    struct json json = {entry, entry + text.len};
    expect_string(&json, "{\"name\":", name, strlen(name));
    const char *service = spec.service->name;
    expect_string(&json, ",\"service\":", service, strlen(service));
    if (family == UNIX)
        expect_path(&json, &addr);
    else
        expect_address(&json, &addr, port);
    json_expect(&json, "}");
    quick_assert(json.at == json.end);
    return 0;
}
