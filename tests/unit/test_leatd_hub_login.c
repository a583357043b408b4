/*
 * test_leatd_hub_login.c - what a hub makes of logins: who is let in, who has
 * to wait, and what is left when something fails. The test is the helper.
 */
#include "leatd_server.h"

#include "leatd_helper.h"

#include <stdio.h>
#include <stdlib.h>

#include "leatd/hub/hub.h"

/* Hashes of nothing in particular: only the helper would look at them. */
#define ANNA "$1$saltsalt$annaannaannaannaannaan"
#define BOB "$1$saltsalt$bobbobbobbobbobbobbobb"
#define HOUR ((int64_t)3600 * 1000000)

static char path[] = "/tmp/leat-hub-XXXXXX";
static char listener[128];

static void
write_file(const char *text)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static void
setup_hub(void)
{
    setup();
    helper_setup();
    strcpy(path + sizeof path - 7, "XXXXXX");
    close(mkstemp(path));
    write_file("anna:" ANNA "\nbob:" BOB "\n");
}

static void
teardown_hub(void)
{
    unlink(path);
    if (client >= 0)
        close(client);
    client = -1;
    if (is_open)
        server_close(&server);
    is_open = false;
    helper_teardown();
    teardown();
}

static void
serve_hub(const char *keys)
{
    snprintf(listener, sizeof listener,
        "hub:127.0.0.1:0,login=%s,login-time=1h%s", path, keys);
    serve(listener);
    client = come(0);
}

static struct hub *
the_hub(void)
{
    return server.ports[0].shared;
}

static size_t
waiting(void)
{
    const struct verifier *verifier = &the_hub()->verifier;
    return verifier->waiting.count + (verifier->asked != NULL);
}

/* Take what is there, wait for nothing. */
static void
turn_quickly(void)
{
    ck_assert_int_ge(leat_loop_step(server.loop, 0), 0);
}

static void
say_from(int fd, const char *line)
{
    ck_assert_int_eq(
        send(fd, line, strlen(line), MSG_NOSIGNAL), (ssize_t)strlen(line));
}

/* Until the helper has something to look at. */
static void
turn_until_asked(void)
{
    for (int i = 0; i < TURNS; i++) {
        if (helper_hears())
            return;
        turn();
    }
    ck_abort_msg("the helper is not asked");
}

static void
assert_hears(int fd, const char *line)
{
    char bytes[256];
    ssize_t len = receive(fd, bytes, strlen(line));

    ck_assert_int_eq(len, (ssize_t)strlen(line));
    bytes[len] = '\0';
    ck_assert_str_eq(bytes, line);
}

static void
assert_ends(int fd)
{
    char byte;
    ck_assert_int_eq(receive(fd, &byte, 1), 0);
}

static void
login(int fd, const char *line, enum verdict verdict)
{
    say_from(fd, line);
    turn_until_asked();
    helper_answers(verdict);
}

#define AUTH "! AUTH wrong name or password\n"

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

START_TEST(who_goes_meanwhile_is_forgotten)
{
    serve_hub("");
    say_from(client, "/login anna x\n");
    turn_until_asked();
    leat_conn_abort(server.clients->conn);
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
    say_from(client, "/login anna x\n");
    turn_until_asked();
    clock_advance(2 * HOUR);
    for (int i = 0; i < 5; i++)
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
    say_from(client, "/login anna x\n");
    turn_until_asked();
    clock_advance(2 * HOUR);
    for (int i = 0; i < 5; i++)
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
    say_from(client, "/login anna x\n");
    turn_until_asked();
    drain_start(&server, "test");
    leat_conn_end(server.clients->conn);
    helper_answers(VERDICT_RIGHT);
    turn_quickly();
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
    say_from(client, "/login anna x\n");
    turn_until_asked();
    server_close(&server);
    is_open = false;
    ck_assert_int_eq(helper_waits, 1);
}
END_TEST

/* --- the file ----------------------------------------------------------------
 */

START_TEST(a_file_is_read_again)
{
    serve_hub(",login-tries=9");
    write_file("carl:" BOB "\n");
    server_reload(&server);
    assert_logged(" info reloaded listener=hub\n");
    login(client, "/login anna x\n", VERDICT_RIGHT);
    assert_hears(client, AUTH);
    login(client, "/login carl x\n", VERDICT_RIGHT);
    assert_hears(client, "* you are carl in lobby\n");
}
END_TEST

START_TEST(a_bad_file_leaves_the_old_in_force)
{
    serve_hub("");
    write_file("carl:" BOB "\n\ncarl:" BOB "\n");
    server_reload(&server);
    assert_logged(" warn not-reloaded listener=hub text=\"login file '");
    assert_logged(": line 3: the name is there already, in line 1\"");
    fault_once("open", 1, EMFILE);
    server_reload(&server);
    assert_logged(": process has too many open files\"");
    login(client, "/login anna x\n", VERDICT_RIGHT);
    assert_hears(client, "* you are anna in lobby\n");
}
END_TEST

START_TEST(a_bad_file_is_a_wrong_start)
{
    write_file("anna\n");
    snprintf(listener, sizeof listener, "hub:127.0.0.1:0,login=%s", path);
    ck_assert_int_eq(start(listener), CODE_USAGE);
    ck_assert_ptr_nonnull(
        strstr(wrong.text, ": line 1: no colon after the name"));
    ck_assert_int_eq(helper_starts, 0);
}
END_TEST

/* The nth call of a kind fails, for each n until none does. */
static const struct {
    const char *call;
    int error;
} site[] = {{"realloc", ENOMEM}, {"open", EMFILE}, {"read", EIO},
    {"getentropy", ENOSYS}, {"socketpair", EMFILE}, {"posix_spawnp", EAGAIN},
    {"posix_spawnp", EINVAL}, {"bind", EADDRINUSE}};

START_TEST(whatever_fails_at_the_start_leaves_nothing)
{
    snprintf(listener, sizeof listener, "hub:127.0.0.1:0,login=%s", path);
    for (unsigned nth = 1;; nth++) {
        parse(listener);
        int fault = fault_once(site[_i].call, nth, site[_i].error);
        enum exit_code code = server_open(&server, &options, 100, &wrong);
        bool has_fired = fault_fired(fault) > 0;
        fault_release(fault);
        if (code == CODE_OK)
            server_close(&server);
        options_fini(&options);
        ck_assert_int_eq(helper_kills, helper_starts);
        ck_assert_int_eq(helper_waits, helper_starts);
        helper_dies();
        ck_assert_uint_eq(ledger_blocks(), 0);
        if (!has_fired) {
            ck_assert_int_eq(code, CODE_OK);
            return;
        }
        ck_assert_uint_lt(nth, 200);
    }
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_hub_login");
    TCase *tcase = tcase_create("login");

    tcase_add_checked_fixture(tcase, setup_hub, teardown_hub);
    tcase_add_test(tcase, the_hash_of_a_name_is_looked_at);
    tcase_add_test(tcase, an_unknown_name_is_wrong_whatever_the_helper_says);
    tcase_add_test(
        tcase, a_password_that_nobody_can_have_is_wrong_at_the_same_cost);
    tcase_add_test(tcase, a_password_that_cannot_be_looked_at_is_no_try);
    tcase_add_test(tcase, without_memory_a_login_is_tried_again);
    tcase_add_test(tcase, the_sixty_fifth_is_told_to_come_later);
    tcase_add_test(tcase, who_goes_meanwhile_is_forgotten);
    tcase_add_test(tcase, who_says_nothing_is_ended);
    tcase_add_test(tcase, the_time_of_the_helper_is_not_the_client_s);
    tcase_add_test(tcase, who_is_wrong_and_late_is_ended);
    tcase_add_test(tcase, who_has_gone_is_not_told_of_the_time);
    tcase_add_test(tcase, the_helper_ends_with_the_last_client);
    tcase_add_test(tcase, an_answer_after_the_end_has_begun_is_harmless);
    tcase_add_test(tcase, a_server_that_is_closed_reaps_the_helper);
    tcase_add_test(tcase, a_file_is_read_again);
    tcase_add_test(tcase, a_bad_file_leaves_the_old_in_force);
    tcase_add_test(tcase, a_bad_file_is_a_wrong_start);
    tcase_add_loop_test(tcase, whatever_fails_at_the_start_leaves_nothing, 0,
        (int)(sizeof site / sizeof site[0]));
    suite_add_tcase(suite, tcase);
    return suite;
}
