// The scalar family: the executable form of the numeric contract. Every other family gives these bytes.
//
// - Accumulators are int32 and exact; the Verifier proved that they do not overflow.
// - A result is float(accumulator) · factor in float32 (int to float rounds to nearest even), then `martlet_store`:
//   rounded half to even, plus the zero point, clamped. Every float operation is rounded on its own: no fused
//   multiply-add.
#include "kernels.h"

/// How a real value becomes a byte: the contract itself.
MARTLET_INLINE uint8_t store_result(float value, martlet_output rule) { return martlet_store(value, rule); }

#include "scalar_depthwise.h"
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

const martlet_kernels martlet_scalar_kernels = {
    .family = MARTLET_FAMILY_SCALAR,
    .panel_blocks = 1,
    .paired_pixels = 0,
    .convolve = convolve,
    .depthwise = depthwise_any,
    .maximum = maximum,
    .accumulate = accumulate,
    .requantize = requantize,
    .add = add,
    .add_fixed = add_fixed,
    .multiply = multiply,
    .look_up = look_up,
};
