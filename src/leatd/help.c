/*
 * help.c - what leatd --help prints, put together from the tables.
 *
 * On the path: main -> HERE -> standard output. Whoever adds an option, a key
 * or a service has written its help with it.
 */
#include "options.h"
#include "udp.h"

#include "cli/address.h"
#include "cli/help.h"

/* Lines of prose are at most 76 columns, those of the tables at most 80. */
static const char head[] =
    "Usage: leatd [OPTIONS] [LISTENER...]\n"
    "Serve TCP, unix sockets and UDP, many clients each, in one select() "
    "loop.\n"
    "\n"
    "LISTENER is SERVICE:ADDRESS[,KEY=VALUE]...; without one, " OPTIONS_DEFAULT
    ".\n";

static const char grammar[] =
    "PORT 0 picks a free port. udp: before ADDRESS serves datagrams, for "
    "those\n"
    "services that can. VALUE ends at the next comma; write \\, for a comma "
    "and\n"
    "\\\\ for a backslash in it. KEY without =VALUE is true.\n";

/* More words of values, as key.c shows them. */
static const char values[] =
    "BOOL is true or false, yes or no, on or off.\n"
    "\n"
    "A queue that is full under policy=refuse makes the service wait, close "
    "ends\n"
    "the client, drop-new and drop-old leave out whole messages and count "
    "them.\n";

static const char foot[] =
    "\n"
    "Signals:\n"
    "  TERM, INT                 drain: accept what waits, serve each client\n"
    "                            until it pauses, end; a second one cuts this\n"
    "                            short\n"
    "  USR1                      log one line of totals\n"
    "  HUP                       read the login files again; never ends leatd\n"
    "\n"
    "The log is on standard error. Standard output is for --help, --version\n"
    "and --ready-fd 1. The ready line is\n"
    "  {\"ready\":true,\"pid\":P,\"listeners\":[{\"name\":\"echo\",\"service\":"
    "\"echo\",\n"
    "  \"family\":\"tcp4\",\"address\":\"127.0.0.1\",\"port\":7000}]}\n"
    "with an entry per socket; family is tcp4, tcp6, udp4, udp6 or unix, "
    "which\n"
    "has path in place of address and port.\n"
    "\n"
    "Exit status:\n"
    "  0  served and drained     1  network or run time failed\n"
    "  2  wrong option, listener or key\n"
    "  3  drained, but bytes that were accepted before a client's end were\n"
    "     not sent; what a peer's own reset has lost does not count\n"
    "  70 internal error\n"
    "\n"
    "Example:\n"
    "  leatd echo:7000 discard:any:9000,max=100 echo:unix:/tmp/echo.sock &\n"
    "  printf 'hi\\n' | nc -N 127.0.0.1 7000\n";

/* An option that stands alone is shown as name[=BOOL]: both are accepted. */
static void
write_key(struct text *text, const struct key *key)
{
    help_name(text, key->name);
    text_add(text, key->type == &key_flag ? "[=" : "=");
    key_shape(key, text);
    text_add(text, key->type == &key_flag ? "]" : "");
    help_meaning(text, key->help);
}

/* Name and purpose. What a service does in detail is in the manual. */
static void
write_services(struct text *text)
{
    text_add(text, "\nServices:\n");
    for (size_t i = 0; i < service_count(); i++) {
        const struct service *service = service_at(i);
        help_name(text, service->name);
        help_meaning(text, service->help);
    }
    text_add(text, "\nThose that can serve udp: ");
    udp_list(text);
    text_add(text, ".\n");
}

/* Those that all have in common first, then those that one service brings. */
static void
write_keys(struct text *text)
{
    size_t count;
    const struct key *keys = listener_keys(&count);

    text_add(text, "\nKeys of every LISTENER:\n");
    for (size_t i = 0; i < count; i++)
        write_key(text, &keys[i]);
    for (size_t i = 0; i < service_count(); i++) {
        const struct service *service = service_at(i);
        if (service->key_count == 0)
            continue;
        text_add(text, "\nKeys of ");
        text_add(text, service->name);
        text_add(text, ":\n");
        for (size_t j = 0; j < service->key_count; j++)
            write_key(text, &service->keys[j]);
    }
}

void
help_write(struct text *text)
{
    size_t count;
    const struct option_row *rows = options_rows(&count);

    text_add(text, head);
    text_add(text, address_help);
    text_add(text, grammar);
    write_services(text);
    text_add(text, "\nOptions:\n");
    for (size_t i = 0; i < count; i++)
        help_option(text, &rows[i]);
    write_keys(text);
    text_add(text, help_values);
    text_add(text, values);
    text_add(text, foot);
}
