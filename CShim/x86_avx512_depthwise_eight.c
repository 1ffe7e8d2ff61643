// AVX-512-VNNI depthwise convolution 3×3 of eight channels without gaps, stride 1: four neighbouring pixels are 32
// bytes, and so are their left and right neighbours, eight bytes away.
#if defined(__x86_64__)
#include "x86_avx512_depthwise.h"

#pragma clang attribute push(__attribute__((target(MARTLET_AVX512))), apply_to = function)

/// Constants of eight channels, twice.
typedef struct eight_constants {
    __m512i weights[2][3];  // of the upper and the lower output row, column by column
    __m512i bias;
    __m512 factor;
} eight_constants;

MARTLET_INLINE eight_constants load_constants(const pass pass) {
    eight_constants constants;
    MARTLET_UNROLL for (int column = 0; column < 3; column++) {
        const __m256i once = _mm256_loadu_si256((const __m256i *)(pass.weights + column * 64));
        constants.weights[0][column] = _mm512_broadcast_i64x4(once);
        constants.weights[1][column] = _mm512_slli_epi32(constants.weights[0][column], 8);
        __asm__("" : "+v"(constants.weights[1][column]));
    }
    constants.bias = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)pass.constants->bias));
    constants.factor = _mm512_broadcast_f32x8(_mm256_loadu_ps(pass.constants->factor));
    return constants;
}

/// Four pixels of a row from column `x` on; when `checked`, those outside the image are padding.
MARTLET_INLINE __m256i four_pixels(const int checked, const pass pass, const uint8_t *row, int32_t x) {
    if (!checked) return load32(row + 8 * x);
    const int32_t before = martlet_clamp(-x, 0, 4), after = martlet_clamp(x + 4 - pass.input_width, 0, 4);
    const uint32_t mask = (uint32_t)(0xFFFFFFFFull << 8 * before) & (uint32_t)(0xFFFFFFFFull >> 8 * after);
    return _mm256_mask_loadu_epi8(_mm512_castsi512_si256(pass.padding), mask, row + 8 * (ptrdiff_t)x);
}

/// The same of `rows` rows as quads.
MARTLET_INLINE quads four_quads(
    const int checked, const int rows, const pass pass, const uint8_t *const *from, int32_t x) {
    quads result;
    __m512i upper = _mm512_zextsi256_si512(four_pixels(checked, pass, from[0], x));
    __m512i lower = _mm512_zextsi256_si512(four_pixels(checked, pass, from[2], x));
    upper = _mm512_inserti64x4(upper, four_pixels(checked, pass, from[1], x), 1);
    if (rows > 3) lower = _mm512_inserti64x4(lower, four_pixels(checked, pass, from[3], x), 1);
    result.block[0] = _mm512_permutex2var_epi8(upper, pass.order[0], lower);
    result.block[1] = _mm512_permutex2var_epi8(upper, pass.order[1], lower);
    return result;
}

/// Four output pixels from pixel `pixel` on, of one output row or two.
MARTLET_INLINE void four_outputs(
    const int checked, const int output_rows, const pass pass, const eight_constants *constants,
    const uint8_t *const *rows, uint8_t *const *outputs, int32_t pixel) {
    __m512i values[2][2];
    MARTLET_UNROLL for (int row = 0; row < output_rows; row++) {
        MARTLET_UNROLL for (int block = 0; block < 2; block++) values[row][block] = constants->bias;
    }
    MARTLET_UNROLL for (int column = 0; column < 3; column++) {
        const quads inputs = four_quads(checked, output_rows + 2, pass, rows, pass.first_x + pixel + column);
        MARTLET_UNROLL for (int row = 0; row < output_rows; row++) {
            MARTLET_UNROLL for (int block = 0; block < 2; block++) {
                values[row][block] = _mm512_dpbusd_epi32(
                    values[row][block], inputs.block[block], constants->weights[row][column]);
            }
        }
    }
    MARTLET_UNROLL for (int row = 0; row < output_rows; row++) {
        MARTLET_UNROLL for (int block = 0; block < 2; block++) {
            values[row][block] = _mm512_cvtps_epi32(scale(values[row][block], constants->factor));
        }
    }
    const __m512i bytes = two_pixels(2, pass, values[0], values[output_rows - 1]);
    MARTLET_UNROLL for (int row = 0; row < output_rows; row++) {
        uint8_t *output = outputs[row] + 8 * pixel;
        const __m256i half = half_register(bytes, row);
        if (!checked) _mm256_storeu_si256((__m256i *)output, half);
        else _mm256_mask_storeu_epi8(output, (__mmask32)first_bytes(8 * martlet_minimum(pass.pixels - pixel, 4)), half);
    }
}

MARTLET_INLINE void walk_rows(
    const int output_rows, const pass pass, const uint8_t *const *rows, uint8_t *const *outputs) {
    const eight_constants constants = load_constants(pass);
    const uint8_t *from[4];
    MARTLET_UNROLL for (int i = 0; i < output_rows + 2; i++) from[i] = rows[i];
    for (int32_t pixel = 0; pixel < pass.pixels; pixel += 4) {
        const int32_t x = pass.first_x + pixel;
        const int32_t inside = x >= 0 && x + 6 <= pass.input_width && pixel + 4 <= pass.pixels;
        if (inside) four_outputs(0, output_rows, pass, &constants, from, outputs, pixel);
        else four_outputs(1, output_rows, pass, &constants, from, outputs, pixel);
    }
}

void martlet_avx512_depthwise_eight(const pass *pass) {
    const martlet_depthwise_segment *segment = pass->segment;
    if (segment->output_rows == 2) walk_rows(2, *pass, segment->rows, segment->outputs);
    else walk_rows(1, *pass, segment->rows, segment->outputs);
}

#pragma clang attribute pop
#endif
