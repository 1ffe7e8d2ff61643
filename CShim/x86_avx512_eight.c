// AVX-512-VNNI convolution to eight channels or fewer: a block of sixteen would be half empty. Instead a step broadcasts
// eight input bytes of a pixel; even lanes multiply the first four with the eight channels' weights, odd lanes the others.
#if defined(__x86_64__)
#include "x86_avx512_convolution.h"

#pragma clang attribute push(__attribute__((target(MARTLET_AVX512))), apply_to = function)

/// The lanes of two registers of which only the first eight hold anything, alternating.
MARTLET_INLINE __m512i alternate(__m512i even, __m512i odd) {
    const __m512i order = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    return _mm512_permutex2var_epi32(even, order, odd);
}

/// Sums of two pixels' even and odd lanes: the first pixel's eight channels, then the second one's.
MARTLET_INLINE __m512i add_lanes(__m512i first, __m512i second) {
    const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    return _mm512_add_epi32(
        _mm512_permutex2var_epi32(first, even, second), _mm512_permutex2var_epi32(first, odd, second));
}

/// Adds the products of eight bytes of each pixel.
MARTLET_INLINE void add_step(
    const int pixels, __m512i *sums, const uint8_t **base, ptrdiff_t step, __m512i weights) {
    MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel++) {
        int64_t eight;
        __builtin_memcpy(&eight, base[pixel / 3] + pixel % 3 * step, 8);
        sums[pixel] = _mm512_dpbusd_epi32(sums[pixel], _mm512_set1_epi64(eight), weights);
    }
    MARTLET_UNROLL for (int i = 0; i < (pixels + 2) / 3; i++) {
        base[i] += 8;
        __asm__("" : "+r"(base[i]));
    }
}

/// Requantizes and stores eight pixels.
MARTLET_INLINE void finish_eight(
    const __m512i *sums, const martlet_panel *panel, const output_rule *rule, uint8_t *output, ptrdiff_t output_step,
    const uint8_t *residual, ptrdiff_t residual_step) {
    const __m512 factors = _mm512_broadcast_f32x8(_mm256_loadu_ps(panel->channels->factor));
    __m512i values[4];
    MARTLET_UNROLL for (int i = 0; i < 4; i++) {
        const uint8_t *first = residual == NULL ? NULL : residual + 2 * i * residual_step;
        values[i] = finish_pair(
            add_lanes(sums[2 * i], sums[2 * i + 1]), factors, panel, first, first == NULL ? NULL : first + residual_step);
    }
    const __m512i bytes = store_bytes(values[0], values[1], values[2], values[3], rule);
    if (panel->channels_stored == 8 && output_step == 8) {
        _mm512_storeu_si512(output, bytes);
        return;
    }
    const __mmask16 mask = (__mmask16)first_bytes(panel->channels_stored);
    MARTLET_UNROLL for (int i = 0; i < 8; i++) {
        __m128i two = sixteen_bytes(bytes, i / 2);
        if (i % 2 == 1) two = _mm_unpackhi_epi64(two, two);
        if (panel->channels_stored == 8) _mm_storel_epi64((__m128i *)(output + i * output_step), two);
        else _mm_mask_storeu_epi8(output + i * output_step, mask, two);
    }
}

/// `pixels` (a multiple of eight) pixels of a segment from pixel `first` on.
MARTLET_INLINE void convolve_tile(
    const int pixels, const martlet_panel *panel, const martlet_segment *segment, int32_t first) {
    const ptrdiff_t step = segment->run_step;
    const int8_t *weights = panel->weights;
    __m512i sums[24];
    const __m512i bias = _mm512_cvtepu32_epi64(_mm256_loadu_si256((const __m256i *)panel->channels->bias));
    MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel++) sums[pixel] = bias;
    for (int32_t run = 0; run < panel->runs; run++) {
        const uint8_t *base[8];
        MARTLET_UNROLL for (int i = 0; i < (pixels + 2) / 3; i++) {
            base[i] = segment->runs[run] + (first + 3 * i) * step;
        }
        int32_t quads = panel->run_quads;
        for (; quads >= 2; quads -= 2, weights += 128) {
            add_step(
                pixels, sums, base, step,
                alternate(_mm512_loadu_si512(weights), _mm512_loadu_si512(weights + 64)));
        }
        if (quads > 0) {
            add_step(pixels, sums, base, step, alternate(_mm512_loadu_si512(weights), _mm512_setzero_si512()));
            weights += 64;
        }
    }
    const output_rule rule = spread_output(panel->output);
    MARTLET_UNROLL for (int i = 0; i < pixels; i += 8) {
        finish_eight(
            sums + i, panel, &rule, segment->output + (first + i) * segment->output_step, segment->output_step,
            segment->residual == NULL ? NULL : segment->residual + (first + i) * segment->residual_step,
            segment->residual_step);
    }
}

static __attribute__((noinline)) void tile_8(
    const martlet_panel *panel, const martlet_segment *segment, int32_t first) {
    convolve_tile(8, panel, segment, first);
}

static __attribute__((noinline)) void tile_16(
    const martlet_panel *panel, const martlet_segment *segment, int32_t first) {
    convolve_tile(16, panel, segment, first);
}

static __attribute__((noinline)) void tile_24(
    const martlet_panel *panel, const martlet_segment *segment, int32_t first) {
    convolve_tile(24, panel, segment, first);
}

void martlet_avx512_convolve_eight(
    const martlet_panel *panel, const martlet_segment *segments, int32_t segment_count) {
    for (const martlet_segment *segment = segments; segment < segments + segment_count; segment++) {
        const int32_t pixels = segment->pixels;
        int32_t first = 0;
        for (; pixels - first >= 24; first += 24) tile_24(panel, segment, first);
        if (first > 0 && first < pixels && segment->residual == NULL) {
            // Some pixels once more; with a residual operand, whose place may be the output's, that would not do.
            if (pixels - first > 16) tile_24(panel, segment, pixels - 24);
            else if (pixels - first > 8) tile_16(panel, segment, pixels - 16);
            else tile_8(panel, segment, pixels - 8);
            continue;
        }
        for (; pixels - first >= 8; first += 8) tile_8(panel, segment, first);
        if (first == pixels) continue;
        martlet_avx512_convolve_from(panel, segment, first);
    }
}

#pragma clang attribute pop
#endif
