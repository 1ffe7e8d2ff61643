// The DSP family, for Cortex-M4, M7, M33 and their like: two products of 16 bits an instruction (SMLAD). Four bytes become
// two pairs of 16 bits: bytes 0 and 2, bytes 1 and 3; weights and inputs alike, so that their products meet.
#if defined(__ARM_FEATURE_DSP) && !defined(MARTLET_SCALAR_ONLY)
#include <arm_acle.h>

#include "kernels.h"

/// Nearest integer, halves to even. The Verifier proved that the value fits 32 bits with room for a zero point.
MARTLET_INLINE int32_t round_to_even(float value) {
#if defined(__ARM_FP) && (__ARM_FP & 4)
    int32_t rounded;
    __asm__("vcvtr.s32.f32 %0, %1" : "=t"(rounded) : "t"(value));
    return rounded;
#else
    return martlet_round(value);
#endif
}

MARTLET_INLINE uint8_t store_result(float value, martlet_output rule) {
    return (uint8_t)martlet_clamp(round_to_even(value) + rule.zero_point, rule.low, rule.high);
}

#include "scalar_elementwise.h"

/// Four bytes as two pairs of 16 bits.
typedef struct pairs {
    int16x2_t even, odd;
} pairs;

MARTLET_INLINE int32_t load_word(const void *from) {
    int32_t word;
    __builtin_memcpy(&word, from, 4);
    return word;
}

MARTLET_INLINE pairs input_pairs(const uint8_t *from) {
    uint32_t word = (uint32_t)load_word(from);
    return (pairs){(int16x2_t)__uxtb16(word), (int16x2_t)__uxtb16(__ror(word, 8))};
}

MARTLET_INLINE pairs weight_pairs(const int8_t *from) {
    uint32_t word = (uint32_t)load_word(from);
    return (pairs){__sxtb16((int8x4_t)word), __sxtb16((int8x4_t)__ror(word, 8))};
}

MARTLET_INLINE int32_t multiply_add(int32_t sum, pairs weights, pairs inputs) {
    return __smlad(weights.odd, inputs.odd, __smlad(weights.even, inputs.even, sum));
}

/// The sums of two pixels and two adjacent channels: `sums[pixel][channel]`.
static __attribute__((noinline)) void convolve_two_pixels(
    const martlet_panel *panel, const martlet_segment *segment, ptrdiff_t first, const int8_t *weights,
    const int32_t *bias, int32_t sums[2][2]) {
    int32_t a0 = bias[0], a1 = bias[1], b0 = a0, b1 = a1;
    ptrdiff_t step = segment->run_step;
    int32_t quads = panel->run_quads;
    for (int32_t run = 0; run < panel->runs; run++) {
        const uint8_t *from = segment->runs[run] + first;
        const uint8_t *end = from + 4 * quads;
        do {
            pairs a = input_pairs(from), b = input_pairs(from + step);
            from += 4;
            pairs w = weight_pairs(weights);
            a0 = multiply_add(a0, w, a);
            b0 = multiply_add(b0, w, b);
            w = weight_pairs(weights + 4);
            a1 = multiply_add(a1, w, a);
            b1 = multiply_add(b1, w, b);
            weights += 64;
        } while (from != end);
    }
    sums[0][0] = a0;
    sums[0][1] = a1;
    sums[1][0] = b0;
    sums[1][1] = b1;
}

/// The sums of one pixel and four adjacent channels.
static __attribute__((noinline)) void convolve_one_pixel(
    const martlet_panel *panel, const martlet_segment *segment, ptrdiff_t first, const int8_t *weights,
    const int32_t *bias, int32_t sums[4]) {
    int32_t s0 = bias[0], s1 = bias[1], s2 = bias[2], s3 = bias[3];
    for (int32_t run = 0; run < panel->runs; run++) {
        const uint8_t *from = segment->runs[run] + first;
        const uint8_t *end = from + 4 * panel->run_quads;
        do {
            pairs inputs = input_pairs(from);
            from += 4;
            s0 = multiply_add(s0, weight_pairs(weights), inputs);
            s1 = multiply_add(s1, weight_pairs(weights + 4), inputs);
            s2 = multiply_add(s2, weight_pairs(weights + 8), inputs);
            s3 = multiply_add(s3, weight_pairs(weights + 12), inputs);
            weights += 64;
        } while (from != end);
    }
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
}

/// Stores `count` adjacent channels of a pixel, from panel channel `channel` on.
MARTLET_INLINE void finish(
    const martlet_panel *panel, const martlet_segment *segment, int32_t pixel, int32_t channel, const int32_t *sums,
    int32_t count) {
    const float *factors = panel->channels[channel / 16].factor + channel % 16;
    uint8_t *output = segment->output + pixel * segment->output_step + channel;
    const uint8_t *residual =
        segment->residual == NULL ? NULL : segment->residual + pixel * segment->residual_step + channel;
    for (int32_t i = 0; i < count; i++) {
        float value = (float)sums[i] * factors[i];
        if (residual != NULL) {
            float addend = (float)(residual[i] - panel->residual_zero_point) * panel->residual_factor;
            value = value + addend;
        }
        output[i] = store_result(value, panel->output);
    }
}

static void convolve_segment(const martlet_panel *panel, const martlet_segment *segment) {
    int32_t pixel = 0, stored = panel->channels_stored;
    for (; pixel + 2 <= segment->pixels; pixel += 2) {
        for (int32_t channel = 0; channel < stored; channel += 2) {
            const int8_t *weights = panel->weights + channel / 16 * panel->block_bytes + channel % 16 * 4;
            int32_t sums[2][2], count = martlet_minimum(stored - channel, 2);
            convolve_two_pixels(
                panel, segment, pixel * segment->run_step, weights, panel->channels[channel / 16].bias + channel % 16,
                sums);
            finish(panel, segment, pixel, channel, sums[0], count);
            finish(panel, segment, pixel + 1, channel, sums[1], count);
        }
    }
    if (pixel == segment->pixels) return;
    for (int32_t channel = 0; channel < stored; channel += 4) {
        const int8_t *weights = panel->weights + channel / 16 * panel->block_bytes + channel % 16 * 4;
        int32_t sums[4];
        convolve_one_pixel(
            panel, segment, pixel * segment->run_step, weights, panel->channels[channel / 16].bias + channel % 16, sums);
        finish(panel, segment, pixel, channel, sums, martlet_minimum(stored - channel, 4));
    }
}

static void convolve(const martlet_panel *panel, const martlet_segment *segments, int32_t segment_count) {
    for (int32_t segment = 0; segment < segment_count; segment++) convolve_segment(panel, segments + segment);
}

#include "arm_dsp_depthwise.h"

const martlet_kernels martlet_arm_dsp_kernels = {
    .family = MARTLET_FAMILY_ARM_DSP,
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
#endif
