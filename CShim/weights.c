// What the Verifier proves of packed weights.
#include "kernels.h"

/// The bits of four places that are set in any channel of these quads.
static uint32_t bits_in_use(const int8_t *quads, ptrdiff_t bytes) {
    uint32_t bits = 0;
    for (ptrdiff_t at = 0; at < bytes; at += 4) {
        uint32_t word;
        __builtin_memcpy(&word, quads + at, 4);
        bits |= word;
    }
    return bits;
}

/// 1 when in the last `last_bytes` of each of `runs` runs the places from `used` on (0…3; 0: all four are used) are zero.
static int32_t last_places_are_zero(
    const int8_t *weights, ptrdiff_t runs, ptrdiff_t run_bytes, ptrdiff_t last_bytes, int32_t used) {
    if (used == 0) return 1;
    for (; runs > 0; runs--) {
        weights += run_bytes;
        if (bits_in_use(weights - last_bytes, last_bytes) >> used * 8) return 0;
    }
    return 1;
}

int32_t martlet_run_padding_is_zero(
    const int8_t *weights, ptrdiff_t runs, ptrdiff_t run_values, int32_t quad_bytes) {
    return last_places_are_zero(weights, runs, (run_values + 3) / 4 * quad_bytes, quad_bytes, run_values % 4);
}

int32_t martlet_depthwise_padding_is_zero(
    const int8_t *weights, ptrdiff_t blocks, int32_t kernel_height, int32_t kernel_width) {
    // Rows beyond a multiple of four: one goes by four columns a quad, so that its last quad has places without a tap; of
    // two or three each column's quad has.
    int32_t last_quads = kernel_width, used = kernel_height % 4;
    if (used == 1) {
        last_quads = 1;
        used = kernel_width % 4;
    }
    ptrdiff_t block_bytes = (ptrdiff_t)martlet_depthwise_quads(kernel_height, kernel_width) * 64;
    return last_places_are_zero(weights, blocks, block_bytes, (ptrdiff_t)last_quads * 64, used);
}

ptrdiff_t martlet_weight_sums_that_agree(
    const int8_t *weights, const martlet_channel_block *channels, ptrdiff_t blocks, ptrdiff_t quads) {
    for (ptrdiff_t block = 0; block < blocks; block++) {
        int32_t sums[16] = {0};
        for (ptrdiff_t quad = 0; quad < quads; quad++, weights += 64) {
            for (int32_t channel = 0; channel < 16; channel++) {
                const int8_t *four = weights + channel * 4;
                sums[channel] += four[0] + four[1] + four[2] + four[3];
            }
        }
        for (int32_t channel = 0; channel < 16; channel++) {
            if (sums[channel] != channels[block].weight_sum[channel]) return block * 16 + channel;
        }
    }
    return blocks * 16;
}
