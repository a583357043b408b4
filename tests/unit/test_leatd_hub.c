/*
 * test_leatd_hub.c - names, lines, errors and the ways out of a hub.
 */
#include "leatd_hub.h"

/* --- errors --------------------------------------------------------------- */

START_TEST(each_error_has_its_code)
{
    static const struct {
        const char *said, *code;
    } rows[] = {{"/sing\n", "! UNKNOWN "}, {"/\n", "! UNKNOWN "},
        {"/Nick anna\n", "! UNKNOWN "}, {"@\n", "! USAGE "},
        {"@guest1\n", "! USAGE "}, {"/msg\n", "! USAGE "},
        {"/msg guest1 \n", "! USAGE "}, {"/me\n", "! USAGE "},
        {"/nick\n", "! BADNAME "}, {"/nick a,b\n", "! BADNAME "},
        {"/nick \xc3\xbc\n", "! BADNAME "}, {"/join a/b\n", "! BADNAME "},
        {"/join\n", "! BADNAME "}, {"/nick guest1\n", "! TAKEN "},
        {"/login guest1 x\n", "! TAKEN "}, {"@nobody hi\n", "! NONAME "},
        {"/msg Guest1 hi\n", "! NONAME "},
        {"123456789012345678901\n", "! LONG "}};
    serve("hub:127.0.0.1:0,max-frame=20");
    int first = enter(), second = enter();

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_answer(second, rows[i].said, rows[i].code);
    assert_hears(first, "* guest2 joined\n");
    close_hub();
}
END_TEST

START_TEST(an_empty_line_says_nothing)
{
    serve("hub:127.0.0.1:0,quiet");
    int first = enter(), second = enter();

    say(first, "\n\r\n");
    assert_hears(first, "");
    assert_hears(second, "");
    close_hub();
}
END_TEST

/* --- names ---------------------------------------------------------------- */

START_TEST(a_name_has_32_characters_at_most)
{
    char line[64];
    serve("hub:127.0.0.1:0");
    int peer = enter();

    snprintf(line, sizeof line, "/nick %.33s\n",
        "a123456789b123456789c123456789.-_");
    assert_answer(peer, line, "! BADNAME ");
    snprintf(line, sizeof line, "/nick %.32s\n",
        "a123456789b123456789c123456789.-_");
    assert_answer(
        peer, line, "* you are a123456789b123456789c123456789.- in lobby\n");
    assert_answer(peer, "@a123456789b123456789c123456789.- hi\n",
        "a123456789b123456789c123456789.-: hi\n");
    assert_answer(peer, "@a123456789b123456789c123456789.-_ hi\n", "! NONAME ");
    close_hub();
}
END_TEST

START_TEST(max_name_is_the_longest_name)
{
    serve("hub:127.0.0.1:0,max-name=3");
    int peer = enter();

    assert_answer(peer, "/nick anna\n", "! BADNAME ");
    assert_answer(peer, "/nick bob\n", "* you are bob in lobby\n");
    close_hub();
}
END_TEST

START_TEST(a_name_with_a_nul_in_it_is_nobodys)
{
    serve("hub:127.0.0.1:0");
    int peer = enter();

    write_to(peer, "@guest1\0 hi\n", 12);
    turn();
    assert_hears(peer, "! NONAME nobody has that name\n");
    write_to(peer, "/nick a\0\n", 9);
    turn();
    assert_hears(peer, "! BADNAME a name is letters, digits, _ . and -\n");
    close_hub();
}
END_TEST

START_TEST(a_guest_gets_a_number_that_is_free)
{
    serve("hub:127.0.0.1:0,quiet");
    int first = enter();

    say(first, "/nick guest2\n");
    int second = come();
    assert_hears(second, "* you are guest3 in lobby\n");
    close_hub();
}
END_TEST

/* Nobody can choose names that fall into one bucket. */
START_TEST(every_key_begins_with_the_seed_of_its_hub)
{
    static const unsigned char none[HUB_SEED];
    serve("hub:127.0.0.1:0,per-ip=9");
    enter();
    const struct hub *hub = the_hub();

    ck_assert_mem_ne(hub->seed, none, HUB_SEED);
    ck_assert_mem_eq(hub->members->hh.key, hub->seed, HUB_SEED);
    ck_assert_mem_eq(hub->rooms->hh.key, hub->seed, HUB_SEED);
    ck_assert_mem_eq(hub->visitors->hh.key, hub->seed, HUB_SEED);
    close_hub();
}
END_TEST

START_TEST(a_hub_without_random_bytes_does_not_start)
{
    ck_assert_int_eq(try_hub("hub:127.0.0.1:0"), 0);
    fault_once("getentropy", 1, ENOSYS);
    ck_assert_int_eq(server_open(&server, &options, 100, &wrong), CODE_FAILED);
    ck_assert_str_eq(wrong.text, "no random bytes for the hub");
    options_fini(&options);
}
END_TEST

/* --- ways out --------------------------------------------------------------
 */

START_TEST(who_quits_has_left_at_once)
{
    serve("hub:127.0.0.1:0");
    int first = enter(), second = enter();
    hear(first);

    say(second, "/join den\n/quit\n");
    assert_hears(second, "* you are guest2 in den\n* bye\n");
    assert_hears(first, "* guest2 left\n");
    assert_answer(first, "/nick guest2\n", "* you are guest2 in lobby\n");
    assert_answer(first, "/rooms\n", "* lobby 1\n* end\n");
    close_hub();
}
END_TEST

/* Its output waits for it; others do not. */
START_TEST(who_half_closes_has_left_at_once_however_much_it_has_to_read)
{
    fake_capacity(16);
    serve("hub:127.0.0.1:0");
    int first = enter(), second = fake_connect(fake_listener());
    turns(2);

    write_to(second, "last", 4);
    fake_shutdown(second);
    turns(2);
    ck_assert_uint_eq(server.client_count, 2);
    for (int i = 0; i < 8; i++) {
        const char *got = hear(first);
        if (strstr(got, "left") != NULL)
            break;
        turn();
    }
    ck_assert_uint_eq(HASH_COUNT(the_hub()->members), 1);
    assert_answer(first, "@guest2 hi\n", "! NONAME ");
    close_hub();
}
END_TEST

START_TEST(a_message_to_one_who_is_shed_meanwhile_is_not_taken)
{
    serve("hub:127.0.0.1:0,quiet");
    int first = enter();
    int second = enter();
    struct hub *hub = the_hub();
    struct member *victim = member_find(hub, "guest2", 6);

    leat_conn_close(victim->conn);
    struct member *member = member_find(hub, "guest1", 6);
    hub_line(member, "@guest2 hi", 10);
    turns(2);
    assert_hears(first, "! NONAME nobody has that name\n");
    assert_is_over(second);
    close_hub();
}
END_TEST

/* --- text ------------------------------------------------------------------
 */

static void
say_many(int peer, char byte, size_t count)
{
    static char bytes[65536];

    memset(bytes, byte, sizeof bytes);
    for (size_t done = 0; done < count;) {
        size_t part = count - done < 32768 ? count - done : 32768;
        write_to(peer, bytes, part);
        turns(2);
        done += part;
    }
    write_to(peer, "\n", 1);
    turns(2);
}

START_TEST(a_text_that_its_escapes_make_too_long_is_told_as_long)
{
    serve("hub:127.0.0.1:0,quiet,limit=72k,high=1k");
    int first = enter(), second = enter();

    say_many(first, '\x01', 16385);
    assert_hears(first, "! LONG the line was too long and was left out\n");
    assert_hears(second, "");
    say_many(first, '\x01', 16384);
    size_t len = 0;
    for (int i = 0; i < 4; i++) {
        turn();
        len += strlen(hear(second));
    }
    ck_assert_uint_eq(len, strlen("guest1> \n") + 65536);
    assert_hears(first, "");
    close_hub();
}
END_TEST

/* --- policies ---------------------------------------------------------------
 */

START_TEST(a_hub_never_refuses_and_never_pauses_the_sender)
{
    ck_assert_int_eq(try_hub("hub:127.0.0.1:0,policy=pause"), -EINVAL);
    options_fini(&options);
    ck_assert_int_eq(try_hub("hub:127.0.0.1:0,policy=refuse"), 0);
    ck_assert_int_eq(options.specs[0].config.conn.queue.policy, LEAT_DROP_OLD);
    options_fini(&options);
    ck_assert_int_eq(try_hub("hub:127.0.0.1:0"), 0);
    ck_assert_int_eq(options.specs[0].config.conn.queue.policy, LEAT_DROP_OLD);
    options_fini(&options);
    ck_assert_int_eq(try_hub("hub:127.0.0.1:0,policy=drop-new"), 0);
    ck_assert_int_eq(options.specs[0].config.conn.queue.policy, LEAT_DROP_NEW);
    options_fini(&options);
}
END_TEST

/* --- the end ----------------------------------------------------------------
 */

START_TEST(a_drain_serves_what_was_said_and_announces_nobody)
{
    serve("hub:127.0.0.1:0,history=3");
    int first = enter(), second = enter();
    hear(first);

    say(first, "one\n");
    drain_start(&server, "test");
    ck_assert_uint_eq(the_hub()->history_bytes, 0);
    assert_is_over(first);
    assert_hears(second, "guest1> one\n");
    ck_assert_uint_eq(server.client_count, 0);
    ck_assert_ptr_null(the_hub()->rooms);
    close_hub();
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_hub");
    TCase *tcase = tcase_create("leatd_hub");

    tcase_add_checked_fixture(tcase, setup_hub, kernel_teardown);
    tcase_add_test(tcase, each_error_has_its_code);
    tcase_add_test(tcase, an_empty_line_says_nothing);
    tcase_add_test(tcase, a_name_has_32_characters_at_most);
    tcase_add_test(tcase, max_name_is_the_longest_name);
    tcase_add_test(tcase, a_name_with_a_nul_in_it_is_nobodys);
    tcase_add_test(tcase, a_guest_gets_a_number_that_is_free);
    tcase_add_test(tcase, every_key_begins_with_the_seed_of_its_hub);
    tcase_add_test(tcase, a_hub_without_random_bytes_does_not_start);
    tcase_add_test(tcase, who_quits_has_left_at_once);
    tcase_add_test(
        tcase, who_half_closes_has_left_at_once_however_much_it_has_to_read);
    tcase_add_test(tcase, a_message_to_one_who_is_shed_meanwhile_is_not_taken);
    tcase_add_test(
        tcase, a_text_that_its_escapes_make_too_long_is_told_as_long);
    tcase_add_test(tcase, a_hub_never_refuses_and_never_pauses_the_sender);
    tcase_add_test(tcase, a_drain_serves_what_was_said_and_announces_nobody);
    suite_add_tcase(suite, tcase);
    return suite;
}
