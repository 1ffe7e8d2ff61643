// The Helium family, for Cortex-M55, M85 and their like: sixteen products of signed bytes and their sum an instruction
// (VMLADAV). A channel's weights of four quads, which lie 64 bytes apart, are gathered as four words and meet sixteen
// consecutive inputs. Inputs become signed by one exclusive-or; sums then begin with 128 · Σ weights.
#include "kernels.h"

#if defined(MARTLET_HELIUM)
#include <arm_mve.h>

#include "arm_helium_common.h"

enum {
    /// Output channels of a panel, in blocks of sixteen: the signed inputs serve all of them.
    panel_blocks = 4,
    panel_channels = 16 * panel_blocks,
    tile_pixels = 4,
    /// Quads of inputs of a pixel that lie on the stack at once, of `tile_pixels` pixels: 2 KB.
    chunk_quads = 128,
    /// From a pixel's inputs to the next one's: whole vectors are written, up to twelve bytes too far.
    pixel_bytes = 4 * chunk_quads + 16,
};

/// Where in its runs a pixel is.
typedef struct run_place {
    int32_t run, quad;
} run_place;

/// Copies whole quads as signed bytes, and up to twelve bytes more.
MARTLET_INLINE void copy_signed(int8_t *to, const uint8_t *from, int32_t quads) {
    do {
        vstrbq_s8(to, signed_bytes(vldrbq_u8(from)));
        to += 16, from += 16, quads -= 4;
    } while (quads > 0);
}

/// Copies the next inputs of one pixel, a chunk at most, as signed bytes, the runs end to end as the weights are.
/// - Returns: how many quads.
static int32_t expand(
    const martlet_panel *panel, const martlet_segment *segment, int32_t pixel, run_place *place, int8_t *into) {
    const ptrdiff_t moved = pixel * segment->run_step;
    const int32_t run_quads = panel->run_quads, runs = panel->runs;
    if (runs * run_quads <= chunk_quads) {
        const uint8_t *const *from = segment->runs;
        for (int32_t run = 0; run < runs; run++, into += 4 * run_quads) copy_signed(into, from[run] + moved, run_quads);
        place->run = runs;
        return runs * run_quads;
    }
    int32_t filled = 0;
    while (filled < chunk_quads && place->run < runs) {
        int32_t count = martlet_minimum(run_quads - place->quad, chunk_quads - filled);
        copy_signed(into + 4 * filled, segment->runs[place->run] + moved + 4 * place->quad, count);
        filled += count;
        place->quad += count;
        if (place->quad == run_quads) *place = (run_place){place->run + 1, 0};
    }
    return filled;
}

/// From a block's last channels to the next block's first ones.
MARTLET_INLINE ptrdiff_t block_gap(const martlet_panel *panel, int32_t channel) {
    return channel % 16 == 0 ? panel->block_bytes - 64 : 0;
}

/// Adds the products of sixteen inputs of four pixels and two channels to their sums.
#define MULTIPLY_FOUR_PIXELS(even, odd)          \
    do {                                         \
        int8x16_t values = vldrbq_s8(a);         \
        a0 = vmladavaq_s8(a0, even, values);     \
        a1 = vmladavaq_s8(a1, odd, values);      \
        values = vldrbq_s8(b);                   \
        b0 = vmladavaq_s8(b0, even, values);     \
        b1 = vmladavaq_s8(b1, odd, values);      \
        values = vldrbq_s8(c);                   \
        c0 = vmladavaq_s8(c0, even, values);     \
        c1 = vmladavaq_s8(c1, odd, values);      \
        values = vldrbq_s8(d);                   \
        d0 = vmladavaq_s8(d0, even, values);     \
        d1 = vmladavaq_s8(d1, odd, values);      \
    } while (0)

/// Adds the products of a chunk of four pixels to the sums of all channels of the panel.
static __attribute__((noinline)) void multiply_four_pixels(
    const martlet_panel *panel, const int8_t *inputs, int32_t quads, const int8_t *weights, int32_t *sums) {
    const mve_pred16_t rest = vctp32q((uint32_t)quads & 3);
    enum { second = panel_channels, third = 2 * panel_channels, fourth = 3 * panel_channels };
    weights -= 256;
    for (int32_t channel = 0; channel < panel->channels_stored; sums += 2) {
        int32_t a0 = sums[0], a1 = sums[1], b0 = sums[second], b1 = sums[second + 1];
        int32_t c0 = sums[third], c1 = sums[third + 1], d0 = sums[fourth], d1 = sums[fourth + 1];
        const int8_t *a = inputs, *b = a + pixel_bytes, *c = b + pixel_bytes, *d = c + pixel_bytes;
        uint32x4_t places = four_quads(weights);
        int32_t steps = quads / 4;
        if (steps > 0) {
            do {
                int8x16_t even = next_quads(&places), odd = quads_at(places, 4);
                MULTIPLY_FOUR_PIXELS(even, odd);
                a += 16, b += 16, c += 16, d += 16;
                // Four registers that change, not one and additions; and no loop register, which is one of the sums'.
                __asm__("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d));
            } while (--steps != 0);
        }
        if (quads % 4 != 0) {
            int8x16_t even = some_quads_at(places, 256, rest), odd = some_quads_at(places, 260, rest);
            MULTIPLY_FOUR_PIXELS(even, odd);
        }
        sums[0] = a0, sums[1] = a1;
        sums[second] = b0, sums[second + 1] = b1;
        sums[third] = c0, sums[third + 1] = c1;
        sums[fourth] = d0, sums[fourth + 1] = d1;
        channel += 2;
        weights += 8 + block_gap(panel, channel);
    }
}

/// The same of one pixel.
static __attribute__((noinline)) void multiply_one_pixel(
    const martlet_panel *panel, const int8_t *inputs, int32_t quads, const int8_t *weights, int32_t *sums) {
    const mve_pred16_t rest = vctp32q((uint32_t)quads & 3);
    weights -= 256;
    for (int32_t channel = 0; channel < panel->channels_stored; sums += 4) {
        int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
        const int8_t *from = inputs;
        uint32x4_t places = four_quads(weights);
        for (int32_t step = quads / 4; step > 0; step--, from += 16) {
            int8x16_t values = vldrbq_s8(from);
            s0 = vmladavaq_s8(s0, next_quads(&places), values);
            s1 = vmladavaq_s8(s1, quads_at(places, 4), values);
            s2 = vmladavaq_s8(s2, quads_at(places, 8), values);
            s3 = vmladavaq_s8(s3, quads_at(places, 12), values);
        }
        if (quads % 4 != 0) {
            int8x16_t values = vldrbq_s8(from);
            s0 = vmladavaq_s8(s0, some_quads_at(places, 256, rest), values);
            s1 = vmladavaq_s8(s1, some_quads_at(places, 260, rest), values);
            s2 = vmladavaq_s8(s2, some_quads_at(places, 264, rest), values);
            s3 = vmladavaq_s8(s3, some_quads_at(places, 268, rest), values);
        }
        sums[0] = s0;
        sums[1] = s1;
        sums[2] = s2;
        sums[3] = s3;
        channel += 4;
        weights += 16 + block_gap(panel, channel);
    }
}

/// All channels of the panel for `pixels` pixels, `tile_pixels` at most.
static void convolve_pixels(
    const martlet_panel *panel, const martlet_segment *segment, int32_t pixel, int32_t pixels) {
    int32_t sums[tile_pixels][panel_channels];
    for (int32_t i = 0; i < tile_pixels; i++) {
        for (int32_t channel = 0; channel < 16 * panel->blocks; channel += 4) {
            vstrwq_s32(sums[i] + channel, vdupq_n_s32(0));
        }
    }
    int8_t inputs[tile_pixels][pixel_bytes];
    run_place place = {0, 0};
    const int8_t *weights = panel->weights;
    while (place.run < panel->runs) {
        run_place begin = place;
        int32_t quads = 0;
        for (int32_t i = 0; i < pixels; i++) {
            place = begin;
            quads = expand(panel, segment, pixel + i, &place, inputs[i]);
        }
        if (pixels == tile_pixels) {
            multiply_four_pixels(panel, inputs[0], quads, weights, sums[0]);
        } else {
            for (int32_t i = 0; i < pixels; i++) multiply_one_pixel(panel, inputs[i], quads, weights, sums[i]);
        }
        weights += quads * 64;
    }
    results to = {
        .output = segment->output + pixel * segment->output_step, .step = segment->output_step, .rule = panel->output,
        .has_residual = segment->residual != NULL, .residual_step = segment->residual_step,
        .residual_factor = panel->residual_factor, .residual_zero_point = panel->residual_zero_point};
    if (to.has_residual) to.residual = segment->residual + pixel * segment->residual_step;
    for (int32_t block = 0; block < panel->blocks; block++) {
        int32_t stored = martlet_minimum(panel->channels_stored - 16 * block, 16);
        store_results(&to, panel->channels + block, sums[0] + 16 * block, panel_channels, pixels, stored);
        to.output += 16;
        if (to.has_residual) to.residual += 16;
    }
}

static void convolve(const martlet_panel *panel, const martlet_segment *segments, int32_t segment_count) {
    for (int32_t segment = 0; segment < segment_count; segment++) {
        int32_t pixels = segments[segment].pixels;
        for (int32_t pixel = 0; pixel < pixels; pixel += tile_pixels) {
            convolve_pixels(panel, segments + segment, pixel, martlet_minimum(pixels - pixel, tile_pixels));
        }
    }
}

#include "arm_helium_depthwise.h"
#include "arm_helium_elementwise.h"

const martlet_kernels martlet_helium_kernels = {
    .family = MARTLET_FAMILY_HELIUM,
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
