/*
 * fdset.c - owners and wants of descriptors, in machine words.
 *
 * On the path: conn, listener, watch -> HERE -> select() -> HERE -> loop.
 *
 * Invariants (leat__fdset_check asserts them):
 *  1. a want or early bit is set      => the number has an owner
 *  2. owner[n] is not NULL            => owner[n]->fd == n
 *  3. count is the number of owners
 *  4. nfds is the highest number with a want, plus one; 0 without any
 *  5. a number below nfds is below capacity, and every set has that many bits
 *  6. a ready bit below ready_nfds    => its want is set, or its owner is
 *     parked and waits for it there
 *  7. an awake bit is set <=> its owner is parkable and has a want; a parked
 * one has none
 */
#include "fdset.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/num.h"
#include "sys/sys.h"

/* How to grow at first: one cache line of bits. */
#define FIRST_CAPACITY 512u

const unsigned leat__event_of[LEAT__SETS] = {
    [LEAT__READ] = LEAT_READABLE,
    [LEAT__WRITE] = LEAT_WRITABLE,
    [LEAT__EXCEPT] = LEAT_EXCEPTIONAL,
};

void
leat__fdset_init(struct leat__fdset *set)
{
    memset(set, 0, sizeof *set);
    for (int i = 0; i < LEAT__SETS; i++)
        leat__words_init(&set->want[i]);
    leat__words_init(&set->early);
    leat__words_init(&set->awake);
    set->limit = leat__sys_select_limit();
}

/* Not every allocator takes "free nothing" for nothing. */
static void
release(const struct leat_alloc *alloc, void *block)
{
    if (block != NULL)
        alloc->resize(alloc->user, block, 0);
}

void
leat__fdset_fini(struct leat__fdset *set, const struct leat_alloc *alloc)
{
    for (int i = 0; i < LEAT__SETS; i++) {
        leat__words_fini(&set->want[i], alloc);
        release(alloc, set->ready[i]);
    }
    leat__words_fini(&set->early, alloc);
    leat__words_fini(&set->awake, alloc);
    release(alloc, set->busy);
    release(alloc, set->owner);
    leat__fdset_init(set);
}

/* Invariant 6, whenever a want goes: what this turn found ready under a number
 * is not for who gets the number next. */
static void
clear_ready(struct leat__fdset *set, int which, size_t fd)
{
    set->ready[which][fd / LEAT__WORD_BITS] &= ~(1ul << (fd % LEAT__WORD_BITS));
}

/* Make one array longer; what is new in it is 0. */
static int
lengthen(const struct leat_alloc *alloc, void **array, size_t old, size_t size)
{
    unsigned char *longer = alloc->resize(alloc->user, *array, size);
    if (longer == NULL)
        return -ENOMEM;
    memset(longer + old, 0, size - old);
    *array = longer;
    return 0;
}

/* Capacity is raised last: should one array fail to grow, capacity still says
 * what all of them have, and those that grew are merely longer than needed. */
static int
grow(struct leat__fdset *set, const struct leat_alloc *alloc, size_t capacity)
{
    size_t old = set->capacity;
    void *busy = set->busy;
    int error = leat__words_grow(&set->early, alloc, capacity);
    if (error == 0)
        error = leat__words_grow(&set->awake, alloc, capacity);
    if (error == 0)
        error = lengthen(alloc, &busy, old / CHAR_BIT, capacity / CHAR_BIT);
    set->busy = busy;
    for (int i = 0; i < LEAT__SETS && error == 0; i++) {
        void *ready = set->ready[i];
        error = leat__words_grow(&set->want[i], alloc, capacity);
        if (error == 0)
            error =
                lengthen(alloc, &ready, old / CHAR_BIT, capacity / CHAR_BIT);
        set->ready[i] = ready;
    }
    if (error != 0)
        return error;

    void *owner = set->owner;
    error = lengthen(
        alloc, &owner, old * sizeof *set->owner, capacity * sizeof *set->owner);
    set->owner = owner;
    if (error == 0)
        set->capacity = capacity;
    return error;
}

int
leat__fdset_add(struct leat__fdset *set, const struct leat_alloc *alloc,
    struct leat__io *io)
{
    if (io->fd < 0)
        return -EINVAL;
    if (io->fd >= set->limit)
        return -ERANGE;
    size_t fd = (size_t)io->fd;
    if (fd >= set->capacity) {
        size_t capacity = leat__ceil_pow2(fd + 1);
        if (capacity < FIRST_CAPACITY)
            capacity = FIRST_CAPACITY;
        int error = grow(set, alloc, capacity);
        if (error != 0)
            return error;
    }
    if (set->owner[fd] != NULL)
        return -EEXIST;

    set->owner[fd] = io;
    set->count++;
    if (io->is_early)
        leat__words_set(&set->early, fd);
    return 0;
}

void
leat__fdset_remove(struct leat__fdset *set, struct leat__io *io)
{
    size_t fd = (size_t)io->fd;
    assert(fd < set->capacity && set->owner[fd] == io);

    leat__fdset_want(set, io, 0);
    leat__words_clear(&set->early, fd);
    set->owner[fd] = NULL;
    set->count--;
}

/* The highest want has gone: find the one below. */
static void
lower_nfds(struct leat__fdset *set)
{
    size_t end = (size_t)set->nfds;
    size_t top = 0;
    for (int i = 0; i < LEAT__SETS; i++) {
        if (set->want[i].bits_set == 0)
            continue;
        size_t last = leat__words_last(set->want[i].word, end);
        if (last != SIZE_MAX && last + 1 > top)
            top = last + 1;
    }
    set->nfds = (int)top;
}

/* Who begins to wait counts as busy: it has a while before it is parked. */
static void
set_awake(struct leat__fdset *set, const struct leat__io *io, bool is_awake)
{
    size_t fd = (size_t)io->fd;
    if (!io->is_parkable || leat__words_test(&set->awake, fd) == is_awake)
        return;
    if (is_awake)
        leat__words_set(&set->awake, fd);
    else
        leat__words_clear(&set->awake, fd);
    set->busy[fd / LEAT__WORD_BITS] |= 1ul << (fd % LEAT__WORD_BITS);
}

void
leat__fdset_want(
    struct leat__fdset *set, const struct leat__io *io, unsigned events)
{
    size_t fd = (size_t)io->fd;
    assert(fd < set->capacity && set->owner[fd] == io);

    for (int i = 0; i < LEAT__SETS; i++) {
        if (events & leat__event_of[i]) {
            leat__words_set(&set->want[i], fd);
        } else {
            leat__words_clear(&set->want[i], fd);
            clear_ready(set, i, fd);
        }
    }
    set_awake(set, io, events != 0);
    if (events != 0 && io->fd >= set->nfds)
        set->nfds = io->fd + 1;
    else if (events == 0 && io->fd + 1 == set->nfds)
        lower_nfds(set);
}

unsigned
leat__fdset_wanted(const struct leat__fdset *set, const struct leat__io *io)
{
    unsigned events = 0;
    for (int i = 0; i < LEAT__SETS; i++)
        if (leat__words_test(&set->want[i], (size_t)io->fd))
            events |= leat__event_of[i];
    return events;
}

static size_t
words_for(int nfds)
{
    return ((size_t)nfds + LEAT__WORD_BITS - 1) / LEAT__WORD_BITS;
}

void
leat__fdset_copy(struct leat__fdset *set)
{
    size_t size = words_for(set->nfds) * sizeof(unsigned long);
    for (int i = 0; i < LEAT__SETS && size > 0; i++)
        memcpy(set->ready[i], set->want[i].word, size);
    set->ready_nfds = set->nfds;
}

void
leat__fdset_take(struct leat__fdset *set, int nfds,
    const unsigned long *const word[LEAT__SETS])
{
    if (nfds < set->ready_nfds)
        set->ready_nfds = nfds > 0 ? nfds : 0;
    size_t words = words_for(set->ready_nfds);
    for (int i = 0; i < LEAT__SETS; i++)
        for (size_t w = 0; w < words; w++)
            set->ready[i][w] &= word[i] != NULL ? word[i][w] : 0;
}

void
leat__fdset_forget(struct leat__fdset *set)
{
    set->ready_nfds = 0;
}

bool
leat__fdset_is_ready(const struct leat__fdset *set)
{
    size_t end = (size_t)set->ready_nfds;
    for (int i = 0; i < LEAT__SETS && end > 0; i++)
        if (leat__words_next(set->ready[i], 0, end) < end)
            return true;
    return false;
}

unsigned long *
leat__fdset_words(const struct leat__fdset *set, enum leat__set which)
{
    return set->want[which].bits_set > 0 ? set->ready[which] : NULL;
}

size_t
leat__fdset_find(const struct leat__fdset *set, enum leat__set which,
    size_t from, size_t end)
{
    return leat__words_next(set->ready[which], from, end);
}

size_t
leat__fdset_find_early(const struct leat__fdset *set, size_t from, size_t end)
{
    const unsigned long *ready = set->ready[LEAT__READ];
    for (size_t fd = from; fd < end;
         fd = (fd / LEAT__WORD_BITS + 1) * LEAT__WORD_BITS) {
        size_t w = fd / LEAT__WORD_BITS;
        unsigned long both = ready[w] & set->early.word[w];
        size_t bit =
            leat__words_next(&both, fd % LEAT__WORD_BITS, LEAT__WORD_BITS);
        if (bit < LEAT__WORD_BITS && w * LEAT__WORD_BITS + bit < end)
            return w * LEAT__WORD_BITS + bit;
    }
    return end;
}

bool
leat__fdset_claim(struct leat__fdset *set, enum leat__set which, size_t fd)
{
    unsigned long *word = &set->ready[which][fd / LEAT__WORD_BITS];
    unsigned long mask = 1ul << (fd % LEAT__WORD_BITS);
    bool is_ready = (*word & mask) != 0;
    *word &= ~mask;
    return is_ready;
}

/* --- for park.c ----------------------------------------------------------- */

/* Nothing is ready there. */
static void
extend_ready(struct leat__fdset *set, int nfds)
{
    size_t words = words_for(set->ready_nfds);
    unsigned used = (unsigned)set->ready_nfds % LEAT__WORD_BITS;
    size_t more = words_for(nfds) - words;
    for (int i = 0; i < LEAT__SETS; i++) {
        if (used != 0)
            set->ready[i][words - 1] &= (1ul << used) - 1;
        if (more > 0)
            memset(set->ready[i] + words, 0, more * sizeof(unsigned long));
    }
    set->ready_nfds = nfds;
}

void
leat__fdset_mark(
    struct leat__fdset *set, const struct leat__io *io, unsigned events)
{
    size_t fd = (size_t)io->fd;
    if (io->fd >= set->ready_nfds)
        extend_ready(set, io->fd + 1);
    for (int i = 0; i < LEAT__SETS; i++)
        if (events & leat__event_of[i])
            set->ready[i][fd / LEAT__WORD_BITS] |= 1ul
                                                   << (fd % LEAT__WORD_BITS);
}

void
leat__fdset_mark_busy(struct leat__fdset *set)
{
    size_t words = words_for(set->ready_nfds);
    for (size_t w = 0; w < words; w++)
        set->busy[w] |= set->ready[LEAT__READ][w] | set->ready[LEAT__WRITE][w];
}

unsigned long
leat__fdset_quiet(struct leat__fdset *set, size_t first, bool all)
{
    size_t w = first / LEAT__WORD_BITS;
    unsigned long awake = set->awake.word[w];
    unsigned long quiet = all ? awake : awake & ~set->busy[w];
    set->busy[w] = 0;
    return quiet;
}

static bool
is_asked(const struct leat__fdset *set, int which, size_t fd)
{
    const struct leat__io *io = set->owner[fd];
    return leat__words_test(&set->want[which], fd) ||
           (io != NULL && io->parked & leat__event_of[which]);
}

/* Each bit stands for a number with an owner. */
static void
check_owned(const struct leat__fdset *set, const struct leat__words *words)
{
    size_t end = set->capacity;

    leat__words_check(words);
    for (size_t fd = leat__words_next(words->word, 0, end); fd < end;
         fd = leat__words_next(words->word, fd + 1, end))
        assert(set->owner[fd] != NULL);
}

static void
check_ready(const struct leat__fdset *set, int which)
{
    const unsigned long *word = set->ready[which];
    size_t end = (size_t)set->ready_nfds;

    for (size_t fd = leat__words_next(word, 0, end); fd < end;
         fd = leat__words_next(word, fd + 1, end))
        assert(is_asked(set, which, fd));
}

static void
check_owner(const struct leat__fdset *set, size_t fd)
{
    const struct leat__io *io = set->owner[fd];
    bool is_wanted = leat__fdset_wanted(set, io) != 0;
    assert(io->fd == (int)fd);
    assert(leat__words_test(&set->awake, fd) == (is_wanted && io->is_parkable));
    assert(io->parked == 0 || !is_wanted);
    (void)is_wanted; /* without assertions */
}

void
leat__fdset_check(const struct leat__fdset *set)
{
    size_t owners = 0;
    size_t top = 0;

    assert((size_t)set->nfds <= set->capacity);
    assert((size_t)set->ready_nfds <= set->capacity);
    for (size_t fd = 0; fd < set->capacity; fd++) {
        if (set->owner[fd] == NULL)
            continue;
        check_owner(set, fd);
        owners++;
    }
    assert(owners == set->count);
    check_owned(set, &set->early);
    for (int i = 0; i < LEAT__SETS; i++) {
        check_owned(set, &set->want[i]);
        check_ready(set, i);
        /* One after the last; 0 where there is none. */
        size_t after = leat__words_last(set->want[i].word, set->capacity) + 1;
        top = after > top ? after : top;
    }
    assert(top == (size_t)set->nfds);
    check_owned(set, &set->awake);
}
