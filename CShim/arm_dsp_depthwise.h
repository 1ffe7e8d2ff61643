/// Depthwise convolution of the DSP family: kernels of three rows take four channels at a time, a column of three rows and
/// four channels being three words. Included after `scalar_depthwise.h`, `pairs` and its helpers.
#ifndef MARTLET_ARM_DSP_DEPTHWISE_H
#define MARTLET_ARM_DSP_DEPTHWISE_H

/// Adds one channel's column: `outer` holds rows 0 and 2. The middle row is the lower half of `middle`, or the upper.
#define ADD_COLUMN(sum, weights, outer, multiply_middle, middle)             \
    do {                                                                     \
        pairs taps = weight_pairs(weights);                                  \
        sum = __smlad(taps.even, (int16x2_t)(outer), sum);                   \
        sum = multiply_middle((int32_t)taps.odd, (int32_t)(middle), sum);    \
    } while (0)

/// The lower halves of two words as one word, and the upper halves.
MARTLET_INLINE uint32_t lower_halves(int16x2_t first, int16x2_t second) {
    return ((uint32_t)first & 0xFFFFu) | ((uint32_t)second << 16);
}
MARTLET_INLINE uint32_t upper_halves(int16x2_t first, int16x2_t second) {
    return ((uint32_t)second & 0xFFFF0000u) | ((uint32_t)first >> 16);
}

/// Four channels from `channel` on of the output pixel whose first input column is `x`; `stored` of them exist.
static void depthwise_four(
    const martlet_depthwise *depthwise, const martlet_depthwise_segment *segment, const uint8_t *const *rows, int32_t x,
    int32_t channel, uint8_t *output, int32_t stored) {
    const martlet_channel_block *constants = depthwise->channels + channel / 16;
    const int8_t *weights =
        depthwise->weights + (channel / 16 * depthwise->kernel_width * 16 + channel % 16) * 4;
    const int32_t *bias = constants->bias + channel % 16;
    int32_t sums[4] = {bias[0], bias[1], bias[2], bias[3]};
    const uint8_t *upper = rows[0] + channel, *centre = rows[1] + channel, *lower = rows[2] + channel;
    for (int32_t column = 0; column < depthwise->kernel_width; column++, weights += 64) {
        pairs first, middle, last;
        if ((uint32_t)x < (uint32_t)segment->input_width) {
            ptrdiff_t place = x * segment->input_pitch;
            first = input_pairs(upper + place);
            middle = input_pairs(centre + place);
            last = input_pairs(lower + place);
        } else {
            int16x2_t both = (int16x2_t)(depthwise->input_zero_point * 0x10001);
            first = middle = last = (pairs){both, both};
        }
        x += depthwise->dilation_width;
        ADD_COLUMN(sums[0], weights, lower_halves(first.even, last.even), __smlabb, middle.even);
        ADD_COLUMN(sums[1], weights + 4, lower_halves(first.odd, last.odd), __smlabb, middle.odd);
        ADD_COLUMN(sums[2], weights + 8, upper_halves(first.even, last.even), __smlabt, middle.even);
        ADD_COLUMN(sums[3], weights + 12, upper_halves(first.odd, last.odd), __smlabt, middle.odd);
    }
    const float *factors = constants->factor + channel % 16;
    const martlet_output rule = depthwise->output;
    for (int32_t i = 0; i < stored; i++) output[i] = store_result((float)sums[i] * factors[i], rule);
}

static void depthwise(
    const martlet_depthwise *depthwise, const martlet_depthwise_segment *segment, int32_t channels) {
    if (depthwise->kernel_height != 3) {
        depthwise_any(depthwise, segment, channels);
        return;
    }
    for (int32_t row = 0; row < segment->output_rows; row++) {
        const uint8_t *const *rows = segment->rows + row * depthwise->stride_height;
        uint8_t *output = segment->outputs[row];
        int32_t x = -depthwise->pad_left;
        for (int32_t pixel = 0; pixel < segment->pixels; pixel++) {
            for (int32_t channel = 0; channel < channels; channel += 4) {
                int32_t stored = martlet_minimum(channels - channel, 4);
                depthwise_four(depthwise, segment, rows, x, channel, output + channel, stored);
            }
            x += depthwise->stride_width;
            output += segment->output_pitch;
        }
    }
}

#endif
