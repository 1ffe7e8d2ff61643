// What the Verifier proves of packed weights.
#include "kernels.h"

/// The bits of four places that are set in any channel of a quad.
static uint32_t bits_in_use(const int8_t *quad, int32_t quad_bytes) {
    uint32_t bits = 0;
    for (int32_t at = 0; at < quad_bytes; at += 4) {
        uint32_t word;
        __builtin_memcpy(&word, quad + at, 4);
        bits |= word;
    }
    return bits;
}

int32_t martlet_run_padding_is_zero(
    const int8_t *weights, ptrdiff_t runs, ptrdiff_t run_values, int32_t quad_bytes) {
    if (run_values % 4 == 0) return 1;
    ptrdiff_t run_bytes = (run_values + 3) / 4 * quad_bytes;
    uint32_t padding = UINT32_MAX << (run_values % 4 * 8);
    for (ptrdiff_t run = 1; run <= runs; run++) {
        if (bits_in_use(weights + run * run_bytes - quad_bytes, quad_bytes) & padding) return 0;
    }
    return 1;
}

int32_t martlet_depthwise_padding_is_zero(
    const int8_t *weights, ptrdiff_t blocks, int32_t kernel_height, int32_t kernel_width) {
    int32_t quads = martlet_depthwise_quads(kernel_height, kernel_width);
    for (int32_t quad = 0; quad < quads; quad++) {
        uint32_t padding = 0;
        for (int32_t lane = 0; lane < 4; lane++) {
            if (martlet_depthwise_tap(kernel_height, kernel_width, quad, lane) < 0) padding |= 0xFFu << 8 * lane;
        }
        if (padding == 0) continue;
        for (ptrdiff_t block = 0; block < blocks; block++) {
            if (bits_in_use(weights + (block * quads + quad) * 64, 64) & padding) return 0;
        }
    }
    return 1;
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
