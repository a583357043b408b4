/*
 * address.h - the grammar of addresses, as help and complaints tell it.
 */
#ifndef LEAT_CLI_ADDRESS_H
#define LEAT_CLI_ADDRESS_H

#include "complaint.h"

/* The lines of the help that say what ADDRESS is. */
extern const char address_help[];

/* The word is not of the grammar. */
void address_complain(const char *word, struct complaint *wrong);

#endif
