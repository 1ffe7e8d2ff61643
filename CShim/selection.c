// Channels in the order of their values.
#include "kernels.h"

/// The best channel: where `last_first`, of equal ones the last.
static int32_t best_channel(const martlet_top_k *rule, const uint8_t *from, int32_t channels) {
    uint8_t turned = rule->smallest ? 255 : 0;
    int32_t best = 0;
    for (int32_t channel = 1; channel < channels; channel++) {
        int32_t value = from[channel] ^ turned, largest = from[best] ^ turned;
        if (value > largest || (rule->last_first && value == largest)) best = channel;
    }
    return best;
}

static void store_channel(const martlet_top_k *rule, uint8_t *to, int32_t place, const uint8_t *from, int32_t channel) {
    if (rule->indices) {
        __builtin_memcpy(to + 4 * (ptrdiff_t)place, &channel, 4);
    } else {
        to[place] = from[channel];
    }
}

/// Sorts by counting: how many channels come before each value, then each channel to its place.
static void best_channels(
    const martlet_top_k *rule, uint8_t *to, const uint8_t *from, int32_t channels, int32_t count, int32_t *places) {
    uint8_t turned = rule->smallest ? 0 : 255;
    __builtin_memset(places, 0, 1024);
    for (int32_t channel = 0; channel < channels; channel++) places[from[channel] ^ turned]++;
    int32_t before = 0;
    for (int32_t value = 0; value < 256; value++) {
        int32_t equal = places[value];
        places[value] = before;
        before += equal;
    }
    for (int32_t step = 0; step < channels; step++) {
        int32_t channel = rule->last_first ? channels - 1 - step : step;
        int32_t place = places[from[channel] ^ turned]++;
        if (place < count) store_channel(rule, to, place, from, channel);
    }
}

void martlet_top_k_rows(
    const martlet_top_k *rule, const martlet_rows *input, const martlet_rows *output, int32_t first_row,
    int32_t end_row, uint8_t *scratch) {
    int32_t count = output->channels;
    for (int32_t row = first_row; row < end_row; row++) {
        const uint8_t *from = martlet_row(input, row);
        uint8_t *to = martlet_row(output, row);
        for (int32_t column = 0; column < output->width; column++) {
            if (count == 1) {
                store_channel(rule, to, 0, from, best_channel(rule, from, input->channels));
            } else {
                best_channels(rule, to, from, input->channels, count, (int32_t *)(void *)scratch);
            }
            from += input->pixel_pitch_bytes;
            to += output->pixel_pitch_bytes;
        }
    }
}
