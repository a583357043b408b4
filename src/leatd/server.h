/*
 * server.h - one leatd: its loop, its listeners, its clients.
 */
#ifndef LEATD_SERVER_H
#define LEATD_SERVER_H

#include "cli/codes.h"
#include "client.h"
#include "drain.h"
#include "life.h"
#include "notes.h"
#include "options.h"
#include "port.h"

struct server {
    const struct options *options;
    struct leat_loop *loop;
    struct port *ports;
    size_t port_count;
    size_t client_count;
    uint64_t unanswered;       /* datagrams, see udp.h */
    struct leat_addr arriving; /* between on_accept and its on_open */
    int64_t started_us;
    struct drain drain;
    struct life life;
    struct notes notes;
    struct log log;
};

/*
 * Create the loop and open every listener, or none.
 *
 * options    kept
 * max_conns  as the process's limits have left it
 *
 * CODE_OK, to be ended by server_close; else with the complaint filled and
 * nothing left behind.
 */
enum exit_code server_open(struct server *server, const struct options *options,
    size_t max_conns, struct complaint *wrong);

/* Serve until drained. */
enum exit_code server_run(struct server *server);

/* Have the services read their files again, and log what became of it. */
void server_reload(struct server *server);

/* Tell the services that no more clients will come. */
void server_stop_services(struct server *server);

/* End everything, and write what the log still has if that is soon done. */
void server_close(struct server *server);

/* --- report.c: what is told ----------------------------------------------- */

/* A line per socket; the hint when leatd was started without a LISTENER. */
void report_start(struct server *server);
/* One line of totals. */
void report_totals(struct server *server);

/* The path of a unix socket, as it was given; NULL for other addresses. Not
 * NUL-terminated. */
const char *report_path(const struct leat_addr *addr, size_t *len);

#endif
