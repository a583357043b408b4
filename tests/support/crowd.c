/*
 * crowd.c - many pairs, written down.
 */
#include "crowd.h"

#include <check.h>
#include <string.h>

#include "net/net.h"
#include "quick.h"

struct crowd_one crowd[CROWD];
struct leat_conn_config crowd_config;
void (*crowd_on_close)(struct crowd_one *one);
struct leat_group *group;
struct leat_group_sent sent;

static size_t met;

static void
near_closed(struct leat_conn *conn, int reason, void *user)
{
    struct crowd_one *one = user;
    one->closes++;
    one->reason = reason;
    if (crowd_on_close != NULL)
        crowd_on_close(one);
    if (one->near == conn)
        one->near = NULL;
}

static void
far_data(struct leat_conn *conn, const void *bytes, size_t len, void *user)
{
    struct crowd_one *one = user;
    (void)conn;
    if (one->len + len < CROWD_TEXT)
        memcpy(one->text + one->len, bytes, len);
    one->len += len;
}

static void
far_closed(struct leat_conn *conn, int reason, void *user)
{
    struct crowd_one *one = user;
    (void)reason;
    if (one->far == conn)
        one->far = NULL;
}

static const struct leat_conn_ops near_ops = {.on_close = near_closed};
static const struct leat_conn_ops far_ops = {
    .on_data = far_data, .on_close = far_closed};

void
crowd_setup(void)
{
    rig_setup();
    memset(crowd, 0, sizeof crowd);
    crowd_config = (struct leat_conn_config){.ops = &near_ops};
    crowd_on_close = NULL;
    met = 0;
    ck_assert_int_eq(leat_group_create(&group, rig.loop), 0);
}

void
crowd_open(const struct leat_loop_config *config)
{
    rig_open(config);
    ck_assert_int_eq(leat_group_create(&group, rig.loop), 0);
}

void
crowd_renew(size_t i)
{
    const struct leat_conn_config config[2] = {crowd_config, {.ops = &far_ops}};
    struct leat_conn *out[2];
    void *users[2] = {&crowd[i], &crowd[i]};
    quick_eq(leat_conn_pair(out, rig.loop, config, users), 0);
    crowd[i].near = out[0];
    crowd[i].far = out[1];
}

void
crowd_meet(size_t count)
{
    for (; count > 0; count--) {
        quick_assert(met < CROWD);
        crowd_renew(met++);
    }
}

void
crowd_meet_members(size_t count)
{
    crowd_meet(count);
    for (size_t i = 0; i < count; i++)
        crowd_add(i);
}

void
crowd_add(size_t i)
{
    ck_assert_int_eq(leat_group_add(group, crowd[i].near), 0);
}

int
crowd_say(const char *text, const struct leat_conn *except)
{
    struct leat_message *message = crowd_message(text);
    int queued = leat_group_send(group, message, except, &sent);
    leat_message_unref(message);
    ck_assert_int_eq(queued, (int)sent.queued);
    return queued;
}

void
crowd_sent(size_t queued, size_t dropped, size_t failed)
{
    ck_assert_uint_eq(sent.queued, queued);
    ck_assert_uint_eq(sent.dropped, dropped);
    ck_assert_uint_eq(sent.failed, failed);
}

void
crowd_turns(unsigned n)
{
    for (; n > 0; n--) {
        rig_turn();
        leat__net_check(rig.loop);
    }
}

void
crowd_heard(size_t i, const char *text)
{
    ck_assert_str_eq(crowd[i].text, text);
    ck_assert_uint_eq(crowd[i].len, strlen(text));
    memset(crowd[i].text, 0, CROWD_TEXT);
    crowd[i].len = 0;
}

struct leat_message *
crowd_message(const char *text)
{
    struct leat_message *message;
    quick_eq(leat_message_create(&message, rig.loop, text, strlen(text)), 0);
    return message;
}

struct leat_message *
crowd_bytes(size_t n)
{
    struct leat_message *message;
    quick_eq(leat_message_create(&message, rig.loop, NULL, n), 0);
    memset(leat_message_bytes(message), 'x', n);
    return message;
}
