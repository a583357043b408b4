/*
 * trace.h - what happened, in order, as one line of words.
 *
 *     trace("read %d", fd);             in a callback
 *     trace_expect("read 5, timer");    in the test; empties the line
 */
#ifndef TESTS_TRACE_H
#define TESTS_TRACE_H

/* Empty the line. */
void trace_init(void);
/* Add words, after a comma where there are some already. */
void trace(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Fails the test unless the line is this one. */
void trace_expect(const char *line);

#endif
