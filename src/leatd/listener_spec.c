/*
 * listener_spec.c - LISTENER, the word of the command line, taken apart.
 *
 * On the path: options -> HERE -> server.
 *
 * The word is copied once; service, address, keys and values are pieces of the
 * copy. Undoing an escape only ever makes a piece shorter, so it is done in
 * place.
 */
#include "listener_spec.h"

#include <leat/addr.h>

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "cli/mem.h"
#include "cli/nearest.h"
#include "udp.h"

#define UDP "udp:"
#define UDP_LEN (sizeof UDP - 1)

/* The pieces after the first, and which keys were there. */
struct walk {
    struct listener_spec *spec;
    struct complaint *wrong;
    char *rest;    /* NULL at the end */
    uint64_t seen; /* a bit per key, the service's own above the common ones */
};

/* The next piece, up to a comma that no backslash precedes. */
static char *
take_piece(char **rest)
{
    char *piece = *rest, *from = piece, *to = piece;

    while (*from != '\0' && *from != ',') {
        if (from[0] == '\\' && (from[1] == ',' || from[1] == '\\'))
            from++;
        *to++ = *from++;
    }
    *rest = *from == ',' ? from + 1 : NULL;
    *to = '\0';
    return piece;
}

/* --- SERVICE:ADDRESS ------------------------------------------------------ */

/* All mistakes end here: the complaint is filled, and reading stops. */
static int
refuse(
    struct walk *walk, const char *before, const char *word, const char *after)
{
    complaint_say(walk->wrong, before, word, after);
    return -EINVAL;
}

/* With few services the nearest is always worth naming. */
static int
refuse_service(struct walk *walk, const char *name)
{
    char after[128];
    struct text text;
    struct nearest nearest;

    nearest_init(&nearest, name);
    for (size_t i = 0; i < service_count(); i++)
        nearest_offer(&nearest, service_at(i)->name);
    text_init(&text, after, sizeof after);
    text_add(&text, "; the nearest there is: ");
    text_add(&text, nearest.best);
    return refuse(walk, "unknown service", name, text.bytes);
}

/* The first colon ends the name of the service; all others are the address's.
 */
static int
read_service(struct walk *walk, char *piece)
{
    char *colon = strchr(piece, ':');

    if (colon == NULL && service_find(piece) != NULL)
        return refuse(walk, "no address after", piece,
            "; write SERVICE:ADDRESS, such as echo:7000");
    if (colon == NULL)
        return refuse(walk, "no service in", piece,
            "; write SERVICE:ADDRESS, such as echo:7000");
    *colon = '\0';
    walk->spec->service = service_find(piece);
    walk->spec->address = colon + 1;
    return walk->spec->service == NULL ? refuse_service(walk, piece) : 0;
}

/* Not every service makes sense without a stream. */
static int
check_udp(struct walk *walk)
{
    const struct service *service = walk->spec->service;
    char after[128];
    struct text text;

    if (strncmp(walk->spec->address, "unix:", 5) == 0)
        return refuse(walk, "wrong address", walk->spec->address,
            ": udp has no unix sockets");
    if (service->on_datagram != NULL)
        return 0;
    text_init(&text, after, sizeof after);
    text_add(&text, " cannot be served by udp; those that can: ");
    udp_list(&text);
    return refuse(walk, "service", service->name, text.bytes);
}

/* What can be seen without asking anybody. The rest shows when it is opened. */
static int
check_address(struct walk *walk)
{
    struct leat_addr addrs[LEAT_ADDR_MAX];
    const char *address = walk->spec->address;

    if (strncmp(address, UDP, UDP_LEN) == 0) {
        address += UDP_LEN;
        walk->spec->address = address;
        walk->spec->is_udp = true;
        int error = check_udp(walk);
        if (error != 0)
            return error;
    }
    if (address[0] == '\0')
        return refuse(walk, "no address after", walk->spec->service->name,
            "; write SERVICE:ADDRESS, such as echo:7000");
    /* -EINVAL may only mean a host name: the server asks about that. */
    if (leat_addr_parse(addrs, address, LEAT_ADDR_NUMERIC) == -ENAMETOOLONG)
        return refuse(walk, "wrong address", address, ": the path is too long");
    return 0;
}

/* --- key=value ------------------------------------------------------------ */

/* *place counts on through both tables, so that each key has a bit in seen. */
static const struct key *
find_key(const struct key *keys, size_t count, const char *name, size_t *place)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(keys[i].name, name) != 0)
            continue;
        *place += i;
        return &keys[i];
    }
    *place += count;
    return NULL;
}

/* A mistyped key may be meant for either table. */
static int
refuse_key(struct walk *walk, const char *name)
{
    const struct service *service = walk->spec->service;
    char after[128];
    struct text text;
    struct nearest nearest;
    size_t count;
    const struct key *keys = listener_keys(&count);

    nearest_init(&nearest, name);
    for (size_t i = 0; i < count; i++)
        nearest_offer(&nearest, keys[i].name);
    for (size_t i = 0; i < service->key_count; i++)
        nearest_offer(&nearest, service->keys[i].name);
    text_init(&text, after, sizeof after);
    text_add(&text, " for ");
    text_add(&text, service->name);
    text_add(&text, "; the nearest there is: ");
    text_add(&text, nearest.best);
    return refuse(walk, "unknown key", name, text.bytes);
}

/* The common keys come first: a service cannot give one of them a meaning of
 * its own. */
static int
read_key(struct walk *walk, char *piece)
{
    struct listener_spec *spec = walk->spec;
    char *equals = strchr(piece, '=');
    size_t count, place = 0;
    const struct key *key = listener_keys(&count);
    void *target = spec;

    if (equals != NULL)
        *equals = '\0';
    key = find_key(key, count, piece, &place);
    if (key == NULL) {
        key = find_key(
            spec->service->keys, spec->service->key_count, piece, &place);
        target = spec->settings;
    }
    if (key == NULL)
        return refuse_key(walk, piece);

    assert(place < 64);
    if (target == spec && listener_keys_fit(spec, key, walk->wrong) != 0)
        return -EINVAL;
    if (walk->seen >> place & 1)
        return refuse(walk, "key", piece, " is there twice");
    walk->seen |= UINT64_C(1) << place;
    return key_set(
        key, target, equals == NULL ? NULL : equals + 1, walk->wrong);
}

/* --- the whole word ------------------------------------------------------- */

/* What the service brings, before its keys are read. */
static int
begin_service(struct listener_spec *spec)
{
    const struct service *service = spec->service;

    spec->name = NULL;
    spec->config.conn.frame = service->frame;
    if (service->settings_size == 0)
        return 0;
    spec->settings = mem_take(service->settings_size);
    return spec->settings == NULL ? -ENOMEM : 0;
}

const char *
listener_spec_address(const struct listener_spec *spec)
{
    return spec->is_udp ? spec->address - UDP_LEN : spec->address;
}

int
listener_spec_reach(const struct listener_spec *spec,
    const struct leat_addr *addrs, size_t count, struct complaint *wrong)
{
    if (!spec->service->udp_grows || spec->open ||
        !udp_is_exposed(addrs, count))
        return 0;
    complaint_say(wrong, "wrong address", listener_spec_address(spec),
        ": answers longer than their questions, to whoever is named as the "
        "sender, are for loopback only; the key open serves others");
    return -EINVAL;
}

/* Host names are left to the one who opens it. */
static int
check_reach(struct walk *walk)
{
    struct leat_addr addrs[LEAT_ADDR_MAX];
    const struct listener_spec *spec = walk->spec;
    int count = leat_addr_parse(addrs, spec->address, LEAT_ADDR_NUMERIC);

    if (!spec->is_udp || count < 0)
        return 0;
    return listener_spec_reach(spec, addrs, (size_t)count, walk->wrong);
}

/* After the last key: what follows from all of them together. */
static int
finish(struct walk *walk)
{
    struct listener_spec *spec = walk->spec;
    int error = check_reach(walk);

    if (error == 0 && spec->service->prepare != NULL)
        error =
            spec->service->prepare(spec->settings, &spec->config, walk->wrong);
    if (error != 0)
        return error;
    /* The library knows "never" as 0, but writes "off" for other times as a
     * negative one; until here a service can tell it from no word at all. */
    if (spec->config.conn.idle_us < 0)
        spec->config.conn.idle_us = 0;
    return listener_keys_check(spec, walk->wrong);
}

/* In the order of the word, as each step needs the one before. */
static int
read_all(struct walk *walk)
{
    int error = read_service(walk, take_piece(&walk->rest));

    if (error == 0)
        error = check_address(walk);
    if (error == 0)
        error = begin_service(walk->spec);
    while (error == 0 && walk->rest != NULL)
        error = read_key(walk, take_piece(&walk->rest));
    return error == 0 ? finish(walk) : error;
}

int
listener_spec_parse(
    struct listener_spec *spec, const char *word, struct complaint *wrong)
{
    size_t size = strlen(word) + 1;

    *spec = (struct listener_spec){.text = mem_take(size)};
    if (spec->text == NULL)
        return -ENOMEM;
    memcpy(spec->text, word, size);

    struct walk walk = {.spec = spec, .wrong = wrong, .rest = spec->text};
    int error = read_all(&walk);
    if (error != 0)
        listener_spec_fini(spec);
    return error;
}

void
listener_spec_fini(struct listener_spec *spec)
{
    mem_give(spec->settings);
    mem_give(spec->text);
    spec->settings = NULL;
    spec->text = NULL;
}

/* --- names ---------------------------------------------------------------- */

/* Listeners without a name do not count yet. */
static bool
is_taken(const struct listener_spec *specs, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (specs[i].name != NULL && strcmp(specs[i].name, name) == 0)
            return true;
    return false;
}

/* The first name of NAME, NAME-2, NAME-3 ... that is free. */
static void
make_name(struct listener_spec *specs, size_t count, struct listener_spec *spec)
{
    const char *base = spec->service->name;

    /* At most count names are taken, so one of count + 1 is free. */
    for (size_t i = 1; i <= count + 1; i++) {
        struct text text;
        text_init(&text, spec->name_made, sizeof spec->name_made);
        text_add(&text, base);
        text_add(&text, i > 1 ? "-" : "");
        if (i > 1)
            text_number(&text, i, 1);
        if (!is_taken(specs, count, text.bytes))
            break;
    }
    spec->name = spec->name_made;
}

int
listener_spec_name(
    struct listener_spec *specs, size_t count, struct complaint *wrong)
{
    /* Chosen names first: those that are made go round them. */
    for (size_t i = 0; i < count; i++) {
        if (specs[i].name == NULL || !is_taken(specs, i, specs[i].name))
            continue;
        complaint_say(wrong, "name", specs[i].name, " is there twice");
        return -EINVAL;
    }
    for (size_t i = 0; i < count; i++)
        if (specs[i].name == NULL)
            make_name(specs, count, &specs[i]);
    return 0;
}
