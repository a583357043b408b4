/*
 * fuzz.h - what the fuzzers share: one entry point each, an input to draw
 * choices from, and a failure that ends the program.
 *
 * A target is one file target_<name>.c with LLVMFuzzerTestOneInput. It begins
 * from nothing each time: what is static in it is set before it is read. It is
 * linked with libFuzzer, or with replay.c, which runs a corpus and mutations
 * of it with any compiler. The assertions are those of support/quick.h; Check
 * itself is not linked, verdict.c stands in for it.
 *
 * is_mistaken is true in the program fuzz_<name>_mistake only: there the
 * harness puts a mistake between itself and what it looks at, which the fuzzer
 * must find. So a target that finds nothing has shown that it could.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/quick.h"

/* Always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const bool is_mistaken = FUZZ_MISTAKE;

/* The bytes that choices are drawn from, front to back. */
struct input {
    const uint8_t *at;
    size_t left;
};

/* The next byte; 0 when there is none. */
uint8_t input_byte(struct input *input);
/* 0..n - 1 from as few bytes as that needs; n is 1 to 2^32. */
size_t input_pick(struct input *input, size_t n);
/* The next len bytes, or as many as there are; *len says how many. */
const uint8_t *input_take(struct input *input, size_t *len);
/* All up to the next byte that is end, which is skipped; as a string of at most
 * size - 1 characters, what is beyond is skipped too. A NUL ends the string. */
char *input_text(struct input *input, uint8_t end, char *text, size_t size);

#endif
