// How a convolution is cut into chunks of rows, and the scratch that it needs.
#include "convolution_plan.h"

enum {
    chunk_input_bytes = 24 * 1024,
    /// Weights larger than this are not worth reading again for every chunk of rows.
    resident_weight_bytes = 256 * 1024,
    /// Most rows of a chunk when strips are needed: scratch grows with it.
    strip_rows_most = 14,
    /// Fewer output rows are not worth copying input rows for.
    frame_rows_least = 2,
};

/// Input columns of the strip that `pixels` output columns need.
static int32_t columns_touched(const martlet_convolution *convolution, int32_t pixels) {
    if (pixels == 0) return 0;
    int32_t reach = (convolution->kernel_width - 1) * convolution->dilation_width;
    return (pixels - 1) * convolution->stride_width + reach + 1;
}

/// Output columns whose taps all lie inside the image; none when a run would not be contiguous there.
static void plan_columns(
    convolution_plan *plan, const martlet_convolution *convolution, const martlet_rows *input, int32_t width) {
    int32_t reach = (convolution->kernel_width - 1) * convolution->dilation_width;
    int32_t stride = convolution->stride_width, pad = convolution->pad_left;
    int32_t contiguous = input->pixel_pitch_bytes == input->channels || plan->runs_per_row == convolution->kernel_width;
    int32_t begin = martlet_minimum(martlet_divide_up(pad, stride), width);
    int32_t last_start = input->width - 1 - reach + pad;
    int32_t end = last_start < 0 ? 0 : martlet_minimum(last_start / stride + 1, width);
    if (!contiguous || end <= begin) begin = end = width;
    plan->interior_begin = begin;
    plan->interior_end = end;
    plan->left_columns = columns_touched(convolution, begin);
    plan->right_columns = columns_touched(convolution, width - end);
}

static void plan_rows(
    convolution_plan *plan, const martlet_convolution *convolution, const martlet_rows *input,
    const martlet_rows *output) {
    int64_t row_bytes = (int64_t)input->width * input->channels * convolution->stride_height;
    int64_t weight_bytes = (int64_t)plan->block_bytes * plan->group_blocks * convolution->groups;
    int32_t rows = output->height;
    if (weight_bytes <= resident_weight_bytes && row_bytes * rows > chunk_input_bytes) {
        rows = row_bytes < chunk_input_bytes ? chunk_input_bytes / (int32_t)row_bytes : 1;
    }
    if (plan->left_columns + plan->right_columns > 0) rows = martlet_minimum(rows, strip_rows_most);
    plan->chunk_rows = rows;
    plan->strip_rows = rows_touched(convolution, rows);
}

/// Copying whole rows with all of their padding is cheaper than strips, where enough of them fit into the memory that
/// padding and strips would take.
static void plan_frame(
    convolution_plan *plan, const martlet_convolution *convolution, const martlet_rows *input,
    const martlet_rows *output) {
    if (plan->left_columns + plan->right_columns == 0) return;
    int32_t columns = columns_touched(convolution, output->width);
    size_t room = plan->padding_bytes + plan->left_bytes + plan->right_bytes;
    size_t fitting = room / ((size_t)columns * (size_t)input->channels);
    size_t needed = (size_t)rows_touched(convolution, 1);
    if (fitting < needed) return;
    int32_t rows = (int32_t)((fitting - needed) / (size_t)convolution->stride_height) + 1;
    if (rows < plan->chunk_rows) {
        int64_t weight_bytes = (int64_t)plan->block_bytes * plan->group_blocks * convolution->groups;
        if (rows < frame_rows_least || weight_bytes > resident_weight_bytes) return;
        plan->chunk_rows = rows;
    }
    plan->frame_columns = columns;
}

convolution_plan martlet_convolution_plan(
    const martlet_convolution *convolution, const martlet_rows *input, const martlet_rows *output) {
    convolution_plan plan;
    plan.runs_per_row = convolution->runs_per_row;
    plan.runs = convolution->kernel_height * plan.runs_per_row;
    plan.group_channels = input->channels / convolution->groups;
    int32_t taps = plan.runs_per_row == convolution->kernel_width ? 1 : convolution->kernel_width;
    plan.run_quads = martlet_divide_up(taps * plan.group_channels, 4);
    plan.group_outputs = output->channels / convolution->groups;
    plan.group_blocks = martlet_divide_up(plan.group_outputs, 16);
    plan.block_bytes = (ptrdiff_t)plan.runs * plan.run_quads * 64;
    plan_columns(&plan, convolution, input, output->width);
    plan_rows(&plan, convolution, input, output);

    int32_t below = rows_touched(convolution, output->height) - convolution->pad_top > input->height;
    int32_t padded_rows = plan.interior_end > plan.interior_begin && (convolution->pad_top > 0 || below);
    size_t strip_row = (size_t)plan.strip_rows * (size_t)input->channels;
    plan.pointer_bytes = plan.runs > stack_runs ? martlet_align((size_t)plan.runs * 2 * 8) : 0;
    plan.padding_bytes =
        padded_rows ? martlet_align((size_t)input->width * (size_t)input->pixel_pitch_bytes) : 0;
    plan.left_bytes = martlet_align(strip_row * (size_t)plan.left_columns);
    plan.right_bytes = martlet_align(strip_row * (size_t)plan.right_columns);
    plan.frame_columns = 0;
    if (walks_for_vectors) plan_frame(&plan, convolution, input, output);
    return plan;
}

size_t martlet_convolution_scratch_bytes(
    const martlet_convolution *convolution, const martlet_rows *input, const martlet_rows *output) {
    convolution_plan plan = martlet_convolution_plan(convolution, input, output);
    return plan.pointer_bytes + plan.padding_bytes + plan.left_bytes + plan.right_bytes;
}

void martlet_convolution_narrow(
    martlet_convolution *convolution, const martlet_rows *input, martlet_rows *residual, martlet_rows *output,
    int32_t first_block, int32_t end_block) {
    convolution->weights += martlet_convolution_plan(convolution, input, output).block_bytes * first_block;
    convolution->channels += first_block;
    martlet_rows_narrow(output, first_block, end_block);
    if (residual != NULL) martlet_rows_narrow(residual, first_block, end_block);
}

size_t martlet_order_bytes(void) { return sizeof(martlet_order); }

void martlet_order_begin(martlet_order *order, int32_t pixels) {
    order->weights = NULL;
    order->pixels = pixels;
}
