/*
 * test_leatd_rate.c - how often each source is answered.
 */
#include "leatd/rate.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "support/quick.h"
#include "support/run.h"

static struct rate rate;

static void
setup(void)
{
    memset(&rate, 0, sizeof rate);
}

/* 10.0.x.y, so that there are many. */
static bool
take(unsigned host, int64_t now_us)
{
    struct leat_addr addr[LEAT_ADDR_MAX];
    char text[32];

    snprintf(text, sizeof text, "10.0.%u.%u:%u", host / 256, host % 256,
        2000 + (unsigned)(now_us % 1000));
    quick_assert(leat_addr_parse(addr, text, LEAT_ADDR_NUMERIC) == 1);
    return rate_take(&rate, &addr[0], now_us);
}

static unsigned
take_many(unsigned host, int64_t now_us, unsigned times)
{
    unsigned given = 0;

    for (unsigned i = 0; i < times; i++)
        given += take(host, now_us + i) ? 1 : 0;
    return given;
}

START_TEST(a_source_has_100_answers_a_second_whatever_its_port)
{
    ck_assert_uint_eq(take_many(1, 0, 150), 100);
    ck_assert_uint_eq(take_many(1, RATE_SECOND_US - 1, 1), 0);
    ck_assert_uint_eq(take_many(1, RATE_SECOND_US, 150), 100);
}
END_TEST

START_TEST(sources_do_not_share)
{
    ck_assert_uint_eq(take_many(1, 0, 150), 100);
    ck_assert_uint_eq(take_many(2, 0, 150), 100);
}
END_TEST

START_TEST(families_do_not_share_but_mapped_addresses_do)
{
    struct leat_addr addr[LEAT_ADDR_MAX];
    const char *const texts[] = {"10.0.0.1:2000", "[::ffff:10.0.0.1]:2000",
        "[::10.0.0.1]:2000", "[fe80::1]:2000"};
    const bool is_given[] = {false, false, true, true};

    take_many(1, 0, 100);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(leat_addr_parse(addr, texts[i], LEAT_ADDR_NUMERIC), 1);
        ck_assert_int_eq(rate_take(&rate, &addr[0], 1), is_given[i]);
    }
}
END_TEST

/* Made-up sources get no more than there are places for. */
START_TEST(a_newcomer_gets_nothing_while_all_places_are_taken)
{
    for (unsigned host = 0; host < RATE_PLACES; host++)
        ck_assert(take(host, host));
    ck_assert(!take(RATE_PLACES, RATE_PLACES));
    for (unsigned host = 0; host < RATE_PLACES; host++)
        ck_assert_uint_eq(take_many(host, 1000, 150), 99);
    /* The first place is free again, and only that. */
    ck_assert(take(RATE_PLACES, RATE_SECOND_US));
    ck_assert(!take(RATE_PLACES + 1, RATE_SECOND_US));
}
END_TEST

START_TEST(a_flood_of_made_up_sources_is_bounded_in_all)
{
    unsigned given = 0;

    for (int64_t now_us = 0; now_us < RATE_SECOND_US; now_us += 100)
        given += take((unsigned)(now_us / 100 * 7919 % 65536), now_us) ? 1 : 0;
    ck_assert_uint_le(given, RATE_PLACES * RATE_ANSWERS);
    ck_assert_uint_ge(given, RATE_PLACES);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_rate");
    TCase *tcase = tcase_create("leatd_rate");

    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, a_source_has_100_answers_a_second_whatever_its_port);
    tcase_add_test(tcase, sources_do_not_share);
    tcase_add_test(tcase, families_do_not_share_but_mapped_addresses_do);
    tcase_add_test(tcase, a_newcomer_gets_nothing_while_all_places_are_taken);
    tcase_add_test(tcase, a_flood_of_made_up_sources_is_bounded_in_all);
    suite_add_tcase(suite, tcase);
    return suite;
}
