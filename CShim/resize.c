// Resizing of images over rows.
#include "kernels.h"

enum { weight_bits = 11, one = 1 << weight_bits };

/// The rows between which an output row lies, mixed: values in units of 1 / 2^11.
static void mix_rows(
    int32_t *restrict mixed, const martlet_rows *input, const uint8_t *restrict first, const uint8_t *restrict second,
    int32_t weight) {
    for (int32_t column = 0; column < input->width; column++) {
        for (int32_t channel = 0; channel < input->channels; channel++) {
            mixed[channel] = first[channel] * (one - weight) + second[channel] * weight;
        }
        mixed += input->channels;
        first += input->pixel_pitch_bytes;
        second += input->pixel_pitch_bytes;
    }
}

/// One output row of mixed columns.
static void mix_columns(
    uint8_t *restrict to, const int32_t *restrict mixed, const int32_t *columns, const martlet_rows *output) {
    int32_t channels = output->channels;
    for (int32_t column = 0; column < output->width; column++, columns += 3, to += output->pixel_pitch_bytes) {
        const int32_t *first = mixed + (ptrdiff_t)columns[0] * channels;
        const int32_t *second = mixed + (ptrdiff_t)columns[1] * channels;
        int32_t weight = columns[2];
        for (int32_t channel = 0; channel < channels; channel++) {
            int32_t sum = first[channel] * (one - weight) + second[channel] * weight;
            to[channel] = (uint8_t)((sum + (1 << (2 * weight_bits - 1))) >> (2 * weight_bits));
        }
    }
}

void martlet_resize_linear_rows(
    const int32_t *table, const martlet_rows *input, const martlet_rows *output, int32_t first_row, int32_t end_row,
    uint8_t *scratch) {
    int32_t *mixed = (int32_t *)(void *)scratch;
    for (int32_t row = first_row; row < end_row; row++) {
        const int32_t *taps = table + 3 * (ptrdiff_t)row;
        mix_rows(mixed, input, martlet_row(input, taps[0]), martlet_row(input, taps[1]), taps[2]);
        mix_columns(martlet_row(output, row), mixed, table + 3 * (ptrdiff_t)output->height, output);
    }
}

/// Four rows mixed, 128 subtracted: values in units of 1 / 2^11.
static void mix_four_rows(int32_t *restrict mixed, const martlet_rows *input, const int32_t *taps) {
    const int32_t *weights = taps + 4;
    const uint8_t *from[4];
    for (int32_t tap = 0; tap < 4; tap++) from[tap] = martlet_row(input, taps[tap]);
    for (int32_t column = 0; column < input->width; column++, mixed += input->channels) {
        ptrdiff_t at = column * input->pixel_pitch_bytes;
        for (int32_t channel = 0; channel < input->channels; channel++) {
            int32_t sum = 0;
            for (int32_t tap = 0; tap < 4; tap++) sum += (from[tap][at + channel] - 128) * weights[tap];
            mixed[channel] = sum;
        }
    }
}

void martlet_resize_cubic_rows(
    const int32_t *table, const martlet_rows *input, const martlet_rows *output, int32_t first_row, int32_t end_row,
    uint8_t *scratch) {
    int32_t *mixed = (int32_t *)(void *)scratch;
    int32_t channels = output->channels;
    for (int32_t row = first_row; row < end_row; row++) {
        mix_four_rows(mixed, input, table + 8 * (ptrdiff_t)row);
        const int32_t *columns = table + 8 * (ptrdiff_t)output->height;
        uint8_t *to = martlet_row(output, row);
        for (int32_t column = 0; column < output->width; column++, columns += 8, to += output->pixel_pitch_bytes) {
            for (int32_t channel = 0; channel < channels; channel++) {
                int32_t sum = 1 << (2 * weight_bits - 1);
                for (int32_t tap = 0; tap < 4; tap++) {
                    sum += mixed[(ptrdiff_t)columns[tap] * channels + channel] * columns[4 + tap];
                }
                to[channel] = (uint8_t)martlet_clamp((sum >> (2 * weight_bits)) + 128, 0, 255);
            }
        }
    }
}

void martlet_resize_nearest_rows(
    const int32_t *table, const martlet_rows *input, const martlet_rows *output, int32_t first_row, int32_t end_row) {
    const int32_t *columns = table + output->height;
    int32_t dense = output->pixel_pitch_bytes == output->channels;
    for (int32_t row = first_row; row < end_row; row++) {
        uint8_t *to = martlet_row(output, row);
        if (dense && row > first_row && table[row] == table[row - 1]) {
            __builtin_memcpy(to, martlet_row(output, row - 1), (size_t)output->width * (size_t)output->channels);
            continue;
        }
        const uint8_t *from = martlet_row(input, table[row]);
        for (int32_t column = 0; column < output->width; column++, to += output->pixel_pitch_bytes) {
            __builtin_memcpy(to, from + columns[column] * input->pixel_pitch_bytes, (size_t)output->channels);
        }
    }
}
