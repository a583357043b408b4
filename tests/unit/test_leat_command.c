/*
 * test_leat_command.c - the words of a command line, and where they go; the
 * help that is made of the same tables; places to connect to.
 */
#include "leat/command.h"

#include <errno.h>
#include <string.h>

#include "leat/target.h"
#include "support/kernel.h"
#include "support/run.h"

#define ARGS_MAX 12

static struct options options;
static struct complaint wrong;
static struct target target;

static void
setup(void)
{
    kernel_setup();
    memset(&options, 0, sizeof options);
    wrong.text[0] = '\0';
}

/* The command and its words in one string, separated by spaces. */
static int
read_words(const char *line)
{
    static char copy[256];
    static char *argv[ARGS_MAX + 1];
    int argc = 0;

    strcpy(copy, line);
    for (char *at = strtok(copy, " "); at != NULL; at = strtok(NULL, " "))
        argv[argc++] = at;
    const struct command *command = command_find(argv[0], &wrong);
    ck_assert_ptr_nonnull(command);
    return command_read(command, &options, argc, argv, &wrong);
}

START_TEST(commands_are_found_by_name)
{
    ck_assert_ptr_eq(command_find("ask", &wrong), &command_ask);
    ck_assert_ptr_eq(command_find("talk", &wrong), &command_talk);
    ck_assert_ptr_eq(command_find("wait", &wrong), &command_wait);
    ck_assert_ptr_eq(command_find("bench", &wrong), &command_bench);
    ck_assert_str_eq(wrong.text, "");
    ck_assert_ptr_null(command_find("aks", &wrong));
    ck_assert_str_eq(
        wrong.text, "unknown command 'aks'; the nearest there is: ask");
}
END_TEST

START_TEST(ask_options_fill_their_fields)
{
    ck_assert_int_eq(
        read_words("ask 7000 --exactly=16 hello --timeout=1500ms"), 0);
    ck_assert_uint_eq(options.exactly, 16);
    ck_assert_int_eq(options.timeout_us, 1500000);
    ck_assert(!options.until_eof && !options.help);
    ck_assert_uint_eq(options.word_count, 2);
    ck_assert_str_eq(options.words[0], "7000");
    ck_assert_str_eq(options.words[1], "hello");
}
END_TEST

START_TEST(ask_until_eof_is_a_flag_and_a_dash_is_a_word)
{
    ck_assert_int_eq(read_words("ask --until-eof 7000 -"), 0);
    ck_assert(options.until_eof);
    ck_assert_str_eq(options.words[1], "-");
    ck_assert_int_eq(read_words("ask 7000 -- --until-eof"), 0);
    ck_assert_str_eq(options.words[1], "--until-eof");
}
END_TEST

START_TEST(bench_letters_take_values)
{
    ck_assert_int_eq(read_words("bench -c 100 -s4k 7000 -d 2s --json"), 0);
    ck_assert_uint_eq(options.clients, 100);
    ck_assert_uint_eq(options.size, 4096);
    ck_assert_int_eq(options.time_us, 2000000);
    ck_assert(options.json);
    ck_assert_int_eq(
        read_words("bench --clients=3 --size=1 --time=1m 7000"), 0);
    ck_assert_uint_eq(options.clients, 3);
    ck_assert_uint_eq(options.size, 1);
    ck_assert_int_eq(options.time_us, 60000000);
}
END_TEST

START_TEST(talk_and_wait_options_fill_their_fields)
{
    ck_assert_int_eq(read_words("talk --classic 7000"), 0);
    ck_assert(options.classic);
    ck_assert_int_eq(read_words("wait a:1 b:2 -v c:3 --timeout 1s"), 0);
    ck_assert(options.verbose);
    ck_assert_int_eq(options.timeout_us, 1000000);
    ck_assert_uint_eq(options.word_count, 3);
    ck_assert_str_eq(options.words[2], "c:3");
}
END_TEST

START_TEST(words_are_counted)
{
    ck_assert_int_eq(read_words("ask 7000"), -EINVAL);
    ck_assert_str_eq(
        wrong.text, "too few words; it is: leat ask ADDRESS MESSAGE");
    ck_assert_int_eq(read_words("talk 7000 7001"), -EINVAL);
    ck_assert_str_eq(wrong.text,
        "one word too many: '7001'; a text with spaces needs quotes");
    ck_assert_int_eq(read_words("wait"), -EINVAL);
}
END_TEST

START_TEST(help_counts_no_words)
{
    ck_assert_int_eq(read_words("ask --help"), 0);
    ck_assert(options.help);
    ck_assert_int_eq(read_words("talk -h a b c"), 0);
}
END_TEST

START_TEST(letter_that_is_unknown_names_the_help)
{
    ck_assert_int_eq(read_words("bench -x 7000"), -EINVAL);
    ck_assert_str_eq(wrong.text,
        "unknown option '-x'; see leat bench --help for those there are");
    ck_assert_int_eq(read_words("bench 7000 -c"), -EINVAL);
    ck_assert_str_eq(wrong.text, "no value for option 'clients'");
}
END_TEST

/* Each command is one row, and nothing in it is left out. */
START_TEST(every_row_is_complete)
{
    ck_assert_uint_ge(command_count(), 4);
    for (size_t i = 0; i < command_count(); i++) {
        const struct command *command = command_at(i);
        ck_assert_ptr_nonnull(command->purpose);
        ck_assert_ptr_nonnull(command->run);
        ck_assert_uint_ge(command->words_max, command->words_min);
        ck_assert_int_eq(command->more[strlen(command->more) - 1], '\n');
        ck_assert_uint_le(command->row_count, OPTION_ROWS);
        const struct option_row *last = &command->rows[command->row_count - 1];
        ck_assert_str_eq(last->key.name, "help");
    }
}
END_TEST

START_TEST(help_of_all_fits_its_buffer)
{
    char bytes[HELP_SIZE];
    struct text text;

    text_init(&text, bytes, sizeof bytes);
    help_all(&text);
    ck_assert(!text.is_cut);
    for (size_t i = 0; i < command_count(); i++) {
        text_init(&text, bytes, sizeof bytes);
        help_command(&text, command_at(i));
        ck_assert(!text.is_cut);
        ck_assert_ptr_nonnull(strstr(bytes, "--help"));
    }
}
END_TEST

/* --- places to connect to ------------------------------------------------- */

START_TEST(target_of_a_bare_port_is_named_by_its_first_address)
{
    ck_assert_int_eq(target_find(&target, "7000", &wrong), CODE_OK);
    ck_assert_uint_eq(target.count, 2);
    ck_assert_str_eq(target.name, "127.0.0.1:7000");
    target_complain(&target, -ECONNREFUSED, &wrong);
    ck_assert_str_eq(wrong.text, "127.0.0.1:7000: connection refused");
}
END_TEST

START_TEST(target_is_named_as_it_was_asked_for)
{
    ck_assert_int_eq(target_find(&target, "::1:7000", &wrong), CODE_OK);
    ck_assert_str_eq(target.name, "::1:7000");
    ck_assert_int_eq(target_find(&target, "unix:/a\nb", &wrong), CODE_OK);
    ck_assert_str_eq(target.name, "unix:/a\\x0ab");
}
END_TEST

START_TEST(target_that_cannot_be_is_a_wrong_word)
{
    char path[300] = "unix:/";

    ck_assert_int_eq(target_find(&target, "nonsense", &wrong), CODE_USAGE);
    ck_assert_str_eq(wrong.text,
        "wrong address 'nonsense'; it is PORT, any:PORT, HOST:PORT, "
        "[V6]:PORT or unix:PATH");
    ck_assert_int_eq(target_find(&target, "any:0", &wrong), CODE_USAGE);
    ck_assert_str_eq(
        wrong.text, "wrong address 'any:0': nobody can be reached on port 0");
    memset(path + 6, 'x', 200);
    ck_assert_int_eq(target_find(&target, path, &wrong), CODE_USAGE);
    ck_assert_ptr_nonnull(strstr(wrong.text, ": the path is too long"));
}
END_TEST

START_TEST(target_that_the_resolver_does_not_know_is_a_failure)
{
    static const struct {
        int error;
        const char *words;
    } answers[] = {{EAI_NONAME, "a.example:7: unknown host"},
        {EAI_AGAIN, "a.example:7: the resolver has no answer now"},
        {EAI_FAIL, "a.example:7: the resolver failed"},
        {EAI_MEMORY, "a.example:7: out of memory"}};

    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        fault_once("getaddrinfo", 1, answers[i].error);
        ck_assert_int_eq(
            target_find(&target, "a.example:7", &wrong), CODE_FAILED);
        ck_assert_str_eq(wrong.text, answers[i].words);
    }
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leat_command");
    TCase *tcase = tcase_create("command");

    tcase_add_checked_fixture(tcase, setup, kernel_teardown);
    tcase_add_test(tcase, commands_are_found_by_name);
    tcase_add_test(tcase, ask_options_fill_their_fields);
    tcase_add_test(tcase, ask_until_eof_is_a_flag_and_a_dash_is_a_word);
    tcase_add_test(tcase, bench_letters_take_values);
    tcase_add_test(tcase, talk_and_wait_options_fill_their_fields);
    tcase_add_test(tcase, words_are_counted);
    tcase_add_test(tcase, help_counts_no_words);
    tcase_add_test(tcase, letter_that_is_unknown_names_the_help);
    tcase_add_test(tcase, every_row_is_complete);
    tcase_add_test(tcase, help_of_all_fits_its_buffer);
    tcase_add_test(tcase, target_of_a_bare_port_is_named_by_its_first_address);
    tcase_add_test(tcase, target_is_named_as_it_was_asked_for);
    tcase_add_test(tcase, target_that_cannot_be_is_a_wrong_word);
    tcase_add_test(tcase, target_that_the_resolver_does_not_know_is_a_failure);
    suite_add_tcase(suite, tcase);
    return suite;
}
