/*
 * target_grammar.c - LISTENERs and command lines of leatd: any words.
 *
 * The first byte says which. A LISTENER that is taken must be one that the
 * library takes too; what is refused is told in one printable line; and nothing
 * stays behind.
 */
#include "fuzz.h"

#include "base/frame.h"
#include "base/queue.h"
#include "leatd/options.h"

#include <errno.h>
#include <string.h>

#include "said.h"
#include "support/kernel.h"

#define WORD_MOST 700u
#define WORDS_MOST 8

/* --- LISTENER ------------------------------------------------------------- */

/* The daemon has looked at all that the library will look at. */
static void
check_taken(const struct listener_spec *spec)
{
    const struct leat_conn_config *conn = &spec->config.conn;
    struct leat_frame_config frame;
    struct leat__limits limits;

    quick_eq(leat__frame_config(&frame, &conn->frame), 0);
    quick_eq(leat__limits_of(
                 &limits, &conn->queue, frame.kind == LEAT_RAW ? 0 : frame.max),
        0);
    quick_assert(spec->name == NULL ||
                 (strlen(spec->name) >= 1 && strlen(spec->name) <= 48));
    quick_assert(spec->config.mode <= 0777);
    quick_assert(conn->idle_us >= 0);
}

/* Two of them, so that names meet. */
static void
try_listeners(struct input *input)
{
    struct listener_spec specs[2];
    struct complaint wrong;
    char word[WORD_MOST];
    size_t count = 0;

    for (int i = 0; i < 2 && input->left > 0; i++) {
        said_nothing(&wrong);
        int error = listener_spec_parse(
            &specs[count], input_text(input, '\n', word, sizeof word), &wrong);
        quick_assert(error == 0 || error == -EINVAL);
        said_why(&wrong, error);
        if (error == 0)
            check_taken(&specs[count++]);
    }
    said_nothing(&wrong);
    int error = listener_spec_name(specs, count, &wrong);
    said_why(&wrong, error);
    for (size_t i = 0; i < count && error == 0; i++)
        quick_assert(specs[i].name != NULL && specs[i].name[0] != '\0');
    if (count == 2 && error == 0)
        quick_assert(strcmp(specs[0].name, specs[1].name) != 0);
    for (size_t i = 0; i < count; i++)
        listener_spec_fini(&specs[i]);
}

/* --- the command line ----------------------------------------------------- */

static void
try_options(struct input *input)
{
    char program[] = "leatd", words[WORDS_MOST][WORD_MOST];
    char *argv[WORDS_MOST + 2] = {program};
    struct options options;
    struct complaint wrong;
    int argc = 1;

    while (input->left > 0 && argc <= WORDS_MOST) {
        argv[argc] = input_text(input, '\n', words[argc - 1], WORD_MOST);
        argc++;
    }
    said_nothing(&wrong);
    int error = options_parse(&options, argc, argv, &wrong);
    quick_assert(error == 0 || error == -EINVAL);
    said_why(&wrong, error);
    if (error != 0)
        return;
    if (!options.help && !options.version)
        quick_assert(options.spec_count >= 1);
    for (size_t i = 0; i < options.spec_count; i++)
        check_taken(&options.specs[i]);
    options_fini(&options);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct input input = {bytes, len};

    kernel_reset();
    if (input_pick(&input, 2) == 0)
        try_listeners(&input);
    else
        try_options(&input);
    const char *leftover = kernel_leftover();
    if (leftover != NULL)
        ck_abort_msg("left behind: %s", leftover);
    return 0;
}
