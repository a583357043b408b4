/*
 * test_leatd_spec.c - LISTENER taken apart: service, address, keys, names, and
 * the word that is wrong.
 */
#include "leatd/listener_spec.h"

#include <errno.h>
#include <string.h>

#include "support/kernel.h"
#include "support/run.h"

static struct listener_spec spec;
static struct complaint wrong;

static void
setup(void)
{
    kernel_setup();
    memset(&spec, 0, sizeof spec);
    wrong.text[0] = '\0';
}

static void
teardown(void)
{
    listener_spec_fini(&spec);
    kernel_teardown();
}

static const struct leat_conn_config *
parse(const char *word)
{
    listener_spec_fini(&spec);
    ck_assert_msg(listener_spec_parse(&spec, word, &wrong) == 0, "%s: %s", word,
        wrong.text);
    return &spec.config.conn;
}

/* A wrong word, and what the complaint must contain. */
struct wrong_word {
    const char *word, *told;
};

static void
assert_refused(const struct wrong_word *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ck_assert_int_eq(
            listener_spec_parse(&spec, rows[i].word, &wrong), -EINVAL);
        ck_assert_msg(strstr(wrong.text, rows[i].told) != NULL, "%s: %s",
            rows[i].word, wrong.text);
    }
}

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* --- service and address -------------------------------------------------- */

START_TEST(spec_is_split_at_the_first_colon)
{
    parse("echo:7000");
    ck_assert_str_eq(spec.service->name, "echo");
    ck_assert_str_eq(spec.address, "7000");
    ck_assert_ptr_null(spec.name);

    parse("discard:[::1]:9");
    ck_assert_str_eq(spec.service->name, "discard");
    ck_assert_str_eq(spec.address, "[::1]:9");
}
END_TEST

START_TEST(spec_escapes_are_comma_and_backslash_only)
{
    parse("echo:unix:/tmp/a\\,b\\\\c\\n,nagle");
    ck_assert_str_eq(spec.address, "unix:/tmp/a,b\\c\\n");
    ck_assert(spec.config.conn.nagle);

    parse("echo:1,name=a\\,b=c\\");
    ck_assert_str_eq(spec.name, "a,b=c\\");
}
END_TEST

START_TEST(spec_without_service_or_address_is_refused)
{
    static const struct wrong_word rows[] = {
        {"", "no service in ''"},
        {"7000", "no service in '7000'"},
        {"echo", "no address after 'echo'"},
        {"echo:", "no address after 'echo'"},
        {"echo:,nagle", "no address after 'echo'"},
        {"ehco:7000", "unknown service 'ehco'; the nearest there is: echo"},
        {"discrad:7000", "nearest there is: discard"},
        {":7000", "unknown service ''"},
    };
    assert_refused(rows, COUNT(rows));
}
END_TEST

START_TEST(spec_for_udp_says_what_has_none)
{
    static const struct wrong_word rows[] = {
        {"greet:udp:7000", "service 'greet' cannot be served by udp"},
        {"chargen:udp:7000", "those that can: echo, stamp, discard"},
        {"echo:udp:unix:/tmp/x", "'unix:/tmp/x': udp has no unix sockets"},
        {"echo:udp:", "no address after 'echo'"},
        {"echo:udp:7000,max=3", "key 'max' means nothing for udp"},
        {"echo:udp:7000,limit=1m", "key 'limit' means nothing for udp"},
        {"echo:7000,open", "key 'open' is for udp only"},
        {"echo:udp:7000,open,open", "key 'open' is there twice"},
    };
    assert_refused(rows, COUNT(rows));
}
END_TEST

START_TEST(spec_for_udp_keeps_the_address_apart)
{
    parse("echo:udp:any:7000,name=u,sndbuf=8k,rcvbuf=16k");
    ck_assert(spec.is_udp);
    ck_assert_str_eq(spec.address, "any:7000");
    ck_assert_str_eq(listener_spec_address(&spec), "udp:any:7000");
    ck_assert_str_eq(spec.name, "u");
    ck_assert_uint_eq(spec.config.conn.sndbuf, 8192);
    ck_assert_uint_eq(spec.config.conn.rcvbuf, 16384);
}
END_TEST

/* Whoever answers with more than he got could be used against others. */
START_TEST(stamp_by_udp_is_for_loopback_unless_it_is_open)
{
    static const struct wrong_word rows[] = {
        {"stamp:udp:any:7000", "'udp:any:7000': answers longer"},
        {"stamp:udp:10.1.2.3:7000", "the key open"},
        {"stamp:udp:[::]:7000", "the key open"},
        {"stamp:udp:[fe80::1]:7000", "the key open"},
        {"stamp:udp:any:7000,open=no", "the key open"},
    };
    static const char *const right[] = {"stamp:udp:7000",
        "stamp:udp:127.9.9.9:7000", "stamp:udp:[::1]:7000",
        "stamp:udp:any:7000,open", "stamp:udp:10.1.2.3:7000,open=yes",
        "stamp:udp:host.example:7000", "echo:udp:any:7000"};

    assert_refused(rows, COUNT(rows));
    for (size_t i = 0; i < COUNT(right); i++) {
        ck_assert_int_eq(listener_spec_parse(&spec, right[i], &wrong), 0);
        listener_spec_fini(&spec);
    }
}
END_TEST

START_TEST(spec_with_a_path_too_long_is_refused)
{
    char word[300] = "echo:unix:/";
    memset(word + strlen(word), 'x', 200);

    ck_assert_int_eq(listener_spec_parse(&spec, word, &wrong), -EINVAL);
    ck_assert_ptr_nonnull(strstr(wrong.text, "the path is too long"));
}
END_TEST

/* --- keys ----------------------------------------------------------------- */

START_TEST(spec_without_keys_leaves_the_defaults)
{
    static const struct leat_listener_config none;

    parse("echo:0");

    ck_assert_int_eq(memcmp(&spec.config, &none, sizeof none), 0);
}
END_TEST

START_TEST(spec_sets_each_key)
{
    const struct leat_conn_config *conn = parse(
        "echo:0,name=x,limit=2m,high=1m,low=3,limit-msgs=99,policy=drop-old,"
        "idle=3s,max=7,max-frame=9k,sndbuf=5,rcvbuf=6,lowat=8,backlog=11,"
        "nagle=yes,keepalive=2m,mode=0640");

    ck_assert_str_eq(spec.name, "x");
    ck_assert_uint_eq(conn->queue.limit, 2097152);
    ck_assert_uint_eq(conn->queue.high, 1048576);
    ck_assert_uint_eq(conn->queue.low, 3);
    ck_assert_uint_eq(conn->queue.limit_msgs, 99);
    ck_assert_int_eq(conn->queue.policy, LEAT_DROP_OLD);
    ck_assert_int_eq(conn->idle_us, 3000000);
    ck_assert_uint_eq(conn->frame.max, 9216);
    ck_assert_uint_eq(conn->sndbuf, 5);
    ck_assert_uint_eq(conn->rcvbuf, 6);
    ck_assert_uint_eq(conn->lowat, 8);
    ck_assert(conn->nagle);
    ck_assert_int_eq(conn->keepalive_us, 120000000);
    ck_assert_uint_eq(spec.config.max, 7);
    ck_assert_int_eq(spec.config.backlog, 11);
    ck_assert_uint_eq(spec.config.mode, 0640);
}
END_TEST

START_TEST(spec_off_is_what_the_library_calls_off)
{
    const struct leat_conn_config *conn =
        parse("echo:0,idle=off,lowat=off,keepalive=off,nagle=off");

    ck_assert_int_eq(conn->idle_us, 0);
    ck_assert_uint_eq(conn->lowat, LEAT_OFF);
    ck_assert_int_lt(conn->keepalive_us, 0);
    ck_assert(!conn->nagle);
}
END_TEST

START_TEST(spec_knows_every_policy)
{
    ck_assert_int_eq(parse("echo:0,policy=refuse")->queue.policy, LEAT_REFUSE);
    ck_assert_int_eq(
        parse("echo:0,policy=drop-new")->queue.policy, LEAT_DROP_NEW);
    ck_assert_int_eq(
        parse("echo:0,policy=drop-old")->queue.policy, LEAT_DROP_OLD);
    ck_assert_int_eq(parse("echo:0,policy=close")->queue.policy, LEAT_CLOSE);
}
END_TEST

START_TEST(spec_with_a_wrong_key_names_it)
{
    static const struct wrong_word rows[] = {
        {"echo:0,limt=3m", "unknown key 'limt' for echo; the nearest there "
                           "is: limit"},
        {"echo:0,", "unknown key ''"},
        {"echo:0,Nagle", "unknown key 'Nagle'"},
        {"echo:0,\x1b[1m=x", "unknown key '\\x1b[1m'"},
        {"echo:0,limit", "no value for 'limit'"},
        {"echo:0,nagle,nagle", "key 'nagle' is there twice"},
    };
    assert_refused(rows, COUNT(rows));
}
END_TEST

START_TEST(spec_with_a_wrong_value_names_it)
{
    static const struct wrong_word rows[] = {
        {"echo:0,limit=lots", "'lots': limit must be a size"},
        {"echo:0,limit=71k", "'71k': limit must be 72k to "},
        {"echo:0,limit=99999999999999999999", "limit must be 72k to "},
        {"echo:0,low=0", "'0': low must be 1 to "},
        {"echo:0,limit-msgs=7", "'7': limit-msgs must be 8 to 2147483647"},
        {"echo:0,policy=drop",
            "'drop': policy must be one of refuse|drop-new|drop-old|close"},
        {"echo:0,idle=5", "'5': idle must be off or a time with its unit"},
        {"echo:0,idle=0s", "'0s': idle must be 1ms or more"},
        {"echo:0,max=0", "'0': max must be 1 or more"},
        {"echo:0,max=99999999999999999999", "max must be a smaller number"},
        {"echo:0,sndbuf=2g", "'2g': sndbuf must be 1 to 2147483647"},
        {"echo:0,backlog=-1", "'-1': backlog must be a number"},
        {"echo:0,nagle=maybe", "'maybe': nagle must be true or false"},
        {"echo:0,keepalive=999ms", "keepalive must be 1s to 32767s"},
        {"echo:0,mode=8", "'8': mode must be octal"},
        {"echo:0,mode=0", "'0': mode must be 001 to 777"},
        {"echo:0,mode=1777", "'1777': mode must be 001 to 777"},
        {"echo:0,name=", "'': name must be 1 to 48 bytes long"},
    };
    assert_refused(rows, COUNT(rows));
}
END_TEST

START_TEST(spec_with_limits_that_contradict_names_one)
{
    static const struct wrong_word rows[] = {
        {"echo:0,high=100k,low=100k", "'low': low must be below high, which "
                                      "is 102400 bytes"},
        {"echo:0,low=900k,limit=900k", "'low': low must be below high"},
        {"echo:0,high=1m,limit=1m", "'limit': with this high and max-frame "
                                    "it must be at least 1118208 bytes"},
    };
    assert_refused(rows, COUNT(rows));
}
END_TEST

START_TEST(spec_limits_that_the_library_can_complete_are_taken)
{
    const char *const words[] = {"echo:0,limit=72k", "echo:0,low=2m",
        "echo:0,high=8", "echo:0,high=512m", "echo:0,low=1",
        "echo:0,limit=1m,low=300k", "echo:0,limit-msgs=8"};

    for (size_t i = 0; i < COUNT(words); i++)
        parse(words[i]);
}
END_TEST

START_TEST(spec_without_memory_is_enomem_and_leaves_nothing)
{
    fault_once("realloc", 1, ENOMEM);

    ck_assert_int_eq(listener_spec_parse(&spec, "echo:0", &wrong), -ENOMEM);
    ck_assert_uint_eq(ledger_blocks(), 0);
}
END_TEST

/* --- names ---------------------------------------------------------------- */

static struct listener_spec specs[4];

static int
name(const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(listener_spec_parse(&specs[i], words[i], &wrong), 0);
    return listener_spec_name(specs, count, &wrong);
}

static void
release(size_t count)
{
    for (size_t i = 0; i < count; i++)
        listener_spec_fini(&specs[i]);
}

START_TEST(names_are_those_of_the_services_and_numbered)
{
    const char *const words[] = {"echo:1", "echo:2", "discard:3", "echo:4"};

    ck_assert_int_eq(name(words, 4), 0);

    ck_assert_str_eq(specs[0].name, "echo");
    ck_assert_str_eq(specs[1].name, "echo-2");
    ck_assert_str_eq(specs[2].name, "discard");
    ck_assert_str_eq(specs[3].name, "echo-3");
    release(4);
}
END_TEST

START_TEST(names_that_are_made_go_round_those_that_are_chosen)
{
    const char *const words[] = {
        "echo:1", "echo:2", "echo:3,name=echo", "echo:4,name=echo-3"};

    ck_assert_int_eq(name(words, 4), 0);

    ck_assert_str_eq(specs[0].name, "echo-2");
    ck_assert_str_eq(specs[1].name, "echo-4");
    release(4);
}
END_TEST

START_TEST(names_that_are_chosen_twice_are_refused)
{
    const char *const words[] = {"echo:1,name=a", "discard:2,name=a"};

    ck_assert_int_eq(name(words, 2), -EINVAL);

    ck_assert_str_eq(wrong.text, "name 'a' is there twice");
    release(2);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_spec");
    TCase *tcase = tcase_create("spec");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, spec_is_split_at_the_first_colon);
    tcase_add_test(tcase, spec_escapes_are_comma_and_backslash_only);
    tcase_add_test(tcase, spec_without_service_or_address_is_refused);
    tcase_add_test(tcase, spec_for_udp_says_what_has_none);
    tcase_add_test(tcase, spec_for_udp_keeps_the_address_apart);
    tcase_add_test(tcase, stamp_by_udp_is_for_loopback_unless_it_is_open);
    tcase_add_test(tcase, spec_with_a_path_too_long_is_refused);
    tcase_add_test(tcase, spec_without_keys_leaves_the_defaults);
    tcase_add_test(tcase, spec_sets_each_key);
    tcase_add_test(tcase, spec_off_is_what_the_library_calls_off);
    tcase_add_test(tcase, spec_knows_every_policy);
    tcase_add_test(tcase, spec_with_a_wrong_key_names_it);
    tcase_add_test(tcase, spec_with_a_wrong_value_names_it);
    tcase_add_test(tcase, spec_with_limits_that_contradict_names_one);
    tcase_add_test(tcase, spec_limits_that_the_library_can_complete_are_taken);
    tcase_add_test(tcase, spec_without_memory_is_enomem_and_leaves_nothing);
    tcase_add_test(tcase, names_are_those_of_the_services_and_numbered);
    tcase_add_test(tcase, names_that_are_made_go_round_those_that_are_chosen);
    tcase_add_test(tcase, names_that_are_chosen_twice_are_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
