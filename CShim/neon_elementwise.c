// Pooling and elementwise primitives of the NEON families, sixteen bytes at a time.
#if defined(__aarch64__)
#include "neon_common.h"

void martlet_neon_maximum(const martlet_tap_segment *segment, int32_t channels) {
    for (int32_t pixel = 0; pixel < segment->pixels; pixel++) {
        const ptrdiff_t at = pixel * segment->pixel_step;
        uint8_t *output = segment->output + pixel * segment->output_step;
        for (int32_t channel = 0; channel < channels; channel += 16) {
            uint8x16_t largest = vld1q_u8(segment->taps[0] + at + channel);
            for (int32_t tap = 1; tap < segment->tap_count; tap++) {
                largest = vmaxq_u8(largest, vld1q_u8(segment->taps[tap] + at + channel));
            }
            store_some(output + channel, largest, channels - channel);
        }
    }
}

void martlet_neon_accumulate(int32_t *restrict sums, const uint8_t *restrict from, int32_t count) {
    int32_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const uint8x16_t bytes = vld1q_u8(from + i);
        const int16x8_t low = vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(bytes)));
        const int16x8_t high = vreinterpretq_s16_u16(vmovl_high_u8(bytes));
        vst1q_s32(sums + i, vaddw_s16(vld1q_s32(sums + i), vget_low_s16(low)));
        vst1q_s32(sums + i + 4, vaddw_high_s16(vld1q_s32(sums + i + 4), low));
        vst1q_s32(sums + i + 8, vaddw_s16(vld1q_s32(sums + i + 8), vget_low_s16(high)));
        vst1q_s32(sums + i + 12, vaddw_high_s16(vld1q_s32(sums + i + 12), high));
    }
    for (; i < count; i++) sums[i] += from[i];
}

void martlet_neon_requantize(
    uint8_t *restrict output, const int32_t *restrict sums, int32_t bias, float factor, martlet_output rule,
    int32_t count) {
    const int32x4_t biases = vdupq_n_s32(bias);
    const float32x4_t factors = vdupq_n_f32(factor);
    const output_rule spread = spread_output(rule);
    for (int32_t i = 0; i < count; i += 16) {
        const int32_t left = martlet_minimum(count - i, 16);
        int32_t some[16] = {0};
        const int32_t *from = left == 16 ? sums + i : __builtin_memcpy(some, sums + i, (size_t)left * 4);
        int32x4_t four[4];
        MARTLET_UNROLL for (int part = 0; part < 4; part++) {
            four[part] = rounded(vaddq_s32(vld1q_s32(from + 4 * part), biases), factors);
        }
        store_some(output + i, store_bytes(four[0], four[1], four[2], four[3], &spread), left);
    }
}

/// Sixteen bytes less a zero point.
typedef struct differences {
    int16x8_t low, high;
} differences;

MARTLET_INLINE differences subtract(const uint8_t *from, int16x8_t zero_point) {
    const uint8x16_t bytes = vld1q_u8(from);
    differences result;
    result.low = vsubq_s16(vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(bytes))), zero_point);
    result.high = vsubq_s16(vreinterpretq_s16_u16(vmovl_high_u8(bytes)), zero_point);
    return result;
}

/// Four of sixteen differences.
MARTLET_INLINE int16x4_t quarter(differences all, const int part) {
    const int16x8_t half = part < 2 ? all.low : all.high;
    return part % 2 == 0 ? vget_low_s16(half) : vget_high_s16(half);
}

void martlet_neon_add(
    uint8_t *output, const uint8_t *a, const uint8_t *b, const martlet_addition *rule, int32_t count) {
    const int16x8_t zero_a = vdupq_n_s16((int16_t)rule->zero_point_a);
    const int16x8_t zero_b = vdupq_n_s16((int16_t)rule->zero_point_b);
    const float32x4_t factor_a = vdupq_n_f32(rule->factor_a), factor_b = vdupq_n_f32(rule->factor_b);
    const output_rule spread = spread_output(rule->output);
    for (int32_t i = 0; i < count; i += 16) {
        const differences left = subtract(a + i, zero_a), right = subtract(b + i, zero_b);
        int32x4_t four[4];
        MARTLET_UNROLL for (int part = 0; part < 4; part++) {
            const float32x4_t first = scale(vmovl_s16(quarter(left, part)), factor_a);
            const float32x4_t second = scale(vmovl_s16(quarter(right, part)), factor_b);
            four[part] = vcvtnq_s32_f32(vaddq_f32(first, second));
        }
        store_some(output + i, store_bytes(four[0], four[1], four[2], four[3], &spread), count - i);
    }
}

void martlet_neon_add_fixed(
    uint8_t *output, const uint8_t *a, const uint8_t *b, const martlet_fixed_addition *rule, int32_t count) {
    const int16x8_t zero = vdupq_n_s16(0);
    const int32x4_t multiplier_a = vdupq_n_s32(rule->multiplier_a), multiplier_b = vdupq_n_s32(rule->multiplier_b);
    const int32x4_t bias = vdupq_n_s32(
        (1 << (rule->shift - 1)) - rule->zero_point_a * rule->multiplier_a - rule->zero_point_b * rule->multiplier_b);
    const int32x4_t shift = vdupq_n_s32(-rule->shift);
    const output_rule spread = spread_output(rule->output);
    for (int32_t i = 0; i < count; i += 16) {
        const differences left = subtract(a + i, zero), right = subtract(b + i, zero);
        int32x4_t four[4];
        MARTLET_UNROLL for (int part = 0; part < 4; part++) {
            const int32x4_t first = vmlaq_s32(bias, vmovl_s16(quarter(left, part)), multiplier_a);
            four[part] = vshlq_s32(vmlaq_s32(first, vmovl_s16(quarter(right, part)), multiplier_b), shift);
        }
        store_some(output + i, store_bytes(four[0], four[1], four[2], four[3], &spread), count - i);
    }
}

void martlet_neon_multiply(
    uint8_t *output, const uint8_t *a, const uint8_t *b, const martlet_multiplication *rule, int32_t count) {
    const int16x8_t zero_a = vdupq_n_s16((int16_t)rule->zero_point_a);
    const int16x8_t zero_b = vdupq_n_s16((int16_t)rule->zero_point_b);
    const float32x4_t factor = vdupq_n_f32(rule->factor);
    const output_rule spread = spread_output(rule->output);
    for (int32_t i = 0; i < count; i += 16) {
        const differences left = subtract(a + i, zero_a), right = subtract(b + i, zero_b);
        int32x4_t four[4];
        MARTLET_UNROLL for (int part = 0; part < 4; part++) {
            four[part] = rounded(vmull_s16(quarter(left, part), quarter(right, part)), factor);
        }
        store_some(output + i, store_bytes(four[0], four[1], four[2], four[3], &spread), count - i);
    }
}

/// Products of int8 inputs (128 less than stored), and the sum of the weights for what that leaves out.
int32_t martlet_neon_dot(const int8_t *weights, const uint8_t *values, int32_t zero_point, int32_t count) {
    int32x4_t products = vdupq_n_s32(0), sums = vdupq_n_s32(0);
    int32_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const int8x16_t taps = vld1q_s8(weights + i);
        const int8x16_t inputs = vreinterpretq_s8_u8(veorq_u8(vld1q_u8(values + i), vdupq_n_u8(0x80)));
        products = vpadalq_s16(products, vmull_s8(vget_low_s8(taps), vget_low_s8(inputs)));
        products = vpadalq_s16(products, vmull_high_s8(taps, inputs));
        sums = vpadalq_s16(sums, vpaddlq_s8(taps));
    }
    int32_t sum = vaddvq_s32(products) + (128 - zero_point) * vaddvq_s32(sums);
    for (; i < count; i++) sum += weights[i] * (values[i] - zero_point);
    return sum;
}

/// Four tables of 64 bytes: an index beyond a table leaves what was found.
void martlet_neon_look_up(uint8_t *output, const uint8_t *input, const uint8_t *table, int32_t count) {
    if (count < 16) {
        for (int32_t i = 0; i < count; i++) output[i] = table[input[i]];
        return;
    }
    uint8x16x4_t quarters[4];
    MARTLET_UNROLL for (int i = 0; i < 4; i++) quarters[i] = vld1q_u8_x4(table + 64 * i);
    const uint8x16_t step = vdupq_n_u8(64);
    for (int32_t i = 0; i < count; i += 16) {
        uint8x16_t index = vld1q_u8(input + i);
        uint8x16_t found = vqtbl4q_u8(quarters[0], index);
        MARTLET_UNROLL for (int part = 1; part < 4; part++) {
            index = vsubq_u8(index, step);
            found = vqtbx4q_u8(found, quarters[part], index);
        }
        store_some(output + i, found, count - i);
    }
}
#endif
