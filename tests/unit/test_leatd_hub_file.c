/*
 * test_leatd_hub_file.c - the login file of a hub: read at the start and again,
 * and what is left when something fails.
 */
#include "leatd_login.h"

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
    const TTest *const tests[] = {a_file_is_read_again,
        a_bad_file_leaves_the_old_in_force, a_bad_file_is_a_wrong_start};
    Suite *suite = suite_create("leatd_hub_file");
    TCase *tcase = tcase_create("login");

    tcase_add_checked_fixture(tcase, setup_hub, teardown_hub);
    tcase_add_loop_test(tcase, whatever_fails_at_the_start_leaves_nothing, 0,
        (int)(sizeof site / sizeof site[0]));
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
