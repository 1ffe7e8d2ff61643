// AVX-512-VNNI depthwise convolution. The bytes of one channel in four rows are brought side by side (a quad), so that
// one instruction multiplies four taps of sixteen channels. 32 channels at a time; a window of columns stays in
// registers while it slides along the row. 3×3 and 5×5 have their own windows, other kernels take any taps by pointer.
#if defined(__x86_64__)
#include "x86_avx512_depthwise.h"

#pragma clang attribute push(__attribute__((target(MARTLET_AVX512))), apply_to = function)

/// Column `x` of `rows` rows; when `checked`, columns outside the image are padding.
MARTLET_INLINE quads load_column(
    const int checked, const int blocks, const int rows, const pass pass, const uint8_t *const *from, int32_t x) {
    if (checked && (uint32_t)x >= (uint32_t)pass.input_width) {
        quads padding = {{pass.padding, pass.padding}};
        return padding;
    }
    const ptrdiff_t at = x * pass.input_pitch;
    return make_quads(
        blocks, rows, pass, from[0] + at, rows > 1 ? from[1] + at : NULL, rows > 2 ? from[2] + at : NULL,
        rows > 3 ? from[3] + at : NULL);
}

/// How many of the first pixels need no column right of the image, when each moves on by `stride` columns and the
/// kernel is `side` wide. The first columns may still lie left of it.
MARTLET_INLINE int32_t pixels_inside(const pass pass, const int side, const int stride) {
    const int32_t last = pass.input_width - side - pass.first_x;
    return last < 0 ? 0 : martlet_minimum(last / stride + 1, pass.pixels);
}

/// What a window keeps while it slides along a row.
typedef struct slide {
    const uint8_t *rows[5];
    uint8_t *outputs[2];
    int32_t x;  // next column to load
    quads window[5];
    __m256i last[5];  // 5×5: the single columns of the last row
} slide;

/// Pointers of output row `output_row` and the one after it.
MARTLET_INLINE slide begin_slide(const int rows, const pass pass, int32_t output_row) {
    const martlet_depthwise_segment *segment = pass.segment;
    slide slide;
    MARTLET_UNROLL for (int i = 0; i < rows; i++) {
        slide.rows[i] = segment->rows[output_row * pass.depthwise->stride_height + i] + pass.channel;
    }
    slide.outputs[0] = segment->outputs[output_row] + pass.channel;
    slide.outputs[1] = segment->outputs[1] + pass.channel;
    slide.x = pass.first_x;
    return slide;
}

/// 3×3 weights of up to two blocks.
typedef struct weights_3x3 {
    __m512i column[3][2];
} weights_3x3;

MARTLET_INLINE weights_3x3 load_weights_3x3(const int blocks, const pass pass) {
    weights_3x3 weights;
    MARTLET_UNROLL for (int block = 0; block < blocks; block++) {
        MARTLET_UNROLL for (int column = 0; column < 3; column++) {
            weights.column[column][block] =
                _mm512_loadu_si512(pass.weights + block * pass.block_bytes + column * 64);
        }
    }
    return weights;
}

MARTLET_INLINE __m512i sum_3x3(const pass pass, const int block, const quads *window, const weights_3x3 *weights) {
    __m512i sums = _mm512_loadu_si512(pass.constants[block].bias);
    MARTLET_UNROLL for (int column = 0; column < 3; column++) {
        sums = _mm512_dpbusd_epi32(sums, window[column].block[block], weights->column[column][block]);
    }
    return finish(sums, pass.constants + block);
}

/// 3×3, stride 1: pixel after pixel of two output rows; the lower row's weights are the upper's moved down by a row.
MARTLET_INLINE void slide_3x3_pair(
    const int checked, const int blocks, const pass pass, const weights_3x3 *weights, slide *slide, int32_t pixels) {
    for (; pixels > 0; pixels--) {
        slide->window[2] = load_column(checked, blocks, 4, pass, slide->rows, slide->x++);
        __m512i values[2][2];
        MARTLET_UNROLL for (int row = 0; row < 2; row++) {
            MARTLET_UNROLL for (int block = 0; block < blocks; block++) {
                values[row][block] = sum_3x3(pass, block, slide->window, weights + row);
            }
        }
        const __m512i bytes = two_pixels(blocks, pass, values[0], values[1]);
        MARTLET_UNROLL for (int row = 0; row < 2; row++) {
            store_pixel(blocks, row, pass, slide->outputs[row], bytes);
            slide->outputs[row] += pass.output_pitch;
        }
        slide->window[0] = slide->window[1];
        slide->window[1] = slide->window[2];
    }
}

MARTLET_INLINE void rows_3x3_stride1(const int blocks, const pass pass) {
    slide slide = begin_slide(4, pass, 0);
    weights_3x3 weights[2];
    weights[0] = weights[1] = load_weights_3x3(blocks, pass);
    MARTLET_UNROLL for (int block = 0; block < blocks; block++) {
        MARTLET_UNROLL for (int column = 0; column < 3; column++) {
            __m512i *moved = &weights[1].column[column][block];
            *moved = _mm512_slli_epi32(*moved, 8);
            __asm__("" : "+v"(*moved));
        }
    }
    const int32_t inside = pixels_inside(pass, 3, 1);
    slide.window[0] = load_column(1, blocks, 4, pass, slide.rows, slide.x++);
    slide.window[1] = load_column(1, blocks, 4, pass, slide.rows, slide.x++);
    const int32_t unchecked = slide.x >= 0 ? inside : 0;
    slide_3x3_pair(0, blocks, pass, weights, &slide, unchecked);
    slide_3x3_pair(1, blocks, pass, weights, &slide, pass.pixels - unchecked);
}

/// 3×3: two pixels after two pixels of one output row; an odd last one computes a pixel in vain.
MARTLET_INLINE void slide_3x3(
    const int checked, const int blocks, const int stride, const pass pass, const weights_3x3 *weights, slide *slide,
    int32_t pixels) {
    for (; pixels > 0; pixels -= 2) {
        MARTLET_UNROLL for (int column = 3 - stride; column < 3 + stride; column++) {
            slide->window[column] = load_column(checked, blocks, 3, pass, slide->rows, slide->x++);
        }
        __m512i values[2][2];
        MARTLET_UNROLL for (int i = 0; i < 2; i++) {
            MARTLET_UNROLL for (int block = 0; block < blocks; block++) {
                values[i][block] = sum_3x3(pass, block, slide->window + i * stride, weights);
            }
        }
        const __m512i bytes = two_pixels(blocks, pass, values[0], values[1]);
        store_pixel(blocks, 0, pass, slide->outputs[0], bytes);
        if (!checked || pixels > 1) store_pixel(blocks, 1, pass, slide->outputs[0] + pass.output_pitch, bytes);
        slide->outputs[0] += 2 * pass.output_pitch;
        MARTLET_UNROLL for (int column = 0; column < 3 - stride; column++) {
            slide->window[column] = slide->window[column + 2 * stride];
        }
    }
}

MARTLET_INLINE void row_3x3(const int blocks, const int stride, const pass pass, int32_t output_row) {
    slide slide = begin_slide(3, pass, output_row);
    const weights_3x3 weights = load_weights_3x3(blocks, pass);
    const int32_t inside = pixels_inside(pass, 3, stride);
    MARTLET_UNROLL for (int column = 0; column < 3 - stride; column++) {
        slide.window[column] = load_column(1, blocks, 3, pass, slide.rows, slide.x++);
    }
    const int32_t unchecked = slide.x >= 0 ? inside & ~1 : 0;
    slide_3x3(0, blocks, stride, pass, &weights, &slide, unchecked);
    slide_3x3(1, blocks, stride, pass, &weights, &slide, pass.pixels - unchecked);
}

/// The bytes of one row and column.
MARTLET_INLINE __m256i load_single(
    const int checked, const int blocks, const pass pass, const uint8_t *row, int32_t x) {
    if (checked && (uint32_t)x >= (uint32_t)pass.input_width) return _mm512_castsi512_si256(pass.padding);
    const uint8_t *from = row + x * pass.input_pitch;
    return blocks == 2 ? load32(from) : _mm256_castsi128_si256(load16(from));
}

/// Quads of four neighbouring columns of a single row.
MARTLET_INLINE quads quads_across(const int blocks, const pass pass, const __m256i *columns) {
    quads result;
    if (blocks == 2) {
        __m512i upper = _mm512_inserti64x4(_mm512_zextsi256_si512(columns[0]), columns[1], 1);
        __m512i lower = _mm512_inserti64x4(_mm512_zextsi256_si512(columns[2]), columns[3], 1);
        result.block[0] = _mm512_permutex2var_epi8(upper, pass.order[0], lower);
        result.block[1] = _mm512_permutex2var_epi8(upper, pass.order[1], lower);
    } else {
        __m512i all = _mm512_zextsi256_si512(columns[0]);
        MARTLET_UNROLL for (int i = 1; i < 4; i++) {
            all = _mm512_mask_broadcast_i32x4(
                all, (__mmask16)(0xF << 4 * i), _mm256_castsi256_si128(columns[i]));
        }
        result.block[0] = result.block[1] = _mm512_permutexvar_epi8(pass.order[0], all);
    }
    return result;
}

/// Moves the window on by `stride` columns. Not a loop: compilers make a copy through memory of that.
MARTLET_INLINE void shift_5x5(const int stride, slide *slide) {
    quads *window = slide->window;
    __m256i *last = slide->last;
    window[0] = window[stride], window[1] = window[1 + stride], window[2] = window[2 + stride];
    last[0] = last[stride], last[1] = last[1 + stride], last[2] = last[2 + stride];
    if (stride == 1) window[3] = window[4], last[3] = last[4];
}

/// 5×5, pixel after pixel: five columns of four rows, then four columns of the last row, then its last column.
MARTLET_INLINE void slide_5x5(
    const int checked, const int blocks, const int stride, const pass pass, slide *slide, int32_t pixels) {
    for (; pixels > 0; pixels--) {
        MARTLET_UNROLL for (int column = 5 - stride; column < 5; column++) {
            slide->window[column] = load_column(checked, blocks, 4, pass, slide->rows, slide->x);
            slide->last[column] = load_single(checked, blocks, pass, slide->rows[4], slide->x++);
        }
        const quads across = quads_across(blocks, pass, slide->last);
        __m512i values[2];
        MARTLET_UNROLL for (int block = 0; block < blocks; block++) {
            const int8_t *weights = pass.weights + block * pass.block_bytes;
            __m512i sums = _mm512_loadu_si512(pass.constants[block].bias), others = _mm512_setzero_si512();
            MARTLET_UNROLL for (int column = 0; column < 5; column++) {
                sums = _mm512_dpbusd_epi32(
                    sums, slide->window[column].block[block], _mm512_loadu_si512(weights + column * 64));
            }
            const __m128i end = block == 0 ? _mm256_castsi256_si128(slide->last[4])
                                           : _mm256_extracti128_si256(slide->last[4], 1);
            others = _mm512_dpbusd_epi32(others, across.block[block], _mm512_loadu_si512(weights + 5 * 64));
            others = _mm512_dpbusd_epi32(others, _mm512_cvtepu8_epi32(end), _mm512_loadu_si512(weights + 6 * 64));
            values[block] = finish(_mm512_add_epi32(sums, others), pass.constants + block);
        }
        store_pixel(blocks, 0, pass, slide->outputs[0], two_pixels(blocks, pass, values, values));
        slide->outputs[0] += pass.output_pitch;
        shift_5x5(stride, slide);
    }
}

MARTLET_INLINE void row_5x5(const int blocks, const int stride, const pass pass, int32_t output_row) {
    slide slide = begin_slide(5, pass, output_row);
    const int32_t inside = pixels_inside(pass, 5, stride);
    MARTLET_UNROLL for (int column = 0; column < 5 - stride; column++) {
        slide.window[column] = load_column(1, blocks, 4, pass, slide.rows, slide.x);
        slide.last[column] = load_single(1, blocks, pass, slide.rows[4], slide.x++);
    }
    const int32_t unchecked = slide.x >= 0 ? inside : 0;
    slide_5x5(0, blocks, stride, pass, &slide, unchecked);
    slide_5x5(1, blocks, stride, pass, &slide, pass.pixels - unchecked);
}

/// `pixels` pixels whose taps are given one by one, four pointers a quad.
MARTLET_INLINE void pixels_by_taps(
    const int blocks, const pass pass, const uint8_t *const *taps, int32_t quad_count, ptrdiff_t pixel_step,
    uint8_t *output, int32_t pixels) {
    for (int32_t pixel = 0; pixel < pixels; pixel++, output += pass.output_pitch) {
        const ptrdiff_t at = pixel * pixel_step;
        __m512i sums[2], values[2];
        MARTLET_UNROLL for (int block = 0; block < blocks; block++) {
            sums[block] = _mm512_loadu_si512(pass.constants[block].bias);
        }
        for (int32_t quad = 0; quad < quad_count; quad++) {
            const uint8_t *const *four = taps + 4 * quad;
            const quads inputs = make_quads(blocks, 4, pass, four[0] + at, four[1] + at, four[2] + at, four[3] + at);
            MARTLET_UNROLL for (int block = 0; block < blocks; block++) {
                sums[block] = _mm512_dpbusd_epi32(
                    sums[block], inputs.block[block],
                    _mm512_loadu_si512(pass.weights + block * pass.block_bytes + quad * 64));
            }
        }
        MARTLET_UNROLL for (int block = 0; block < blocks; block++) {
            values[block] = finish(sums[block], pass.constants + block);
        }
        store_pixel(blocks, 0, pass, output, two_pixels(blocks, pass, values, values));
    }
}

/// Any kernel of at most `most_quads` quads.
MARTLET_INLINE void row_by_taps(const int blocks, const pass pass, int32_t output_row) {
    const martlet_depthwise *depthwise = pass.depthwise;
    const int32_t quad_count = martlet_depthwise_quads(depthwise->kernel_height, depthwise->kernel_width);
    const ptrdiff_t pixel_step = depthwise->stride_width * pass.input_pitch;
    const uint8_t *taps[4 * most_quads];
    tap_map map;
    map_taps(depthwise, &map);
    uint8_t padding[32];
    _mm256_storeu_si256((__m256i *)padding, _mm512_castsi512_si256(pass.padding));
    for (int32_t i = 0; i < 4 * quad_count; i++) taps[i] = padding;
    uint8_t *output = pass.segment->outputs[output_row] + pass.channel;
    for (int32_t pixel = 0, count; pixel < pass.pixels; pixel += count) {
        gather_taps(depthwise, pass.segment, &map, output_row, pixel, pass.channel, padding, taps);
        count = pixels_all_inside(depthwise, pass.segment, pixel);
        // Unused places point at the padding buffer, which has no neighbours to step to.
        for (int32_t i = 0; count > 1 && i < 4 * quad_count; i++) {
            if (taps[i] == padding) taps[i] = taps[0];
        }
        count = martlet_maximum(count, 1);
        pixels_by_taps(blocks, pass, taps, quad_count, pixel_step, output + pixel * pass.output_pitch, count);
    }
}

/// All rows of one pass by the kernel that suits.
MARTLET_INLINE void walk_pass(const int blocks, const pass pass) {
    const martlet_depthwise *depthwise = pass.depthwise;
    const int32_t side = depthwise->kernel_height == depthwise->kernel_width && depthwise->dilation_width == 1
        ? depthwise->kernel_height : 0;
    const int32_t stride = depthwise->stride_width;
    if (side == 3 && stride == 1 && depthwise->stride_height == 1 && pass.segment->output_rows == 2) {
        rows_3x3_stride1(blocks, pass);
        return;
    }
    for (int32_t row = 0; row < pass.segment->output_rows; row++) {
        if (side == 3 && stride == 1) row_3x3(blocks, 1, pass, row);
        else if (side == 3 && stride == 2) row_3x3(blocks, 2, pass, row);
        else if (side == 5 && stride == 1) row_5x5(blocks, 1, pass, row);
        else if (side == 5 && stride == 2) row_5x5(blocks, 2, pass, row);
        else row_by_taps(blocks, pass, row);
    }
}

static __attribute__((noinline)) void walk_one_block(const pass *pass) { walk_pass(1, *pass); }
static __attribute__((noinline)) void walk_two_blocks(const pass *pass) { walk_pass(2, *pass); }

/// Whether eight channels lie so that four pixels are 32 bytes, with a kernel for that.
static int32_t takes_four_pixels(const pass *pass, int32_t channels) {
    const martlet_depthwise *depthwise = pass->depthwise;
    return channels == 8 && pass->input_pitch == 8 && pass->output_pitch == 8 && depthwise->kernel_height == 3
        && depthwise->kernel_width == 3 && depthwise->stride_height == 1 && depthwise->stride_width == 1
        && depthwise->dilation_width == 1;
}

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
    pass.input_pitch = segment->input_pitch;
    pass.output_pitch = segment->output_pitch;
    pass.input_width = segment->input_width;
    pass.pixels = segment->pixels;
    pass.first_x = -depthwise->pad_left;
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
        if (takes_four_pixels(&pass, channels)) {
            pass.order[0] = quad_order(0, 32);
            pass.order[1] = quad_order(1, 32);
            martlet_avx512_depthwise_eight(&pass);
        } else if (blocks == 2) walk_two_blocks(&pass);
        else walk_one_block(&pass);
    }
}

#pragma clang attribute pop
#endif
