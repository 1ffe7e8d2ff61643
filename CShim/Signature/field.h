// Arithmetic modulo p = 2^255 − 19 in eight words of 32 bits. Values are kept below 2^256, not reduced below p.
#ifndef MARTLET_SIGNATURE_FIELD_H
#define MARTLET_SIGNATURE_FIELD_H

#include <stdint.h>
#include <string.h>

typedef struct {
    uint32_t word[8];
} field;

// Adds carry · 2^256, which is 38 · carry modulo p; at most twice, as the second time the value is small.
static inline void field_fold(field *value, uint64_t carry) {
    for (int pass = 0; pass < 2; ++pass) {
        carry *= 38;
        for (int index = 0; index < 8; ++index) {
            carry += value->word[index];
            value->word[index] = (uint32_t)carry;
            carry >>= 32;
        }
    }
}

static inline field field_sum(const field *a, const field *b) {
    field result;
    uint64_t carry = 0;
    for (int index = 0; index < 8; ++index) {
        carry += (uint64_t)a->word[index] + b->word[index];
        result.word[index] = (uint32_t)carry;
        carry >>= 32;
    }
    field_fold(&result, carry);
    return result;
}

static inline field field_difference(const field *a, const field *b) {
    field result;
    int64_t borrow = 0;
    for (int index = 0; index < 8; ++index) {
        borrow += (int64_t)a->word[index] - b->word[index];
        result.word[index] = (uint32_t)borrow;
        borrow >>= 32;
    }
    // What was borrowed, 2^256, is 38 modulo p.
    for (int pass = 0; pass < 2; ++pass) {
        borrow *= 38;
        for (int index = 0; index < 8; ++index) {
            borrow += result.word[index];
            result.word[index] = (uint32_t)borrow;
            borrow >>= 32;
        }
    }
    return result;
}

static inline field field_product(const field *a, const field *b) {
    uint32_t wide[16] = {0};
    for (int row = 0; row < 8; ++row) {
        uint64_t carry = 0;
        for (int column = 0; column < 8; ++column) {
            carry += (uint64_t)a->word[row] * b->word[column] + wide[row + column];
            wide[row + column] = (uint32_t)carry;
            carry >>= 32;
        }
        wide[row + 8] = (uint32_t)carry;
    }
    field result;
    uint64_t carry = 0;
    for (int index = 0; index < 8; ++index) {
        carry += (uint64_t)wide[index + 8] * 38 + wide[index];
        result.word[index] = (uint32_t)carry;
        carry >>= 32;
    }
    field_fold(&result, carry);
    return result;
}

// base^(2^255 − 2^highBits... ): a power whose exponent has ones in all of 255 bits but those of `zeros` (lowest bits).
static inline field field_power(const field *base, int bits, uint32_t zeros) {
    field result = {{1}};
    for (int bit = bits - 1; bit >= 0; --bit) {
        result = field_product(&result, &result);
        if (bit >= 32 || !(zeros >> bit & 1)) result = field_product(&result, base);
    }
    return result;
}

// The value below p.
static inline field field_reduced(const field *value) {
    static const uint32_t p[8] = {0xffffffed, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x7fffffff};
    field result = *value;
    for (int pass = 0; pass < 2; ++pass) {
        field less;
        int64_t borrow = 0;
        for (int index = 0; index < 8; ++index) {
            borrow += (int64_t)result.word[index] - p[index];
            less.word[index] = (uint32_t)borrow;
            borrow >>= 32;
        }
        const uint32_t keep = (uint32_t)borrow;
        for (int index = 0; index < 8; ++index)
            result.word[index] = (result.word[index] & keep) | (less.word[index] & ~keep);
    }
    return result;
}

static inline int field_equal(const field *a, const field *b) {
    const field first = field_reduced(a), second = field_reduced(b);
    uint32_t differences = 0;
    for (int index = 0; index < 8; ++index) differences |= first.word[index] ^ second.word[index];
    return differences == 0;
}

#endif
