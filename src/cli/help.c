/*
 * help.c - help in two columns: names, and what they mean.
 *
 * On the path: tables of options, keys, services, commands -> HERE -> text.
 */
#include "help.h"

/* Where names begin, and where what they mean does. The longest name with its
 * value just fits; a longer one has its meaning on the next line. */
#define INDENT 2
#define COLUMN 28

const char help_values[] =
    "\n"
    "T is a time with its unit: 50us 500ms 30s 5m 1h 2d. SIZE is bytes, or\n"
    "with k, m or g (1024 of the one before).\n";

void
help_name(struct text *text, const char *name)
{
    text_column(text, INDENT);
    text_add(text, name);
}

void
help_meaning(struct text *text, const char *meaning)
{
    text_column(text, COLUMN);
    text_add(text, meaning);
    text_add(text, "\n");
}

/* Options without a letter are indented as if they had one, so that the long
 * names stand in one column. */
void
help_option(struct text *text, const struct option_row *row)
{
    char letter[] = "-?, ";

    letter[1] = row->letter;
    help_name(text, row->letter != 0 ? letter : "    ");
    text_add(text, "--");
    text_add(text, row->key.name);
    if (row->key.type != &key_flag) {
        text_add(text, row->preset != NULL ? "[=" : "=");
        key_shape(&row->key, text);
        text_add(text, row->preset != NULL ? "]" : "");
    }
    help_meaning(text, row->key.help);
}
