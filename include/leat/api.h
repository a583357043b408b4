/*
 * leat/api.h - what every header of leat needs: visibility, result checks and
 * the allocator. The other headers include it.
 */
#ifndef LEAT_API_H
#define LEAT_API_H

#include <stddef.h>

#if defined(__GNUC__) || defined(__clang__)
#define LEAT_API __attribute__((visibility("default")))
#define LEAT_CHECKED __attribute__((warn_unused_result))
#else
#define LEAT_API
#define LEAT_CHECKED
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Switches a size off where 0 means "the default". */
#define LEAT_OFF ((size_t)-1)

/*
 * Where a loop takes its memory from.
 *
 * resize  has the contract of realloc(3): block NULL allocates, size 0 frees
 *         and returns NULL; on failure it returns NULL and the old block stays
 *         as it was. Blocks are aligned for any type. A program that calls
 *         leat_loop_post from other threads needs a thread-safe one.
 * user    handed to resize; kept until the loop is destroyed
 */
struct leat_alloc {
    void *(*resize)(void *user, void *block, size_t size);
    void *user;
};

#ifdef __cplusplus
}
#endif

#endif
