/*
 * login.c - who a client is, where a hub wants to know before anything else.
 *
 * On the path: hub, command -> HERE -> verifier, and back -> member, room.
 *
 * Until it is logged in a member has no name and is in no room. While its
 * password is looked at its connection is paused: what it says next is said
 * after the answer.
 */
#include "hub.h"

#include "service.h"

#include <leat/error.h>
#include <leat/flow.h>

#include <errno.h>
#include <string.h>

static void
fail(struct member *member, int error)
{
    service_fail(member->conn, leat_conn_user(member->conn), error);
}

static void
log_words(struct member *member, const char *message, const char *words)
{
    service_log(leat_conn_user(member->conn), message, words);
}

/* --- the time that there is ------------------------------------------------
 */

static void
run_out(struct member *member)
{
    say_error(member, "TIMEOUT", "you did not log in");
    hub_end(member);
}

/* Time that the helper needs is not the client's. */
static void
on_deadline(struct leat_timer *timer, void *user)
{
    struct member *member = user;
    (void)timer;

    if (member->login.question != NULL)
        member->login.is_late = true;
    else
        run_out(member);
}

void
login_begin(struct member *member)
{
    leat_timer_init(
        &member->login.deadline, member->hub->loop, on_deadline, member);
    leat_timer_start(
        &member->login.deadline, member->hub->settings->login_us, 0);
    member->login.has_begun = true;
}

void
login_leave(struct member *member)
{
    if (!member->login.has_begun)
        return;
    leat_timer_stop(&member->login.deadline);
    if (member->login.question != NULL)
        verifier_withdraw(&member->hub->verifier, member->login.question);
    member->login.question = NULL;
}

/* --- answers ----------------------------------------------------------------
 */

/* The password was right. */
static void
let_in(struct member *member)
{
    const char *name = member->login.name;
    int error = member_rename(member, name, strlen(name));

    if (error == -EEXIST) {
        say_error(member, "TAKEN", "you are logged in already");
        return;
    }
    if (error == 0)
        error = room_enter(member, HUB_LOBBY, strlen(HUB_LOBBY));
    if (error != 0) {
        fail(member, error);
        return;
    }
    leat_timer_stop(&member->login.deadline);
    log_words(member, "login", member->name.text);
}

/* What was typed for a name may have been a password: it is not logged. */
static void
send_away(struct member *member)
{
    log_words(member, "login-failed", "wrong name or password");
    member->hub->counters.refused++;
    say_error(member, "AUTH", "wrong name or password");
    if (++member->login.failures < member->hub->settings->login_tries)
        return;
    leat_timer_stop(&member->login.deadline);
    hub_end(member);
}

static void
on_verdict(void *user, enum verdict verdict)
{
    struct member *member = user;
    struct login_state *login = &member->login;

    login->question = NULL;
    leat_conn_resume(member->conn);
    if (verdict == VERDICT_FAILED)
        say_error(member, "BUSY", "passwords cannot be checked now, try again");
    else if (verdict == VERDICT_RIGHT && login->is_known)
        let_in(member);
    else
        send_away(member);
    if (member->room == NULL && login->is_late &&
        login->failures < member->hub->settings->login_tries)
        run_out(member);
}

/* --- questions --------------------------------------------------------------
 */

/* For a name that is not there, the hash of one that is: which one depends on
 * the name only, so that it takes as long each time, and as long as any. */
static const struct login *
pick_other(const struct hub *hub, const char *name, size_t len)
{
    uint32_t sum = 2166136261u; /* FNV-1a */

    for (size_t i = 0; i < sizeof hub->seed; i++)
        sum = (sum ^ hub->seed[i]) * 16777619u;
    for (size_t i = 0; i < len; i++)
        sum = (sum ^ (unsigned char)name[i]) * 16777619u;
    return &hub->logins.of[sum % hub->logins.count];
}

static struct question *
make_question(struct member *member, const char *name, size_t name_len,
    const char *password, size_t len)
{
    struct hub *hub = member->hub;
    const struct login *entry = logins_find(&hub->logins, name, name_len);

    /* No password of a login file is longer than that, or has such a byte. */
    member->login.is_known = entry != NULL && len <= LOGINS_PASSWORD &&
                             memchr(password, '\0', len) == NULL;
    if (entry == NULL)
        entry = pick_other(hub, name, name_len);
    memset(member->login.name, 0, sizeof member->login.name);
    memcpy(member->login.name, name, name_len);
    struct question *question = question_make(entry->hash, password, len);
    if (question == NULL)
        return NULL;
    limit_address(member, question->from);
    question->fn = on_verdict;
    question->user = member;
    return question;
}

void
login_ask(struct member *member, const char *name, size_t name_len,
    const char *password, size_t len)
{
    struct hub *hub = member->hub;
    struct question *question =
        make_question(member, name, name_len, password, len);

    if (question == NULL) {
        say_error(member, "NOMEM", "no memory for that, try again");
        return;
    }
    if (verifier_ask(&hub->verifier, question) != 0) {
        question_free(question);
        hub->counters.refused++;
        say_error(member, "BUSY", "too many log in now, try again");
        return;
    }
    member->login.question = question;
    leat_conn_pause(member->conn);
}

/* --- the hub ----------------------------------------------------------------
 */

static void
tell(void *user, const char *words)
{
    service_warn(user, "login-helper", words);
}

int
login_start(struct hub *hub, struct complaint *wrong)
{
    const struct hub_settings *settings = hub->settings;

    if (settings->login == NULL)
        return 0;
    int error =
        logins_read(&hub->logins, settings->login, settings->max_name, wrong);
    if (error != 0)
        return error == -ENOMEM ? error : -EINVAL;
    error = verifier_start(&hub->verifier, hub->loop, tell, hub);
    if (error == 0)
        return 0;
    logins_free(&hub->logins);
    complaint_say(
        wrong, "cannot start the login helper: ", NULL, leat_error_text(error));
    return error == -EINVAL ? -EIO : error; /* no word is wrong */
}

int
login_reload(struct hub *hub, struct complaint *wrong)
{
    struct logins fresh;

    if (hub->settings->login == NULL)
        return 0;
    int error = logins_read(
        &fresh, hub->settings->login, hub->settings->max_name, wrong);
    if (error != 0)
        return error;
    logins_free(&hub->logins);
    hub->logins = fresh;
    return 1;
}

void
login_stop(struct hub *hub)
{
    if (hub->settings->login == NULL)
        return;
    verifier_stop(&hub->verifier);
    logins_free(&hub->logins);
}
