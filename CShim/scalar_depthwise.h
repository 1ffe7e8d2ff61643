/// Depthwise convolution with any kernel, one value at a time. Included after the family's own `store_result`.
#ifndef MARTLET_SCALAR_DEPTHWISE_H
#define MARTLET_SCALAR_DEPTHWISE_H

// Beside a microcontroller's own kernels it takes only rare ones: as small as can be.
#if defined(MARTLET_ARM_DSP)
#define DEPTHWISE_SIZE __attribute__((minsize, noinline))
#else
#define DEPTHWISE_SIZE
#endif

/// One output pixel, sixteen channels (or `stored`, fewer) from `channel` on.
DEPTHWISE_SIZE static void depthwise_pixel(
    const martlet_depthwise *depthwise, const martlet_depthwise_segment *segment, int32_t output_row, int32_t pixel,
    int32_t channel, int32_t stored) {
    int32_t quads = martlet_depthwise_quads(depthwise->kernel_height, depthwise->kernel_width);
    const martlet_channel_block *constants = depthwise->channels + channel / 16;
    const int8_t *weights = depthwise->weights + (ptrdiff_t)(channel / 16) * quads * 64;
    const uint8_t *const *rows = segment->rows + output_row * depthwise->stride_height;
    int32_t sums[16];
    __builtin_memcpy(sums, constants->bias, sizeof sums);
    for (int32_t row = 0; row < depthwise->kernel_height; row++) {
        for (int32_t column = 0; column < depthwise->kernel_width; column++) {
            int32_t place = martlet_depthwise_place(depthwise->kernel_height, depthwise->kernel_width, row, column);
            const int8_t *tap = weights + place / 4 * 64 + place % 4;
            int32_t x = pixel * depthwise->stride_width - depthwise->pad_left + column * depthwise->dilation_width;
            int32_t inside = x >= 0 && x < segment->input_width;
            const uint8_t *from = inside ? rows[row] + x * segment->input_pitch + channel : NULL;
            for (int32_t lane = 0; lane < stored; lane++) {
                sums[lane] += (inside ? from[lane] : depthwise->input_zero_point) * tap[lane * 4];
            }
        }
    }
    uint8_t *output = segment->outputs[output_row] + pixel * segment->output_pitch + channel;
    for (int32_t lane = 0; lane < stored; lane++) {
        output[lane] = store_result((float)sums[lane] * constants->factor[lane], depthwise->output);
    }
}

static void depthwise_any(
    const martlet_depthwise *depthwise, const martlet_depthwise_segment *segment, int32_t channels) {
    for (int32_t row = 0; row < segment->output_rows; row++) {
        for (int32_t pixel = 0; pixel < segment->pixels; pixel++) {
            for (int32_t channel = 0; channel < channels; channel += 16) {
                depthwise_pixel(depthwise, segment, row, pixel, channel, martlet_minimum(channels - channel, 16));
            }
        }
    }
}

#endif
