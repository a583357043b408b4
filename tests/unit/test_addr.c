/*
 * test_addr.c - the grammar of addresses, read and written.
 */
#include <leat/addr.h>

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "kernel.h"
#include "run.h"

static struct leat_addr addr[LEAT_ADDR_MAX];
static char text[LEAT_ADDR_TEXT];

static int
parse(const char *from)
{
    return leat_addr_parse(addr, from, LEAT_ADDR_NUMERIC);
}

static const char *
written(size_t i)
{
    return leat_addr_format(&addr[i], text);
}

/* --- read ----------------------------------------------------------------- */

START_TEST(bare_port_is_both_loopbacks)
{
    ck_assert_int_eq(parse("7000"), 2);
    ck_assert_str_eq(written(0), "127.0.0.1:7000");
    ck_assert_str_eq(written(1), "[::1]:7000");
    ck_assert_int_eq(leat_addr_port(&addr[0]), 7000);
    ck_assert_int_eq(leat_addr_port(&addr[1]), 7000);
}
END_TEST

static const char *const any[] = {"any:0", "*:0"};

START_TEST(any_is_every_address_of_both_families)
{
    ck_assert_int_eq(parse(any[_i]), 2);
    ck_assert_str_eq(written(0), "0.0.0.0:0");
    ck_assert_str_eq(written(1), "[::]:0");
}
END_TEST

static const struct {
    const char *from, *to;
} one[] = {
    {"127.0.0.1:7000", "127.0.0.1:7000"},
    {"10.1.2.3:65535", "10.1.2.3:65535"},
    {"[::1]:7000", "[::1]:7000"},
    {"::1:7000", "[::1]:7000"},
    {"[2001:db8::2]:0", "[2001:db8::2]:0"},
    {"[::ffff:10.0.0.1]:9", "10.0.0.1:9"},
    {"[::]:00080", "[::]:80"},
    {"unix:/run/x.sock", "unix:/run/x.sock"},
    {"unix:relative", "unix:relative"},
    {"unix:/with:colon", "unix:/with:colon"},
    {"unix:/a b", "unix:/a\\x20b"},
    {"unix:/a\n\xff", "unix:/a\\x0A\\xFF"},
};

START_TEST(one_address_reads_and_writes)
{
    ck_assert_int_eq(parse(one[_i].from), 1);
    ck_assert_str_eq(written(0), one[_i].to);
}
END_TEST

static const char *const bad[] = {"", ":", ":7000", "x:", "7000x", "65536",
    "-1", "+1", " 7000", "127.0.0.1:65536", "127.0.0.1:", "127.0.0.1:7x",
    "[::1]", "[::1]7000", "[::1:7000", "::1]:7000", "[]:7000", "[any]:7000",
    "[127.0.0.1]:7000", "[::1]x:7000", "[[::1]]:7000", "udp:7000", "fd:3",
    "udp:127.0.0.1:7", "nothing:special:7000", ":::::7", "localhost:1",
    "000001", "unix:"};

START_TEST(what_is_not_of_the_grammar_is_einval)
{
    ck_assert_int_eq(parse(bad[_i]), -EINVAL);
}
END_TEST

START_TEST(mistakes_are_never_asked_of_the_resolver)
{
    fault_sticky("getaddrinfo", 1, EAI_AGAIN);
    ck_assert_int_eq(leat_addr_parse(addr, "udp:7000", 0), -EINVAL);
    ck_assert_int_eq(leat_addr_parse(addr, "fd:7000", 0), -EINVAL);
    ck_assert_int_eq(leat_addr_parse(addr, ":7000", 0), -EINVAL);
    ck_assert_int_eq(leat_addr_parse(addr, "[any]:7000", 0), -EINVAL);
    ck_assert_uint_eq(kernel_calls("getaddrinfo"), 0);
    fault_clear();
    /* With a colon it is an IPv6 address or nothing: no name is looked up. */
    ck_assert_int_eq(leat_addr_parse(addr, "no:such:host:7000", 0), -EINVAL);
}
END_TEST

START_TEST(host_too_long_is_einval)
{
    char long_host[400];
    memset(long_host, 'a', sizeof long_host);
    strcpy(long_host + 300, ":7000");
    ck_assert_int_eq(leat_addr_parse(addr, long_host, 0), -EINVAL);
}
END_TEST

START_TEST(unix_path_may_fill_the_address)
{
    char path[160] = "unix:/";
    size_t most = sizeof((struct sockaddr_un *)0)->sun_path - 1;
    memset(path + 6, 'p', sizeof path - 6);
    path[5 + most] = '\0';
    ck_assert_int_eq(parse(path), 1);
    ck_assert_str_eq(written(0), path);
    ck_assert_int_eq(leat_addr_port(&addr[0]), -1);
    path[5 + most] = 'p';
    path[6 + most] = '\0';
    ck_assert_int_eq(parse(path), -ENAMETOOLONG);
}
END_TEST

/* --- the resolver --------------------------------------------------------- */

static const struct {
    int eai, error;
} resolver[] = {
    {EAI_NONAME, ENOENT},
    {EAI_AGAIN, EAGAIN},
    {EAI_MEMORY, ENOMEM},
    {EAI_FAIL, EIO},
    {EAI_SYSTEM, EIO},
};

START_TEST(resolver_failures_have_names)
{
    fault_once("getaddrinfo", 1, resolver[_i].eai);
    ck_assert_int_eq(
        leat_addr_parse(addr, "host.invalid:7000", 0), -resolver[_i].error);
}
END_TEST

static struct addrinfo canned[20];
static struct sockaddr_in canned_in[20];
static struct leat_sys table;

static int
canned_hosts(const char *host, const char *port, const struct addrinfo *hints,
    struct addrinfo **list)
{
    (void)host, (void)port, (void)hints;
    *list = canned;
    return 0;
}

static void
canned_free(struct addrinfo *list)
{
    (void)list;
}

/* A list of n addresses, the ones from twice on being the first again. */
static void
can(int n, int twice, int family)
{
    table = *kernel_real();
    table.getaddrinfo = canned_hosts;
    table.freeaddrinfo = canned_free;
    kernel_use(&table);
    for (int i = 0; i < n; i++) {
        canned_in[i] = (struct sockaddr_in){.sin_family = (sa_family_t)family,
            .sin_port = htons(7),
            .sin_addr.s_addr = htonl(i < twice ? (uint32_t)i + 1 : 1)};
        canned[i] = (struct addrinfo){.ai_family = family,
            .ai_addrlen = sizeof canned_in[i],
            .ai_addr = (struct sockaddr *)&canned_in[i],
            .ai_next = i + 1 < n ? &canned[i + 1] : NULL};
    }
}

START_TEST(all_addresses_of_a_name_are_found_each_once)
{
    can(6, 3, AF_INET);
    ck_assert_int_eq(leat_addr_parse(addr, "name:7", 0), 3);
    ck_assert_str_eq(written(2), "0.0.0.3:7");
}
END_TEST

START_TEST(no_more_than_sixteen_addresses_are_taken)
{
    can(20, 20, AF_INET);
    ck_assert_int_eq(leat_addr_parse(addr, "name:7", 0), LEAT_ADDR_MAX);
}
END_TEST

START_TEST(name_without_an_ip_address_is_enoent)
{
    can(2, 2, AF_UNIX);
    ck_assert_int_eq(leat_addr_parse(addr, "name:7", 0), -ENOENT);
}
END_TEST

START_TEST(localhost_is_known)
{
    ck_assert_int_ge(leat_addr_parse(addr, "localhost:7", 0), 1);
    ck_assert_int_eq(leat_addr_port(&addr[0]), 7);
}
END_TEST

/* --- written -------------------------------------------------------------- */

START_TEST(unnamed_unix_peer_is_written_without_a_path)
{
    struct leat_addr unnamed = {.len = sizeof(sa_family_t)};
    unnamed.storage.ss_family = AF_UNIX;
    ck_assert_str_eq(leat_addr_format(&unnamed, text), "unix:");
    unnamed.len = 0; /* of no family at all */
    unnamed.storage.ss_family = 0;
    ck_assert_str_eq(leat_addr_format(&unnamed, text), "unix:");
}
END_TEST

START_TEST(abstract_name_is_written_with_an_at)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct leat_addr abstract = {.len = offsetof(struct sockaddr_un, sun_path)};
    memcpy(un.sun_path, "\0name", 5);
    memcpy(&abstract.storage, &un, sizeof un);
    abstract.len += 5;
    ck_assert_str_eq(leat_addr_format(&abstract, text), "unix:@name");
}
END_TEST

START_TEST(path_of_nothing_printable_is_cut)
{
    char path[160] = "unix:";
    memset(path + 5, '\x01', 100);
    ck_assert_int_eq(parse(path), 1);
    ck_assert_uint_lt(strlen(written(0)), LEAT_ADDR_TEXT);
    ck_assert_int_eq(strncmp(text, "unix:\\x01\\x01", 13), 0);
}
END_TEST

START_TEST(scope_of_a_link_local_address_is_written)
{
    ck_assert_int_eq(parse("[fe80::1%1]:7000"), 1);
    ck_assert_str_eq(written(0), "[fe80::1%1]:7000");
}
END_TEST

#define COUNT(list) ((int)(sizeof(list) / sizeof(list)[0]))

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("addr");
    TCase *tcase = tcase_create("addr");
    tcase_add_checked_fixture(tcase, kernel_setup, kernel_teardown);
    tcase_add_test(tcase, bare_port_is_both_loopbacks);
    tcase_add_loop_test(
        tcase, any_is_every_address_of_both_families, 0, COUNT(any));
    tcase_add_loop_test(tcase, one_address_reads_and_writes, 0, COUNT(one));
    tcase_add_loop_test(
        tcase, what_is_not_of_the_grammar_is_einval, 0, COUNT(bad));
    tcase_add_test(tcase, mistakes_are_never_asked_of_the_resolver);
    tcase_add_test(tcase, host_too_long_is_einval);
    tcase_add_test(tcase, unix_path_may_fill_the_address);
    tcase_add_loop_test(
        tcase, resolver_failures_have_names, 0, COUNT(resolver));
    tcase_add_test(tcase, all_addresses_of_a_name_are_found_each_once);
    tcase_add_test(tcase, no_more_than_sixteen_addresses_are_taken);
    tcase_add_test(tcase, name_without_an_ip_address_is_enoent);
    tcase_add_test(tcase, localhost_is_known);
    tcase_add_test(tcase, unnamed_unix_peer_is_written_without_a_path);
    tcase_add_test(tcase, abstract_name_is_written_with_an_at);
    tcase_add_test(tcase, path_of_nothing_printable_is_cut);
    tcase_add_test(tcase, scope_of_a_link_local_address_is_written);
    suite_add_tcase(suite, tcase);
    return suite;
}
