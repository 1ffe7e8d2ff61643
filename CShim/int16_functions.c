// Functions of int16 values through tables, and softmax.
#include "kernels.h"

static int32_t interpolate(const int32_t *table, int32_t value) {
    int32_t place = value + 32768, first = table[place >> 7], slope = table[(place >> 7) + 1] - first;
    return first + ((slope * (place & 127) + 64) >> 7);
}

int16_t martlet_int16_sigmoid(int32_t argument, const uint16_t *table) {
    uint32_t magnitude = argument < 0 ? 0u - (uint32_t)argument : (uint32_t)argument;
    uint32_t place = magnitude >> 9, value = (uint32_t)0x7FFF << 10;
    if (place < 255) {
        value = ((uint32_t)table[place] << 9) + (magnitude & 511) * (uint32_t)(table[place + 1] - table[place]);
    }
    // Steps of 2^−25; the other half of the curve is 1 − value.
    value = argument >= 0 ? value + 512 : ((uint32_t)1 << 25) - value + 511;
    return (int16_t)(value >> 10);
}

int16_t martlet_int16_tanh(int32_t argument, const uint16_t *table) {
    uint32_t magnitude = argument < 0 ? 0u - (uint32_t)argument : (uint32_t)argument;
    uint32_t place = magnitude >> 8;
    int32_t value = 0xFFFF << 8;
    if (place < 255) {
        value = (table[place] << 8) + (int32_t)(magnitude & 255) * (table[place + 1] - table[place]);
    }
    // Steps of 2^−24 of sigmoid(2x); twice that less 1, in steps of 2^−15.
    value = argument >= 0 ? value - (1 << 23) + 128 : (1 << 23) - value + 127;
    return (int16_t)(value >> 8);
}

void martlet_int16_look_up_rows(
    const martlet_int16_look_up *rule, const martlet_rows *input, const martlet_rows *output, int32_t first_row,
    int32_t end_row) {
    for (int32_t row = first_row; row < end_row; row++) {
        for (int32_t column = 0; column < output->width; column++) {
            const uint8_t *from = martlet_row(input, row) + column * input->pixel_pitch_bytes;
            uint8_t *to = martlet_row(output, row) + column * output->pixel_pitch_bytes;
            for (int32_t channel = 0; channel < output->channels; channel++, from += 2, to += 2) {
                int32_t value = martlet_load_int16(from);
                int16_t result;
                if (rule->function == MARTLET_INT16_INTERPOLATED) {
                    result = (int16_t)martlet_clamp(interpolate(rule->table, value), rule->low, rule->high);
                } else {
                    int32_t argument = (int32_t)martlet_scale(value, rule->argument);
                    result = rule->function == MARTLET_INT16_SIGMOID ? martlet_int16_sigmoid(argument, rule->table)
                                                                     : martlet_int16_tanh(argument, rule->table);
                }
                martlet_store_int16(to, result);
            }
        }
    }
}

static int32_t softmax_input(const martlet_int16_softmax *rule, const uint8_t *from, int32_t channel) {
    return rule->input_bytes == 1 ? from[channel] : martlet_load_int16(from + 2 * channel);
}

static uint64_t exponential(const martlet_int16_softmax *rule, int32_t distance) {
    return (uint64_t)(uint32_t)rule->exponentials[distance >> 8] * (uint32_t)rule->exponentials[256 + (distance & 255)]
        >> 31;
}

/// min(⌊steps · part ÷ sum + ½⌋, largest) by subtraction; part ≤ sum < 2^52, steps 2¹⁵ or 2¹⁶.
static int32_t share(uint64_t part, uint64_t sum, int32_t steps, int32_t largest) {
    uint64_t rest = part, quotient = 0;
    // One bit of the quotient for each doubling of what is left, then the rounding.
    for (int32_t step = 1; step < steps; step <<= 1) {
        if (rest >= sum) {
            rest -= sum;
            quotient |= 1;
        }
        rest <<= 1;
        quotient <<= 1;
    }
    if (rest >= sum) {
        rest -= sum;
        quotient |= 1;
    }
    if (2 * rest >= sum) quotient++;
    return quotient > (uint64_t)largest ? largest : (int32_t)quotient;
}

void martlet_int16_softmax_rows(
    const martlet_int16_softmax *rule, const martlet_rows *input, const martlet_rows *output, int32_t first_row,
    int32_t end_row) {
    for (int32_t row = first_row; row < end_row; row++) {
        for (int32_t column = 0; column < output->width; column++) {
            const uint8_t *from = martlet_row(input, row) + column * input->pixel_pitch_bytes;
            uint8_t *to = martlet_row(output, row) + column * output->pixel_pitch_bytes;
            int32_t largest = INT32_MIN;
            for (int32_t channel = 0; channel < output->channels; channel++) {
                largest = martlet_maximum(largest, softmax_input(rule, from, channel));
            }
            uint64_t sum = 0;
            for (int32_t channel = 0; channel < output->channels; channel++) {
                sum += exponential(rule, largest - softmax_input(rule, from, channel));
            }
            for (int32_t channel = 0; channel < output->channels; channel++) {
                uint64_t part = exponential(rule, largest - softmax_input(rule, from, channel));
                int32_t value = share(part, sum, rule->steps, rule->largest) + rule->offset;
                martlet_store_int16(to + 2 * channel, (int16_t)value);
            }
        }
    }
}
