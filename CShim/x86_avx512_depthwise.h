/// What the AVX-512-VNNI depthwise kernels share: a pass over 32 channels, quads, and stores of a pixel.
#ifndef MARTLET_X86_AVX512_DEPTHWISE_H
#define MARTLET_X86_AVX512_DEPTHWISE_H

#include "x86_avx512.h"
#include "depthwise_taps.h"

#pragma clang attribute push(__attribute__((target(MARTLET_AVX512))), apply_to = function)

/// What one pass over a row needs, for `blocks` blocks of sixteen channels from `channel` on.
/// Kernels take it by value: stores to the output could otherwise change it, for all that the compiler knows.
typedef struct pass {
    const martlet_depthwise *depthwise;
    const martlet_depthwise_segment *segment;
    ptrdiff_t input_pitch, output_pitch;
    int32_t input_width, pixels, first_x;
    const int8_t *weights;
    ptrdiff_t block_bytes;
    const martlet_channel_block *constants;
    int32_t channel;
    int32_t whole;        // all 16 · blocks channels exist
    __mmask32 mask;       // those that exist
    __m512i order[2];     // byte orders that make quads
    __m512i padding;
    output_rule rule;
} pass;

/// 3×3, stride 1, eight channels in pixels of eight bytes.
void martlet_avx512_depthwise_eight(const pass *pass);

/// One column of up to four rows as quads: [0] the first sixteen channels, [1] the next.
typedef struct quads {
    __m512i block[2];
} quads;

/// Byte i of lane n comes from row i, channel n (of 16·place …) when each row gave `row_bytes` bytes.
MARTLET_INLINE __m512i quad_order(const int place, const int row_bytes) {
    uint8_t order[64];
    for (int lane = 0; lane < 16; lane++) {
        for (int row = 0; row < 4; row++) order[lane * 4 + row] = (uint8_t)(place * 16 + lane + row_bytes * row);
    }
    return _mm512_loadu_si512(order);
}

MARTLET_INLINE __m256i load32(const uint8_t *from) { return _mm256_loadu_si256((const __m256i *)from); }
MARTLET_INLINE __m128i load16(const uint8_t *from) { return _mm_loadu_si128((const __m128i *)from); }

/// Quads of the bytes at `rows` pointers (fewer than four: the rest is anything, its weights are zero).
MARTLET_INLINE quads make_quads(
    const int blocks, const int rows, const pass pass, const uint8_t *a, const uint8_t *b, const uint8_t *c,
    const uint8_t *d) {
    quads result;
    if (blocks == 2) {
        __m512i upper = _mm512_zextsi256_si512(load32(a)), lower = upper;
        if (rows > 1) upper = _mm512_inserti64x4(upper, load32(b), 1);
        if (rows > 2) lower = _mm512_zextsi256_si512(load32(c));
        if (rows > 3) lower = _mm512_inserti64x4(lower, load32(d), 1);
        result.block[0] = _mm512_permutex2var_epi8(upper, pass.order[0], lower);
        result.block[1] = _mm512_permutex2var_epi8(upper, pass.order[1], lower);
    } else {
        __m512i all = _mm512_zextsi128_si512(load16(a));
        if (rows > 1) all = _mm512_inserti32x4(all, load16(b), 1);
        if (rows > 2) all = _mm512_inserti32x4(all, load16(c), 2);
        if (rows > 3) all = _mm512_inserti32x4(all, load16(d), 3);
        result.block[0] = result.block[1] = _mm512_permutexvar_epi8(pass.order[0], all);
    }
    return result;
}

MARTLET_INLINE __m512i finish(__m512i sums, const martlet_channel_block *constants) {
    return _mm512_cvtps_epi32(scale(sums, _mm512_loadu_ps(constants->factor)));
}

/// Stores one pixel's bytes, which lie in half `place` of the register (16 or 32 of them).
MARTLET_INLINE void store_pixel(
    const int blocks, const int place, const pass pass, uint8_t *output, __m512i bytes) {
    const __m256i half = half_register(bytes, place);
    if (!pass.whole) {
        _mm256_mask_storeu_epi8(output, pass.mask, half);
    } else if (blocks == 2) {
        _mm256_storeu_si256((__m256i *)output, half);
    } else {
        _mm_storeu_si128((__m128i *)output, _mm256_castsi256_si128(half));
    }
}

/// Bytes of two pixels, the first in the lower half.
MARTLET_INLINE __m512i two_pixels(const int blocks, const pass pass, const __m512i *first, const __m512i *second) {
    const int other = blocks - 1;
    return store_bytes(first[0], first[other], second[0], second[other], &pass.rule);
}

#pragma clang attribute pop

#endif
