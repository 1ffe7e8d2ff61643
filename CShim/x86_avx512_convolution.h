/// What the AVX-512-VNNI convolution files share: results of pixels, residuals included.
#ifndef MARTLET_X86_AVX512_CONVOLUTION_H
#define MARTLET_X86_AVX512_CONVOLUTION_H

#include "x86_avx512.h"

/// Panels of up to eight channels, segments of at least eight pixels.
void martlet_avx512_convolve_eight(
    const martlet_panel *panel, const martlet_segment *segments, int32_t segment_count);
/// The pixels of a segment from `first` on, one block.
void martlet_avx512_convolve_from(const martlet_panel *panel, const martlet_segment *segment, int32_t first);

#pragma clang attribute push(__attribute__((target(MARTLET_AVX512))), apply_to = function)

/// Rounded results of one pixel and block, the residual included.
MARTLET_INLINE __m512i finish(__m512i sums, __m512 factors, const martlet_panel *panel, const uint8_t *residual) {
    __m512 values = scale(sums, factors);
    if (residual != NULL) {
        __m512i other = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)residual));
        other = _mm512_sub_epi32(other, _mm512_set1_epi32(panel->residual_zero_point));
        __m512 addend = _mm512_mul_ps(_mm512_cvtepi32_ps(other), _mm512_set1_ps(panel->residual_factor));
        values = _mm512_add_ps(values, addend);
    }
    return _mm512_cvtps_epi32(values);
}

/// Eight results of each of two pixels, rounded, residuals included.
MARTLET_INLINE __m512i finish_pair(
    __m512i sums, __m512 factors, const martlet_panel *panel, const uint8_t *first, const uint8_t *second) {
    __m512 values = scale(sums, factors);
    if (first != NULL) {
        __m128i both = _mm_unpacklo_epi64(
            _mm_loadl_epi64((const __m128i *)first), _mm_loadl_epi64((const __m128i *)second));
        __m512i other = _mm512_sub_epi32(_mm512_cvtepu8_epi32(both), _mm512_set1_epi32(panel->residual_zero_point));
        __m512 addend = _mm512_mul_ps(_mm512_cvtepi32_ps(other), _mm512_set1_ps(panel->residual_factor));
        values = _mm512_add_ps(values, addend);
    }
    return _mm512_cvtps_epi32(values);
}

#pragma clang attribute pop

#endif
