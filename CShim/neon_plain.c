// The NEON family, for every 64-bit ARM processor: tiles of two pixels × sixteen channels.
//
// A product of two bytes fits 16 bits, and so does the sum of two, except when all four bytes are −128: SMULL and SMLAL
// make sums of two products, SADALP adds neighbouring ones to 32-bit sums. Weights of a well-made file stay within −127; a
// panel that holds −128 all the same goes by sums of one product.
#if defined(__aarch64__)
#include "neon_common.h"

enum { tile_most = 2 };

/// Two partial sums of each of sixteen channels: register i holds those of channels 2 i and 2 i + 1.
typedef struct partial_sums {
    int32x4_t pairs[8];
} partial_sums;

MARTLET_INLINE partial_sums begin_sums(const martlet_channel_block *constants) {
    const int32x4_t zero = vdupq_n_s32(0), offset = vdupq_n_s32(128);
    partial_sums sums;
    MARTLET_UNROLL for (int part = 0; part < 4; part++) {
        const int32x4_t weight_sums = vld1q_s32(constants->weight_sum + 4 * part);
        const int32x4_t bias = vmlaq_s32(vld1q_s32(constants->bias + 4 * part), weight_sums, offset);
        sums.pairs[2 * part] = vzip1q_s32(bias, zero);
        sums.pairs[2 * part + 1] = vzip2q_s32(bias, zero);
    }
    return sums;
}

/// Adds the products of four inputs, repeated, with sixteen channels' weights.
MARTLET_INLINE void add_one(partial_sums *sums, int8x16_t inputs, const int part, int8x16_t weights) {
    int32x4_t *pair = sums->pairs + 2 * part;
    pair[0] = vpadalq_s16(pair[0], vmull_s8(vget_low_s8(weights), vget_low_s8(inputs)));
    pair[1] = vpadalq_s16(pair[1], vmull_high_s8(weights, inputs));
}

/// The same of two quads at once.
MARTLET_INLINE void add_two(
    partial_sums *sums, int8x16_t first, int8x16_t second, const int part, int8x16_t weights, int8x16_t next_weights) {
    int32x4_t *pair = sums->pairs + 2 * part;
    int16x8_t low = vmull_s8(vget_low_s8(weights), vget_low_s8(first));
    int16x8_t high = vmull_high_s8(weights, first);
    low = vmlal_s8(low, vget_low_s8(next_weights), vget_low_s8(second));
    high = vmlal_high_s8(high, next_weights, second);
    pair[0] = vpadalq_s16(pair[0], low);
    pair[1] = vpadalq_s16(pair[1], high);
}

/// Four bytes of a register, repeated.
MARTLET_INLINE int8x16_t repeat_four(int8x16_t bytes, const int quad) {
    const int32x4_t words = vreinterpretq_s32_s8(bytes);
    switch (quad) {
    case 0: return vreinterpretq_s8_s32(vdupq_laneq_s32(words, 0));
    case 1: return vreinterpretq_s8_s32(vdupq_laneq_s32(words, 1));
    case 2: return vreinterpretq_s8_s32(vdupq_laneq_s32(words, 2));
    default: return vreinterpretq_s8_s32(vdupq_laneq_s32(words, 3));
    }
}

/// Sixteen stored bytes as int8.
MARTLET_INLINE int8x16_t signed_inputs(const uint8_t *from) {
    return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(from), vdupq_n_u8(0x80)));
}

/// The quad at place `at` of every pixel's inputs, or that and the next one; `weights` steps over theirs.
MARTLET_INLINE void add_quads(
    const int pixels, const int count, partial_sums *sums, const int8x16_t *inputs, const int8_t **weights,
    const int at) {
    int8x16_t first[tile_most], second[tile_most];
    MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel++) {
        first[pixel] = repeat_four(inputs[pixel], at);
        second[pixel] = repeat_four(inputs[pixel], at + count - 1);
    }
    int8x16_t own[2], next[2];
    own[0] = vld1q_s8(*weights);
    next[0] = vld1q_s8(*weights + 64 * (count - 1));
    MARTLET_UNROLL for (int part = 0; part < 4; part++) {
        if (part < 3) {
            // Under way while this part is multiplied: a processor that works in order then need not wait.
            const int other = (part + 1) % 2;
            own[other] = vld1q_s8(*weights + 16 * part + 16);
            next[other] = vld1q_s8(*weights + 64 * (count - 1) + 16 * part + 16);
            __asm__("" : "+w"(own[other]), "+w"(own[part % 2]));
            if (count == 2) __asm__("" : "+w"(next[other]), "+w"(own[part % 2]), "+w"(next[part % 2]));
        }
        MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel++) {
            if (count == 2) add_two(&sums[pixel], first[pixel], second[pixel], part, own[part % 2], next[part % 2]);
            else add_one(&sums[pixel], first[pixel], part, own[part % 2]);
            LOAD_AFTER(*weights, sums[pixel].pairs[2 * part]);
            LOAD_AFTER(*weights, sums[pixel].pairs[2 * part + 1]);
        }
    }
    *weights += 64 * count;
}

/// The first `count` (1…4) quads of every pixel's inputs. `in_pairs`: two products fit 16 bits.
MARTLET_INLINE void add_inputs(
    const int pixels, const int in_pairs, const int count, partial_sums *sums, const int8x16_t *inputs,
    const int8_t **weights) {
    if (in_pairs && count >= 2) {
        add_quads(pixels, 2, sums, inputs, weights, 0);
        if (count == 3) add_quads(pixels, 1, sums, inputs, weights, 2);
        if (count == 4) add_quads(pixels, 2, sums, inputs, weights, 2);
    } else {
        MARTLET_UNROLL for (int at = 0; at < count; at++) add_quads(pixels, 1, sums, inputs, weights, at);
    }
}

MARTLET_INLINE void convolve_tile(
    const int pixels, const int in_pairs, const martlet_panel *panel, const tile_place *place) {
    partial_sums sums[tile_most];
    MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel++) sums[pixel] = begin_sums(panel->channels);
    const int8_t *weights = panel->weights;
    for (int32_t run = 0; run < panel->runs; run++) {
        const uint8_t *from[tile_most];
        MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel++) from[pixel] = tile_run(pixels, place, run, pixel);
        int8x16_t inputs[tile_most];
        int32_t quads = panel->run_quads;
        ptrdiff_t at = 0;
        for (; quads >= 4; quads -= 4, at += 16) {
            MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel++) inputs[pixel] = signed_inputs(from[pixel] + at);
            add_inputs(pixels, in_pairs, 4, sums, inputs, &weights);
        }
        if (quads == 0) continue;
        MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel++) inputs[pixel] = signed_inputs(from[pixel] + at);
        if (quads == 3) add_inputs(pixels, in_pairs, 3, sums, inputs, &weights);
        else if (quads == 2) add_inputs(pixels, in_pairs, 2, sums, inputs, &weights);
        else add_inputs(pixels, in_pairs, 1, sums, inputs, &weights);
    }
    int32x4_t whole[tile_most][4];
    MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel++) {
        MARTLET_UNROLL for (int part = 0; part < 4; part++) {
            const int32x4_t *pair = sums[pixel].pairs + 2 * part;
            whole[pixel][part] = vpaddq_s32(pair[0], pair[1]);
        }
    }
    finish_tile(pixels, whole, panel, place);
}

#define TILE(pixels, name, in_pairs)                                                      \
    static __attribute__((noinline)) void name##_##pixels(                                 \
        const martlet_panel *panel, const tile_place *place, int32_t tiles) {              \
        const martlet_panel own = *panel;                                                  \
        tile_place here = *place;                                                          \
        for (; tiles > 0; tiles--, next_tile(pixels, &here)) {                             \
            convolve_tile(pixels, in_pairs, &own, &here);                                  \
        }                                                                                  \
    }

TILE(1, single, 0) TILE(2, single, 0) TILE(1, paired, 1) TILE(2, paired, 1)
static const tile_function single[3] = {NULL, single_1, single_2};
static const tile_function paired[3] = {NULL, paired_1, paired_2};

/// Whether some weight is −128.
static int32_t reaches_minimum(const int8_t *weights, ptrdiff_t count) {
    int8x16_t least = vdupq_n_s8(0);
    for (ptrdiff_t i = 0; i < count; i += 64) {
        const int8x16x4_t four = vld1q_s8_x4(weights + i);
        least = vminq_s8(least, vminq_s8(vminq_s8(four.val[0], four.val[1]), vminq_s8(four.val[2], four.val[3])));
    }
    return vminvq_s8(least) == INT8_MIN;
}

static void convolve(const martlet_panel *panel, const martlet_segment *segments, int32_t segment_count) {
    // To look through the weights of a single pixel would cost as much as it saves.
    const int32_t pixels = segments->pixels * segment_count;
    const int32_t in_pairs = pixels > 1 && !reaches_minimum(panel->weights, panel->block_bytes);
    const tile_function *tiles = in_pairs ? paired : single;
    if (segment_count == 2) tile_pair(panel, segments, tiles);
    else tile_segment(panel, segments, tiles, tile_most);
}

const martlet_kernels martlet_neon_kernels = {
    .family = MARTLET_FAMILY_NEON,
    .panel_blocks = 1,
    .paired_pixels = 1,
    .convolve = convolve,
    .depthwise = martlet_neon_depthwise,
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
