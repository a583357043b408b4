/*
 * ready.c - the ready line: one line of JSON with the real ports.
 *
 * On the path: main, once every socket is bound -> HERE -> who started leatd.
 *
 * A descriptor is closed after the line, so that its reader sees an end; a
 * file appears under its name as a whole or not at all.
 */
#include "ready.h"

#include <leat/error.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>

#include "cli/file.h"
#include "cli/mem.h"
#include "cli/output.h"
#include "cli/proc.h"
#include "sys/sys.h"

/* --- the line ------------------------------------------------------------- */

/* key comes with its punctuation and quotes. */
static void
add_string(struct text *text, const char *key, const char *bytes, size_t len)
{
    text_add(text, key);
    text_json(text, bytes, len);
}

/* The address without the port: what is before the last colon, and without
 * the brackets that keep IPv6 and port apart. */
static void
add_address(struct text *text, const struct leat_addr *addr)
{
    char formatted[LEAT_ADDR_TEXT];
    const char *start = leat_addr_format(addr, formatted);
    size_t len = (size_t)(strrchr(start, ':') - start);

    if (start[0] == '[') {
        start++;
        len -= 2;
    }
    add_string(text, ",\"address\":", start, len);
}

/* family is how the socket was bound: an IPv6 socket is tcp6, whoever comes. */
void
ready_entry(struct text *text, const struct listener_spec *spec,
    const struct leat_addr *addr)
{
    static const char *const families[2][2] = {
        {"\"tcp4\"", "\"tcp6\""}, {"\"udp4\"", "\"udp6\""}};
    size_t len;
    const char *path = report_path(addr, &len);
    const char *service = spec->service->name;

    add_string(text, "{\"name\":", spec->name, strlen(spec->name));
    add_string(text, ",\"service\":", service, strlen(service));
    if (path != NULL) {
        add_string(text, ",\"family\":\"unix\",\"path\":", path, len);
    } else {
        text_add(text, ",\"family\":");
        text_add(
            text, families[spec->is_udp][addr->storage.ss_family == AF_INET6]);
        add_address(text, addr);
        text_add(text, ",\"port\":");
        text_number(text, (uint64_t)leat_addr_port(addr), 1);
    }
    text_add(text, "}");
}

/* Keys are never taken away from it; a reader skips those it does not know. */
static void
write_line(struct text *text, const struct server *server)
{
    const char *comma = "";

    text_add(text, "{\"ready\":true,\"pid\":");
    text_number(text, (uint64_t)leat__sys_pid(), 1);
    text_add(text, ",\"listeners\":[");
    for (size_t i = 0; i < server->port_count; i++) {
        const struct port *port = &server->ports[i];
        for (size_t j = 0; j < port_count(port); j++) {
            struct leat_addr addr;
            if (port_addr(port, j, &addr) != 0)
                continue;
            text_add(text, comma);
            ready_entry(text, port->spec, &addr);
            comma = ",";
        }
    }
    text_add(text, "]}\n");
}

/* --- where it goes -------------------------------------------------------- */

static int
tell_descriptor(int fd, const struct text *text)
{
    int error = output_all(fd, text->bytes, text->len);

    /* The number of a standard descriptor must not go to a socket. */
    int closed = fd <= 2 ? proc_blank(fd) : leat__sys_close(fd);
    return error != 0 ? error : closed;
}

/* A pipe, a terminal, a link: written to, never replaced. A pipe that nobody
 * reads is an error and not a wait. */
static int
write_there(const char *path, const struct text *text)
{
    int fd = leat__sys_open(path, O_WRONLY | O_NONBLOCK | O_TRUNC, 0);
    if (fd < 0)
        return fd;
    int error = output_all(fd, text->bytes, text->len);
    int closed = leat__sys_close(fd);
    return error != 0 ? error : closed;
}

static int
tell_file(const char *path, const struct text *line)
{
    struct stat st;
    if (leat__sys_lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return write_there(path, line);

    return file_replace(path, line->bytes, line->len, 0644);
}

/* The path in its quotes, then why. */
static void
complain(struct complaint *wrong, const char *path, int error)
{
    char after[128];
    struct text text;

    text_init(&text, after, sizeof after);
    text_add(&text, ": ");
    text_add(&text, leat_error_text(error));
    complaint_say(wrong, "cannot write ready-file", path, text.bytes);
}

static int
tell(const struct options *options, const struct text *line,
    struct complaint *wrong)
{
    int error = 0;

    if (options->ready_file != NULL) {
        error = tell_file(options->ready_file, line);
        if (error != 0)
            complain(wrong, options->ready_file, error);
    }
    if (error == 0 && options->ready_fd >= 0) {
        error = tell_descriptor(options->ready_fd, line);
        if (error != 0)
            complaint_say(wrong, "cannot write to ready-fd: ", NULL,
                leat_error_text(error));
    }
    return error;
}

int
ready_tell(const struct server *server, struct complaint *wrong)
{
    /* A path has 107 bytes, a name 48, and JSON makes at most six of one. */
    const size_t per_socket = 1200;
    size_t size = 128;

    if (server->options->ready_fd < 0 && server->options->ready_file == NULL)
        return 0;
    for (size_t i = 0; i < server->port_count; i++)
        size += per_socket * port_count(&server->ports[i]);
    char *bytes = mem_take(size);
    if (bytes == NULL) {
        complaint_say(wrong, "no memory for the ready line", NULL, "");
        return -ENOMEM;
    }

    struct text text;
    text_init(&text, bytes, size);
    write_line(&text, server);
    int error = tell(server->options, &text, wrong);
    mem_give(bytes);
    return error;
}
