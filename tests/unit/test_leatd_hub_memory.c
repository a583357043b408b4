/*
 * test_leatd_hub_memory.c - a hub in which any allocation fails, once or from
 * then on: nothing leaks, and nobody misses a line without knowing it.
 */
#include "leatd_hub.h"

#define MEMBERS 4

static int peer[MEMBERS];
static char story[MEMBERS][8192]; /* all that each has heard */

static void
hear_all(void)
{
    turns(3);
    for (int i = 0; i < MEMBERS; i++)
        if (peer[i] >= 0)
            strcat(story[i], hear(peer[i]));
}

/* A client without memory for it is let in later, or not at all. */
static void
play(void)
{
    static const struct {
        int who;
        const char *line;
    } script[] = {{0, "line-a\n"}, {1, "/nick bob\n"}, {1, "line-b\n"},
        {2, "/join den\n"}, {3, "/join den\nline-c\n"}, {2, "/leave\n"},
        {0, "/msg bob line-d\n"}, {0, "/who\n/rooms\n/stats\n"},
        {2, "line-e\n"}, {0, "/me line-f\n"}, {1, "/quit\n"},
        {3, "/nick eve\n/leave\n"}, {0, "line-g\n"}};

    for (int i = 0; i < MEMBERS; i++) {
        peer[i] = fake_connect(fake_listener());
        ck_assert_int_ge(peer[i], 0);
    }
    hear_all();
    for (size_t i = 0; i < sizeof script / sizeof script[0]; i++) {
        (void)fake_write(
            peer[script[i].who], script[i].line, strlen(script[i].line));
        hear_all();
    }
}

/* Who is still there has heard of each line that was for it, or its sender has
 * heard that there was no memory, or has gone. */
static void
judge_line(const char *line, int from, int to)
{
    bool is_gone = fake_ended(peer[to]) || fake_was_reset(peer[to]);
    bool is_told = strstr(story[from], "! NOMEM ") != NULL;
    bool has_left = fake_ended(peer[from]) || fake_was_reset(peer[from]);
    bool was_late = strstr(story[to], "* you are ") == NULL ||
                    strstr(story[from], "* you are ") == NULL;

    if (!is_gone && !is_told && !has_left && !was_late)
        ck_assert_msg(strstr(story[to], line) != NULL,
            "%d has not heard %s of %d:\n%s", to, line, from, story[to]);
}

static void
end(void)
{
    for (int i = 0; i < MEMBERS; i++)
        fake_close(peer[i]);
    /* Long enough for a listener that rests. */
    for (int i = 0; i < 20; i++) {
        fake_advance(100000);
        turns(2);
    }
    ck_assert_uint_eq(server.client_count, 0);
    ck_assert_ptr_null(the_hub()->members);
    ck_assert_ptr_null(the_hub()->visitors);
    int first = enter(), second = enter();
    say(first, "all is well\n");
    ck_assert_ptr_nonnull(strstr(hear(second), "> all is well\n"));
    close_hub();
}

static bool
run(unsigned nth, bool is_sticky)
{
    memset(story, 0, sizeof story);
    serve("hub:127.0.0.1:0,history=3,per-ip=9");
    int fault = is_sticky ? fault_sticky("realloc", nth, ENOMEM)
                          : fault_once("realloc", nth, ENOMEM);
    play();
    bool has_fired = fault_fired(fault) > 0;
    fault_release(fault);
    if (!is_sticky) {
        judge_line("line-a\n", 0, 1);
        judge_line("line-a\n", 0, 3);
        judge_line("line-b\n", 1, 0);
        judge_line("line-d\n", 0, 1);
        judge_line("line-e\n", 2, 0);
        judge_line("line-f\n", 0, 2);
        judge_line("line-g\n", 0, 2);
    }
    end();
    return has_fired;
}

static void
sweep(bool is_sticky)
{
    unsigned nth = 1;

    while (run(nth, is_sticky)) {
        const char *leftover = kernel_leftover();
        ck_assert_msg(leftover == NULL, "at %u: %s", nth, leftover);
        kernel_teardown();
        setup_hub();
        ck_assert_uint_lt(++nth, 1000);
    }
    ck_assert_uint_gt(nth, 20);
}

START_TEST(each_allocation_fails_once)
{
    sweep(false);
}
END_TEST

START_TEST(each_allocation_fails_and_all_after_it)
{
    sweep(true);
}
END_TEST

/* It is not in the table any more, yet others hear who has left. */
START_TEST(who_finds_no_memory_for_a_new_name_leaves_by_the_old_one)
{
    serve("hub:127.0.0.1:0");
    int first = enter(), second = enter();
    struct hub *hub = the_hub();
    struct member *member = member_find(hub, "guest2", 6);
    hear(first);

    /* Alone in the table: its new name needs a table of its own. */
    struct member *other = member_find(hub, "guest1", 6);
    table_remove_member(hub, other);
    fault_once("realloc", 1, ENOMEM);
    hub_line(member, "/nick bob", 9);
    ck_assert_int_eq(table_add_member(hub, other), 0);
    assert_is_over(second);
    assert_hears(first, "* guest2 left\n");
    close_hub();
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_hub_memory");
    TCase *tcase = tcase_create("leatd_hub_memory");

    tcase_add_checked_fixture(tcase, setup_hub, kernel_teardown);
    tcase_add_test(tcase, each_allocation_fails_once);
    tcase_add_test(tcase, each_allocation_fails_and_all_after_it);
    tcase_add_test(
        tcase, who_finds_no_memory_for_a_new_name_leaves_by_the_old_one);
    suite_add_tcase(suite, tcase);
    return suite;
}
