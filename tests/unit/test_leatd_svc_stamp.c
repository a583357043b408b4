/*
 * test_leatd_svc_stamp.c - the time in front of each line, or of each chunk.
 */
#include "leatd_svc.h"

#include "support/quick.h"

#define STAMP "[Fri Nov 20 14:51:16 2026] "

START_TEST(stamp_has_five_forms)
{
    const struct {
        const char *line, *wanted;
    } rows[] = {
        {"stamp:127.0.0.1:0", STAMP "hi\n"},
        {"stamp:127.0.0.1:0,stamp=ctime", STAMP "hi\n"},
        {"stamp:127.0.0.1:0,stamp=rfc3339", "[2026-11-20T14:51:16Z] hi\n"},
        {"stamp:127.0.0.1:0,stamp=rfc3339ms",
            "[2026-11-20T14:51:16.123Z] hi\n"},
        {"stamp:127.0.0.1:0,stamp=unix", "[1795186276] hi\n"},
        {"stamp:127.0.0.1:0,stamp=none", "hi\n"},
    };

    ck_assert_str_eq(answer_to(rows[_i].line, "hi\n"), rows[_i].wanted);
}
END_TEST

START_TEST(stamp_keeps_each_line_and_its_own_ending)
{
    ck_assert_str_eq(answer_to("stamp:127.0.0.1:0", "a\r\n\n\r\nb\rc\nlast"),
        STAMP "a\r\n" STAMP "\n" STAMP "\r\n" STAMP "b\rc\n" STAMP "last");
}
END_TEST

START_TEST(stamp_says_nothing_to_who_says_nothing)
{
    ck_assert_str_eq(answer_to("stamp:127.0.0.1:0", ""), "");
    assert_logged(" in=0 out=0 in_msgs=0 out_msgs=0 drops=0 reason=eof\n");
}
END_TEST

START_TEST(stamp_raw_takes_what_comes_at_once_for_one_message)
{
    serve("stamp:127.0.0.1:0,frame=raw,stamp=unix");
    client = come(0);

    say("a\nb", 3);
    ck_assert_int_eq(receive(client, answer, 16), 16);
    say("\n", 1);
    ck_assert_int_eq(receive(client, answer + 16, 14), 14);

    ck_assert_mem_eq(answer, "[1795186276] a\nb[1795186276] \n", 30);
}
END_TEST

/* Shorter and longer than what is put together on the stack. */
START_TEST(stamp_is_right_for_lines_of_any_length)
{
    static const size_t lens[] = {
        996, 997, 998, 1024, 4096, 65535, 65536}; /* max-frame is 64k */
    static char line[65538];
    size_t len = lens[_i];

    memset(line, 'x', len);
    strcpy(line + len, "\n");
    ck_assert_str_eq(
        answer_to("stamp:127.0.0.1:0,stamp=unix", line) + 13, line);
    ck_assert_mem_eq(answer, "[1795186276] ", 13);
}
END_TEST

START_TEST(stamp_ends_at_a_line_that_is_too_long)
{
    serve("stamp:127.0.0.1:0,max-frame=4,stamp=none");
    client = come(0);

    say("four\n", 5);
    ck_assert_int_eq(receive(client, answer, 5), 5);
    say("fives", 5);

    ck_assert_int_eq(receive(client, answer, 1), 0);
    turn_until_clients(0);
    assert_logged(" in=10 out=5 in_msgs=1 out_msgs=1 drops=0 "
                  "reason=error:EMSGSIZE\n");
}
END_TEST

/* The room rule at its tightest: the client reads only at the end. */
START_TEST(stamp_answers_every_line_of_a_client_that_does_not_read)
{
    const size_t count = 20000, each = strlen(STAMP) + 1;
    static char lines[20000];
    size_t said = 0, heard = 0;

    memset(lines, '\n', sizeof lines);
    serve("stamp:127.0.0.1:0,limit=72k,limit-msgs=8,sndbuf=4k");
    client = come(0);
    while (heard < count * each) {
        ssize_t n =
            said < count ? send(client, lines, count - said, MSG_DONTWAIT) : -1;
        said += n > 0 ? (size_t)n : 0;
        turn_quickly();
        if (n < 0) {
            n = recv(client, answer + heard, 8192, MSG_DONTWAIT);
            heard += n > 0 ? (size_t)n : 0;
        }
        ck_assert(n != 0);
    }
    for (size_t i = 0; i < count; i++)
        quick_assert(memcmp(answer + i * each, STAMP "\n", each) == 0);
    ck_assert_uint_eq(heard, count * each);
}
END_TEST

/* Under a policy that drops, what comes is whole: stamp and line together. */
START_TEST(stamp_never_drops_half_of_an_answer)
{
    const char *got_at = answer;
    static char lines[2048];

    memset(lines, '\n', sizeof lines);
    serve("stamp:127.0.0.1:0,policy=drop-old,limit-msgs=8");
    client = come(0);
    say(lines, sizeof lines);
    shutdown(client, SHUT_WR);
    ssize_t len = receive(client, answer, sizeof answer - 1);

    ck_assert_int_gt(len, 0);
    for (; got_at < answer + len; got_at += strlen(STAMP) + 1)
        ck_assert_mem_eq(got_at, STAMP "\n", strlen(STAMP) + 1);
}
END_TEST

START_TEST(stamp_without_a_clock_closes_and_makes_no_time_up)
{
    serve("stamp:127.0.0.1:0");
    client = come(0);
    turn_until_clients(1);
    has_wall = false;

    say("hi\n", 3);
    turn_until_clients(0);

    ck_assert_int_eq(receive(client, answer, 1), 0);
    assert_logged("0000-00-00T00:00:00.000Z info close listener=stamp ");
}
END_TEST

START_TEST(stamp_without_memory_closes_one_client)
{
    static char line[40000];

    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    serve("stamp:127.0.0.1:0,max-frame=1m");
    client = come(0);
    turn_until_clients(1);
    fault_once("realloc", 1, ENOMEM);
    say(line, sizeof line);

    turn_until_clients(0);
    assert_logged(" reason=error:ENOMEM\n");
}
END_TEST

START_TEST(stamp_names_a_wrong_key)
{
    assert_wrong("stamp:0,stamp=iso", "ctime|rfc3339|rfc3339ms|unix|none");
    assert_wrong("stamp:0,frame=chunk", "frame must be one of line|raw");
    assert_wrong("stamp:0,form=unix", "unknown key 'form' for stamp");
    assert_wrong("stamp:0,max-frame=1m,limit=1m", "limit");
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_svc_stamp");
    TCase *tcase = tcase_create("stamp");

    tcase_add_checked_fixture(tcase, setup_service, teardown);
    tcase_add_loop_test(tcase, stamp_has_five_forms, 0, 6);
    tcase_add_test(tcase, stamp_keeps_each_line_and_its_own_ending);
    tcase_add_test(tcase, stamp_says_nothing_to_who_says_nothing);
    tcase_add_test(tcase, stamp_raw_takes_what_comes_at_once_for_one_message);
    tcase_add_loop_test(tcase, stamp_is_right_for_lines_of_any_length, 0, 7);
    tcase_add_test(tcase, stamp_ends_at_a_line_that_is_too_long);
    tcase_add_test(
        tcase, stamp_answers_every_line_of_a_client_that_does_not_read);
    tcase_add_test(tcase, stamp_never_drops_half_of_an_answer);
    tcase_add_test(tcase, stamp_without_a_clock_closes_and_makes_no_time_up);
    tcase_add_test(tcase, stamp_without_memory_closes_one_client);
    tcase_add_test(tcase, stamp_names_a_wrong_key);
    suite_add_tcase(suite, tcase);
    return suite;
}
