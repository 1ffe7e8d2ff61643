/// Depthwise convolution with 256-bit registers, sixteen channels at a time. Included after x86_ymm.h.
///
/// Quads are made in an order that costs the fewest shuffles: [0] holds channels 0–3 and 8–11, [1] holds 4–7 and
/// 12–15. Weights, biases and factors are brought into the same order, and packing the results restores it.
#ifndef MARTLET_X86_YMM_DEPTHWISE_H
#define MARTLET_X86_YMM_DEPTHWISE_H

enum { most_quads = 64 };

/// What one pass over a row needs, for sixteen channels from `channel` on.
typedef struct pass {
    const martlet_depthwise *depthwise;
    const martlet_depthwise_segment *segment;
    ptrdiff_t input_pitch, output_pitch;
    const int8_t *weights;
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

MARTLET_INLINE void add_quads(__m256i *sums, quads inputs, const int8_t *weights) {
    const quads ordered = in_quad_order(weights);
    MARTLET_UNROLL for (int part = 0; part < 2; part++) {
        sums[part] = multiply_add(
            sums[part], input_operand(inputs.part[part]), split_weights(ordered.part[part]));
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

/// `pixels` pixels whose taps are given one by one, four pointers a quad.
MARTLET_INLINE void pixels_by_taps(
    const pass pass, const uint8_t *const *taps, int32_t quad_count, ptrdiff_t pixel_step, uint8_t *output,
    int32_t pixels) {
    for (int32_t pixel = 0; pixel < pixels; pixel += 2, output += 2 * pass.output_pitch) {
        const ptrdiff_t at = pixel * pixel_step, next = pixel + 1 < pixels ? at + pixel_step : at;
        __m256i sums[2][2] = {{pass.biases[0], pass.biases[1]}, {pass.biases[0], pass.biases[1]}};
        for (int32_t quad = 0; quad < quad_count; quad++) {
            const uint8_t *const *four = taps + 4 * quad;
            const int8_t *weights = pass.weights + quad * 64;
            add_quads(sums[0], make_quads(four[0] + at, four[1] + at, four[2] + at, four[3] + at), weights);
            add_quads(sums[1], make_quads(four[0] + next, four[1] + next, four[2] + next, four[3] + next), weights);
        }
        const __m256i bytes = two_pixels(&pass, sums[0], sums[1]);
        store_some(output, _mm256_castsi256_si128(bytes), pass.stored);
        if (pixel + 1 < pixels) {
            store_some(output + pass.output_pitch, _mm256_extracti128_si256(bytes, 1), pass.stored);
        }
    }
}

/// Kernels of at most four rows, all columns inside the image: one quad a column, neighbouring pixels share columns
/// in a window of registers. Returns after `pixels` pixels.
MARTLET_INLINE void slide_3x3(
    const int stride, const pass pass, const uint8_t *const *rows, uint8_t *output, int32_t pixels) {
    const uint8_t *a = rows[0], *b = rows[1], *c = rows[2];
    const ptrdiff_t pitch = pass.input_pitch;
    quads window[5];
    for (int column = 0; column < 3 - stride; column++) {
        window[column] = make_quads(a, b, c, c);
        a += pitch, b += pitch, c += pitch;
    }
    for (; pixels > 0; pixels -= 2, output += 2 * pass.output_pitch) {
        MARTLET_UNROLL for (int column = 3 - stride; column < 3 + stride; column++) {
            // An odd last pixel has no second one, whose columns might lie outside.
            const ptrdiff_t back = pixels == 1 && column >= 3 ? pitch * (column - 2) : 0;
            window[column] = make_quads(a - back, b - back, c - back, c - back);
            a += pitch, b += pitch, c += pitch;
        }
        __m256i sums[2][2] = {{pass.biases[0], pass.biases[1]}, {pass.biases[0], pass.biases[1]}};
        MARTLET_UNROLL for (int column = 0; column < 3; column++) {
            add_quads(sums[0], window[column], pass.weights + 64 * column);
            add_quads(sums[1], window[column + stride], pass.weights + 64 * column);
        }
        const __m256i bytes = two_pixels(&pass, sums[0], sums[1]);
        store_some(output, _mm256_castsi256_si128(bytes), pass.stored);
        if (pixels > 1) store_some(output + pass.output_pitch, _mm256_extracti128_si256(bytes, 1), pass.stored);
        window[0] = window[2 * stride];
        if (stride == 1) window[1] = window[3];
    }
}

/// Pointers to the taps of output pixel `pixel`; those outside the image, and unused places, point to `padding`.
static void gather_taps(
    const pass *pass, int32_t output_row, int32_t pixel, int32_t quad_count, const uint8_t *padding,
    const uint8_t **taps) {
    const martlet_depthwise *depthwise = pass->depthwise;
    const martlet_depthwise_segment *segment = pass->segment;
    for (int32_t i = 0; i < 4 * quad_count; i++) taps[i] = padding;
    for (int32_t row = 0; row < depthwise->kernel_height; row++) {
        const uint8_t *from = segment->rows[output_row * depthwise->stride_height + row] + pass->channel;
        int32_t x = pixel * depthwise->stride_width - depthwise->pad_left;
        for (int32_t column = 0; column < depthwise->kernel_width; column++, x += depthwise->dilation_width) {
            if ((uint32_t)x >= (uint32_t)segment->input_width) continue;
            int32_t place = martlet_depthwise_place(depthwise->kernel_height, depthwise->kernel_width, row, column);
            taps[place] = from + x * segment->input_pitch;
        }
    }
}

/// One output row of sixteen channels: pixels at the borders one by one, those inside in one go.
static void walk_row(const pass *pass, int32_t output_row, int32_t quad_count) {
    const martlet_depthwise *depthwise = pass->depthwise;
    const martlet_depthwise_segment *segment = pass->segment;
    const int32_t reach = (depthwise->kernel_width - 1) * depthwise->dilation_width;
    const int32_t stride = depthwise->stride_width;
    const int32_t slides = depthwise->kernel_height == 3 && depthwise->kernel_width == 3
        && depthwise->dilation_width == 1 && stride <= 2;
    const uint8_t *taps[4 * most_quads];
    uint8_t padding[32];
    _mm256_storeu_si256((__m256i *)padding, pass->padding);
    for (int32_t pixel = 0, count; pixel < segment->pixels; pixel += count) {
        int32_t x = pixel * stride - depthwise->pad_left;
        count = 1;
        if (x >= 0 && x + reach < segment->input_width) {
            count = martlet_minimum((segment->input_width - 1 - reach - x) / stride + 1, segment->pixels - pixel);
        }
        gather_taps(pass, output_row, pixel, quad_count, padding, taps);
        uint8_t *output = segment->outputs[output_row] + pass->channel + pixel * segment->output_pitch;
        if (count > 1 && slides) {
            const uint8_t *rows[3] = {taps[0], taps[1], taps[2]};
            if (stride == 1) slide_3x3(1, *pass, rows, output, count);
            else slide_3x3(2, *pass, rows, output, count);
            continue;
        }
        // The padding buffer has no neighbours to step to.
        for (int32_t i = 0; count > 1 && i < 4 * quad_count; i++) {
            if (taps[i] == padding) taps[i] = taps[0];
        }
        pixels_by_taps(*pass, taps, quad_count, stride * segment->input_pitch, output, count);
    }
}

static void depthwise(
    const martlet_depthwise *depthwise, const martlet_depthwise_segment *segment, int32_t channels) {
    const int32_t quad_count = martlet_depthwise_quads(depthwise->kernel_height, depthwise->kernel_width);
    if (quad_count > most_quads) {
        martlet_scalar_kernels.depthwise(depthwise, segment, channels);
        return;
    }
    pass pass;
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
        pass.weights = depthwise->weights + (ptrdiff_t)(channel / 16) * quad_count * 64;
        for (int32_t row = 0; row < segment->output_rows; row++) walk_row(&pass, row, quad_count);
    }
}

#endif
