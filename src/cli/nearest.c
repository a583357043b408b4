/*
 * nearest.c - of the names there are, the one most like a mistyped word.
 *
 * On the path: only a wrong start. The usual table of edit distances, of which
 * three rows are enough: a swap looks back two.
 */
#include "nearest.h"

#include <stdint.h>
#include <string.h>

#define LETTERS 32u

struct row {
    size_t at[LETTERS + 1];
};

void
nearest_init(struct nearest *nearest, const char *word)
{
    *nearest = (struct nearest){.word = word, .distance = SIZE_MAX};
}

void
nearest_offer(struct nearest *nearest, const char *name)
{
    size_t distance = nearest_distance(nearest->word, name);
    size_t len = strlen(nearest->word);

    if (len > 0 && strncmp(nearest->word, name, len) == 0)
        distance = 0;
    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->best = name;
    }
}

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* One row: the first i letters of a against every beginning of b. */
static void
fill_row(struct row rows[3], size_t i, const char *a, const char *b, size_t len)
{
    const struct row *before = &rows[(i + 1) % 3]; /* i - 2 */
    const struct row *last = &rows[(i + 2) % 3];   /* i - 1 */
    struct row *row = &rows[i % 3];

    row->at[0] = i;
    for (size_t j = 1; j <= len; j++) {
        size_t changed = last->at[j - 1] + (a[i - 1] != b[j - 1]);
        size_t best = least(changed, least(last->at[j], row->at[j - 1]) + 1);
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
            best = least(best, before->at[j - 2] + 1);
        row->at[j] = best;
    }
}

size_t
nearest_distance(const char *a, const char *b)
{
    struct row rows[3];
    size_t len = strnlen(b, LETTERS);
    size_t i = 0;

    for (size_t j = 0; j <= len; j++)
        rows[0].at[j] = j;
    while (i < LETTERS && a[i] != '\0')
        fill_row(rows, ++i, a, b, len);
    return rows[i % 3].at[len];
}
