// The scalar family: the executable form of the numeric contract. Every other family gives these bytes.
//
// - Accumulators are int32 and exact; the Verifier proved that they do not overflow.
// - A result is float(accumulator) · factor in float32 (int to float rounds to nearest even), then `martlet_store`:
//   rounded half to even, plus the zero point, clamped. Every float operation is rounded on its own: no fused
//   multiply-add.
#include "kernels.h"

static void convolve_pixel(
    const martlet_panel *panel, const martlet_segment *segment, int32_t pixel, int32_t block) {
    const martlet_channel_block *constants = panel->channels + block;
    const int8_t *weights = panel->weights + block * panel->block_bytes;
    int32_t sums[16];
    __builtin_memcpy(sums, constants->bias, sizeof sums);
    for (int32_t run = 0; run < panel->runs; run++) {
        const uint8_t *from = segment->runs[run] + pixel * segment->run_step;
        for (int32_t quad = 0; quad < panel->run_quads; quad++, from += 4, weights += 64) {
            for (int32_t channel = 0; channel < 16; channel++) {
                const int8_t *four = weights + channel * 4;
                sums[channel] += from[0] * four[0] + from[1] * four[1] + from[2] * four[2] + from[3] * four[3];
            }
        }
    }
    int32_t stored = martlet_minimum(panel->channels_stored - block * 16, 16);
    uint8_t *output = segment->output + pixel * segment->output_step + block * 16;
    for (int32_t channel = 0; channel < stored; channel++) {
        float value = (float)sums[channel] * constants->factor[channel];
        if (segment->residual != NULL) {
            int32_t residual = segment->residual[pixel * segment->residual_step + block * 16 + channel];
            float addend = (float)(residual - panel->residual_zero_point) * panel->residual_factor;
            value = value + addend;
        }
        output[channel] = martlet_store(value, panel->output);
    }
}

static void convolve(const martlet_panel *panel, const martlet_segment *segments, int32_t segment_count) {
    for (int32_t segment = 0; segment < segment_count; segment++) {
        for (int32_t pixel = 0; pixel < segments[segment].pixels; pixel++) {
            for (int32_t block = 0; block < panel->blocks; block++) {
                convolve_pixel(panel, segments + segment, pixel, block);
            }
        }
    }
}

/// One output pixel, sixteen channels (or `stored`, fewer) from `channel` on.
static void depthwise_pixel(
    const martlet_depthwise *depthwise, const martlet_depthwise_segment *segment, int32_t output_row, int32_t pixel,
    int32_t channel, int32_t stored) {
    int32_t quads = martlet_depthwise_quads(depthwise->kernel_height, depthwise->kernel_width);
    const martlet_channel_block *constants = depthwise->channels + channel / 16;
    const int8_t *weights = depthwise->weights + (ptrdiff_t)(channel / 16) * quads * 64;
    const uint8_t *const *rows = segment->rows + output_row * depthwise->stride_height;
    int32_t sums[16];
    __builtin_memcpy(sums, constants->bias, sizeof sums);
    for (int32_t row = 0; row < depthwise->kernel_height; row++) {
        for (int32_t column = 0; column < depthwise->kernel_width; column++) {
            int32_t place = martlet_depthwise_place(depthwise->kernel_height, depthwise->kernel_width, row, column);
            const int8_t *tap = weights + place / 4 * 64 + place % 4;
            int32_t x = pixel * depthwise->stride_width - depthwise->pad_left + column * depthwise->dilation_width;
            int32_t inside = x >= 0 && x < segment->input_width;
            const uint8_t *from = inside ? rows[row] + x * segment->input_pitch + channel : NULL;
            for (int32_t lane = 0; lane < stored; lane++) {
                sums[lane] += (inside ? from[lane] : depthwise->input_zero_point) * tap[lane * 4];
            }
        }
    }
    uint8_t *output = segment->outputs[output_row] + pixel * segment->output_pitch + channel;
    for (int32_t lane = 0; lane < stored; lane++) {
        output[lane] = martlet_store((float)sums[lane] * constants->factor[lane], depthwise->output);
    }
}

static void depthwise(
    const martlet_depthwise *depthwise, const martlet_depthwise_segment *segment, int32_t channels) {
    for (int32_t row = 0; row < segment->output_rows; row++) {
        for (int32_t pixel = 0; pixel < segment->pixels; pixel++) {
            for (int32_t channel = 0; channel < channels; channel += 16) {
                depthwise_pixel(depthwise, segment, row, pixel, channel, martlet_minimum(channels - channel, 16));
            }
        }
    }
}

static void maximum(const martlet_tap_segment *segment, int32_t channels) {
    for (int32_t pixel = 0; pixel < segment->pixels; pixel++) {
        uint8_t *output = segment->output + pixel * segment->output_step;
        for (int32_t channel = 0; channel < channels; channel++) {
            uint8_t largest = 0;
            for (int32_t tap = 0; tap < segment->tap_count; tap++) {
                uint8_t value = segment->taps[tap][pixel * segment->pixel_step + channel];
                if (value > largest) largest = value;
            }
            output[channel] = largest;
        }
    }
}

static void accumulate(int32_t *restrict sums, const uint8_t *restrict from, int32_t count) {
    for (int32_t i = 0; i < count; i++) sums[i] += from[i];
}

static void requantize(
    uint8_t *restrict output, const int32_t *restrict sums, int32_t bias, float factor, martlet_output rule,
    int32_t count) {
    for (int32_t i = 0; i < count; i++) output[i] = martlet_store((float)(sums[i] + bias) * factor, rule);
}

static void add(uint8_t *output, const uint8_t *a, const uint8_t *b, const martlet_addition *rule, int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        float left = (float)(a[i] - rule->zero_point_a) * rule->factor_a;
        float right = (float)(b[i] - rule->zero_point_b) * rule->factor_b;
        output[i] = martlet_store(left + right, rule->output);
    }
}

static void multiply(
    uint8_t *output, const uint8_t *a, const uint8_t *b, const martlet_multiplication *rule, int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        int32_t product = (a[i] - rule->zero_point_a) * (b[i] - rule->zero_point_b);
        output[i] = martlet_store((float)product * rule->factor, rule->output);
    }
}

static void look_up(uint8_t *output, const uint8_t *input, const uint8_t *table, int32_t count) {
    for (int32_t i = 0; i < count; i++) output[i] = table[input[i]];
}

const martlet_kernels martlet_scalar_kernels = {
    .family = MARTLET_FAMILY_SCALAR,
    .panel_blocks = 1,
    .paired_pixels = 0,
    .convolve = convolve,
    .depthwise = depthwise,
    .maximum = maximum,
    .accumulate = accumulate,
    .requantize = requantize,
    .add = add,
    .multiply = multiply,
    .look_up = look_up,
};
