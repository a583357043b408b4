/*
 * test_leatd_options.c - the command line, its mistakes, and the help that is
 * made of the same table.
 */
#include "leatd/options.h"

#include <errno.h>
#include <string.h>

#include "support/kernel.h"
#include "support/run.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define ARGS_MAX 8

static struct options options;
static struct complaint wrong;

static void
setup(void)
{
    kernel_setup();
    memset(&options, 0, sizeof options);
    wrong.text[0] = '\0';
}

static void
teardown(void)
{
    options_fini(&options);
    kernel_teardown();
}

/* Words in one string, separated by spaces. */
static int
parse(const char *line)
{
    static char copy[512];
    char *argv[ARGS_MAX + 2] = {copy};
    int argc = 1;

    options_fini(&options);
    strcpy(copy, "leatd");
    strcpy(copy + 6, line);
    for (char *at = strtok(copy + 6, " "); at != NULL; at = strtok(NULL, " "))
        argv[argc++] = at;
    return options_parse(&options, argc, argv, &wrong);
}

START_TEST(options_of_no_words_are_echo_on_7000)
{
    ck_assert_int_eq(parse(""), 0);

    ck_assert(options.is_default);
    ck_assert_uint_eq(options.spec_count, 1);
    ck_assert_str_eq(options.specs[0].service->name, "echo");
    ck_assert_str_eq(options.specs[0].address, "7000");
    ck_assert_str_eq(options.specs[0].name, "echo");
    ck_assert_int_eq(options.drain_us, 5000000);
    ck_assert_int_eq(options.busy_poll_us, 0);
    ck_assert_int_eq(options.ready_fd, -1);
}
END_TEST

START_TEST(options_set_each_field)
{
    ck_assert_int_eq(parse("-v --max-conns=5 --max-memory=2g --drain=1500ms "
                           "--busy-poll=50us --ready-fd=9 --ready-file=r "
                           "echo:0"),
        0);
    ck_assert(options.verbose && !options.quiet && !options.is_default);
    ck_assert_uint_eq(options.max_conns, 5);
    ck_assert_uint_eq(options.max_memory, (size_t)2 << 30);
    ck_assert_int_eq(options.drain_us, 1500000);
    ck_assert_int_eq(options.busy_poll_us, 50);
    ck_assert_int_eq(options.ready_fd, 9);
    ck_assert_str_eq(options.ready_file, "r");

    ck_assert_int_eq(parse("-q --die-with-parent --die-with-stdin "
                           "--lifetime=2h echo:0"),
        0);
    ck_assert(options.quiet && options.die_with_parent);
    ck_assert(options.die_with_stdin);
    ck_assert_int_eq(options.lifetime_us, 7200000000);
}
END_TEST

START_TEST(options_may_follow_a_listener_and_stand_apart_from_their_value)
{
    ck_assert_int_eq(parse("echo:1 --drain 1s discard:2 -q"), 0);

    ck_assert_int_eq(options.drain_us, 1000000);
    ck_assert(options.quiet);
    ck_assert_uint_eq(options.spec_count, 2);
    ck_assert_str_eq(options.specs[1].service->name, "discard");
}
END_TEST

START_TEST(options_exit_when_idle_has_a_value_of_its_own)
{
    ck_assert_int_eq(parse("--exit-when-idle"), 0);
    ck_assert_int_eq(options.idle_us, 10000000);
    ck_assert_int_eq(parse("--exit-when-idle=3s"), 0);
    ck_assert_int_eq(options.idle_us, 3000000);
    ck_assert_int_eq(parse(""), 0);
    ck_assert_int_eq(options.idle_us, 0);
}
END_TEST

START_TEST(options_help_and_version_read_no_listener)
{
    ck_assert_int_eq(parse("-h nonsense"), 0);
    ck_assert(options.help);
    ck_assert_int_eq(parse("--version nonsense"), 0);
    ck_assert(options.version);
    ck_assert_uint_eq(options.spec_count, 0);
}
END_TEST

START_TEST(options_that_are_wrong_name_the_word)
{
    const struct {
        const char *line, *told;
    } rows[] = {
        {"--drian=3s", "unknown option '--drian'; the nearest there is: "
                       "--drain"},
        {"--exitwhenidle", "nearest there is: --exit-when-idle"},
        {"--d", "unknown option '--d'; the nearest there is: --drain"},
        {"-x", "unknown option '-x'"},
        {"-qx", "unknown option '-x'"},
        {"--drain", "no value for option 'drain'"},
        {"--quiet=1", "option 'quiet' takes no value"},
        {"--drain=5", "'5': drain must be a time with its unit"},
        {"--lifetime=0s", "'0s': lifetime must be 1ms or more"},
        {"--busy-poll=2s", "'2s': busy-poll must be 0s to 1s"},
        {"--max-conns=0", "'0': max-conns must be 1 or more"},
        {"--max-memory=1t", "'1t': max-memory must be a size"},
        {"--ready-fd=-1", "'-1': ready-fd must be a number"},
        {"--ready-fd=3000000000", "ready-fd must be a smaller number"},
        {"--ready-fd=2", "standard error carries the log"},
        {"--ready-file=", "'': ready-file must be 1 or more bytes long"},
        {"echo:1 nonsense", "no service in 'nonsense'"},
        {"echo:1,name=a echo:2,name=a", "name 'a' is there twice"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        ck_assert_int_eq(parse(rows[i].line), -EINVAL);
        ck_assert_msg(strstr(wrong.text, rows[i].told) != NULL, "%s: %s",
            rows[i].line, wrong.text);
    }
}
END_TEST

START_TEST(options_without_memory_leave_nothing)
{
    for (unsigned nth = 1; nth <= 3; nth++) {
        fault_once("realloc", nth, ENOMEM);
        ck_assert_int_eq(parse("echo:1 echo:2"), -ENOMEM);
        ck_assert_uint_eq(ledger_blocks(), 0);
    }
    ck_assert_int_eq(parse("echo:1 echo:2"), 0);
}
END_TEST

/* --- help ----------------------------------------------------------------- */

static char help[HELP_SIZE];

static void
write_help(void)
{
    struct text text;

    text_init(&text, help, sizeof help);
    help_write(&text);
    ck_assert(!text.is_cut);
}

static void
assert_in_help(const char *before, const char *name)
{
    char word[64];
    struct text text;

    text_init(&text, word, sizeof word);
    text_add(&text, before);
    text_add(&text, name);
    ck_assert_msg(strstr(help, word) != NULL, "%s is not in the help", word);
}

START_TEST(help_has_every_option_key_and_service)
{
    size_t count;
    const struct option_row *rows = options_rows(&count);
    write_help();

    for (size_t i = 0; i < count; i++)
        assert_in_help(" --", rows[i].key.name);
    const struct key *keys = listener_keys(&count);
    for (size_t i = 0; i < count; i++)
        assert_in_help("\n  ", keys[i].name);
    for (size_t i = 0; i < service_count(); i++)
        assert_in_help("\n  ", service_at(i)->name);
}
END_TEST

START_TEST(help_lines_fit_a_terminal)
{
    write_help();

    for (const char *line = help; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        ck_assert_msg(len <= 80, "%.*s", (int)len, line);
        line += len + 1;
    }
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_options");
    TCase *tcase = tcase_create("options");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, options_of_no_words_are_echo_on_7000);
    tcase_add_test(tcase, options_set_each_field);
    tcase_add_test(
        tcase, options_may_follow_a_listener_and_stand_apart_from_their_value);
    tcase_add_test(tcase, options_exit_when_idle_has_a_value_of_its_own);
    tcase_add_test(tcase, options_help_and_version_read_no_listener);
    tcase_add_test(tcase, options_that_are_wrong_name_the_word);
    tcase_add_test(tcase, options_without_memory_leave_nothing);
    tcase_add_test(tcase, help_has_every_option_key_and_service);
    tcase_add_test(tcase, help_lines_fit_a_terminal);
    suite_add_tcase(suite, tcase);
    return suite;
}
