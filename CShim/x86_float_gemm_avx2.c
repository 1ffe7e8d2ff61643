// Float tiles of 6 rows × 16 columns for AVX2 with fused multiply-add.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define FLOAT_ROWS 6
#define FLOAT_BLOCKS 1
#define FLOAT_OUTER_ROWS 6
#define FLOAT_OUTER_BLOCKS 1
#define FLOAT_MULTIPLY_ADD(a, b, c) __builtin_elementwise_fma(a, b, c)
#include "float_tile.h"
#include "float_training.h"

static void tile(const martlet_float_tile *tile) {
    switch (tile->rows) {
        FLOAT_TILE_CASE(1) FLOAT_TILE_CASE(2) FLOAT_TILE_CASE(3) FLOAT_TILE_CASE(4) FLOAT_TILE_CASE(5)
        FLOAT_TILE_CASE(6)
    }
}

static void depthwise(const martlet_float_taps *taps) { float_depthwise_pixels(taps); }

static void outer(const martlet_float_outer *outer) {
    switch (outer->rows) {
        FLOAT_OUTER_CASE(1) FLOAT_OUTER_CASE(2) FLOAT_OUTER_CASE(3) FLOAT_OUTER_CASE(4) FLOAT_OUTER_CASE(5)
        FLOAT_OUTER_CASE(6)
    }
}
#pragma clang attribute pop

const martlet_float_kernels martlet_float_avx2_kernels = FLOAT_KERNELS("avx2");
#endif
