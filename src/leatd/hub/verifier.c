/*
 * verifier.c - the helper process as leatd sees it.
 *
 * On the path: login -> HERE -> a socket -> helper -> the socket -> HERE ->
 * login.
 *
 * Invariants:
 *  1. at most one question is with the helper: asked, and is_sent
 *  2. watch is set <=> there is a helper that may answer; else the timer runs,
 *     and a new one is started when it is due
 *  3. every question is answered or withdrawn: one whose helper ended is asked
 *     again once, and where no helper can be started all are answered
 */
#include "verifier.h"

#include <leat/error.h>

#include <errno.h>
#include <string.h>

#include "cli/text.h"
#include "sys/sys.h"

/* Doubled from the first to the last while no answer comes. */
#define FIRST_US 100000
#define LAST_US 10000000
#define TRIES 2u

/* Linux: the file that runs, even where another has taken its name. Elsewhere,
 * and without /proc, the one that a shell would find. */
static const char *const programs[] = {"/proc/self/exe", "leatd"};

/* --- questions -------------------------------------------------------------
 */

/* fn may do whatever it likes, but for stopping the verifier. */
static void
finish(struct verifier *verifier, enum verdict verdict)
{
    struct question *question = verifier->asked;
    question_fn fn = question->fn;
    void *user = question->user;

    verifier->asked = NULL;
    verifier->is_sent = false;
    question_free(question);
    if (fn != NULL)
        fn(user, verdict);
}

static void
give_up_all(struct verifier *verifier)
{
    if (verifier->asked == NULL)
        verifier->asked = questions_take(&verifier->waiting);
    while (verifier->asked != NULL) {
        finish(verifier, VERDICT_FAILED);
        verifier->asked = questions_take(&verifier->waiting);
    }
}

/* --- the helper ------------------------------------------------------------
 */

static void
tell(struct verifier *verifier, const char *words, int error)
{
    char bytes[128];
    struct text text;

    text_init(&text, bytes, sizeof bytes);
    text_add(&text, words);
    if (error != 0)
        text_add(&text, leat_error_text(error));
    verifier->tell(verifier->user, bytes);
}

static void on_ready(struct leat_watch *watch, unsigned ready, void *user);

static int
spawn(pid_t *pid, int fd)
{
    char name[] = "leatd", word[] = HELPER_WORD;
    char *const argv[] = {name, word, NULL};
    int error = -ENOENT;

    for (size_t i = 0; error == -ENOENT && i < 2; i++)
        error = leat__sys_spawn(pid, programs[i], argv, fd);
    return error;
}

/* 0 or -errno, and all is as it was. */
static int
start_helper(struct verifier *verifier)
{
    int fds[2];
    int error = leat__sys_socket_pair(fds);

    if (error != 0)
        return error;
    error = leat_watch_open(&verifier->watch, verifier->loop, fds[0],
        LEAT_READABLE, on_ready, verifier);
    if (error == 0)
        error = spawn(&verifier->pid, fds[1]);
    (void)leat__sys_close(fds[1]); /* the child has its own, or there is none */
    if (error == 0)
        return 0;
    leat_watch_close(verifier->watch);
    verifier->watch = NULL;
    verifier->pid = 0;
    (void)leat__sys_close(fds[0]); /* the first error is the one told */
    return error;
}

static void
drop_socket(struct verifier *verifier)
{
    if (verifier->watch == NULL)
        return;
    int fd = leat_watch_fd(verifier->watch);
    leat_watch_close(verifier->watch);
    verifier->watch = NULL;
    (void)leat__sys_close(fd); /* nothing that was sent matters any more */
}

/* It has ended, or is past help; it holds nothing that would be lost. Asked
 * first: where the kernel reaps by itself, as for the first process of a
 * container, its number may be another's by now. */
static void
reap(struct verifier *verifier, bool may_wait)
{
    int status;

    if (verifier->pid == 0)
        return;
    if (leat__sys_reap(verifier->pid, false, &status) == 0) {
        (void)leat__sys_kill(verifier->pid); /* a child: it cannot fail */
        if (leat__sys_reap(verifier->pid, may_wait, &status) == 0)
            return;
    }
    verifier->pid = 0;
}

static void
start_later(struct verifier *verifier)
{
    leat_timer_start(&verifier->timer, verifier->delay_us, 0);
    verifier->delay_us *= 2;
    if (verifier->delay_us > LAST_US)
        verifier->delay_us = LAST_US;
}

static void
give_up_helper(struct verifier *verifier, const char *words, int error)
{
    tell(verifier, words, error);
    drop_socket(verifier);
    reap(verifier, false);
    verifier->is_sent = false;
    verifier->answer_len = 0;
    start_later(verifier);
    const struct question *asked = verifier->asked;
    if (asked != NULL && (asked->tries >= TRIES || asked->fn == NULL))
        finish(verifier, VERDICT_FAILED);
}

/* --- asked and answered ----------------------------------------------------
 */

static size_t
write_question(unsigned char bytes[HELPER_QUESTION],
    const struct question *question, uint32_t number)
{
    size_t hash_size = strlen(question->hash) + 1;
    size_t len = 4 + hash_size + question->password_len;

    bytes[0] = (unsigned char)(len >> 8);
    bytes[1] = (unsigned char)len;
    helper_put32(bytes + 2, number);
    memcpy(bytes + 6, question->hash, hash_size);
    memcpy(bytes + 6 + hash_size, question->password, question->password_len);
    return len + 2;
}

/* The helper reads one question before the next is sent: the socket has room
 * for it, or something is wrong. */
static void
ask_next(struct verifier *verifier)
{
    unsigned char bytes[HELPER_QUESTION];

    if (verifier->watch == NULL || verifier->is_sent)
        return;
    if (verifier->asked == NULL)
        verifier->asked = questions_take(&verifier->waiting);
    if (verifier->asked == NULL)
        return;
    verifier->asked->tries++;
    verifier->is_sent = true;
    size_t len = write_question(bytes, verifier->asked, ++verifier->number);
    ssize_t sent = leat__sys_send(leat_watch_fd(verifier->watch), bytes, len);
    explicit_bzero(bytes, sizeof bytes);
    if (sent != (ssize_t)len)
        give_up_helper(verifier, "the login helper takes no question: ",
            sent < 0 ? (int)sent : -EAGAIN);
}

static bool
is_sound(const struct verifier *verifier)
{
    return verifier->is_sent &&
           helper_get32(verifier->answer) == verifier->number &&
           verifier->answer[4] < VERDICTS;
}

static void
take_answer(struct verifier *verifier)
{
    if (verifier->answer_len < HELPER_ANSWER)
        return;
    verifier->answer_len = 0;
    if (!is_sound(verifier)) {
        give_up_helper(verifier, "the login helper talks nonsense", 0);
        return;
    }
    verifier->delay_us = FIRST_US;
    finish(verifier, (enum verdict)verifier->answer[4]);
    ask_next(verifier);
}

static void
on_ready(struct leat_watch *watch, unsigned ready, void *user)
{
    struct verifier *verifier = user;
    ssize_t count = -EBADF;

    if (!(ready & LEAT_FAILED))
        count = leat__sys_recv(leat_watch_fd(watch),
            verifier->answer + verifier->answer_len,
            HELPER_ANSWER - verifier->answer_len);
    if (count > 0) {
        verifier->answer_len += (size_t)count;
        take_answer(verifier);
    } else if (count == 0 || count == -ECONNRESET) {
        give_up_helper(verifier, "the login helper has ended", 0);
    } else if (count != -EAGAIN && count != -EINTR) {
        give_up_helper(
            verifier, "the login helper cannot be heard: ", (int)count);
    }
}

/* Time for a new helper. */
static void
on_timer(struct leat_timer *timer, void *user)
{
    struct verifier *verifier = user;
    (void)timer;

    reap(verifier, false);
    int error = verifier->pid != 0 ? -EBUSY : start_helper(verifier);
    if (error == 0) {
        ask_next(verifier);
        return;
    }
    tell(verifier, "cannot start the login helper: ", error);
    start_later(verifier);
    give_up_all(verifier);
}

/* --- from outside ----------------------------------------------------------
 */

int
verifier_start(struct verifier *verifier, struct leat_loop *loop,
    void (*tell_user)(void *user, const char *words), void *user)
{
    *verifier = (struct verifier){
        .loop = loop, .tell = tell_user, .user = user, .delay_us = FIRST_US};
    leat_timer_init(&verifier->timer, loop, on_timer, verifier);
    return start_helper(verifier);
}

void
verifier_stop(struct verifier *verifier)
{
    struct question *question;

    leat_timer_stop(&verifier->timer);
    drop_socket(verifier);
    reap(verifier, true);
    question_free(verifier->asked);
    verifier->asked = NULL;
    while ((question = questions_take(&verifier->waiting)) != NULL)
        question_free(question);
}

int
verifier_ask(struct verifier *verifier, struct question *question)
{
    size_t most = QUESTIONS_MOST - (verifier->asked != NULL);
    int error = questions_add(&verifier->waiting, question, most);

    if (error == 0)
        ask_next(verifier);
    return error;
}

/* The one that was sent is answered before the next is: it stays, unheard. */
void
verifier_withdraw(struct verifier *verifier, struct question *question)
{
    if (verifier->asked == question && verifier->is_sent) {
        question->fn = NULL;
        return;
    }
    if (verifier->asked == question)
        verifier->asked = NULL;
    else
        (void)questions_remove(&verifier->waiting, question); /* it is there */
    question_free(question);
}
