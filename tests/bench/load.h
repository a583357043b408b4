/*
 * load.h - what the three loads share: connections, the clock, the CPU time of
 * the server, orders on standard input and answers on standard output.
 *
 * A load connects all its clients first and prints a line {"ready":1}. Then
 * each line on standard input is an order, and each gets a line of JSON:
 *
 *   t SECONDS    go on for so long
 *   n COUNT      until so many messages have come
 *
 * So the clients of several servers are there at the same time, and a run
 * costs nothing but itself. A load knows nothing of leat.
 */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOAD_EVENTS 1024

struct load_run {
    double seconds; /* so long, or 0 */
    uint64_t count; /* so many messages, or 0 */

    double start, end, cpu;
    uint64_t messages;
};

void load_die(const char *what);
void load_fail(const char *what);
double load_now(void);
size_t load_number(const char *text);

/* An epoll set, and as many descriptors as the machine allows. */
int load_open(void);
void load_want(int epoll, int op, int fd, uint32_t events, uint32_t number);

/* Descriptors it may have in all. */
size_t load_most_files(void);

/*
 * A blocking connection to 127.0.0.1, TCP_NODELAY. Clients come from several
 * addresses of 127/8, so that there are ports for all: number tells which.
 * buffer is SO_SNDBUF and SO_RCVBUF, 0 for the kernel's choice.
 */
int load_connect(int port, uint32_t source, int buffer);

/* Close without leaving a port in TIME_WAIT. */
void load_abort(int fd);

/* Send and receive all of it, or end the program. */
void load_send(int fd, const void *bytes, size_t len);
void load_receive(int fd, void *bytes, size_t len);

/* The next order; false at the end of standard input. */
bool load_order(struct load_run *run);

/* The run begins, and has ended; pid is the server, 0 if not known. */
void load_begin(struct load_run *run, int pid);
void load_finish(struct load_run *run, int pid);
bool load_is_over(const struct load_run *run);

/* Print what became of it; more is "" or further fields, each ",...". */
void load_report(const struct load_run *run, const char *more);

#endif
