/*
 * test_leatd_hub_escape.c - what text may contain on its way out, next to a
 * decoder that works out code points.
 */
#include "leatd/hub/hub.h"

#include <string.h>

#include "support/dice.h"
#include "support/quick.h"
#include "support/run.h"

/* --- the other decoder ------------------------------------------------------
 */

/* The code point that is written in exactly len bytes; -1 if none is. */
static long
decode(const unsigned char *at, size_t len)
{
    static const long least[] = {0, 0, 0x80, 0x800, 0x10000};
    static const int leads[] = {0, 0, 0xc0, 0xe0, 0xf0};

    if (len == 1)
        return at[0] < 0x80 ? at[0] : -1;
    if ((at[0] & (0xff00 >> (len + 1)) & 0xff) != leads[len])
        return -1;
    long code = at[0] & (0x7f >> len);
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return -1;
        code = code * 64 + (at[i] & 0x3f);
    }
    bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < least[len] || code > 0x10ffff || is_surrogate ? -1 : code;
}

static size_t
write_escaped(char *to, unsigned char byte)
{
    const char *digits = "0123456789ABCDEF";

    to[0] = '\\';
    if (byte == '\\') {
        to[1] = '\\';
        return 2;
    }
    to[1] = 'x';
    to[2] = digits[byte / 16];
    to[3] = digits[byte % 16];
    return 4;
}

static size_t
expect(char *to, const unsigned char *at, size_t len)
{
    size_t size = 0;

    while (len > 0) {
        size_t whole = 0;
        for (size_t n = 1; n <= 4 && n <= len && whole == 0; n++) {
            long code = decode(at, n);
            if (code >= 0xa0 || (code >= 0x20 && code < 0x7f && code != '\\'))
                whole = n;
        }
        if (whole > 0)
            memcpy(to + size, at, whole);
        size += whole > 0 ? whole : write_escaped(to + size, at[0]);
        at += whole > 0 ? whole : 1;
        len -= whole > 0 ? whole : 1;
    }
    return size;
}

static void
compare(const unsigned char *text, size_t len)
{
    char want[64], got[64];
    size_t size = expect(want, text, len);

    quick_eq(escape_size((const char *)text, len), size);
    escape_write(got, (const char *)text, len);
    quick_assert(memcmp(got, want, size) == 0);
}

/* --- tests -------------------------------------------------------------------
 */

START_TEST(every_text_of_one_and_two_bytes)
{
    for (unsigned i = 0; i < 65536; i++) {
        unsigned char text[] = {(unsigned char)(i >> 8), (unsigned char)i};
        compare(text + 1, 1);
        compare(text, 2);
    }
}
END_TEST

/* What is below 0x80 is a text of its own, whatever follows: two stand for all
 * of them in front. Where all is slow, every third byte at which something
 * changes. */
START_TEST(every_text_of_three_bytes)
{
    static const unsigned char edges[] = {0x00, 0x1f, 0x20, 0x5c, 0x7e, 0x7f,
        0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xe0, 0xff};
    bool is_short = dice_env("LEAT_OPS", 1000000) < 1000000;
    unsigned step = dice_env("LEAT_OPS", 1000000) < 10000 ? 7 : 1;

    for (unsigned i = 0; i < 65536; i += step) {
        unsigned char text[] = {(unsigned char)(i >> 8), (unsigned char)i, 0};
        if (text[0] < 0x80 && text[0] != 'a' && text[0] != 0x1b)
            continue;
        for (unsigned j = 0; j < (is_short ? sizeof edges : 256); j++) {
            text[2] = is_short ? edges[j] : (unsigned char)j;
            compare(text, 3);
        }
    }
}
END_TEST

/* The first and the last code point of each length, and their neighbours. */
START_TEST(the_edges_of_every_length_with_bytes_around_them)
{
    static const char *const edges[] = {"\xc2\x80", "\xc2\x9f", "\xc2\xa0",
        "\xdf\xbf", "\xe0\xa0\x80", "\xe0\x9f\xbf", "\xed\x9f\xbf",
        "\xed\xa0\x80", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
        "\xf0\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xc0\x80", "\xc1\xbf"};

    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++)
        for (unsigned byte = 0; byte < 256; byte++) {
            unsigned char text[12] = {(unsigned char)byte};
            size_t len = strlen(edges[i]);
            memcpy(text + 1, edges[i], len);
            text[len + 1] = (unsigned char)byte;
            compare(text + 1, len);
            compare(text, len + 2);
            compare(text + 1, len - 1);
        }
}
END_TEST

START_TEST(random_texts)
{
    struct dice dice;
    size_t count = dice_env("LEAT_OPS", 100000);

    dice_init(&dice, "escape");
    for (size_t i = 0; i < count; i++) {
        unsigned char text[15];
        size_t len = dice_roll(&dice, sizeof text + 1);
        for (size_t j = 0; j < len; j++)
            text[j] = (unsigned char)(dice_roll(&dice, 3) == 0
                                          ? dice_roll(&dice, 256)
                                          : 0x80 + dice_roll(&dice, 128));
        compare(text, len);
    }
}
END_TEST

Suite *
leat_test_suite(void)
{
    Suite *suite = suite_create("leatd_hub_escape");
    TCase *tcase = tcase_create("leatd_hub_escape");

    tcase_add_test(tcase, every_text_of_one_and_two_bytes);
    tcase_add_test(tcase, every_text_of_three_bytes);
    tcase_add_test(tcase, the_edges_of_every_length_with_bytes_around_them);
    tcase_add_test(tcase, random_texts);
    suite_add_tcase(suite, tcase);
    return suite;
}
