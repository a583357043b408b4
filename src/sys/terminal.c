/*
 * terminal.c - whether somebody sits at the other end of a descriptor.
 */
#include <sys/ioctl.h>
#include <termios.h>

#include "sys.h"

/* Only a terminal has a window. */
int
leat__sys_is_terminal(int fd)
{
    struct winsize size;
    return LEAT_SYS(ioctl, fd, TIOCGWINSZ, &size) == 0;
}
