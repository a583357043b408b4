/*
 * hub.h - a hub: clients that have names, and rooms in which they talk.
 *
 *   hub.c      who comes, who goes, what a line means
 *   command.c  the lines that begin with a slash
 *   member.c   names, and who is called what
 *   room.c     rooms, their members and their history
 *   say.c      what is sent: replies, lists, and messages for many
 *   table.c    the hash tables; nothing else knows of uthash
 *   escape.c   what text may contain on its way out
 *   limit.c    floods: connections per address, lines per second
 *   login.c    who must say first who he is, and prove it
 *   verifier.c, questions.c, helper.c
 *              passwords, and the process that checks them
 *
 * A hub belongs to one listener. It knows nothing of the daemon but service.h.
 */
#ifndef LEATD_HUB_H
#define LEATD_HUB_H

#include "table.h"
#include "verifier.h"

#include <leat/conn.h>
#include <leat/group.h>
#include <leat/loop.h>

#include <netinet/in.h>

#define HUB_LOBBY "lobby"

#define HUB_NOMEM "no memory, your line was left out"
#define HUB_NONAME "nobody has that name"
#define HUB_LONG "the line was too long and was left out"

struct hub_settings {
    size_t history; /* lines of a room that are kept for who comes */
    size_t max_name;
    size_t per_ip;      /* connections of one address; 0 any */
    size_t rate;        /* lines per second of a client; 0 any */
    bool raw;           /* text goes out as it came in */
    bool quiet;         /* nobody is told who comes and goes */
    const char *login;  /* file of those who may come; NULL: anybody */
    size_t login_tries; /* wrong passwords until a connection is ended */
    int64_t login_us;   /* time until it must have logged in */

    /* Worked out from those of the queue. */
    size_t max_text; /* bytes of a text as it goes out */
    size_t limit, limit_msgs;
};

struct hub_counters {
    uint64_t lines;   /* received, commands too */
    uint64_t said;    /* messages to a room or to one member */
    uint64_t sent;    /* what became of them: copies for receivers */
    uint64_t missed;  /* of these, dropped ones that a receiver was told of */
    uint64_t refused; /* lines and connections over a limit */
};

/* Lines of a room, oldest first. The messages are those that were sent. */
struct history {
    struct leat_message **lines; /* a ring that grows up to history= */
    size_t capacity, first, count;
    size_t bytes; /* what they cost */
};

struct room {
    struct hub_name name;
    struct leat_group *group; /* of those whose connections are not ending */
    size_t members;           /* whose room it is */
    struct history history;
    UT_hash_handle hh;
};

/* Connections that have the same address. */
struct visitor {
    struct {
        unsigned char seed[HUB_SEED];
        unsigned char address[16];
    } key;
    size_t conns;
    UT_hash_handle hh;
};

struct hub;

/* Of a member where a login is required. */
struct login_state {
    struct leat_timer deadline;
    bool has_begun;
    struct question *question; /* with the verifier; NULL: none */
    bool is_known;             /* the name is one of the login file */
    bool is_late;              /* the deadline has passed meanwhile */
    size_t failures;
    char name[HUB_NAME + 1];
};

/* One client. All zero until it was let in. */
struct member {
    struct hub *hub; /* NULL: not let in */
    struct leat_conn *conn;
    struct room *room;       /* NULL before a login that is required */
    struct visitor *visitor; /* NULL without a limit, or without an address */
    struct hub_name name;    /* empty before a login that is required */
    struct login_state login;
    UT_hash_handle hh;  /* in hub->members, once it has a name */
    int64_t due_ns;     /* see limit.c */
    int64_t scolded_us; /* when it was told of a limit last; 0 never */
    uint64_t missed;    /* of its dropped messages, those it was told */
};

struct hub {
    const struct hub_settings *settings;
    size_t conns; /* between hub_enter and hub_leave */
    struct logins logins;
    struct verifier verifier;
    struct leat_loop *loop;
    unsigned char seed[HUB_SEED]; /* begins every key of a table */
    struct member *members;       /* by name */
    struct room *rooms;           /* by name */
    struct visitor *visitors;     /* by address */
    size_t history_bytes;         /* of all rooms */
    uint64_t guests;              /* number of the last guest */
    bool is_stopping;             /* nobody comes, nothing is announced */
    struct hub_counters counters;
};

/* --- hub.c -----------------------------------------------------------------
 */

/* 0, or -errno with the complaint filled and nothing to stop. settings is
 * kept. */
int hub_start(struct hub *hub, const struct hub_settings *settings,
    struct leat_loop *loop, struct complaint *wrong);
/* No more clients will come. */
void hub_stop(struct hub *hub);
/* member is zeroed, and on conn's close hub_leave must follow. */
void hub_enter(struct hub *hub, struct member *member, struct leat_conn *conn);
/* It says no more: others are told at once, not when its connection is over. */
void hub_end(struct member *member);
void hub_leave(struct member *member);
/* A line, without its ending. */
void hub_line(struct member *member, const char *line, size_t len);
/* A line that was too long, and was skipped. */
void hub_line_too_long(struct member *member);
/* That can be said only after a login. */
void hub_want_login(struct member *member);
/* Its queue has room again: tell what did not fit. */
void hub_caught_up(struct member *member);

/* --- command.c --------------------------------------------------------------
 */

/* What follows the slash. */
void command_run(struct member *member, const char *line, size_t len);
/* To one member: NAME text. */
void command_direct(struct member *member, const char *args, size_t len);

/* --- member.c ---------------------------------------------------------------
 */

bool name_is_valid(const struct hub *hub, const char *text, size_t len);
/* 0; -EEXIST another has it; -ENOMEM, and nobody finds it by a name any more.
 */
int member_rename(struct member *member, const char *text, size_t len);
/* The first guestN that is free. 0 or -ENOMEM. */
int member_name_guest(struct member *member);
/* NULL: there is none, or that is no name. */
struct member *member_find(struct hub *hub, const char *text, size_t len);
/* The member that a connection of this service is. */
struct member *member_of(struct leat_conn *conn);

/* --- room.c -----------------------------------------------------------------
 */

/* Go from one room to another, or into the first, and see what was said there.
 * 0, -ENOMEM or -ESHUTDOWN; on error all is as it was. */
int room_enter(struct member *member, const char *name, size_t len);
/* "* you are NAME in ROOM" */
void room_tell(struct member *member);
/* Out of its room, which ends with its last member. */
void room_leave(struct member *member);
/* Send to all in the room but except, and remember it. */
void room_send(struct room *room, struct leat_message *message,
    const struct member *except);
void room_forget(struct hub *hub, struct room *room);
/* Free it if nobody needs it any more. */
void room_release(struct hub *hub, struct room *room);

/* --- say.c ------------------------------------------------------------------
 */

/* One line to a member: the parts, ended by NULL, and a line feed. */
void say_to(struct member *member, const char *const parts[]);
/* The same to all in a room but one; not remembered. */
void say_room(
    struct room *room, const struct member *except, const char *const parts[]);
/* What was said before. */
void say_line(struct member *member, struct leat_message *message);
/* A message to all in a room but one. How many take it. */
size_t say_all(struct room *room, struct leat_message *message,
    const struct member *except);
/* An error: "! CODE words". */
void say_error(struct member *member, const char *code, const char *words);
/* What a member said: name, mark, text as it may go out. NULL: it is too long,
 * or there is no memory; the member has been told. */
struct leat_message *say_message(
    struct member *member, const char *mark, const char *text, size_t len);
/* "* you missed N messages", which is never dropped. Without memory for it the
 * connection is closed. */
void say_missed(struct member *member);

/* Lines for one member in few messages. */
struct list {
    struct member *member;
    size_t len;
    char bytes[4096];
};

void list_begin(struct list *list, struct member *member);
void list_add(struct list *list, const char *const parts[]);
/* With "* end". */
void list_end(struct list *list);

/* --- escape.c ---------------------------------------------------------------
 */

/* How many bytes escape_write will write. */
size_t escape_size(const char *text, size_t len);
void escape_write(char *to, const char *text, size_t len);

/* --- limit.c ----------------------------------------------------------------
 */

/* Whether one more connection of its address may come: 0, -EMFILE, -ENOMEM. */
int limit_enter(struct member *member);
void limit_leave(struct member *member);
/* Whether it may say one more line now. It is told if not, now and then. */
bool limit_line(struct member *member);
/* Where it comes from: all unix sockets are one address, of zeros. */
void limit_address(const struct member *member, unsigned char address[16]);

/* --- login.c ----------------------------------------------------------------
 */

/* Where the hub has no login file these do nothing. */
int login_start(struct hub *hub, struct complaint *wrong);
void login_stop(struct hub *hub);
/* Read the file again: 1; 0 there is none; -errno with the complaint filled,
 * and what was read before stays. */
int login_reload(struct hub *hub, struct complaint *wrong);
void login_leave(struct member *member);

/* A newcomer has some time to log in. */
void login_begin(struct member *member);
/* Whether it may be called so; it is told later. */
void login_ask(struct member *member, const char *name, size_t name_len,
    const char *password, size_t len);

#endif
