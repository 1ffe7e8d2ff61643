/// How weights of four bits become bytes; whoever includes it compiles it for a processor.
#ifndef MARTLET_FOUR_BIT_EXPAND_H
#define MARTLET_FOUR_BIT_EXPAND_H

#include "kernels.h"

enum {
    quad_bytes = 32,
    quad_values = 64,
};

/// In a form that compilers make vector instructions of.
MARTLET_INLINE void expand_bytes(const uint8_t *restrict bytes, int8_t *restrict values, ptrdiff_t quads) {
    for (; quads > 0; quads--, bytes += quad_bytes, values += quad_values) {
        for (int32_t at = 0; at < quad_bytes; at++) {
            values[at] = (int8_t)((uint8_t)((bytes[at] & 15) ^ 8) - 8);
            values[quad_bytes + at] = (int8_t)((uint8_t)((bytes[at] >> 4) ^ 8) - 8);
        }
    }
}

#endif
