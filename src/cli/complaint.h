/*
 * complaint.h - what is wrong with a start, in one line that names the word.
 */
#ifndef LEAT_CLI_COMPLAINT_H
#define LEAT_CLI_COMPLAINT_H

struct complaint {
    char text[512]; /* NUL-terminated, without a line ending */
};

/*
 * Say: before 'word' after. word is escaped, for it may be anything; it may be
 * NULL, then it is: before after.
 */
void complaint_say(struct complaint *complaint, const char *before,
    const char *word, const char *after);

/* Write it to standard error as PROGRAM: ..., unless that blocks. */
void complaint_tell(const struct complaint *complaint, const char *program);

#endif
