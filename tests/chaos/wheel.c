/*
 * wheel.c - see wheel.h.
 *
 * Invariant: whoever is due before now_ms has been taken.
 */
#include "wheel.h"

#include <stddef.h>

void
wheel_init(struct wheel *wheel, int64_t now_ms)
{
    for (int i = 0; i < WHEEL_SLOTS; i++)
        wheel->slot[i].next = wheel->slot[i].prev = &wheel->slot[i];
    wheel->now_ms = now_ms;
    wheel->armed = 0;
}

void
wheel_disarm(struct wheel *wheel, struct wheel_node *node)
{
    if (node->next == NULL)
        return;
    node->next->prev = node->prev;
    node->prev->next = node->next;
    node->next = NULL;
    wheel->armed--;
}

void
wheel_arm(struct wheel *wheel, struct wheel_node *node, int64_t due_ms)
{
    wheel_disarm(wheel, node);
    node->due_ms = due_ms > wheel->now_ms ? due_ms : wheel->now_ms + 1;
    struct wheel_node *slot = &wheel->slot[node->due_ms % WHEEL_SLOTS];
    node->next = slot;
    node->prev = slot->prev;
    node->prev->next = node;
    slot->prev = node;
    wheel->armed++;
}

static struct wheel_node *
find_due(struct wheel *wheel)
{
    struct wheel_node *slot = &wheel->slot[wheel->now_ms % WHEEL_SLOTS];
    struct wheel_node *node = slot->next;
    while (node != slot && node->due_ms > wheel->now_ms)
        node = node->next;
    return node != slot ? node : NULL;
}

struct wheel_node *
wheel_take(struct wheel *wheel, int64_t now_ms)
{
    for (;;) {
        struct wheel_node *node = find_due(wheel);
        if (node != NULL) {
            wheel_disarm(wheel, node);
            return node;
        }
        if (wheel->now_ms >= now_ms)
            return NULL;
        wheel->now_ms++;
    }
}
