/*
 * hub_model.h - what a hub must say to whom, worked out in the plainest way:
 * arrays that are searched from the front, and a string for each client of
 * what it must get next.
 */
#ifndef TESTS_HUB_MODEL_H
#define TESTS_HUB_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#define MODEL_CLIENTS 50
#define MODEL_NAME 32
#define MODEL_EXPECTED (256 * 1024)

struct model_client {
    bool is_here;
    bool is_ending; /* has said /quit; is in no room */
    char name[MODEL_NAME + 1];
    char room[MODEL_NAME + 1];
    unsigned long joined; /* its room: orders who is in there */
    char expected[MODEL_EXPECTED];
    size_t expected_len;
};

struct model_room {
    char name[MODEL_NAME + 1];
    unsigned long made; /* 0: there is none in this place */
};

struct hub_model {
    struct model_client client[MODEL_CLIENTS];
    struct model_room room[MODEL_CLIENTS + 1];
    unsigned long clock; /* of what happens */
    unsigned guests;
    size_t max_line;
};

void model_init(struct hub_model *model, size_t max_line);
void model_enter(struct hub_model *model, int who);
/* The client's connection is over. */
void model_gone(struct hub_model *model, int who);
/* A line without its ending. */
void model_line(struct hub_model *model, int who, const char *line, size_t len);

/* --- hub_model_text.c --- */

/* As text may go out; to has room for four times len. How long it is. */
size_t model_escape(char *to, const char *text, size_t len);

#endif
