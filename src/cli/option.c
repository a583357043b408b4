/*
 * option.c - the options of a command: one table that is read and that is the
 * help.
 *
 * On the path: main -> HERE -> the struct that the table fills.
 *
 * The table becomes what getopt_long wants; getopt_long finds the words and
 * key_set reads the values. Its own messages are off: ours name the word and
 * the nearest one there is.
 */
#include "option.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "nearest.h"

/* How getopt_long tells the rows apart: numbers that are no letters. */
#define FIRST_ROW 256

/* --- the table in getopt's words ------------------------------------------ */

/* Each row has one letter at most, which two colons may follow. */
struct words {
    struct option longs[OPTION_ROWS + 1];
    char shorts[3 * OPTION_ROWS + 2];
};

/* The type of the key decides; nothing is said twice in the table. */
static int
has_argument(const struct option_row *row)
{
    if (row->key.type == &key_flag)
        return no_argument;
    return row->preset != NULL ? optional_argument : required_argument;
}

static void
make_words(const struct option_table *table, struct words *words)
{
    static const char *const colons[] = {[no_argument] = "",
        [required_argument] = ":",
        [optional_argument] = "::"};
    struct text shorts;

    /* A leading colon: a missing value is told apart from a wrong option. */
    memset(words, 0, sizeof *words);
    text_init(&shorts, words->shorts, sizeof words->shorts);
    text_add(&shorts, ":");
    for (size_t i = 0; i < table->count; i++) {
        const struct option_row *row = &table->rows[i];
        words->longs[i] = (struct option){.name = row->key.name,
            .has_arg = has_argument(row),
            .val = FIRST_ROW + (int)i};
        if (row->letter == 0)
            continue;
        text_put(&shorts, &row->letter, 1);
        text_add(&shorts, colons[has_argument(row)]);
    }
}

/* The row of what getopt_long found. NULL where it found no option, or a
 * letter that is none. */
static const struct option_row *
find_row(const struct option_table *table, int found)
{
    if (found >= FIRST_ROW)
        return &table->rows[found - FIRST_ROW];
    for (size_t i = 0; i < table->count; i++)
        if (table->rows[i].letter == found)
            return &table->rows[i];
    return NULL;
}

/* --- wrong words ---------------------------------------------------------- */

static void
complain_unknown(
    const struct option_table *table, const char *word, struct complaint *wrong)
{
    char name[64], after[128];
    struct text text;
    struct nearest nearest;

    /* --nmae=value: the name is what is compared and told. */
    size_t len = strcspn(word, "=");
    text_init(&text, name, sizeof name);
    text_put(&text, word, len);

    nearest_init(&nearest, text.bytes + strspn(text.bytes, "-"));
    for (size_t i = 0; i < table->count; i++)
        nearest_offer(&nearest, table->rows[i].key.name);
    text_init(&text, after, sizeof after);
    text_add(&text, "; the nearest there is: --");
    text_add(&text, nearest.best);
    complaint_say(wrong, "unknown option", name, text.bytes);
}

/* A single letter is like any other, so nothing is suggested. */
static void
complain_letter(
    const struct option_table *table, int letter, struct complaint *wrong)
{
    const char word[] = {'-', (char)letter, '\0'};
    char bytes[64];
    struct text after;

    text_init(&after, bytes, sizeof bytes);
    text_add(&after, "; see ");
    text_add(&after, table->command);
    text_add(&after, " --help for those there are");
    complaint_say(wrong, "unknown option", word, after.bytes);
}

/* found is '?' or ':' from getopt_long, which has set optopt and optind. */
static int
refuse(const struct option_table *table, int found, char **argv,
    struct complaint *wrong)
{
    const struct option_row *row = optopt != 0 ? find_row(table, optopt) : NULL;

    if (row != NULL && found == ':')
        complaint_say(wrong, "no value for option", row->key.name, "");
    else if (row != NULL)
        complaint_say(wrong, "option", row->key.name, " takes no value");
    else if (optopt != 0)
        complain_letter(table, optopt, wrong);
    else
        complain_unknown(table, argv[optind - 1], wrong);
    return -EINVAL;
}

/* --- reading -------------------------------------------------------------- */

int
option_read(const struct option_table *table, void *target, int argc,
    char **argv, struct complaint *wrong)
{
    struct words words;
    int found, error = 0;

    assert(table->count > 0 && table->count <= OPTION_ROWS);
    make_words(table, &words);
    optind = 0; /* begin anew: a test reads many command lines */
    opterr = 0;
    while (error == 0 && (found = getopt_long(argc, argv, words.shorts,
                              words.longs, NULL)) != -1) {
        const struct option_row *row = find_row(table, found);
        if (row == NULL) /* '?' or ':', which are no row's letter */
            return refuse(table, found, argv, wrong);
        error = key_set(
            &row->key, target, optarg != NULL ? optarg : row->preset, wrong);
    }
    return error != 0 ? error : optind;
}
