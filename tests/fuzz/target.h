/* What every fuzz target has: the function that the fuzzer calls, and a word
 * for what must hold whatever the input. */
#ifndef TESTS_FUZZ_TARGET_H
#define TESTS_FUZZ_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t size);
extern const size_t replay_stride; /* replay.c; defined where it is needed */

static inline void must(bool holds)
{
    if (!holds)
        abort();
}

#endif
