/*
 * target.c - a place to connect to, and what is told when that fails.
 *
 * On the path: a word of the command line -> HERE -> leat_dial.
 */
#include "target.h"

#include <leat/error.h>

#include <errno.h>
#include <string.h>

#include "cli/address.h"

/* Errors of leat_addr_parse whose general words do not fit here. */
static const char *
word_error(int error)
{
    if (error == -ENOENT)
        return "unknown host";
    if (error == -EAGAIN)
        return "the resolver has no answer now";
    if (error == -EIO)
        return "the resolver failed";
    return leat_error_text(error);
}

/* The word itself, as it is what has to be changed; but a number alone is hard
 * to tell from others in a log of several programs. */
static void
set_name(struct target *target, const char *word)
{
    struct text name;

    if (target->count > 0 && strchr(word, ':') == NULL) {
        leat_addr_format(&target->addr[0], target->name);
        return;
    }
    text_init(&name, target->name, sizeof target->name);
    text_escaped(&name, word, strlen(word));
}

/* The name is escaped already, so it is not given as a word. */
static void
complain(
    const struct target *target, const char *words, struct complaint *wrong)
{
    char bytes[LEAT_ADDR_TEXT + 2];
    struct text before;

    text_init(&before, bytes, sizeof bytes);
    text_add(&before, target->name);
    text_add(&before, ": ");
    complaint_say(wrong, before.bytes, NULL, words);
}

void
target_complain(const struct target *target, int error, struct complaint *wrong)
{
    complain(target, leat_error_text(error), wrong);
}

/* Numbers and paths that no server can have are mistakes, as a word that is
 * not of the grammar is; a name that is not known may be known tomorrow. */
enum exit_code
target_find(struct target *target, const char *word, struct complaint *wrong)
{
    int count = leat_addr_parse(target->addr, word, 0);

    target->count = count > 0 ? (size_t)count : 0;
    set_name(target, word);
    if (count == -EINVAL) {
        address_complain(word, wrong);
        return CODE_USAGE;
    }
    if (count == -ENAMETOOLONG) {
        complaint_say(wrong, "wrong address", word, ": the path is too long");
        return CODE_USAGE;
    }
    if (count < 0) {
        complain(target, word_error(count), wrong);
        return CODE_FAILED;
    }
    if (leat_addr_port(&target->addr[0]) != 0)
        return CODE_OK;
    complaint_say(
        wrong, "wrong address", word, ": nobody can be reached on port 0");
    return CODE_USAGE;
}
