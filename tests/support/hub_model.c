/*
 * hub_model.c - what a hub must say to whom.
 *
 * Written from docs/protocol.md, not from the hub: nothing is shared with it.
 */
#include "hub_model.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what is expected ------------------------------------------------------
 */

static void
put(struct hub_model *model, int who, const char *bytes, size_t len)
{
    struct model_client *client = &model->client[who];

    if (!client->is_here || client->is_ending)
        return;
    if (len > sizeof client->expected - client->expected_len) {
        fprintf(stderr, "hub_model: too much is expected at once\n");
        abort();
    }
    memcpy(client->expected + client->expected_len, bytes, len);
    client->expected_len += len;
}

static void
tell(struct hub_model *model, int who, const char *a, const char *b,
    const char *c, const char *d)
{
    char line[256];
    int len = snprintf(line, sizeof line, "%s%s%s%s\n", a, b, c, d);

    assert(len > 0 && (size_t)len < sizeof line);
    put(model, who, line, (size_t)len);
}

static bool
shares_room(const struct hub_model *model, int one, int other)
{
    return one != other && model->client[other].is_here &&
           strcmp(model->client[one].room, model->client[other].room) == 0;
}

static void
tell_others(struct hub_model *model, int who, const char *a, const char *b,
    const char *c, const char *d)
{
    for (int i = 0; i < MODEL_CLIENTS; i++)
        if (shares_room(model, who, i))
            tell(model, i, a, b, c, d);
}

/* --- text ------------------------------------------------------------------
 */

/* A message of who; to a room, or to one. */
static size_t
compose(const struct hub_model *model, int who, const char *mark,
    const char *text, size_t len, char *line)
{
    char *to = line + sprintf(line, "%s%s", model->client[who].name, mark);

    to += model_escape(to, text, len);
    *to++ = '\n';
    return (size_t)(to - line);
}

static void
say(struct hub_model *model, int who, const char *mark, const char *text,
    size_t len)
{
    char line[4096];
    size_t size = compose(model, who, mark, text, len, line);

    for (int i = 0; i < MODEL_CLIENTS; i++)
        if (shares_room(model, who, i))
            put(model, i, line, size);
}

/* --- rooms -----------------------------------------------------------------
 */

static size_t
count_members(const struct hub_model *model, const char *room)
{
    size_t count = 0;

    for (int i = 0; i < MODEL_CLIENTS; i++)
        if (model->client[i].is_here &&
            strcmp(model->client[i].room, room) == 0)
            count++;
    return count;
}

static void
make_room(struct hub_model *model, const char *name)
{
    struct model_room *place = NULL;

    for (int i = 0; i <= MODEL_CLIENTS; i++) {
        if (model->room[i].made == 0)
            place = &model->room[i];
        else if (strcmp(model->room[i].name, name) == 0)
            return;
    }
    assert(place != NULL);
    snprintf(place->name, sizeof place->name, "%s", name);
    place->made = ++model->clock;
}

static void
end_empty_rooms(struct hub_model *model)
{
    for (int i = 0; i <= MODEL_CLIENTS; i++)
        if (strcmp(model->room[i].name, "lobby") != 0 &&
            count_members(model, model->room[i].name) == 0)
            model->room[i].made = 0;
}

static void
tell_place(struct hub_model *model, int who)
{
    struct model_client *client = &model->client[who];

    tell(model, who, "* you are ", client->name, " in ", client->room);
}

static void
join(struct hub_model *model, int who, const char *room)
{
    struct model_client *client = &model->client[who];

    if (strcmp(client->room, room) == 0) {
        tell_place(model, who);
        return;
    }
    make_room(model, room);
    if (client->room[0] != '\0')
        tell_others(model, who, "* ", client->name, " left", "");
    snprintf(client->room, sizeof client->room, "%s", room);
    client->joined = ++model->clock;
    end_empty_rooms(model);
    tell_place(model, who);
    tell_others(model, who, "* ", client->name, " joined", "");
}

/* --- commands --------------------------------------------------------------
 */

static int
find(const struct hub_model *model, const char *name)
{
    for (int i = 0; i < MODEL_CLIENTS; i++)
        if (model->client[i].is_here &&
            strcmp(model->client[i].name, name) == 0)
            return i;
    return -1;
}

/* The first word of args into word, cut off where it is too long for a name;
 * what is left begins with the next word. No word has a NUL that would be taken
 * for its end. */
static const char *
take_word(const char *args, size_t *len, char word[MODEL_NAME + 2])
{
    size_t used = 0, size = 0;

    for (; used < *len && args[used] != ' '; used++)
        if (size <= MODEL_NAME)
            word[size++] = args[used] != '\0' ? args[used] : '\1';
    word[size] = '\0';
    while (used < *len && args[used] == ' ')
        used++;
    *len -= used;
    return args + used;
}

static bool
is_name(const char *word)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    size_t len = strlen(word);

    return len >= 1 && len <= MODEL_NAME && strspn(word, letters) == len;
}

static void
nick(struct hub_model *model, int who, const char *args, size_t len)
{
    struct model_client *client = &model->client[who];
    char name[MODEL_NAME + 2], old[MODEL_NAME + 1];

    take_word(args, &len, name);
    int holder = find(model, name);
    if (!is_name(name)) {
        tell(model, who, "! BADNAME a name is letters, digits, _ . and -", "",
            "", "");
    } else if (holder >= 0 && holder != who) {
        tell(model, who, "! TAKEN another has that name", "", "", "");
    } else {
        memcpy(old, client->name, sizeof old);
        memcpy(client->name, name, sizeof client->name);
        tell_place(model, who);
        if (strcmp(old, name) != 0)
            tell_others(model, who, "* ", old, " is now ", name);
    }
}

static void
enter_room(struct hub_model *model, int who, const char *args, size_t len)
{
    char name[MODEL_NAME + 2];

    take_word(args, &len, name);
    if (is_name(name))
        join(model, who, name);
    else
        tell(model, who, "! BADNAME a room is letters, digits, _ . and -", "",
            "", "");
}

static void
leave_room(struct hub_model *model, int who, const char *args, size_t len)
{
    (void)args, (void)len;
    join(model, who, "lobby");
}

static void
message(struct hub_model *model, int who, const char *args, size_t len)
{
    char name[MODEL_NAME + 2], line[4096];
    const char *text = take_word(args, &len, name);
    int to = find(model, name);

    if (name[0] == '\0' || len == 0)
        tell(model, who, "! USAGE /msg NAME text, or @NAME text", "", "", "");
    else if (to < 0)
        tell(model, who, "! NONAME nobody has that name", "", "", "");
    else
        put(model, to, line, compose(model, who, ": ", text, len, line));
}

static void
list_room(struct hub_model *model, int who, const char *args, size_t len)
{
    const struct model_client *client = model->client;
    unsigned long last = 0;
    (void)args, (void)len;

    for (;;) {
        int next = -1;
        for (int i = 0; i < MODEL_CLIENTS; i++)
            if ((i == who || shares_room(model, who, i)) &&
                client[i].joined > last &&
                (next < 0 || client[i].joined < client[next].joined))
                next = i;
        if (next < 0)
            break;
        last = client[next].joined;
        tell(model, who, "* ", client[next].name, "", "");
    }
    tell(model, who, "* end", "", "", "");
}

static void
list_rooms(struct hub_model *model, int who, const char *args, size_t len)
{
    unsigned long last = 0;
    (void)args, (void)len;

    for (;;) {
        const struct model_room *next = NULL;
        for (int i = 0; i <= MODEL_CLIENTS; i++)
            if (model->room[i].made > last &&
                (next == NULL || model->room[i].made < next->made))
                next = &model->room[i];
        if (next == NULL)
            break;
        last = next->made;
        char count[24];
        size_t members = count_members(model, next->name);
        snprintf(count, sizeof count, "%zu", members);
        if (members > 0) /* the lobby may be empty */
            tell(model, who, "* ", next->name, " ", count);
    }
    tell(model, who, "* end", "", "", "");
}

static void
act(struct hub_model *model, int who, const char *args, size_t len)
{
    if (len > 0)
        say(model, who, "* ", args, len);
    else
        tell(model, who, "! USAGE /me text", "", "", "");
}

static void
ping(struct hub_model *model, int who, const char *args, size_t len)
{
    (void)args, (void)len;
    tell(model, who, "* pong", "", "", "");
}

/* Out of its room, and its name is free. */
static void
part(struct hub_model *model, int who)
{
    struct model_client *client = &model->client[who];

    tell_others(model, who, "* ", client->name, " left", "");
    client->name[0] = client->room[0] = '\0';
    end_empty_rooms(model);
}

static void
quit(struct hub_model *model, int who, const char *args, size_t len)
{
    (void)args, (void)len;
    tell(model, who, "* bye", "", "", "");
    part(model, who);
    model->client[who].is_ending = true;
}

static const struct {
    const char *name;
    void (*run)(struct hub_model *, int, const char *, size_t);
} commands[] = {{"login", nick}, {"nick", nick}, {"join", enter_room},
    {"leave", leave_room}, {"msg", message}, {"who", list_room},
    {"rooms", list_rooms}, {"me", act}, {"ping", ping}, {"quit", quit}};

static void
command(struct hub_model *model, int who, const char *line, size_t len)
{
    char name[MODEL_NAME + 2];
    const char *args = take_word(line, &len, name);

    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, name) == 0) {
            commands[i].run(model, who, args, len);
            return;
        }
    tell(model, who, "! UNKNOWN no such command, see /help", "", "", "");
}

/* --- clients ---------------------------------------------------------------
 */

/* What is expected is large, and need not be clean. */
static void
clear(struct model_client *client)
{
    client->is_here = client->is_ending = false;
    client->name[0] = client->room[0] = '\0';
    client->joined = 0;
    client->expected_len = 0;
}

void
model_init(struct hub_model *model, size_t max_line)
{
    for (int i = 0; i < MODEL_CLIENTS; i++)
        clear(&model->client[i]);
    memset(model->room, 0, sizeof model->room);
    model->clock = 0;
    model->guests = 0;
    model->max_line = max_line;
}

void
model_enter(struct hub_model *model, int who)
{
    struct model_client *client = &model->client[who];
    char name[MODEL_NAME + 1];

    clear(client);
    do
        snprintf(name, sizeof name, "guest%u", ++model->guests);
    while (find(model, name) >= 0);
    memcpy(client->name, name, sizeof name);
    client->is_here = true;
    join(model, who, "lobby");
}

void
model_gone(struct hub_model *model, int who)
{
    if (!model->client[who].is_ending)
        part(model, who);
    model->client[who].is_here = false;
}

void
model_line(struct hub_model *model, int who, const char *line, size_t len)
{
    if (model->client[who].is_ending || len == 0)
        return;
    if (len > model->max_line)
        tell(model, who, "! LONG the line was too long and was left out", "",
            "", "");
    else if (line[0] == '@')
        message(model, who, line + 1, len - 1);
    else if (line[0] != '/')
        say(model, who, "> ", line, len);
    else if (len > 1 && line[1] == '/')
        say(model, who, "> ", line + 1, len - 1);
    else
        command(model, who, line + 1, len - 1);
}
