/*
 * verifier.h - whether a password is right, answered later: the helper process
 * as leatd sees it.
 */
#ifndef LEATD_HUB_VERIFIER_H
#define LEATD_HUB_VERIFIER_H

#include "questions.h"

#include <leat/loop.h>
#include <leat/timer.h>
#include <leat/watch.h>

#include <sys/types.h>

struct verifier {
    struct leat_loop *loop;
    void (*tell)(void *user, const char *words); /* of the helper's mishaps */
    void *user;
    struct leat_watch *watch; /* on the socket; NULL: no helper that answers */
    pid_t pid;                /* to be reaped; 0: none */
    struct leat_timer timer;  /* to the next start of a helper */
    int64_t delay_us;
    struct questions waiting;
    struct question *asked; /* taken from waiting, not answered; or NULL */
    bool is_sent;           /* asked was sent to this helper */
    uint32_t number;        /* of the question that was sent last */
    unsigned char answer[HELPER_ANSWER];
    size_t answer_len; /* of it that has come */
};

/* Start a helper. 0, to be ended by verifier_stop, or -errno. tell and user
 * are kept. */
int verifier_start(struct verifier *verifier, struct leat_loop *loop,
    void (*tell)(void *user, const char *words), void *user);
/* End the helper, at once. Nobody is answered any more. */
void verifier_stop(struct verifier *verifier);

/*
 * Ask. question is taken, and valid until its fn was called, once, later; or
 * until verifier_withdraw.
 *
 * 0; -ENOBUFS too many wait, and it is the caller's.
 */
int verifier_ask(struct verifier *verifier, struct question *question);
/* Its answer is not wanted any more. */
void verifier_withdraw(struct verifier *verifier, struct question *question);

#endif
