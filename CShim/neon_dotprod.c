// The NEON family with the dot product (SDOT): tiles of six pixels × sixteen channels. SDOT multiplies signed bytes, so
// the stored inputs are turned into int8, and the sums begin with what that takes away: 128 · Σ weights.
#if defined(__aarch64__)
#include "neon_common.h"

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

MARTLET_INLINE int32x4_t begin_sums(const martlet_channel_block *constants, const int part) {
    const int32x4_t weight_sums = vld1q_s32(constants->weight_sum + 4 * part);
    return vmlaq_s32(vld1q_s32(constants->bias + 4 * part), weight_sums, vdupq_n_s32(128));
}

typedef int8x16_t operand;

MARTLET_INLINE operand input_operand(uint8x16_t stored) {
    return vreinterpretq_s8_u8(veorq_u8(stored, vdupq_n_u8(0x80)));
}

/// Products of four channels' weights with the four inputs at place `lane` of `inputs`.
#define MULTIPLY_ADD_LANE(sums, weights, inputs, lane) vdotq_laneq_s32(sums, weights, inputs, lane)

MARTLET_INLINE int32x4_t multiply_add(int32x4_t sums, operand inputs, int8x16_t weights) {
    return vdotq_s32(sums, weights, inputs);
}

#include "neon_dot_depthwise.h"
#include "neon_dot_tiles.h"

TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
static const tile_function tiles[7] = {NULL, tile_1, tile_2, tile_3, tile_4, tile_5, tile_6};

static void convolve(const martlet_panel *panel, const martlet_segment *segments, int32_t segment_count) {
    if (segment_count == 2) tile_pair(panel, segments, tiles);
    else tile_segment(panel, segments, tiles, 6);
}

#pragma clang attribute pop

const martlet_kernels martlet_neon_dotprod_kernels = {
    .family = MARTLET_FAMILY_NEON_DOTPROD,
    .panel_blocks = 1,
    .paired_pixels = 3,
    .convolve = convolve,
    .depthwise = depthwise,
    .maximum = martlet_neon_maximum,
    .accumulate = martlet_neon_accumulate,
    .requantize = martlet_neon_requantize,
    .add = martlet_neon_add,
    .add_fixed = martlet_neon_add_fixed,
    .multiply = martlet_neon_multiply,
    .look_up = martlet_neon_look_up,
    .convolve_int16 = martlet_neon_convolve_int16,
    .dot = martlet_neon_dot,
};
#endif
