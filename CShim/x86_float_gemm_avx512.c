// Float tiles of 14 rows × 32 columns for AVX-512.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,fma"))), apply_to = function)
#define FLOAT_ROWS 14
#define FLOAT_BLOCKS 2
#define FLOAT_OUTER_ROWS 8
#define FLOAT_OUTER_BLOCKS 3
#define FLOAT_LOAD_SOME(from, count) _mm512_maskz_loadu_ps((__mmask16)((1u << (count)) - 1), from)
#define FLOAT_STORE_SOME(into, value, count) _mm512_mask_storeu_ps(into, (__mmask16)((1u << (count)) - 1), value)
#define FLOAT_MULTIPLY_ADD(a, b, c) __builtin_elementwise_fma(a, b, c)
#include "float_tile.h"
#include "float_training.h"

static void tile(const martlet_float_tile *tile) {
    switch (tile->rows) {
        FLOAT_TILE_CASE(1) FLOAT_TILE_CASE(2) FLOAT_TILE_CASE(3) FLOAT_TILE_CASE(4) FLOAT_TILE_CASE(5)
        FLOAT_TILE_CASE(6) FLOAT_TILE_CASE(7) FLOAT_TILE_CASE(8) FLOAT_TILE_CASE(9) FLOAT_TILE_CASE(10)
        FLOAT_TILE_CASE(11) FLOAT_TILE_CASE(12) FLOAT_TILE_CASE(13) FLOAT_TILE_CASE(14)
    }
}

static void depthwise(const martlet_float_taps *taps) { float_depthwise_pixels(taps); }

static void outer(const martlet_float_outer *outer) {
    switch (outer->rows) {
        FLOAT_OUTER_CASE(1) FLOAT_OUTER_CASE(2) FLOAT_OUTER_CASE(3) FLOAT_OUTER_CASE(4) FLOAT_OUTER_CASE(5)
        FLOAT_OUTER_CASE(6) FLOAT_OUTER_CASE(7) FLOAT_OUTER_CASE(8)
    }
}
#pragma clang attribute pop

const martlet_float_kernels martlet_float_avx512_kernels = FLOAT_KERNELS("avx512");
#endif
