/// Pooling and elementwise primitives of the Helium family; the last vector of each is a part. Included after
/// `arm_helium_common.h`.
#ifndef MARTLET_ARM_HELIUM_ELEMENTWISE_H
#define MARTLET_ARM_HELIUM_ELEMENTWISE_H

static void maximum(const martlet_tap_segment *segment, int32_t channels) {
    for (int32_t pixel = 0; pixel < segment->pixels; pixel++) {
        ptrdiff_t place = pixel * segment->pixel_step;
        uint8_t *output = segment->output + pixel * segment->output_step;
        for (int32_t channel = 0; channel < channels; channel += 16) {
            mve_pred16_t some = vctp8q((uint32_t)(channels - channel));
            uint8x16_t largest = vdupq_n_u8(0);
            for (int32_t tap = 0; tap < segment->tap_count; tap++) {
                largest = vmaxq_u8(largest, vldrbq_z_u8(segment->taps[tap] + place + channel, some));
            }
            vstrbq_p_u8(output + channel, largest, some);
        }
    }
}

static void accumulate(int32_t *restrict sums, const uint8_t *restrict from, int32_t count) {
    for (int32_t i = 0; i < count; i += 4) {
        mve_pred16_t some = vctp32q((uint32_t)(count - i));
        int32x4_t values = vreinterpretq_s32_u32(vldrbq_z_u32(from + i, some));
        vstrwq_p_s32(sums + i, vaddq_s32(vldrwq_z_s32(sums + i, some), values), some);
    }
}

static void requantize(
    uint8_t *restrict output, const int32_t *restrict sums, int32_t bias, float factor, martlet_output rule,
    int32_t count) {
    for (int32_t i = 0; i < count; i += 4) {
        mve_pred16_t some = vctp32q((uint32_t)(count - i));
        float32x4_t values = vcvtq_f32_s32(vaddq_n_s32(vldrwq_z_s32(sums + i, some), bias));
        store_some(output + i, stored_values(vmulq_n_f32(values, factor), rule), some);
    }
}

static void add(uint8_t *output, const uint8_t *a, const uint8_t *b, const martlet_addition *rule, int32_t count) {
    for (int32_t i = 0; i < count; i += 4) {
        mve_pred16_t some = vctp32q((uint32_t)(count - i));
        float32x4_t left = scaled_bytes(a + i, rule->zero_point_a, rule->factor_a, some);
        float32x4_t right = scaled_bytes(b + i, rule->zero_point_b, rule->factor_b, some);
        store_some(output + i, stored_values(vaddq_f32(left, right), rule->output), some);
    }
}

static void add_fixed(
    uint8_t *output, const uint8_t *a, const uint8_t *b, const martlet_fixed_addition *rule, int32_t count) {
    int32_t half = 1 << (rule->shift - 1);
    for (int32_t i = 0; i < count; i += 4) {
        mve_pred16_t some = vctp32q((uint32_t)(count - i));
        int32x4_t left = vmulq_n_s32(offset_bytes(a + i, rule->zero_point_a, some), rule->multiplier_a);
        int32x4_t right = vmulq_n_s32(offset_bytes(b + i, rule->zero_point_b, some), rule->multiplier_b);
        int32x4_t sums = vshlq_r_s32(vaddq_n_s32(vaddq_s32(left, right), half), -rule->shift);
        sums = vaddq_n_s32(sums, rule->output.zero_point);
        sums = vminq_s32(vmaxq_s32(sums, vdupq_n_s32(rule->output.low)), vdupq_n_s32(rule->output.high));
        store_some(output + i, sums, some);
    }
}

static void multiply(
    uint8_t *output, const uint8_t *a, const uint8_t *b, const martlet_multiplication *rule, int32_t count) {
    for (int32_t i = 0; i < count; i += 4) {
        mve_pred16_t some = vctp32q((uint32_t)(count - i));
        int32x4_t left = offset_bytes(a + i, rule->zero_point_a, some);
        int32x4_t products = vmulq_s32(left, offset_bytes(b + i, rule->zero_point_b, some));
        store_some(output + i, stored_values(vmulq_n_f32(vcvtq_f32_s32(products), rule->factor), rule->output), some);
    }
}

static void look_up(uint8_t *output, const uint8_t *input, const uint8_t *table, int32_t count) {
    for (int32_t i = 0; i < count; i += 16) {
        mve_pred16_t some = vctp8q((uint32_t)(count - i));
        vstrbq_p_u8(output + i, vldrbq_gather_offset_z_u8(table, vldrbq_z_u8(input + i, some), some), some);
    }
}

#endif
