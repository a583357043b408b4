/*
 * test_leatd_helper.c - the process that hashes passwords, run inside the test:
 * all questions are in its socket before it begins.
 */
#include "leatd_helper.h"

#include <crypt.h>
#include <stdio.h>
#include <sys/resource.h>

static int ends[2];
static int blocked, niceness;
static struct crypt_data data;
static char hash[HELPER_HASH];

/* What would stay with the test. */
static int
note_block(int how, const sigset_t *signals, sigset_t *old)
{
    (void)signals, (void)old;
    ck_assert_int_eq(how, SIG_BLOCK);
    blocked++;
    return 0;
}

static int
note_nice(int which, id_t who, int nice)
{
    ck_assert_int_eq(which, PRIO_PROCESS);
    ck_assert_uint_eq(who, 0);
    niceness = nice;
    return 0;
}

static void
setup(void)
{
    kernel_setup();
    helper_table = *kernel_real();
    helper_table.sigprocmask = note_block;
    helper_table.setpriority = note_nice;
    kernel_use(&helper_table);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    strcpy(hash, crypt_r("secret", "$1$saltsalt$", &data));
}

static void
teardown(void)
{
    close(ends[0]);
    close(ends[1]);
    kernel_teardown();
}

static void
put(const void *bytes, size_t len)
{
    ck_assert_int_eq(send(ends[0], bytes, len, 0), (ssize_t)len);
}

static void
ask(uint32_t number, const char *of, const char *password)
{
    unsigned char bytes[HELPER_QUESTION];
    size_t hash_size = strlen(of) + 1, password_len = strlen(password);
    size_t len = 4 + hash_size + password_len;

    bytes[0] = (unsigned char)(len >> 8);
    bytes[1] = (unsigned char)len;
    helper_put32(bytes + 2, number);
    memcpy(bytes + 6, of, hash_size);
    memcpy(bytes + 6 + hash_size, password, password_len);
    put(bytes, len + 2);
}

/* With all that was put, to its end. */
static enum exit_code
run(void)
{
    shutdown(ends[0], SHUT_WR);
    return helper_run(ends[1]);
}

static void
assert_answer(uint32_t number, enum verdict verdict)
{
    unsigned char bytes[HELPER_ANSWER];

    ck_assert_int_eq(recv(ends[0], bytes, sizeof bytes, MSG_DONTWAIT),
        (ssize_t)sizeof bytes);
    ck_assert_uint_eq(helper_get32(bytes), number);
    ck_assert_uint_eq(bytes[4], (unsigned)verdict);
}

static void
assert_no_answer(void)
{
    unsigned char byte;

    ck_assert_int_eq(recv(ends[0], &byte, 1, MSG_DONTWAIT), -1);
}

START_TEST(a_password_is_right_or_wrong)
{
    ask(1, hash, "secret");
    ask(2, hash, "Secret");
    ask(0xfedcba98, hash, "secret2");
    ask(4, hash, "");
    ck_assert_int_eq(run(), CODE_OK);
    assert_answer(1, VERDICT_RIGHT);
    assert_answer(2, VERDICT_WRONG);
    assert_answer(0xfedcba98, VERDICT_WRONG);
    assert_answer(4, VERDICT_WRONG);
    assert_no_answer();
}
END_TEST

START_TEST(a_hash_that_cannot_be_made_is_no_verdict)
{
    ask(1, "*", "secret");
    ask(2, "$9$x$y", "secret");
    ask(3, "", "secret");
    ask(4, hash, "secret");
    ck_assert_int_eq(run(), CODE_OK);
    assert_answer(1, VERDICT_FAILED);
    assert_answer(2, VERDICT_FAILED);
    assert_answer(3, VERDICT_FAILED);
    assert_answer(4, VERDICT_RIGHT);
}
END_TEST

START_TEST(a_hash_that_only_begins_so_is_wrong)
{
    char longer[HELPER_HASH + 2], shorter[HELPER_HASH];

    snprintf(longer, sizeof longer, "%sx", hash);
    snprintf(shorter, sizeof shorter, "%.*s", (int)strlen(hash) - 1, hash);
    ask(1, longer, "secret");
    ask(2, shorter, "secret");
    ck_assert_int_eq(run(), CODE_OK);
    assert_answer(1, VERDICT_WRONG);
    assert_answer(2, VERDICT_WRONG);
}
END_TEST

START_TEST(the_longest_password_fits)
{
    char longest[LOGINS_PASSWORD + 1];

    memset(longest, 'x', LOGINS_PASSWORD);
    longest[LOGINS_PASSWORD] = '\0';
    strcpy(hash, crypt_r(longest, "$1$saltsalt$", &data));
    ask(1, hash, longest);
    longest[LOGINS_PASSWORD - 1] = 'y';
    ask(2, hash, longest);
    ck_assert_int_eq(run(), CODE_OK);
    assert_answer(1, VERDICT_RIGHT);
    assert_answer(2, VERDICT_WRONG);
}
END_TEST

START_TEST(pieces_are_put_together)
{
    fault_short_sticky("read", 1, 1);
    fault_short_sticky("write", 1, 1);
    ask(1, hash, "secret");
    ask(2, hash, "wrong");
    ck_assert_int_eq(run(), CODE_OK);
    assert_answer(1, VERDICT_RIGHT);
    assert_answer(2, VERDICT_WRONG);
}
END_TEST

START_TEST(what_is_no_question_ends_it)
{
    static const unsigned char long_one[2] = {0xff, 0xff},
                               no_hash[7] = {0, 5, 0, 0, 0, 1, 'x'},
                               short_one[4] = {0, 2, 0, 0};
    static const struct {
        const unsigned char *bytes;
        size_t len;
    } wrong[] = {{long_one, 2}, {no_hash, 7}, {short_one, 4}};

    put(wrong[_i].bytes, wrong[_i].len);
    ask(2, hash, "secret");
    ck_assert_int_eq(run(), CODE_FAILED);
    assert_no_answer();
}
END_TEST

START_TEST(a_question_that_is_cut_off_is_its_end)
{
    put("\0\x20"
        "abc",
        5);
    ck_assert_int_eq(run(), CODE_OK);
    assert_no_answer();
}
END_TEST

START_TEST(it_is_nice_and_deaf)
{
    ck_assert_int_eq(run(), CODE_OK);
    ck_assert_int_eq(niceness, 10);
    ck_assert_int_ge(blocked, 4);
}
END_TEST

START_TEST(what_fails_ends_it)
{
    static const struct {
        const char *call;
        int error;
    } site[] = {{"read", EIO}, {"write", EPIPE}, {"realloc", ENOMEM}};

    ask(1, hash, "secret");
    fault_once(site[_i].call, 1, site[_i].error);
    ck_assert_int_eq(run(), CODE_FAILED);
    assert_no_answer();
}
END_TEST

START_TEST(a_nice_that_is_refused_does_not_matter)
{
    ask(1, hash, "secret");
    fault_once("setpriority", 1, EACCES);
    ck_assert_int_eq(run(), CODE_OK);
    assert_answer(1, VERDICT_RIGHT);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_helper");
    TCase *tcase = tcase_create("helper");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_password_is_right_or_wrong);
    tcase_add_test(tcase, a_hash_that_cannot_be_made_is_no_verdict);
    tcase_add_test(tcase, a_hash_that_only_begins_so_is_wrong);
    tcase_add_test(tcase, the_longest_password_fits);
    tcase_add_test(tcase, pieces_are_put_together);
    tcase_add_loop_test(tcase, what_is_no_question_ends_it, 0, 3);
    tcase_add_test(tcase, a_question_that_is_cut_off_is_its_end);
    tcase_add_test(tcase, it_is_nice_and_deaf);
    tcase_add_loop_test(tcase, what_fails_ends_it, 0, 3);
    tcase_add_test(tcase, a_nice_that_is_refused_does_not_matter);
    suite_add_tcase(suite, tcase);
    return suite;
}
