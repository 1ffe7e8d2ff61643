// The NEON family with matrix multiplication (i8mm). USMMLA multiplies eight inputs of two pixels with eight weights of
// two channels: tiles of six pixels × sixteen channels. A single pixel goes by dot products (SUDOT). Both take stored
// inputs as they are, unsigned.
#if defined(__aarch64__)
#include "neon_common.h"

#pragma clang attribute push(__attribute__((target("i8mm,dotprod"))), apply_to = function)

MARTLET_INLINE int32x4_t begin_sums(const martlet_channel_block *constants, const int part) {
    return vld1q_s32(constants->bias + 4 * part);
}

typedef uint8x16_t operand;

MARTLET_INLINE operand input_operand(uint8x16_t stored) { return stored; }

#define MULTIPLY_ADD_LANE(sums, weights, inputs, lane) vsudotq_laneq_s32(sums, weights, inputs, lane)

MARTLET_INLINE int32x4_t multiply_add(int32x4_t sums, operand inputs, int8x16_t weights) {
    return vusdotq_s32(sums, inputs, weights);
}

#include "neon_dot_depthwise.h"
#include "neon_dot_tiles.h"

enum { pairs_most = 3 };

/// Adds eight inputs, or the first four of them: `inputs[pair]` holds those of two pixels; `weights` steps over theirs.
MARTLET_INLINE void add_eight(
    const int pairs, const int quads, int32x4_t sums[][8], uint8x16_t *inputs, const int8_t **weights) {
    MARTLET_UNROLL for (int pair = 0; pair < pairs; pair++) LOAD_AFTER(*weights, inputs[pair]);
    int32x4_t first = vreinterpretq_s32_s8(vld1q_s8(*weights));
    int32x4_t second = quads == 2 ? vreinterpretq_s32_s8(vld1q_s8(*weights + 64)) : vdupq_n_s32(0);
    MARTLET_UNROLL for (int part = 0; part < 4; part++) {
        int8x16_t low = vreinterpretq_s8_s32(vzip1q_s32(first, second));
        int8x16_t high = vreinterpretq_s8_s32(vzip2q_s32(first, second));
        if (part < 3) {
            // Under way while these are multiplied: a processor that works in order then need not wait.
            first = vreinterpretq_s32_s8(vld1q_s8(*weights + 16 * part + 16));
            if (quads == 2) second = vreinterpretq_s32_s8(vld1q_s8(*weights + 64 + 16 * part + 16));
            __asm__("" : "+w"(first), "+w"(second), "+w"(low), "+w"(high));
        }
        MARTLET_UNROLL for (int pair = 0; pair < pairs; pair++) {
            int32x4_t *sum = &sums[pair][2 * part];
            sum[0] = vusmmlaq_s32(sum[0], inputs[pair], low);
            sum[1] = vusmmlaq_s32(sum[1], inputs[pair], high);
            LOAD_AFTER(*weights, sum[0]);
            __asm__("" : "+r"(*weights), "+w"(sum[1]), "+w"(first), "+w"(second));
        }
    }
    *weights += 64 * quads;
}

/// Eight bytes of each of two pixels, which then step on.
MARTLET_INLINE uint8x16_t join(const uint8_t **first, const uint8_t **second) {
    uint64x2_t both = vreinterpretq_u64_u8(vcombine_u8(vld1_u8(*first), vdup_n_u8(0)));
    both = vld1q_lane_u64((const uint64_t *)(const void *)*second, both, 1);
    *first += 8;
    *second += 8;
    // Each address steps on by itself, as part of a load.
    __asm__("" : "+r"(*first), "+r"(*second));
    return vreinterpretq_u8_u64(both);
}

/// The products of one run. `from` has two pixels of each pair.
MARTLET_INLINE const int8_t *add_run(
    const int pairs, int32x4_t sums[][8], const uint8_t **from, const int8_t *weights, int32_t quads) {
    uint8x16_t inputs[pairs_most];
    for (; quads > 0; quads -= 2) {
        MARTLET_UNROLL for (int pair = 0; pair < pairs; pair++) {
            inputs[pair] = join(&from[2 * pair], &from[2 * pair + 1]);
        }
        if (quads == 1) add_eight(pairs, 1, sums, inputs, &weights);
        else add_eight(pairs, 2, sums, inputs, &weights);
    }
    return weights;
}

/// A tile of 2 … 6 pixels; the last of an odd number makes a pair with itself.
MARTLET_INLINE void matrix_tile(const int pixels, const martlet_panel *panel, const tile_place *place) {
    const int pairs = (pixels + 1) / 2;
    int32x4_t sums[pairs_most][8];
    MARTLET_UNROLL for (int part = 0; part < 4; part++) {
        const int64x2_t bias = vreinterpretq_s64_s32(begin_sums(panel->channels, part));
        MARTLET_UNROLL for (int pair = 0; pair < pairs; pair++) {
            sums[pair][2 * part] = vreinterpretq_s32_s64(vdupq_laneq_s64(bias, 0));
            sums[pair][2 * part + 1] = vreinterpretq_s32_s64(vdupq_laneq_s64(bias, 1));
        }
    }
    const int8_t *weights = panel->weights;
    for (int32_t run = 0; run < panel->runs; run++) {
        const uint8_t *from[2 * pairs_most];
        MARTLET_UNROLL for (int pixel = 0; pixel < 2 * pairs; pixel++) {
            from[pixel] = tile_run(pixels, place, run, pixel < pixels ? pixel : pixels - 1);
        }
        weights = add_run(pairs, sums, from, weights, panel->run_quads);
    }
    int32x4_t whole[2 * pairs_most][4];
    MARTLET_UNROLL for (int pair = 0; pair < pairs; pair++) {
        MARTLET_UNROLL for (int part = 0; part < 4; part++) {
            const int64x2_t low = vreinterpretq_s64_s32(sums[pair][2 * part]);
            const int64x2_t high = vreinterpretq_s64_s32(sums[pair][2 * part + 1]);
            whole[2 * pair][part] = vreinterpretq_s32_s64(vzip1q_s64(low, high));
            whole[2 * pair + 1][part] = vreinterpretq_s32_s64(vzip2q_s64(low, high));
        }
    }
    finish_tile(pixels, whole, panel, place);
}

#define MATRIX_TILE(pixels)                                                                \
    static __attribute__((noinline)) void tile_##pixels(                                   \
        const martlet_panel *panel, const tile_place *place, int32_t tiles) {              \
        const martlet_panel own = *panel;                                                  \
        tile_place here = *place;                                                          \
        for (; tiles > 0; tiles--, next_tile(pixels, &here)) {                             \
            matrix_tile(pixels, &own, &here);                                              \
        }                                                                                  \
    }

TILE(1) MATRIX_TILE(2) MATRIX_TILE(3) MATRIX_TILE(4) MATRIX_TILE(5) MATRIX_TILE(6)
static const tile_function tiles[7] = {NULL, tile_1, tile_2, tile_3, tile_4, tile_5, tile_6};

static void convolve(const martlet_panel *panel, const martlet_segment *segments, int32_t segment_count) {
    if (segment_count == 2) tile_pair(panel, segments, tiles);
    else tile_segment(panel, segments, tiles, 6);
}

#pragma clang attribute pop

const martlet_kernels martlet_neon_i8mm_kernels = {
    .family = MARTLET_FAMILY_NEON_I8MM,
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
