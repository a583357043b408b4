/*
 * helper.c - the process that hashes passwords.
 *
 * On the path: verifier (in leatd) -> a socket -> HERE -> crypt(3) -> the
 * socket -> verifier.
 *
 * A hash of a password is made to cost time. Nothing here is in a hurry: reads
 * and writes wait.
 */
#include "helper.h"

#include <crypt.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "cli/mem.h"
#include "cli/output.h"
#include "cli/proc.h"
#include "sys/sys.h"

/* 1; 0 the end came before them; -errno. */
static int
read_exactly(int fd, unsigned char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t count = leat__sys_read(fd, bytes, len);
        if (count <= 0)
            return (int)count;
        bytes += count;
        len -= (size_t)count;
    }
    return 1;
}

/* However much of it is right, it takes the same time. */
static bool
are_equal(const char *made, const char *hash)
{
    size_t len = strlen(hash);
    unsigned char differs = 0;

    if (strlen(made) != len)
        return false;
    for (size_t i = 0; i < len; i++)
        differs |= (unsigned char)(made[i] ^ hash[i]);
    return differs == 0;
}

static enum verdict
check(const char *password, const char *hash, struct crypt_data *data)
{
    const char *made = crypt_r(password, hash, data);
    enum verdict verdict = VERDICT_FAILED;

    if (made != NULL && made[0] != '*')
        verdict = are_equal(made, hash) ? VERDICT_RIGHT : VERDICT_WRONG;
    explicit_bzero(data, sizeof *data);
    return verdict;
}

/* The question is a number, a hash, a NUL and a password; a NUL was put behind
 * it. 0 or -errno. */
static int
answer(
    int fd, const unsigned char *question, size_t len, struct crypt_data *data)
{
    const char *hash = (const char *)question + 4;
    unsigned char reply[HELPER_ANSWER];

    if (len < 5 || memchr(hash, '\0', len - 4) == NULL)
        return -EPROTO;
    memcpy(reply, question, 4);
    reply[4] = (unsigned char)check(hash + strlen(hash) + 1, hash, data);
    return output_all(fd, (const char *)reply, sizeof reply);
}

/* 1; 0 at the end; -errno. */
static int
serve_one(int fd, struct crypt_data *data)
{
    unsigned char bytes[HELPER_QUESTION + 1];
    int more = read_exactly(fd, bytes, 2);

    if (more <= 0)
        return more;
    size_t len = (size_t)bytes[0] << 8 | bytes[1];
    if (len > HELPER_QUESTION)
        return -EPROTO;
    more = read_exactly(fd, bytes, len);
    bytes[len] = '\0';
    if (more > 0) {
        int error = answer(fd, bytes, len, data);
        if (error != 0)
            more = error;
    }
    explicit_bzero(bytes, sizeof bytes);
    return more;
}

enum exit_code
helper_run(int fd)
{
    struct crypt_data *data = mem_take(sizeof *data);
    int more = 1;

    if (data == NULL)
        return CODE_FAILED;
    /* What a terminal sends to all is leatd's to answer. */
    proc_deafen();
    (void)leat__sys_nice(HELPER_NICE); /* it may have less already */
    while (more > 0)
        more = serve_one(fd, data);
    mem_give(data);
    return more == 0 ? CODE_OK : CODE_FAILED;
}
