/*
 * test_group_model.c - groups held against plain lists, by chance (LEAT_OPS,
 * LEAT_SEED).
 *
 * What is done to a group is done to a list too: also from inside walks, and
 * walks of those. A walk must visit who was there at its beginning and has not
 * left since, each once and in order.
 */
#include <leat/group.h>

#include <string.h>

#include "net/net.h"
#include "support/crowd.h"
#include "support/dice.h"
#include "support/quick.h"
#include "support/run.h"

#define GROUPS 3
#define PLAYERS 12
#define DEEPEST 4

/* Indices of players, in order. */
struct list {
    size_t at[PLAYERS];
    size_t count;
};

struct plain {
    struct leat_group *group;
    struct list members;
};

/* A walk that is under way. */
struct round {
    const struct plain *of;
    struct list due; /* who is to be visited yet */
};

static struct plain plain[GROUPS];
static struct round rounds[DEEPEST];
static unsigned depth; /* how many rounds there are */
static struct dice dice;
static size_t ops;

/* --- lists ---------------------------------------------------------------- */

static bool
has(const struct list *list, size_t i)
{
    for (size_t k = 0; k < list->count; k++)
        if (list->at[k] == i)
            return true;
    return false;
}

static void
strike(struct list *list, size_t i)
{
    size_t kept = 0;
    for (size_t k = 0; k < list->count; k++)
        if (list->at[k] != i)
            list->at[kept++] = list->at[k];
    list->count = kept;
}

/* Off the list, and off all walks over it. */
static void
strike_everywhere(struct plain *of, size_t i)
{
    strike(&of->members, i);
    for (unsigned k = 0; k < depth; k++)
        if (rounds[k].of == of)
            strike(&rounds[k].due, i);
}

static void
compare(void)
{
    for (size_t g = 0; g < GROUPS; g++) {
        quick_eq(leat_group_count(plain[g].group), plain[g].members.count);
        for (size_t i = 0; i < PLAYERS; i++)
            quick_eq(leat_group_has(plain[g].group, crowd[i].near),
                has(&plain[g].members, i));
    }
}

/* --- what is done --------------------------------------------------------- */

static void do_something(void);

static void
do_add(struct plain *of, size_t i)
{
    quick_eq(leat_group_add(of->group, crowd[i].near), 0);
    if (!has(&of->members, i))
        of->members.at[of->members.count++] = i;
}

static void
do_remove(struct plain *of, size_t i)
{
    leat_group_remove(of->group, crowd[i].near);
    strike_everywhere(of, i);
}

static void
do_send(struct plain *of, size_t i)
{
    struct leat_message *message = crowd_message("x");
    int queued = leat_group_send(of->group, message, crowd[i].near, &sent);
    leat_message_unref(message);
    size_t expected = of->members.count - has(&of->members, i);
    quick_eq((size_t)queued, expected);
    quick_eq(sent.dropped + sent.failed, 0);
}

/* Another one takes its place. */
static void
do_destroy(struct plain *of, size_t i)
{
    (void)i;
    leat_group_destroy(of->group);
    while (of->members.count > 0)
        strike_everywhere(of, of->members.at[0]);
    quick_eq(leat_group_create(&of->group, rig.loop), 0);
}

/* The connection is closed, and another one takes its place. */
static void
do_close(struct plain *of, size_t i)
{
    (void)of;
    for (size_t g = 0; g < GROUPS; g++)
        strike_everywhere(&plain[g], i);
    leat_conn_close(crowd[i].near);
    crowd_renew(i);
}

static void
visit(struct leat_conn *conn, void *user)
{
    struct round *round = user;
    quick_assert(round == &rounds[depth - 1]);
    quick_assert(round->due.count > 0);
    quick_assert(crowd[round->due.at[0]].near == conn);
    strike(&round->due, round->due.at[0]);
    for (size_t n = dice_roll(&dice, 4); n > 0; n--)
        do_something();
}

static void
do_walk(struct plain *of, size_t i)
{
    (void)i;
    if (depth == DEEPEST)
        return;
    struct round *round = &rounds[depth++];
    *round = (struct round){of, of->members};
    leat_group_each(of->group, visit, round);
    quick_eq(round->due.count, 0);
    depth--;
}

static const struct {
    void (*run)(struct plain *of, size_t i);
    size_t weight;
} deeds[] = {
    {do_add, 50},
    {do_remove, 25},
    {do_send, 12},
    {do_walk, 10},
    {do_close, 2},
    {do_destroy, 1},
};

static void
do_something(void)
{
    size_t what = dice_roll(&dice, 100);
    size_t k = 0;
    for (; what >= deeds[k].weight; k++)
        what -= deeds[k].weight;
    deeds[k].run(&plain[dice_roll(&dice, GROUPS)], dice_roll(&dice, PLAYERS));
    compare();
    ops++;
}

START_TEST(groups_agree_with_plain_lists_over_random_operations)
{
    dice_init(&dice, "group model");
    size_t most = dice_env("LEAT_OPS", 300000) / 4;
    crowd_meet(PLAYERS);
    memset(plain, 0, sizeof plain);
    for (size_t g = 0; g < GROUPS; g++)
        quick_eq(leat_group_create(&plain[g].group, rig.loop), 0);
    ops = 0;
    depth = 0;
    while (ops < most) {
        for (size_t n = dice_roll(&dice, 20); n > 0; n--)
            do_something();
        crowd_turns(2); /* the invariants too */
        compare();
    }
    quick_eq(rig_stats().drops, 0);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("group_model");
    TCase *tcase = tcase_create("group_model");
    tcase_add_checked_fixture(tcase, crowd_setup, rig_teardown);
    tcase_add_test(tcase, groups_agree_with_plain_lists_over_random_operations);
    suite_add_tcase(suite, tcase);
    return suite;
}
