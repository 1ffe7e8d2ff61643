// AVX-512-VNNI depthwise convolution. The bytes of one channel in four rows are brought side by side (a quad), so that
// one instruction multiplies four taps of sixteen channels. 32 channels at a time; a window of columns stays in
// registers while it slides along the row. 3×3 and 5×5 have their own windows, other kernels take any taps by pointer.
#if defined(__x86_64__)
#include "x86_avx512.h"

#pragma clang attribute push(__attribute__((target(MARTLET_AVX512))), apply_to = function)

enum { most_quads = 64 };

/// What one pass over a row needs, for `blocks` blocks of sixteen channels from `channel` on.
typedef struct pass {
    const martlet_depthwise *depthwise;
    const martlet_depthwise_segment *segment;
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
    const int blocks, const int rows, const pass *pass, const uint8_t *a, const uint8_t *b, const uint8_t *c,
    const uint8_t *d) {
    quads result;
    if (blocks == 2) {
        __m512i upper = _mm512_castsi256_si512(load32(a)), lower = upper;
        if (rows > 1) upper = _mm512_inserti64x4(upper, load32(b), 1);
        if (rows > 2) lower = _mm512_castsi256_si512(load32(c));
        if (rows > 3) lower = _mm512_inserti64x4(lower, load32(d), 1);
        result.block[0] = _mm512_permutex2var_epi8(upper, pass->order[0], lower);
        result.block[1] = _mm512_permutex2var_epi8(upper, pass->order[1], lower);
    } else {
        __m512i all = _mm512_castsi128_si512(load16(a));
        if (rows > 1) all = _mm512_inserti32x4(all, load16(b), 1);
        if (rows > 2) all = _mm512_inserti32x4(all, load16(c), 2);
        if (rows > 3) all = _mm512_inserti32x4(all, load16(d), 3);
        result.block[0] = result.block[1] = _mm512_permutexvar_epi8(pass->order[0], all);
    }
    return result;
}

MARTLET_INLINE __m512i finish(__m512i sums, const martlet_channel_block *constants) {
    return _mm512_cvtps_epi32(scale(sums, _mm512_loadu_ps(constants->factor)));
}

/// Stores one pixel's bytes, which lie in half `place` of the register (16 or 32 of them).
MARTLET_INLINE void store_pixel(
    const int blocks, const int place, const pass *pass, uint8_t *output, __m512i bytes) {
    const __m256i half = half_register(bytes, place);
    if (!pass->whole) {
        _mm256_mask_storeu_epi8(output, pass->mask, half);
    } else if (blocks == 2) {
        _mm256_storeu_si256((__m256i *)output, half);
    } else {
        _mm_storeu_si128((__m128i *)output, _mm256_castsi256_si128(half));
    }
}

/// Bytes of two pixels, the first in the lower half.
MARTLET_INLINE __m512i two_pixels(const int blocks, const pass *pass, const __m512i *first, const __m512i *second) {
    const int other = blocks - 1;
    return store_bytes(first[0], first[other], second[0], second[other], &pass->rule);
}

/// Column `x` of `rows` rows; columns outside the image are padding.
MARTLET_INLINE quads load_column(
    const int blocks, const int rows, const pass *pass, const uint8_t *const *from, int32_t x) {
    if ((uint32_t)x >= (uint32_t)pass->segment->input_width) {
        quads padding = {{pass->padding, pass->padding}};
        return padding;
    }
    const ptrdiff_t at = x * pass->segment->input_pitch;
    return make_quads(
        blocks, rows, pass, from[0] + at, rows > 1 ? from[1] + at : NULL, rows > 2 ? from[2] + at : NULL,
        rows > 3 ? from[3] + at : NULL);
}

/// 3×3, two output rows one below the other (stride 1): the lower row's weights are the upper's moved down by one row.
MARTLET_INLINE void rows_3x3_stride1(const int blocks, const pass *pass) {
    const martlet_depthwise_segment *segment = pass->segment;
    const uint8_t *rows[4];
    for (int i = 0; i < 4; i++) rows[i] = segment->rows[i] + pass->channel;
    __m512i weights[2][3][2];
    MARTLET_UNROLL for (int block = 0; block < blocks; block++) {
        MARTLET_UNROLL for (int column = 0; column < 3; column++) {
            weights[0][column][block] =
                _mm512_loadu_si512(pass->weights + block * pass->block_bytes + column * 64);
            weights[1][column][block] = _mm512_slli_epi32(weights[0][column][block], 8);
            __asm__("" : "+v"(weights[1][column][block]));
        }
    }
    uint8_t *outputs[2] = {segment->outputs[0] + pass->channel, segment->outputs[1] + pass->channel};
    int32_t x = -pass->depthwise->pad_left;
    quads window[3];
    window[0] = load_column(blocks, 4, pass, rows, x);
    window[1] = load_column(blocks, 4, pass, rows, x + 1);
    for (int32_t pixel = 0; pixel < segment->pixels; pixel++) {
        window[2] = load_column(blocks, 4, pass, rows, x + 2 + pixel);
        __m512i values[2][2];
        MARTLET_UNROLL for (int row = 0; row < 2; row++) {
            MARTLET_UNROLL for (int block = 0; block < blocks; block++) {
                __m512i sums = _mm512_loadu_si512(pass->constants[block].bias);
                MARTLET_UNROLL for (int column = 0; column < 3; column++) {
                    sums = _mm512_dpbusd_epi32(sums, window[column].block[block], weights[row][column][block]);
                }
                values[row][block] = finish(sums, pass->constants + block);
            }
        }
        const __m512i bytes = two_pixels(blocks, pass, values[0], values[1]);
        MARTLET_UNROLL for (int row = 0; row < 2; row++) {
            store_pixel(blocks, row, pass, outputs[row], bytes);
            outputs[row] += segment->output_pitch;
        }
        window[0] = window[1];
        window[1] = window[2];
    }
}

/// 3×3, one output row, two pixels at a time.
MARTLET_INLINE void row_3x3(const int blocks, const int stride, const pass *pass, int32_t output_row) {
    const martlet_depthwise_segment *segment = pass->segment;
    const uint8_t *rows[3];
    for (int i = 0; i < 3; i++) {
        rows[i] = segment->rows[output_row * pass->depthwise->stride_height + i] + pass->channel;
    }
    uint8_t *output = segment->outputs[output_row] + pass->channel;
    int32_t x = -pass->depthwise->pad_left;
    quads window[5];
    MARTLET_UNROLL for (int column = 0; column < 3 - stride; column++) {
        window[column] = load_column(blocks, 3, pass, rows, x++);
    }
    for (int32_t pixel = 0; pixel < segment->pixels; pixel += 2) {
        MARTLET_UNROLL for (int column = 3 - stride; column < 3 + stride; column++) {
            window[column] = load_column(blocks, 3, pass, rows, x++);
        }
        __m512i values[2][2];
        MARTLET_UNROLL for (int i = 0; i < 2; i++) {
            MARTLET_UNROLL for (int block = 0; block < blocks; block++) {
                __m512i sums = _mm512_loadu_si512(pass->constants[block].bias);
                MARTLET_UNROLL for (int column = 0; column < 3; column++) {
                    sums = _mm512_dpbusd_epi32(
                        sums, window[i * stride + column].block[block],
                        _mm512_loadu_si512(pass->weights + block * pass->block_bytes + column * 64));
                }
                values[i][block] = finish(sums, pass->constants + block);
            }
        }
        const __m512i bytes = two_pixels(blocks, pass, values[0], values[1]);
        store_pixel(blocks, 0, pass, output, bytes);
        if (pixel + 1 < segment->pixels) store_pixel(blocks, 1, pass, output + segment->output_pitch, bytes);
        output += 2 * segment->output_pitch;
        MARTLET_UNROLL for (int column = 0; column < 3 - stride; column++) {
            window[column] = window[column + 2 * stride];
        }
    }
}

/// The bytes of one row and column.
MARTLET_INLINE __m256i load_single(const int blocks, const pass *pass, const uint8_t *row, int32_t x) {
    if ((uint32_t)x >= (uint32_t)pass->segment->input_width) return _mm512_castsi512_si256(pass->padding);
    const uint8_t *from = row + x * pass->segment->input_pitch;
    return blocks == 2 ? load32(from) : _mm256_castsi128_si256(load16(from));
}

/// Quads of four neighbouring columns of a single row.
MARTLET_INLINE quads quads_across(const int blocks, const pass *pass, const __m256i *columns) {
    quads result;
    __m512i upper = _mm512_inserti64x4(_mm512_castsi256_si512(columns[0]), columns[1], 1);
    __m512i lower = _mm512_inserti64x4(_mm512_castsi256_si512(columns[2]), columns[3], 1);
    if (blocks == 2) {
        result.block[0] = _mm512_permutex2var_epi8(upper, pass->order[0], lower);
        result.block[1] = _mm512_permutex2var_epi8(upper, pass->order[1], lower);
    } else {
        result.block[0] = _mm512_permutex2var_epi8(upper, quad_order(0, 32), lower);
        result.block[1] = result.block[0];
    }
    return result;
}

/// 5×5, one output row: five columns of four rows, then four columns of the last row, then its last column.
MARTLET_INLINE void row_5x5(const int blocks, const int stride, const pass *pass, int32_t output_row) {
    const martlet_depthwise_segment *segment = pass->segment;
    const uint8_t *rows[5];
    for (int i = 0; i < 5; i++) {
        rows[i] = segment->rows[output_row * pass->depthwise->stride_height + i] + pass->channel;
    }
    uint8_t *output = segment->outputs[output_row] + pass->channel;
    int32_t x = -pass->depthwise->pad_left;
    quads window[5];
    __m256i last[5];
    MARTLET_UNROLL for (int column = 0; column < 5 - stride; column++) {
        window[column] = load_column(blocks, 4, pass, rows, x);
        last[column] = load_single(blocks, pass, rows[4], x++);
    }
    for (int32_t pixel = 0; pixel < segment->pixels; pixel++) {
        MARTLET_UNROLL for (int column = 5 - stride; column < 5; column++) {
            window[column] = load_column(blocks, 4, pass, rows, x);
            last[column] = load_single(blocks, pass, rows[4], x++);
        }
        const quads across = quads_across(blocks, pass, last);
        __m512i values[2];
        MARTLET_UNROLL for (int block = 0; block < blocks; block++) {
            const int8_t *weights = pass->weights + block * pass->block_bytes;
            __m512i sums = _mm512_loadu_si512(pass->constants[block].bias), others = _mm512_setzero_si512();
            MARTLET_UNROLL for (int column = 0; column < 5; column++) {
                sums = _mm512_dpbusd_epi32(
                    sums, window[column].block[block], _mm512_loadu_si512(weights + column * 64));
            }
            const __m128i end = block == 0 ? _mm256_castsi256_si128(last[4]) : _mm256_extracti128_si256(last[4], 1);
            others = _mm512_dpbusd_epi32(others, across.block[block], _mm512_loadu_si512(weights + 5 * 64));
            others = _mm512_dpbusd_epi32(others, _mm512_cvtepu8_epi32(end), _mm512_loadu_si512(weights + 6 * 64));
            values[block] = finish(_mm512_add_epi32(sums, others), pass->constants + block);
        }
        store_pixel(blocks, 0, pass, output, two_pixels(blocks, pass, values, values));
        output += segment->output_pitch;
        MARTLET_UNROLL for (int column = 0; column < 5 - stride; column++) {
            window[column] = window[column + stride];
            last[column] = last[column + stride];
        }
    }
}

/// `pixels` pixels whose taps are given one by one, four pointers a quad.
MARTLET_INLINE void pixels_by_taps(
    const int blocks, const pass *pass, const uint8_t *const *taps, int32_t quad_count, ptrdiff_t pixel_step,
    uint8_t *output, int32_t pixels) {
    for (int32_t pixel = 0; pixel < pixels; pixel++, output += pass->segment->output_pitch) {
        const ptrdiff_t at = pixel * pixel_step;
        __m512i sums[2], values[2];
        MARTLET_UNROLL for (int block = 0; block < blocks; block++) {
            sums[block] = _mm512_loadu_si512(pass->constants[block].bias);
        }
        for (int32_t quad = 0; quad < quad_count; quad++) {
            const uint8_t *const *four = taps + 4 * quad;
            const quads inputs = make_quads(blocks, 4, pass, four[0] + at, four[1] + at, four[2] + at, four[3] + at);
            MARTLET_UNROLL for (int block = 0; block < blocks; block++) {
                sums[block] = _mm512_dpbusd_epi32(
                    sums[block], inputs.block[block],
                    _mm512_loadu_si512(pass->weights + block * pass->block_bytes + quad * 64));
            }
        }
        MARTLET_UNROLL for (int block = 0; block < blocks; block++) {
            values[block] = finish(sums[block], pass->constants + block);
        }
        store_pixel(blocks, 0, pass, output, two_pixels(blocks, pass, values, values));
    }
}

/// Pointers to the taps of output pixel `pixel`, those outside the image to `padding`.
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

/// Any kernel of at most `most_quads` quads.
MARTLET_INLINE void row_by_taps(const int blocks, const pass *pass, int32_t output_row) {
    const martlet_depthwise *depthwise = pass->depthwise;
    const martlet_depthwise_segment *segment = pass->segment;
    const int32_t quad_count = martlet_depthwise_quads(depthwise->kernel_height, depthwise->kernel_width);
    const int32_t reach = (depthwise->kernel_width - 1) * depthwise->dilation_width;
    const ptrdiff_t pixel_step = depthwise->stride_width * segment->input_pitch;
    const uint8_t *taps[4 * most_quads];
    uint8_t padding[32];
    _mm256_storeu_si256((__m256i *)padding, _mm512_castsi512_si256(pass->padding));
    uint8_t *output = segment->outputs[output_row] + pass->channel;
    for (int32_t pixel = 0, count; pixel < segment->pixels; pixel += count) {
        int32_t x = pixel * depthwise->stride_width - depthwise->pad_left;
        count = 1;
        if (x >= 0 && x + reach < segment->input_width) {
            int32_t inside = (segment->input_width - 1 - reach - x) / depthwise->stride_width + 1;
            count = martlet_minimum(inside, segment->pixels - pixel);
        }
        gather_taps(pass, output_row, pixel, quad_count, padding, taps);
        // An unused place points at the padding buffer, which has no neighbours to step to.
        if (count > 1) {
            for (int32_t i = 0; i < 4 * quad_count; i++) {
                if (taps[i] == padding) taps[i] = taps[0];
            }
        }
        pixels_by_taps(
            blocks, pass, taps, quad_count, pixel_step, output + pixel * segment->output_pitch, count);
    }
}

/// All rows of one pass by the kernel that suits.
MARTLET_INLINE void walk_pass(const int blocks, const pass *pass) {
    const martlet_depthwise *depthwise = pass->depthwise;
    const int32_t side = depthwise->kernel_height == depthwise->kernel_width && depthwise->dilation_width == 1
        ? depthwise->kernel_height : 0;
    const int32_t stride = depthwise->stride_width;
    if (side == 3 && stride == 1 && depthwise->stride_height == 1 && pass->segment->output_rows == 2) {
        rows_3x3_stride1(blocks, pass);
        return;
    }
    for (int32_t row = 0; row < pass->segment->output_rows; row++) {
        if (side == 3 && stride == 1) row_3x3(blocks, 1, pass, row);
        else if (side == 3 && stride == 2) row_3x3(blocks, 2, pass, row);
        else if (side == 5 && stride == 1) row_5x5(blocks, 1, pass, row);
        else if (side == 5 && stride == 2) row_5x5(blocks, 2, pass, row);
        else row_by_taps(blocks, pass, row);
    }
}

static __attribute__((noinline)) void walk_one_block(const pass *pass) { walk_pass(1, pass); }
static __attribute__((noinline)) void walk_two_blocks(const pass *pass) { walk_pass(2, pass); }

void martlet_avx512_depthwise(
    const martlet_depthwise *depthwise, const martlet_depthwise_segment *segment, int32_t channels) {
    const int32_t quad_count = martlet_depthwise_quads(depthwise->kernel_height, depthwise->kernel_width);
    if (quad_count > most_quads) {
        martlet_scalar_kernels.depthwise(depthwise, segment, channels);
        return;
    }
    pass pass;
    pass.depthwise = depthwise;
    pass.segment = segment;
    pass.block_bytes = (ptrdiff_t)quad_count * 64;
    pass.padding = _mm512_set1_epi8((char)depthwise->input_zero_point);
    pass.rule = spread_output(depthwise->output);
    for (int32_t channel = 0; channel < channels; channel += 32) {
        const int32_t rest = channels - channel, blocks = rest > 16 ? 2 : 1;
        pass.channel = channel;
        pass.weights = depthwise->weights + channel / 16 * pass.block_bytes;
        pass.constants = depthwise->channels + channel / 16;
        pass.whole = rest >= 16 * blocks;
        pass.mask = (__mmask32)first_bytes(martlet_minimum(rest, 16 * blocks));
        pass.order[0] = quad_order(0, 16 * blocks);
        pass.order[1] = quad_order(1, 16 * blocks);
        if (blocks == 2) walk_two_blocks(&pass);
        else walk_one_block(&pass);
    }
}

#pragma clang attribute pop
#endif
