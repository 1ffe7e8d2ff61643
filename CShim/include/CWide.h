/// Small helpers: 64-bit arithmetic that Swift cannot express without allocation on 32-bit targets, values in and out. Included by CShim.h, after the
/// types.
#ifndef CSHIM_WIDE_H
#define CSHIM_WIDE_H

#include "CShim.h"

static inline float martlet_float_from_bits(uint32_t bits) {
    float value;
    __builtin_memcpy(&value, &bits, 4);
    return value;
}

/// Little-endian values at any address.
static inline int16_t martlet_load_int16(const uint8_t *bytes) {
    return (int16_t)(uint16_t)(bytes[0] | bytes[1] << 8);
}

static inline int32_t martlet_load_int32(const uint8_t *bytes) {
    return (int32_t)(bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24);
}

static inline void martlet_store_int16(uint8_t *bytes, int16_t value) {
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)((uint16_t)value >> 8);
}

static inline int64_t martlet_widen(int32_t value) { return value; }

/// Never overflows.
static inline int64_t martlet_widening_product(int32_t a, int32_t b) { return (int64_t)a * b; }

static inline int64_t martlet_widen_unsigned(uint32_t value) { return value; }

/// `value`, which is not negative, divided by 2^bits.
static inline int64_t martlet_shifted_right(int64_t value, int32_t bits) { return value >> bits; }

/// 1 when (|bias| + range) stays below 2³¹ and, times the factor, together with `extra` below 2³¹ − 2¹⁵, and the factor
/// is finite and not negative. `range`: the largest magnitude of the products' sum. In float32, which a microcontroller
/// has: three roundings of at most 2⁷ each leave the result far below 2³¹.
static inline int32_t martlet_accumulator_fits(int32_t bias, int64_t range, float factor, float extra) {
    int64_t magnitude = (bias < 0 ? -(int64_t)bias : bias) + range;
    return range >= 0 && range < INT32_MAX && magnitude <= INT32_MAX && factor >= 0
        && (float)(int32_t)magnitude * factor + extra < 2147483648.0f - 32768.0f;
}

static inline int64_t martlet_widen_size(ptrdiff_t value) { return value; }

/// Saturated to PTRDIFF_MAX.
static inline ptrdiff_t martlet_narrow(uint64_t value) { return value > PTRDIFF_MAX ? PTRDIFF_MAX : (ptrdiff_t)value; }

/// The first of a block's sixteen channels that martlet_accumulator_fits refuses, or 16.
int32_t martlet_channels_that_fit(const martlet_channel_block *block, int64_t range, float extra);

/// a · b saturated to INT64_MAX when it overflows; operands must not be negative.
int64_t martlet_saturating_product(int64_t a, int64_t b);

/// Copies the bytes of all values, each XOR `flip`: 0x80 turns the stored domain into int8 and back. Both have one shape,
/// whose channels count bytes, and hold all of their rows.
void martlet_copy_values(const martlet_rows *from, const martlet_rows *to, int32_t flip);

/// Makes every value `value`, of one or two bytes each, little-endian. `rows->channels` counts bytes.
void martlet_fill_values(const martlet_rows *rows, int32_t value, int32_t element_bytes);

#endif
