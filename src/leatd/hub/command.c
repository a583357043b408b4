/*
 * command.c - the lines that begin with a slash. A new command is a row here.
 *
 * On the path: hub -> HERE -> member, room, say.
 */
#include "hub.h"

#include "cli/text.h"
#include "service.h"

#include <errno.h>
#include <string.h>

/* The words after a command; not NUL-terminated. */
struct words {
    const char *bytes;
    size_t len;
};

struct command {
    const char *name;
    void (*run)(struct member *member, struct words args);
    const char *usage;
    bool is_early; /* may come before a login that is required */
};

/* The first word, and past the blanks that end it. */
static struct words
take_word(struct words *rest)
{
    struct words word = {rest->bytes, 0};

    while (word.len < rest->len && word.bytes[word.len] != ' ')
        word.len++;
    size_t skip = word.len;
    while (skip < rest->len && rest->bytes[skip] == ' ')
        skip++;
    rest->bytes += skip;
    rest->len -= skip;
    return word;
}

static void
list_count(struct list *list, const char *what, uint64_t count)
{
    char bytes[24];
    struct text text;

    text_init(&text, bytes, sizeof bytes);
    text_number(&text, count, 1);
    list_add(list, (const char *[]){"* ", what, " ", text.bytes, NULL});
}

/* --- names -----------------------------------------------------------------
 */

static void
run_nick(struct member *member, struct words args)
{
    struct words name = take_word(&args);
    const struct hub_name old = member->name;

    if (member->hub->settings->login != NULL) {
        say_error(member, "DENIED", "your name is the one you logged in by");
        return;
    }
    if (!name_is_valid(member->hub, name.bytes, name.len)) {
        say_error(member, "BADNAME", "a name is letters, digits, _ . and -");
        return;
    }
    int error = member_rename(member, name.bytes, name.len);
    if (error == -EEXIST) {
        say_error(member, "TAKEN", "another has that name");
        return;
    }
    if (error != 0) {
        service_fail(member->conn, leat_conn_user(member->conn), error);
        return;
    }
    room_tell(member);
    if (strcmp(old.text, member->name.text) != 0 &&
        !member->hub->settings->quiet)
        say_room(member->room, member,
            (const char *[]){
                "* ", old.text, " is now ", member->name.text, NULL});
}

/* In a login the password is all that follows the blanks behind the name. */
static void
run_login(struct member *member, struct words args)
{
    if (member->hub->settings->login == NULL) {
        run_nick(member, args);
        return;
    }
    struct words name = take_word(&args);
    if (member->room != NULL)
        say_error(member, "DENIED", "you are logged in already");
    else if (args.len == 0)
        say_error(member, "USAGE", "/login NAME PASSWORD");
    else if (!name_is_valid(member->hub, name.bytes, name.len))
        say_error(member, "BADNAME", "a name is letters, digits, _ . and -");
    else
        login_ask(member, name.bytes, name.len, args.bytes, args.len);
}

static void
list_member(struct leat_conn *conn, void *list)
{
    list_add(list, (const char *[]){"* ", member_of(conn)->name.text, NULL});
}

static void
run_who(struct member *member, struct words args)
{
    struct list list;
    (void)args;

    list_begin(&list, member);
    leat_group_each(member->room->group, list_member, &list);
    list_end(&list);
}

/* --- rooms -----------------------------------------------------------------
 */

static void
enter(struct member *member, const char *name, size_t len)
{
    if (room_enter(member, name, len) != 0)
        say_error(member, "NOMEM", "no memory for that, you stay here");
}

static void
run_join(struct member *member, struct words args)
{
    struct words name = take_word(&args);

    if (name_is_valid(member->hub, name.bytes, name.len))
        enter(member, name.bytes, name.len);
    else
        say_error(member, "BADNAME", "a room is letters, digits, _ . and -");
}

static void
run_leave(struct member *member, struct words args)
{
    (void)args;
    enter(member, HUB_LOBBY, strlen(HUB_LOBBY));
}

static void
run_rooms(struct member *member, struct words args)
{
    struct list list;
    (void)args;

    list_begin(&list, member);
    for (struct room *room = table_next_room(member->hub, NULL); room != NULL;
         room = table_next_room(member->hub, room)) {
        size_t count = leat_group_count(room->group);
        if (count > 0) /* else its last member is on the way out */
            list_count(&list, room->name.text, count);
    }
    list_end(&list);
}

/* --- messages --------------------------------------------------------------
 */

static void
deliver(struct member *from, struct member *to, struct words text)
{
    struct leat_message *message =
        say_message(from, ": ", text.bytes, text.len);

    if (message == NULL)
        return;
    from->hub->counters.said++;
    int error = leat_conn_send_message(to->conn, message);
    leat_message_unref(message);
    if (error == 0)
        from->hub->counters.sent++;
    else if (error == -ENOMEM)
        say_error(from, "NOMEM", HUB_NOMEM);
    else /* it is on the way out */
        say_error(from, "NONAME", HUB_NONAME);
}

static void
run_msg(struct member *member, struct words args)
{
    struct words name = take_word(&args);
    struct member *to = member_find(member->hub, name.bytes, name.len);

    if (name.len == 0 || args.len == 0)
        say_error(member, "USAGE", "/msg NAME text, or @NAME text");
    else if (to == NULL)
        say_error(member, "NONAME", HUB_NONAME);
    else
        deliver(member, to, args);
}

void
command_direct(struct member *member, const char *args, size_t len)
{
    run_msg(member, (struct words){args, len});
}

static void
run_me(struct member *member, struct words args)
{
    struct leat_message *message;

    if (args.len == 0) {
        say_error(member, "USAGE", "/me text");
        return;
    }
    message = say_message(member, "* ", args.bytes, args.len);
    if (message == NULL)
        return;
    room_send(member->room, message, member);
    leat_message_unref(message);
}

/* --- the hub itself --------------------------------------------------------
 */

static void
run_stats(struct member *member, struct words args)
{
    const struct hub *hub = member->hub;
    const struct hub_counters *counters = &hub->counters;
    struct list list;
    (void)args;

    list_begin(&list, member);
    list_count(&list, "members", HASH_COUNT(hub->members));
    list_count(&list, "rooms", HASH_COUNT(hub->rooms));
    list_count(&list, "lines", counters->lines);
    list_count(&list, "said", counters->said);
    list_count(&list, "sent", counters->sent);
    list_count(&list, "missed", counters->missed);
    list_count(&list, "refused", counters->refused);
    list_end(&list);
}

static void
run_ping(struct member *member, struct words args)
{
    (void)args;
    say_to(member, (const char *[]){"* pong", NULL});
}

static void
run_quit(struct member *member, struct words args)
{
    (void)args;
    say_to(member, (const char *[]){"* bye", NULL});
    hub_end(member);
}

static void run_help(struct member *member, struct words args);

static const struct command commands[] = {
    {"login", run_login, "/login NAME [PASSWORD]  say who you are", true},
    {"nick", run_nick, "/nick NAME  be called something else", false},
    {"msg", run_msg, "/msg NAME text  to one member; also @NAME text", false},
    {"join", run_join, "/join ROOM  go to another room", false},
    {"leave", run_leave, "/leave  go back to the lobby", false},
    {"who", run_who, "/who  who is in this room", false},
    {"rooms", run_rooms, "/rooms  which rooms there are", false},
    {"me", run_me, "/me text  what you are doing", false},
    {"stats", run_stats, "/stats  what has happened so far", false},
    {"ping", run_ping, "/ping  are you there", true},
    {"help", run_help, "/help  this list; // begins a line with a slash", true},
    {"quit", run_quit, "/quit  leave", true},
};

#define COMMANDS (sizeof commands / sizeof commands[0])

static void
run_help(struct member *member, struct words args)
{
    struct list list;
    (void)args;

    list_begin(&list, member);
    for (size_t i = 0; i < COMMANDS; i++)
        list_add(&list, (const char *[]){"* ", commands[i].usage, NULL});
    list_end(&list);
}

static const struct command *
find(struct words name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strlen(commands[i].name) == name.len &&
            memcmp(commands[i].name, name.bytes, name.len) == 0)
            return &commands[i];
    return NULL;
}

void
command_run(struct member *member, const char *line, size_t len)
{
    struct words args = {line, len};
    const struct command *command = find(take_word(&args));

    if (member->room == NULL && (command == NULL || !command->is_early))
        hub_want_login(member);
    else if (command != NULL)
        command->run(member, args);
    else
        say_error(member, "UNKNOWN", "no such command, see /help");
}
