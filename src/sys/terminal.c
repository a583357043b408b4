/*
 * terminal.c - whether somebody sits at the other end of a descriptor, and
 * what becomes of the keys.
 */
#include "result.h"

#include <sys/ioctl.h>
#include <termios.h>

/* Only a terminal has a window. */
int
leat__sys_is_terminal(int fd)
{
    struct winsize size;
    return LEAT_SYS(ioctl, fd, TIOCGWINSZ, &size) == 0;
}

/* Without signals: one that ended us here would leave the terminal as it is.
 * What was typed ahead, and shown, is thrown away. */
int
leat__sys_hide_keys(int fd, struct termios *before)
{
    if (LEAT_SYS(tcgetattr, fd, before) < 0)
        return -errno;
    struct termios hidden = *before;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG);
    hidden.c_cc[VMIN] = 1;
    hidden.c_cc[VTIME] = 0;
    return told(LEAT_SYS(tcsetattr, fd, TCSAFLUSH, &hidden));
}

int
leat__sys_show_keys(int fd, const struct termios *before)
{
    return told(LEAT_SYS(tcsetattr, fd, TCSAFLUSH, before));
}
