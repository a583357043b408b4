/*
 * sites.h - which places of the seam are called, and how often.
 */
#ifndef FAULT_SITES_H
#define FAULT_SITES_H

#include "table.h"

#define SITES_MOST 200u

/* Count from 0 from now on; more than bound calls in all are a program that
 * has lost its way: it is told, and ends. */
void sites_watch(unsigned long bound);
/* Keep what was counted until now, for sites_calls; counting goes on. */
void sites_keep(void);
/* How often it was called until sites_keep. */
unsigned sites_calls(size_t site);
/* Whether it was ever called, by any run of this process. */
bool sites_reached(size_t site);
/* What the compiler calls its line; only of one that was reached. */
int sites_line(size_t site);
/* The site of this name; fault_site_count when there is none. */
size_t sites_find(const char *name);

#endif
