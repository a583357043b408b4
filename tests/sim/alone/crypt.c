/*
 * crypt.c - in place of libxcrypt, where there is none for the machine that
 * leat-sim is built for. Nobody logs in on the simulated kernel: it starts no
 * processes, and the helper is one.
 */
#include <crypt.h>
#include <stddef.h>

char *
crypt_r(const char *phrase, const char *setting, struct crypt_data *data)
{
    (void)phrase, (void)setting, (void)data;
    return NULL;
}

int
crypt_checksalt(const char *setting)
{
    (void)setting;
    return CRYPT_SALT_INVALID;
}
