// The DSP family, for Cortex-M4, M7, M33 and their like: two products of 16 bits an instruction (SMLAD). Four bytes become
// two pairs of 16 bits: bytes 0 and 2, bytes 1 and 3; weights and inputs alike, so that their products meet.
#include "kernels.h"

#if defined(MARTLET_ARM_DSP)
#include <arm_acle.h>

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

#include "scalar_depthwise.h"
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

enum {
    /// Output channels of a panel, in blocks of sixteen: the expanded inputs serve all of them.
    panel_blocks = 4,
    /// Quads of inputs that are expanded at once, of two pixels: 1 KB of stack.
    chunk_quads = 64,
};

/// A chunk of the inputs of two pixels as pairs, the runs end to end as the weights are.
typedef struct expanded_inputs {
    pairs pixels[2][chunk_quads];
} expanded_inputs;

/// Where in its runs a pixel is.
typedef struct run_place {
    int32_t run, quad;
} run_place;

/// Expands the next inputs of one pixel, a chunk at most.
/// - Returns: how many quads.
static int32_t expand(
    const martlet_panel *panel, const martlet_segment *segment, int32_t pixel, run_place *place, pairs *into) {
    int32_t filled = 0;
    while (filled < chunk_quads && place->run < panel->runs) {
        const uint8_t *from = segment->runs[place->run] + pixel * segment->run_step + 4 * place->quad;
        int32_t count = martlet_minimum(panel->run_quads - place->quad, chunk_quads - filled);
        for (int32_t quad = 0; quad < count; quad++) into[filled + quad] = input_pairs(from + 4 * quad);
        filled += count;
        place->quad += count;
        if (place->quad == panel->run_quads) *place = (run_place){place->run + 1, 0};
    }
    return filled;
}

/// Adds the products of two pixels and two adjacent channels to their sums.
static __attribute__((noinline)) void multiply_two_pixels(
    const pairs *inputs, const pairs *end, const int8_t *weights, int32_t *first, int32_t *second) {
    int32_t a0 = first[0], a1 = first[1], b0 = second[0], b1 = second[1];
    do {
        pairs a = inputs[0], b = inputs[chunk_quads];
        inputs++;
        pairs w = weight_pairs(weights);
        a0 = multiply_add(a0, w, a);
        b0 = multiply_add(b0, w, b);
        w = weight_pairs(weights + 4);
        a1 = multiply_add(a1, w, a);
        b1 = multiply_add(b1, w, b);
        weights += 64;
    } while (inputs != end);
    first[0] = a0;
    first[1] = a1;
    second[0] = b0;
    second[1] = b1;
}

/// Adds the products of one pixel and four adjacent channels to their sums.
static __attribute__((noinline)) void multiply_one_pixel(
    const pairs *inputs, const pairs *end, const int8_t *weights, int32_t *sums) {
    int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
    do {
        pairs a = *inputs++;
        s0 = multiply_add(s0, weight_pairs(weights), a);
        s1 = multiply_add(s1, weight_pairs(weights + 4), a);
        s2 = multiply_add(s2, weight_pairs(weights + 8), a);
        s3 = multiply_add(s3, weight_pairs(weights + 12), a);
        weights += 64;
    } while (inputs != end);
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
}

/// Stores the panel's channels of a pixel.
static void finish(
    const martlet_panel *panel, const martlet_segment *segment, int32_t pixel, const int32_t *sums) {
    const martlet_output rule = panel->output;
    uint8_t *output = segment->output + pixel * segment->output_step;
    for (int32_t channel = 0; channel < panel->channels_stored; channel += 16) {
        const float *factors = panel->channels[channel / 16].factor;
        int32_t count = martlet_minimum(panel->channels_stored - channel, 16);
        if (segment->residual == NULL) {
            for (int32_t i = 0; i < count; i++) {
                output[channel + i] = store_result((float)sums[channel + i] * factors[i], rule);
            }
            continue;
        }
        const uint8_t *residual = segment->residual + pixel * segment->residual_step + channel;
        for (int32_t i = 0; i < count; i++) {
            float value = (float)sums[channel + i] * factors[i];
            float addend = (float)(residual[i] - panel->residual_zero_point) * panel->residual_factor;
            output[channel + i] = store_result(value + addend, rule);
        }
    }
}

/// All channels of the panel for one pixel or two.
static void convolve_pixels(
    const martlet_panel *panel, const martlet_segment *segment, int32_t pixel, int32_t pixels) {
    int32_t sums[2][16 * panel_blocks];
    for (int32_t block = 0; block < panel->blocks; block++) {
        for (int32_t i = 0; i < pixels; i++) {
            __builtin_memcpy(sums[i] + 16 * block, panel->channels[block].bias, 64);
        }
    }
    expanded_inputs inputs;
    run_place place = {0, 0};
    const int8_t *weights = panel->weights;
    while (place.run < panel->runs) {
        run_place again = place;
        int32_t quads = expand(panel, segment, pixel, &place, inputs.pixels[0]);
        if (pixels == 2) expand(panel, segment, pixel + 1, &again, inputs.pixels[1]);
        const pairs *from = inputs.pixels[0], *end = from + quads;
        for (int32_t channel = 0; channel < panel->channels_stored; channel += pixels == 2 ? 2 : 4) {
            const int8_t *column = weights + channel / 16 * panel->block_bytes + channel % 16 * 4;
            if (pixels == 2) {
                multiply_two_pixels(from, end, column, sums[0] + channel, sums[1] + channel);
            } else {
                multiply_one_pixel(from, end, column, sums[0] + channel);
            }
        }
        weights += quads * 64;
    }
    for (int32_t i = 0; i < pixels; i++) finish(panel, segment, pixel + i, sums[i]);
}

static void convolve(const martlet_panel *panel, const martlet_segment *segments, int32_t segment_count) {
    for (int32_t segment = 0; segment < segment_count; segment++) {
        int32_t pixels = segments[segment].pixels;
        for (int32_t pixel = 0; pixel < pixels; pixel += 2) {
            convolve_pixels(panel, segments + segment, pixel, martlet_minimum(pixels - pixel, 2));
        }
    }
}

#include "arm_dsp_depthwise.h"

const martlet_kernels martlet_arm_dsp_kernels = {
    .family = MARTLET_FAMILY_ARM_DSP,
    .panel_blocks = panel_blocks,
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
