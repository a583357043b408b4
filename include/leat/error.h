/*
 * leat/error.h - how leat reports failure.
 *
 * A function that can fail returns 0 or a count on success and a negative
 * errno on failure (-ECONNRESET, say); callbacks are told reasons in the same
 * way. errno itself is never part of a contract. LEAT_EOF is one more negative
 * value, for the one end that is not an error.
 */
#ifndef LEAT_ERROR_H
#define LEAT_ERROR_H

#include <leat/api.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The peer ended the connection in an orderly way. Never equal to -errno. */
#define LEAT_EOF (-4095)

/*
 * Name an error as the manual pages do.
 *
 * error    0, LEAT_EOF or a negative errno
 *
 * Returns  a static string: "ECONNRESET", "EOF", "OK"; "E?" for a number that
 *          leat does not know. Never NULL.
 * Calls back never; safe from any thread.
 */
LEAT_API const char *leat_error_name(int error);

/*
 * Describe an error in lower-case words that can end a sentence.
 *
 * error    0, LEAT_EOF or a negative errno
 *
 * Returns  a static string: "connection reset by peer"; "unknown error" for a
 *          number that leat does not know. Never NULL; not localised.
 * Calls back never; safe from any thread.
 */
LEAT_API const char *leat_error_text(int error);

#ifdef __cplusplus
}
#endif

#endif
