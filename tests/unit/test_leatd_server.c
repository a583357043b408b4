/*
 * test_leatd_server.c - listeners all or none, the services, the access line,
 * and the signals that end nothing.
 */
#include "leatd_server.h"

/* --- beginning ------------------------------------------------------------ */

START_TEST(listeners_are_open_all_or_none)
{
    ck_assert_int_eq(
        start("echo:127.0.0.1:0 discard:127.0.0.1:0 echo:unix:/no/such/x"),
        CODE_FAILED);

    ck_assert_str_eq(wrong.text, "cannot listen on 'unix:/no/such/x' for "
                                 "echo-2: no such file or name");
    ck_assert_uint_eq(ledger_fds(), 0);
}
END_TEST

START_TEST(listener_with_a_wrong_address_is_a_wrong_start)
{
    ck_assert_int_eq(start("echo:127.0.0.1:0 echo:7000x"), CODE_USAGE);

    ck_assert_ptr_nonnull(strstr(wrong.text, "wrong address '7000x'"));
    ck_assert_uint_eq(ledger_fds(), 0);
}
END_TEST

/* Whatever call fails at the start, it is told and nothing is left. */
START_TEST(start_that_fails_anywhere_leaves_nothing)
{
    unsigned nth = 0, failures = 0;
    bool has_fired = true;

    while (has_fired && nth < 500) {
        parse("-q echo:127.0.0.1:0 discard:127.0.0.1:0");
        int fault = fault_once(NULL, ++nth, ENOMEM);
        wrong.text[0] = '\0';
        enum exit_code code = server_open(&server, &options, 100, &wrong);
        has_fired = fault_fired(fault) > 0;
        if (code == CODE_OK)
            server_close(&server);
        else
            failures++;
        ck_assert(code == CODE_OK || wrong.text[0] != '\0');
        fault_clear();
        options_fini(&options);
        ck_assert_uint_eq(ledger_fds(), 0);
        ck_assert_uint_eq(ledger_blocks(), 0);
    }
    ck_assert(!has_fired);
    ck_assert_uint_gt(failures, 5);
}
END_TEST

START_TEST(start_tells_each_socket_and_the_hint)
{
    serve("echo:127.0.0.1:0 discard:127.0.0.1:0,name=my=sink");
    report_start(&server);

    assert_logged(" info listening service=echo name=echo address=127.0.0.1:");
    assert_logged(" listening service=discard name=my=sink address=127.");
    ck_assert_ptr_null(strstr(got, "try:"));

    options.is_default = true;
    report_start(&server);
    assert_logged(" info try: nc 127.0.0.1 ");
}
END_TEST

/* --- serving -------------------------------------------------------------- */

START_TEST(echo_answers_everything_also_after_half_close)
{
    char bytes[8];
    serve("echo:127.0.0.1:0");
    client = come(0);

    ck_assert_int_eq(send(client, "last", 4, 0), 4);
    shutdown(client, SHUT_WR);

    ck_assert_int_eq(receive(client, bytes, sizeof bytes), 4);
    ck_assert_int_eq(memcmp(bytes, "last", 4), 0);
    turn_until_clients(0);
    assert_logged(" info close listener=echo peer=127.0.0.1:");
    assert_logged(" in=4 out=4 in_msgs=1 out_msgs=1 drops=0 reason=eof\n");
}
END_TEST

START_TEST(discard_answers_nothing)
{
    char bytes[8];
    serve("discard:127.0.0.1:0");
    client = come(0);

    ck_assert_int_eq(send(client, "void", 4, 0), 4);
    shutdown(client, SHUT_WR);

    ck_assert_int_eq(receive(client, bytes, sizeof bytes), 0);
    turn_until_clients(0);
    assert_logged(" in=4 out=0 in_msgs=1 out_msgs=0 drops=0 reason=eof\n");
}
END_TEST

START_TEST(peer_that_resets_is_known_by_its_address)
{
    const struct linger reset = {1, 0};
    struct sockaddr_in in;
    socklen_t len = sizeof in;
    char words[64];
    struct text text;
    serve("echo:127.0.0.1:0");
    client = come(0);
    getsockname(client, (struct sockaddr *)&in, &len);

    /* Reset before it was even accepted. */
    setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(client);
    client = -1;
    for (int i = 0; i < TURNS && strstr(read_log(), "close") == NULL; i++)
        turn();

    text_init(&text, words, sizeof words);
    text_add(&text, "peer=127.0.0.1:");
    text_number(&text, ntohs(in.sin_port), 1);
    assert_logged(words);
    assert_logged(" reason=reset\n");
}
END_TEST

START_TEST(idle_client_is_closed_and_told_as_idle)
{
    clock_freeze();
    serve("echo:127.0.0.1:0,idle=5s");
    client = come(0);
    turn_until_clients(1);

    turn_until_clients(0);

    assert_logged(" dur_ms=5000 ");
    assert_logged(" reason=idle\n");
}
END_TEST

START_TEST(max_conns_beyond_the_descriptors_is_lowered)
{
    serve("--max-conns=1000 echo:127.0.0.1:0");
    assert_logged(" warn max-conns-lowered asked=1000 given=100\n");
}
END_TEST

START_TEST(signal_hup_and_usr1_are_answered_and_end_nothing)
{
    serve("-q echo:127.0.0.1:0");
    client = come(0);
    echo_once(client);

    raise(SIGHUP);
    raise(SIGUSR1);
    turn();
    echo_once(client);

    assert_logged(" info nothing to reload\n");
    assert_logged(" info totals up_ms=");
    assert_logged(" conns=1 accepted=1 closed=0 ");
    assert_logged(" in=5 out=5 in_msgs=1 out_msgs=1 drops=0 lost=0 ");
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_server");
    TCase *tcase = tcase_create("server");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, listeners_are_open_all_or_none);
    tcase_add_test(tcase, listener_with_a_wrong_address_is_a_wrong_start);
    tcase_add_test(tcase, start_that_fails_anywhere_leaves_nothing);
    tcase_add_test(tcase, start_tells_each_socket_and_the_hint);
    tcase_add_test(tcase, echo_answers_everything_also_after_half_close);
    tcase_add_test(tcase, discard_answers_nothing);
    tcase_add_test(tcase, peer_that_resets_is_known_by_its_address);
    tcase_add_test(tcase, idle_client_is_closed_and_told_as_idle);
    tcase_add_test(tcase, max_conns_beyond_the_descriptors_is_lowered);
    tcase_add_test(tcase, signal_hup_and_usr1_are_answered_and_end_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}
