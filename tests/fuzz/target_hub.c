/*
 * target_hub.c - a hub whose clients say anything, next to its model.
 *
 * Records of a byte, who and what, and a text up to a newline: a line that
 * comes in two pieces, a last line and the end, a reset, a new client. After
 * each of them every client has got what the model says, byte by byte.
 */
#include "fuzz.h"

#include "leatd/server.h"

#include <string.h>

#include "support/fake_parts.h"
#include "support/hub_model.h"
#include "support/kernel.h"

#define CLIENTS 5
#define MAX_LINE 60
#define TEXT_MOST 100
#define OPS_MOST 150

struct world {
    struct options options;
    struct server server;
    struct hub_model model;
    int peer[CLIENTS]; /* -1: not there */
    char got[MODEL_EXPECTED];
};

/* --- the kernel ----------------------------------------------------------- */

static void
begin(struct world *world)
{
    char program[] = "leatd", quiet[] = "--quiet",
         listener[] = "hub:127.0.0.1:7000,max-frame=60";
    char *argv[] = {program, quiet, listener, NULL};
    struct complaint wrong;

    fake_setup();
    kernel_use(&fake_table);
    quick_eq(options_parse(&world->options, 3, argv, &wrong), 0);
    quick_eq(
        server_open(&world->server, &world->options, 100, &wrong), CODE_OK);
    model_init(&world->model, MAX_LINE);
    for (int i = 0; i < CLIENTS; i++)
        world->peer[i] = -1;
}

static void
turns(struct world *world, int count)
{
    for (int i = 0; i < count; i++)
        quick_assert(leat_loop_step(world->server.loop, 0) >= 0);
}

static void
end(struct world *world)
{
    for (int i = 0; i < CLIENTS; i++)
        if (world->peer[i] >= 0)
            fake_close(world->peer[i]);
    turns(world, 3);
    quick_eq(world->server.client_count, 0);
    server_close(&world->server);
    options_fini(&world->options);
    const char *leftover = kernel_leftover();
    if (leftover != NULL)
        ck_abort_msg("left behind: %s", leftover);
}

/* --- what is heard ---------------------------------------------------------
 */

static void
compare(struct world *world, int who)
{
    struct model_client *client = &world->model.client[who];
    size_t len = 0;
    int count;

    while ((count = fake_read(world->peer[who], world->got + len,
                sizeof world->got - len)) > 0)
        len += (size_t)count;
    quick_eq(len, client->expected_len);
    quick_assert(memcmp(world->got, client->expected, len) == 0);
    client->expected_len = 0;
}

static void
compare_all(struct world *world)
{
    for (int i = 0; i < CLIENTS; i++)
        if (world->peer[i] >= 0)
            compare(world, i);
}

/* --- what is done ------------------------------------------------------------
 */

/* The model knows no counters and not the words of the help. */
static bool
is_out_of_model(const char *text)
{
    return strncmp(text, "/help", 5) == 0 || strncmp(text, "/stats", 6) == 0;
}

static void
tell_model(struct world *world, int who, const char *text, size_t len)
{
    /* The mistake: lines of this length are forgotten. */
    if (is_mistaken && len == 17)
        return;
    if (len > 0 && text[len - 1] == '\r')
        len--;
    model_line(&world->model, who, text, len);
}

static void
write_to(struct world *world, int who, const char *text, size_t len)
{
    if (len > 0)
        quick_eq(fake_write(world->peer[who], text, len), (int)len);
    turns(world, 1);
}

static void
say(struct world *world, int who, char *text, size_t cut)
{
    size_t len = strlen(text);

    cut = cut < len ? cut : len;
    if (is_out_of_model(text))
        return;
    tell_model(world, who, text, len);
    text[len] = '\n';
    write_to(world, who, text, cut);
    write_to(world, who, text + cut, len + 1 - cut);
}

static void
enter(struct world *world, int who)
{
    world->peer[who] = fake_connect(fake_listener());
    quick_assert(world->peer[who] >= 0);
    model_enter(&world->model, who);
    turns(world, 2);
}

/* What it has not heard is of no interest any more. */
static void
leave(struct world *world, int who, bool is_reset)
{
    if (is_reset)
        fake_reset(world->peer[who]);
    else
        fake_close(world->peer[who]);
    world->peer[who] = -1;
    model_gone(&world->model, who);
    turns(world, 3);
}

/* A carriage return alone at the end is of the line: no line feed follows. */
static void
say_last(struct world *world, int who, const char *text)
{
    size_t len = strlen(text);
    bool has_return = len > 0 && text[len - 1] == '\r';

    if (!is_out_of_model(text) && !has_return) {
        tell_model(world, who, text, len);
        if (len > 0)
            quick_eq(fake_write(world->peer[who], text, len), (int)len);
    }
    leave(world, who, false);
}

static void
do_one(struct world *world, struct input *input)
{
    char text[TEXT_MOST + 2];
    uint8_t what = input_byte(input);
    int who = what % CLIENTS;
    unsigned op = what / CLIENTS % 16;

    if (world->peer[who] < 0) {
        enter(world, who);
        return;
    }
    if (op == 0) {
        leave(world, who, true);
        return;
    }
    size_t cut = input_byte(input);
    input_text(input, '\n', text, TEXT_MOST + 1);
    if (world->model.client[who].is_ending)
        leave(world, who, cut % 2 == 0);
    else if (op == 1)
        say_last(world, who, text);
    else
        say(world, who, text, cut);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct world world; /* for its size */
    struct input input = {bytes, len};

    begin(&world);
    for (int i = 0; i < OPS_MOST && input.left > 0; i++) {
        do_one(&world, &input);
        compare_all(&world);
    }
    end(&world);
    return 0;
}
