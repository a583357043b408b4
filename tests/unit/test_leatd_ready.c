/*
 * test_leatd_ready.c - the ready line: its JSON, its descriptor, its file.
 */
#include "leatd/ready.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/kernel.h"
#include "support/run.h"

static struct options options;
static struct server server;
static struct complaint wrong;
static char folder[] = "/tmp/leatd-ready-XXXXXX";
static char path[128];

static void
setup(void)
{
    char *argv[] = {"leatd", "-q", "echo:127.0.0.1:0",
        "discard:127.0.0.1:0,"
        "name=my \"sink\"",
        NULL};

    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/ready", folder);
    kernel_setup();
    ck_assert_int_eq(options_parse(&options, 4, argv, &wrong), 0);
    ck_assert_int_eq(server_open(&server, &options, 100, &wrong), CODE_OK);
}

static void
teardown(void)
{
    server_close(&server);
    options_fini(&options);
    kernel_teardown();
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0); /* nothing else is left in it */
}

static const char *
entry(const struct sockaddr *sockaddr, size_t len)
{
    static char bytes[1024];
    static const struct service service = {.name = "echo"};
    const struct listener_spec spec = {.service = &service, .name = "e\n"};
    struct leat_addr addr = {.len = (socklen_t)len};
    struct text text;

    memcpy(&addr.storage, sockaddr, len);
    text_init(&text, bytes, sizeof bytes);
    ready_entry(&text, &spec, &addr);
    return bytes;
}

static const char *
entry_of(const char *address)
{
    struct leat_addr addrs[LEAT_ADDR_MAX];

    ck_assert_int_eq(leat_addr_parse(addrs, address, LEAT_ADDR_NUMERIC), 1);
    return entry((const struct sockaddr *)&addrs[0].storage, addrs[0].len);
}

#define HEAD "{\"name\":\"e\\u000a\",\"service\":\"echo\",\"family\":"

START_TEST(entry_of_each_family)
{
    ck_assert_str_eq(entry_of("127.0.0.1:7000"),
        HEAD "\"tcp4\",\"address\":\"127.0.0.1\",\"port\":7000}");
    ck_assert_str_eq(entry_of("[::1]:65535"),
        HEAD "\"tcp6\",\"address\":\"::1\",\"port\":65535}");
    ck_assert_str_eq(
        entry_of("unix:/run/x"), HEAD "\"unix\",\"path\":\"/run/x\"}");
}
END_TEST

START_TEST(entry_of_an_odd_path_is_still_json)
{
    ck_assert_str_eq(entry_of("unix:/a \"b\"\\\x01\xff\xc3\xa9"),
        HEAD "\"unix\",\"path\":\"/a \\\"b\\\"\\\\\\u0001\\ufffd\xc3\xa9\"}");
}
END_TEST

START_TEST(entry_of_a_path_that_fills_its_place_ends_there)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    memset(un.sun_path, 'x', sizeof un.sun_path);

    const char *bytes = entry((const struct sockaddr *)&un, sizeof un);

    ck_assert_uint_eq(strspn(strstr(bytes, "xxx"), "x"), sizeof un.sun_path);
}
END_TEST

/* --- where it goes -------------------------------------------------------- */

static void
assert_line(const char *line)
{
    char expected[64];

    snprintf(expected, sizeof expected, "{\"ready\":true,\"pid\":%d,",
        (int)getpid());
    ck_assert_int_eq(strncmp(line, expected, strlen(expected)), 0);
    ck_assert_ptr_nonnull(strstr(line, "\"listeners\":[{\"name\":\"echo\","));
    ck_assert_ptr_nonnull(strstr(line, "},{\"name\":\"my \\\"sink\\\"\","));
    ck_assert_str_eq(strchr(line, ']'), "]}\n");
    for (size_t i = 0; i < 2; i++) {
        struct leat_addr addr;
        ck_assert_int_eq(
            leat_listener_addr(server.ports[i].listener, 0, &addr), 0);
        snprintf(
            expected, sizeof expected, "\"port\":%d}", leat_addr_port(&addr));
        ck_assert_ptr_nonnull(strstr(line, expected));
    }
}

static size_t
read_file(char *bytes, size_t size)
{
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    size_t len = fread(bytes, 1, size - 1, file);
    bytes[len] = '\0';
    fclose(file);
    return len;
}

START_TEST(descriptor_has_the_line_and_an_end)
{
    char bytes[1024] = {0};
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ledger_adopt(ends[1]);
    options.ready_fd = ends[1];

    ck_assert_int_eq(ready_tell(&server, &wrong), 0);

    ck_assert_int_gt(read(ends[0], bytes, sizeof bytes - 1), 0);
    assert_line(bytes);
    ck_assert_int_eq(read(ends[0], bytes, sizeof bytes), 0);
    close(ends[0]);
}
END_TEST

START_TEST(file_appears_as_a_whole)
{
    char bytes[1024];
    options.ready_file = path;

    ck_assert_int_eq(ready_tell(&server, &wrong), 0);

    read_file(bytes, sizeof bytes);
    assert_line(bytes);
    ck_assert_uint_eq(kernel_calls("rename"), 1);
}
END_TEST

START_TEST(file_that_is_there_is_replaced)
{
    char bytes[1024];
    FILE *file = fopen(path, "w");
    fputs("old\n", file);
    fclose(file);
    options.ready_file = path;

    ck_assert_int_eq(ready_tell(&server, &wrong), 0);

    read_file(bytes, sizeof bytes);
    assert_line(bytes);
}
END_TEST

/* In a container the number of a process is often the same each time. */
START_TEST(file_that_one_with_our_number_has_left_half_written_is_no_obstacle)
{
    char beside[160];

    snprintf(beside, sizeof beside, "%s.%d.tmp", path, (int)getpid());
    FILE *file = fopen(beside, "w");
    ck_assert_ptr_nonnull(file);
    fputs("{\"rea", file);
    fclose(file);
    options.ready_file = path;
    ck_assert_int_eq(ready_tell(&server, &wrong), 0);
    ck_assert_int_eq(access(beside, F_OK), -1);
    ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(file_that_cannot_be_written_leaves_nothing)
{
    static const char *const calls[] = {"open", "write", "close", "rename"};
    options.ready_file = path;

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        fault_once(calls[i], 1, ENOSPC);
        ck_assert_int_eq(ready_tell(&server, &wrong), -ENOSPC);
        ck_assert_ptr_nonnull(strstr(wrong.text, path));
        ck_assert_int_eq(access(path, F_OK), -1);
    }
}
END_TEST

START_TEST(nothing_is_written_when_nobody_asked)
{
    ck_assert_int_eq(ready_tell(&server, &wrong), 0);

    ck_assert_uint_eq(kernel_calls("write"), 0);
    ck_assert_uint_eq(kernel_calls("open"), 0);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_ready");
    TCase *tcase = tcase_create("ready");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, entry_of_each_family);
    tcase_add_test(tcase, entry_of_an_odd_path_is_still_json);
    tcase_add_test(tcase, entry_of_a_path_that_fills_its_place_ends_there);
    tcase_add_test(tcase, descriptor_has_the_line_and_an_end);
    tcase_add_test(tcase, file_appears_as_a_whole);
    tcase_add_test(tcase, file_that_is_there_is_replaced);
    tcase_add_test(tcase,
        file_that_one_with_our_number_has_left_half_written_is_no_obstacle);
    tcase_add_test(tcase, file_that_cannot_be_written_leaves_nothing);
    tcase_add_test(tcase, nothing_is_written_when_nobody_asked);
    suite_add_tcase(suite, tcase);
    return suite;
}
