/// The families with 256-bit registers: results to bytes, and convolution. Included inside a file's target region,
/// after the family's own `operand`, `split_weights`, `weight_operand`, `input_operand`, `broadcast_operand` and
/// `multiply_add`.
#ifndef MARTLET_X86_YMM_H
#define MARTLET_X86_YMM_H

/// A `martlet_output` spread over registers.
typedef struct output_rule {
    __m256i zero_point, low, high;
} output_rule;

MARTLET_INLINE output_rule spread_output(martlet_output output) {
    output_rule rule;
    rule.zero_point = _mm256_set1_epi16((short)output.zero_point);
    rule.low = _mm256_set1_epi8((char)output.low);
    rule.high = _mm256_set1_epi8((char)output.high);
    return rule;
}

MARTLET_INLINE __m256 scale(__m256i sums, __m256 factors) { return _mm256_mul_ps(_mm256_cvtepi32_ps(sums), factors); }

/// 32 bytes from 32 rounded values. Within each half of the registers (0–3 and 4–7) the order is kept: the bytes are
/// a₀₋₃ b₀₋₃ c₀₋₃ d₀₋₃ a₄₋₇ b₄₋₇ c₄₋₇ d₄₋₇.
MARTLET_INLINE __m256i store_halves(__m256i a, __m256i b, __m256i c, __m256i d, const output_rule *rule) {
    __m256i low = _mm256_adds_epi16(_mm256_packs_epi32(a, b), rule->zero_point);
    __m256i high = _mm256_adds_epi16(_mm256_packs_epi32(c, d), rule->zero_point);
    return _mm256_min_epu8(_mm256_max_epu8(_mm256_packus_epi16(low, high), rule->low), rule->high);
}

/// 32 bytes from 32 rounded values, in order.
MARTLET_INLINE __m256i store_bytes(__m256i a, __m256i b, __m256i c, __m256i d, const output_rule *rule) {
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    return _mm256_permutevar8x32_epi32(store_halves(a, b, c, d, rule), order);
}

/// The first `count` bytes (1…16).
MARTLET_INLINE void store_some(uint8_t *to, __m128i bytes, int32_t count) {
    if (count >= 16) {
        _mm_storeu_si128((__m128i *)to, bytes);
        return;
    }
    if (count & 8) {
        _mm_storel_epi64((__m128i *)to, bytes);
        bytes = _mm_srli_si128(bytes, 8);
        to += 8;
    }
    uint64_t rest = (uint64_t)_mm_cvtsi128_si64(bytes);
    if (count & 4) {
        __builtin_memcpy(to, &rest, 4);
        rest >>= 32;
        to += 4;
    }
    if (count & 2) {
        __builtin_memcpy(to, &rest, 2);
        rest >>= 16;
        to += 2;
    }
    if (count & 1) *to = (uint8_t)rest;
}

/// Rounded results of eight channels of one pixel, the residual included.
MARTLET_INLINE __m256i finish(__m256i sums, __m256 factors, const martlet_panel *panel, const uint8_t *residual) {
    __m256 values = scale(sums, factors);
    if (residual != NULL) {
        __m256i other = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)residual));
        other = _mm256_sub_epi32(other, _mm256_set1_epi32(panel->residual_zero_point));
        __m256 addend = _mm256_mul_ps(_mm256_cvtepi32_ps(other), _mm256_set1_ps(panel->residual_factor));
        values = _mm256_add_ps(values, addend);
    }
    return _mm256_cvtps_epi32(values);
}

/// Requantizes and stores a tile of sixteen channels, two pixels at a time.
MARTLET_INLINE void finish_tile(
    const int pixels, const __m256i sums[][2], const martlet_panel *panel, const tile_place *place) {
    const int first_half = (pixels + 1) / 2;
    const output_rule rule = spread_output(panel->output);
    const __m256 factors[2] = {
        _mm256_loadu_ps(panel->channels->factor), _mm256_loadu_ps(panel->channels->factor + 8)};
    MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel += 2) {
        __m256i values[4];
        uint8_t *outputs[2] = {NULL, NULL};
        MARTLET_UNROLL for (int i = 0; i < 2; i++) {
            if (pixel + i >= pixels) {
                values[2] = values[3] = values[0];
                continue;
            }
            const int half = pixel + i >= first_half, within = pixel + i - half * first_half;
            const uint8_t *residual = place->residuals[half];
            if (residual != NULL) residual += within * place->residual_step;
            values[2 * i] = finish(sums[pixel + i][0], factors[0], panel, residual);
            values[2 * i + 1] =
                finish(sums[pixel + i][1], factors[1], panel, residual != NULL ? residual + 8 : NULL);
            outputs[i] = place->outputs[half] + within * place->output_step;
        }
        const __m256i bytes = store_bytes(values[0], values[1], values[2], values[3], &rule);
        store_some(outputs[0], _mm256_castsi256_si128(bytes), panel->channels_stored);
        if (pixel + 1 < pixels) {
            store_some(outputs[1], _mm256_extracti128_si256(bytes, 1), panel->channels_stored);
        }
    }
}

/// A tile of `pixels` pixels × sixteen channels.
MARTLET_INLINE void convolve_tile(
    const int pixels, const martlet_panel *panel, const tile_place *place, const int8_t *prefetch) {
    const int first_half = (pixels + 1) / 2;
    const ptrdiff_t step = place->run_step;
    const int8_t *weights = panel->weights;
    __m256i sums[6][2];
    MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel++) {
        MARTLET_UNROLL for (int part = 0; part < 2; part++) {
            sums[pixel][part] = _mm256_loadu_si256((const __m256i *)(panel->channels->bias + 8 * part));
        }
    }
    for (int32_t run = 0; run < panel->runs; run++) {
        const uint8_t *base[2];
        MARTLET_UNROLL for (int half = 0; half < 2; half++) {
            base[half] = place->runs[half][run] + place->first[half];
        }
        for (int32_t quad = 0; quad < panel->run_quads; quad++) {
            const operand columns[2] = {weight_operand(weights), weight_operand(weights + 32)};
            MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel++) {
                const int half = pixel >= first_half, within = pixel - half * first_half;
                const operand inputs = broadcast_operand(base[half] + within * step);
                sums[pixel][0] = multiply_add(sums[pixel][0], inputs, columns[0]);
                sums[pixel][1] = multiply_add(sums[pixel][1], inputs, columns[1]);
            }
            _mm_prefetch((const char *)prefetch, _MM_HINT_T1);
            MARTLET_UNROLL for (int half = 0; half < 2; half++) {
                base[half] += 4;
                __asm__("" : "+r"(base[half]));
            }
            weights += 64;
            prefetch += 64;
        }
    }
    finish_tile(pixels, sums, panel, place);
}

#define TILE(pixels)                                                                       \
    static __attribute__((noinline)) void tile_##pixels(                                   \
        const martlet_panel *panel, const tile_place *place, const int8_t *prefetch) {     \
        convolve_tile(pixels, panel, place, prefetch);                                     \
    }

#endif
