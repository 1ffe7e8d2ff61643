/// What the Helium family's files share: loads of signed inputs and gathered weights, and the way from a sum to a byte.
#ifndef MARTLET_ARM_HELIUM_COMMON_H
#define MARTLET_ARM_HELIUM_COMMON_H

/// Stored bytes as signed ones.
MARTLET_INLINE int8x16_t signed_bytes(uint8x16_t stored) {
    return vreinterpretq_s8_u8(veorq_u8(stored, vdupq_n_u8(0x80)));
}

/// The addresses of four quads, 64 bytes apart.
MARTLET_INLINE uint32x4_t four_quads(const int8_t *first) {
    return vaddq_n_u32(vshlq_n_u32(vidupq_n_u32(0, 1), 6), (uint32_t)(uintptr_t)first);
}

/// Four quads, each `offset` bytes after its place.
#define quads_at(places, offset) vreinterpretq_s8_s32(vldrwq_gather_base_s32(places, offset))
/// Those of a predicate, zeros for the others.
#define some_quads_at(places, offset, some) vreinterpretq_s8_s32(vldrwq_gather_base_z_s32(places, offset, some))

/// Moves the places four quads on and loads from there.
MARTLET_INLINE int8x16_t next_quads(uint32x4_t *places) {
    return vreinterpretq_s8_s32(vldrwq_gather_base_wb_s32(places, 256));
}

/// How values are stored: nearest integers, halves to even. Vector instructions take subnormal numbers for zeros, which
/// no byte can show.
MARTLET_INLINE int32x4_t stored_values(float32x4_t values, martlet_output rule) {
    int32x4_t rounded = vaddq_n_s32(vcvtnq_s32_f32(values), rule.zero_point);
    return vminq_s32(vmaxq_s32(rounded, vdupq_n_s32(rule.low)), vdupq_n_s32(rule.high));
}

/// Four stored bytes, those of a predicate, less their zero point.
MARTLET_INLINE int32x4_t offset_bytes(const uint8_t *from, int32_t zero_point, mve_pred16_t some) {
    return vsubq_n_s32(vreinterpretq_s32_u32(vldrbq_z_u32(from, some)), zero_point);
}

/// float(value − zero point) · factor, likewise.
MARTLET_INLINE float32x4_t scaled_bytes(const uint8_t *from, int32_t zero_point, float factor, mve_pred16_t some) {
    return vmulq_n_f32(vcvtq_f32_s32(offset_bytes(from, zero_point, some)), factor);
}

/// Stores four values or fewer.
MARTLET_INLINE void store_some(uint8_t *output, int32x4_t values, mve_pred16_t some) {
    vstrbq_p_u32(output, vreinterpretq_u32_s32(values), some);
}

/// Where the channels of neighbouring pixels go, and what is added to them.
typedef struct results {
    uint8_t *output;
    ptrdiff_t step;  // from a pixel to the next
    martlet_output rule;
    int32_t has_residual;
    const uint8_t *residual;
    ptrdiff_t residual_step;
    float residual_factor;
    int32_t residual_zero_point;
} results;

/// Stores `channels` channels of a block of sixteen from sums of products with signed inputs, which have no bias yet.
/// `pitch`: from a pixel's sums to the next one's. `pixels`: at least one.
static __attribute__((noinline)) void store_results(
    const results *where, const martlet_channel_block *constants, const int32_t *sums, int32_t pitch, int32_t pixels,
    int32_t channels) {
    const results to = *where;
    for (int32_t channel = 0; channel < channels; channel += 4) {
        mve_pred16_t some = vctp32q((uint32_t)(channels - channel));
        int32x4_t shares = vshlq_n_s32(vldrwq_s32(constants->weight_sum), 7);
        int32x4_t bias = vaddq_s32(vldrwq_s32(constants->bias), shares);
        float32x4_t factors = vldrwq_f32(constants->factor);
        const int32_t *from = sums + channel;
        uint8_t *output = to.output + channel;
        const uint8_t *residual = to.residual + channel;
        int32_t pixel = pixels;
        do {
            float32x4_t values = vmulq_f32(vcvtq_f32_s32(vaddq_s32(vldrwq_s32(from), bias)), factors);
            if (to.has_residual) {
                values = vaddq_f32(values, scaled_bytes(residual, to.residual_zero_point, to.residual_factor, some));
                residual += to.residual_step;
            }
            store_some(output, stored_values(values, to.rule), some);
            from += pitch, output += to.step;
        } while (--pixel != 0);
        constants = (const martlet_channel_block *)(const void *)((const int32_t *)(const void *)constants + 4);
    }
}

#endif
