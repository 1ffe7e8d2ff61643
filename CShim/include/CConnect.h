/// Layers of one position: fully connected ones, and the products of recurrent ones. Included by CShim.h.
#ifndef CSHIM_CONNECT_H
#define CSHIM_CONNECT_H

#include "CShim.h"

/// output[m] = store(float(bias[m] + Σ weights[m][k] · input[k]) · factor[m]): all blocks of `layer`, a panel of one run
/// without residual, however many they are. `next_weights` is not read.
void martlet_fully_connected(
    const martlet_kernels *kernels, const martlet_panel *layer, const uint8_t *input, uint8_t *output);

/// Σ weights[i] · (values[i] − zero_point), exact in 64 bits; the zero point is stored, 0…255.
int64_t martlet_dot(
    const martlet_kernels *kernels, const int8_t *weights, const uint8_t *values, int32_t zero_point, int32_t count);

#endif
