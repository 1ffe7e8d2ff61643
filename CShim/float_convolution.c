// Float convolutions: patches of some output pixels, then the matrix product; depthwise taps directly.
#include "float_runs.h"

/// The taps of one output place along one axis that lie inside the image.
typedef struct inside {
    int32_t start, first, end;
} inside;

static inside taps_inside(
    int32_t output, int32_t stride, int32_t dilation, int32_t padding, int32_t kernel, int32_t input) {
    inside taps = {output * stride - padding, 0, kernel};
    if (taps.start < 0) taps.first = (dilation - 1 - taps.start) / dilation;
    if (taps.start >= input) taps.end = 0;
    else if ((input - 1 - taps.start) / dilation + 1 < kernel) taps.end = (input - 1 - taps.start) / dilation + 1;
    if (taps.first > taps.end) taps.first = taps.end;
    return taps;
}

static int32_t reads_in_place(const martlet_float_convolution *convolution) {
    return convolution->kernel_height == 1 && convolution->kernel_width == 1 && convolution->stride_height == 1
        && convolution->stride_width == 1 && convolution->pad_top == 0 && convolution->pad_left == 0
        && convolution->output_height == convolution->input_height
        && convolution->output_width == convolution->input_width;
}

/// Output pixels whose patches are gathered at once: about 128 KiB, a multiple of what a tile likes.
static int32_t patch_pixels(const martlet_float_convolution *convolution) {
    int64_t depth = (int64_t)convolution->kernel_height * convolution->kernel_width
        * (convolution->input_channels / convolution->groups);
    int64_t pixels = 32768 / depth / 28 * 28;
    return pixels < 28 ? 28 : pixels > 1024 ? 1024 : (int32_t)pixels;
}

size_t martlet_float_convolution_scratch_count(const martlet_float_convolution *convolution) {
    if (reads_in_place(convolution)) return 0;
    if (martlet_float_reads_runs(convolution)) return (size_t)martlet_float_frame(convolution).scratch_count;
    return (size_t)patch_pixels(convolution) * (size_t)convolution->kernel_height * (size_t)convolution->kernel_width
        * (size_t)(convolution->input_channels / convolution->groups);
}

/// One kernel row of a patch: `kernel_width` taps of `depth` channels.
static void gather_row(
    const martlet_float_convolution *convolution, const float *row, inside columns, int32_t depth, float *patch) {
    size_t bytes = (size_t)depth * sizeof(float);
    ptrdiff_t channels = convolution->input_channels;
    __builtin_memset(patch, 0, (size_t)columns.first * bytes);
    const float *from = row + (columns.start + columns.first * convolution->dilation_width) * channels;
    float *into = patch + (ptrdiff_t)columns.first * depth;
    int32_t taps = columns.end - columns.first;
    if (depth == channels && convolution->dilation_width == 1) {
        __builtin_memcpy(into, from, (size_t)taps * bytes);
    } else {
        for (int32_t tap = 0; tap < taps; tap++) {
            __builtin_memcpy(into + (ptrdiff_t)tap * depth, from, bytes);
            from += convolution->dilation_width * channels;
        }
    }
    int32_t after = convolution->kernel_width - columns.end;
    __builtin_memset(patch + (ptrdiff_t)columns.end * depth, 0, (size_t)after * bytes);
}

/// The patch of one output pixel: KH × KW × depth channels from `first_channel` on.
static void gather_patch(
    const martlet_float_convolution *convolution, const float *input, int32_t pixel, int32_t first_channel,
    int32_t depth, float *patch) {
    inside rows = taps_inside(
        pixel / convolution->output_width, convolution->stride_height, convolution->dilation_height,
        convolution->pad_top, convolution->kernel_height, convolution->input_height);
    inside columns = taps_inside(
        pixel % convolution->output_width, convolution->stride_width, convolution->dilation_width,
        convolution->pad_left, convolution->kernel_width, convolution->input_width);
    ptrdiff_t row_count = (ptrdiff_t)convolution->kernel_width * depth;
    for (int32_t row = 0; row < convolution->kernel_height; row++) {
        if (row < rows.first || row >= rows.end) {
            __builtin_memset(patch, 0, (size_t)row_count * sizeof(float));
        } else {
            ptrdiff_t y = rows.start + row * convolution->dilation_height;
            const float *line = input + y * convolution->input_width * convolution->input_channels + first_channel;
            gather_row(convolution, line, columns, depth, patch);
        }
        patch += row_count;
    }
}

/// What does not change from one chunk of pixels to the next.
typedef struct group_plan {
    int32_t depth, taps, outputs, first_column, columns;
} group_plan;

/// Pixels [first, first + count) of every group, A being their patches (or the input itself).
static void chunk(
    const martlet_float_kernels *kernels, const martlet_float_convolution *convolution, const group_plan *plan,
    const float *input, const float *residual, float *output, int32_t first, int32_t count, float *scratch) {
    ptrdiff_t packed = (ptrdiff_t)martlet_float_packed_b_count(plan->outputs, plan->taps);
    for (int32_t group = 0; group < convolution->groups; group++) {
        const float *a = input + (ptrdiff_t)first * convolution->input_channels + (ptrdiff_t)group * plan->depth;
        ptrdiff_t a_stride = convolution->input_channels;
        if (scratch) {
            for (int32_t pixel = 0; pixel < count; pixel++) {
                gather_patch(
                    convolution, input, first + pixel, group * plan->depth, plan->depth,
                    scratch + (ptrdiff_t)pixel * plan->taps);
            }
            a = scratch;
            a_stride = plan->taps;
        }
        ptrdiff_t column = (ptrdiff_t)group * plan->outputs + plan->first_column;
        ptrdiff_t place = (ptrdiff_t)first * convolution->output_channels + column;
        martlet_float_ending ending = {
            residual ? residual + place : NULL, convolution->output_channels, convolution->bias + column,
            convolution->low, convolution->high};
        martlet_float_gemm(
            kernels, a, a_stride,
            convolution->weights + group * packed + (ptrdiff_t)plan->first_column * plan->taps, output + place,
            convolution->output_channels, count, plan->columns, plan->taps, &ending);
    }
}

void martlet_float_convolution_pixels(
    const martlet_float_kernels *kernels, const martlet_float_convolution *convolution, const float *input,
    const float *residual, float *output, int32_t first, int32_t end, int32_t first_block, int32_t end_block,
    float *scratch) {
    int32_t direct = reads_in_place(convolution);
    if (first >= end || first_block >= end_block) return;
    if (!direct && martlet_float_reads_runs(convolution)) {
        martlet_float_convolve_runs(
            kernels, convolution, input, residual, output, first, end, first_block, end_block, scratch);
        return;
    }
    group_plan plan;
    plan.depth = convolution->input_channels / convolution->groups;
    plan.taps = convolution->kernel_height * convolution->kernel_width * plan.depth;
    plan.outputs = convolution->output_channels / convolution->groups;
    plan.first_column = first_block * 16;
    plan.columns = (end_block * 16 < plan.outputs ? end_block * 16 : plan.outputs) - plan.first_column;
    int32_t step = direct ? end - first : patch_pixels(convolution);
    for (int32_t pixel = first; pixel < end; pixel += step) {
        int32_t count = end - pixel < step ? end - pixel : step;
        chunk(
            kernels, convolution, &plan, input, residual, output, pixel, count, direct ? NULL : scratch);
    }
}

static inside taps_at(const martlet_float_convolution *convolution, int32_t column) {
    return taps_inside(
        column, convolution->stride_width, convolution->dilation_width, convolution->pad_left,
        convolution->kernel_width, convolution->input_width);
}

/// Output pixels from column `x` on whose columns of taps all lie inside the image, as those of `x` do.
static int32_t pixels_inside(const martlet_float_convolution *convolution, int32_t x) {
    int32_t reach = (convolution->kernel_width - 1) * convolution->dilation_width;
    int32_t end = (convolution->input_width - 1 - reach + convolution->pad_left) / convolution->stride_width + 1;
    return (end < convolution->output_width ? end : convolution->output_width) - x;
}

void martlet_float_depthwise_rows(
    const martlet_float_kernels *kernels, const martlet_float_convolution *convolution, const float *input,
    float *output, int32_t first_row, int32_t end_row) {
    ptrdiff_t channels = convolution->input_channels;
    martlet_float_taps taps = {.bias = convolution->bias, .channels = convolution->input_channels};
    taps.input_row = convolution->dilation_height * convolution->input_width * channels;
    taps.input_column = convolution->dilation_width * channels;
    taps.weights_row = convolution->kernel_width * channels;
    taps.weights_column = channels;
    taps.low = convolution->low;
    taps.high = convolution->high;
    taps.pixel_step = convolution->stride_width * channels;
    for (int32_t y = first_row; y < end_row; y++) {
        inside rows = taps_inside(
            y, convolution->stride_height, convolution->dilation_height, convolution->pad_top,
            convolution->kernel_height, convolution->input_height);
        ptrdiff_t input_y = rows.start + rows.first * convolution->dilation_height;
        taps.rows = rows.end - rows.first;
        for (int32_t x = 0; x < convolution->output_width; x += taps.pixels) {
            inside columns = taps_at(convolution, x);
            ptrdiff_t input_x = columns.start + columns.first * convolution->dilation_width;
            taps.columns = columns.end - columns.first;
            taps.pixels = taps.columns == convolution->kernel_width ? pixels_inside(convolution, x) : 1;
            taps.input = input + (input_y * convolution->input_width + input_x) * channels;
            taps.weights = convolution->weights + rows.first * taps.weights_row + columns.first * taps.weights_column;
            taps.output = output + ((ptrdiff_t)y * convolution->output_width + x) * channels;
            kernels->depthwise(&taps);
        }
    }
}
