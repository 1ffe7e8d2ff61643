// Depthwise convolution over rows: gathers pointers to the input rows of one or two output rows and hands them to a
// family, which knows itself what lies left and right of the image. A row of padding in scratch stands in for the rows
// above and below.
#include "kernels.h"

enum {
    stack_rows = 32,
    /// Where rows of padding take part, a call takes about so many bytes of a row, or so many output pixels.
    border_bytes = 1024,
    border_pixels_least = 7,
};

static int32_t needs_padding_row(
    const martlet_depthwise *depthwise, const martlet_rows *input, const martlet_rows *output) {
    int32_t reach = (depthwise->kernel_height - 1) * depthwise->dilation_height;
    int32_t last = (output->height - 1) * depthwise->stride_height - depthwise->pad_top + reach;
    return depthwise->pad_top > 0 || last >= input->height;
}

static size_t pointer_bytes(const martlet_depthwise *depthwise) {
    int32_t rows = depthwise->kernel_height + depthwise->stride_height;
    return rows > stack_rows ? martlet_align((size_t)rows * 8) : 0;
}

/// Output pixels that one call takes where rows of padding take part, so that the padding need not be a whole row.
static int32_t border_pixels(const martlet_depthwise *depthwise, const martlet_rows *input, const martlet_rows *output) {
    ptrdiff_t pixels = border_bytes / (depthwise->stride_width * input->pixel_pitch_bytes);
    return martlet_clamp(pixels > output->width ? output->width : (int32_t)pixels, border_pixels_least, output->width);
}

/// Columns of the row that stands in for rows above and below the image.
static int32_t padding_columns(
    const martlet_depthwise *depthwise, const martlet_rows *input, const martlet_rows *output) {
    int32_t reach = (depthwise->kernel_width - 1) * depthwise->dilation_width;
    int32_t last = (output->width - 1) * depthwise->stride_width - depthwise->pad_left;
    if (last >= input->width) return input->width;
    int32_t columns = (border_pixels(depthwise, input, output) - 1) * depthwise->stride_width + reach + 1;
    return martlet_minimum(columns, input->width);
}

static size_t padding_bytes(
    const martlet_depthwise *depthwise, const martlet_rows *input, const martlet_rows *output) {
    if (!needs_padding_row(depthwise, input, output)) return 0;
    return martlet_align((size_t)padding_columns(depthwise, input, output) * (size_t)input->pixel_pitch_bytes);
}

size_t martlet_depthwise_scratch_bytes(
    const martlet_depthwise *depthwise, const martlet_rows *input, const martlet_rows *output) {
    return pointer_bytes(depthwise) + padding_bytes(depthwise, input, output);
}

void martlet_depthwise_narrow(
    martlet_depthwise *depthwise, martlet_rows *input, martlet_rows *output, int32_t first_block, int32_t end_block) {
    int32_t quads = martlet_depthwise_quads(depthwise->kernel_height, depthwise->kernel_width);
    depthwise->weights += (ptrdiff_t)quads * 64 * first_block;
    depthwise->channels += first_block;
    martlet_rows_narrow(input, first_block, end_block);
    martlet_rows_narrow(output, first_block, end_block);
}

/// The output rows of a segment piece by piece: `padding`, one of the segment's input rows, is shorter than a row.
static void border_rows(
    const martlet_kernels *kernels, const martlet_depthwise *depthwise, const martlet_rows *input,
    const martlet_rows *output, martlet_depthwise_segment segment, const uint8_t **rows, int32_t needed,
    const uint8_t *padding) {
    martlet_depthwise piece = *depthwise;
    int32_t columns = padding_columns(depthwise, input, output), pixels = border_pixels(depthwise, input, output);
    int32_t shifted = 0;
    for (int32_t column = 0; column < output->width; column += pixels) {
        int32_t first = column * depthwise->stride_width - depthwise->pad_left;
        int32_t shift = martlet_clamp(first, 0, input->width);
        for (int32_t i = 0; i < needed; i++) {
            if (rows[i] != padding) rows[i] += (shift - shifted) * input->pixel_pitch_bytes;
        }
        shifted = shift;
        piece.pad_left = shift - first;
        segment.input_width = martlet_minimum(input->width - shift, columns);
        segment.pixels = martlet_minimum(pixels, output->width - column);
        kernels->depthwise(&piece, &segment, output->channels);
        segment.outputs[0] += segment.pixels * output->pixel_pitch_bytes;
        segment.outputs[1] += segment.pixels * output->pixel_pitch_bytes;
    }
}

/// Whether images are one pixel wide and lie whole, as signals over time do.
static int32_t is_one_column(
    const martlet_depthwise *depthwise, const martlet_rows *input, const martlet_rows *output) {
    return depthwise->kernel_width == 1 && depthwise->pad_left == 0 && input->width == 1 && output->width == 1
        && input->rows_held == input->height && output->rows_held == output->height;
}

/// Output rows of such an image that need no padding, as if they were the pixels of one row.
static void walk_column(
    const martlet_kernels *kernels, const martlet_depthwise *depthwise, const martlet_rows *input,
    const martlet_rows *output, int32_t first_row, int32_t end_row, const uint8_t **rows) {
    martlet_depthwise turned = *depthwise;
    turned.stride_width = depthwise->stride_height;
    martlet_depthwise_segment segment;
    segment.rows = rows;
    segment.input_pitch = input->row_pitch_bytes;
    segment.input_width = (end_row - first_row - 1) * turned.stride_width + 1;
    segment.outputs[0] = segment.outputs[1] = martlet_row(output, first_row);
    segment.output_pitch = output->row_pitch_bytes;
    segment.pixels = end_row - first_row;
    segment.output_rows = 1;
    int32_t y = first_row * depthwise->stride_height - depthwise->pad_top;
    for (int32_t i = 0; i < depthwise->kernel_height; i++, y += depthwise->dilation_height) {
        rows[i] = martlet_row(input, y);
    }
    kernels->depthwise(&turned, &segment, output->channels);
}

void martlet_depthwise_rows(
    const martlet_kernels *kernels, const martlet_depthwise *depthwise, const martlet_rows *input,
    const martlet_rows *output, int32_t first_row, int32_t end_row, uint8_t *scratch) {
    const uint8_t *stack_pointers[stack_rows];
    size_t pointers = pointer_bytes(depthwise), padded = padding_bytes(depthwise, input, output);
    const uint8_t **rows = pointers > 0 ? (const uint8_t **)(void *)scratch : stack_pointers;
    uint8_t *padding = scratch + pointers;
    int32_t reach = (depthwise->kernel_height - 1) * depthwise->dilation_height;
    int32_t last = (end_row - 1) * depthwise->stride_height - depthwise->pad_top + reach;
    int32_t needs_padding = first_row * depthwise->stride_height < depthwise->pad_top || last >= input->height;
    if (padded > 0 && needs_padding) __builtin_memset(padding, depthwise->input_zero_point, padded);

    if (walks_for_vectors && is_one_column(depthwise, input, output) && !needs_padding) {
        walk_column(kernels, depthwise, input, output, first_row, end_row, rows);
        return;
    }
    martlet_depthwise_segment segment;
    segment.rows = rows;
    segment.input_pitch = input->pixel_pitch_bytes;
    segment.input_width = input->width;
    segment.output_pitch = output->pixel_pitch_bytes;
    segment.pixels = output->width;
    for (int32_t row = first_row; row < end_row; row += segment.output_rows) {
        segment.output_rows = depthwise->dilation_height == 1 && row + 1 < end_row ? 2 : 1;
        int32_t needed = depthwise->kernel_height + (segment.output_rows - 1) * depthwise->stride_height;
        int32_t y = row * depthwise->stride_height - depthwise->pad_top;
        int32_t touches_padding = 0;
        for (int32_t i = 0; i < needed; i++, y += depthwise->dilation_height) {
            int32_t inside = y >= 0 && y < input->height;
            rows[i] = inside ? martlet_row(input, y) : padding;
            touches_padding |= !inside;
        }
        segment.outputs[0] = martlet_row(output, row);
        segment.outputs[1] = martlet_row(output, row + segment.output_rows - 1);
        if (touches_padding && padding_columns(depthwise, input, output) < input->width) {
            border_rows(kernels, depthwise, input, output, segment, rows, needed, padding);
        } else {
            kernels->depthwise(depthwise, &segment, output->channels);
        }
    }
}
