// Layers of one position: a fully connected layer has one input of consecutive bytes and any number of blocks of
// sixteen outputs.
#include "kernels.h"

void martlet_fully_connected(
    const martlet_kernels *kernels, const martlet_panel *layer, const uint8_t *input, uint8_t *output) {
    if (kernels->connect != NULL) {
        kernels->connect(layer, input, output);
        return;
    }
    martlet_panel panel = *layer;
    martlet_segment segment = {&input, 0, NULL, 0, output, 0, 1};
    for (int32_t block = 0; block < layer->blocks; block += kernels->panel_blocks) {
        panel.blocks = martlet_minimum(layer->blocks - block, kernels->panel_blocks);
        panel.channels_stored = martlet_minimum(layer->channels_stored - block * 16, panel.blocks * 16);
        panel.next_weights = panel.weights + panel.blocks * panel.block_bytes;
        kernels->convolve(&panel, &segment, 1);
        panel.weights = panel.next_weights;
        panel.channels += panel.blocks;
        segment.output += panel.blocks * 16;
    }
}

/// `count` up to 16,384: so many products of 255 · 128 fit 31 bits.
static int32_t dot_of_part(
    const int8_t *restrict weights, const uint8_t *restrict values, int32_t zero_point, int32_t count) {
    int32_t sum = 0;
    for (int32_t i = 0; i < count; i++) sum += weights[i] * (values[i] - zero_point);
    return sum;
}

int64_t martlet_dot(
    const martlet_kernels *kernels, const int8_t *weights, const uint8_t *values, int32_t zero_point, int32_t count) {
    int64_t sum = 0;
    while (count > 0) {
        int32_t length = martlet_minimum(count, 16384);
        sum += kernels->dot != NULL ? kernels->dot(weights, values, zero_point, length)
                                    : dot_of_part(weights, values, zero_point, length);
        weights += length;
        values += length;
        count -= length;
    }
    return sum;
}
