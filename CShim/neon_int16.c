// Convolution of int16 tensors on 64-bit ARM: one pixel × sixteen channels. A product of 16 and 8 bits is at most 2^22, so
// that 255 of them fit 32 bits; then they move to 64-bit sums.
#if defined(__aarch64__)
#include "neon_common.h"

enum { quads_between_flushes = 255 };

/// Adds what is in the 32-bit sums, four of each channel, to the 64-bit ones.
MARTLET_INLINE void flush(int64_t *sums, int32x4_t *products) {
    MARTLET_UNROLL for (int channel = 0; channel < 16; channel++) {
        sums[channel] += vaddlvq_s32(products[channel]);
        products[channel] = vdupq_n_s32(0);
    }
}

/// Adds the products of four inputs, twice in `inputs`, with the sixteen channels' weights.
MARTLET_INLINE void add_quad(int32x4_t *products, int16x8_t inputs, const int8_t *weights) {
    MARTLET_UNROLL for (int part = 0; part < 4; part++) {
        const int8x16_t bytes = vld1q_s8(weights + 16 * part);
        const int16x8_t low = vmovl_s8(vget_low_s8(bytes)), high = vmovl_high_s8(bytes);
        int32x4_t *four = products + 4 * part;
        four[0] = vmlal_s16(four[0], vget_low_s16(low), vget_low_s16(inputs));
        four[1] = vmlal_high_s16(four[1], low, inputs);
        four[2] = vmlal_s16(four[2], vget_low_s16(high), vget_low_s16(inputs));
        four[3] = vmlal_high_s16(four[3], high, inputs);
    }
}

static void convolve_pixel(
    const martlet_int16_panel *panel, int32_t pixel, int32_t block, const martlet_factor *factors) {
    const martlet_channel_block *constants = panel->channels + block;
    const int8_t *weights = panel->weights + block * panel->block_bytes;
    int64_t sums[16];
    int32x4_t products[16];
    MARTLET_UNROLL for (int channel = 0; channel < 16; channel++) {
        sums[channel] = martlet_int16_bias(constants, channel);
        products[channel] = vdupq_n_s32(0);
    }
    int32_t room = quads_between_flushes;
    for (int32_t run = 0; run < panel->runs; run++) {
        const uint8_t *from = (const uint8_t *)panel->run_starts[run] + pixel * panel->run_step;
        for (int32_t quads = panel->run_quads; quads > 0;) {
            int32_t some = martlet_minimum(quads, room);
            quads -= some;
            room -= some;
            for (; some > 0; some--, from += 8, weights += 64) {
                int64_t four;
                __builtin_memcpy(&four, from, 8);
                add_quad(products, vreinterpretq_s16_s64(vdupq_n_s64(four)), weights);
            }
            if (room == 0) {
                flush(sums, products);
                room = quads_between_flushes;
            }
        }
    }
    flush(sums, products);
    int16_t *output = (int16_t *)(void *)(panel->output + pixel * panel->output_step) + block * 16;
    int32_t stored = martlet_minimum(panel->channels_stored - block * 16, 16);
    for (int32_t channel = 0; channel < stored; channel++) {
        output[channel] = martlet_clamp64(martlet_scale(sums[channel], factors[channel]), panel->low, panel->high);
    }
}

void martlet_neon_convolve_int16(const martlet_int16_panel *panel) {
    for (int32_t block = 0; block < panel->blocks; block++) {
        martlet_factor factors[16];
        for (int32_t channel = 0; channel < 16; channel++) {
            factors[channel] = martlet_factor_of(panel->channels[block].factor[channel]);
        }
        for (int32_t pixel = 0; pixel < panel->pixels; pixel++) convolve_pixel(panel, pixel, block, factors);
    }
}
#endif
