// AVX-512 elementwise primitives and the family's table.
#if defined(__x86_64__)
#include "x86_int16.h"
#include "x86_avx512.h"

#pragma clang attribute push(__attribute__((target(MARTLET_AVX512))), apply_to = function)

MARTLET_INLINE __m512i widen(const uint8_t *from) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)from));
}

static void maximum(const martlet_tap_segment *segment, int32_t channels) {
    for (int32_t pixel = 0; pixel < segment->pixels; pixel++) {
        const ptrdiff_t at = pixel * segment->pixel_step;
        uint8_t *output = segment->output + pixel * segment->output_step;
        for (int32_t channel = 0; channel < channels; channel += 64) {
            __m512i largest = _mm512_loadu_si512(segment->taps[0] + at + channel);
            for (int32_t tap = 1; tap < segment->tap_count; tap++) {
                largest = _mm512_max_epu8(largest, _mm512_loadu_si512(segment->taps[tap] + at + channel));
            }
            if (channels - channel >= 64) _mm512_storeu_si512(output + channel, largest);
            else _mm512_mask_storeu_epi8(output + channel, first_bytes(channels - channel), largest);
        }
    }
}

static void accumulate(int32_t *restrict sums, const uint8_t *restrict from, int32_t count) {
    int32_t i = 0;
    for (; i + 16 <= count; i += 16) {
        _mm512_storeu_si512(sums + i, _mm512_add_epi32(_mm512_loadu_si512(sums + i), widen(from + i)));
    }
    for (; i < count; i++) sums[i] += from[i];
}

/// Sums of 64 channels of four pixels, which are brought side by side, and back in order when they are stored.
static void accumulate_64(int32_t *restrict sums, const uint8_t *restrict from, ptrdiff_t step, int32_t pixels) {
    const __m512i ones = _mm512_set1_epi8(1);
    __m512i totals[4];
    MARTLET_UNROLL for (int i = 0; i < 4; i++) totals[i] = _mm512_setzero_si512();
    for (; pixels > 0; pixels -= 4, from += 4 * step) {
        __m512i four[4];
        MARTLET_UNROLL for (int i = 0; i < 4; i++) {
            four[i] = i < pixels ? _mm512_loadu_si512(from + i * step) : _mm512_setzero_si512();
        }
        const __m512i low = _mm512_unpacklo_epi8(four[0], four[1]), high = _mm512_unpackhi_epi8(four[0], four[1]);
        const __m512i low_2 = _mm512_unpacklo_epi8(four[2], four[3]), high_2 = _mm512_unpackhi_epi8(four[2], four[3]);
        totals[0] = _mm512_dpbusd_epi32(totals[0], _mm512_unpacklo_epi16(low, low_2), ones);
        totals[1] = _mm512_dpbusd_epi32(totals[1], _mm512_unpackhi_epi16(low, low_2), ones);
        totals[2] = _mm512_dpbusd_epi32(totals[2], _mm512_unpacklo_epi16(high, high_2), ones);
        totals[3] = _mm512_dpbusd_epi32(totals[3], _mm512_unpackhi_epi16(high, high_2), ones);
    }
    MARTLET_UNROLL for (int i = 0; i < 4; i++) {
        MARTLET_UNROLL for (int part = 0; part < 4; part++) {
            int32_t *to = sums + 16 * part + 4 * i;
            const __m128i total = sixteen_bytes(totals[i], part);
            _mm_storeu_si128((__m128i *)to, _mm_add_epi32(_mm_loadu_si128((const __m128i *)to), total));
        }
    }
}

static void accumulate_pixels(
    int32_t *restrict sums, const uint8_t *restrict from, ptrdiff_t step, int32_t pixels, int32_t channels) {
    int32_t channel = 0;
    for (; channel + 64 <= channels; channel += 64) accumulate_64(sums + channel, from + channel, step, pixels);
    if (channel == channels) return;
    for (int32_t pixel = 0; pixel < pixels; pixel++) {
        accumulate(sums + channel, from + pixel * step + channel, channels - channel);
    }
}

static void requantize(
    uint8_t *restrict output, const int32_t *restrict sums, int32_t bias, float factor, martlet_output rule,
    int32_t count) {
    const __m512i biases = _mm512_set1_epi32(bias);
    const __m512 factors = _mm512_set1_ps(factor);
    const output_rule spread = spread_output(rule);
    for (int32_t i = 0; i < count; i += 64) {
        __m512i four[4];
        MARTLET_UNROLL for (int j = 0; j < 4; j++) {
            const __mmask16 mask = (__mmask16)first_bytes(martlet_clamp(count - i - 16 * j, 0, 16));
            const __m512i loaded = _mm512_maskz_loadu_epi32(mask, sums + i + 16 * j);
            four[j] = _mm512_cvtps_epi32(scale(_mm512_add_epi32(loaded, biases), factors));
        }
        const __m512i bytes = store_bytes(four[0], four[1], four[2], four[3], &spread);
        _mm512_mask_storeu_epi8(output + i, first_bytes(count - i), bytes);
    }
}

MARTLET_INLINE __m512 scaled(const uint8_t *from, __m512i zero_point, __m512 factor) {
    return scale(_mm512_sub_epi32(widen(from), zero_point), factor);
}

static void add(uint8_t *output, const uint8_t *a, const uint8_t *b, const martlet_addition *rule, int32_t count) {
    const __m512i zero_a = _mm512_set1_epi32(rule->zero_point_a), zero_b = _mm512_set1_epi32(rule->zero_point_b);
    const __m512 factor_a = _mm512_set1_ps(rule->factor_a), factor_b = _mm512_set1_ps(rule->factor_b);
    const output_rule spread = spread_output(rule->output);
    for (int32_t i = 0; i < count; i += 64) {
        __m512i four[4];
        MARTLET_UNROLL for (int j = 0; j < 4; j++) {
            const int32_t at = martlet_minimum(i + 16 * j, count);
            four[j] = _mm512_cvtps_epi32(
                _mm512_add_ps(scaled(a + at, zero_a, factor_a), scaled(b + at, zero_b, factor_b)));
        }
        const __m512i bytes = store_bytes(four[0], four[1], four[2], four[3], &spread);
        if (count - i >= 64) _mm512_storeu_si512(output + i, bytes);
        else _mm512_mask_storeu_epi8(output + i, first_bytes(count - i), bytes);
    }
}

static void add_fixed(
    uint8_t *output, const uint8_t *a, const uint8_t *b, const martlet_fixed_addition *rule, int32_t count) {
    const __m512i multiplier_a = _mm512_set1_epi32(rule->multiplier_a);
    const __m512i multiplier_b = _mm512_set1_epi32(rule->multiplier_b);
    const __m512i bias = _mm512_set1_epi32(
        (1 << (rule->shift - 1)) - rule->zero_point_a * rule->multiplier_a - rule->zero_point_b * rule->multiplier_b);
    const __m128i shift = _mm_cvtsi32_si128(rule->shift);
    const output_rule spread = spread_output(rule->output);
    for (int32_t i = 0; i < count; i += 64) {
        __m512i four[4];
        MARTLET_UNROLL for (int j = 0; j < 4; j++) {
            const int32_t at = martlet_minimum(i + 16 * j, count);
            const __m512i left = _mm512_mullo_epi32(widen(a + at), multiplier_a);
            const __m512i right = _mm512_mullo_epi32(widen(b + at), multiplier_b);
            four[j] = _mm512_sra_epi32(_mm512_add_epi32(_mm512_add_epi32(left, right), bias), shift);
        }
        const __m512i bytes = store_bytes(four[0], four[1], four[2], four[3], &spread);
        if (count - i >= 64) _mm512_storeu_si512(output + i, bytes);
        else _mm512_mask_storeu_epi8(output + i, first_bytes(count - i), bytes);
    }
}

static void multiply(
    uint8_t *output, const uint8_t *a, const uint8_t *b, const martlet_multiplication *rule, int32_t count) {
    const __m512i zero_a = _mm512_set1_epi32(rule->zero_point_a), zero_b = _mm512_set1_epi32(rule->zero_point_b);
    const __m512 factor = _mm512_set1_ps(rule->factor);
    const output_rule spread = spread_output(rule->output);
    for (int32_t i = 0; i < count; i += 64) {
        __m512i four[4];
        MARTLET_UNROLL for (int j = 0; j < 4; j++) {
            const int32_t at = martlet_minimum(i + 16 * j, count);
            const __m512i left = _mm512_sub_epi32(widen(a + at), zero_a);
            const __m512i right = _mm512_sub_epi32(widen(b + at), zero_b);
            four[j] = _mm512_cvtps_epi32(scale(_mm512_mullo_epi32(left, right), factor));
        }
        const __m512i bytes = store_bytes(four[0], four[1], four[2], four[3], &spread);
        if (count - i >= 64) _mm512_storeu_si512(output + i, bytes);
        else _mm512_mask_storeu_epi8(output + i, first_bytes(count - i), bytes);
    }
}

static void look_up(uint8_t *output, const uint8_t *input, const uint8_t *table, int32_t count) {
    __m512i quarters[4];
    for (int i = 0; i < 4; i++) quarters[i] = _mm512_loadu_si512(table + 64 * i);
    for (int32_t i = 0; i < count; i += 64) {
        const __mmask64 mask = first_bytes(count - i);
        const __m512i index = _mm512_maskz_loadu_epi8(mask, input + i);
        const __m512i low = _mm512_permutex2var_epi8(quarters[0], index, quarters[1]);
        const __m512i high = _mm512_permutex2var_epi8(quarters[2], index, quarters[3]);
        const __m512i found = _mm512_mask_blend_epi8(_mm512_movepi8_mask(index), low, high);
        if (count - i >= 64) _mm512_storeu_si512(output + i, found);
        else _mm512_mask_storeu_epi8(output + i, mask, found);
    }
}

#pragma clang attribute pop

const martlet_kernels martlet_avx512vnni_kernels = {
    .family = MARTLET_FAMILY_AVX512VNNI,
    .panel_blocks = 2,
    .paired_pixels = 7,
    .takes_row_pairs = 1,
    .convolve = martlet_avx512_convolve,
    .depthwise = martlet_avx512_depthwise,
    .maximum = maximum,
    .accumulate = accumulate,
    .accumulate_pixels = accumulate_pixels,
    .requantize = requantize,
    .add = add,
    .add_fixed = add_fixed,
    .multiply = multiply,
    .look_up = look_up,
    .convolve_int16 = martlet_int16_convolve_avx512,
    .connect = martlet_avx512_connect,
    .dot = martlet_avx512_dot,
    .expand_four_bit = martlet_avx2_expand_four_bit,
};
#endif
