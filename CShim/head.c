// Sums for a classifier that learns on top of a network. Lanes are independent, so that compilers may use vectors: the
// order of each lane's additions, and with it every byte, stays.
#include "CShim.h"

enum { lanes = 16 };

static float folded(float *restrict sums) {
    for (int32_t half = lanes / 2; half > 0; half /= 2) {
        for (int32_t lane = 0; lane < half; lane++) sums[lane] += sums[lane + half];
    }
    return sums[0];
}

float martlet_head_dot(const float *restrict weights, const int8_t *restrict values, int32_t count) {
    float sums[lanes] = {0};
    int32_t index = 0;
    for (; index + lanes <= count; index += lanes) {
        for (int32_t lane = 0; lane < lanes; lane++) sums[lane] += weights[index + lane] * (float)values[index + lane];
    }
    for (int32_t lane = 0; index + lane < count; lane++) sums[lane] += weights[index + lane] * (float)values[index + lane];
    return folded(sums);
}

float martlet_head_product(const float *restrict a, const float *restrict b, int32_t count) {
    float sums[lanes] = {0};
    int32_t index = 0;
    for (; index + lanes <= count; index += lanes) {
        for (int32_t lane = 0; lane < lanes; lane++) sums[lane] += a[index + lane] * b[index + lane];
    }
    for (int32_t lane = 0; index + lane < count; lane++) sums[lane] += a[index + lane] * b[index + lane];
    return folded(sums);
}

void martlet_head_accumulate(float *restrict sums, const int8_t *restrict values, float factor, int32_t count) {
    for (int32_t index = 0; index < count; index++) sums[index] += factor * (float)values[index];
}

void martlet_head_add(float *restrict sums, const float *restrict values, float factor, int32_t count) {
    for (int32_t index = 0; index < count; index++) sums[index] += factor * values[index];
}

float martlet_head_energy(const int8_t *restrict values, int32_t zero_point, int32_t count) {
    uint32_t energy = 0;
    for (int32_t index = 0; index < count; index++) {
        int32_t value = values[index] - zero_point;
        energy += (uint32_t)(value * value);
    }
    return (float)energy;
}

int32_t martlet_head_sum(
    const int8_t *restrict weights, const int8_t *restrict values, int32_t zero_point, int32_t count) {
    int32_t sum = 0;
    for (int32_t index = 0; index < count; index++) sum += weights[index] * (values[index] - zero_point);
    return sum;
}

// Cody and Waite's reduction x = n · ln 2 + r, then the Taylor polynomial of e^r, |r| ≤ ln 2 / 2.
float martlet_exponential(float x) {
    if (!(x > -87.0f)) return 0;
    int32_t octave = (int32_t)(x * 1.44269504f - 0.5f);
    float rest = x - (float)octave * 0.693359375f - (float)octave * -2.12194440e-4f;
    float power = 1.0f / 5040.0f;
    power = power * rest + 1.0f / 720.0f;
    power = power * rest + 1.0f / 120.0f;
    power = power * rest + 1.0f / 24.0f;
    power = power * rest + 1.0f / 6.0f;
    power = power * rest + 0.5f;
    power = power * rest + 1.0f;
    power = power * rest + 1.0f;
    return power * martlet_float_from_bits((uint32_t)(octave + 127) << 23);
}
