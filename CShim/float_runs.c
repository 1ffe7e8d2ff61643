// Float convolutions without patches: a kernel row is one run of KW·IC floats.
#include "float_runs.h"

enum {
    most_taps = 384,
    /// Floats of a frame: half of the second cache.
    frame_count = 64 * 1024,
};

int32_t martlet_float_reads_runs(const martlet_float_convolution *convolution) {
    int64_t taps = (int64_t)convolution->kernel_height * convolution->kernel_width * convolution->input_channels;
    return convolution->groups == 1 && convolution->dilation_width == 1 && taps <= most_taps;
}

/// Input rows from the first to the last that `rows` output rows touch.
static int32_t rows_touched(const martlet_float_convolution *convolution, int32_t rows) {
    return (rows - 1) * convolution->stride_height + (convolution->kernel_height - 1) * convolution->dilation_height + 1;
}

float_frame martlet_float_frame(const martlet_float_convolution *convolution) {
    float_frame frame;
    int32_t rows = rows_touched(convolution, convolution->output_height);
    frame.columns = (convolution->output_width - 1) * convolution->stride_width + convolution->kernel_width;
    int64_t row_count = (int64_t)frame.columns * convolution->input_channels;
    int64_t fitting = frame_count / row_count - rows_touched(convolution, 1);
    fitting = fitting < 0 ? 1 : fitting / convolution->stride_height + 1;
    frame.chunk_rows = fitting < convolution->output_height ? (int32_t)fitting : convolution->output_height;
    int32_t is_padded = convolution->pad_top > 0 || convolution->pad_left > 0
        || rows - convolution->pad_top > convolution->input_height
        || frame.columns - convolution->pad_left > convolution->input_width;
    frame.scratch_count = is_padded ? (ptrdiff_t)(rows_touched(convolution, frame.chunk_rows) * row_count) : 0;
    return frame;
}

/// Copies the input rows of output rows [first_row, end_row), zeros being the padding.
static void fill_frame(
    const martlet_float_convolution *convolution, const float_frame *frame, const float *input, int32_t first_row,
    int32_t end_row, float *into) {
    ptrdiff_t channels = convolution->input_channels, row_count = frame->columns * channels;
    int32_t inside = frame->columns - convolution->pad_left;
    if (inside > convolution->input_width) inside = convolution->input_width;
    if (inside < 0) inside = 0;
    ptrdiff_t before = convolution->pad_left < frame->columns ? convolution->pad_left * channels : row_count;
    ptrdiff_t count = inside * channels, after = row_count - before - count;
    int32_t y = first_row * convolution->stride_height - convolution->pad_top;
    for (int32_t rows = rows_touched(convolution, end_row - first_row); rows > 0; rows--, y++, into += row_count) {
        if (y < 0 || y >= convolution->input_height) {
            __builtin_memset(into, 0, (size_t)row_count * sizeof(float));
            continue;
        }
        __builtin_memset(into, 0, (size_t)before * sizeof(float));
        __builtin_memcpy(into + before, input + y * convolution->input_width * channels, (size_t)count * sizeof(float));
        __builtin_memset(into + before + count, 0, (size_t)after * sizeof(float));
    }
}

/// One panel of weights over output rows [row, end_row), of which pixels [first, end) counted over the image are wanted.
/// `image`: the input of `row`; `tile` with all that does not change.
static void convolve_rows(
    const martlet_float_kernels *kernels, const martlet_float_convolution *convolution, martlet_float_tile tile,
    const float *image, ptrdiff_t row_pitch, const float *residual, float *output, int32_t row, int32_t end_row,
    int32_t first, int32_t end) {
    tile.tap_row = convolution->dilation_height * row_pitch;
    for (; row < end_row; row++, image += convolution->stride_height * row_pitch) {
        int32_t begin = row * convolution->output_width, last = begin + convolution->output_width;
        int32_t from = first > begin ? first : begin, to = end < last ? end : last;
        ptrdiff_t place = (ptrdiff_t)from * convolution->output_channels;
        martlet_float_panel(
            kernels, tile, image + (from - begin) * tile.a_stride, output + place,
            residual ? residual + place : NULL, to - from);
    }
}

void martlet_float_convolve_runs(
    const martlet_float_kernels *kernels, const martlet_float_convolution *convolution, const float *input,
    const float *residual, float *output, int32_t first, int32_t end, int32_t first_block, int32_t end_block,
    float *scratch) {
    float_frame frame = martlet_float_frame(convolution);
    int32_t is_copied = frame.scratch_count > 0;
    ptrdiff_t channels = convolution->input_channels;
    ptrdiff_t row_pitch = (is_copied ? frame.columns : convolution->input_width) * channels;
    ptrdiff_t taps = convolution->kernel_height * convolution->kernel_width * channels;
    int32_t outputs = convolution->output_channels, panel = 16 * kernels->tile_blocks;
    int32_t end_column = end_block * 16 < outputs ? end_block * 16 : outputs;
    int32_t end_row = (end - 1) / convolution->output_width + 1, next;
    for (int32_t row = first / convolution->output_width; row < end_row; row = next) {
        next = end_row - row < frame.chunk_rows ? end_row : row + frame.chunk_rows;
        const float *image = input + row * convolution->stride_height * row_pitch;
        if (is_copied) fill_frame(convolution, &frame, input, row, next, scratch);
        for (int32_t column = first_block * 16; column < end_column; column += panel) {
            martlet_float_tile tile = {
                .a_stride = convolution->stride_width * channels, .c_stride = outputs,
                .initial_stride = outputs, .depth = (int32_t)(convolution->kernel_width * channels),
                .tap_rows = convolution->kernel_height, .tap_columns = 1, .low = convolution->low, .high = convolution->high};
            tile.columns = end_column - column < panel ? end_column - column : panel;
            tile.b = convolution->weights + column * taps;
            tile.b_stride = taps * 16;
            tile.bias = convolution->bias + column;
            convolve_rows(
                kernels, convolution, tile, is_copied ? scratch : image, row_pitch,
                residual ? residual + column : NULL, output + column, row, next, first, end);
        }
    }
}
