/*
 * test_ledger.c - the tests' own kernel: its ledgers notice what they are
 * there to notice, and setup forgets it.
 */
#include "kernel.h"
#include "run.h"

#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

/* --- the ledger of descriptors ------------------------------------------- */

START_TEST(a_descriptor_left_open_is_told)
{
    int fd = leat__sys_open("/dev/null", O_RDONLY, 0);

    ck_assert_uint_eq(ledger_fds(), 1);
    ck_assert(ledger_has_fd(fd));
    ck_assert_ptr_nonnull(strstr(kernel_leftover(), "from open call 1"));
    ck_assert_int_eq(leat__sys_close(fd), 0);
    ck_assert_ptr_null(kernel_leftover());
}
END_TEST

START_TEST(a_second_close_is_noticed_and_not_made)
{
    int fd = leat__sys_open("/dev/null", O_RDONLY, 0), again;

    ck_assert_int_eq(leat__sys_close(fd), 0);
    again = open("/dev/null", O_RDONLY);
    kernel_expect();
    ck_assert_int_eq(leat__sys_close(again), -EBADF);
    ck_assert_ptr_nonnull(strstr(kernel_complaint(), "not ours"));
    ck_assert_int_eq(close(again), 0);
}
END_TEST

START_TEST(closing_no_descriptor_at_all_is_noticed)
{
    kernel_expect();
    ck_assert_int_eq(leat__sys_close(-1), -EBADF);
    ck_assert_ptr_nonnull(kernel_complaint());
}
END_TEST

START_TEST(every_way_to_open_is_in_the_ledger)
{
    int fds[6];

    fds[0] = leat__sys_socket(AF_INET, SOCK_STREAM);
    fds[1] = leat__sys_open("/dev/null", O_RDONLY, 0);
    ck_assert_int_eq(leat__sys_pipe(fds + 2), 0);
    fds[4] = LEAT_SYS(epoll_create1, 0);
    fds[5] = dup(STDERR_FILENO);
    ledger_adopt(fds[5]);
    ck_assert_uint_eq(ledger_fds(), 6);
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(leat__sys_close(fds[i]), 0);
    ck_assert_uint_eq(ledger_fds(), 0);
}
END_TEST

START_TEST(an_accepted_descriptor_is_in_the_ledger)
{
    int listener = leat__sys_socket(AF_INET, SOCK_STREAM), client, conn;
    struct sockaddr_storage addr;
    socklen_t len = sizeof addr;
    void *name = &addr;

    ck_assert_int_eq(leat__sys_listen(listener, 1), 0);
    ck_assert_int_eq(leat__sys_sockname(listener, name, &len), 0);
    client = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(client, name, len), 0);
    conn = leat__sys_accept(listener, NULL, NULL);
    ck_assert(ledger_has_fd(conn));
    ck_assert_int_eq(leat__sys_close(conn), 0);
    ck_assert_int_eq(leat__sys_close(listener), 0);
    close(client);
}
END_TEST

START_TEST(a_disowned_descriptor_is_the_tests_own)
{
    int fd = leat__sys_open("/dev/null", O_RDONLY, 0);

    ledger_disown(fd);
    ck_assert_ptr_null(kernel_leftover());
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(a_close_behind_our_back_is_noticed_at_the_next_open)
{
    int fd = leat__sys_open("/dev/null", O_RDONLY, 0);

    close(fd);
    kernel_expect();
    ck_assert_int_eq(leat__sys_open("/dev/null", O_RDONLY, 0), fd);
    ck_assert_ptr_nonnull(kernel_complaint());
    ck_assert_int_eq(leat__sys_close(fd), 0);
}
END_TEST

/* --- the ledger of memory ------------------------------------------------ */

START_TEST(memory_not_freed_is_told)
{
    void *block = leat__sys_resize(NULL, NULL, 100);

    ck_assert_uint_eq(ledger_blocks(), 1);
    ck_assert_uint_eq(ledger_bytes(), 100);
    ck_assert_ptr_nonnull(strstr(kernel_leftover(), "100 bytes"));
    leat__sys_resize(NULL, block, 0);
    ck_assert_ptr_null(kernel_leftover());
}
END_TEST

START_TEST(resizing_moves_and_keeps_the_count)
{
    void *small = leat__sys_resize(NULL, NULL, 10);
    uintptr_t before = (uintptr_t)small;
    void *large = leat__sys_resize(NULL, small, 1000);

    ck_assert_uint_ne((uintptr_t)large, before);
    ck_assert_uint_eq(ledger_blocks(), 1);
    ck_assert_uint_eq(ledger_bytes(), 1000);
    leat__sys_resize(NULL, large, 0);
}
END_TEST

START_TEST(freeing_what_is_not_ours_is_noticed)
{
    static _Alignas(16) unsigned char foreign[256];

    kernel_expect();
    leat__sys_resize(NULL, foreign + 128, 0);
    ck_assert_ptr_nonnull(kernel_complaint());
}
END_TEST

START_TEST(a_list_of_hosts_not_freed_is_told)
{
    const struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST};
    struct addrinfo *list;

    ck_assert_int_eq(leat__sys_hosts("127.0.0.1", NULL, &numeric, &list), 0);
    ck_assert_ptr_nonnull(strstr(kernel_leftover(), "hosts"));
    leat__sys_free_hosts(list);
    ck_assert_ptr_null(kernel_leftover());
}
END_TEST

START_TEST(a_fault_that_never_fired_is_told)
{
    fault_once("accept4", 7, EMFILE);

    ck_assert_ptr_nonnull(strstr(kernel_leftover(), "accept4, call 7"));
    fault_clear();
}
END_TEST

START_TEST(setup_forgets_what_a_broken_test_left)
{
    void *block = leat__sys_resize(NULL, NULL, 10);
    int fd = leat__sys_open("/dev/null", O_RDONLY, 0);

    fault_sticky("fcntl", 1, EIO);
    clock_freeze();
    kernel_setup();
    ck_assert_ptr_null(kernel_leftover());
    ck_assert_int_eq(leat__sys_probe(STDERR_FILENO), 0);
    leat__sys_resize(NULL, block, 0); /* harmless, though of another time */
    close(fd);
}
END_TEST

/* --- the suite ----------------------------------------------------------- */

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("ledger");
    TCase *ledgers = tcase_create("ledgers");

    tcase_add_checked_fixture(ledgers, kernel_setup, kernel_teardown);
    tcase_add_test(ledgers, a_descriptor_left_open_is_told);
    tcase_add_test(ledgers, a_second_close_is_noticed_and_not_made);
    tcase_add_test(ledgers, closing_no_descriptor_at_all_is_noticed);
    tcase_add_test(ledgers, every_way_to_open_is_in_the_ledger);
    tcase_add_test(ledgers, an_accepted_descriptor_is_in_the_ledger);
    tcase_add_test(ledgers, a_disowned_descriptor_is_the_tests_own);
    tcase_add_test(
        ledgers, a_close_behind_our_back_is_noticed_at_the_next_open);
    tcase_add_test(ledgers, memory_not_freed_is_told);
    tcase_add_test(ledgers, resizing_moves_and_keeps_the_count);
    tcase_add_test(ledgers, freeing_what_is_not_ours_is_noticed);
    tcase_add_test(ledgers, a_list_of_hosts_not_freed_is_told);
    tcase_add_test(ledgers, a_fault_that_never_fired_is_told);
    tcase_add_test(ledgers, setup_forgets_what_a_broken_test_left);
    suite_add_tcase(suite, ledgers);
    return suite;
}
