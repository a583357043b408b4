/*
 * crowd.h - many connections without sockets, for tests of groups.
 *
 *     tcase_add_checked_fixture(tcase, crowd_setup, rig_teardown);
 *     ...
 *     crowd_meet(3);
 *     crowd_add(0);
 *     crowd_say("hello", NULL);
 *     crowd_turns(2);
 *     crowd_heard(0, "hello");
 *
 * near is the connection under test, far its peer, which writes down what it
 * gets. Both are NULL after their on_close, where no other is in their place.
 */
#ifndef TESTS_CROWD_H
#define TESTS_CROWD_H

#include <leat/conn.h>
#include <leat/dial.h>
#include <leat/group.h>
#include <leat/stats.h>

#include "loop_rig.h"

#define CROWD 200
#define CROWD_TEXT 64

struct crowd_one {
    struct leat_conn *near, *far;
    char text[CROWD_TEXT]; /* the first of what far got; ends with NUL */
    size_t len;            /* all of it */
    unsigned closes;       /* of near */
    int reason;
};

extern struct crowd_one crowd[CROWD];
/* A group, made in the setup; what became of the latest message to it. */
extern struct leat_group *group;
extern struct leat_group_sent sent;
/* Of near; to be changed before crowd_meet. */
extern struct leat_conn_config crowd_config;
/* Called in near's on_close, when it is not NULL. */
extern void (*crowd_on_close)(struct crowd_one *one);

/* A rig with a group and nobody. */
void crowd_setup(void);
/* The same for another loop, by this configuration. */
void crowd_open(const struct leat_loop_config *config);
/* So many more; the first has index 0. */
void crowd_meet(size_t count);
/* So many, the first there are, all of them members of the group. */
void crowd_meet_members(size_t count);
/* Another pair in place of one whose near is being closed. */
void crowd_renew(size_t i);
/* Make it a member of the group. */
void crowd_add(size_t i);
/* Send this text to the group; how many queues took it. */
int crowd_say(const char *text, const struct leat_conn *except);
void crowd_sent(size_t queued, size_t dropped, size_t failed);
/* So many turns, the invariants after each. */
void crowd_turns(unsigned n);
/* Fails the test unless far has got this text, and forgets it. */
void crowd_heard(size_t i, const char *text);
/* A message of this text; one of n bytes. */
struct leat_message *crowd_message(const char *text);
struct leat_message *crowd_bytes(size_t n);

#endif
