/*
 * helper.h - a process that does nothing but hash passwords, so that leatd
 * need not wait for it.
 *
 * It is leatd itself, started with HELPER_WORD. Its descriptor 0 is a socket
 * and its only one. Questions and answers, each number big-endian:
 *
 *   question  2 bytes length of the rest; 4 bytes number; the hash and a NUL;
 *             the password
 *   answer    4 bytes number; 1 byte verdict
 *
 * It answers one question after the other and ends with the socket.
 */
#ifndef LEATD_HUB_HELPER_H
#define LEATD_HUB_HELPER_H

#include "cli/codes.h"
#include "cli/logins.h"

#include <stddef.h>
#include <stdint.h>

#define HELPER_WORD "--login-helper"
#define HELPER_NICE 10

#define HELPER_HASH 384u /* most of a hash with its NUL */
#define HELPER_QUESTION (2u + 4u + HELPER_HASH + LOGINS_PASSWORD)
#define HELPER_ANSWER 5u

enum verdict {
    VERDICT_WRONG,
    VERDICT_RIGHT,
    VERDICT_FAILED, /* it could not be found out */
    VERDICTS
};

/* Serve until the other end is closed. */
enum exit_code helper_run(int fd);

static inline void
helper_put32(unsigned char *to, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(number >> (24 - 8 * i));
}

static inline uint32_t
helper_get32(const unsigned char *from)
{
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 |
           (uint32_t)from[2] << 8 | from[3];
}

#endif
