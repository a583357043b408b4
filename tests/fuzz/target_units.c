/*
 * target_units.c - numbers, sizes, times and modes, the escapes of a wording
 * and the nearest word, each against what its contract says, written anew.
 */
#include "fuzz.h"

#include "cli/nearest.h"
#include "cli/units.h"
#include "leatd/wording.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "said.h"

#define TEXT_MOST 300u
#define UNCHANGED 77

/* --- units ---------------------------------------------------------------- */

struct unit {
    const char *name;
    uint64_t worth;
};

#define KIB UINT64_C(1024)
#define SECOND UINT64_C(1000000)

static const struct unit none[] = {{"", 1}, {NULL, 0}};
static const struct unit sizes[] = {{"", 1}, {"k", KIB}, {"K", KIB},
    {"m", KIB *KIB}, {"M", KIB *KIB}, {"g", KIB *KIB *KIB},
    {"G", KIB *KIB *KIB}, {NULL, 0}};
static const struct unit times[] = {{"us", 1}, {"ms", 1000}, {"s", SECOND},
    {"m", 60 * SECOND}, {"h", 3600 * SECOND}, {"d", 86400 * SECOND}, {NULL, 0}};

/* What a text stands for, with libc's own reader of digits. */
static int
expected(const char *text, int base, const struct unit *units, uint64_t most,
    uint64_t *number)
{
    size_t digits = strspn(text, base == 8 ? "01234567" : "0123456789");
    char *end;

    while (units->name != NULL && strcmp(units->name, text + digits) != 0)
        units++;
    if (digits == 0 || units->name == NULL)
        return -EINVAL;
    errno = 0;
    *number = strtoull(text, &end, base);
    quick_assert(end == text + digits);
    if (errno == ERANGE ||
        __builtin_mul_overflow(*number, units->worth, number))
        return -ERANGE;
    return *number > most ? -ERANGE : 0;
}

static void
compare(int error, uint64_t number, int should, uint64_t should_be)
{
    quick_eq(error, should);
    quick_assert(number == (error == 0 ? should_be : UNCHANGED));
}

static void
try_units(const char *text)
{
    uint64_t number = UNCHANGED, should_be = 0;
    size_t size = UNCHANGED;
    int64_t time_us = UNCHANGED;
    unsigned mode = UNCHANGED;

    int should = expected(text, 10, none, UINT64_MAX, &should_be);
    int error = units_number(text, &number);
    compare(error, number, should, should_be);

    should = expected(text, 10, sizes, SIZE_MAX, &should_be);
    error = units_size(text, &size);
    compare(error, size, should, should_be);

    should = expected(text, 10, times, INT64_MAX, &should_be);
    error = units_time(text, &time_us);
    compare(error, (uint64_t)time_us, should, should_be);

    should = expected(text, 8, none, 07777, &should_be);
    error = units_mode(text, &mode);
    compare(error, mode, should, should_be);
}

/* --- wording -------------------------------------------------------------- */

/* Nothing is made longer but by its words, and the room is kept to. */
static void
try_wording(const char *text, const struct wording *words)
{
    char small[16], large[TEXT_MOST * 8 + 1];
    struct text cut, whole;
    struct complaint wrong;

    memset(small, 'x', sizeof small);
    text_init(&cut, small, sizeof small - 1);
    text_init(&whole, large, sizeof large);
    const char *bad = wording_put(&whole, text, words);
    quick_assert(wording_put(&cut, text, words) == bad);
    quick_assert(small[sizeof small - 1] == 'x');
    quick_assert(!whole.is_cut && cut.len < cut.size);
    quick_assert(memcmp(small, large, cut.is_cut ? 0 : cut.len) == 0);
    if (bad != NULL)
        quick_assert(bad >= text && (*bad == '\\' || *bad == '%'));
    if (strpbrk(text, words != NULL ? "\\%" : "\\") == NULL)
        quick_assert(bad == NULL && strcmp(large, text) == 0);

    said_nothing(&wrong);
    text_init(&whole, large, sizeof large);
    int error = wording_prepare(&whole, text, words, &wrong);
    quick_eq(error, bad == NULL ? 0 : -EINVAL);
    said_why(&wrong, error);
}

/* --- the nearest word ----------------------------------------------------- */

static void
try_nearest(const char *a, const char *b)
{
    size_t distance = nearest_distance(a, b);
    size_t a_len = strnlen(a, 32), b_len = strnlen(b, 32);
    size_t longer = a_len > b_len ? a_len : b_len;

    quick_eq(nearest_distance(b, a), distance);
    quick_assert(distance <= longer);
    quick_assert(distance >= longer - (a_len < b_len ? a_len : b_len));
    quick_eq(distance == 0, strncmp(a, b, 32) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct wording words = {"127.0.0.1:7000", "now"};
    struct input input = {bytes, len};
    char text[TEXT_MOST], other[TEXT_MOST];

    input_text(&input, '\n', text, sizeof text);
    input_text(&input, '\n', other, sizeof other);
    try_units(text);
    try_wording(text, NULL);
    try_wording(text, &words);
    try_nearest(text, other);
    return 0;
}
