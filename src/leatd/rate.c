/*
 * rate.c - how often each source is answered: a small table that never grows.
 *
 * On the path: udp -> HERE.
 */
#include "rate.h"

#include <netinet/in.h>
#include <string.h>

static void
read_address(unsigned char address[16], const struct leat_addr *source)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

    /* Copied out of the storage, which has the type of neither. */
    if (source->storage.ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, &source->storage, sizeof in);
        memcpy(address, mapped, sizeof mapped);
        memcpy(address + sizeof mapped, &in.sin_addr, 4);
    } else {
        struct sockaddr_in6 in;
        memcpy(&in, &source->storage, sizeof in);
        memcpy(address, &in.sin6_addr, 16);
    }
}

bool
rate_take(struct rate *rate, const struct leat_addr *source, int64_t now_us)
{
    unsigned char address[16];
    size_t free_place = RATE_PLACES;

    read_address(address, source);
    for (size_t i = 0; i < RATE_PLACES; i++) {
        bool is_over = rate->place[i].count == 0 ||
                       now_us - rate->place[i].since_us >= RATE_SECOND_US;
        if (is_over) {
            free_place = i;
            continue;
        }
        if (memcmp(rate->place[i].address, address, sizeof address) != 0)
            continue;
        if (rate->place[i].count >= RATE_ANSWERS)
            return false;
        rate->place[i].count++;
        return true;
    }
    if (free_place == RATE_PLACES)
        return false;
    memcpy(rate->place[free_place].address, address, sizeof address);
    rate->place[free_place].since_us = now_us;
    rate->place[free_place].count = 1;
    return true;
}
