/*
 * test_leat_passwd.c - leat passwd: what it makes of a login file, and that
 * the file is the old one or the new one whatever fails.
 */
#include "leat/command.h"

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/logins.h"
#include "support/kernel.h"
#include "support/run.h"

#define OLD "$1$saltsalt$1234567890123456789012"

static char folder[] = "/tmp/leat-passwd-XXXXXX";
static char path[64];
static struct complaint wrong;
static char content[4096];

static void
setup(void)
{
    kernel_setup();
    strcpy(folder + sizeof folder - 7, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/logins", folder);
}

static void
teardown(void)
{
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0); /* nothing else was left there */
    kernel_teardown();
}

static void
write_file(const char *text)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static const char *
read_file(void)
{
    FILE *file = fopen(path, "r");

    ck_assert_ptr_nonnull(file);
    content[fread(content, 1, sizeof content - 1, file)] = '\0';
    fclose(file);
    return content;
}

/* leat passwd with a standard input of its own. */
static enum exit_code
passwd(const char *name, const char *given, size_t len)
{
    struct options options = {.cost = 1};
    char copy[64], *const words[] = {path, copy};
    int ends[2], saved = fcntl(0, F_DUPFD, 10);

    snprintf(copy, sizeof copy, "%s", name);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], given, len), (ssize_t)len);
    close(ends[1]);
    ck_assert_int_eq(dup2(ends[0], 0), 0);
    close(ends[0]);
    options.words = words;
    options.word_count = 2;
    enum exit_code code = command_passwd.run(&options, &wrong);
    ck_assert_int_eq(dup2(saved, 0), 0);
    close(saved);
    return code;
}

static enum exit_code
set(const char *name, const char *given)
{
    return passwd(name, given, strlen(given));
}

/* Whether the hash of an entry is that of a password. */
static void
assert_password(const char *name, const char *password)
{
    static struct crypt_data data;
    char key[64], hash[256];

    snprintf(key, sizeof key, "%s:", name);
    const char *at = strstr(read_file(), key);
    ck_assert_ptr_nonnull(at);
    at += strlen(key);
    size_t len = strcspn(at, "\n");
    memcpy(hash, at, len);
    hash[len] = '\0';
    ck_assert_int_eq(strncmp(hash, "$y$", 3), 0);
    ck_assert_str_eq(crypt_r(password, hash, &data), hash);
}

START_TEST(a_file_is_made_for_its_owner_alone)
{
    struct stat st;

    ck_assert_int_eq(set("anna", "two words\r\n"), CODE_OK);
    assert_password("anna", "two words");
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(other_lines_and_comments_stay)
{
    write_file("# first\nbob:" OLD "\n\nanna:" OLD "\n# last");
    ck_assert_int_eq(chmod(path, 0644), 0);
    ck_assert_int_eq(set("anna", "new"), CODE_OK);
    const char *text = read_file();
    static const char head[] = "# first\nbob:" OLD "\n\nanna:$y$";
    ck_assert_int_eq(strncmp(text, head, sizeof head - 1), 0);
    ck_assert_str_eq(strstr(text, "\n# "), "\n# last");
    assert_password("anna", "new");

    ck_assert_int_eq(set("zoe", "other\n"), CODE_OK);
    ck_assert_ptr_nonnull(strstr(read_file(), "\n# last\nzoe:$y$"));
    assert_password("zoe", "other");
    struct stat st;
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(the_first_line_can_be_replaced)
{
    write_file("anna:" OLD "\nbob:" OLD);
    ck_assert_int_eq(set("anna", "new\nnext line\n"), CODE_OK);
    assert_password("anna", "new");
    ck_assert_ptr_nonnull(strstr(read_file(), "\nbob:" OLD));
    ck_assert_int_eq(strncmp(content, "anna:$y$", 8), 0);
}
END_TEST

START_TEST(a_password_that_no_hub_could_be_told_is_refused)
{
    static char longest[LOGINS_PASSWORD + 2];
    memset(longest, 'x', sizeof longest - 1);

    ck_assert_int_eq(set("anna", ""), CODE_FAILED);
    ck_assert_str_eq(wrong.text, "the password is empty");
    ck_assert_int_eq(set("anna", "\r\n"), CODE_FAILED);
    ck_assert_str_eq(wrong.text, "the password is empty");
    ck_assert_int_eq(set("anna", " x"), CODE_FAILED);
    ck_assert_str_eq(wrong.text, "the password begins with a blank");
    ck_assert_int_eq(passwd("anna", "a\0b\n", 4), CODE_FAILED);
    ck_assert_str_eq(wrong.text, "the password has a zero byte");
    ck_assert_int_eq(set("anna", longest), CODE_FAILED);
    ck_assert_str_eq(wrong.text, "the password has more than 511 bytes");
    ck_assert_int_eq(access(path, F_OK), -1);
    ck_assert_int_eq(set("anna", longest + 1), CODE_OK);
    assert_password("anna", longest + 1);
}
END_TEST

START_TEST(a_name_must_be_one_of_the_hub)
{
    ck_assert_int_eq(set("an:na", "x"), CODE_USAGE);
    ck_assert_int_eq(set("", "x"), CODE_USAGE);
    ck_assert_int_eq(set("a2345678901234567890123456789012", "x"), CODE_OK);
    ck_assert_int_eq(set("a23456789012345678901234567890123", "x"), CODE_USAGE);
}
END_TEST

START_TEST(a_file_with_a_mistake_is_left_alone)
{
    write_file("anna:" OLD "\nbob\n");
    ck_assert_int_eq(set("anna", "x"), CODE_FAILED);
    ck_assert_ptr_nonnull(strstr(wrong.text, "line 2: no colon"));
    ck_assert_str_eq(read_file(), "anna:" OLD "\nbob\n");
}
END_TEST

START_TEST(what_is_no_plain_file_is_left_alone)
{
    char other[80];

    snprintf(other, sizeof other, "%s/other", folder);
    ck_assert_int_eq(symlink(other, path), 0);
    ck_assert_int_eq(set("anna", "x"), CODE_FAILED);
    ck_assert_ptr_nonnull(strstr(wrong.text, "not a plain file:"));
    ck_assert_int_eq(access(other, F_OK), -1);
}
END_TEST

/* --- the nth call of a kind fails, for each n until none does --------------
 */

static const struct {
    const char *call;
    int error; /* 0: cut to one byte, which is no failure */
} site[] = {{"realloc", ENOMEM}, {"open", EMFILE}, {"read", EIO},
    {"read", EAGAIN}, {"write", ENOSPC}, {"write", 0}, {"close", EIO},
    {"rename", EXDEV}, {"lstat", EACCES}, {"getentropy", ENOSYS}};

START_TEST(whatever_fails_the_file_is_the_old_or_the_new_one)
{
    static const char before[] = "# first\nanna:" OLD "\nbob:" OLD "\n";

    for (unsigned nth = 1;; nth++) {
        write_file(before);
        int fault = site[_i].error == 0
                        ? fault_short(site[_i].call, nth, 1)
                        : fault_once(site[_i].call, nth, site[_i].error);
        enum exit_code code = set("anna", "x\n");
        bool has_fired = fault_fired(fault) > 0;
        fault_release(fault);
        if (code == CODE_OK) {
            assert_password("anna", "x");
            ck_assert_ptr_nonnull(strstr(content, "\nbob:" OLD "\n"));
        } else {
            ck_assert_str_eq(read_file(), before);
            ck_assert_uint_gt(strlen(wrong.text), 0);
        }
        if (!has_fired)
            break;
        ck_assert_uint_lt(nth, 100);
    }
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leat_passwd");
    TCase *tcase = tcase_create("passwd");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_file_is_made_for_its_owner_alone);
    tcase_add_test(tcase, other_lines_and_comments_stay);
    tcase_add_test(tcase, the_first_line_can_be_replaced);
    tcase_add_test(tcase, a_password_that_no_hub_could_be_told_is_refused);
    tcase_add_test(tcase, a_name_must_be_one_of_the_hub);
    tcase_add_test(tcase, a_file_with_a_mistake_is_left_alone);
    tcase_add_test(tcase, what_is_no_plain_file_is_left_alone);
    tcase_add_loop_test(tcase,
        whatever_fails_the_file_is_the_old_or_the_new_one, 0,
        (int)(sizeof site / sizeof site[0]));
    suite_add_tcase(suite, tcase);
    return suite;
}
