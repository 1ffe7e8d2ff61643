/// Sums and means in whole numbers, as the kernels of TFLite networks round them. Included by CShim.h.
#ifndef CFIXED_H
#define CFIXED_H

/// ((a − zero_point_a) · multiplier_a + (b − zero_point_b) · multiplier_b + 2^(shift − 1)) >> shift: whole numbers, halves
/// upward. Multipliers within ±2^21, shift 13…30.
struct martlet_fixed_addition {
    int32_t zero_point_a, zero_point_b;
    int32_t multiplier_a, multiplier_b;
    int32_t shift;
    martlet_output output;
};

/// The sum by that rule; operands as those of `martlet_add_rows`.
void martlet_add_fixed_rows(
    const martlet_kernels *kernels, const martlet_fixed_addition *rule, const martlet_rows *a, const martlet_rows *b,
    const martlet_rows *output, int32_t first_row, int32_t end_row);

/// `martlet_average_pool_rows` in whole numbers: (S + sign(S) · ⌊n / 2⌋) ÷ n, rounded toward 0, + offset, with n the
/// count, and S the sum of
/// the count's stored values, each less `offset` (0 or 128); taps in the padding are the input's zero point.
void martlet_average_pool_integer_rows(
    const martlet_kernels *kernels, const martlet_pooling *pooling, int32_t offset, const martlet_rows *input,
    const martlet_rows *output, int32_t first_row, int32_t end_row, uint8_t *scratch);

#endif
