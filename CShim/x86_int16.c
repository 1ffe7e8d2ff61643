// Convolution of int16 tensors on x86: two or four pixels at a time, products of neighbouring taps added in pairs.
// A pair of products is below 2^23 + 1, so that 255 of them fit 32 bits; then they move to 64-bit sums.
#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "x86_int16.h"

enum { quads_between_flushes = 255 };

/// Where pixel `pixel` of a run begins.
static inline const uint8_t *run_of(const martlet_int16_panel *panel, int32_t run, int32_t pixel) {
    return (const uint8_t *)panel->run_starts[run] + pixel * panel->run_step;
}

static void factors_of(const martlet_channel_block *constants, martlet_factor *factors) {
    for (int32_t channel = 0; channel < 16; channel++) factors[channel] = martlet_factor_of(constants->factor[channel]);
}

static void store(
    const martlet_int16_panel *panel, int32_t pixel, int32_t block, const int64_t *sums,
    const martlet_factor *factors) {
    int16_t *output = (int16_t *)(void *)(panel->output + pixel * panel->output_step) + block * 16;
    int32_t stored = martlet_minimum(panel->channels_stored - block * 16, 16);
    for (int32_t channel = 0; channel < stored; channel++) {
        output[channel] = martlet_clamp64(martlet_scale(sums[channel], factors[channel]), panel->low, panel->high);
    }
}

/// Adds what four registers of pairs hold to sixteen sums.
__attribute__((target("avx2"))) static void flush_avx2(int64_t *sums, __m256i *pairs) {
    for (int32_t four = 0; four < 4; four++) {
        int32_t parts[8];
        _mm256_storeu_si256((__m256i *)(void *)parts, pairs[four]);
        for (int32_t i = 0; i < 4; i++) sums[four * 4 + i] += (int64_t)parts[2 * i] + parts[2 * i + 1];
        pairs[four] = _mm256_setzero_si256();
    }
}

/// One block of `count` (1 or 2) pixels.
__attribute__((target("avx2"))) static inline __attribute__((always_inline)) void tile_avx2(
    const martlet_int16_panel *panel, int32_t block, int32_t pixel, const int32_t count,
    const martlet_factor *factors) {
    const int8_t *weights = panel->weights + block * panel->block_bytes;
    int64_t sums[2][16];
    __m256i pairs[2][4];
    for (int32_t i = 0; i < count; i++) {
        for (int32_t channel = 0; channel < 16; channel++) {
            sums[i][channel] = martlet_int16_bias(panel->channels + block, channel);
        }
        for (int32_t four = 0; four < 4; four++) pairs[i][four] = _mm256_setzero_si256();
    }
    int32_t waiting = 0;
    for (int32_t run = 0; run < panel->runs; run++) {
        const uint8_t *from[2] = {run_of(panel, run, pixel), run_of(panel, run, pixel + count - 1)};
        for (int32_t quad = 0; quad < panel->run_quads; quad++, weights += 64) {
            __m256i values[2];
            for (int32_t i = 0; i < count; i++) {
                const __m128i *at = (const __m128i *)(const void *)(from[i] + quad * 8);
                values[i] = _mm256_broadcastq_epi64(_mm_loadl_epi64(at));
            }
            for (int32_t four = 0; four < 4; four++) {
                const __m128i *at = (const __m128i *)(const void *)(weights + four * 16);
                __m256i taps = _mm256_cvtepi8_epi16(_mm_loadu_si128(at));
                for (int32_t i = 0; i < count; i++) {
                    pairs[i][four] = _mm256_add_epi32(pairs[i][four], _mm256_madd_epi16(values[i], taps));
                }
            }
            if (++waiting == quads_between_flushes) {
                for (int32_t i = 0; i < count; i++) flush_avx2(sums[i], pairs[i]);
                waiting = 0;
            }
        }
    }
    for (int32_t i = 0; i < count; i++) {
        flush_avx2(sums[i], pairs[i]);
        store(panel, pixel + i, block, sums[i], factors);
    }
}

__attribute__((target("avx2"))) void martlet_int16_convolve_avx2(const martlet_int16_panel *panel) {
    for (int32_t block = 0; block < panel->blocks; block++) {
        martlet_factor factors[16];
        factors_of(panel->channels + block, factors);
        int32_t pixel = 0;
        for (; pixel + 2 <= panel->pixels; pixel += 2) tile_avx2(panel, block, pixel, 2, factors);
        if (pixel < panel->pixels) tile_avx2(panel, block, pixel, 1, factors);
    }
}

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))

/// Sixteen channels' factors and biases as 64-bit numbers, in the order in which pairs of products come: channels 0
/// … 7,
/// then 8 … 15.
typedef struct wide_constants {
    __m512i bias[2], multiplier[2], shift[2], half[2];
} wide_constants;

AVX512 static wide_constants wide_constants_of(const martlet_channel_block *constants) {
    int64_t bias[16], multiplier[16], shift[16];
    for (int32_t channel = 0; channel < 16; channel++) {
        martlet_factor factor = martlet_factor_of(constants->factor[channel]);
        bias[channel] = martlet_int16_bias(constants, channel);
        multiplier[channel] = factor.multiplier;
        shift[channel] = factor.shift;
    }
    wide_constants result;
    for (int32_t i = 0; i < 2; i++) {
        result.bias[i] = _mm512_loadu_si512(bias + 8 * i);
        result.multiplier[i] = _mm512_loadu_si512(multiplier + 8 * i);
        result.shift[i] = _mm512_loadu_si512(shift + 8 * i);
        __m512i one = _mm512_set1_epi64(1);
        result.half[i] = _mm512_sllv_epi64(one, _mm512_sub_epi64(result.shift[i], one));
    }
    return result;
}

/// The sum of both 32-bit halves of each 64 bits.
AVX512 static inline __m512i added_pairs(__m512i pairs) {
    __m512i low = _mm512_srai_epi64(_mm512_slli_epi64(pairs, 32), 32);
    return _mm512_add_epi64(low, _mm512_srai_epi64(pairs, 32));
}

/// One block of `count` (1 … 4) pixels.
AVX512 static inline __attribute__((always_inline)) void tile_avx512(
    const martlet_int16_panel *panel, int32_t block, int32_t pixel, const int32_t count,
    const wide_constants *constants) {
    const int8_t *weights = panel->weights + block * panel->block_bytes;
    __m512i sums[4][2], pairs[4][2];
    for (int32_t i = 0; i < count; i++) {
        for (int32_t half = 0; half < 2; half++) {
            sums[i][half] = constants->bias[half];
            pairs[i][half] = _mm512_setzero_si512();
        }
    }
    int32_t waiting = 0;
    for (int32_t run = 0; run < panel->runs; run++) {
        const uint8_t *from = run_of(panel, run, pixel);
        for (int32_t quad = 0; quad < panel->run_quads; quad++, from += 8, weights += 64) {
            __m512i first = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(const void *)weights));
            __m512i second = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(const void *)(weights + 32)));
            for (int32_t i = 0; i < count; i++) {
                const __m128i *at = (const __m128i *)(const void *)(from + i * panel->run_step);
                __m512i values = _mm512_broadcastq_epi64(_mm_loadl_epi64(at));
                pairs[i][0] = _mm512_dpwssd_epi32(pairs[i][0], values, first);
                pairs[i][1] = _mm512_dpwssd_epi32(pairs[i][1], values, second);
            }
            if (++waiting == quads_between_flushes) {
                for (int32_t i = 0; i < count; i++) {
                    for (int32_t half = 0; half < 2; half++) {
                        sums[i][half] = _mm512_add_epi64(sums[i][half], added_pairs(pairs[i][half]));
                        pairs[i][half] = _mm512_setzero_si512();
                    }
                }
                waiting = 0;
            }
        }
    }
    int32_t stored = martlet_minimum(panel->channels_stored - block * 16, 16);
    for (int32_t i = 0; i < count; i++) {
        uint8_t *output = panel->output + (pixel + i) * panel->output_step + block * 32;
        for (int32_t half = 0; half < 2; half++) {
            __m512i sum = _mm512_add_epi64(sums[i][half], added_pairs(pairs[i][half]));
            __m512i product = _mm512_mullo_epi64(sum, constants->multiplier[half]);
            __m512i value = _mm512_srav_epi64(_mm512_add_epi64(product, constants->half[half]), constants->shift[half]);
            value = _mm512_max_epi64(value, _mm512_set1_epi64(panel->low));
            value = _mm512_min_epi64(value, _mm512_set1_epi64(panel->high));
            int32_t left = martlet_clamp(stored - half * 8, 0, 8);
            _mm512_mask_cvtepi64_storeu_epi16(output + half * 16, (__mmask8)((1 << left) - 1), value);
        }
    }
}

AVX512 void martlet_int16_convolve_avx512(const martlet_int16_panel *panel) {
    for (int32_t block = 0; block < panel->blocks; block++) {
        wide_constants constants = wide_constants_of(panel->channels + block);
        int32_t pixel = 0;
        for (; pixel + 4 <= panel->pixels; pixel += 4) tile_avx512(panel, block, pixel, 4, &constants);
        for (; pixel < panel->pixels; pixel++) tile_avx512(panel, block, pixel, 1, &constants);
    }
}

#endif
