// Addition, multiplication, table look-up and copies over rows.
#include "kernels.h"

enum { expanded_bytes = 256 };

/// Pixel (row, column) of an operand that may be broadcast over space.
static const uint8_t *operand_pixel(const martlet_rows *operand, int32_t row, int32_t column) {
    const uint8_t *first = martlet_row(operand, operand->height == 1 ? 0 : row);
    return first + (operand->width == 1 ? 0 : column) * operand->pixel_pitch_bytes;
}

static int32_t rows_are_dense(const martlet_rows *rows) { return rows->pixel_pitch_bytes == rows->channels; }

/// Addition or multiplication of `count` bytes.
typedef struct binary_operation {
    const martlet_kernels *kernels;
    const martlet_addition *addition;  // or NULL
    const martlet_multiplication *multiplication;  // or NULL
    const martlet_fixed_addition *fixed_addition;
} binary_operation;

static void apply(
    const binary_operation *operation, uint8_t *output, const uint8_t *a, const uint8_t *b, int32_t count) {
    if (operation->addition != NULL) {
        operation->kernels->add(output, a, b, operation->addition, count);
    } else if (operation->multiplication != NULL) {
        operation->kernels->multiply(output, a, b, operation->multiplication, count);
    } else {
        operation->kernels->add_fixed(output, a, b, operation->fixed_addition, count);
    }
}

/// One pixel; an operand of one channel is spread over a small buffer first.
static void apply_to_pixel(
    const binary_operation *operation, uint8_t *output, const uint8_t *a, const uint8_t *b, int32_t spread_a,
    int32_t spread_b, int32_t channels) {
    if (!spread_a && !spread_b) {
        apply(operation, output, a, b, channels);
        return;
    }
    uint8_t expanded_a[expanded_bytes], expanded_b[expanded_bytes];
    int32_t most = martlet_minimum(channels, expanded_bytes);
    if (spread_a) __builtin_memset(expanded_a, a[0], (size_t)most);
    if (spread_b) __builtin_memset(expanded_b, b[0], (size_t)most);
    for (int32_t channel = 0; channel < channels; channel += expanded_bytes) {
        int32_t count = martlet_minimum(channels - channel, expanded_bytes);
        apply(
            operation, output + channel, spread_a ? expanded_a : a + channel, spread_b ? expanded_b : b + channel,
            count);
    }
}

static void apply_to_rows(
    const binary_operation *operation, const martlet_rows *a, const martlet_rows *b, const martlet_rows *output,
    int32_t first_row, int32_t end_row) {
    int32_t width = output->width, channels = output->channels;
    int32_t whole_rows = a->width == width && b->width == width && a->channels == channels && b->channels == channels
        && rows_are_dense(a) && rows_are_dense(b) && rows_are_dense(output);
    int32_t spread_a = a->channels == 1 && channels > 1, spread_b = b->channels == 1 && channels > 1;
    for (int32_t row = first_row; row < end_row; row++) {
        uint8_t *to = martlet_row(output, row);
        if (whole_rows) {
            apply(operation, to, operand_pixel(a, row, 0), operand_pixel(b, row, 0), width * channels);
            continue;
        }
        for (int32_t column = 0; column < width; column++, to += output->pixel_pitch_bytes) {
            apply_to_pixel(
                operation, to, operand_pixel(a, row, column), operand_pixel(b, row, column), spread_a, spread_b,
                channels);
        }
    }
}

void martlet_add_rows(
    const martlet_kernels *kernels, const martlet_addition *rule, const martlet_rows *a, const martlet_rows *b,
    const martlet_rows *output, int32_t first_row, int32_t end_row) {
    binary_operation operation = {kernels, rule, NULL, NULL};
    apply_to_rows(&operation, a, b, output, first_row, end_row);
}

void martlet_add_fixed_rows(
    const martlet_kernels *kernels, const martlet_fixed_addition *rule, const martlet_rows *a, const martlet_rows *b,
    const martlet_rows *output, int32_t first_row, int32_t end_row) {
    binary_operation operation = {kernels, NULL, NULL, rule};
    apply_to_rows(&operation, a, b, output, first_row, end_row);
}

void martlet_multiply_rows(
    const martlet_kernels *kernels, const martlet_multiplication *rule, const martlet_rows *a, const martlet_rows *b,
    const martlet_rows *output, int32_t first_row, int32_t end_row) {
    binary_operation operation = {kernels, NULL, rule, NULL};
    apply_to_rows(&operation, a, b, output, first_row, end_row);
}

void martlet_divide_rows(
    const martlet_division *rule, const martlet_rows *a, const martlet_rows *b, const martlet_rows *output,
    int32_t first_row, int32_t end_row) {
    int32_t step_a = a->channels > 1, step_b = b->channels > 1;
    for (int32_t row = first_row; row < end_row; row++) {
        uint8_t *to = martlet_row(output, row);
        for (int32_t column = 0; column < output->width; column++, to += output->pixel_pitch_bytes) {
            const uint8_t *left = operand_pixel(a, row, column), *right = operand_pixel(b, row, column);
            for (int32_t channel = 0; channel < output->channels; channel++) {
                float dividend = (float)(left[channel * step_a] - rule->zero_point_a);
                to[channel] = martlet_store(dividend * rule->factors[right[channel * step_b]], rule->output);
            }
        }
    }
}

void martlet_look_up_rows(
    const martlet_kernels *kernels, const uint8_t *table, const martlet_rows *input, const martlet_rows *output,
    int32_t first_row, int32_t end_row) {
    int32_t channels = output->channels;
    int32_t dense = rows_are_dense(input) && rows_are_dense(output);
    int32_t pieces = dense ? 1 : output->width, count = dense ? output->width * channels : channels;
    for (int32_t row = first_row; row < end_row; row++) {
        const uint8_t *from = martlet_row(input, row);
        uint8_t *to = martlet_row(output, row);
        for (int32_t piece = 0; piece < pieces; piece++) {
            kernels->look_up(to, from, table, count);
            from += input->pixel_pitch_bytes;
            to += output->pixel_pitch_bytes;
        }
    }
}

/// Indices i in [0, count) for which i · step + begin lies in [0, extent).
typedef struct window_range {
    int32_t begin, end;
} window_range;

static window_range indices_inside(int32_t begin, int32_t step, int32_t extent, int32_t count) {
    window_range range = {0, 0};
    if (step == 0) {
        if (begin >= 0 && begin < extent) range.end = count;
        return range;
    }
    // Rounded up without a sum: where a single element is taken, the step may be any.
    if (begin < 0) range.begin = martlet_minimum((-begin - 1) / step + 1, count);
    if (begin < extent) range.end = martlet_minimum((extent - begin - 1) / step + 1, count);
    if (range.end < range.begin) range.end = range.begin;
    return range;
}

/// `count` channels `step` apart, through the table.
static void copy_channels(
    const martlet_kernels *kernels, const martlet_window *window, uint8_t *to, const uint8_t *from, int32_t count) {
    if (window->step_c != 1) {
        const uint8_t *table = window->table;
        for (int32_t i = 0; i < count; i++, from += window->step_c) to[i] = table != NULL ? table[*from] : *from;
    } else if (window->table != NULL) {
        kernels->look_up(to, from, window->table, count);
    } else {
        __builtin_memcpy(to, from, (size_t)count);
    }
}

/// One row of the window whose input row is `from`.
static void copy_row(
    const martlet_kernels *kernels, const martlet_window *window, const uint8_t *from, const martlet_rows *input,
    const martlet_rows *output, uint8_t *to) {
    window_range columns = indices_inside(window->begin_x, window->step_x, input->width, output->width);
    window_range channels = indices_inside(window->begin_c, window->step_c, input->channels, window->count);
    int32_t copied = channels.end - channels.begin;
    int32_t whole = window->step_x == 1 && window->step_c == 1 && rows_are_dense(input) && rows_are_dense(output)
        && copied == output->channels && copied == input->channels;
    for (int32_t column = 0; column < output->width; column++) {
        uint8_t *pixel = to + column * output->pixel_pitch_bytes + window->output_channel;
        if (column < columns.begin || column >= columns.end) {
            __builtin_memset(pixel, window->fill, (size_t)window->count);
            continue;
        }
        const uint8_t *source = from + (column * window->step_x + window->begin_x) * input->pixel_pitch_bytes
            + (channels.begin * window->step_c + window->begin_c);
        if (whole) {
            copy_channels(kernels, window, pixel, source, (columns.end - column) * copied);
            column = columns.end - 1;
            continue;
        }
        __builtin_memset(pixel, window->fill, (size_t)channels.begin);
        copy_channels(kernels, window, pixel + channels.begin, source, copied);
        __builtin_memset(pixel + channels.end, window->fill, (size_t)(window->count - channels.end));
    }
}

void martlet_copy_rows(
    const martlet_kernels *kernels, const martlet_window *window, const martlet_rows *input,
    const martlet_rows *output, int32_t first_row, int32_t end_row) {
    for (int32_t row = first_row; row < end_row; row++) {
        int32_t y = row * window->step_y + window->begin_y;
        uint8_t *to = martlet_row(output, row);
        if (y >= 0 && y < input->height) {
            copy_row(kernels, window, martlet_row(input, y), input, output, to);
            continue;
        }
        for (int32_t column = 0; column < output->width; column++) {
            uint8_t *pixel = to + column * output->pixel_pitch_bytes + window->output_channel;
            __builtin_memset(pixel, window->fill, (size_t)window->count);
        }
    }
}
