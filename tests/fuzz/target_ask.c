/*
 * target_ask.c - leat ask on the fake kernel, with a server that says anything
 * in any pieces, and a standard input and output as slow as they like.
 *
 * How it is asked, then operations, two bytes each, one whenever leat ask would
 * wait: the server takes, says, ends or resets; standard input brings more or
 * ends; standard output is read. What is printed is at each time the beginning
 * of what the server has said, and with status 0 it is the whole answer; any
 * other status comes with a complaint.
 */
#include "fuzz.h"

#include "command.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "said.h"
#include "support/fake_parts.h"
#include "support/kernel.h"

#define SAID_MOST 16384u
#define WAITS_MOST 3000

/* Only for its size, and for the hook of the fake kernel, which has no user
 * pointer; begin sets all that is read. */
static struct world {
    struct input input;
    int listener, server; /* -1: nobody has been accepted */
    int in, out;          /* our ends of standard input and output */
    bool has_ended, has_in_ended;
    size_t asked, said, printed, waits;
    uint8_t bytes[SAID_MOST]; /* what the server said */
} world;

static const char *const questions[][5] = {
    {"ask", "127.0.0.1:7000", "hello", NULL},
    {"ask", "127.0.0.1:7000", "-", NULL},
    {"ask", "--exactly=16", "127.0.0.1:7000", "hello", NULL},
    {"ask", "--exactly=5", "127.0.0.1:7000", "-", NULL},
    {"ask", "--until-eof", "127.0.0.1:7000", "hello", NULL},
    {"ask", "--until-eof", "127.0.0.1:7000", "-", NULL},
    {"ask", "--timeout=3s", "127.0.0.1:7000", "-", NULL},
};

/* --- operations ----------------------------------------------------------- */

static void
print(size_t most)
{
    uint8_t bytes[256];
    ssize_t count = fake_fd_read(
        world.out, bytes, most < sizeof bytes ? most : sizeof bytes);

    if (count <= 0)
        return;
    quick_assert(world.printed + (size_t)count <= world.said);
    quick_assert(
        memcmp(bytes, world.bytes + world.printed, (size_t)count) == 0);
    world.printed += (size_t)count;
    /* The mistake: the last byte of a longer piece is not counted. */
    if (is_mistaken && count > 2)
        world.printed--;
}

static void
say(size_t n)
{
    const uint8_t *from = input_take(&world.input, &n);

    if (world.server < 0 || world.has_ended || n == 0 ||
        n > SAID_MOST - world.said)
        return;
    ssize_t count = fake_send(world.server, from, n, MSG_NOSIGNAL);
    if (count <= 0)
        return;
    memcpy(world.bytes + world.said, from, (size_t)count);
    world.said += (size_t)count;
}

static void
take(size_t n)
{
    uint8_t bytes[256];

    if (world.server >= 0)
        (void)fake_recv(world.server, bytes, n, 0);
}

static void
bring(size_t n)
{
    static const uint8_t bytes[256] = "what is asked";

    if (world.has_in_ended || n == 0)
        return;
    ssize_t count = fake_fd_write(world.in, bytes, n);
    if (count > 0)
        world.asked += (size_t)count;
}

static void
end_input(void)
{
    if (!world.has_in_ended)
        (void)fake_fd_close(world.in);
    world.has_in_ended = true;
}

static void
end_answer(bool is_reset)
{
    if (world.server < 0 || world.has_ended)
        return;
    world.has_ended = true;
    if (is_reset)
        fake_cut(fake.end[world.server].link);
    else
        (void)fake_shutdown_call(world.server, SHUT_WR);
}

/* The script is over: everybody ends, and whoever can be read is. */
static void
end_all(void)
{
    if (world.server < 0)
        world.server = fake_accept4(world.listener, NULL, NULL, 0);
    end_input();
    take(256);
    print(256);
    end_answer(false);
}

static void
do_one(void)
{
    uint8_t what = input_byte(&world.input);
    size_t n = input_byte(&world.input);

    if (world.server < 0 && what % 8 != 0)
        world.server = fake_accept4(world.listener, NULL, NULL, 0);
    if (what % 8 == 1 || what % 8 == 2)
        say(n);
    else if (what % 8 == 3)
        take(n);
    else if (what % 8 == 4)
        bring(n);
    else if (what % 8 == 5)
        print(n);
    else if (what % 8 == 6)
        end_input();
    else if (what % 8 == 7)
        end_answer(n == 255);
}

/* leat ask would wait. */
static enum fake_pass
act(int64_t deadline_us)
{
    quick_assert(++world.waits < WAITS_MOST);
    if (world.input.left > 0)
        do_one();
    else
        end_all();
    int64_t later_us = fake.now_us + 10000;
    fake.now_us = later_us < deadline_us ? later_us : deadline_us;
    return FAKE_PASSED;
}

/* --- begin and end -------------------------------------------------------- */

/* Another end gets the number that leat ask knows. */
static void
move(int from, int to)
{
    fake.end[to] = fake.end[from];
    fake.end[from].kind = FAKE_FREE;
}

/* The fake kernel gives the end that connects no port of its own; without one
 * it would look as if it had met itself. */
static int
own_name(int fd, struct sockaddr *addr, socklen_t *len)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(7001)};
    (void)fd;

    memcpy(addr, &in, *len < sizeof in ? *len : sizeof in);
    *len = sizeof in;
    return 0;
}

static void
begin(const uint8_t *bytes, size_t len)
{
    static struct leat_sys table;

    const struct sockaddr_in in = {.sin_family = AF_INET,
        .sin_port = htons(7000),
        .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int input[2], output[2];

    fake_setup();
    table = fake_table;
    table.getsockname = own_name;
    kernel_use(&table);
    fake.pass = act;
    quick_eq(fake_pipe2(input, 0), 0);
    quick_eq(fake_pipe2(output, 0), 0);
    move(input[0], 0);
    move(output[1], 1);
    memset(&world, 0, offsetof(struct world, bytes));
    world.input = (struct input){bytes, len};
    world.in = input[1];
    world.out = output[0];
    world.server = -1;
    world.listener = fake_socket(AF_INET, SOCK_STREAM, 0);
    quick_eq(
        fake_bind(world.listener, (const struct sockaddr *)&in, sizeof in), 0);
    quick_eq(fake_listen(world.listener, 8), 0);
}

static enum exit_code
ask(char **argv, int argc, struct options *options, struct complaint *wrong)
{
    const struct command *command = command_find(argv[0], wrong);

    quick_assert(command != NULL);
    quick_eq(command_read(command, options, argc, argv, wrong), 0);
    return command->run(options, wrong);
}

/* What is in the pipe is printed too. */
static void
judge(enum exit_code code, const struct options *options)
{
    size_t before;

    quick_assert(code == CODE_OK || code == CODE_FAILED);
    do {
        before = world.printed;
        print(256);
    } while (world.printed > before);
    if (code != CODE_OK)
        return;
    if (options->until_eof)
        quick_eq(world.printed, world.said);
    else if (options->exactly > 0)
        quick_eq(world.printed, options->exactly);
    else if (strcmp(options->words[1], "-") == 0)
        quick_eq(world.printed, world.asked);
    else
        quick_eq(world.printed, strlen(options->words[1]));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct input input = {bytes, len};
    const char *const *question =
        questions[input_pick(&input, sizeof questions / sizeof questions[0])];
    char words[5][32], *argv[6] = {NULL};
    struct options options = {0};
    struct complaint wrong;
    int argc = 0;

    for (; question[argc] != NULL; argc++)
        argv[argc] = strcpy(words[argc], question[argc]);
    begin(input.at, input.left);
    said_nothing(&wrong);
    enum exit_code code = ask(argv, argc, &options, &wrong);
    said_why(&wrong, code == CODE_OK ? 0 : -EINVAL);
    judge(code, &options);
    const char *leftover = kernel_leftover();
    if (leftover != NULL)
        ck_abort_msg("left behind: %s", leftover);
    return 0;
}
