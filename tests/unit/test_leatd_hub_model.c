/*
 * test_leatd_hub_model.c - fifty clients say whatever comes to mind, and each
 * gets exactly what the model says, byte by byte.
 */
#include "leatd/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/dice.h"
#include "support/fake.h"
#include "support/hub_model.h"
#include "support/kernel.h"
#include "support/run.h"

#define LINES 1000 /* of each client, unless LEAT_LINES says otherwise */
#define BATCH 8    /* lines that one client sends at once */
#define MAX_LINE 60
#define CLIENTS MODEL_CLIENTS

static struct hub_model model;
static struct dice dice;
static struct options options;
static struct server server;
static int peer[CLIENTS];

static void
serve(void)
{
    char name[] = "leatd", quiet[] = "--quiet",
         hub[] = "hub:127.0.0.1:0,max-frame=60";
    char *argv[] = {name, quiet, hub, NULL};
    struct complaint wrong;

    ck_assert_int_eq(options_parse(&options, 3, argv, &wrong), 0);
    ck_assert_int_eq(
        server_open(&server, &options, CLIENTS + 10, &wrong), CODE_OK);
}

static void
turn(void)
{
    ck_assert_int_ge(leat_loop_step(server.loop, 0), 0);
}

/* --- lines -----------------------------------------------------------------
 */

static const char *const names[] = {
    "anna", "bob", "carla", "d.d", "e-e", "guest3", "guest77", "_"};
static const char *const texts[] = {"hello", "\\", "\x1b[2J", "gr\xc3\xbc\xc3",
    "\xc2\x85\xc2\xa0", "\xed\xa0\x80\xf4\x8f\xbf\xbf", "a  b ", " ", "\x7f",
    "12345678901234567890123456789012345678901234567890",
    "1234567890123456789012345678901234567890123456789012345678901"};
static const char *const wrongs[] = {"", "?", "a,b", "\xc3\xbc",
    "a23456789.123456789.123456789.123", "a23456789.123456789.123456789.12"};

#define PICK(words) words[dice_roll(&dice, sizeof(words) / sizeof(words)[0])]

static const char *
pick_name(void)
{
    static char guest[24];

    switch (dice_roll(&dice, 4)) {
    case 0:
        return model.client[dice_roll(&dice, CLIENTS)].name;
    case 1:
        snprintf(guest, sizeof guest, "guest%zu", dice_roll(&dice, 90));
        return guest;
    case 2:
        return dice_roll(&dice, 4) > 0 ? "anna" : PICK(wrongs);
    default:
        return PICK(names);
    }
}

/* $ is a name, % a text, # a digit. */
static const char *const forms[] = {"/nick $", "/login $ %", "/join $",
    "/join room#", "/leave", "/leave %", "/msg $ %", "@$ %", "@$   %", "@$",
    "/who", "/rooms", "/me %", "/me", "%", "% $", "//%", "/ping", "/sing", "/",
    "/ who", "", "@", "/quit"};

static const char *
pick_form(void)
{
    const char *form = PICK(forms);

    /* Most that quit would leave few to talk. */
    if (strcmp(form, "/quit") == 0 && dice_roll(&dice, 4) > 0)
        return "%";
    return form;
}

/* len bytes of line are in use; how many then. */
static size_t
append(char *line, size_t len, const char *text)
{
    size_t size = strlen(text);

    memcpy(line + len, text, size);
    return len + size;
}

static size_t
make_line(char *line)
{
    size_t len = 0;

    for (const char *at = pick_form(); *at != '\0'; at++) {
        if (*at == '$')
            len = append(line, len, pick_name());
        else if (*at == '%')
            len = append(line, len, PICK(texts));
        else
            line[len++] = *at == '#' ? (char)('0' + dice_roll(&dice, 5)) : *at;
    }
    return len;
}

/* --- what is said and heard -------------------------------------------------
 */

static void
hear(int who)
{
    struct model_client *client = &model.client[who];
    static char got[MODEL_EXPECTED];
    size_t len = 0;
    int count;

    while ((count = fake_read(peer[who], got + len, sizeof got - len)) > 0)
        len += (size_t)count;
    if (len != client->expected_len || memcmp(got, client->expected, len) != 0)
        ck_abort_msg("client %d got:\n%.*s\nand should have:\n%.*s", who,
            (int)len, got, (int)client->expected_len, client->expected);
    client->expected_len = 0;
}

static void
hear_all(void)
{
    for (int i = 0; i < CLIENTS; i++)
        if (peer[i] >= 0)
            hear(i);
}

static void
enter(int who)
{
    peer[who] = fake_connect(fake_listener());
    ck_assert_int_ge(peer[who], 0);
    model_enter(&model, who);
    turn();
    turn();
}

/* The end of who: after /quit, by a half-close, or by a reset. Others are told
 * once the connection is over. */
static void
leave(int who)
{
    if (!model.client[who].is_ending && dice_roll(&dice, 2) == 0)
        fake_reset(peer[who]);
    else
        fake_close(peer[who]);
    peer[who] = -1;
    model_gone(&model, who);
    for (int i = 0; i < 4; i++)
        turn();
}

static void
speak(int who, size_t lines)
{
    char bytes[BATCH * 256];
    size_t len = 0;

    for (size_t i = 0; i < lines; i++) {
        size_t size = make_line(bytes + len);
        model_line(&model, who, bytes + len, size);
        len += size;
        if (dice_roll(&dice, 3) == 0)
            bytes[len++] = '\r';
        bytes[len++] = '\n';
    }
    /* However it is cut. */
    for (size_t at = 0; at < len;) {
        size_t part = 1 + dice_roll(&dice, len - at);
        ck_assert_int_eq(fake_write(peer[who], bytes + at, part), (int)part);
        at += part;
        turn();
    }
    turn();
}

START_TEST(random_lines_of_fifty_clients_agree_with_the_model)
{
    size_t ops = dice_env("LEAT_OPS", 10 * LINES);
    size_t lines = dice_env("LEAT_LINES", ops < 10 * LINES ? ops / 10 : LINES);

    dice_init(&dice, "hub");
    serve();
    model_init(&model, MAX_LINE);
    for (int i = 0; i < CLIENTS; i++)
        enter(i);
    hear_all();
    for (size_t said = 0; said < lines * CLIENTS;) {
        int who = (int)dice_roll(&dice, CLIENTS);
        if (peer[who] < 0) {
            enter(who);
        } else if (model.client[who].is_ending || dice_roll(&dice, 100) == 0) {
            leave(who);
        } else {
            size_t batch = 1 + dice_roll(&dice, BATCH);
            speak(who, batch);
            said += batch;
        }
        hear_all();
    }
    for (int i = 0; i < CLIENTS; i++)
        if (peer[i] >= 0)
            fake_close(peer[i]);
    turn();
    turn();
    ck_assert_uint_eq(server.client_count, 0);
    server_close(&server);
    options_fini(&options);
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_hub_model");
    TCase *tcase = tcase_create("leatd_hub_model");
    tcase_add_checked_fixture(tcase, fake_setup, kernel_teardown);
    tcase_add_test(tcase, random_lines_of_fifty_clients_agree_with_the_model);
    suite_add_tcase(suite, tcase);
    return suite;
}
