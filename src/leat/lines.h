/*
 * lines.h - numbered lines of some publishers, each of which every subscriber
 * must get once, in the order of its publisher, byte for byte.
 *
 * Lines are found by a mark with the number of the run, so that a server may
 * put words before them, and others may talk on it too.
 */
#ifndef LEAT_LINES_H
#define LEAT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text;

/* Least bytes of a line, with its ending: mark, numbers, and some letters. */
#define LINES_LEAST 64u

struct lines_shape {
    size_t subscribers, publishers;
    size_t window; /* most lines of a publisher that somebody has not got */
    size_t size;   /* of a line, with its ending; LINES_LEAST or more */
    uint32_t run;
};

/* One line that is under way. */
struct lines_slot {
    int64_t sent_us;
    size_t missing; /* subscribers that have not got it */
};

struct lines {
    struct lines_shape is;
    char mark[16];
    size_t present;           /* subscribers */
    size_t offset;            /* where the mark was in the last line */
    uint64_t *sent, *done;    /* of each publisher */
    uint64_t *next;           /* of each subscriber, for each publisher */
    struct lines_slot *slots; /* a ring for each publisher */
    char *texts;              /* of the slots, size bytes each */
};

enum lines_kind {
    LINES_OTHER, /* not one of ours */
    LINES_PROBE,
    LINES_RIGHT,
    LINES_WRONG
};

/* What became known with a line that was right. */
struct lines_news {
    size_t publisher;
    int64_t sent_us;
};

/* 0 or -ENOMEM. All subscribers are present. */
int lines_open(struct lines *lines, const struct lines_shape *shape);
/* Harmless when it is all zero. */
void lines_close(struct lines *lines);

/* Whether a publisher may say one more. */
bool lines_may(const struct lines *lines, size_t publisher);
/* Its next line, size bytes that end with LF; valid until lines_may says so
 * again. Only where lines_may. */
const char *lines_make(struct lines *lines, size_t publisher, int64_t now_us);
/* A line that only says that it comes; size LINES_LEAST at most. */
void lines_probe(const struct lines *lines, struct text *text);

/* What a subscriber has got, without its ending. news is filled for
 * LINES_RIGHT. */
enum lines_kind lines_take(struct lines *lines, size_t subscriber,
    const unsigned char *bytes, size_t len, struct lines_news *news);
/* What was wrong with it. */
void lines_explain(const struct lines *lines, size_t subscriber,
    const unsigned char *bytes, size_t len, struct text *text);

/* A subscriber is no more. */
void lines_drop(struct lines *lines, size_t subscriber);
/* Lines that somebody has not got. */
uint64_t lines_under_way(const struct lines *lines);
/* Who lacks the first of them; false when nobody lacks any. */
bool lines_behind(const struct lines *lines, struct text *text);

#endif
