/*
 * fixture.c - kernel.h as a fixture of Check.
 */
#include "kernel.h"

#include <check.h>

void
kernel_setup(void)
{
    kernel_reset();
}

void
kernel_teardown(void)
{
    const char *leftover = kernel_leftover();

    ck_assert_msg(leftover == NULL, "the test left behind: %s", leftover);
}
