/// Depthwise convolution with 256-bit registers, sixteen channels at a time. Included after x86_ymm.h.
///
/// Quads are made in an order that costs the fewest shuffles: [0] holds channels 0–3 and 8–11, [1] holds 4–7 and
/// 12–15. Weights, biases and factors are brought into the same order, and packing the results restores it.
#ifndef MARTLET_X86_YMM_DEPTHWISE_H
#define MARTLET_X86_YMM_DEPTHWISE_H

/// What one pass over a row needs, for sixteen channels from `channel` on.
typedef struct pass {
    const martlet_depthwise *depthwise;
    const martlet_depthwise_segment *segment;
    ptrdiff_t input_pitch, output_pitch;
    const operand (*weights)[2];  // one pair a quad, ready to multiply
    int32_t channel, stored;
    __m256i biases[2];
    __m256 factors[2];
    __m256i padding;
    output_rule rule;
} pass;

typedef struct quads {
    __m256i part[2];
} quads;

/// Registers of channels 0–7 and 8–15 in the order of quads.
MARTLET_INLINE quads in_quad_order(const void *from) {
    const __m256i low = _mm256_loadu_si256((const __m256i *)from);
    const __m256i high = _mm256_loadu_si256((const __m256i *)from + 1);
    quads result = {{_mm256_permute2x128_si256(low, high, 0x20), _mm256_permute2x128_si256(low, high, 0x31)}};
    return result;
}

/// Sixteen bytes, eight at the start of each half.
MARTLET_INLINE __m256i spread(const uint8_t *from) {
    return _mm256_permute4x64_epi64(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)from)), 0x50);
}

MARTLET_INLINE quads make_quads(const uint8_t *a, const uint8_t *b, const uint8_t *c, const uint8_t *d) {
    const __m256i first = _mm256_unpacklo_epi8(spread(a), spread(b));
    const __m256i last = _mm256_unpacklo_epi8(spread(c), spread(d));
    quads result = {{_mm256_unpacklo_epi16(first, last), _mm256_unpackhi_epi16(first, last)}};
    return result;
}

MARTLET_INLINE void add_quads(__m256i *sums, quads inputs, const operand *weights) {
    MARTLET_UNROLL for (int part = 0; part < 2; part++) {
        sums[part] = multiply_add(sums[part], input_operand(inputs.part[part]), weights[part]);
    }
}

MARTLET_INLINE __m256i rounded(__m256i sums, __m256 factors) { return _mm256_cvtps_epi32(scale(sums, factors)); }

/// Two pixels' sums to bytes, the first pixel in the lower half.
MARTLET_INLINE __m256i two_pixels(const pass *pass, const __m256i *first, const __m256i *second) {
    const __m256i bytes = store_halves(
        rounded(first[0], pass->factors[0]), rounded(first[1], pass->factors[1]),
        rounded(second[0], pass->factors[0]), rounded(second[1], pass->factors[1]), &pass->rule);
    return _mm256_permute4x64_epi64(bytes, 0xD8);
}

MARTLET_INLINE quads quads_at(const uint8_t *const *four, ptrdiff_t at) {
    return make_quads(four[0] + at, four[1] + at, four[2] + at, four[3] + at);
}

/// One or two pixels whose taps are given one by one, four pointers a quad.
MARTLET_INLINE void pixel_by_taps(
    const int count, const pass *pass, const uint8_t *const *taps, int32_t quad_count, ptrdiff_t at,
    ptrdiff_t pixel_step, uint8_t *output) {
    __m256i sums[2][2] = {{pass->biases[0], pass->biases[1]}, {pass->biases[0], pass->biases[1]}};
    for (int32_t quad = 0; quad < quad_count; quad++) {
        add_quads(sums[0], quads_at(taps + 4 * quad, at), pass->weights[quad]);
        if (count == 2) add_quads(sums[1], quads_at(taps + 4 * quad, at + pixel_step), pass->weights[quad]);
    }
    const __m256i bytes = two_pixels(pass, sums[0], sums[count - 1]);
    store_some(output, _mm256_castsi256_si128(bytes), pass->stored);
    if (count == 2) store_some(output + pass->output_pitch, _mm256_extracti128_si256(bytes, 1), pass->stored);
}

static void pixels_by_taps(
    const pass *pass, const uint8_t *const *taps, int32_t quad_count, uint8_t *output, int32_t pixels) {
    const ptrdiff_t pixel_step = pass->depthwise->stride_width * pass->input_pitch;
    ptrdiff_t at = 0;
    for (; pixels >= 2; pixels -= 2, at += 2 * pixel_step, output += 2 * pass->output_pitch) {
        pixel_by_taps(2, pass, taps, quad_count, at, pixel_step, output);
    }
    if (pixels == 1) pixel_by_taps(1, pass, taps, quad_count, at, pixel_step, output);
}

/// The same for a multiple of four pixels of a kernel without horizontal dilation: neighbouring pixels share the
/// columns of its full groups of rows.
MARTLET_INLINE void pixels_by_columns(
    const int kernel_width, const int stride, const pass *pass, const uint8_t *const *taps, int32_t quad_count,
    uint8_t *output, int32_t pixels) {
    const ptrdiff_t pitch = pass->input_pitch, output_pitch = pass->output_pitch;
    const int32_t columnar = quad_count - quad_count % kernel_width;
    for (int32_t pixel = 0; pixel < pixels; pixel += 4, output += 4 * output_pitch) {
        const ptrdiff_t at = pixel * stride * pitch;
        __m256i sums[4][2];
        MARTLET_UNROLL for (int i = 0; i < 4; i++) {
            sums[i][0] = pass->biases[0];
            sums[i][1] = pass->biases[1];
        }
        for (int32_t quad = 0; quad < columnar; quad += kernel_width) {
            MARTLET_UNROLL for (int column = 0; column < kernel_width + 3 * stride; column++) {
                const quads inputs = quads_at(taps + 4 * quad, at + column * pitch);
                MARTLET_UNROLL for (int i = 0; i < 4; i++) {
                    const int tap = column - i * stride;
                    if (tap >= 0 && tap < kernel_width) add_quads(sums[i], inputs, pass->weights[quad + tap]);
                }
            }
        }
        for (int32_t quad = columnar; quad < quad_count; quad++) {
            MARTLET_UNROLL for (int i = 0; i < 4; i++) {
                add_quads(sums[i], quads_at(taps + 4 * quad, at + i * stride * pitch), pass->weights[quad]);
            }
        }
        MARTLET_UNROLL for (int i = 0; i < 4; i += 2) {
            const __m256i bytes = two_pixels(pass, sums[i], sums[i + 1]);
            store_some(output + i * output_pitch, _mm256_castsi256_si128(bytes), pass->stored);
            store_some(output + (i + 1) * output_pitch, _mm256_extracti128_si256(bytes, 1), pass->stored);
        }
    }
}

/// Pixels inside the image by the function that suits.
static void pixels_inside(
    const pass *pass, const uint8_t *const *taps, int32_t quad_count, uint8_t *output, int32_t pixels) {
    const martlet_depthwise *depthwise = pass->depthwise;
    const int32_t width = depthwise->kernel_width, stride = depthwise->stride_width;
    // One quad a column needs rows in groups of four, or a rest of two or three: never the rest of one alone.
    const int32_t shares = depthwise->dilation_width == 1 && stride <= 2 && depthwise->kernel_height > 1;
    const int32_t fours = shares && (width == 3 || width == 5) ? pixels & ~3 : 0;
    if (width == 3 && stride == 1) pixels_by_columns(3, 1, pass, taps, quad_count, output, fours);
    else if (width == 3 && stride == 2) pixels_by_columns(3, 2, pass, taps, quad_count, output, fours);
    else if (width == 5 && stride == 1) pixels_by_columns(5, 1, pass, taps, quad_count, output, fours);
    else if (width == 5 && stride == 2) pixels_by_columns(5, 2, pass, taps, quad_count, output, fours);
    if (fours == pixels) return;
    const uint8_t *rest[4 * most_quads];
    for (int32_t i = 0; i < 4 * quad_count; i++) rest[i] = taps[i] + fours * stride * pass->input_pitch;
    pixels_by_taps(pass, rest, quad_count, output + fours * pass->output_pitch, pixels - fours);
}

/// One output row of sixteen channels: pixels at the borders one by one, those inside in one go.
static void walk_row(const pass *pass, const tap_map *map, int32_t output_row, int32_t quad_count) {
    const martlet_depthwise_segment *segment = pass->segment;
    const uint8_t *taps[4 * most_quads];
    uint8_t padding[32];
    _mm256_storeu_si256((__m256i *)padding, pass->padding);
    for (int32_t i = 0; i < 4 * quad_count; i++) taps[i] = padding;
    for (int32_t pixel = 0, count; pixel < segment->pixels; pixel += count) {
        gather_taps(pass->depthwise, segment, map, output_row, pixel, pass->channel, padding, taps);
        uint8_t *output = segment->outputs[output_row] + pass->channel + pixel * segment->output_pitch;
        count = pixels_all_inside(pass->depthwise, segment, pixel);
        if (count == 0) {
            count = 1;
            pixels_by_taps(pass, taps, quad_count, output, 1);
            continue;
        }
        // Unused places point at the padding buffer, which has no neighbours to step to.
        for (int32_t i = 0; i < 4 * quad_count; i++) {
            if (taps[i] == padding) taps[i] = taps[0];
        }
        pixels_inside(pass, taps, quad_count, output, count);
    }
}

static void depthwise(
    const martlet_depthwise *depthwise, const martlet_depthwise_segment *segment, int32_t channels) {
    const int32_t quad_count = martlet_depthwise_quads(depthwise->kernel_height, depthwise->kernel_width);
    if (quad_count > most_quads) {
        martlet_scalar_kernels.depthwise(depthwise, segment, channels);
        return;
    }
    tap_map map;
    map_taps(depthwise, &map);
    operand weights[most_quads][2];
    pass pass;
    pass.weights = weights;
    pass.depthwise = depthwise;
    pass.segment = segment;
    pass.input_pitch = segment->input_pitch;
    pass.output_pitch = segment->output_pitch;
    pass.padding = _mm256_set1_epi8((char)depthwise->input_zero_point);
    pass.rule = spread_output(depthwise->output);
    for (int32_t channel = 0; channel < channels; channel += 16) {
        const martlet_channel_block *constants = depthwise->channels + channel / 16;
        const quads biases = in_quad_order(constants->bias), factors = in_quad_order(constants->factor);
        MARTLET_UNROLL for (int part = 0; part < 2; part++) {
            pass.biases[part] = biases.part[part];
            pass.factors[part] = _mm256_castsi256_ps(factors.part[part]);
        }
        pass.channel = channel;
        pass.stored = martlet_minimum(channels - channel, 16);
        const int8_t *packed = depthwise->weights + (ptrdiff_t)(channel / 16) * quad_count * 64;
        for (int32_t quad = 0; quad < quad_count; quad++) {
            const quads ordered = in_quad_order(packed + 64 * quad);
            weights[quad][0] = split_weights(ordered.part[0]);
            weights[quad][1] = split_weights(ordered.part[1]);
        }
        for (int32_t row = 0; row < segment->output_rows; row++) walk_row(&pass, &map, row, quad_count);
    }
}

#endif
