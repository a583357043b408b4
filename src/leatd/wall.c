/*
 * wall.c - the time of day as text.
 *
 * On the path: services that tell the time, and the log -> HERE -> text.
 *
 * The names of days and months are those of the C locale. They stand here, and
 * strftime is not asked, because it may look at the time zone's file on each
 * call; localtime_r does so once in the life of the process.
 */
#include "wall.h"

#include <errno.h>

#include "sys/sys.h"

/* One number, and what stands after it. */
struct part {
    int value;
    unsigned width;
    const char *after;
};

/* None of them is negative: wall_put has seen to that. */
static void
put_parts(struct text *text, const struct part *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        text_number(text, (uint64_t)parts[i].value, parts[i].width);
        text_add(text, parts[i].after);
    }
}

/* As ctime(3) has it, without its newline; the day is padded by a space. */
static void
put_ctime(struct text *text, const struct tm *tm)
{
    static const char days[] = "Sun Mon Tue Wed Thu Fri Sat ";
    static const char months[] =
        "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec ";
    const struct part parts[] = {{tm->tm_mday, 1, " "}, {tm->tm_hour, 2, ":"},
        {tm->tm_min, 2, ":"}, {tm->tm_sec, 2, " "},
        {tm->tm_year + 1900, 4, ""}};

    text_put(text, days + tm->tm_wday * 4, 4);
    text_put(text, months + tm->tm_mon * 4, 4);
    text_add(text, tm->tm_mday < 10 ? " " : "");
    put_parts(text, parts, sizeof parts / sizeof parts[0]);
}

/* RFC 3339, section 5.6, with Z for UTC. */
static void
put_rfc3339(struct text *text, const struct tm *tm)
{
    const struct part parts[] = {{tm->tm_year + 1900, 4, "-"},
        {tm->tm_mon + 1, 2, "-"}, {tm->tm_mday, 2, "T"}, {tm->tm_hour, 2, ":"},
        {tm->tm_min, 2, ":"}, {tm->tm_sec, 2, ""}};

    put_parts(text, parts, sizeof parts / sizeof parts[0]);
}

/* Cut, not rounded: a moment never belongs to a second that has not begun. */
static void
put_utc(struct text *text, const struct timespec *when, const struct tm *tm,
    enum wall_form form)
{
    put_rfc3339(text, tm);
    if (form == WALL_RFC3339MS) {
        text_add(text, ".");
        text_number(text, (uint64_t)when->tv_nsec / 1000000, 3);
    }
    text_add(text, "Z");
}

/* Checked before anything is put. The year is that of the form: where 9999
 * ends, and whether 1970 has begun, local time may think otherwise. */
int
wall_put(struct text *text, const struct timespec *when, enum wall_form form)
{
    struct tm tm;
    const struct tm *known = form == WALL_CTIME
                                 ? localtime_r(&when->tv_sec, &tm)
                                 : gmtime_r(&when->tv_sec, &tm);

    if (when->tv_sec < 0 || known == NULL || tm.tm_year > 9999 - 1900)
        return -EOVERFLOW;
    if (form == WALL_UNIX)
        text_number(text, (uint64_t)when->tv_sec, 1);
    else if (form == WALL_CTIME)
        put_ctime(text, &tm);
    else
        put_utc(text, when, &tm, form);
    return 0;
}

int
wall_put_now(struct text *text, enum wall_form form)
{
    struct timespec now;
    int error = leat__sys_wall(&now);

    return error != 0 ? error : wall_put(text, &now, form);
}
