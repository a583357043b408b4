/*
 * scene_hub.c - a hub with three who talk to each other and to one of them.
 *
 * What each hears depends on when the others come, so it is not compared byte
 * by byte. But a line is whole, is of who says so, comes once and in its order,
 * and what was for one reaches nobody else; and none is missing from the midst
 * of a talk unless somebody was told so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blame.h"
#include "scenes.h"
#include "world.h"

#define TALKERS 3
#define LINES 12
#define LINE_LEN 24 /* of what is said, without its newline */
#define DIRECT 4    /* each so-manieth is for the next talker alone */

static const char names[TALKERS + 1] = "abc";

static struct script scripts[TALKERS];
static char said[TALKERS][1024];

static struct ear {
    char line[256];
    size_t len;
    bool is_in;           /* the room in which all is new */
    int last[TALKERS][2]; /* heard of each: of all, and direct; -1 nothing */
} ears[TALKERS];

static bool was_told;    /* that a line was lost */
static char missing[96]; /* the first one that was; empty: none */

static bool
is_direct(int line)
{
    return line % DIRECT == DIRECT - 1;
}

/* What talker says in that line. */
static void
compose(char text[LINE_LEN + 1], int talker, int line)
{
    static const char letters[] = "abcdefghijklmnopqrstuvw";

    snprintf(text, LINE_LEN + 1, "%c-%02d-%s", names[talker], line % 100,
        letters + talker);
}

void
prepare_hub(void)
{
    char text[LINE_LEN + 1];

    for (int i = 0; i < TALKERS; i++) {
        /* The lobby remembers the play before. */
        size_t len =
            (size_t)sprintf(said[i], "/nick %c\n/join den\n", names[i]);
        for (int j = 0; j < LINES; j++) {
            compose(text, i, j);
            if (is_direct(j))
                len += (size_t)sprintf(
                    said[i] + len, "@%c ", names[(i + 1) % TALKERS]);
            len += (size_t)sprintf(said[i] + len, "%s\n", text);
        }
        scripts[i] = (struct script){.out = (const unsigned char *)said[i],
            .out_len = len,
            .piece = (size_t)(20 + 13 * i),
            .half_closes = true,
            .waits_for_end = true};
    }
    scripts[1].is_urgent = true;
    scripts[2].late = 4;
    scripts[2].gulp = 100;
    scripts[2].rcvbuf = 2304;
}

/* --- what is heard ---------------------------------------------------------
 */

static int
talker_of(char name)
{
    const char *at = strchr(names, name);

    return name == '\0' || at == NULL ? -1 : (int)(at - names);
}

/* None is missing between the last one that was heard and this one. */
static bool
is_next(int last, int line, bool direct)
{
    if (last < 0)
        return line > last; /* it has come later */
    for (int i = last + 1; i < line; i++)
        if (is_direct(i) == direct)
            return false;
    return line > last;
}

static void
judge_message(int hearer, int talker, bool direct, const char *text)
{
    char want[LINE_LEN + 1];
    int *last = &ears[hearer].last[talker][direct];
    int line = atoi(text + 2);

    compose(want, talker, line);
    if (strcmp(text, want) != 0) {
        blame("%c hears \"%s\"", names[hearer], text);
        return;
    }
    if (talker == hearer || is_direct(line) != direct ||
        (direct && (talker + 1) % TALKERS != hearer))
        blame("%c hears what is not for it: %s", names[hearer], text);
    else if (line <= *last)
        blame("%c hears %s after line %d", names[hearer], text, *last);
    else if (!is_next(*last, line, direct) && missing[0] == '\0')
        snprintf(missing, sizeof missing, "%c hears %s after line %d",
            names[hearer], text, *last);
    *last = line;
}

static void
judge_line(int hearer, const char *line)
{
    int talker = talker_of(line[0]);

    if (strncmp(line, "! NOMEM ", 8) == 0 ||
        strncmp(line, "* you missed ", 13) == 0)
        was_told = true;
    if (strstr(line, " in den") != NULL)
        ears[hearer].is_in = true;
    if (line[0] == '*' || line[0] == '!' || !ears[hearer].is_in)
        return;
    bool direct = line[0] != '\0' && strncmp(line + 1, ": ", 2) == 0;
    bool is_message = direct || strncmp(line + 1, "> ", 2) == 0;
    if (talker < 0 || !is_message || strlen(line) != 3 + LINE_LEN)
        blame("%c hears \"%s\"", names[hearer], line);
    else
        judge_message(hearer, talker, direct, line + 3);
}

static void
listen_in(struct guest *guest, const void *bytes, size_t len)
{
    int hearer = (int)(guest - world.guest);
    struct ear *ear = &ears[hearer];
    const char *from = bytes;

    for (size_t i = 0; i < len; i++) {
        if (ear->len == sizeof ear->line - 1) {
            blame("%c hears a line without an end", names[hearer]);
            ear->len = 0;
        }
        ear->line[ear->len++] = from[i];
        if (from[i] != '\n')
            continue;
        ear->line[ear->len - 1] = '\0';
        ear->len = 0;
        judge_line(hearer, ear->line);
    }
}

void
play_hub(void)
{
    memset(ears, 0, sizeof ears);
    for (int i = 0; i < TALKERS; i++)
        for (int j = 0; j < TALKERS; j++)
            ears[i].last[j][0] = ears[i].last[j][1] = -1;
    was_told = false;
    missing[0] = '\0';
    for (int i = 0; i < TALKERS; i++)
        scripts[i].listen = listen_in;
    world_connect_all(scripts, TALKERS);
    world_drive();
    /* Who was told may have read it later than others heard the next line. */
    if (missing[0] != '\0' && !was_told)
        blame("%s, and nobody was told", missing);
}
