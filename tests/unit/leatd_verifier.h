/*
 * leatd_verifier.h - a verifier inside a test, which is its helper and who asks
 * it. Each program that includes it has its own.
 */
#ifndef TESTS_LEATD_VERIFIER_H
#define TESTS_LEATD_VERIFIER_H

#include "leatd/hub/verifier.h"

#include "leatd_helper.h"

#include <stdio.h>

#include "support/loop_rig.h"

static struct verifier verifier;
static char told[256];
static int tellings;
static char heard[64]; /* a letter for each answer: its verdict */

static inline void
tell(void *user, const char *words)
{
    ck_assert_ptr_eq(user, &verifier);
    snprintf(told, sizeof told, "%s", words);
    tellings++;
}

static inline void
setup(void)
{
    rig_setup();
    helper_setup();
    tellings = 0;
    heard[0] = '\0';
}

static inline void
assert_start(int error)
{
    ck_assert_int_eq(
        verifier_start(&verifier, rig.loop, tell, &verifier), error);
}

static inline void
start(void)
{
    assert_start(0);
    ck_assert_int_eq(helper_starts, 1);
}

static inline void
teardown(void)
{
    rig_close();
    helper_teardown();
    kernel_teardown();
}

static inline void
on_verdict(void *user, enum verdict verdict)
{
    size_t len = strlen(heard);

    ck_assert_ptr_eq(user, heard);
    ck_assert_uint_lt(len, sizeof heard - 1);
    heard[len] = "WRF"[verdict];
    heard[len + 1] = '\0';
}

static inline struct question *
ask_as(unsigned char from, const char *password)
{
    struct question *question =
        question_make("HASH", password, strlen(password));

    ck_assert_ptr_nonnull(question);
    question->from[0] = from;
    question->fn = on_verdict;
    question->user = heard;
    ck_assert_int_eq(verifier_ask(&verifier, question), 0);
    return question;
}

static inline struct question *
ask(const char *password)
{
    return ask_as(1, password);
}

static inline void
assert_asked(const char *password)
{
    ck_assert(helper_hears());
    ck_assert_str_eq(asked.password, password);
    ck_assert_str_eq(asked.hash, "HASH");
}

static inline void
answer(enum verdict verdict)
{
    helper_answers(verdict);
    rig_turn();
}

static inline void
die(void)
{
    helper_dies();
    rig_turn();
}

/* The clock stands; a timer that is due in so long runs now. */
static inline void
pass(int64_t us)
{
    clock_advance(us);
    rig_turns(2);
}

#endif
