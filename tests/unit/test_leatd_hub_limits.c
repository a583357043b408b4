/*
 * test_leatd_hub_limits.c - floods of a hub: lines a second, connections of an
 * address, and what is remembered.
 */
#include "leatd_hub.h"

#define SECOND 1000000

/* --- lines a second --------------------------------------------------------
 */

static size_t
count_lines(const char *text, const char *word)
{
    size_t count = 0;

    for (; (text = strstr(text, word)) != NULL; text += strlen(word))
        count++;
    return count;
}

/* How many of so many lines that come at once get through. */
static size_t
pass(int from, int to, int count)
{
    for (int i = 0; i < count; i++)
        write_to(from, "x\n", 2);
    turns(2 + count / 16); /* a turn does not serve all of one client */
    return count_lines(hear(to), "> x\n");
}

static const int rates[] = {1, 2, 3, 7, 10, 999, 1000};

START_TEST(a_seconds_worth_of_lines_may_come_at_once)
{
    char listener[64];
    int rate = rates[_i];

    snprintf(listener, sizeof listener, "hub:127.0.0.1:0,quiet,rate=%d", rate);
    serve(listener);
    int first = enter(), second = enter();

    ck_assert_uint_eq(pass(first, second, 2 * rate + 2), (size_t)rate);
    ck_assert_uint_eq(the_hub()->counters.refused, (size_t)rate + 2);
    fake_advance(SECOND);
    turn();
    ck_assert_uint_eq(pass(first, second, 2 * rate + 2), (size_t)rate);
    close_hub();
}
END_TEST

START_TEST(after_that_one_line_comes_for_each_share_of_a_second)
{
    serve("hub:127.0.0.1:0,quiet,rate=4");
    int first = enter(), second = enter();

    ck_assert_uint_eq(pass(first, second, 9), 4);
    fake_advance(SECOND / 4 - 1);
    turn();
    ck_assert_uint_eq(pass(first, second, 1), 0);
    fake_advance(1);
    turn();
    ck_assert_uint_eq(pass(first, second, 3), 1);
    fake_advance(SECOND / 2);
    turn();
    ck_assert_uint_eq(pass(first, second, 9), 2);
    close_hub();
}
END_TEST

START_TEST(a_flood_is_answered_once_a_second)
{
    serve("hub:127.0.0.1:0,quiet,rate=2");
    int first = enter(), second = enter();

    pass(first, second, 50);
    ck_assert_uint_eq(count_lines(hear(first), "! RATE "), 1);
    fake_advance(SECOND - 1);
    turn();
    pass(first, second, 50);
    ck_assert_uint_eq(count_lines(hear(first), "! RATE "), 0);
    fake_advance(1);
    turn();
    pass(first, second, 50);
    ck_assert_uint_eq(count_lines(hear(first), "! RATE "), 1);
    close_hub();
}
END_TEST

START_TEST(commands_and_empty_and_long_lines_count_too)
{
    serve("hub:127.0.0.1:0,quiet,rate=3,max-frame=5");
    int first = enter();

    say(first, "/ping\n\n123456\n/ping\n");
    assert_hears(first,
        "* pong\n! LONG the line was too long and was left out\n"
        "! RATE too many lines a second, some were left out\n");
    close_hub();
}
END_TEST

/* --- connections of an address ----------------------------------------------
 */

static void
come_from(const char *address)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(1)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(1)};

    memset(&peer_name, 0, sizeof peer_name);
    if (inet_pton(AF_INET, address, &in.sin_addr) == 1) {
        memcpy(&peer_name, &in, sizeof in);
    } else {
        ck_assert_int_eq(inet_pton(AF_INET6, address, &in6.sin6_addr), 1);
        memcpy(&peer_name, &in6, sizeof in6);
    }
}

static bool
is_let_in(int peer)
{
    const char *got = hear(peer);
    bool is_full = strncmp(got, "! FULL ", 7) == 0;

    ck_assert(is_full || strncmp(got, "* you are ", 10) == 0);
    if (is_full)
        assert_is_over(peer);
    return !is_full;
}

START_TEST(an_address_has_so_many_connections_and_no_more)
{
    static const char *const addresses[] = {
        "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"};
    serve("hub:127.0.0.1:0,quiet,per-ip=2");

    for (size_t i = 0; i < 4; i++) {
        come_from(addresses[i]);
        int first = come();
        ck_assert(is_let_in(first));
        ck_assert(is_let_in(come()));
        ck_assert(!is_let_in(come()));
        fake_close(first);
        turns(3);
        ck_assert(is_let_in(come()));
    }
    ck_assert_uint_eq(HASH_COUNT(the_hub()->visitors), 4);
    ck_assert_uint_eq(the_hub()->counters.refused, 4);
    close_hub();
}
END_TEST

START_TEST(a_mapped_address_is_the_one_it_stands_for)
{
    serve("hub:127.0.0.1:0,quiet,per-ip=1");
    come_from("192.0.2.1");
    ck_assert(is_let_in(come()));
    come_from("::ffff:192.0.2.1");
    ck_assert(!is_let_in(come()));
    close_hub();
}
END_TEST

START_TEST(who_was_refused_takes_no_place)
{
    serve("hub:127.0.0.1:0,quiet,per-ip=1");
    come_from("192.0.2.1");
    int first = come();
    for (int i = 0; i < 5; i++)
        ck_assert(!is_let_in(come()));
    fake_close(first);
    turns(3);
    ck_assert_ptr_null(the_hub()->visitors);
    ck_assert(is_let_in(come()));
    close_hub();
}
END_TEST

START_TEST(clients_of_a_unix_socket_have_no_address)
{
    serve("hub:unix:/hub.sock,quiet,per-ip=1");
    for (int i = 0; i < 5; i++)
        ck_assert(is_let_in(come()));
    ck_assert_ptr_null(the_hub()->visitors);
    close_hub();
}
END_TEST

/* --- history -----------------------------------------------------------------
 */

START_TEST(who_joins_is_told_the_last_lines)
{
    char want[256] = "* you are guest2 in lobby\n";
    int most = _i;

    char listener[64];
    snprintf(
        listener, sizeof listener, "hub:127.0.0.1:0,quiet,history=%d", most);
    serve(listener);
    int first = enter();
    for (int i = 0; i < 20; i++) {
        char line[16];
        snprintf(line, sizeof line, "%d\n", i);
        say(first, line);
        if (i >= 20 - most)
            sprintf(want + strlen(want), "guest1> %d\n", i);
    }
    int second = come();
    assert_hears(second, want);
    close_hub();
}
END_TEST

START_TEST(a_room_is_forgotten_with_its_last_member_but_the_lobby_is_not)
{
    serve("hub:127.0.0.1:0,quiet,history=5");
    int first = enter();

    say(first, "in the lobby\n/me waves\n/join den\nin the den\n/leave\n");
    assert_hears(first, "* you are guest1 in den\n* you are guest1 in lobby\n"
                        "guest1> in the lobby\nguest1* waves\n");
    assert_answer(first, "/join den\n", "* you are guest1 in den\n");
    fake_close(first);
    turns(3);
    int second = come();
    assert_hears(second, "* you are guest2 in lobby\nguest1> in the lobby\n"
                         "guest1* waves\n");
    close_hub();
}
END_TEST

/* A line that is longer than its room remembers none, as it would have to
 * forget all others for nothing. */
static void
say_long(int peer, size_t count)
{
    static char bytes[65536];

    memset(bytes, 'x', count);
    bytes[count] = '\n';
    write_to(peer, bytes, count + 1);
    turns(3);
}

START_TEST(what_a_room_remembers_is_bounded_in_bytes)
{
    serve("hub:127.0.0.1:0,quiet,history=10000");
    int first = enter();
    const struct hub *hub = the_hub();

    for (int i = 0; i < 20; i++)
        say_long(first, 60000);
    ck_assert_uint_eq(hub->rooms->history.count, 4);
    ck_assert_uint_le(hub->history_bytes, 256 * 1024);
    for (int i = 0; i < 8000; i++)
        say(first, "x\n");
    ck_assert_uint_gt(hub->rooms->history.count, 3000);
    ck_assert_uint_le(hub->rooms->history.count, 4096);
    ck_assert_uint_le(hub->history_bytes, 256 * 1024);
    close_hub();
}
END_TEST

START_TEST(what_a_hub_remembers_is_bounded_in_bytes)
{
    serve("hub:127.0.0.1:0,quiet,history=9");
    struct hub *hub = the_hub();
    int first = enter(), second = enter();

    /* As if a hundred other rooms had said much. */
    hub->history_bytes += 16u * 1024 * 1024 - 100;
    say(first, "this is remembered\n");
    say(first, "and this, instead of that\n");
    say_long(first, 200); /* there is no room for this one at all */
    ck_assert_uint_le(hub->history_bytes, 16u * 1024 * 1024);
    ck_assert_uint_eq(hub->rooms->history.count, 0);
    hear(second);
    hub->history_bytes -= 16u * 1024 * 1024 - 100;
    ck_assert_uint_eq(hub->history_bytes, 0);
    close_hub();
}
END_TEST

START_TEST(what_is_remembered_takes_memory_as_it_is_said)
{
    serve("hub:127.0.0.1:0,quiet,history=10000");
    int first = enter();

    say(first, "x\n");
    ck_assert_uint_le(the_hub()->rooms->history.capacity, 8);
    close_hub();
}
END_TEST

/* drop-old would drop the oldest of them, or what was queued before. */
START_TEST(nobody_misses_anything_for_what_was_said_before)
{
    static const char *const policies[] = {"drop-old", "drop-new", "close"};
    char listener[128];

    fake_capacity(64);
    snprintf(listener, sizeof listener,
        "hub:127.0.0.1:0,quiet,history=100,limit-msgs=16,policy=%s",
        policies[_i]);
    serve(listener);
    int first = enter();
    for (int i = 0; i < 100; i++)
        say(first, "a line of some length\n");
    int second = fake_connect(fake_listener());
    turns(2);
    size_t lines = 0;
    for (int i = 0; i < 40; i++) {
        const char *got = hear(second);
        ck_assert_ptr_null(strstr(got, "missed"));
        lines += count_lines(got, "length\n");
        turn();
    }
    ck_assert(!fake_ended(second));
    ck_assert_uint_ge(lines, 5); /* some are told in pieces */
    struct leat_loop_stats stats;
    leat_loop_stats(server.loop, &stats);
    ck_assert_uint_eq(stats.drops, 0);
    close_hub();
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_hub_limits");
    TCase *tcase = tcase_create("leatd_hub_limits");

    tcase_add_checked_fixture(tcase, setup_hub, kernel_teardown);
    tcase_add_loop_test(tcase, a_seconds_worth_of_lines_may_come_at_once, 0,
        (int)(sizeof rates / sizeof rates[0]));
    tcase_add_test(tcase, after_that_one_line_comes_for_each_share_of_a_second);
    tcase_add_test(tcase, a_flood_is_answered_once_a_second);
    tcase_add_test(tcase, commands_and_empty_and_long_lines_count_too);
    tcase_add_test(tcase, an_address_has_so_many_connections_and_no_more);
    tcase_add_test(tcase, a_mapped_address_is_the_one_it_stands_for);
    tcase_add_test(tcase, who_was_refused_takes_no_place);
    tcase_add_test(tcase, clients_of_a_unix_socket_have_no_address);
    tcase_add_loop_test(tcase, who_joins_is_told_the_last_lines, 1, 12);
    tcase_add_test(
        tcase, a_room_is_forgotten_with_its_last_member_but_the_lobby_is_not);
    tcase_add_test(tcase, what_a_room_remembers_is_bounded_in_bytes);
    tcase_add_test(tcase, what_a_hub_remembers_is_bounded_in_bytes);
    tcase_add_test(tcase, what_is_remembered_takes_memory_as_it_is_said);
    tcase_add_loop_test(
        tcase, nobody_misses_anything_for_what_was_said_before, 0, 3);
    suite_add_tcase(suite, tcase);
    return suite;
}
