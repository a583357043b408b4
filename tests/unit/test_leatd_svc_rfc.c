/*
 * test_leatd_svc_rfc.c - daytime (RFC 867) and time (RFC 868), against what
 * the documents say; and null, which says nothing.
 */
#include "leatd_svc.h"

/* --- daytime -------------------------------------------------------------- */

START_TEST(daytime_is_one_printable_line)
{
    size_t len = answer_to_nobody("daytime:127.0.0.1:0");

    ck_assert_uint_eq(len, 26);
    ck_assert_mem_eq(answer, "Fri Nov 20 14:51:16 2026\r\n", 26);
    for (size_t i = 0; i < len - 2; i++)
        ck_assert(answer[i] >= ' ' && answer[i] <= '~');
}
END_TEST

START_TEST(daytime_throws_away_what_it_is_told)
{
    ck_assert_str_eq(answer_to("daytime:127.0.0.1:0", "what time is it?\r\n"),
        "Fri Nov 20 14:51:16 2026\r\n");
    turn_until_clients(0);
    assert_logged(" info close listener=daytime ");
}
END_TEST

START_TEST(daytime_without_a_clock_sends_nothing)
{
    has_wall = false;

    ck_assert_uint_eq(answer_to_nobody("daytime:127.0.0.1:0"), 0);
    turn_until_clients(0);
}
END_TEST

/* --- time ----------------------------------------------------------------- */

/* The five pairs that RFC 868 gives, and the moments around the wrap. */
START_TEST(time_counts_from_1900_in_32_bits)
{
    const struct {
        int64_t unix_seconds;
        int64_t told;
    } rows[] = {
        {INT64_C(0), INT64_C(2208988800)},            /* 1 Jan 1970 */
        {INT64_C(189302400), INT64_C(2398291200)},    /* 1 Jan 1976 */
        {INT64_C(315532800), INT64_C(2524521600)},    /* 1 Jan 1980 */
        {INT64_C(420595200), INT64_C(2629584000)},    /* 1 May 1983 */
        {INT64_C(-3506716800), INT64_C(-1297728000)}, /* 17 Nov 1858 */
        {INT64_C(2085978495), INT64_C(4294967295)},   /* 7 Feb 2036 */
        {INT64_C(2085978496), INT64_C(0)},            /* a second later */
        {FRIDAY, INT64_C(4004175076)},
    };
    const unsigned char *at = (const unsigned char *)answer;
    wall.tv_sec = (time_t)rows[_i].unix_seconds;

    ck_assert_uint_eq(answer_to_nobody("time:127.0.0.1:0"), 4);

    uint32_t told = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
                    (uint32_t)at[2] << 8 | at[3];
    ck_assert_uint_eq(told, (uint32_t)rows[_i].told);
}
END_TEST

START_TEST(time_ends_by_itself)
{
    answer_to_nobody("time:127.0.0.1:0");

    close(client);
    client = -1;
    turn_until_clients(0);
    assert_logged(" in=0 out=4 in_msgs=0 out_msgs=1 drops=0 reason=end\n");
}
END_TEST

START_TEST(time_that_is_not_known_is_not_sent)
{
    has_wall = false;

    ck_assert_uint_eq(answer_to_nobody("time:127.0.0.1:0"), 0);
    turn_until_clients(0);
}
END_TEST

/* --- null ----------------------------------------------------------------- */

START_TEST(null_neither_reads_nor_answers)
{
    serve("null:127.0.0.1:0");
    client = come(0);
    turn_until_clients(1);
    kernel_reset_calls();

    say("anybody?", 8);
    shutdown(client, SHUT_WR);
    for (int i = 0; i < 5; i++)
        turn_quickly();

    ck_assert_uint_eq(kernel_calls("recv"), 0);
    ck_assert_int_eq(recv(client, answer, 64, MSG_DONTWAIT), -1);
    ck_assert_uint_eq(server.client_count, 1);
}
END_TEST

START_TEST(null_gives_up_the_silent_after_an_hour_unless_told)
{
    ck_assert_int_eq(config_of("null:0").conn.idle_us, INT64_C(3600) * 1000000);
    ck_assert_int_eq(config_of("null:0,idle=2s").conn.idle_us, 2000000);
    ck_assert_int_eq(config_of("null:0,idle=off").conn.idle_us, 0);
    ck_assert_int_eq(config_of("echo:0,idle=off").conn.idle_us, 0);

    clock_freeze();
    serve("null:127.0.0.1:0");
    client = come(0);
    turn_until_clients(1);
    clock_advance(INT64_C(3599) * 1000000);
    turn_quickly();
    ck_assert_uint_eq(server.client_count, 1);
    clock_advance(1000000);
    turn_until_clients(0);
    assert_logged(" in=0 out=0 in_msgs=0 out_msgs=0 drops=0 reason=idle\n");
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_svc_rfc");
    TCase *tcase = tcase_create("rfc");

    tcase_add_checked_fixture(tcase, setup_service, teardown);
    tcase_add_test(tcase, daytime_is_one_printable_line);
    tcase_add_test(tcase, daytime_throws_away_what_it_is_told);
    tcase_add_test(tcase, daytime_without_a_clock_sends_nothing);
    tcase_add_loop_test(tcase, time_counts_from_1900_in_32_bits, 0, 8);
    tcase_add_test(tcase, time_ends_by_itself);
    tcase_add_test(tcase, time_that_is_not_known_is_not_sent);
    tcase_add_test(tcase, null_neither_reads_nor_answers);
    tcase_add_test(tcase, null_gives_up_the_silent_after_an_hour_unless_told);
    suite_add_tcase(suite, tcase);
    return suite;
}
