/// What the AVX-512-VNNI files share: results to bytes, and stores of part of a register.
#ifndef MARTLET_X86_AVX512_H
#define MARTLET_X86_AVX512_H

#include "x86_tiles.h"
#include <immintrin.h>

#define MARTLET_AVX512 "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni"

void martlet_avx512_convolve(const martlet_panel *panel, const martlet_segment *segments, int32_t segment_count);
void martlet_avx512_connect(const martlet_panel *layer, const uint8_t *input, uint8_t *output);
int32_t martlet_avx512_dot(const int8_t *weights, const uint8_t *values, int32_t zero_point, int32_t count);
void martlet_avx512_depthwise(
    const martlet_depthwise *depthwise, const martlet_depthwise_segment *segment, int32_t channels);

#pragma clang attribute push(__attribute__((target(MARTLET_AVX512))), apply_to = function)

/// A `martlet_output` spread over registers. Without zero point and clamp, saturation alone gives the result.
typedef struct output_rule {
    __m512i zero_point, low, high, order;
    int32_t saturates;
} output_rule;

MARTLET_INLINE output_rule spread_output(martlet_output output) {
    output_rule rule;
    rule.zero_point = _mm512_set1_epi16((short)output.zero_point);
    rule.low = _mm512_set1_epi8((char)output.low);
    rule.high = _mm512_set1_epi8((char)output.high);
    rule.order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    rule.saturates = output.zero_point == 0 && output.low == 0 && output.high == 255;
    return rule;
}

/// Accumulators times factors.
MARTLET_INLINE __m512 scale(__m512i sums, __m512 factors) { return _mm512_mul_ps(_mm512_cvtepi32_ps(sums), factors); }

/// 64 bytes from 64 rounded values, in order.
MARTLET_INLINE __m512i store_bytes(__m512i a, __m512i b, __m512i c, __m512i d, const output_rule *rule) {
    __m512i low = _mm512_packs_epi32(a, b), high = _mm512_packs_epi32(c, d), bytes;
    if (rule->saturates) {
        bytes = _mm512_packus_epi16(low, high);
    } else {
        low = _mm512_adds_epi16(low, rule->zero_point);
        high = _mm512_adds_epi16(high, rule->zero_point);
        bytes = _mm512_packus_epi16(low, high);
        bytes = _mm512_min_epu8(_mm512_max_epu8(bytes, rule->low), rule->high);
    }
    return _mm512_permutexvar_epi32(rule->order, bytes);
}

/// A mask of the first `count` bytes.
MARTLET_INLINE __mmask64 first_bytes(int32_t count) { return count >= 64 ? ~0ull : (1ull << count) - 1; }

/// Sixteen bytes of a register.
MARTLET_INLINE __m128i sixteen_bytes(__m512i bytes, const int place) {
    switch (place) {
    case 0: return _mm512_castsi512_si128(bytes);
    case 1: return _mm512_extracti32x4_epi32(bytes, 1);
    case 2: return _mm512_extracti32x4_epi32(bytes, 2);
    default: return _mm512_extracti32x4_epi32(bytes, 3);
    }
}

/// 32 bytes of a register.
MARTLET_INLINE __m256i half_register(__m512i bytes, const int place) {
    return place == 0 ? _mm512_castsi512_si256(bytes) : _mm512_extracti64x4_epi64(bytes, 1);
}

#pragma clang attribute pop

#endif
