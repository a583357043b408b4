/*
 * test_leatd_svc_fixed.c - the exchange of 16 octets, and who does not keep
 * to it.
 */
#include "leatd_svc.h"

START_TEST(fixed_answers_sixteen_bytes_and_ends)
{
    char more;
    serve("fixed:127.0.0.1:0");
    client = come(0);

    say("Hi there, server", 16);

    ck_assert_int_eq(receive(client, answer, 64), 16);
    ck_assert_mem_eq(answer, "Farewell, client", 16);
    ck_assert_int_eq(receive(client, &more, 1), 0);
    close(client);
    client = -1;
    turn_until_clients(0);
    assert_logged(" in=16 out=16 in_msgs=1 out_msgs=1 drops=0 reason=end\n");
}
END_TEST

/* However it comes in pieces. */
START_TEST(fixed_waits_for_the_last_byte)
{
    serve("fixed:127.0.0.1:0");
    client = come(0);

    for (int i = 0; i < 15; i++) {
        say("x", 1);
        turn();
    }
    ck_assert_int_eq(recv(client, answer, 64, MSG_DONTWAIT), -1);
    say("x", 1);

    ck_assert_int_eq(receive(client, answer, 64), 16);
}
END_TEST

START_TEST(fixed_discards_what_is_too_much)
{
    ck_assert_str_eq(
        answer_to("fixed:127.0.0.1:0", "Hi there, server, and on and on, for "
                                       "three messages more"),
        "Farewell, client");
    turn_until_clients(0);
    assert_logged(" out=16 in_msgs=1 out_msgs=1 drops=0 ");
}
END_TEST

START_TEST(fixed_repeat_takes_what_is_too_much_for_the_next)
{
    ck_assert_str_eq(
        answer_to("fixed:127.0.0.1:0,size=4,repeat,reply=ok\\x20", "onetwo3 "
                                                                   "four"),
        "ok ok ok ");
    turn_until_clients(0);
    assert_logged(" in=12 out=9 in_msgs=3 out_msgs=3 drops=0 reason=eof\n");
    ck_assert_ptr_null(strstr(got, "short-message"));
}
END_TEST

START_TEST(fixed_tells_of_a_client_that_closes_early)
{
    const struct {
        const char *line, *words, *told;
    } rows[] = {
        {"fixed:127.0.0.1:0", "hello", "after 5 bytes of a 16-byte message"},
        {"fixed:127.0.0.1:0", "", "after 0 bytes of a 16-byte message"},
        {"fixed:127.0.0.1:0,size=2", "1", "after 1 bytes of a 2-byte message"},
        {"fixed:127.0.0.1:0,size=4,repeat", "onetwo",
            "after 2 bytes of a 4-byte message"},
    };

    answer_to(rows[_i].line, rows[_i].words);

    turn_until_clients(0);
    assert_logged(" info short-message listener=fixed peer=127.0.0.1:");
    assert_logged(" text=\"closed ");
    assert_logged(rows[_i].told);
    assert_logged(" reason=eof\n");
}
END_TEST

START_TEST(fixed_repeat_may_end_between_messages)
{
    ck_assert_str_eq(answer_to("fixed:127.0.0.1:0,repeat", ""), "");

    turn_until_clients(0);
    ck_assert_ptr_null(strstr(read_log(), "short-message"));
}
END_TEST

START_TEST(fixed_reply_may_be_of_any_bytes)
{
    serve("fixed:127.0.0.1:0,size=1,reply=a\\x00\\n%peer\\\\\\\\");
    client = come(0);

    say("x", 1);

    ck_assert_int_eq(receive(client, answer, 64), 9);
    ck_assert_mem_eq(answer, "a\0\n%peer\\", 9);
}
END_TEST

START_TEST(fixed_size_makes_room_for_itself)
{
    struct leat_listener_config config = config_of("fixed:0,size=1m");

    ck_assert_uint_eq(config.conn.frame.size, 1024 * 1024);
    ck_assert_uint_eq(config.conn.frame.max, 1024 * 1024);
    config = config_of("fixed:0,size=8,max-frame=8");
    ck_assert_uint_eq(config.conn.frame.size, 8);
}
END_TEST

START_TEST(fixed_names_a_wrong_key)
{
    static char word[2048] = "fixed:0,reply=";

    assert_wrong("fixed:0,size=0", "size must be 1 to");
    assert_wrong("fixed:0,size=9,max-frame=8",
        "wrong value for 'max-frame': it must be at least size");
    assert_wrong("fixed:0,reply=", "reply must be 1 to 1024 bytes long");
    assert_wrong("fixed:0,reply=\\e", "unknown escape '\\\\e'");
    assert_wrong("fixed:0,repeat=twice", "wrong value 'twice': repeat");
    memset(word + strlen(word), 'x', 1025);
    assert_wrong(word, "reply must be 1 to 1024 bytes long");
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_svc_fixed");
    TCase *tcase = tcase_create("fixed");

    tcase_add_checked_fixture(tcase, setup_service, teardown);
    tcase_add_test(tcase, fixed_answers_sixteen_bytes_and_ends);
    tcase_add_test(tcase, fixed_waits_for_the_last_byte);
    tcase_add_test(tcase, fixed_discards_what_is_too_much);
    tcase_add_test(tcase, fixed_repeat_takes_what_is_too_much_for_the_next);
    tcase_add_loop_test(tcase, fixed_tells_of_a_client_that_closes_early, 0, 4);
    tcase_add_test(tcase, fixed_repeat_may_end_between_messages);
    tcase_add_test(tcase, fixed_reply_may_be_of_any_bytes);
    tcase_add_test(tcase, fixed_size_makes_room_for_itself);
    tcase_add_test(tcase, fixed_names_a_wrong_key);
    suite_add_tcase(suite, tcase);
    return suite;
}
