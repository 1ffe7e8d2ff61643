// Depthwise convolution over rows: gathers pointers to the input rows of one or two output rows and hands them to a
// family, which knows itself what lies left and right of the image. A row of padding in scratch stands in for the rows
// above and below.
#include "kernels.h"

enum { stack_rows = 32 };

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

static size_t padding_bytes(
    const martlet_depthwise *depthwise, const martlet_rows *input, const martlet_rows *output) {
    if (!needs_padding_row(depthwise, input, output)) return 0;
    return martlet_align((size_t)input->width * (size_t)input->pixel_pitch_bytes);
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

void martlet_depthwise_rows(
    const martlet_kernels *kernels, const martlet_depthwise *depthwise, const martlet_rows *input,
    const martlet_rows *output, int32_t first_row, int32_t end_row, uint8_t *scratch) {
    const uint8_t *stack_pointers[stack_rows];
    size_t pointers = pointer_bytes(depthwise), padded = padding_bytes(depthwise, input, output);
    const uint8_t **rows = pointers > 0 ? (const uint8_t **)(void *)scratch : stack_pointers;
    uint8_t *padding = scratch + pointers;
    int32_t reach = (depthwise->kernel_height - 1) * depthwise->dilation_height;
    int32_t last = (end_row - 1) * depthwise->stride_height - depthwise->pad_top + reach;
    int32_t touches_padding = first_row * depthwise->stride_height < depthwise->pad_top || last >= input->height;
    if (padded > 0 && touches_padding) __builtin_memset(padding, depthwise->input_zero_point, padded);

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
        for (int32_t i = 0; i < needed; i++, y += depthwise->dilation_height) {
            rows[i] = y >= 0 && y < input->height ? martlet_row(input, y) : padding;
        }
        segment.outputs[0] = martlet_row(output, row);
        segment.outputs[1] = martlet_row(output, row + segment.output_rows - 1);
        kernels->depthwise(depthwise, &segment, output->channels);
    }
}
