/*
 * key.h - key=value as a row of a table: name, type, where it goes, and help.
 *
 * Options, the keys of every listener and the keys of one service are all rows
 * of this kind, so each is read, checked and explained in one way.
 */
#ifndef LEAT_CLI_KEY_H
#define LEAT_CLI_KEY_H

#include "complaint.h"
#include "text.h"

#include <stdbool.h>

struct key_type;

struct key {
    const char *name;
    const struct key_type *type;
    size_t offset; /* of the field in the struct that is filled */
    uint64_t min;  /* least and most of a number, a size, or a time in us; */
    uint64_t max;  /* 0: as much as the field holds */
    const char *const *words; /* key_word: the words, ended by NULL */
    const char *help;         /* one line without a full stop */
};

/* A type says what the field at offset must be. */
struct key_type {
    const char *shape; /* in the help: SIZE */
    const char *rule;  /* after a wrong value: "bytes, or with k m g" */
    int (*set)(const struct key *key, void *field, const char *value);
    void (*show)(struct text *text, uint64_t number); /* a bound; or NULL */
};

extern const struct key_type key_flag;        /* bool */
extern const struct key_type key_text;        /* const char *, borrowed */
extern const struct key_type key_file;        /* the same, for a path */
extern const struct key_type key_count;       /* size_t */
extern const struct key_type key_int;         /* int */
extern const struct key_type key_mode;        /* unsigned, octal */
extern const struct key_type key_size;        /* size_t */
extern const struct key_type key_size_or_off; /* size_t, off is LEAT_OFF */
extern const struct key_type key_time;        /* int64_t */
extern const struct key_type key_time_or_off; /* int64_t, off is -1 */
extern const struct key_type key_word;        /* an enum, by place in words */

/*
 * Read a value into target, the struct that key->offset is meant for.
 *
 * value    kept by key_text, else borrowed; NULL stands for true
 *
 * 0, or -EINVAL with the complaint filled and target as it was.
 */
int key_set(const struct key *key, void *target, const char *value,
    struct complaint *wrong);

/* How the value is written: SIZE, or a|b|c. */
void key_shape(const struct key *key, struct text *text);

#endif
