/*
 * questions.h - passwords that wait to be checked, fairly by address.
 */
#ifndef LEATD_HUB_QUESTIONS_H
#define LEATD_HUB_QUESTIONS_H

#include "helper.h"

#include <stdbool.h>

#define QUESTIONS_MOST 64u /* that wait, and the one that is asked */
#define QUESTION_FROM 16u

typedef void (*question_fn)(void *user, enum verdict verdict);

/* hash and password are secrets: question_free wipes them. */
struct question {
    question_fn fn; /* NULL: nobody wants to know any more */
    void *user;
    unsigned char from[QUESTION_FROM];
    uint64_t round;
    unsigned tries;
    size_t password_len;
    char password[LOGINS_PASSWORD + 1];
    char hash[HELPER_HASH];
};

/*
 * Each address has one question in each round; the oldest question of the
 * lowest round is next. So one that asks a hundred times delays another by two
 * questions.
 */
struct questions {
    struct question *of[QUESTIONS_MOST]; /* as they came */
    size_t count;
    uint64_t round; /* of the last one taken */
};

/* Put a question behind all others of its address. 0, or -ENOBUFS and it is the
 * caller's: most of them wait, which is QUESTIONS_MOST or less. */
int questions_add(
    struct questions *questions, struct question *question, size_t most);
/* The next one; NULL. */
struct question *questions_take(struct questions *questions);
/* Whether it was there. */
bool questions_remove(
    struct questions *questions, const struct question *question);

/* NULL: no memory. What is too long for it is cut off. */
struct question *question_make(
    const char *hash, const char *password, size_t password_len);
void question_free(struct question *question);

#endif
