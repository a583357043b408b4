/*
 * target_services.c - the services of leatd, with clients that say anything in
 * any pieces, on the fake kernel.
 *
 * A LISTENER, then operations of up to three clients: connect, write, read,
 * urgent bytes,
 * end, close, reset, a wait, less room in the kernel. What a client has got is
 * at each time the beginning of what it should get for all that it has sent,
 * and all of it where the connection ended in order. Then the server closes,
 * and nothing stays behind.
 */
#include "fuzz.h"

#include "leatd/server.h"

#include <string.h>

#include "support/fake_parts.h"
#include "support/kernel.h"

#define CLIENTS 3
#define SENT_MOST 16384u
#define GOT_MOST 32768u
#define OPS_MOST 200
#define TURNS_MOST 4000
#define ANY (-1)

struct client_end {
    int peer; /* -1: not connected */
    bool has_ended, was_reset, did_end;
    uint8_t sent[SENT_MOST], got[GOT_MOST];
    size_t sent_len, got_len;
};

/* What should be got, a number for each byte, or ANY. */
struct answer {
    int16_t bytes[GOT_MOST];
    size_t len;
    bool is_open; /* more may come than is here, or less */
};

struct world {
    const struct row *row;
    struct options options;
    struct server server;
    struct client_end client[CLIENTS];
    struct answer answer;
    int log[2];
};

/* --- what each service should say ----------------------------------------- */

static void
say(struct answer *answer, const void *bytes, size_t len)
{
    const uint8_t *from = bytes;

    for (size_t i = 0; i < len; i++) {
        if (answer->len == GOT_MOST) {
            answer->is_open = true;
            return;
        }
        answer->bytes[answer->len++] = from == NULL ? ANY : from[i];
    }
}

static void
same(struct answer *answer, const struct client_end *client)
{
    say(answer, client->sent, client->sent_len);
}

static void
nothing(struct answer *answer, const struct client_end *client)
{
    (void)answer, (void)client;
}

static void
test(struct answer *answer, const struct client_end *client)
{
    (void)client;
    say(answer, "TEST", 4);
}

static void
four_bytes(struct answer *answer, const struct client_end *client)
{
    (void)client;
    say(answer, NULL, 4);
}

static void
date_line(struct answer *answer, const struct client_end *client)
{
    (void)client;
    say(answer, NULL, 24);
    say(answer, "\r\n", 2);
}

static void
farewell(struct answer *answer, const struct client_end *client)
{
    if (client->sent_len >= 16)
        say(answer, "Farewell, client", 16);
}

static void
threes(struct answer *answer, const struct client_end *client)
{
    for (size_t i = 3; i <= client->sent_len; i += 3)
        say(answer, "ab\n", 3);
}

/* Lines of at most 100 bytes, with 27 in front of each; one that is longer ends
 * the connection, and what was still queued is lost. */
static void
stamps(struct answer *answer, const struct client_end *client)
{
    const uint8_t *at = client->sent, *end = at + client->sent_len;

    while (at < end) {
        const uint8_t *feed = memchr(at, '\n', (size_t)(end - at));
        size_t len =
            feed != NULL ? (size_t)(feed - at) + 1 : (size_t)(end - at);
        size_t body = feed != NULL ? len - 1 : len;
        if (feed != NULL && body > 0 && at[body - 1] == '\r')
            body--;
        if (body > 100) {
            answer->is_open = true;
            return;
        }
        if (feed == NULL && !client->did_end)
            return;
        say(answer, "[", 1);
        say(answer, NULL, 24);
        say(answer, "] ", 2);
        say(answer, at, len);
        at += len;
    }
}

/* As many of them as were got: there is no end. */
static void
characters(struct answer *answer, const struct client_end *client)
{
    for (unsigned line = 0; answer->len < client->got_len; line++) {
        for (unsigned i = 0; i < 72; i++) {
            uint8_t byte = (uint8_t)(' ' + (line + i) % 95);
            say(answer, &byte, 1);
        }
        say(answer, "\r\n", 2);
    }
    answer->is_open = true;
}

static const struct row {
    const char *listener;
    void (*answer)(struct answer *answer, const struct client_end *client);
} rows[] = {
    {"echo:127.0.0.1:7000", same},
    {"echo:127.0.0.1:7000,limit=72k,high=8,low=1", same},
    {"stamp:127.0.0.1:7000,max-frame=100", stamps},
    {"stamp:127.0.0.1:7000,max-frame=100,limit=72k,high=8,low=1", stamps},
    {"stamp:127.0.0.1:7000,stamp=none,max-frame=1m", same},
    {"stamp:127.0.0.1:7000,stamp=none,frame=raw", same},
    {"fixed:127.0.0.1:7000", farewell},
    {"fixed:127.0.0.1:7000,size=3,repeat,reply=ab\\n", threes},
    {"greet:127.0.0.1:7000", test},
    {"greet:127.0.0.1:7000,stay", test},
    {"discard:127.0.0.1:7000", nothing},
    {"null:127.0.0.1:7000,idle=5s", nothing},
    {"chargen:127.0.0.1:7000", characters},
    {"chargen:127.0.0.1:7000,rate=off,limit=72k,high=1k", characters},
    {"daytime:127.0.0.1:7000", date_line},
    {"time:127.0.0.1:7000", four_bytes},
};

/* --- the kernel ----------------------------------------------------------- */

/* Signals are those of the fake kernel too, not the fuzzer's own. The log goes
 * to a pipe, which is read as the loop turns. */
static void
begin(struct world *world, struct input *input)
{
    char program[] = "leatd", listener[96];
    char *argv[] = {program, listener, NULL};
    struct complaint wrong;

    fake_setup();
    kernel_use(&fake_table);
    world->row = &rows[input_pick(input, sizeof rows / sizeof rows[0])];
    strcpy(listener, world->row->listener);
    quick_eq(options_parse(&world->options, 2, argv, &wrong), 0);
    quick_eq(
        server_open(&world->server, &world->options, 100, &wrong), CODE_OK);
    log_detach(&world->server.log);
    quick_eq(leat_sys->pipe2(world->log, 0), 0);
    world->server.log.fd = world->log[1];
    quick_eq(log_attach(&world->server.log, world->server.loop), 0);
    for (int i = 0; i < CLIENTS; i++)
        world->client[i].peer = -1;
}

static void
end(struct world *world)
{
    for (int i = 0; i < CLIENTS; i++)
        if (world->client[i].peer >= 0)
            fake_close(world->client[i].peer);
    server_close(&world->server);
    options_fini(&world->options);
    quick_eq(leat_sys->close(world->log[0]), 0);
    quick_eq(leat_sys->close(world->log[1]), 0);
    const char *leftover = kernel_leftover();
    if (leftover != NULL)
        ck_abort_msg("left behind: %s", leftover);
}

/* --- operations ----------------------------------------------------------- */

/* The log is read too, so that it does not fill up. */
static void
turn(struct world *world)
{
    char bytes[4096];

    quick_assert(leat_loop_step(world->server.loop, 1000000) >= 0);
    while (leat_sys->read(world->log[0], bytes, sizeof bytes) > 0)
        ;
}

static void
compare(struct world *world, struct client_end *client)
{
    struct answer *answer = &world->answer;

    answer->len = 0;
    answer->is_open = false;
    world->row->answer(answer, client);
    bool is_whole = client->has_ended && !client->was_reset && !answer->is_open;
    if (!answer->is_open)
        quick_assert(client->got_len <= answer->len);
    if (is_whole)
        quick_eq(client->got_len, answer->len);
    for (size_t i = 0; i < client->got_len && i < answer->len; i++)
        if (answer->bytes[i] != ANY)
            quick_eq(client->got[i], answer->bytes[i]);
}

static void
take(struct client_end *client, size_t most)
{
    size_t room = GOT_MOST - client->got_len;

    if (most > room)
        most = room;
    if (most > 0)
        client->got_len += (size_t)fake_read(
            client->peer, client->got + client->got_len, most);
    uint8_t rest[1024];
    while (client->got_len == GOT_MOST &&
           fake_read(client->peer, rest, sizeof rest) > 0)
        ;
    client->was_reset = client->was_reset || fake_was_reset(client->peer);
    client->has_ended = fake_ended(client->peer);
}

static void
give(struct client_end *client, const uint8_t *bytes, size_t len)
{
    if (client->did_end || len > SENT_MOST - client->sent_len || len == 0)
        return;
    int count = fake_write(client->peer, bytes, len);
    if (count <= 0)
        return;
    memcpy(client->sent + client->sent_len, bytes, (size_t)count);
    client->sent_len += (size_t)count;
    /* The mistake: the last byte of a longer piece is forgotten. */
    if (is_mistaken && count > 2)
        client->sent_len--;
}

static void
give_many(struct client_end *client, size_t len, uint8_t seed)
{
    uint8_t bytes[4096];

    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i % 97 == 96 ? '\n' : seed + i * 7 % 31);
    give(client, bytes, len);
}

/* In its place in the stream like any other. */
static void
give_urgent(struct client_end *client, uint8_t byte)
{
    if (!client->did_end && client->sent_len < SENT_MOST &&
        fake_urgent(client->peer, byte) == 1)
        client->sent[client->sent_len++] = byte;
}

static void
begin_client(struct client_end *client)
{
    client->peer = fake_connect(fake_listener());
    client->has_ended = client->was_reset = client->did_end = false;
    client->sent_len = client->got_len = 0;
}

static void
leave(struct client_end *client, bool is_reset)
{
    if (is_reset)
        fake_reset(client->peer);
    else
        fake_close(client->peer);
    client->peer = -1;
}

enum op {
    GIVE,
    GIVE_MANY,
    GIVE_URGENT,
    TAKE,
    TAKE_ALL,
    TURN,
    END,
    CLOSE,
    RESET,
    ROOM,
    OPS
};

/* Two bytes: what and who, and a number. */
static void
do_one(struct world *world, struct input *input)
{
    uint8_t what = input_byte(input);
    size_t n = input_byte(input);
    struct client_end *client = &world->client[(what >> 4) % CLIENTS];
    enum op op = (enum op)((what & 15) % OPS);

    if (op == TURN) {
        turn(world);
        return;
    }
    if (op == ROOM) {
        fake_capacity(n < 250 ? 1 + n : FAKE_STREAM_USUAL);
        return;
    }
    if (client->peer < 0) {
        begin_client(client);
        return;
    }
    if (op == GIVE) {
        const uint8_t *bytes = input_take(input, &n);
        give(client, bytes, n);
    } else if (op == GIVE_MANY) {
        give_many(client, 1 + n * 16, (uint8_t)n);
    } else if (op == GIVE_URGENT) {
        give_urgent(client, (uint8_t)n);
    } else if (op == TAKE || op == TAKE_ALL) {
        take(client, op == TAKE ? n : GOT_MOST);
        compare(world, client);
    } else if (op == END && !client->did_end) {
        fake_shutdown(client->peer);
        client->did_end = true;
    } else if (op == CLOSE || op == RESET) {
        leave(client, op == RESET);
    }
}

/* Everybody ends, and reads to the end. */
static void
see_out(struct world *world, struct client_end *client)
{
    if (client->peer < 0)
        return;
    if (!client->did_end)
        fake_shutdown(client->peer);
    client->did_end = true;
    for (int i = 0; i < TURNS_MOST && !client->has_ended; i++) {
        turn(world);
        take(client, GOT_MOST);
    }
    quick_assert(client->has_ended);
    compare(world, client);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct world world; /* for its size */
    struct input input = {bytes, len};

    begin(&world, &input);
    for (int i = 0; i < OPS_MOST && input.left > 0; i++)
        do_one(&world, &input);
    fake_capacity(FAKE_STREAM_USUAL);
    for (int i = 0; i < CLIENTS; i++)
        see_out(&world, &world.client[i]);
    end(&world);
    return 0;
}
