// Expands weights of four bits in 256-bit registers.
#if defined(__x86_64__)
#include "four_bit_expand.h"

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

void martlet_avx2_expand_four_bit(const uint8_t *restrict bytes, int8_t *restrict values, ptrdiff_t quads) {
    expand_bytes(bytes, values, quads);
}

#pragma clang attribute pop
#endif
