/*
 * test_leatd_hub_slow.c - members that do not read: what they miss, what they
 * are told of it, and that nobody else notices.
 */
#include "leatd_hub.h"

#include <leat/flow.h>

#include <stdlib.h>

#include "support/dice.h"
#include "support/quick.h"

#define HEALTHY 20
#define STORE 1000
#define SLOW_LISTENER "hub:127.0.0.1:0,quiet,limit-msgs=16,policy="

static const char *const drops[] = {"drop-old", "drop-new"};

static void
serve_policy(const char *policy)
{
    char listener[128];

    snprintf(listener, sizeof listener, "%s%s", SLOW_LISTENER, policy);
    serve(listener);
}

/* --- what a slow reader makes of it -----------------------------------------
 */

struct reader {
    int peer;
    char line[256];
    size_t len;
    bool seen[100000];
    int last;      /* number of the line it heard last */
    size_t lines;  /* heard */
    size_t missed; /* told of */
    unsigned notices;
};

static void
take_line(struct reader *reader)
{
    unsigned number;

    if (sscanf(reader->line, "* you missed %u messages", &number) == 1) {
        ck_assert_uint_gt(number, 0);
        reader->missed += number;
        reader->notices++;
    } else if (sscanf(reader->line, "guest1> %u.", &number) == 1) {
        quick_assert((int)number > reader->last);
        reader->last = (int)number;
        reader->lines++;
        quick_assert(!reader->seen[number]);
        reader->seen[number] = true;
    } else {
        ck_assert_msg(
            strncmp(reader->line, "* you are ", 10) == 0, "%s", reader->line);
    }
}

/* At most so many bytes; how many there were. */
static size_t
read_some(struct reader *reader, size_t most)
{
    size_t count = 0;
    char byte;

    for (; count < most && fake_read(reader->peer, &byte, 1) == 1; count++) {
        quick_assert(reader->len < sizeof reader->line - 1);
        reader->line[reader->len++] = byte;
        if (byte != '\n')
            continue;
        reader->line[reader->len] = '\0';
        reader->len = 0;
        take_line(reader);
    }
    return count;
}

static struct reader *
make_reader(int peer)
{
    struct reader *reader = calloc(1, sizeof *reader);

    ck_assert_ptr_nonnull(reader);
    reader->peer = peer;
    reader->last = -1;
    return reader;
}

static void
say_number(int peer, int number)
{
    char line[64];

    snprintf(line, sizeof line, "%d. line of some length\n", number);
    say(peer, line);
}

static void
catch_up(struct reader *reader)
{
    for (int idle = 0; idle < 3; idle++) {
        if (read_some(reader, SIZE_MAX) > 0)
            idle = 0;
        turn();
    }
    ck_assert_uint_eq(reader->len, 0);
}

/* --- missed ------------------------------------------------------------------
 */

START_TEST(who_catches_up_is_told_once_how_many_it_missed)
{
    serve_policy(drops[_i]);
    int first = enter();
    struct reader *slow = make_reader(enter());
    narrow(slow->peer, 64);

    for (int i = 0; i < 100; i++)
        say_number(first, i);
    catch_up(slow);
    ck_assert_uint_eq(slow->notices, 1);
    ck_assert_uint_gt(slow->missed, 50);
    ck_assert_uint_eq(slow->lines + slow->missed, 100);
    ck_assert_int_eq(slow->seen[99], _i == 0);
    ck_assert_uint_eq(the_hub()->counters.missed, slow->missed);

    /* Another time, another number. */
    size_t missed = slow->missed;
    for (int i = 100; i < 150; i++)
        say_number(first, i);
    catch_up(slow);
    ck_assert_uint_eq(slow->notices, 2);
    ck_assert_uint_gt(slow->missed, missed);
    ck_assert_uint_eq(slow->lines + slow->missed, 150);
    free(slow);
    close_hub();
}
END_TEST

START_TEST(what_was_missed_is_told_though_the_queue_is_full_again)
{
    serve_policy(drops[_i]);
    int first = enter();
    struct reader *slow = make_reader(enter());
    narrow(slow->peer, 64);
    struct leat_conn *conn = member_find(the_hub(), "guest2", 6)->conn;

    for (int i = 0; i < 100; i++)
        say_number(first, i);
    while (leat_conn_is_full(conn)) {
        read_some(slow, 1);
        turn();
    }
    for (int i = 100; i < 200; i++)
        say_number(first, i);
    ck_assert_uint_eq(slow->notices, 0);
    catch_up(slow);
    ck_assert_uint_eq(slow->notices, 2);
    ck_assert_uint_eq(slow->lines + slow->missed, 200);
    free(slow);
    close_hub();
}
END_TEST

START_TEST(who_keeps_up_is_told_nothing)
{
    serve_policy(drops[_i]);
    int first = enter();
    struct reader *other = make_reader(come());

    for (int i = 0; i < 500; i++) {
        say_number(first, i);
        read_some(other, SIZE_MAX);
    }
    ck_assert_uint_eq(other->lines, 500);
    ck_assert_uint_eq(other->notices, 0);
    free(other);
    close_hub();
}
END_TEST

/* Whatever the pace: each line was heard, or counted, and none twice. */
START_TEST(lines_that_are_heard_and_missed_make_all)
{
    struct dice dice;
    int count = (int)dice_env("LEAT_OPS", 4000);

    if (count > 20000)
        count = 20000;
    dice_init(&dice, "hub_slow");
    serve_policy(drops[_i]);
    int first = enter();
    struct reader *slow = make_reader(enter());
    narrow(slow->peer, 1 + dice_roll(&dice, 200));

    size_t pace = 60;
    for (int i = 0; i < count; i++) {
        say_number(first, i);
        if (dice_roll(&dice, 200) == 0)
            catch_up(slow);
        if (dice_roll(&dice, 20) == 0)
            pace = dice_roll(&dice, 3) * 100;
        read_some(slow, dice_roll(&dice, pace + 1));
    }
    catch_up(slow);
    ck_assert_uint_eq(slow->lines + slow->missed, (size_t)count);
    free(slow);
    close_hub();
}
END_TEST

START_TEST(close_is_the_end_of_who_does_not_read)
{
    serve_policy("close");
    int first = enter(), other = enter();
    int slow = enter();
    narrow(slow, 64);

    for (int i = 0; i < 100; i++)
        say_number(first, i);
    turns(2);
    ck_assert_uint_eq(server.client_count, 2);
    ck_assert_ptr_nonnull(strstr(hear(other), "guest1> 99. "));
    assert_is_over(slow);
    close_hub();
}
END_TEST

/* It was told of by a message that was kept, behind all that was queued. */
START_TEST(what_was_missed_is_told_behind_what_was_queued)
{
    serve_policy("drop-old");
    int first = enter();
    int slow = enter();
    narrow(slow, 1);

    for (int i = 0; i < 60; i++)
        say_number(first, i);
    char all[16384];
    size_t len = 0;
    for (int i = 0; i < 4000; i++) {
        len += (size_t)fake_read(slow, all + len, 1);
        turn();
    }
    all[len] = '\0';
    const char *notice = strstr(all, "* you missed ");
    ck_assert_ptr_nonnull(notice);
    ck_assert_ptr_nonnull(strstr(all, "guest1> 59. "));
    ck_assert(strstr(all, "guest1> 59. ") < notice);
    ck_assert_ptr_null(strstr(notice + 1, "* you missed "));
    close_hub();
}
END_TEST

/* Take all that the pool has in store for what has so many bytes. */
static size_t
exhaust(struct leat_message *store[STORE])
{
    static const char small[] = "* you missed 99 messages";
    size_t stored = 0;

    while (stored < STORE && leat_message_create(&store[stored], server.loop,
                                 small, sizeof small) == 0)
        stored++;
    ck_assert_uint_lt(stored, STORE);
    return stored;
}

static void
give_back(struct leat_message *store[STORE], size_t stored)
{
    while (stored > 0)
        leat_message_unref(store[--stored]);
}

START_TEST(without_memory_to_tell_it_a_connection_is_closed)
{
    struct leat_message *store[STORE];
    serve_policy("drop-old");
    int first = enter(), slow = enter();
    narrow(slow, 64);
    struct member *member = member_find(the_hub(), "guest2", 6);

    for (int i = 0; i < 100; i++)
        say_number(first, i);
    int fault = fault_sticky("realloc", 1, ENOMEM);
    size_t stored = exhaust(store);
    hub_caught_up(member);
    fault_release(fault);
    give_back(store, stored);
    turns(2);
    ck_assert_uint_eq(server.client_count, 1);
    close_hub();
}
END_TEST

/* Its queue has no place for a third message; the others get the line. */
START_TEST(without_memory_for_a_line_only_that_connection_is_closed)
{
    struct leat_message *store[STORE], *spare[4];
    static char text[302];
    serve_policy("drop-old");
    int first = enter(), slow = enter(), other = enter();
    narrow(slow, 1);
    struct member *member = member_find(the_hub(), "guest1", 6);

    memset(text, 'x', 300);
    text[300] = '\n';
    say(first, text);
    say(first, text);
    hear(other);
    for (int i = 0; i < 4; i++) /* there is memory for the line itself */
        ck_assert_int_eq(
            leat_message_create(&spare[i], server.loop, NULL, 309), 0);
    for (int i = 0; i < 4; i++)
        leat_message_unref(spare[i]);
    int fault = fault_sticky("realloc", 1, ENOMEM);
    size_t stored = exhaust(store);
    hub_line(member, text, 300);
    fault_release(fault);
    give_back(store, stored);
    turns(2);
    ck_assert_uint_eq(strlen(hear(other)), 309);
    assert_hears(first, "");
    ck_assert_uint_eq(server.client_count, 2);
    close_hub();
}
END_TEST

/* --- the others
 * --------------------------------------------------------------- */

/* A line is on its way in the turn in which it came; the second turn is for
 * what does not fit into one. */
START_TEST(nobody_waits_more_than_two_turns_for_one_that_is_frozen)
{
    int healthy[HEALTHY];
    serve("hub:127.0.0.1:0,quiet,limit-msgs=100");
    narrow(enter(), 1); /* and never reads */
    for (int i = 0; i < HEALTHY; i++)
        healthy[i] = enter();
    for (int i = 0; i < 2000; i++) {
        char line[64], want[96];
        int from = i % HEALTHY;
        snprintf(line, sizeof line, "%d: for everybody\n", i);
        snprintf(want, sizeof want, "guest%d> %s", from + 2, line);
        write_to(healthy[from], line, strlen(line));
        turn();
        if (i % 50 != 0)
            turn(); /* most often there is a second one */
        for (int j = 0; j < HEALTHY; j++)
            quick_assert(strcmp(hear(healthy[j]), j == from ? "" : want) == 0);
    }
    struct leat_loop_stats stats;
    leat_loop_stats(server.loop, &stats);
    ck_assert_uint_gt(stats.drops, 0);
    close_hub();
}
END_TEST

START_TEST(a_fan_out_allocates_nothing_once_warm)
{
    int healthy[HEALTHY];
    serve("hub:127.0.0.1:0,quiet,history=10,limit-msgs=64");
    narrow(enter(), 1);
    for (int i = 0; i < HEALTHY; i++)
        healthy[i] = enter();
    for (int i = 0; i < 200; i++) {
        if (i == 100)
            kernel_reset_calls();
        say_number(healthy[i % HEALTHY], i);
        for (int j = 0; j < HEALTHY; j++)
            hear(healthy[j]);
    }
    ck_assert_uint_eq(kernel_calls("realloc"), 0);
    close_hub();
}
END_TEST

/* --max-memory: who has most goes, in the midst of a message for all. */
START_TEST(a_member_that_is_shed_inside_a_fan_out_harms_no_other)
{
    char name[] = "leatd", quiet[] = "--quiet", memory[] = "--max-memory=400k",
         listener[] = "hub:127.0.0.1:0,quiet";
    char *argv[] = {name, quiet, memory, listener, NULL};
    static char text[60002];

    memset(&options, 0, sizeof options);
    ck_assert_int_eq(options_parse(&options, 4, argv, &wrong), 0);
    ck_assert_int_eq(server_open(&server, &options, 100, &wrong), CODE_OK);
    int first = enter(), second = enter();
    int slow = enter();
    narrow(slow, 1);
    int last = enter();
    memset(text, 'x', 60000);
    text[60000] = '\n';
    for (int i = 0; i < 20; i++) {
        say(first, text);
        turns(2);
        ck_assert_uint_eq(strlen(hear(second)), 60009);
        ck_assert_uint_eq(strlen(hear(last)), 60009);
    }
    struct leat_loop_stats stats;
    leat_loop_stats(server.loop, &stats);
    ck_assert_uint_eq(stats.shed, 1);
    assert_is_over(slow);
    close_hub();
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_hub_slow");
    TCase *tcase = tcase_create("leatd_hub_slow");

    tcase_add_checked_fixture(tcase, setup_hub, kernel_teardown);
    tcase_add_loop_test(
        tcase, who_catches_up_is_told_once_how_many_it_missed, 0, 2);
    tcase_add_loop_test(
        tcase, what_was_missed_is_told_though_the_queue_is_full_again, 0, 2);
    tcase_add_loop_test(tcase, who_keeps_up_is_told_nothing, 0, 2);
    tcase_add_loop_test(tcase, lines_that_are_heard_and_missed_make_all, 0, 2);
    tcase_add_test(tcase, close_is_the_end_of_who_does_not_read);
    tcase_add_test(tcase, what_was_missed_is_told_behind_what_was_queued);
    tcase_add_test(tcase, without_memory_to_tell_it_a_connection_is_closed);
    tcase_add_test(
        tcase, without_memory_for_a_line_only_that_connection_is_closed);
    tcase_add_test(
        tcase, nobody_waits_more_than_two_turns_for_one_that_is_frozen);
    tcase_add_test(tcase, a_fan_out_allocates_nothing_once_warm);
    tcase_add_test(
        tcase, a_member_that_is_shed_inside_a_fan_out_harms_no_other);
    suite_add_tcase(suite, tcase);
    return suite;
}
