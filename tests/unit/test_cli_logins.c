/*
 * test_cli_logins.c - login files: what is read, and how each mistake is told.
 */
#include "cli/logins.h"

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/mem.h"
#include "support/kernel.h"
#include "support/run.h"

/* A hash of each form that is whole, of no password in particular. */
#define MD5 "$1$saltsalt$1234567890123456789012"
#define T43 "1234567890123456789012345678901234567890123"

static struct logins logins;
static struct complaint wrong;

static int
parse(const char *text, size_t len)
{
    char *bytes = mem_take(len + 1);

    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, text, len);
    return logins_parse(&logins, bytes, len, "FILE", 8, &wrong);
}

static void
assert_wrong(const char *text, const char *told)
{
    ck_assert_int_eq(parse(text, strlen(text)), -EINVAL);
    ck_assert_str_eq(wrong.text, told);
}

static void
assert_hash(const char *name, const char *hash)
{
    const struct login *login = logins_find(&logins, name, strlen(name));

    ck_assert_ptr_nonnull(login);
    ck_assert_str_eq(login->hash, hash);
}

START_TEST(entries_are_found_by_name_in_whatever_order)
{
    static const char text[] = "# who may come\n"
                               "zoe:" MD5 "\n"
                               "\n"
                               " \t\r\n"
                               "anna:$y$j75$saltsalt$" T43 "\r\n"
                               "m.-_1:abcdefghijklm";

    ck_assert_int_eq(parse(text, sizeof text - 1), 0);
    ck_assert_uint_eq(logins.count, 3);
    assert_hash("anna", "$y$j75$saltsalt$" T43);
    assert_hash("zoe", MD5);
    assert_hash("m.-_1", "abcdefghijklm");
    ck_assert_uint_eq(logins_find(&logins, "anna", 4)->line, 5);
    ck_assert_ptr_null(logins_find(&logins, "ann", 3));
    ck_assert_ptr_null(logins_find(&logins, "", 0));
    ck_assert_ptr_null(logins_find(&logins, "anna:", 5));
    logins_free(&logins);
}
END_TEST

START_TEST(a_line_that_is_wrong_is_named)
{
    assert_wrong(
        "a:" MD5 "\nb\n", "login file 'FILE': line 2: no colon after the name");
    assert_wrong(":" MD5,
        "login file 'FILE': line 1: a name is 1-32 letters, digits, _ . and "
        "-");
    assert_wrong("#\n\nan na:" MD5,
        "login file 'FILE': line 3: a name is 1-32 letters, digits, _ . and "
        "-");
    assert_wrong("nine56789:" MD5,
        "login file 'FILE': line 1: a name has at most max-name characters: "
        "8");
    assert_wrong("b:" MD5 "\na:" MD5 "\nb:" MD5 "\n",
        "login file 'FILE': line 3: the name is there already, in line 1");
    assert_wrong("a:\n", "login file 'FILE': line 1: no hash");
    assert_wrong(
        "a:" MD5 ":0\n", "login file 'FILE': line 1: more than NAME:HASH");
}
END_TEST

START_TEST(a_hash_that_could_never_match_is_named)
{
    static const char *const unknown[] = {
        "*", "!", "secret pass", "$9$what$1234567890123456789012", "x"};
    static const char *const cut[] = {"$1$saltsalt$", "$1$saltsalt",
        "$y$j75$saltsalt", "$6$saltsalt$" T43, "$y$j75$saltsalt$" T43 "1",
        "abcdefghijk", "ab$defghijklmnop", "_abcdefghijklm",
        "$1$saltsalt$123456789012345678901~"};
    char text[256];

    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        snprintf(text, sizeof text, "a:%s\n", unknown[i]);
        assert_wrong(
            text, "login file 'FILE': line 1: no hash that crypt(3) knows");
    }
    for (size_t i = 0; i < sizeof cut / sizeof cut[0]; i++) {
        snprintf(text, sizeof text, "a:%s\n", cut[i]);
        assert_wrong(text, "login file 'FILE': line 1: the hash is not whole");
    }
}
END_TEST

/* Of every method that libxcrypt has, at its least cost. */
START_TEST(a_hash_that_was_made_is_whole)
{
    static const struct {
        const char *prefix;
        unsigned long cost;
    } methods[] = {{"$y$", 1}, {"$gy$", 1}, {"$7$", 6}, {"$2b$", 4},
        {"$6$", 1000}, {"$5$", 1000}, {"$sha1", 4}, {"$md5", 0}, {"$1$", 0},
        {"$3$", 0}, {"_", 1}, {"", 0}};
    const char *prefix = methods[_i].prefix;
    static struct crypt_data data;
    char setting[CRYPT_GENSALT_OUTPUT_SIZE], text[512];

    if (crypt_gensalt_rn(prefix, methods[_i].cost, "0123456789abcdef", 16,
            setting, sizeof setting) == NULL)
        return; /* it was built without this one */
    int len = snprintf(
        text, sizeof text, "a:%s\n", crypt_r("secret", setting, &data));
    ck_assert_msg(text[2] != '*', "no hash for %s", setting);
    ck_assert_msg(parse(text, (size_t)len) == 0, "%s: %s", text, wrong.text);
    logins_free(&logins);
}
END_TEST

START_TEST(a_zero_byte_is_named)
{
    static const char text[] = "a:" MD5 "\nb:" MD5 "\0more\n";

    ck_assert_int_eq(parse(text, sizeof text - 1), -EINVAL);
    ck_assert_str_eq(wrong.text, "login file 'FILE': line 2: a zero byte");
}
END_TEST

START_TEST(many_entries_are_in_order)
{
    enum { MANY = 2000 };
    static char text[MANY * 64];
    char name[16];
    size_t len = 0;

    for (int i = 0; i < MANY; i++)
        len += (size_t)sprintf(text + len, "n%d:" MD5 "\n", i * 7919 % MANY);
    ck_assert_int_eq(parse(text, len), 0);
    ck_assert_uint_eq(logins.count, MANY);
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "n%d", i);
        ck_assert_ptr_nonnull(logins_find(&logins, name, strlen(name)));
    }
    logins_free(&logins);
}
END_TEST

/* --- files ---------------------------------------------------------------- */

static char path[] = "/tmp/leat-logins-XXXXXX";

static void
write_file(const char *bytes, size_t len)
{
    strcpy(path + sizeof path - 7, "XXXXXX");
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
    close(fd);
}

START_TEST(a_file_without_entries_is_wrong)
{
    write_file("# nobody yet\n", 13);
    ck_assert_int_eq(logins_read(&logins, path, 32, &wrong), -EINVAL);
    ck_assert_ptr_nonnull(strstr(wrong.text, ": nobody is in it"));
    unlink(path);
    ck_assert_int_eq(logins_read(&logins, path, 32, &wrong), -ENOENT);
    ck_assert_ptr_nonnull(strstr(wrong.text, "cannot read login file '/tmp/"));
}
END_TEST

START_TEST(a_file_that_is_too_long_is_not_read)
{
    static char bytes[LOGINS_FILE + 1];

    memset(bytes, '\n', sizeof bytes);
    write_file(bytes, sizeof bytes);
    ck_assert_int_eq(logins_read(&logins, path, 32, &wrong), -EFBIG);
    ck_assert_ptr_nonnull(strstr(wrong.text, ": longer than 1m"));
    unlink(path);
}
END_TEST

/* A call fails, then the next one, until none does. */
START_TEST(a_file_is_read_as_a_whole_or_not)
{
    static const struct {
        const char *call;
        int error;
    } site[] = {{"open", EACCES}, {"read", EIO}, {"realloc", ENOMEM}};
    const char *call = site[_i].call;
    int failures = 0;

    write_file("anna:" MD5 "\n", strlen("anna:" MD5 "\n"));
    for (unsigned nth = 1;; nth++) {
        int fault = fault_once(call, nth, site[_i].error);
        int error = logins_read(&logins, path, 32, &wrong);
        bool has_fired = fault_fired(fault) > 0;
        fault_release(fault);
        if (!has_fired) {
            ck_assert_int_eq(error, 0);
            break;
        }
        ck_assert_int_eq(error, -site[_i].error);
        failures++;
    }
    assert_hash("anna", MD5);
    logins_free(&logins);
    ck_assert_int_gt(failures, 0);
    unlink(path);
}
END_TEST

START_TEST(a_file_is_read_in_whatever_pieces)
{
    write_file("anna:" MD5 "\n", strlen("anna:" MD5 "\n"));
    int fault = fault_short_sticky("read", 1, 3);
    ck_assert_int_eq(logins_read(&logins, path, 32, &wrong), 0);
    ck_assert_uint_gt(fault_fired(fault), 5);
    assert_hash("anna", MD5);
    logins_free(&logins);
    unlink(path);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("cli_logins");
    TCase *tcase = tcase_create("parse");

    tcase_add_checked_fixture(tcase, kernel_setup, kernel_teardown);
    tcase_add_test(tcase, entries_are_found_by_name_in_whatever_order);
    tcase_add_test(tcase, a_line_that_is_wrong_is_named);
    tcase_add_test(tcase, a_hash_that_could_never_match_is_named);
    tcase_add_loop_test(tcase, a_hash_that_was_made_is_whole, 0, 12);
    tcase_add_test(tcase, a_zero_byte_is_named);
    tcase_add_test(tcase, many_entries_are_in_order);
    tcase_add_test(tcase, a_file_without_entries_is_wrong);
    tcase_add_test(tcase, a_file_that_is_too_long_is_not_read);
    tcase_add_loop_test(tcase, a_file_is_read_as_a_whole_or_not, 0, 3);
    tcase_add_test(tcase, a_file_is_read_in_whatever_pieces);
    suite_add_tcase(suite, tcase);
    return suite;
}
