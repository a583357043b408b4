/*
 * questions.c - passwords that wait to be checked, fairly by address.
 *
 * On the path: login -> verifier -> HERE.
 */
#include "questions.h"

#include <errno.h>
#include <string.h>

#include "cli/mem.h"

static bool
are_of_one(const struct question *one, const struct question *other)
{
    return memcmp(one->from, other->from, QUESTION_FROM) == 0;
}

/* After the last one of the same address, else in the next round: one that
 * runs is closed, or who comes again and again would keep it from ending. */
static uint64_t
choose_round(const struct questions *questions, const struct question *question)
{
    uint64_t round = questions->round + 1;

    for (size_t i = 0; i < questions->count; i++) {
        const struct question *other = questions->of[i];
        if (are_of_one(other, question) && other->round >= round)
            round = other->round + 1;
    }
    return round;
}

int
questions_add(
    struct questions *questions, struct question *question, size_t most)
{
    if (questions->count >= most)
        return -ENOBUFS;
    question->round = choose_round(questions, question);
    questions->of[questions->count++] = question;
    return 0;
}

static struct question *
take_at(struct questions *questions, size_t place)
{
    struct question *taken = questions->of[place];

    questions->count--;
    memmove(questions->of + place, questions->of + place + 1,
        (questions->count - place) * sizeof taken);
    return taken;
}

struct question *
questions_take(struct questions *questions)
{
    size_t best = 0;

    if (questions->count == 0)
        return NULL;
    for (size_t i = 1; i < questions->count; i++)
        if (questions->of[i]->round < questions->of[best]->round)
            best = i;
    struct question *taken = take_at(questions, best);
    questions->round = taken->round;
    return taken;
}

bool
questions_remove(struct questions *questions, const struct question *question)
{
    for (size_t i = 0; i < questions->count; i++)
        if (questions->of[i] == question) {
            (void)take_at(questions, i); /* which is the caller's */
            return true;
        }
    return false;
}

struct question *
question_make(const char *hash, const char *password, size_t password_len)
{
    struct question *question = mem_take(sizeof *question);
    size_t hash_len = strnlen(hash, HELPER_HASH - 1);

    if (question == NULL)
        return NULL;
    if (password_len > LOGINS_PASSWORD)
        password_len = LOGINS_PASSWORD;
    memcpy(question->hash, hash, hash_len);
    memcpy(question->password, password, password_len);
    question->password_len = password_len;
    return question;
}

void
question_free(struct question *question)
{
    if (question != NULL)
        explicit_bzero(question, sizeof *question);
    mem_give(question);
}
