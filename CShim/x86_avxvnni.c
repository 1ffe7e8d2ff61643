// The AVX-VNNI family: 256-bit registers and the byte dot product; tiles of 6 pixels × 16 channels.
#if defined(__x86_64__)
#include "x86_int16.h"
#include "depthwise_taps.h"
#include "x86_tiles.h"
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,avxvnni"))), apply_to = function)

/// Bytes as the multiplier takes them.
typedef struct operand {
    __m256i bytes;
} operand;

MARTLET_INLINE operand split_weights(__m256i weights) { return (operand){weights}; }
MARTLET_INLINE operand weight_operand(const int8_t *weights) {
    return split_weights(_mm256_loadu_si256((const __m256i *)weights));
}
MARTLET_INLINE operand input_operand(__m256i inputs) { return (operand){inputs}; }
MARTLET_INLINE operand broadcast_operand(const uint8_t *from) {
    int32_t four;
    __builtin_memcpy(&four, from, 4);
    return (operand){_mm256_set1_epi32(four)};
}
MARTLET_INLINE __m256i multiply_add(__m256i sums, operand inputs, operand weights) {
    return _mm256_dpbusd_avx_epi32(sums, inputs.bytes, weights.bytes);
}

#include "x86_ymm.h"
#include "x86_ymm_depthwise.h"
#include "x86_ymm_elementwise.h"

TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
static const tile_function tiles[7] = {NULL, tile_1, tile_2, tile_3, tile_4, tile_5, tile_6};

static void convolve(const martlet_panel *panel, const martlet_segment *segments, int32_t segment_count) {
    if (segment_count == 2) tile_pair(panel, segments, tiles);
    else tile_segment(panel, segments, tiles, 6);
}

#pragma clang attribute pop

const martlet_kernels martlet_avxvnni_kernels = {
    .family = MARTLET_FAMILY_AVXVNNI,
    .panel_blocks = 1,
    .paired_pixels = 3,
    .convolve = convolve,
    .depthwise = depthwise,
    .maximum = maximum,
    .accumulate = accumulate,
    .requantize = requantize,
    .add = add,
    .add_fixed = add_fixed,
    .multiply = multiply,
    .look_up = look_up,
    .convolve_int16 = martlet_int16_convolve_avx2,
    .expand_four_bit = martlet_avx2_expand_four_bit,
};
#endif
