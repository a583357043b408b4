/*
 * input.c - choices from bytes.
 */
#include "fuzz.h"

#include <string.h>

uint8_t
input_byte(struct input *input)
{
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->at++;
}

/* Low byte first, so that a small change makes a small difference. */
size_t
input_pick(struct input *input, size_t n)
{
    size_t number = 0;

    for (unsigned shift = 0; shift < 32 && (n - 1) >> shift != 0; shift += 8)
        number |= (size_t)input_byte(input) << shift;
    return number % n;
}

const uint8_t *
input_take(struct input *input, size_t *len)
{
    const uint8_t *bytes = input->at;

    if (*len > input->left)
        *len = input->left;
    input->at += *len;
    input->left -= *len;
    return bytes;
}

char *
input_text(struct input *input, uint8_t end, char *text, size_t size)
{
    size_t len = 0;

    while (input->left > 0) {
        uint8_t byte = input_byte(input);
        if (byte == end)
            break;
        if (len < size - 1)
            text[len++] = (char)byte;
    }
    text[len] = '\0';
    return text;
}
