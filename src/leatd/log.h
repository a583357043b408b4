/*
 * log.h - lines to standard error that never hold anybody up.
 *
 *   2026-11-20T14:51:16.123Z info close listener=echo reason=eof
 *
 * Lines go into a ring; the loop empties it when select() says that the
 * descriptor takes some. A line that finds the ring full is dropped and
 * counted, and the count is told once there is room.
 */
#ifndef LEATD_LOG_H
#define LEATD_LOG_H

#include "cli/text.h"

#include <leat/loop.h>
#include <leat/watch.h>

#define LOG_RING 65536u
#define LOG_LINE 1024u

enum log_level { LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARN };

struct log {
    int fd;
    enum log_level least;     /* lines below it are not written */
    struct leat_watch *watch; /* NULL before log_attach and after detach */
    size_t head, used;        /* of the ring: first byte, how many */
    uint64_t dropped;         /* lines since the ring was full */
    char ring[LOG_RING];
};

/* fd 0..63; kept. */
void log_init(struct log *log, int fd, enum log_level least);
/* Have the loop empty the ring. 0 or -errno. */
int log_attach(struct log *log, struct leat_loop *loop);
/* Before the loop is destroyed. The log may still be written to. */
void log_detach(struct log *log);
/* Write what is in the ring, as long as no single write waits for more than
 * wait_us. Calls nothing of leat. */
void log_flush(struct log *log, int64_t wait_us);

/*
 * Put whole lines, each with its ending, at the end of the ring; at most
 * LOG_LINE bytes. Calls nothing of leat: log_arm must follow.
 */
void log_push(struct log *log, const char *bytes, size_t len);
/* Have the loop empty the ring, or leave the descriptor alone. */
void log_arm(struct log *log);

/* --- log_line.c: one line, key by key ------------------------------------- */

struct log_line {
    struct text text;
    char bytes[LOG_LINE];
};

/* Begin a line; false when lines of this level are not written. */
bool log_begin(const struct log *log, struct log_line *line,
    enum log_level level, const char *message);
/* A line that is written whatever the level, because it was asked for. */
void log_answer(struct log_line *line, const char *message);
void log_value(struct log_line *line, const char *key, const char *value);
void log_bytes(
    struct log_line *line, const char *key, const char *bytes, size_t len);
void log_number(struct log_line *line, const char *key, uint64_t number);
/* End the line and queue it; not for use inside on_note. */
void log_end(struct log *log, struct log_line *line);
/* The same for on_note, which may not call leat: what can be written at once
 * is, the rest goes with the next line. */
void log_end_now(struct log *log, struct log_line *line);

#endif
