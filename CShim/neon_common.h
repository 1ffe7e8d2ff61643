/// What the NEON families share: results to bytes, and the primitives that need no more than plain NEON.
#ifndef MARTLET_NEON_COMMON_H
#define MARTLET_NEON_COMMON_H

#include <arm_neon.h>

#include "kernels.h"

#define MARTLET_UNROLL _Pragma("clang loop unroll(full)")

/// A `martlet_output` spread over registers.
typedef struct output_rule {
    int16x8_t zero_point;
    uint8x16_t low, high;
} output_rule;

MARTLET_INLINE output_rule spread_output(martlet_output output) {
    output_rule rule;
    rule.zero_point = vdupq_n_s16((int16_t)output.zero_point);
    rule.low = vdupq_n_u8((uint8_t)output.low);
    rule.high = vdupq_n_u8((uint8_t)output.high);
    return rule;
}

MARTLET_INLINE float32x4_t scale(int32x4_t sums, float32x4_t factors) {
    return vmulq_f32(vcvtq_f32_s32(sums), factors);
}

/// Sums times factors, halves to even.
MARTLET_INLINE int32x4_t rounded(int32x4_t sums, float32x4_t factors) { return vcvtnq_s32_f32(scale(sums, factors)); }

/// Sixteen bytes from sixteen rounded values.
MARTLET_INLINE uint8x16_t store_bytes(int32x4_t a, int32x4_t b, int32x4_t c, int32x4_t d, const output_rule *rule) {
    const int16x8_t low = vqaddq_s16(vqmovn_high_s32(vqmovn_s32(a), b), rule->zero_point);
    const int16x8_t high = vqaddq_s16(vqmovn_high_s32(vqmovn_s32(c), d), rule->zero_point);
    const uint8x16_t bytes = vqmovun_high_s16(vqmovun_s16(low), high);
    return vminq_u8(vmaxq_u8(bytes, rule->low), rule->high);
}

/// The first `count` bytes (1…16).
MARTLET_INLINE void store_some(uint8_t *to, uint8x16_t bytes, int32_t count) {
    if (count >= 16) {
        vst1q_u8(to, bytes);
        return;
    }
    uint8x8_t rest = vget_low_u8(bytes);
    if (count & 8) {
        vst1_u8(to, rest);
        rest = vget_high_u8(bytes);
        to += 8;
    }
    uint64_t word = vget_lane_u64(vreinterpret_u64_u8(rest), 0);
    if (count & 4) {
        __builtin_memcpy(to, &word, 4);
        word >>= 32;
        to += 4;
    }
    if (count & 2) {
        __builtin_memcpy(to, &word, 2);
        word >>= 16;
        to += 2;
    }
    if (count & 1) *to = (uint8_t)word;
}

/// Makes what is loaded from `pointer` be loaded after `value` is there: else the compiler loads more than there are
/// registers for.
#define LOAD_AFTER(pointer, value) __asm__("" : "+r"(pointer), "+w"(value))

void martlet_neon_depthwise(
    const martlet_depthwise *depthwise, const martlet_depthwise_segment *segment, int32_t channels);
void martlet_neon_maximum(const martlet_tap_segment *segment, int32_t channels);
void martlet_neon_accumulate(int32_t *restrict sums, const uint8_t *restrict from, int32_t count);
void martlet_neon_requantize(
    uint8_t *restrict output, const int32_t *restrict sums, int32_t bias, float factor, martlet_output rule,
    int32_t count);
void martlet_neon_add(
    uint8_t *output, const uint8_t *a, const uint8_t *b, const martlet_addition *rule, int32_t count);
void martlet_neon_multiply(
    uint8_t *output, const uint8_t *a, const uint8_t *b, const martlet_multiplication *rule, int32_t count);
void martlet_neon_add_fixed(
    uint8_t *output, const uint8_t *a, const uint8_t *b, const martlet_fixed_addition *rule, int32_t count);
void martlet_neon_convolve_int16(const martlet_int16_panel *panel);
int32_t martlet_neon_dot(const int8_t *weights, const uint8_t *values, int32_t zero_point, int32_t count);
void martlet_neon_look_up(uint8_t *output, const uint8_t *input, const uint8_t *table, int32_t count);

#include "neon_tiles.h"

#endif
