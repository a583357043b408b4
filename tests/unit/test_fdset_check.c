/*
 * test_fdset_check.c - the check of the set notices each broken invariant.
 */
#include "loop/fdset.h"

#include "support/dies.h"
#include "support/fdset_rig.h"
#include "support/run.h"

#ifndef NDEBUG

static void
check(void)
{
    leat__fdset_check(&fdset.set);
}

static void
set_bit(unsigned long *word, int fd)
{
    word[fd / BITS] |= 1ul << (fd % BITS);
}

/* What may be wrong with a number that has an owner, who wants to read. */
static void
lose_owner(int fd)
{
    fdset.set.owner[fd] = NULL;
    fdset.set.count--;
}

static void
lose_early_owner(int fd)
{
    leat__fdset_want(&fdset.set, &fdset.io, 0);
    leat__words_set(&fdset.set.early, (size_t)fd);
    lose_owner(fd);
}

static void
misnumber(int fd)
{
    fdset.io.fd = fd + 1;
}

static void
miscount(int fd)
{
    (void)fd;
    fdset.set.count++;
}

static void
count_bits_wrong(int fd)
{
    (void)fd;
    fdset.set.want[LEAT__READ].bits_set++;
}

static void
say_less(int fd)
{
    (void)fd;
    fdset.set.nfds--;
}

static void
say_more(int fd)
{
    (void)fd;
    fdset.set.nfds++;
}

static void
look_beyond(int fd)
{
    (void)fd;
    fdset.set.ready_nfds = (int)fdset.set.capacity + 1;
}

static void
find_unasked(int fd)
{
    leat__fdset_copy(&fdset.set);
    set_bit(fdset.set.ready[LEAT__WRITE], fd);
}

static void
find_without_owner(int fd)
{
    leat__fdset_remove(&fdset.set, &fdset.io);
    fdset.set.ready_nfds = fd + 1;
    set_bit(fdset.set.ready[LEAT__EXCEPT], fd);
}

static void
find_parked_for_else(int fd)
{
    (void)fd;
    leat__fdset_want(&fdset.set, &fdset.io, 0);
    fdset.io.parked = LEAT_READABLE | LEAT_EXCEPTIONAL;
    leat__fdset_mark(&fdset.set, &fdset.io, LEAT_WRITABLE);
}

static void
fall_asleep(int fd)
{
    leat__words_clear(&fdset.set.awake, (size_t)fd);
}

static void
stay_awake(int fd)
{
    leat__fdset_want(&fdset.set, &fdset.io, 0);
    leat__words_set(&fdset.set.awake, (size_t)fd);
}

static void
be_awake_unparkable(int fd)
{
    (void)fd;
    fdset.io.is_parkable = false;
}

static void
be_in_both(int fd)
{
    (void)fd;
    fdset.io.parked = LEAT_READABLE;
}

static void (*const wrongs[])(int fd) = {lose_owner, lose_early_owner,
    misnumber, miscount, count_bits_wrong, say_less, say_more, look_beyond,
    find_unasked, find_without_owner, find_parked_for_else, fall_asleep,
    stay_awake, be_awake_unparkable, be_in_both};
#define WRONGS ((int)(sizeof wrongs / sizeof *wrongs))

/* At the edges of words. */
static const int numbers[] = {0, 1, BITS - 1, BITS, 511};
#define NUMBERS ((int)(sizeof numbers / sizeof *numbers))

START_TEST(fdset_check_notices_each_broken_invariant)
{
    int fd = numbers[_i % NUMBERS];
    fdset.other.is_early = true;
    if (fd > 0) /* a neighbour, with whom all is well */
        fdset_add(&fdset.other, fd - 1, ALL);
    fdset_add(&fdset.io, fd, LEAT_READABLE);
    ck_assert(!dies(check));
    wrongs[_i / NUMBERS](fd);
    ck_assert(dies(check));
}
END_TEST

START_TEST(fdset_check_does_not_look_beyond_what_was_looked_at)
{
    fdset_add(&fdset.io, BITS, 0);
    fdset.io.parked = LEAT_READABLE;
    set_bit(fdset.set.ready[LEAT__READ], 0);
    set_bit(fdset.set.ready[LEAT__READ], BITS + 1);
    ck_assert(!dies(check));
    leat__fdset_mark(&fdset.set, &fdset.io, LEAT_READABLE);
    ck_assert(!dies(check));
    set_bit(fdset.set.ready[LEAT__READ], BITS + 1);
    ck_assert(!dies(check));
    fdset.set.ready_nfds++;
    ck_assert(dies(check));
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("fdset_check");
    TCase *tcase = tcase_create("fdset_check");
    tcase_add_checked_fixture(tcase, fdset_setup_parkable, fdset_drop);
    tcase_add_loop_test(
        tcase, fdset_check_notices_each_broken_invariant, 0, WRONGS * NUMBERS);
    tcase_add_test(tcase, fdset_check_does_not_look_beyond_what_was_looked_at);
    suite_add_tcase(suite, tcase);
    return suite;
}

#else /* without assertions it notices nothing */

Suite *
leat_test_suite(void)
{
    return suite_create("fdset_check");
}

#endif
