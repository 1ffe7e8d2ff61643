// Softmax in integers.
#include "kernels.h"

/// min(⌊(512 · exponential + sum) ÷ (2 · sum)⌋, 255): the exponential's share in 256ths, rounded half up.
/// Division by subtraction: 32-bit processors have no 64-bit division without a library.
static uint8_t share(uint32_t exponential, uint64_t sum) {
    uint64_t rest = (uint64_t)exponential * 512 + sum;
    uint64_t divisor = sum * 512;
    uint32_t quotient = 0;
    for (int32_t bit = 0; bit < 9; bit++, divisor >>= 1) {
        quotient <<= 1;
        if (rest >= divisor) {
            rest -= divisor;
            quotient |= 1;
        }
    }
    return quotient > 255 ? 255 : (uint8_t)quotient;
}

static void softmax_pixel(const int32_t *table, const uint8_t *input, uint8_t *output, int32_t channels) {
    uint8_t largest = 0;
    for (int32_t channel = 0; channel < channels; channel++) {
        if (input[channel] > largest) largest = input[channel];
    }
    uint64_t sum = 0;
    for (int32_t channel = 0; channel < channels; channel++) sum += (uint32_t)table[largest - input[channel]];
    for (int32_t channel = 0; channel < channels; channel++) {
        output[channel] = share((uint32_t)table[largest - input[channel]], sum);
    }
}

void martlet_softmax_rows(
    const int32_t *table, const martlet_rows *input, const martlet_rows *output, int32_t first_row, int32_t end_row) {
    for (int32_t row = first_row; row < end_row; row++) {
        const uint8_t *from = martlet_row(input, row);
        uint8_t *to = martlet_row(output, row);
        for (int32_t column = 0; column < output->width; column++) {
            softmax_pixel(table, from, to, output->channels);
            from += input->pixel_pitch_bytes;
            to += output->pixel_pitch_bytes;
        }
    }
}

static void log_softmax_pixel(
    const martlet_log_softmax *rule, const uint8_t *input, uint8_t *output, int32_t channels) {
    uint8_t largest = 0;
    for (int32_t channel = 0; channel < channels; channel++) {
        if (input[channel] > largest) largest = input[channel];
    }
    uint64_t sum = 0;
    for (int32_t channel = 0; channel < channels; channel++) {
        sum += (uint32_t)rule->exponentials[largest - input[channel]];
    }
    if (sum < 256) sum = 256;
    int32_t octaves = 63 - __builtin_clzll(sum);
    float logarithm = (float)(octaves - 31) * rule->octave;
    logarithm += rule->logarithms[(sum >> (octaves - 8)) & 255];
    for (int32_t channel = 0; channel < channels; channel++) {
        float distance = (float)(largest - input[channel]) * rule->factor;
        output[channel] = martlet_store(-(distance + logarithm), rule->output);
    }
}

void martlet_log_softmax_rows(
    const martlet_log_softmax *rule, const martlet_rows *input, const martlet_rows *output, int32_t first_row,
    int32_t end_row) {
    for (int32_t row = first_row; row < end_row; row++) {
        const uint8_t *from = martlet_row(input, row);
        uint8_t *to = martlet_row(output, row);
        for (int32_t column = 0; column < output->width; column++) {
            log_softmax_pixel(rule, from, to, output->channels);
            from += input->pixel_pitch_bytes;
            to += output->pixel_pitch_bytes;
        }
    }
}
