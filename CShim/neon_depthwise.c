// Depthwise convolution of the NEON family, sixteen channels at a time: products of two taps are added in 16 bits
// (SMULL, SMLAL), then to 32-bit sums (SADDW). Weights of −128 leave no room for the second product: then each is added
// by itself. 3×3 kernels keep the inputs of a pixel in registers for its neighbours.
#if defined(__aarch64__)
#include "neon_common.h"
#include "depthwise_taps.h"

/// What one pass over a row needs, for sixteen channels from `channel` on.
typedef struct pass {
    const martlet_depthwise *depthwise;
    const martlet_depthwise_segment *segment;
    const int8x16_t *weights;  // one register a place of the packed quads
    int32_t channel, stored;
    int32x4_t bias[4];
    float32x4_t factors[4];
    output_rule rule;
} pass;

/// Sixteen stored bytes as int8.
MARTLET_INLINE int8x16_t signed_inputs(const uint8_t *from) {
    return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(from), vdupq_n_u8(0x80)));
}

MARTLET_INLINE void widen_to(int32x4_t *sums, int16x8_t low, int16x8_t high) {
    sums[0] = vaddw_s16(sums[0], vget_low_s16(low));
    sums[1] = vaddw_high_s16(sums[1], low);
    sums[2] = vaddw_s16(sums[2], vget_low_s16(high));
    sums[3] = vaddw_high_s16(sums[3], high);
}

/// Adds the products of one tap.
MARTLET_INLINE void add_tap(int32x4_t *sums, int8x16_t inputs, int8x16_t weights) {
    widen_to(sums, vmull_s8(vget_low_s8(inputs), vget_low_s8(weights)), vmull_high_s8(inputs, weights));
}

/// Adds the products of two taps.
MARTLET_INLINE void add_two_taps(
    int32x4_t *sums, int8x16_t first, int8x16_t second, int8x16_t first_weights, int8x16_t second_weights) {
    const int16x8_t low = vmull_s8(vget_low_s8(first), vget_low_s8(first_weights));
    const int16x8_t high = vmull_high_s8(first, first_weights);
    widen_to(
        sums, vmlal_s8(low, vget_low_s8(second), vget_low_s8(second_weights)),
        vmlal_high_s8(high, second, second_weights));
}

MARTLET_INLINE uint8x16_t finish_pixel(const int32x4_t *sums, const pass *pass) {
    return store_bytes(
        rounded(sums[0], pass->factors[0]), rounded(sums[1], pass->factors[1]), rounded(sums[2], pass->factors[2]),
        rounded(sums[3], pass->factors[3]), &pass->rule);
}

/// Pixels whose taps are given one by one.
MARTLET_INLINE void pixels_by_taps(
    const int in_pairs, const pass *pass, const uint8_t *const *taps, int32_t places, uint8_t *output,
    int32_t pixels) {
    const ptrdiff_t pixel_step = pass->depthwise->stride_width * pass->segment->input_pitch;
    ptrdiff_t at = 0;
    for (; pixels > 0; pixels--, at += pixel_step, output += pass->segment->output_pitch) {
        int32x4_t sums[4] = {pass->bias[0], pass->bias[1], pass->bias[2], pass->bias[3]};
        for (int32_t place = 0; place < places; place += 2) {
            const int8x16_t first = signed_inputs(taps[place] + at), second = signed_inputs(taps[place + 1] + at);
            if (in_pairs) {
                add_two_taps(sums, first, second, pass->weights[place], pass->weights[place + 1]);
            } else {
                add_tap(sums, first, pass->weights[place]);
                add_tap(sums, second, pass->weights[place + 1]);
            }
        }
        store_some(output, finish_pixel(sums, pass), pass->stored);
    }
}

/// One output row of any kernel.
MARTLET_INLINE void row_by_taps(const int in_pairs, const pass *pass, const tap_map *map, int32_t output_row) {
    const martlet_depthwise *depthwise = pass->depthwise;
    const martlet_depthwise_segment *segment = pass->segment;
    const int32_t places = 4 * martlet_depthwise_quads(depthwise->kernel_height, depthwise->kernel_width);
    const uint8_t *taps[4 * most_quads];
    uint8_t padding[16];
    __builtin_memset(padding, depthwise->input_zero_point, sizeof padding);
    for (int32_t i = 0; i < places; i++) taps[i] = padding;
    for (int32_t pixel = 0, count; pixel < segment->pixels; pixel += count) {
        gather_taps(depthwise, segment, map, output_row, pixel, pass->channel, padding, taps);
        uint8_t *output = segment->outputs[output_row] + pass->channel + pixel * segment->output_pitch;
        count = pixels_all_inside(depthwise, segment, pixel);
        // Unused places point at the padding buffer, which has no neighbours to step to.
        for (int32_t i = 0; count > 0 && i < places; i++) {
            if (taps[i] == padding) taps[i] = taps[0];
        }
        count = martlet_maximum(count, 1);
        pixels_by_taps(in_pairs, pass, taps, places, output, count);
    }
}

static __attribute__((noinline)) void paired_row(const pass *pass, const tap_map *map, int32_t output_row) {
    row_by_taps(1, pass, map, output_row);
}
static __attribute__((noinline)) void single_row(const pass *pass, const tap_map *map, int32_t output_row) {
    row_by_taps(0, pass, map, output_row);
}

/// The three inputs of column `x`.
MARTLET_INLINE void load_column(
    int8x16_t *column, const uint8_t *const *rows, const pass *pass, int32_t x, int8x16_t padding) {
    const int inside = (uint32_t)x < (uint32_t)pass->segment->input_width;
    const ptrdiff_t at = x * pass->segment->input_pitch + pass->channel;
    MARTLET_UNROLL for (int row = 0; row < 3; row++) column[row] = inside ? signed_inputs(rows[row] + at) : padding;
}

/// One output row of a 3×3 kernel.
MARTLET_INLINE void window_row(const int stride, const pass *pass, int32_t output_row) {
    const martlet_depthwise *depthwise = pass->depthwise;
    const martlet_depthwise_segment *segment = pass->segment;
    const uint8_t *const *rows = segment->rows + output_row * depthwise->stride_height;
    const int8x16_t padding = vdupq_n_s8((int8_t)(depthwise->input_zero_point - 128));
    uint8_t *output = segment->outputs[output_row] + pass->channel;
    int8x16_t weights[9], inputs[3][3];
    MARTLET_UNROLL for (int tap = 0; tap < 9; tap++) weights[tap] = pass->weights[tap / 3 * 4 + tap % 3];
    int32_t x = -depthwise->pad_left;
    load_column(inputs[0], rows, pass, x, padding);
    load_column(inputs[1], rows, pass, x + 1, padding);
    for (int32_t pixel = 0; pixel < segment->pixels; pixel++, x += stride) {
        if (stride == 2 && pixel > 0) load_column(inputs[1], rows, pass, x + 1, padding);
        load_column(inputs[2], rows, pass, x + 2, padding);
        int32x4_t sums[4] = {pass->bias[0], pass->bias[1], pass->bias[2], pass->bias[3]};
        MARTLET_UNROLL for (int tap = 0; tap < 8; tap += 2) {
            add_two_taps(
                sums, inputs[tap / 3][tap % 3], inputs[(tap + 1) / 3][(tap + 1) % 3], weights[tap], weights[tap + 1]);
        }
        add_tap(sums, inputs[2][2], weights[8]);
        store_some(output, finish_pixel(sums, pass), pass->stored);
        output += segment->output_pitch;
        MARTLET_UNROLL for (int row = 0; row < 3; row++) {
            inputs[0][row] = inputs[stride][row];
            if (stride == 1) inputs[1][row] = inputs[2][row];
        }
    }
}

static __attribute__((noinline)) void row_3x3(const pass *pass, int32_t output_row) {
    window_row(1, pass, output_row);
}
static __attribute__((noinline)) void row_3x3_stride2(const pass *pass, int32_t output_row) {
    window_row(2, pass, output_row);
}

/// `count` neighbouring pixels of a kernel five columns wide, the first of which begins at input column `x`: the inputs
/// of a row serve all of them. `checked`: some lie outside the image.
MARTLET_INLINE void pixels_of_five(
    const int count, const int stride, const int checked, const pass *pass, const tap_map *map,
    const uint8_t *const *rows, int32_t x, uint8_t *output) {
    const int8x16_t padding = vdupq_n_s8((int8_t)(pass->depthwise->input_zero_point - 128));
    const ptrdiff_t pitch = pass->segment->input_pitch, first = x * pitch + pass->channel;
    const uint32_t width = (uint32_t)pass->segment->input_width;
    int32x4_t sums[4][4];
    MARTLET_UNROLL for (int pixel = 0; pixel < count; pixel++) {
        MARTLET_UNROLL for (int part = 0; part < 4; part++) sums[pixel][part] = pass->bias[part];
    }
    const uint8_t *places = map->places;
    for (int32_t row = 0; row < pass->depthwise->kernel_height; row++, places += 5) {
        const uint8_t *from = rows[row] + first;
        int8x16_t inputs[8], weights[5];
        MARTLET_UNROLL for (int i = 0; i < (count - 1) * stride + 5; i++) {
            inputs[i] = checked && (uint32_t)(x + i) >= width ? padding : signed_inputs(from + i * pitch);
        }
        MARTLET_UNROLL for (int tap = 0; tap < 5; tap++) weights[tap] = pass->weights[places[tap]];
        MARTLET_UNROLL for (int pixel = 0; pixel < count; pixel++) {
            const int8x16_t *own = inputs + pixel * stride;
            add_two_taps(sums[pixel], own[0], own[1], weights[0], weights[1]);
            add_two_taps(sums[pixel], own[2], own[3], weights[2], weights[3]);
            add_tap(sums[pixel], own[4], weights[4]);
        }
    }
    MARTLET_UNROLL for (int pixel = 0; pixel < count; pixel++) {
        store_some(output + pixel * pass->segment->output_pitch, finish_pixel(sums[pixel], pass), pass->stored);
    }
}

/// One output row of a kernel five columns wide, `most` pixels at a time.
MARTLET_INLINE void row_of_five(
    const int most, const int stride, const pass *pass, const tap_map *map, int32_t output_row) {
    const martlet_depthwise_segment *segment = pass->segment;
    const uint8_t *const *rows = segment->rows + output_row * pass->depthwise->stride_height;
    uint8_t *output = segment->outputs[output_row] + pass->channel;
    int32_t x = -pass->depthwise->pad_left;
    for (int32_t rest = segment->pixels, count; rest > 0; rest -= count) {
        count = rest >= most ? most : 1;
        const int checked = x < 0 || x + (count - 1) * stride + 4 >= segment->input_width;
        if (count == 1) pixels_of_five(1, stride, 1, pass, map, rows, x, output);
        else if (checked) pixels_of_five(most, stride, 1, pass, map, rows, x, output);
        else pixels_of_five(most, stride, 0, pass, map, rows, x, output);
        x += count * stride;
        output += count * segment->output_pitch;
    }
}

static __attribute__((noinline)) void row_5_wide(const pass *pass, const tap_map *map, int32_t output_row) {
    row_of_five(4, 1, pass, map, output_row);
}
static __attribute__((noinline)) void row_5_wide_stride2(const pass *pass, const tap_map *map, int32_t output_row) {
    row_of_five(2, 2, pass, map, output_row);
}

/// Sixteen channels: their weights, one register a place, and constants.
/// - Returns: whether no weight is −128.
static int32_t begin_pass(pass *pass, int8x16_t *weights, const int8_t *packed, int32_t quad_count) {
    const martlet_channel_block *constants = pass->depthwise->channels + pass->channel / 16;
    int8x16_t least = vdupq_n_s8(0);
    for (int32_t quad = 0; quad < quad_count; quad++) {
        const int8x16x4_t four = vld4q_s8(packed + 64 * quad);
        MARTLET_UNROLL for (int lane = 0; lane < 4; lane++) {
            weights[4 * quad + lane] = four.val[lane];
            least = vminq_s8(least, four.val[lane]);
        }
    }
    MARTLET_UNROLL for (int part = 0; part < 4; part++) {
        const int32x4_t weight_sums = vld1q_s32(constants->weight_sum + 4 * part);
        pass->bias[part] = vmlaq_s32(vld1q_s32(constants->bias + 4 * part), weight_sums, vdupq_n_s32(128));
        pass->factors[part] = vld1q_f32(constants->factor + 4 * part);
    }
    pass->weights = weights;
    return vminvq_s8(least) != INT8_MIN;
}

void martlet_neon_depthwise(
    const martlet_depthwise *depthwise, const martlet_depthwise_segment *segment, int32_t channels) {
    const int32_t quad_count = martlet_depthwise_quads(depthwise->kernel_height, depthwise->kernel_width);
    if (quad_count > most_quads) {
        martlet_scalar_kernels.depthwise(depthwise, segment, channels);
        return;
    }
    const int32_t width = depthwise->dilation_width == 1 ? depthwise->kernel_width : 0;
    const int32_t is_3x3 = width == 3 && depthwise->kernel_height == 3, stride = depthwise->stride_width;
    tap_map map;
    map_taps(depthwise, &map);
    int8x16_t weights[4 * most_quads];
    pass pass;
    pass.depthwise = depthwise;
    pass.segment = segment;
    pass.rule = spread_output(depthwise->output);
    for (int32_t channel = 0; channel < channels; channel += 16) {
        pass.channel = channel;
        pass.stored = martlet_minimum(channels - channel, 16);
        const int8_t *packed = depthwise->weights + (ptrdiff_t)(channel / 16) * quad_count * 64;
        const int32_t in_pairs = begin_pass(&pass, weights, packed, quad_count);
        for (int32_t row = 0; row < segment->output_rows; row++) {
            if (!in_pairs) single_row(&pass, &map, row);
            else if (is_3x3 && stride == 1) row_3x3(&pass, row);
            else if (is_3x3 && stride == 2) row_3x3_stride2(&pass, row);
            else if (width == 5 && stride == 1) row_5_wide(&pass, &map, row);
            else if (width == 5 && stride == 2) row_5_wide_stride2(&pass, &map, row);
            else paired_row(&pass, &map, row);
        }
    }
}
#endif
