/// Elementwise primitives with 256-bit registers, 32 bytes at a time. Included after x86_ymm.h.
/// What is left over goes through a copy of 32 bytes.
#ifndef MARTLET_X86_YMM_ELEMENTWISE_H
#define MARTLET_X86_YMM_ELEMENTWISE_H

MARTLET_INLINE __m256i widen(const uint8_t *from) {
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)from));
}

static void maximum(const martlet_tap_segment *segment, int32_t channels) {
    for (int32_t pixel = 0; pixel < segment->pixels; pixel++) {
        const ptrdiff_t at = pixel * segment->pixel_step;
        uint8_t *output = segment->output + pixel * segment->output_step;
        for (int32_t channel = 0; channel < channels; channel += 32) {
            __m256i largest = _mm256_loadu_si256((const __m256i *)(segment->taps[0] + at + channel));
            for (int32_t tap = 1; tap < segment->tap_count; tap++) {
                const uint8_t *from = segment->taps[tap] + at + channel;
                largest = _mm256_max_epu8(largest, _mm256_loadu_si256((const __m256i *)from));
            }
            if (channels - channel >= 32) {
                _mm256_storeu_si256((__m256i *)(output + channel), largest);
                continue;
            }
            uint8_t bytes[32];
            _mm256_storeu_si256((__m256i *)bytes, largest);
            __builtin_memcpy(output + channel, bytes, (size_t)(channels - channel));
        }
    }
}

static void accumulate(int32_t *restrict sums, const uint8_t *restrict from, int32_t count) {
    int32_t i = 0;
    for (; i + 8 <= count; i += 8) {
        __m256i *eight = (__m256i *)(sums + i);
        _mm256_storeu_si256(eight, _mm256_add_epi32(_mm256_loadu_si256(eight), widen(from + i)));
    }
    for (; i < count; i++) sums[i] += from[i];
}

static void requantize(
    uint8_t *restrict output, const int32_t *restrict sums, int32_t bias, float factor, martlet_output rule,
    int32_t count) {
    const __m256i biases = _mm256_set1_epi32(bias);
    const __m256 factors = _mm256_set1_ps(factor);
    const output_rule spread = spread_output(rule);
    for (int32_t i = 0; i < count; i += 32) {
        const int32_t left = martlet_minimum(count - i, 32);
        int32_t some[32];
        const int32_t *from = sums + i;
        if (left < 32) from = __builtin_memcpy(some, from, (size_t)left * 4);
        __m256i four[4];
        MARTLET_UNROLL for (int part = 0; part < 4; part++) {
            const __m256i loaded = part * 8 < left ? _mm256_loadu_si256((const __m256i *)(from + 8 * part)) : biases;
            four[part] = _mm256_cvtps_epi32(scale(_mm256_add_epi32(loaded, biases), factors));
        }
        const __m256i bytes = store_bytes(four[0], four[1], four[2], four[3], &spread);
        if (left == 32) {
            _mm256_storeu_si256((__m256i *)(output + i), bytes);
        } else {
            uint8_t result[32];
            _mm256_storeu_si256((__m256i *)result, bytes);
            __builtin_memcpy(output + i, result, (size_t)left);
        }
    }
}

MARTLET_INLINE void add_32(uint8_t *output, const uint8_t *a, const uint8_t *b, const martlet_addition *rule) {
    const __m256i zero_a = _mm256_set1_epi32(rule->zero_point_a), zero_b = _mm256_set1_epi32(rule->zero_point_b);
    const __m256 factor_a = _mm256_set1_ps(rule->factor_a), factor_b = _mm256_set1_ps(rule->factor_b);
    const output_rule spread = spread_output(rule->output);
    __m256i four[4];
    MARTLET_UNROLL for (int part = 0; part < 4; part++) {
        const __m256 left = scale(_mm256_sub_epi32(widen(a + 8 * part), zero_a), factor_a);
        const __m256 right = scale(_mm256_sub_epi32(widen(b + 8 * part), zero_b), factor_b);
        four[part] = _mm256_cvtps_epi32(_mm256_add_ps(left, right));
    }
    _mm256_storeu_si256((__m256i *)output, store_bytes(four[0], four[1], four[2], four[3], &spread));
}

static void add(uint8_t *output, const uint8_t *a, const uint8_t *b, const martlet_addition *rule, int32_t count) {
    const martlet_addition own = *rule;
    int32_t i = 0;
    for (; i + 32 <= count; i += 32) add_32(output + i, a + i, b + i, &own);
    if (i == count) return;
    uint8_t rest[3][32] = {{0}};
    __builtin_memcpy(rest[0], a + i, (size_t)(count - i));
    __builtin_memcpy(rest[1], b + i, (size_t)(count - i));
    add_32(rest[2], rest[0], rest[1], &own);
    __builtin_memcpy(output + i, rest[2], (size_t)(count - i));
}

MARTLET_INLINE void add_fixed_32(
    uint8_t *output, const uint8_t *a, const uint8_t *b, const martlet_fixed_addition *rule) {
    const __m256i multiplier_a = _mm256_set1_epi32(rule->multiplier_a);
    const __m256i multiplier_b = _mm256_set1_epi32(rule->multiplier_b);
    const __m256i bias = _mm256_set1_epi32(
        (1 << (rule->shift - 1)) - rule->zero_point_a * rule->multiplier_a - rule->zero_point_b * rule->multiplier_b);
    const __m128i shift = _mm_cvtsi32_si128(rule->shift);
    const output_rule spread = spread_output(rule->output);
    __m256i four[4];
    MARTLET_UNROLL for (int part = 0; part < 4; part++) {
        const __m256i left = _mm256_mullo_epi32(widen(a + 8 * part), multiplier_a);
        const __m256i right = _mm256_mullo_epi32(widen(b + 8 * part), multiplier_b);
        four[part] = _mm256_sra_epi32(_mm256_add_epi32(_mm256_add_epi32(left, right), bias), shift);
    }
    _mm256_storeu_si256((__m256i *)output, store_bytes(four[0], four[1], four[2], four[3], &spread));
}

static void add_fixed(
    uint8_t *output, const uint8_t *a, const uint8_t *b, const martlet_fixed_addition *rule, int32_t count) {
    const martlet_fixed_addition own = *rule;
    int32_t i = 0;
    for (; i + 32 <= count; i += 32) add_fixed_32(output + i, a + i, b + i, &own);
    if (i == count) return;
    uint8_t rest[3][32] = {{0}};
    __builtin_memcpy(rest[0], a + i, (size_t)(count - i));
    __builtin_memcpy(rest[1], b + i, (size_t)(count - i));
    add_fixed_32(rest[2], rest[0], rest[1], &own);
    __builtin_memcpy(output + i, rest[2], (size_t)(count - i));
}

MARTLET_INLINE void multiply_32(
    uint8_t *output, const uint8_t *a, const uint8_t *b, const martlet_multiplication *rule) {
    const __m256i zero_a = _mm256_set1_epi32(rule->zero_point_a), zero_b = _mm256_set1_epi32(rule->zero_point_b);
    const __m256 factor = _mm256_set1_ps(rule->factor);
    const output_rule spread = spread_output(rule->output);
    __m256i four[4];
    MARTLET_UNROLL for (int part = 0; part < 4; part++) {
        const __m256i left = _mm256_sub_epi32(widen(a + 8 * part), zero_a);
        const __m256i right = _mm256_sub_epi32(widen(b + 8 * part), zero_b);
        four[part] = _mm256_cvtps_epi32(scale(_mm256_mullo_epi32(left, right), factor));
    }
    _mm256_storeu_si256((__m256i *)output, store_bytes(four[0], four[1], four[2], four[3], &spread));
}

static void multiply(
    uint8_t *output, const uint8_t *a, const uint8_t *b, const martlet_multiplication *rule, int32_t count) {
    const martlet_multiplication own = *rule;
    int32_t i = 0;
    for (; i + 32 <= count; i += 32) multiply_32(output + i, a + i, b + i, &own);
    if (i == count) return;
    uint8_t rest[3][32] = {{0}};
    __builtin_memcpy(rest[0], a + i, (size_t)(count - i));
    __builtin_memcpy(rest[1], b + i, (size_t)(count - i));
    multiply_32(rest[2], rest[0], rest[1], &own);
    __builtin_memcpy(output + i, rest[2], (size_t)(count - i));
}

/// Sixteen shuffles, one for each sixteenth of the table: an index outside it saturates to a place that gives zero.
MARTLET_INLINE void look_up_32(uint8_t *output, const uint8_t *input, const uint8_t *table) {
    __m256i index = _mm256_loadu_si256((const __m256i *)input), found = _mm256_setzero_si256();
    MARTLET_UNROLL for (int part = 0; part < 16; part++) {
        const __m256i entries = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(table + 16 * part)));
        const __m256i places = _mm256_adds_epu8(index, _mm256_set1_epi8(0x70));
        found = _mm256_or_si256(found, _mm256_shuffle_epi8(entries, places));
        index = _mm256_sub_epi8(index, _mm256_set1_epi8(16));
    }
    _mm256_storeu_si256((__m256i *)output, found);
}

static void look_up(uint8_t *output, const uint8_t *input, const uint8_t *table, int32_t count) {
    int32_t i = 0;
    for (; i + 32 <= count; i += 32) look_up_32(output + i, input + i, table);
    for (; i < count; i++) output[i] = table[input[i]];
}

#endif
