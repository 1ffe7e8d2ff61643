// Elementwise operators, pooling and copies of int16 tensors over rows.
#include "kernels.h"

/// Value (row, column, channel) of an operand that may be broadcast.
static int16_t operand_value(const martlet_rows *operand, int32_t row, int32_t column, int32_t channel) {
    const uint8_t *from = martlet_row(operand, operand->height == 1 ? 0 : row)
        + (operand->width == 1 ? 0 : column) * operand->pixel_pitch_bytes;
    return ((const int16_t *)(const void *)from)[operand->channels == 1 ? 0 : channel];
}

static int16_t *pixel_of(const martlet_rows *rows, int32_t row, int32_t column) {
    return (int16_t *)(void *)(martlet_row(rows, row) + column * rows->pixel_pitch_bytes);
}

void martlet_int16_add_rows(
    const martlet_int16_addition *rule, const martlet_rows *a, const martlet_rows *b, const martlet_rows *output,
    int32_t first_row, int32_t end_row) {
    int64_t half = (int64_t)1 << (rule->shift - 1);
    for (int32_t row = first_row; row < end_row; row++) {
        for (int32_t column = 0; column < output->width; column++) {
            int16_t *to = pixel_of(output, row, column);
            for (int32_t channel = 0; channel < output->channels; channel++) {
                int64_t sum = (int64_t)operand_value(a, row, column, channel) * rule->multiplier_a
                    + (int64_t)operand_value(b, row, column, channel) * rule->multiplier_b;
                to[channel] = martlet_clamp64((sum + half) >> rule->shift, rule->low, rule->high);
            }
        }
    }
}

void martlet_int16_multiply_rows(
    const martlet_int16_multiplication *rule, const martlet_rows *a, const martlet_rows *b, const martlet_rows *output,
    int32_t first_row, int32_t end_row) {
    for (int32_t row = first_row; row < end_row; row++) {
        for (int32_t column = 0; column < output->width; column++) {
            int16_t *to = pixel_of(output, row, column);
            for (int32_t channel = 0; channel < output->channels; channel++) {
                int32_t product = operand_value(a, row, column, channel) * operand_value(b, row, column, channel);
                to[channel] = martlet_clamp64(martlet_scale(product, rule->factor), rule->low, rule->high);
            }
        }
    }
}

void martlet_requantize_rows(
    const martlet_requantization *rule, const martlet_rows *input, const martlet_rows *output, int32_t first_row,
    int32_t end_row) {
    int64_t highest = rule->output_bytes == 1 ? 127 : rule->output_bytes == 2 ? 32767 : INT32_MAX;
    for (int32_t row = first_row; row < end_row; row++) {
        for (int32_t column = 0; column < output->width; column++) {
            const uint8_t *from = martlet_row(input, row) + column * input->pixel_pitch_bytes;
            uint8_t *to = martlet_row(output, row) + column * output->pixel_pitch_bytes;
            for (int32_t channel = 0; channel < output->channels; channel++) {
                int32_t value = rule->input_bytes == 1 ? from[channel] - 128 : martlet_load_int16(from + 2 * channel);
                int64_t scaled = martlet_scale(value - rule->input_zero_point, rule->factor) + rule->output_zero_point;
                if (scaled > highest) scaled = highest;
                if (scaled < -highest - 1) scaled = -highest - 1;
                if (rule->output_bytes == 1) {
                    to[channel] = (uint8_t)(scaled + 128);
                } else if (rule->output_bytes == 2) {
                    martlet_store_int16(to + 2 * channel, (int16_t)scaled);
                } else {
                    int32_t wide = (int32_t)scaled;
                    __builtin_memcpy(to + 4 * channel, &wide, 4);
                }
            }
        }
    }
}

/// Taps [begin, end) of a window from `start` on that lie in [0, extent).
typedef struct tap_range {
    int32_t begin, end;
} tap_range;

static tap_range taps_inside(int32_t start, int32_t kernel, int32_t dilation, int32_t extent) {
    tap_range range;
    range.begin = start >= 0 ? 0 : martlet_minimum(martlet_divide_up(-start, dilation), kernel);
    range.end = start >= extent ? 0 : martlet_minimum(martlet_divide_up(extent - start, dilation), kernel);
    if (range.end < range.begin) range.end = range.begin;
    return range;
}

void martlet_int16_maximum_pool_rows(
    const martlet_pooling *pooling, const martlet_rows *input, const martlet_rows *output, int32_t first_row,
    int32_t end_row) {
    for (int32_t row = first_row; row < end_row; row++) {
        int32_t y = row * pooling->stride_height - pooling->pad_top;
        tap_range rows = taps_inside(y, pooling->kernel_height, pooling->dilation_height, input->height);
        for (int32_t column = 0; column < output->width; column++) {
            int32_t x = column * pooling->stride_width - pooling->pad_left;
            tap_range columns = taps_inside(x, pooling->kernel_width, pooling->dilation_width, input->width);
            int16_t *to = pixel_of(output, row, column);
            for (int32_t channel = 0; channel < output->channels; channel++) to[channel] = INT16_MIN;
            for (int32_t i = rows.begin; i < rows.end; i++) {
                for (int32_t j = columns.begin; j < columns.end; j++) {
                    const int16_t *from =
                        pixel_of(input, y + i * pooling->dilation_height, x + j * pooling->dilation_width);
                    for (int32_t channel = 0; channel < output->channels; channel++) {
                        if (from[channel] > to[channel]) to[channel] = from[channel];
                    }
                }
            }
        }
    }
}

/// Taps that an average divides by.
static int32_t counted_taps(const martlet_pooling *pooling, int32_t y, int32_t x, tap_range rows, tap_range columns,
                            const martlet_rows *input) {
    if (pooling->count_padding) {
        rows = taps_inside(y + pooling->pad_top, pooling->kernel_height, pooling->dilation_height,
                           input->height + pooling->pad_top + pooling->pad_bottom);
        columns = taps_inside(x + pooling->pad_left, pooling->kernel_width, pooling->dilation_width,
                              input->width + pooling->pad_left + pooling->pad_right);
    }
    return martlet_maximum((rows.end - rows.begin) * (columns.end - columns.begin), 1);
}

/// sum ÷ count, rounded half away from 0; |sum| ≤ count · 2¹⁵ and count ≤ 2²². Division by subtraction: 32-bit
/// processors
/// have no 64-bit division without a library.
static int32_t mean(int64_t sum, int32_t count) {
    uint64_t rest = (uint64_t)(sum < 0 ? -sum : sum) + (uint32_t)count / 2;
    uint64_t divisor = (uint64_t)(uint32_t)count << 16;
    int32_t quotient = 0;
    for (int32_t bit = 0; bit < 17; bit++, divisor >>= 1) {
        quotient <<= 1;
        if (rest >= divisor) {
            rest -= divisor;
            quotient |= 1;
        }
    }
    return sum < 0 ? -quotient : quotient;
}

void martlet_int16_average_pool_rows(
    const martlet_pooling *pooling, const martlet_rows *input, const martlet_rows *output, int32_t first_row,
    int32_t end_row) {
    for (int32_t row = first_row; row < end_row; row++) {
        int32_t y = row * pooling->stride_height - pooling->pad_top;
        tap_range rows = taps_inside(y, pooling->kernel_height, pooling->dilation_height, input->height);
        for (int32_t column = 0; column < output->width; column++) {
            int32_t x = column * pooling->stride_width - pooling->pad_left;
            tap_range columns = taps_inside(x, pooling->kernel_width, pooling->dilation_width, input->width);
            int32_t count = counted_taps(pooling, y, x, rows, columns, input);
            int16_t *to = pixel_of(output, row, column);
            for (int32_t channel = 0; channel < output->channels; channel++) {
                int64_t sum = 0;
                for (int32_t i = rows.begin; i < rows.end; i++) {
                    for (int32_t j = columns.begin; j < columns.end; j++) {
                        sum += pixel_of(
                            input, y + i * pooling->dilation_height, x + j * pooling->dilation_width)[channel];
                    }
                }
                to[channel] = martlet_clamp64(mean(sum, count), pooling->output.low, pooling->output.high);
            }
        }
    }
}

void martlet_copy_wide_rows(
    int32_t element_bytes, const martlet_window *window, const martlet_rows *input, const martlet_rows *output,
    int32_t first_row, int32_t end_row) {
    size_t bytes = (size_t)element_bytes;
    for (int32_t row = first_row; row < end_row; row++) {
        int32_t y = row * window->step_y + window->begin_y;
        int32_t row_inside = y >= 0 && y < input->height;
        for (int32_t column = 0; column < output->width; column++) {
            int32_t x = column * window->step_x + window->begin_x;
            int32_t inside = row_inside && x >= 0 && x < input->width;
            const uint8_t *from = inside ? martlet_row(input, y) + x * input->pixel_pitch_bytes : NULL;
            uint8_t *to = martlet_row(output, row) + column * output->pixel_pitch_bytes;
            to += (size_t)window->output_channel * bytes;
            for (int32_t i = 0; i < window->count; i++, to += bytes) {
                int32_t channel = i * window->step_c + window->begin_c;
                int32_t has = inside && channel >= 0 && channel < input->channels;
                __builtin_memcpy(to, has ? (const void *)(from + (size_t)channel * bytes) : &window->fill, bytes);
            }
        }
    }
}

static ptrdiff_t axis_pitch_bytes(const martlet_rows *tensor, int32_t axis, int32_t element_bytes) {
    return axis == 0 ? tensor->row_pitch_bytes : axis == 1 ? tensor->pixel_pitch_bytes : element_bytes;
}

void martlet_transpose_wide_rows(
    int32_t element_bytes, int32_t rows, int32_t pixels, int32_t channels, const martlet_rows *input,
    const martlet_rows *output, int32_t first_row, int32_t end_row) {
    ptrdiff_t row_step = axis_pitch_bytes(input, rows, element_bytes);
    ptrdiff_t pixel_step = axis_pitch_bytes(input, pixels, element_bytes);
    ptrdiff_t channel_step = axis_pitch_bytes(input, channels, element_bytes);
    for (int32_t row = first_row; row < end_row; row++) {
        for (int32_t pixel = 0; pixel < output->width; pixel++) {
            const uint8_t *from = input->base + row * row_step + pixel * pixel_step;
            uint8_t *to = martlet_row(output, row) + pixel * output->pixel_pitch_bytes;
            for (int32_t channel = 0; channel < output->channels; channel++, to += element_bytes) {
                __builtin_memcpy(to, from + channel * channel_step, (size_t)element_bytes);
            }
        }
    }
}
