/*
 * service.h - what a service is: one file svc_*.c and one row in registry.c.
 *
 * A service is a table of callbacks with settings for each listener and state
 * for each connection, both zeroed and owned by the daemon. It knows nothing
 * of the daemon but this header, and nothing of other services.
 */
#ifndef LEATD_SERVICE_H
#define LEATD_SERVICE_H

#include "cli/key.h"

#include <leat/conn.h>
#include <leat/listener.h>

/* One datagram. */
struct datagram {
    const void *bytes; /* borrowed */
    size_t len;
    const void *settings; /* of its listener */
};

struct service {
    const char *name;
    const char *help; /* one line without a full stop */

    /* on_open and on_close are called by the daemon, in the midst of its own;
     * the others by the library. user is what service_state and
     * service_settings take. */
    struct leat_conn_ops ops;
    struct leat_frame_config frame; /* unless its settings say otherwise */

    const struct key *keys; /* its own; offsets are into its settings */
    size_t key_count;
    size_t settings_size;
    /* Check the settings of one listener and put into config what follows
     * from them. 0, or -EINVAL with the complaint filled. May be NULL. */
    int (*prepare)(void *settings, struct leat_listener_config *config,
        struct complaint *wrong);

    /* What all connections of one listener share; zeroed. start comes before
     * the listener is opened: 0, or -errno with the complaint filled, and then
     * nothing is left to stop. stop comes once, when no more clients will:
     * those that are there are still served, and leave. Both may be NULL. */
    size_t shared_size;
    int (*start)(void *shared, const void *settings, struct leat_loop *loop,
        struct complaint *wrong);
    void (*stop)(void *shared);
    /* HUP: read its files again. 1; 0 it has none; -errno with the complaint
     * filled, and all is as it was. Between start and stop; may be NULL. */
    int (*reload)(void *shared, struct complaint *wrong);

    /* UDP; NULL: it cannot. Called for each datagram that may be answered, by
     * service_answer at most once. udp.h has the rules. */
    void (*on_datagram)(const struct datagram *datagram);
    bool udp_grows; /* its answers may be longer than what they answer */

    size_t state_size; /* per connection; aligned as a pointer is */
    bool is_source;    /* what it sends answers nothing: lost, it is no loss */
};

/* The settings of the listener that a connection came in by. */
const void *service_settings(void *user);
/* What the connections of that listener share. */
void *service_shared(void *user);
/* The state of a connection; zeroed before on_open, gone after on_close. */
void *service_state(void *user);
/* Close because of an error of the service's own; the access log tells it. */
void service_fail(struct leat_conn *conn, void *user, int error);
/* leat_conn_send, and service_fail where that fails. Whether it went well. */
bool service_send(
    struct leat_conn *conn, void *user, const void *bytes, size_t len);
/* The peer's address as the log has it; borrowed, perhaps text itself. */
const char *service_peer(void *user, char text[LEAT_ADDR_TEXT]);
/* A line in the log about this connection: message listener= peer= text= */
void service_log(void *user, const char *message, const char *words);

/* A warning in the log about a listener: message listener= text= */
void service_warn(const void *shared, const char *message, const char *words);

/* Answer a datagram at once; what the kernel does not take is lost. Unless the
 * service grows, len is at most datagram->len. */
void service_answer(
    const struct datagram *datagram, const void *bytes, size_t len);

/* --- registry.c ----------------------------------------------------------- */

size_t service_count(void);
/* index below service_count. */
const struct service *service_at(size_t index);
/* NULL: there is none of that name. */
const struct service *service_find(const char *name);

#endif
