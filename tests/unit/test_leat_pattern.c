/*
 * test_leat_pattern.c - bytes that know their place and their client.
 */
#include "leat/pattern.h"

#include <string.h>

#include "support/run.h"

static struct pattern pattern;

static void
setup(void)
{
    pattern_init(&pattern);
}

START_TEST(pattern_is_the_same_every_time)
{
    static struct pattern again;

    memset(&again, 0xff, sizeof again);
    pattern_init(&again);
    ck_assert(memcmp(&pattern, &again, sizeof pattern) == 0);
}
END_TEST

START_TEST(pattern_piece_at_the_end_goes_on_at_the_beginning)
{
    size_t last = PATTERN_PERIOD - 1;

    ck_assert(memcmp(pattern_at(&pattern, last) + 1, pattern_at(&pattern, 0),
                  PATTERN_PIECE - 1) == 0);
}
END_TEST

START_TEST(pattern_after_walks_round)
{
    ck_assert_uint_eq(pattern_after(0, 1), 1);
    ck_assert_uint_eq(pattern_after(PATTERN_PERIOD - 1, 1), 0);
    ck_assert_uint_eq(
        pattern_after(PATTERN_PERIOD - 1, PATTERN_PIECE), PATTERN_PIECE - 1);
    ck_assert_uint_eq(pattern_after(5, 0), 5);
}
END_TEST

/* Whatever the pieces, the stream is the same. */
START_TEST(pattern_in_pieces_is_the_pattern_as_a_whole)
{
    static unsigned char whole[3 * PATTERN_PERIOD];
    size_t place = pattern_start(3), at = 0;

    for (size_t i = 0; i < sizeof whole; i++)
        whole[i] = pattern.bytes[(place + i) % PATTERN_PERIOD];
    for (size_t len = 1; at + len <= sizeof whole && len <= PATTERN_PIECE;
         len = len * 2 + 1) {
        ck_assert(memcmp(pattern_at(&pattern, place), whole + at, len) == 0);
        place = pattern_after(place, len);
        at += len;
    }
    ck_assert_uint_gt(at, PATTERN_PERIOD / 2);
}
END_TEST

START_TEST(pattern_of_each_client_begins_elsewhere)
{
    static unsigned char seen[PATTERN_PERIOD];
    size_t places = 0;

    memset(seen, 0, sizeof seen);
    for (size_t client = 0; client < PATTERN_PERIOD; client++) {
        size_t place = pattern_start(client);
        if (place < PATTERN_PERIOD && !seen[place])
            places++;
        seen[place % PATTERN_PERIOD] = 1;
    }
    ck_assert_uint_eq(places, PATTERN_PERIOD);
}
END_TEST

/* Eight bytes that stand in two places would make a shift invisible. */
START_TEST(pattern_has_no_eight_bytes_like_their_neighbours)
{
    size_t alike = 0;

    for (size_t i = 0; i < PATTERN_PERIOD; i++)
        for (size_t shift = 1; shift <= 8; shift++)
            alike += memcmp(pattern_at(&pattern, i),
                         pattern_at(&pattern, i + shift), 8) == 0;
    ck_assert_uint_eq(alike, 0);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leat_pattern");
    TCase *tcase = tcase_create("pattern");

    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, pattern_is_the_same_every_time);
    tcase_add_test(tcase, pattern_piece_at_the_end_goes_on_at_the_beginning);
    tcase_add_test(tcase, pattern_after_walks_round);
    tcase_add_test(tcase, pattern_in_pieces_is_the_pattern_as_a_whole);
    tcase_add_test(tcase, pattern_of_each_client_begins_elsewhere);
    tcase_add_test(tcase, pattern_has_no_eight_bytes_like_their_neighbours);
    suite_add_tcase(suite, tcase);
    return suite;
}
