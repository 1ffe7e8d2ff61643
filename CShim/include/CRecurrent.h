/// Layers with a memory of earlier runs: SVDF and LSTM, by the integer rules of TensorFlow Lite. Included by CShim.h.
#ifndef CSHIM_RECURRENT_H
#define CSHIM_RECURRENT_H

#include "CInt16.h"

/// A factor of the public TensorFlow Lite specification: multiplier · 2^(shift − 31), multiplier in 0 … 2³¹ − 1,
/// shift in
/// −31 … 30.
typedef struct martlet_rounding_factor {
    int32_t multiplier;
    int32_t shift;
} martlet_rounding_factor;

/// value · 2^shift (where shift is positive; saturated) times multiplier ÷ 2³¹ rounded half away from 0, then
/// divided by
/// 2^−shift (where it is negative), rounded half away from 0 once more.
static inline int32_t martlet_round_twice(int64_t value, martlet_rounding_factor factor) {
    if (factor.shift > 0) value *= (int64_t)1 << factor.shift;
    if (value > INT32_MAX) value = INT32_MAX;
    if (value < INT32_MIN) value = INT32_MIN;
    int64_t product = value * factor.multiplier;
    int64_t half = product >= 0 ? (int64_t)1 << 30 : 1 - ((int64_t)1 << 30);
    int32_t high = (int32_t)((product + half) / ((int64_t)1 << 31));
    int32_t places = factor.shift < 0 ? -factor.shift : 0;
    int32_t mask = (int32_t)(((int64_t)1 << places) - 1);
    int32_t rest = high & mask, threshold = (mask >> 1) + (high < 0);
    return (high >> places) + (rest > threshold);
}

/// A bank of filters of rank one or more: each filter weighs the input, remembers the last `memory` results, and weighs
/// those in time; a unit adds up `rank` filters and its bias.
///
/// The state holds filters × memory values (int8 stored as value + 128, or int16), the oldest first.
typedef struct martlet_svdf {
    const int8_t *feature_weights;  // [filters][inputs]
    const int16_t *time_weights;    // [filters][memory]
    const int32_t *bias;            // [units]
    int32_t inputs, filters, memory, rank;
    int32_t input_zero_point;       // stored
    int32_t state_bytes, state_zero_point;
    martlet_rounding_factor state_factor, output_factor;
    martlet_output output;          // stored
} martlet_svdf;
void martlet_svdf_step(
    const martlet_kernels *kernels, const martlet_svdf *svdf, const uint8_t *input, uint8_t *state, uint8_t *output);

/// One gate of an LSTM.
typedef struct martlet_lstm_gate {
    const int8_t *input_weights;   // [units][inputs]
    const int8_t *hidden_weights;  // [units][units]
    const int32_t *bias;           // [units]
    martlet_rounding_factor input_factor, hidden_factor;
} martlet_lstm_gate;

/// A long short-term memory without projection, peepholes or normalization.
typedef struct martlet_lstm {
    martlet_lstm_gate gates[4];  // input, forget, cell, output
    const uint16_t *sigmoid;     // see martlet_int16_sigmoid
    int32_t inputs, units;
    int32_t input_zero_point, hidden_zero_point;  // stored
    martlet_rounding_factor forget_factor, update_factor, hidden_factor;
    int32_t cell_clip;           // 0: none
    martlet_factor cell_argument;  // of tanh, see martlet_int16_look_up
} martlet_lstm;
/// One time step. `hidden` and `cell` are the state; `scratch` holds 4 · units int16.
void martlet_lstm_step(
    const martlet_kernels *kernels, const martlet_lstm *lstm, const uint8_t *input, uint8_t *hidden, int16_t *cell,
    uint8_t *output, int16_t *scratch);

#endif
