/// Sums for a classifier that learns on top of a network: float32 in a fixed order, without fused multiply-add, so that
/// every processor gets the same bytes. Included by CShim.h, after the types.
#ifndef CSHIM_HEAD_H
#define CSHIM_HEAD_H

#include "CShim.h"

/// Σ weights · values: product i goes to sum i mod 16; then sums 8 apart are added, then 4, 2 and 1 apart.
float martlet_head_dot(const float *weights, const int8_t *values, int32_t count);
/// sums += factor · values.
void martlet_head_accumulate(float *sums, const int8_t *values, float factor, int32_t count);
/// sums += factor · values.
void martlet_head_add(float *sums, const float *values, float factor, int32_t count);
/// Σ a · b in the order of martlet_head_dot.
float martlet_head_product(const float *a, const float *b, int32_t count);
/// Σ (values − zero_point)², summed as whole numbers; `count` is at most 2¹⁵.
float martlet_head_energy(const int8_t *values, int32_t zero_point, int32_t count);
/// Σ weights · (values − zero_point), whole; the caller knows that it fits.
int32_t martlet_head_sum(const int8_t *weights, const int8_t *values, int32_t zero_point, int32_t count);
/// exp(x) for x ≤ 0, within two units in the last place; 0 below −87.
float martlet_exponential(float x);

#endif
