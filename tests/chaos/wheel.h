/*
 * wheel.h - who is due when, in milliseconds: a ring of lists.
 */
#ifndef CHAOS_WHEEL_H
#define CHAOS_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

#define WHEEL_SLOTS 4096

/* A place in a wheel; in none while next is NULL. */
struct wheel_node {
    struct wheel_node *next, *prev;
    int64_t due_ms;
};

struct wheel {
    struct wheel_node slot[WHEEL_SLOTS];
    int64_t now_ms;
    unsigned armed;
};

void wheel_init(struct wheel *wheel, int64_t now_ms);
void wheel_arm(struct wheel *wheel, struct wheel_node *node, int64_t due_ms);
void wheel_disarm(struct wheel *wheel, struct wheel_node *node);

/* The next one that is due, taken out; NULL when there is none up to now_ms. */
struct wheel_node *wheel_take(struct wheel *wheel, int64_t now_ms);

#endif
