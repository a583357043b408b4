/*
 * test_leatd_svc_greet.c - what is said to whoever comes.
 */
#include "leatd_svc.h"

#include <sys/un.h>

START_TEST(greet_says_test_and_ends)
{
    ck_assert_uint_eq(answer_to_nobody("greet:127.0.0.1:0"), 4);
    ck_assert_mem_eq(answer, "TEST", 4);
    close(client);
    client = -1;
    turn_until_clients(0);
    assert_logged(" in=0 out=4 in_msgs=0 out_msgs=1 drops=0 reason=end\n");
}
END_TEST

START_TEST(greet_says_what_text_means)
{
    ck_assert_str_eq(
        answer_to(
            "greet:127.0.0.1:0,text=a\\,b\\r\\n\\x41%%\\t\\\\\\\\", "ignored"),
        "a,b\r\nA%\t\\");
}
END_TEST

START_TEST(greet_knows_the_peer_and_the_time)
{
    struct sockaddr_in in;
    socklen_t in_len = sizeof in;
    char wanted[128];

    size_t len = answer_to_nobody("greet:127.0.0.1:0,text=<%peer|%time>");
    getsockname(client, (struct sockaddr *)&in, &in_len);
    int wanted_len = snprintf(wanted, sizeof wanted,
        "<127.0.0.1:%d|Fri Nov 20 14:51:16 2026>", ntohs(in.sin_port));

    ck_assert_int_eq((int)len, wanted_len);
    ck_assert_mem_eq(answer, wanted, len);
}
END_TEST

START_TEST(greet_calls_a_unix_peer_unix)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    char line[256];

    snprintf(un.sun_path, sizeof un.sun_path, "/tmp/greet-%d", (int)getpid());
    snprintf(line, sizeof line, "greet:unix:%s,text=%%peer", un.sun_path);
    serve(line);
    client = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(client, (struct sockaddr *)&un, sizeof un), 0);

    ck_assert_int_eq(receive(client, answer, 64), 5);
    ck_assert_mem_eq(answer, "unix:", 5);
}
END_TEST

START_TEST(greet_stay_is_silent_until_the_client_ends)
{
    serve("greet:127.0.0.1:0,stay");
    client = come(0);
    ck_assert_int_eq(receive(client, answer, 4), 4);

    say("anybody?", 8);
    for (int i = 0; i < 3; i++)
        turn_quickly();
    ck_assert_int_eq(recv(client, answer, 64, MSG_DONTWAIT), -1);
    ck_assert_uint_eq(server.client_count, 1);

    shutdown(client, SHUT_WR);
    ck_assert_int_eq(receive(client, answer, 64), 0);
    turn_until_clients(0);
    assert_logged(" in=8 out=4 in_msgs=1 out_msgs=1 drops=0 reason=eof\n");
}
END_TEST

START_TEST(greet_without_a_clock_closes)
{
    has_wall = false;

    ck_assert_uint_eq(answer_to_nobody("greet:127.0.0.1:0"), 0);
    turn_until_clients(0);
}
END_TEST

START_TEST(greet_names_a_wrong_key)
{
    static char word[1100] = "greet:0,text=";

    assert_wrong("greet:0,text=", "text must be 1 to 1024 bytes long");
    assert_wrong("greet:0,text=%name", "unknown escape '%name'");
    assert_wrong("greet:0,text=100%", "unknown escape '%'");
    assert_wrong("greet:0,reply=x", "unknown key 'reply' for greet");
    /* Longer than can be sent, once each is an address. */
    for (int i = 0; i < 200; i++)
        strcat(word, "%peer");
    assert_wrong(word, "too long with its words written out");
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_svc_greet");
    TCase *tcase = tcase_create("greet");

    tcase_add_checked_fixture(tcase, setup_service, teardown);
    tcase_add_test(tcase, greet_says_test_and_ends);
    tcase_add_test(tcase, greet_says_what_text_means);
    tcase_add_test(tcase, greet_knows_the_peer_and_the_time);
    tcase_add_test(tcase, greet_calls_a_unix_peer_unix);
    tcase_add_test(tcase, greet_stay_is_silent_until_the_client_ends);
    tcase_add_test(tcase, greet_without_a_clock_closes);
    tcase_add_test(tcase, greet_names_a_wrong_key);
    suite_add_tcase(suite, tcase);
    return suite;
}
