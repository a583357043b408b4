/*
 * test_leatd_hub_login.c - what a hub makes of logins: who is let in, who has
 * to wait, and when the helper ends.
 */
#include "leatd_login.h"

#include <leat/group.h>

START_TEST(the_hash_of_a_name_is_looked_at)
{
    serve_hub("");
    login(client, "/login bob  two words \n", VERDICT_RIGHT);
    ck_assert_str_eq(asked.hash, BOB);
    ck_assert_str_eq(asked.password, "two words ");
    assert_hears(client, "* you are bob in lobby\n");
    assert_logged(" info login listener=hub peer=127.0.0.1:");
}
END_TEST

START_TEST(an_unknown_name_is_wrong_whatever_the_helper_says)
{
    char hash[HELPER_HASH];

    serve_hub(",login-tries=9");
    login(client, "/login eve secret\n", VERDICT_RIGHT);
    assert_hears(client, AUTH);
    strcpy(hash, asked.hash); /* it costs what an entry costs, always this */
    ck_assert(strcmp(hash, ANNA) == 0 || strcmp(hash, BOB) == 0);
    for (int i = 0; i < 3; i++) {
        login(client, "/login eve other\n", VERDICT_RIGHT);
        assert_hears(client, AUTH);
        ck_assert_str_eq(asked.hash, hash);
    }
}
END_TEST

START_TEST(a_password_that_nobody_can_have_is_wrong_at_the_same_cost)
{
    static char line[700];

    serve_hub("");
    ck_assert_int_eq(
        send(client, "/login anna sec\0ret\n", 20, MSG_NOSIGNAL), 20);
    turn_until_asked();
    ck_assert_str_eq(asked.hash, ANNA);
    helper_answers(VERDICT_RIGHT);
    assert_hears(client, AUTH);

    memset(line, 'x', sizeof line - 2);
    memcpy(line, "/login anna ", 12);
    line[sizeof line - 2] = '\n';
    login(client, line, VERDICT_RIGHT);
    ck_assert_uint_eq(asked.password_len, LOGINS_PASSWORD);
    assert_hears(client, AUTH);
}
END_TEST

START_TEST(a_password_that_cannot_be_looked_at_is_no_try)
{
    serve_hub(",login-tries=1");
    for (int i = 0; i < 3; i++) {
        login(client, "/login anna x\n", VERDICT_FAILED);
        assert_hears(
            client, "! BUSY passwords cannot be checked now, try again\n");
    }
    login(client, "/login anna x\n", VERDICT_WRONG);
    assert_hears(client, AUTH);
    assert_ends(client);
}
END_TEST

START_TEST(without_memory_a_login_is_tried_again)
{
    serve_hub("");
    say_from(client, "/ping\n");
    assert_hears(client, "* pong\n");
    fault_once("realloc", 1, ENOMEM);
    say_from(client, "/login anna x\n");
    assert_hears(client, "! NOMEM no memory for that, try again\n");
    login(client, "/login anna x\n", VERDICT_RIGHT);
    assert_hears(client, "* you are anna in lobby\n");
}
END_TEST

START_TEST(the_sixty_fifth_is_told_to_come_later)
{
    int crowd[QUESTIONS_MOST];

    serve_hub("");
    for (unsigned i = 0; i < QUESTIONS_MOST; i++) {
        crowd[i] = come(0);
        say_from(crowd[i], "/login anna x\n");
        for (int j = 0; j < TURNS && waiting() <= i; j++)
            turn();
        ck_assert_uint_eq(waiting(), i + 1);
    }
    say_from(client, "/login anna x\n");
    assert_hears(client, "! BUSY too many log in now, try again\n");
    for (unsigned i = 0; i < QUESTIONS_MOST; i++) {
        turn_until_asked();
        helper_answers(VERDICT_WRONG);
        assert_hears(crowd[i], AUTH);
        close(crowd[i]);
    }
    login(client, "/login anna x\n", VERDICT_RIGHT);
    assert_hears(client, "* you are anna in lobby\n");
}
END_TEST

static void
abort_it(struct leat_conn *conn, void *user)
{
    (void)user;
    leat_conn_abort(conn);
}

static void
end_it(struct leat_conn *conn, void *user)
{
    (void)user;
    leat_conn_end(conn);
}

START_TEST(who_goes_meanwhile_is_forgotten)
{
    serve_hub("");
    ask();
    leat_conn_each(server.loop, abort_it, NULL);
    turn_until_clients(0);
    ck_assert_uint_eq(the_hub()->conns, 0);
    close(client);
    client = come(0);
    say_from(client, "/login anna y\n");
    helper_answers(VERDICT_RIGHT);
    turn_until_asked();
    ck_assert_str_eq(asked.password, "y");
    helper_answers(VERDICT_RIGHT);
    assert_hears(client, "* you are anna in lobby\n");
}
END_TEST

/* --- time -------------------------------------------------------------------
 */

#define TIMEOUT "! TIMEOUT you did not log in\n"

START_TEST(who_says_nothing_is_ended)
{
    clock_freeze();
    serve_hub("");
    turn_until_clients(1);
    clock_advance(HOUR);
    assert_hears(client, TIMEOUT);
    assert_ends(client);
}
END_TEST

START_TEST(the_time_of_the_helper_is_not_the_client_s)
{
    clock_freeze();
    serve_hub("");
    ask();
    clock_advance(2 * HOUR);
    turn_quickly();
    helper_answers(VERDICT_RIGHT);
    assert_hears(client, "* you are anna in lobby\n");
    clock_advance(2 * HOUR);
    say_from(client, "/ping\n");
    assert_hears(client, "* pong\n");
}
END_TEST

START_TEST(who_is_wrong_and_late_is_ended)
{
    clock_freeze();
    serve_hub("");
    ask();
    clock_advance(2 * HOUR);
    turn_quickly();
    helper_answers(VERDICT_WRONG);
    assert_hears(client, AUTH TIMEOUT);
    assert_ends(client);
}
END_TEST

START_TEST(who_has_gone_is_not_told_of_the_time)
{
    clock_freeze();
    serve_hub(",per-ip=1");
    int other = come(0);
    assert_hears(other, "! FULL too many connections from your address\n");
    say_from(client, "/quit\n");
    assert_hears(client, "* bye\n");
    clock_advance(2 * HOUR);
    assert_ends(client);
    assert_ends(other);
    close(other);
}
END_TEST

/* --- the end -----------------------------------------------------------------
 */

START_TEST(the_helper_ends_with_the_last_client)
{
    serve_hub("");
    turn_until_clients(1);
    login(client, "/login anna x\n", VERDICT_RIGHT);
    assert_hears(client, "* you are anna in lobby\n");
    drain_start(&server, "test");
    ck_assert_int_eq(helper_kills, 0);
    turn_until_clients(0);
    ck_assert_int_eq(helper_kills, 1);
    ck_assert_int_eq(helper_waits, 1);
}
END_TEST

START_TEST(an_answer_after_the_end_has_begun_is_harmless)
{
    serve_hub("");
    ask();
    drain_start(&server, "test");
    leat_conn_each(server.loop, end_it, NULL);
    helper_answers(VERDICT_RIGHT);
    turn_quickly();
    ck_assert_ptr_null(the_hub()->members);
    drain_cut(&server);
    turn_until_clients(0);
    ck_assert_int_eq(helper_waits, 1);
}
END_TEST

START_TEST(a_server_that_is_closed_reaps_the_helper)
{
    serve_hub("");
    ask();
    server_close(&server);
    is_open = false;
    ck_assert_int_eq(helper_waits, 1);
}
END_TEST

Suite *
leat_test_suite(void)
{
    const TTest *const tests[] = {the_hash_of_a_name_is_looked_at,
        an_unknown_name_is_wrong_whatever_the_helper_says,
        a_password_that_nobody_can_have_is_wrong_at_the_same_cost,
        a_password_that_cannot_be_looked_at_is_no_try,
        without_memory_a_login_is_tried_again,
        the_sixty_fifth_is_told_to_come_later, who_goes_meanwhile_is_forgotten,
        who_says_nothing_is_ended, the_time_of_the_helper_is_not_the_client_s,
        who_is_wrong_and_late_is_ended, who_has_gone_is_not_told_of_the_time,
        the_helper_ends_with_the_last_client,
        an_answer_after_the_end_has_begun_is_harmless,
        a_server_that_is_closed_reaps_the_helper};
    Suite *suite = suite_create("leatd_hub_login");
    TCase *tcase = tcase_create("login");

    tcase_add_checked_fixture(tcase, setup_hub, teardown_hub);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
