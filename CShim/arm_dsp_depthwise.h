/// Depthwise convolution of the DSP family, one channel of a row at a time: a 3×3 kernel's weights stay in registers while
/// the row passes. Included after `store_result`, `weight_pairs` and `pairs`.
#ifndef MARTLET_ARM_DSP_DEPTHWISE_H
#define MARTLET_ARM_DSP_DEPTHWISE_H

/// One channel of one output row.
typedef struct depthwise_row {
    const martlet_depthwise *depthwise;
    const martlet_depthwise_segment *segment;
    const uint8_t *const *rows;  // of this output row
    int32_t channel;
    const int8_t *weights;  // this channel's four taps of the first quad; those of the next 64 bytes further
    int32_t bias;
    float factor;
    uint8_t *output;  // this channel of the first pixel
} depthwise_row;

/// A pixel of a 3×3 kernel that may reach over the left or right border.
static void depthwise_border(const depthwise_row *row, int32_t pixel) {
    const martlet_depthwise *depthwise = row->depthwise;
    ptrdiff_t pitch = row->segment->input_pitch;
    int32_t sum = row->bias, zero_point = depthwise->input_zero_point;
    int32_t x = pixel * depthwise->stride_width - depthwise->pad_left;
    for (const int8_t *weights = row->weights; weights < row->weights + 192; weights += 64, x++) {
        if (x >= 0 && x < row->segment->input_width) {
            ptrdiff_t place = x * pitch + row->channel;
            sum += row->rows[0][place] * weights[0] + row->rows[1][place] * weights[1] + row->rows[2][place] * weights[2];
        } else {
            sum += zero_point * (weights[0] + weights[1] + weights[2]);
        }
    }
    row->output[pixel * row->segment->output_pitch] = store_result((float)sum * row->factor, depthwise->output);
}

/// A pixel of any kernel, which may reach over the border.
static void depthwise_pixel(const depthwise_row *row, int32_t pixel) {
    const martlet_depthwise *depthwise = row->depthwise;
    int32_t sum = row->bias;
    int32_t first = pixel * depthwise->stride_width - depthwise->pad_left;
    for (int32_t kernel_row = 0; kernel_row < depthwise->kernel_height; kernel_row++) {
        int32_t x = first;
        for (int32_t column = 0; column < depthwise->kernel_width; column++, x += depthwise->dilation_width) {
            int32_t place =
                martlet_depthwise_place(depthwise->kernel_height, depthwise->kernel_width, kernel_row, column);
            int32_t inside = x >= 0 && x < row->segment->input_width;
            int32_t value = inside ? row->rows[kernel_row][x * row->segment->input_pitch + row->channel]
                                   : depthwise->input_zero_point;
            sum += value * row->weights[place / 4 * 64 + place % 4];
        }
    }
    row->output[pixel * row->segment->output_pitch] = store_result((float)sum * row->factor, depthwise->output);
}

/// Pixels [begin, end) of a 3×3 kernel without dilation that lies inside the image. A quad is a column: three rows and a
/// zero.
static void depthwise_three(const depthwise_row *row, int32_t begin, int32_t end) {
    const martlet_depthwise *depthwise = row->depthwise;
    const pairs left = weight_pairs(row->weights), middle = weight_pairs(row->weights + 64),
                right = weight_pairs(row->weights + 128);
    ptrdiff_t pitch = row->segment->input_pitch, step = depthwise->stride_width * pitch;
    ptrdiff_t first = (begin * depthwise->stride_width - depthwise->pad_left) * pitch + row->channel;
    const uint8_t *upper = row->rows[0] + first, *centre = row->rows[1] + first, *lower = row->rows[2] + first;
    const martlet_output rule = depthwise->output;
    uint8_t *output = row->output + begin * row->segment->output_pitch;
    for (int32_t pixel = begin; pixel < end; pixel++) {
        int32_t sum = row->bias;
        sum = __smlabb((int32_t)left.even, upper[0], sum);
        sum = __smlabb((int32_t)left.odd, centre[0], sum);
        sum = __smlatb((int32_t)left.even, lower[0], sum);
        sum = __smlabb((int32_t)middle.even, upper[pitch], sum);
        sum = __smlabb((int32_t)middle.odd, centre[pitch], sum);
        sum = __smlatb((int32_t)middle.even, lower[pitch], sum);
        sum = __smlabb((int32_t)right.even, upper[2 * pitch], sum);
        sum = __smlabb((int32_t)right.odd, centre[2 * pitch], sum);
        sum = __smlatb((int32_t)right.even, lower[2 * pitch], sum);
        *output = store_result((float)sum * row->factor, rule);
        upper += step;
        centre += step;
        lower += step;
        output += row->segment->output_pitch;
    }
}

static void depthwise_channel(const depthwise_row *row) {
    const martlet_depthwise *depthwise = row->depthwise;
    int32_t pixels = row->segment->pixels, stride = depthwise->stride_width;
    if (depthwise->kernel_height != 3 || depthwise->kernel_width != 3 || depthwise->dilation_width != 1) {
        for (int32_t pixel = 0; pixel < pixels; pixel++) depthwise_pixel(row, pixel);
        return;
    }
    int32_t begin = martlet_minimum(martlet_divide_up(depthwise->pad_left, stride), pixels);
    int32_t last = row->segment->input_width - 3 + depthwise->pad_left;
    int32_t end = last < 0 ? 0 : martlet_minimum(last / stride + 1, pixels);
    if (end < begin) begin = end = pixels;
    for (int32_t pixel = 0; pixel < begin; pixel++) depthwise_border(row, pixel);
    depthwise_three(row, begin, end);
    for (int32_t pixel = end; pixel < pixels; pixel++) depthwise_border(row, pixel);
}

static void depthwise(
    const martlet_depthwise *depthwise, const martlet_depthwise_segment *segment, int32_t channels) {
    int32_t block_bytes = martlet_depthwise_quads(depthwise->kernel_height, depthwise->kernel_width) * 64;
    depthwise_row row;
    row.depthwise = depthwise;
    row.segment = segment;
    for (int32_t output_row = 0; output_row < segment->output_rows; output_row++) {
        row.rows = segment->rows + output_row * depthwise->stride_height;
        for (int32_t channel = 0; channel < channels; channel++) {
            const martlet_channel_block *constants = depthwise->channels + channel / 16;
            row.channel = channel;
            row.weights = depthwise->weights + channel / 16 * block_bytes + channel % 16 * 4;
            row.bias = constants->bias[channel % 16];
            row.factor = constants->factor[channel % 16];
            row.output = segment->outputs[output_row] + channel;
            depthwise_channel(&row);
        }
    }
}

#endif
