/*
 * test_fake_park.c - the readiness queue of the fake kernel, as far as the
 * stories of tests/sim do not compare it with the real one.
 */
#include "fake.h"
#include "kernel.h"
#include "run.h"

#include "sys/sys.h"

#include <string.h>
#include <sys/epoll.h>

enum { MEMBERS = 3 };

static int set, fds[MEMBERS][2];

static void
setup(void)
{
    fake_setup();
    set = LEAT_SYS(epoll_create1, EPOLL_CLOEXEC);
    ck_assert_int_ge(set, 0);
    for (int i = 0; i < MEMBERS; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)i};

        ck_assert_int_eq(leat__sys_pipe(fds[i]), 0);
        ck_assert_int_eq(
            LEAT_SYS(epoll_ctl, set, EPOLL_CTL_ADD, fds[i][0], &event), 0);
    }
}

static void
teardown(void)
{
    for (int i = 0; i < MEMBERS; i++) {
        ck_assert_int_eq(leat__sys_close(fds[i][0]), 0);
        ck_assert_int_eq(leat__sys_close(fds[i][1]), 0);
    }
    ck_assert_int_eq(leat__sys_close(set), 0);
    kernel_teardown();
}

static void
make_ready(int member)
{
    ck_assert_int_eq((int)leat__sys_write(fds[member][1], "x", 1), 1);
}

/* Whoever takes one event at a time meets everybody. */
START_TEST(events_go_round_among_the_ready)
{
    unsigned seen = 0;

    for (int i = 0; i < MEMBERS; i++)
        make_ready(i);
    for (int i = 0; i < MEMBERS; i++) {
        struct epoll_event event;

        ck_assert_int_eq(LEAT_SYS(epoll_wait, set, &event, 1, 0), 1);
        seen |= 1u << event.data.u64;
    }
    ck_assert_uint_eq(seen, (1u << MEMBERS) - 1);
}
END_TEST

START_TEST(only_the_ready_are_told_and_as_many_as_fit)
{
    struct epoll_event event[MEMBERS];

    make_ready(2);
    ck_assert_int_eq(LEAT_SYS(epoll_wait, set, event, MEMBERS, 0), 1);
    ck_assert_uint_eq((unsigned)event[0].data.u64, 2);
    make_ready(0);
    ck_assert_int_eq(LEAT_SYS(epoll_wait, set, event, MEMBERS, 0), 2);
}
END_TEST

START_TEST(a_wait_for_nobody_takes_its_time)
{
    struct epoll_event event;
    int64_t before, after;

    ck_assert_int_eq(leat__sys_monotonic(&before), 0);
    ck_assert_int_eq(LEAT_SYS(epoll_wait, set, &event, 1, 250), 0);
    ck_assert_int_eq(leat__sys_monotonic(&after), 0);
    ck_assert_int_eq(after - before, 250000);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("fake_park");
    TCase *tcase = tcase_create("fake_park");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, events_go_round_among_the_ready);
    tcase_add_test(tcase, only_the_ready_are_told_and_as_many_as_fit);
    tcase_add_test(tcase, a_wait_for_nobody_takes_its_time);
    suite_add_tcase(suite, tcase);
    return suite;
}
