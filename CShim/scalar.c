// The scalar family: the executable form of the numeric contract. Every other family gives these bytes.
//
// - Accumulators are int32 and exact; the Verifier proved that they do not overflow.
// - A result is float(accumulator) · factor in float32 (int to float rounds to nearest even), then `martlet_store`:
//   rounded half to even, plus the zero point, clamped. Every float operation is rounded on its own: no fused
//   multiply-add.
#include "kernels.h"

/// How a real value becomes a byte: the contract itself.
MARTLET_INLINE uint8_t store_result(float value, martlet_output rule) { return martlet_store(value, rule); }

#include "scalar_elementwise.h"

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
        output[channel] = store_result(value, panel->output);
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
        output[lane] = store_result((float)sums[lane] * constants->factor[lane], depthwise->output);
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
    .add_fixed = add_fixed,
    .multiply = multiply,
    .look_up = look_up,
};
