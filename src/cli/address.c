/*
 * address.c - the grammar of addresses, as help and complaints tell it.
 *
 * On the path: a wrong start, and --help. leat_addr_parse is what reads them.
 */
#include "address.h"

const char address_help[] =
    "ADDRESS is one of\n"
    "  PORT                      127.0.0.1 and ::1\n"
    "  any:PORT or *:PORT        every address, IPv4 and IPv6\n"
    "  HOST:PORT                 a name or an IPv4 address\n"
    "  [V6]:PORT                 an IPv6 address\n"
    "  unix:PATH                 a unix stream socket\n";

void
address_complain(const char *word, struct complaint *wrong)
{
    complaint_say(wrong, "wrong address", word,
        "; it is PORT, any:PORT, HOST:PORT, [V6]:PORT or unix:PATH");
}
