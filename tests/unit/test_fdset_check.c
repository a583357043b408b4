/*
 * test_fdset_check.c - the check of the set notices each broken invariant.
 */
#include "loop/fdset.h"

#include "support/alloc.h"
#include "support/dies.h"
#include "support/run.h"

#ifndef NDEBUG

#define ALL (LEAT_READABLE | LEAT_WRITABLE | LEAT_EXCEPTIONAL)
#define BITS ((int)LEAT__WORD_BITS)

static struct alloc_ledger ledger;
static struct leat__fdset set;
static struct leat__io io, other;

static void
setup(void)
{
    alloc_init(&ledger);
    leat__fdset_init(&set);
    io = other = (struct leat__io){.is_parkable = true};
}

static void
teardown(void)
{
    leat__fdset_fini(&set, &ledger.alloc);
    alloc_fini(&ledger);
}

static void
add(struct leat__io *which, int fd, unsigned events)
{
    which->fd = fd;
    ck_assert_int_eq(leat__fdset_add(&set, &ledger.alloc, which), 0);
    leat__fdset_want(&set, which, events);
}

static void
check(void)
{
    leat__fdset_check(&set);
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
    set.owner[fd] = NULL;
    set.count--;
}

static void
lose_early_owner(int fd)
{
    leat__fdset_want(&set, &io, 0);
    leat__words_set(&set.early, (size_t)fd);
    lose_owner(fd);
}

static void
misnumber(int fd)
{
    io.fd = fd + 1;
}

static void
miscount(int fd)
{
    (void)fd;
    set.count++;
}

static void
count_bits_wrong(int fd)
{
    (void)fd;
    set.want[LEAT__READ].bits_set++;
}

static void
say_less(int fd)
{
    (void)fd;
    set.nfds--;
}

static void
say_more(int fd)
{
    (void)fd;
    set.nfds++;
}

static void
look_beyond(int fd)
{
    (void)fd;
    set.ready_nfds = (int)set.capacity + 1;
}

static void
find_unasked(int fd)
{
    leat__fdset_copy(&set);
    set_bit(set.ready[LEAT__WRITE], fd);
}

static void
find_without_owner(int fd)
{
    leat__fdset_remove(&set, &io);
    set.ready_nfds = fd + 1;
    set_bit(set.ready[LEAT__EXCEPT], fd);
}

static void
find_parked_for_else(int fd)
{
    (void)fd;
    leat__fdset_want(&set, &io, 0);
    io.parked = LEAT_READABLE | LEAT_EXCEPTIONAL;
    leat__fdset_mark(&set, &io, LEAT_WRITABLE);
}

static void
fall_asleep(int fd)
{
    leat__words_clear(&set.awake, (size_t)fd);
}

static void
stay_awake(int fd)
{
    leat__fdset_want(&set, &io, 0);
    leat__words_set(&set.awake, (size_t)fd);
}

static void
be_awake_unparkable(int fd)
{
    (void)fd;
    io.is_parkable = false;
}

static void
be_in_both(int fd)
{
    (void)fd;
    io.parked = LEAT_READABLE;
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
    other.is_early = true;
    if (fd > 0) /* a neighbour, with whom all is well */
        add(&other, fd - 1, ALL);
    add(&io, fd, LEAT_READABLE);
    ck_assert(!dies(check));
    wrongs[_i / NUMBERS](fd);
    ck_assert(dies(check));
}
END_TEST

START_TEST(fdset_check_does_not_look_beyond_what_was_looked_at)
{
    add(&io, BITS, 0);
    io.parked = LEAT_READABLE;
    set_bit(set.ready[LEAT__READ], 0);
    set_bit(set.ready[LEAT__READ], BITS + 1);
    ck_assert(!dies(check));
    leat__fdset_mark(&set, &io, LEAT_READABLE);
    ck_assert(!dies(check));
    set_bit(set.ready[LEAT__READ], BITS + 1);
    ck_assert(!dies(check));
    set.ready_nfds++;
    ck_assert(dies(check));
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("fdset_check");
    TCase *tcase = tcase_create("fdset_check");
    tcase_add_checked_fixture(tcase, setup, teardown);
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
