// Float loops that memory limits: the compiler's vectorization for any processor suffices.
#include "CShim.h"

void martlet_float_maximum(float *restrict into, const float *restrict from, ptrdiff_t count) {
    for (ptrdiff_t index = 0; index < count; index++) into[index] = from[index] > into[index] ? from[index] : into[index];
}

void martlet_float_accumulate(float *restrict into, const float *restrict from, ptrdiff_t count) {
    for (ptrdiff_t index = 0; index < count; index++) into[index] += from[index];
}

void martlet_float_scale(float *values, float factor, ptrdiff_t count) {
    for (ptrdiff_t index = 0; index < count; index++) values[index] *= factor;
}

static float clamped(float value, float low, float high) {
    value = value < low ? low : value;
    return value > high ? high : value;
}

void martlet_float_clamp(float *output, const float *input, float low, float high, ptrdiff_t count) {
    // In place is a loop of its own: of two pointers that may meet, the compiler makes no vectors.
    if (output == input) {
        for (ptrdiff_t index = 0; index < count; index++) output[index] = clamped(output[index], low, high);
    } else {
        float *restrict into = output;
        const float *restrict from = input;
        for (ptrdiff_t index = 0; index < count; index++) into[index] = clamped(from[index], low, high);
    }
}

void martlet_float_add(
    float *restrict output, const float *restrict a, ptrdiff_t a_step, const float *restrict b, ptrdiff_t b_step,
    ptrdiff_t count) {
    if (a_step && b_step) {
        for (ptrdiff_t index = 0; index < count; index++) output[index] = a[index] + b[index];
    } else {
        const float *varying = a_step ? a : b;
        float constant = a_step ? *b : *a;
        ptrdiff_t step = a_step || b_step;
        for (ptrdiff_t index = 0; index < count; index++) output[index] = varying[index * step] + constant;
    }
}

void martlet_float_multiply(
    float *restrict output, const float *restrict a, ptrdiff_t a_step, const float *restrict b, ptrdiff_t b_step,
    ptrdiff_t count) {
    if (a_step && b_step) {
        for (ptrdiff_t index = 0; index < count; index++) output[index] = a[index] * b[index];
    } else {
        const float *varying = a_step ? a : b;
        float constant = a_step ? *b : *a;
        ptrdiff_t step = a_step || b_step;
        for (ptrdiff_t index = 0; index < count; index++) output[index] = varying[index * step] * constant;
    }
}

void martlet_float_affine(
    float *output, const float *input, const float *restrict multipliers, const float *restrict offsets,
    ptrdiff_t pixels, ptrdiff_t channels) {
    for (ptrdiff_t pixel = 0; pixel < pixels; pixel++) {
        for (ptrdiff_t channel = 0; channel < channels; channel++) {
            output[channel] = input[channel] * multipliers[channel] + offsets[channel];
        }
        output += channels;
        input += channels;
    }
}
