/*
 * session.h - one connection, standard input and standard output in one loop,
 * none of which ever waits for another.
 *
 * Standard output is slow: the connection is not read. The connection is slow:
 * standard input is not read. So what is in memory is bounded by a queue and
 * two chunks.
 */
#ifndef LEAT_SESSION_H
#define LEAT_SESSION_H

#include <leat/conn.h>
#include <leat/timer.h>

#include "cli/complaint.h"
#include "sink.h"
#include "source.h"
#include "target.h"

struct session;

/* What a command does with it. on_open and on_input_end may be NULL. */
struct session_ops {
    void (*on_open)(struct session *session, void *user);
    /* From standard input; bytes are for session_send. */
    void (*on_input)(
        struct session *session, const char *bytes, size_t len, void *user);
    void (*on_input_end)(struct session *session, void *user);
    /* From the peer; bytes are for session_print. */
    void (*on_answer)(
        struct session *session, const char *bytes, size_t len, void *user);
    /* The connection is over; reasons as of leat_conn_ops. The place to call
     * session_judge: what is printed already still reaches its reader. */
    void (*on_close)(struct session *session, int reason, void *user);
};

struct session {
    struct leat_loop *loop;
    struct leat_conn *conn; /* NULL once it is over */
    const struct session_ops *ops;
    void *user;
    struct target target;
    struct source source;
    struct sink sink;
    struct leat_timer leave;
    enum exit_code code;
    struct complaint *wrong;
    bool is_stopped;
};

/*
 * Begin to connect. timeout_us is for that alone; 0 means the default.
 *
 * CODE_OK, to be released by session_close; another with the complaint filled
 * and nothing to release. ops, user and wrong are kept.
 */
enum exit_code session_open(struct session *session, const char *word,
    int64_t timeout_us, const struct session_ops *ops, void *user,
    struct complaint *wrong);
/* Have standard input read. */
void session_read_input(struct session *session);
/* Until it is over: the code of session_judge, or CODE_OK. */
enum exit_code session_run(struct session *session);
void session_close(struct session *session);

/* Send to the peer, also before it has answered the call; len may be 0. */
void session_send(struct session *session, const char *bytes, size_t len);
/* Send no more: the peer is to know. Its answer is still read. */
void session_end_input(struct session *session);
/* Standard output; len is at most what one on_answer brings. */
void session_print(struct session *session, const char *bytes, size_t len);

/* All that was wanted is there: send what is queued, and go. */
void session_leave(struct session *session);
/* What the exit status will be, with the complaint filled. */
void session_judge(struct session *session, enum exit_code code);
/* End at once with CODE_FAILED, with the complaint filled. */
void session_fail(struct session *session);

#endif
