/*
 * target_tool.c - the command lines of leat, and the places it is told to go
 * to; no resolver is asked.
 *
 * Words ended by line feeds: the command, then its options and words. What is
 * refused is told in one printable line, and nothing stays behind.
 */
#include "fuzz.h"

#include "command.h"
#include "target.h"

#include <errno.h>
#include <string.h>

#include "said.h"
#include "support/kernel.h"

#define WORD_MOST 400u
#define WORDS_MOST 8

/* Names are not known here; numbers are. */
static int
numeric(const char *host, const char *port, const struct addrinfo *hints,
    struct addrinfo **list)
{
    struct addrinfo only = *hints;

    only.ai_flags |= AI_NUMERICHOST;
    return kernel_real()->getaddrinfo(host, port, &only, list);
}

static void
try_target(const char *word)
{
    struct target target;
    struct complaint wrong;

    said_nothing(&wrong);
    enum exit_code code = target_find(&target, word, &wrong);
    quick_assert(code == CODE_OK || code == CODE_USAGE || code == CODE_FAILED);
    said_why(&wrong, code == CODE_OK ? 0 : -EINVAL);
    quick_assert(strnlen(target.name, sizeof target.name) < sizeof target.name);
    if (code != CODE_OK)
        return;
    quick_assert(target.count >= 1 && target.count <= LEAT_ADDR_MAX);
    said_plainly(target.name, sizeof target.name);
    target_complain(&target, -ECONNREFUSED, &wrong);
    said_why(&wrong, -EINVAL);
}

static void
try_command(int argc, char **argv)
{
    struct options options = {0};
    struct complaint wrong;

    said_nothing(&wrong);
    const struct command *command = command_find(argv[0], &wrong);
    said_why(&wrong, command == NULL ? -EINVAL : 0);
    if (command == NULL)
        return;
    int error = command_read(command, &options, argc, argv, &wrong);
    quick_assert(error == 0 || error == -EINVAL);
    said_why(&wrong, error);
    if (error != 0 || options.help)
        return;
    quick_assert(options.word_count >= command->words_min);
    quick_assert(options.word_count <= command->words_max);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct leat_sys table;
    char words[WORDS_MOST][WORD_MOST];
    char *argv[WORDS_MOST + 1] = {NULL};
    struct input input = {bytes, len};
    int argc = 0;

    kernel_reset();
    table = *kernel_real();
    table.getaddrinfo = numeric;
    kernel_use(&table);
    do {
        argv[argc] = input_text(&input, '\n', words[argc], WORD_MOST);
        argc++;
    } while (input.left > 0 && argc < WORDS_MOST);
    for (int i = 0; i < argc; i++)
        try_target(argv[i]);
    try_command(argc, argv);
    const char *leftover = kernel_leftover();
    if (leftover != NULL)
        ck_abort_msg("left behind: %s", leftover);
    return 0;
}
