// The AVX2 family: 256-bit registers without a byte dot product; tiles of 4 pixels × 16 channels.
//
// VPMADDUBSW adds two products of an unsigned and a signed byte and saturates: it is exact only for weights whose
// sum lies within ±128, pair by pair. Many pixels pay for a look at the weights: a list says for each quad
// whether all of its pairs are such. For the others, the bytes of even and of odd places are widened to 16 bits and
// multiplied in pairs by VPMADDWD, which is always exact.
#if defined(__x86_64__)
#include "x86_int16.h"
#include "depthwise_taps.h"
#include "x86_tiles.h"
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

/// Bytes of even and of odd places, widened.
typedef struct operand {
    __m256i even, odd;
} operand;

MARTLET_INLINE operand split_weights(__m256i weights) {
    return (operand){_mm256_srai_epi16(_mm256_slli_epi16(weights, 8), 8), _mm256_srai_epi16(weights, 8)};
}
MARTLET_INLINE operand weight_operand(const int8_t *weights) {
    return split_weights(_mm256_loadu_si256((const __m256i *)weights));
}
MARTLET_INLINE operand input_operand(__m256i inputs) {
    return (operand){_mm256_and_si256(inputs, _mm256_set1_epi16(0xFF)), _mm256_srli_epi16(inputs, 8)};
}
MARTLET_INLINE operand broadcast_operand(const uint8_t *from) {
    int32_t four;
    __builtin_memcpy(&four, from, 4);
    return input_operand(_mm256_set1_epi32(four));
}
MARTLET_INLINE __m256i multiply_add(__m256i sums, operand inputs, operand weights) {
    const __m256i even = _mm256_madd_epi16(inputs.even, weights.even);
    const __m256i odd = _mm256_madd_epi16(inputs.odd, weights.odd);
    return _mm256_add_epi32(_mm256_add_epi32(sums, even), odd);
}

#include "x86_ymm.h"
#include "x86_ymm_depthwise.h"
#include "x86_ymm_elementwise.h"

#include "x86_avx2_convolution.h"

#pragma clang attribute pop

const martlet_kernels martlet_avx2_kernels = {
    .family = MARTLET_FAMILY_AVX2,
    .panel_blocks = 1,
    .paired_pixels = 2,
    .keeps_order = 1,
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
