/*
 * defer.c - lists of work put off to phase 3, 6 or 7.
 *
 * On the path: conn -> HERE -> (later in the turn) conn.
 *
 * A run works on the nodes that were there when it began: they are moved to a
 * head of its own, where any of them may still be unlinked by the work itself.
 */
#include "defer.h"

#include <stddef.h>

void
leat__defer_init(struct leat__defer *defer)
{
    leat__list_init(&defer->head);
    defer->run = NULL;
}

void
leat__defer_add(struct leat__defer *defer, struct leat__node *node)
{
    if (!leat__list_is_linked(node))
        leat__list_append(&defer->head, node);
}

bool
leat__defer_is_empty(const struct leat__defer *defer)
{
    return leat__list_is_empty(&defer->head);
}

void
leat__defer_run(
    struct leat__defer *defer, bool (*go_on)(void *user), void *user)
{
    if (leat__defer_is_empty(defer))
        return;

    struct leat__node now;
    leat__list_init(&now);
    leat__list_move(&now, &defer->head);
    while (!leat__list_is_empty(&now) && (go_on == NULL || go_on(user)))
        defer->run(leat__list_take(&now));

    /* Left over: first in line next time, before what has come since. */
    if (leat__list_is_empty(&now))
        return;
    leat__list_move(&now, &defer->head);
    leat__list_move(&defer->head, &now);
}
