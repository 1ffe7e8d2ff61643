/// Depthwise convolution by dot products of four taps. Included inside a file's target region, after the family's own
/// `operand`, `begin_sums`, `input_operand` and `multiply_add`.
///
/// The bytes of one channel in four rows are brought side by side (a quad), so that one instruction multiplies four taps
/// of four channels. 3×3 and 5×5 go eight channels at a time, with a window of columns that stays in registers while it
/// slides along the row; other kernels take any taps by pointer, sixteen channels at a time.
#ifndef MARTLET_NEON_DOT_DEPTHWISE_H
#define MARTLET_NEON_DOT_DEPTHWISE_H

#include "depthwise_taps.h"

/// What one pass over a row needs, for sixteen channels from `channel` on.
typedef struct pass {
    const martlet_depthwise *depthwise;
    const martlet_depthwise_segment *segment;
    const int8_t *weights;
    const martlet_channel_block *constants;
    int32_t channel, stored;
    output_rule rule;
} pass;

MARTLET_INLINE uint8x16_t zip_pairs_low(uint8x16_t a, uint8x16_t b) {
    return vreinterpretq_u8_u16(vzip1q_u16(vreinterpretq_u16_u8(a), vreinterpretq_u16_u8(b)));
}
MARTLET_INLINE uint8x16_t zip_pairs_high(uint8x16_t a, uint8x16_t b) {
    return vreinterpretq_u8_u16(vzip2q_u16(vreinterpretq_u16_u8(a), vreinterpretq_u16_u8(b)));
}

/// Adds the products of one quad of sixteen channels, given by four pointers.
MARTLET_INLINE void add_quads(int32x4_t *sums, const uint8_t *const *four, ptrdiff_t at, const int8_t *weights) {
    const uint8x16_t a = vld1q_u8(four[0] + at), b = vld1q_u8(four[1] + at);
    const uint8x16_t c = vld1q_u8(four[2] + at), d = vld1q_u8(four[3] + at);
    const uint8x16_t first_low = vzip1q_u8(a, b), first_high = vzip2q_u8(a, b);
    const uint8x16_t last_low = vzip1q_u8(c, d), last_high = vzip2q_u8(c, d);
    sums[0] = multiply_add(sums[0], input_operand(zip_pairs_low(first_low, last_low)), vld1q_s8(weights));
    sums[1] = multiply_add(sums[1], input_operand(zip_pairs_high(first_low, last_low)), vld1q_s8(weights + 16));
    sums[2] = multiply_add(sums[2], input_operand(zip_pairs_low(first_high, last_high)), vld1q_s8(weights + 32));
    sums[3] = multiply_add(sums[3], input_operand(zip_pairs_high(first_high, last_high)), vld1q_s8(weights + 48));
}

/// Pixels whose taps are given one by one, four pointers a quad.
static void pixels_by_taps(
    const pass *pass, const uint8_t *const *taps, int32_t quad_count, uint8_t *output, int32_t pixels) {
    const ptrdiff_t pixel_step = pass->depthwise->stride_width * pass->segment->input_pitch;
    ptrdiff_t at = 0;
    for (; pixels > 0; pixels--, at += pixel_step, output += pass->segment->output_pitch) {
        int32x4_t sums[4];
        MARTLET_UNROLL for (int part = 0; part < 4; part++) sums[part] = begin_sums(pass->constants, part);
        for (int32_t quad = 0; quad < quad_count; quad++) {
            add_quads(sums, taps + 4 * quad, at, pass->weights + 64 * quad);
        }
        MARTLET_UNROLL for (int part = 0; part < 4; part++) {
            sums[part] = rounded(sums[part], vld1q_f32(pass->constants->factor + 4 * part));
        }
        store_some(output, store_bytes(sums[0], sums[1], sums[2], sums[3], &pass->rule), pass->stored);
    }
}

/// One output row of any kernel.
static void row_by_taps(const pass *pass, const tap_map *map, int32_t output_row, int32_t quad_count) {
    const martlet_depthwise_segment *segment = pass->segment;
    const uint8_t *taps[4 * most_quads];
    uint8_t padding[16];
    __builtin_memset(padding, pass->depthwise->input_zero_point, sizeof padding);
    for (int32_t i = 0; i < 4 * quad_count; i++) taps[i] = padding;
    for (int32_t pixel = 0, count; pixel < segment->pixels; pixel += count) {
        gather_taps(pass->depthwise, segment, map, output_row, pixel, pass->channel, padding, taps);
        uint8_t *output = segment->outputs[output_row] + pass->channel + pixel * segment->output_pitch;
        count = pixels_all_inside(pass->depthwise, segment, pixel);
        // Unused places point at the padding buffer, which has no neighbours to step to.
        for (int32_t i = 0; count > 0 && i < 4 * quad_count; i++) {
            if (taps[i] == padding) taps[i] = taps[0];
        }
        count = martlet_maximum(count, 1);
        pixels_by_taps(pass, taps, quad_count, output, count);
    }
}

/// Quads of eight channels of one column.
typedef struct column {
    operand part[2];
} column;

MARTLET_INLINE column zip_column(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d) {
    const uint8x16_t first = vzip1q_u8(a, b), last = vzip1q_u8(c, d);
    column result;
    result.part[0] = input_operand(zip_pairs_low(first, last));
    result.part[1] = input_operand(zip_pairs_high(first, last));
    return result;
}

/// A stretch of four input rows (or three: the last is taken twice) from eight channels on.
typedef struct row_window {
    const uint8_t *rows[4];
    ptrdiff_t pitch;
    int32_t width;
    uint8x16_t padding;
} row_window;

MARTLET_INLINE column load_column(const int rows, const row_window *window, int32_t x) {
    if ((uint32_t)x >= (uint32_t)window->width) {
        const operand padding = input_operand(window->padding);
        return (column){{padding, padding}};
    }
    const ptrdiff_t at = x * window->pitch;
    const uint8x16_t third = vld1q_u8(window->rows[2] + at);
    return zip_column(
        vld1q_u8(window->rows[0] + at), vld1q_u8(window->rows[1] + at), third,
        rows == 4 ? vld1q_u8(window->rows[3] + at) : third);
}

/// Eight channels of one row of a tensor, column `x`.
MARTLET_INLINE uint8x16_t load_single(const row_window *window, const uint8_t *row, int32_t x) {
    return (uint32_t)x < (uint32_t)window->width ? vld1q_u8(row + x * window->pitch) : window->padding;
}

/// Eight channels of a pass: their constants, and how many of them exist.
typedef struct eight_channels {
    int32x4_t bias[2];
    float32x4_t factors[2];
    const int8_t *weights;
    int32_t offset, stored;
} eight_channels;

MARTLET_INLINE eight_channels take_eight(const pass *pass, const int half) {
    eight_channels eight;
    MARTLET_UNROLL for (int part = 0; part < 2; part++) {
        eight.bias[part] = begin_sums(pass->constants, 2 * half + part);
        eight.factors[part] = vld1q_f32(pass->constants->factor + 8 * half + 4 * part);
    }
    eight.weights = pass->weights + 32 * half;
    eight.offset = pass->channel + 8 * half;
    eight.stored = martlet_minimum(pass->stored - 8 * half, 8);
    return eight;
}

MARTLET_INLINE void add_column(int32x4_t *sums, column inputs, const int8x16_t *weights) {
    sums[0] = multiply_add(sums[0], inputs.part[0], weights[0]);
    sums[1] = multiply_add(sums[1], inputs.part[1], weights[1]);
}

/// Eight rounded results, the zero point added.
MARTLET_INLINE int16x8_t finish_eight(const int32x4_t *sums, const eight_channels *eight, const output_rule *rule) {
    const int32x4_t low = rounded(sums[0], eight->factors[0]), high = rounded(sums[1], eight->factors[1]);
    return vqaddq_s16(vqmovn_high_s32(vqmovn_s32(low), high), rule->zero_point);
}

MARTLET_INLINE void store_eight(uint8_t *to, uint8x8_t bytes, int32_t stored) {
    if (stored == 8) vst1_u8(to, bytes);
    else store_some(to, vcombine_u8(bytes, bytes), stored);
}

MARTLET_INLINE row_window window_of(const pass *pass, const uint8_t *const *rows, const int count, int32_t offset) {
    row_window window;
    MARTLET_UNROLL for (int row = 0; row < 4; row++) window.rows[row] = rows[row < count ? row : count - 1] + offset;
    window.pitch = pass->segment->input_pitch;
    window.width = pass->segment->input_width;
    window.padding = vdupq_n_u8((uint8_t)pass->depthwise->input_zero_point);
    return window;
}

/// Eight channels of one or two output rows of a 3×3 kernel; two only with stride 1. The lower row's weights are the
/// upper's, moved down by a byte.
MARTLET_INLINE void eight_3x3(const int stride, const int output_rows, const pass *pass, int32_t row, const int half) {
    const martlet_depthwise_segment *segment = pass->segment;
    const eight_channels eight = take_eight(pass, half);
    const output_rule rule = pass->rule;
    const uint8_t *const *rows = segment->rows + row * pass->depthwise->stride_height;
    const row_window window = window_of(pass, rows, output_rows + 2, eight.offset);
    const ptrdiff_t output_pitch = segment->output_pitch;
    uint8_t *upper = segment->outputs[row] + eight.offset;
    uint8_t *lower = segment->outputs[output_rows - 1] + eight.offset;
    int8x16_t weights[2][3][2];
    MARTLET_UNROLL for (int tap = 0; tap < 3; tap++) {
        MARTLET_UNROLL for (int part = 0; part < 2; part++) {
            weights[0][tap][part] = vld1q_s8(eight.weights + 64 * tap + 16 * part);
            weights[1][tap][part] =
                vreinterpretq_s8_s32(vshlq_n_s32(vreinterpretq_s32_s8(weights[0][tap][part]), 8));
        }
    }
    int32_t x = -pass->depthwise->pad_left;
    column columns[3];
    columns[0] = load_column(output_rows + 2, &window, x);
    columns[1] = load_column(output_rows + 2, &window, x + 1);
    for (int32_t pixel = segment->pixels; pixel > 0; pixel--, x += stride) {
        if (stride == 2 && pixel != segment->pixels) columns[1] = load_column(output_rows + 2, &window, x + 1);
        columns[2] = load_column(output_rows + 2, &window, x + 2);
        int32x4_t sums[2][2];
        int16x8_t values[2];
        MARTLET_UNROLL for (int j = 0; j < output_rows; j++) {
            sums[j][0] = eight.bias[0];
            sums[j][1] = eight.bias[1];
            MARTLET_UNROLL for (int tap = 0; tap < 3; tap++) add_column(sums[j], columns[tap], weights[j][tap]);
            values[j] = finish_eight(sums[j], &eight, &rule);
        }
        uint8x16_t bytes = vqmovun_high_s16(vqmovun_s16(values[0]), values[output_rows - 1]);
        bytes = vminq_u8(vmaxq_u8(bytes, rule.low), rule.high);
        store_eight(upper, vget_low_u8(bytes), eight.stored);
        upper += output_pitch;
        if (output_rows == 2) {
            store_eight(lower, vget_high_u8(bytes), eight.stored);
            lower += output_pitch;
        }
        columns[0] = columns[stride];
        if (stride == 1) columns[1] = columns[2];
    }
}

/// Eight channels of one output row of a 5×5 kernel: quads of four rows, and of four columns of the fifth row.
MARTLET_INLINE void eight_5x5(const int stride, const pass *pass, int32_t row, const int half) {
    const martlet_depthwise_segment *segment = pass->segment;
    const eight_channels eight = take_eight(pass, half);
    const output_rule rule = pass->rule;
    const uint8_t *const *rows = segment->rows + row * pass->depthwise->stride_height;
    const row_window window = window_of(pass, rows, 4, eight.offset);
    const uint8_t *last_row = rows[4] + eight.offset;
    uint8_t *output = segment->outputs[row] + eight.offset;
    int8x16_t weights[7][2];
    MARTLET_UNROLL for (int quad = 0; quad < 7; quad++) {
        weights[quad][0] = vld1q_s8(eight.weights + 64 * quad);
        weights[quad][1] = vld1q_s8(eight.weights + 64 * quad + 16);
    }
    int32_t x = -pass->depthwise->pad_left;
    column columns[5];
    uint8x16_t last[5];
    MARTLET_UNROLL for (int tap = 0; tap < 5; tap++) {
        columns[tap] = load_column(4, &window, x + tap);
        last[tap] = load_single(&window, last_row, x + tap);
    }
    for (int32_t pixel = segment->pixels; pixel > 0; pixel--) {
        int32x4_t sums[2] = {eight.bias[0], eight.bias[1]};
        MARTLET_UNROLL for (int tap = 0; tap < 5; tap++) add_column(sums, columns[tap], weights[tap]);
        add_column(sums, zip_column(last[0], last[1], last[2], last[3]), weights[5]);
        add_column(sums, zip_column(last[4], last[4], last[4], last[4]), weights[6]);
        const uint8x8_t bytes = vqmovun_s16(finish_eight(sums, &eight, &rule));
        store_eight(
            output, vmin_u8(vmax_u8(bytes, vget_low_u8(rule.low)), vget_low_u8(rule.high)), eight.stored);
        output += segment->output_pitch;
        x += stride;
        MARTLET_UNROLL for (int tap = 0; tap < 5; tap++) {
            if (tap + stride < 5) {
                columns[tap] = columns[tap + stride];
                last[tap] = last[tap + stride];
            } else if (pixel > 1) {
                columns[tap] = load_column(4, &window, x + tap);
                last[tap] = load_single(&window, last_row, x + tap);
            }
        }
    }
}

#define EIGHT(name, ...)                                                                                      \
    static __attribute__((noinline)) void name(const pass *pass, int32_t row, const int half) { __VA_ARGS__; }
EIGHT(two_rows_3x3, eight_3x3(1, 2, pass, row, half))
EIGHT(row_3x3, eight_3x3(1, 1, pass, row, half))
EIGHT(row_3x3_stride2, eight_3x3(2, 1, pass, row, half))
EIGHT(row_5x5, eight_5x5(1, pass, row, half))
EIGHT(row_5x5_stride2, eight_5x5(2, pass, row, half))

/// The kernel that suits, or NULL: by taps. `rows`: how many output rows it takes at once.
static void (*window_kernel(
    const martlet_depthwise *depthwise, const martlet_depthwise_segment *segment, int32_t *rows))(
    const pass *pass, int32_t row, const int half) {
    const int32_t side = depthwise->kernel_height == depthwise->kernel_width && depthwise->dilation_width == 1
        ? depthwise->kernel_height : 0;
    const int32_t stride = depthwise->stride_width;
    *rows = 1;
    if (side == 3 && stride == 1) {
        if (segment->output_rows == 1 || depthwise->stride_height != 1) return row_3x3;
        *rows = 2;
        return two_rows_3x3;
    }
    if (side == 3 && stride == 2) return row_3x3_stride2;
    if (side == 5 && stride == 1) return row_5x5;
    if (side == 5 && stride == 2) return row_5x5_stride2;
    return NULL;
}

static void depthwise(
    const martlet_depthwise *depthwise, const martlet_depthwise_segment *segment, int32_t channels) {
    const int32_t quad_count = martlet_depthwise_quads(depthwise->kernel_height, depthwise->kernel_width);
    if (quad_count > most_quads) {
        martlet_scalar_kernels.depthwise(depthwise, segment, channels);
        return;
    }
    int32_t rows_at_once;
    void (*kernel)(const pass *, int32_t, const int) = window_kernel(depthwise, segment, &rows_at_once);
    tap_map map;
    if (kernel == NULL) map_taps(depthwise, &map);
    pass pass;
    pass.depthwise = depthwise;
    pass.segment = segment;
    pass.rule = spread_output(depthwise->output);
    for (int32_t channel = 0; channel < channels; channel += 16) {
        pass.channel = channel;
        pass.stored = martlet_minimum(channels - channel, 16);
        pass.weights = depthwise->weights + (ptrdiff_t)(channel / 16) * quad_count * 64;
        pass.constants = depthwise->channels + channel / 16;
        for (int32_t row = 0; row < segment->output_rows; row += rows_at_once) {
            if (kernel == NULL) {
                row_by_taps(&pass, &map, row, quad_count);
                continue;
            }
            kernel(&pass, row, 0);
            if (pass.stored > 8) kernel(&pass, row, 1);
        }
    }
}

#endif
