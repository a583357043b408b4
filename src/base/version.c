/*
 * version.c - which library this is, for programs linked with another one's
 * headers.
 */
#include <leat/leat.h>

#define TEXT_OF(number) #number
#define DOTTED(major, minor, patch) \
    TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

const char *
leat_version(void)
{
    return DOTTED(LEAT_VERSION_MAJOR, LEAT_VERSION_MINOR, LEAT_VERSION_PATCH);
}
