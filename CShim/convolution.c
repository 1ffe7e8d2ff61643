// Convolution over rows: cuts the output into segments whose runs are plain pointers and hands them to a family.
//
// Columns whose taps all lie inside the image are read where they lie; above and below the image a row of padding in
// scratch stands in. Columns near the left and right border read a *strip*: a copy of the few input columns that they
// need, padding included. Down a strip, a column of output pixels is a segment like any other.
// Rows go in chunks so small that the input stays in the nearest cache while all panels of weights pass over it.
#include "kernels.h"

enum {
    chunk_input_bytes = 24 * 1024,
    /// Weights larger than this are not worth reading again for every chunk of rows.
    resident_weight_bytes = 256 * 1024,
    /// Most rows of a chunk when strips are needed: scratch grows with it.
    strip_rows_most = 14,
    stack_runs = 32,
};

/// Everything about a convolution that follows from its sizes.
typedef struct convolution_plan {
    int32_t runs, runs_per_row, run_quads;
    int32_t group_channels;              // input channels a group
    int32_t group_outputs, group_blocks;  // output channels and blocks of sixteen a group
    ptrdiff_t block_bytes;
    int32_t interior_begin, interior_end;  // output columns read in place
    int32_t left_columns, right_columns;   // input columns of each strip
    int32_t chunk_rows;
    int32_t strip_rows;                  // input rows that a chunk touches
    size_t pointer_bytes, padding_bytes, left_bytes, right_bytes;
} convolution_plan;

/// Input rows from the first to the last that `rows` output rows touch.
static int32_t rows_touched(const martlet_convolution *convolution, int32_t rows) {
    int32_t reach = (convolution->kernel_height - 1) * convolution->dilation_height;
    return (rows - 1) * convolution->stride_height + reach + 1;
}

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

static convolution_plan make_plan(
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
    return plan;
}

size_t martlet_convolution_scratch_bytes(
    const martlet_convolution *convolution, const martlet_rows *input, const martlet_rows *output) {
    convolution_plan plan = make_plan(convolution, input, output);
    return plan.pointer_bytes + plan.padding_bytes + plan.left_bytes + plan.right_bytes;
}

void martlet_convolution_narrow(
    martlet_convolution *convolution, const martlet_rows *input, martlet_rows *residual, martlet_rows *output,
    int32_t first_block, int32_t end_block) {
    convolution->weights += make_plan(convolution, input, output).block_bytes * first_block;
    convolution->channels += first_block;
    martlet_rows_narrow(output, first_block, end_block);
    if (residual != NULL) martlet_rows_narrow(residual, first_block, end_block);
}

/// One call's state.
typedef struct convolution_walk {
    const martlet_kernels *kernels;
    const martlet_convolution *convolution;
    const martlet_rows *input, *residual, *output;
    convolution_plan plan;
    martlet_panel panel;
    int32_t seamless;
    int32_t group, panel_channel;  // the panel's group and its first output channel
    int32_t first_row, end_row;    // of this chunk
    const uint8_t **pointers;      // two lists of runs
    uint8_t *padding, *left, *right;
    martlet_segment pending[2];
    int32_t pending_count;
    const int8_t *prefetch;  // for the next call
} convolution_walk;

/// Calls the family with what is pending. The first calls of a panel prefetch the next panel's blocks one after the
/// other, later calls only what is there.
static void convolve_pending(convolution_walk *walk) {
    walk->panel.next_weights = walk->prefetch;
    walk->kernels->convolve(&walk->panel, walk->pending, walk->pending_count);
    walk->pending_count = 0;
    const int8_t *next = walk->panel.weights + walk->panel.blocks * walk->panel.block_bytes;
    ptrdiff_t fetched = walk->prefetch - next + walk->panel.block_bytes;
    walk->prefetch = fetched > 0 && fetched < walk->panel.blocks * walk->panel.block_bytes ? next + fetched
                                                                                           : walk->panel.weights;
}

/// Hands a segment on, two short ones at a time.
static void emit(convolution_walk *walk, martlet_segment segment) {
    walk->pending[walk->pending_count++] = segment;
    int32_t wait = segment.pixels <= walk->kernels->paired_pixels;
    if (walk->pending_count == 2 || !wait) convolve_pending(walk);
}

/// Hands on a segment that waits for a partner.
static void settle(convolution_walk *walk) {
    if (walk->pending_count == 1) convolve_pending(walk);
}

static const uint8_t **free_pointers(convolution_walk *walk) {
    return walk->pointers + walk->pending_count * walk->plan.runs;
}

/// Sets where a segment's results go, from output pixel (row, column) on.
static void aim(convolution_walk *walk, martlet_segment *segment, int32_t row, int32_t column, int32_t vertical) {
    const martlet_rows *output = walk->output, *residual = walk->residual;
    segment->output = martlet_row(output, row) + column * output->pixel_pitch_bytes + walk->panel_channel;
    segment->output_step = vertical ? output->row_pitch_bytes : output->pixel_pitch_bytes;
    segment->residual = NULL;
    segment->residual_step = 0;
    if (residual != NULL) {
        segment->residual = martlet_row(residual, row) + column * residual->pixel_pitch_bytes + walk->panel_channel;
        segment->residual_step = vertical ? residual->row_pitch_bytes : residual->pixel_pitch_bytes;
    }
}

/// The columns of one row that are read in place.
static void walk_interior(convolution_walk *walk, int32_t row, int32_t pixels) {
    const martlet_convolution *convolution = walk->convolution;
    const martlet_rows *input = walk->input;
    const uint8_t **runs = free_pointers(walk);
    int32_t column = walk->plan.interior_begin;
    ptrdiff_t first = (ptrdiff_t)(column * convolution->stride_width - convolution->pad_left) * input->pixel_pitch_bytes
        + walk->group * walk->plan.group_channels;
    int32_t y = row * convolution->stride_height - convolution->pad_top;
    for (int32_t kernel_row = 0, run = 0; kernel_row < convolution->kernel_height; kernel_row++) {
        int32_t inside = y >= 0 && y < input->height;
        const uint8_t *from = (inside ? martlet_row(input, y) : walk->padding) + first;
        for (int32_t tap = 0; tap < walk->plan.runs_per_row; tap++, run++) {
            runs[run] = from + (ptrdiff_t)(tap * convolution->dilation_width) * input->pixel_pitch_bytes;
        }
        y += convolution->dilation_height;
    }
    martlet_segment segment;
    segment.runs = runs;
    segment.run_step = convolution->stride_width * input->pixel_pitch_bytes;
    segment.pixels = pixels;
    aim(walk, &segment, row, column, 0);
    emit(walk, segment);
}

/// One output column of the chunk, read from a strip that begins at output column `strip_column`.
static void walk_column(
    convolution_walk *walk, const uint8_t *strip, int32_t columns, int32_t strip_column, int32_t column) {
    const martlet_convolution *convolution = walk->convolution;
    int32_t pixels = walk->end_row - walk->first_row, channels = walk->input->channels;
    ptrdiff_t pitch = (ptrdiff_t)columns * channels;
    if (walk->pending_count == 1 && walk->pending[0].run_step != convolution->stride_height * pitch) settle(walk);
    const uint8_t **runs = free_pointers(walk);
    const uint8_t *from = strip + (ptrdiff_t)((column - strip_column) * convolution->stride_width) * channels
        + walk->group * walk->plan.group_channels;
    for (int32_t kernel_row = 0, run = 0; kernel_row < convolution->kernel_height; kernel_row++) {
        for (int32_t tap = 0; tap < walk->plan.runs_per_row; tap++, run++) {
            runs[run] = from + kernel_row * convolution->dilation_height * pitch
                + (ptrdiff_t)(tap * convolution->dilation_width) * channels;
        }
    }
    martlet_segment segment;
    segment.runs = runs;
    segment.run_step = convolution->stride_height * pitch;
    segment.pixels = pixels;
    aim(walk, &segment, walk->first_row, column, 1);
    emit(walk, segment);
}

/// Copies the input columns [first_column, first_column + columns) of the chunk's rows, padding included.
static void fill_strip(const convolution_walk *walk, uint8_t *strip, int32_t first_column, int32_t columns) {
    const martlet_convolution *convolution = walk->convolution;
    const martlet_rows *input = walk->input;
    size_t channels = (size_t)input->channels;
    int32_t rows = rows_touched(convolution, walk->end_row - walk->first_row);
    int32_t y = walk->first_row * convolution->stride_height - convolution->pad_top;
    int32_t copied_begin = martlet_clamp(first_column, 0, input->width);
    int32_t copied_end = martlet_clamp(first_column + columns, copied_begin, input->width);
    size_t bytes = (size_t)columns * channels, middle = (size_t)(copied_end - copied_begin) * channels;
    size_t before = middle == 0 ? 0 : (size_t)(copied_begin - first_column) * channels;
    for (int32_t row = 0; row < rows; row++, y++, strip += bytes) {
        if (y < 0 || y >= input->height || middle == 0) {
            __builtin_memset(strip, convolution->input_zero_point, bytes);
            continue;
        }
        const uint8_t *from = martlet_row(input, y) + copied_begin * input->pixel_pitch_bytes;
        __builtin_memset(strip, convolution->input_zero_point, before);
        if (input->pixel_pitch_bytes == input->channels) {
            __builtin_memcpy(strip + before, from, middle);
        } else {
            for (size_t at = 0; at < middle; at += channels, from += input->pixel_pitch_bytes) {
                __builtin_memcpy(strip + before + at, from, channels);
            }
        }
        __builtin_memset(strip + before + middle, convolution->input_zero_point, bytes - before - middle);
    }
}

/// When a 1×1 convolution reads and writes whole rows that lie end to end, a chunk is one long segment: no ring wraps
/// inside a chunk.
static int32_t rows_are_seamless(const convolution_walk *walk) {
    const martlet_convolution *convolution = walk->convolution;
    const martlet_rows *all[3] = {walk->input, walk->output, walk->residual};
    if (convolution->kernel_height != 1 || convolution->kernel_width != 1) return 0;
    if (convolution->stride_height != 1 || convolution->stride_width != 1) return 0;
    if (walk->plan.interior_begin != 0 || walk->plan.interior_end != walk->output->width) return 0;
    if (convolution->pad_top != 0 || walk->output->height > walk->input->height) return 0;
    for (int32_t i = 0; i < 3; i++) {
        if (all[i] == NULL) continue;
        if (all[i]->row_pitch_bytes != walk->output->width * all[i]->pixel_pitch_bytes) return 0;
    }
    return 1;
}

/// One panel of weights over the chunk.
static void walk_panel(convolution_walk *walk) {
    const convolution_plan *plan = &walk->plan;
    int32_t width = walk->output->width, interior = plan->interior_end - plan->interior_begin;
    if (walk->seamless) {
        walk_interior(walk, walk->first_row, interior * (walk->end_row - walk->first_row));
    } else if (interior > 0) {
        for (int32_t row = walk->first_row; row < walk->end_row; row++) walk_interior(walk, row, interior);
    }
    settle(walk);
    for (int32_t column = 0; column < plan->interior_begin; column++) {
        walk_column(walk, walk->left, plan->left_columns, 0, column);
    }
    for (int32_t column = plan->interior_end; column < width; column++) {
        walk_column(walk, walk->right, plan->right_columns, plan->interior_end, column);
    }
    settle(walk);
}

/// All panels over rows [first_row, end_row).
static void walk_chunk(convolution_walk *walk) {
    const convolution_plan *plan = &walk->plan;
    const martlet_convolution *convolution = walk->convolution;
    if (plan->left_columns > 0) fill_strip(walk, walk->left, -convolution->pad_left, plan->left_columns);
    if (plan->right_columns > 0) {
        int32_t first_column = plan->interior_end * convolution->stride_width - convolution->pad_left;
        fill_strip(walk, walk->right, first_column, plan->right_columns);
    }
    walk->panel.weights = convolution->weights;
    walk->panel.channels = convolution->channels;
    for (walk->group = 0; walk->group < convolution->groups; walk->group++) {
        for (int32_t block = 0; block < plan->group_blocks; block += walk->kernels->panel_blocks) {
            martlet_panel *panel = &walk->panel;
            panel->blocks = martlet_minimum(plan->group_blocks - block, walk->kernels->panel_blocks);
            panel->channels_stored = martlet_minimum(plan->group_outputs - block * 16, panel->blocks * 16);
            walk->prefetch = panel->weights + panel->blocks * panel->block_bytes;
            walk->panel_channel = walk->group * plan->group_outputs + block * 16;
            walk_panel(walk);
            panel->weights += panel->blocks * panel->block_bytes;
            panel->channels += panel->blocks;
        }
    }
}

/// The end of the chunk that begins at `row`: a ring of rows that are written, or read as one, must not wrap inside it.
static int32_t chunk_end(const convolution_walk *walk, int32_t row, int32_t end_row) {
    int32_t end = martlet_minimum(end_row - row, walk->plan.chunk_rows) + row;
    const martlet_rows *rings[3] = {walk->output, walk->residual, walk->seamless ? walk->input : NULL};
    for (int32_t i = 0; i < 3; i++) {
        if (rings[i] == NULL || rings[i]->rows_held == rings[i]->height) continue;
        end = martlet_minimum(end, (row / rings[i]->rows_held + 1) * rings[i]->rows_held);
    }
    return end;
}

/// Whether rows above or below the image take part in output rows [first_row, end_row).
static int32_t touches_padding(
    const martlet_convolution *convolution, const martlet_rows *input, int32_t first_row, int32_t end_row) {
    int32_t first = first_row * convolution->stride_height - convolution->pad_top;
    return first < 0 || first + rows_touched(convolution, end_row - first_row) > input->height;
}

void martlet_convolution_rows(
    const martlet_kernels *kernels, const martlet_convolution *convolution, const martlet_rows *input,
    const martlet_rows *residual, const martlet_rows *output, int32_t first_row, int32_t end_row, uint8_t *scratch) {
    const uint8_t *stack_pointers[2 * stack_runs];
    convolution_walk walk;
    walk.kernels = kernels;
    walk.convolution = convolution;
    walk.input = input;
    walk.residual = residual;
    walk.output = output;
    walk.plan = make_plan(convolution, input, output);
    walk.pending_count = 0;
    walk.pointers = walk.plan.pointer_bytes > 0 ? (const uint8_t **)(void *)scratch : stack_pointers;
    walk.padding = scratch + walk.plan.pointer_bytes;
    walk.left = walk.padding + walk.plan.padding_bytes;
    walk.right = walk.left + walk.plan.left_bytes;
    walk.panel.block_bytes = walk.plan.block_bytes;
    walk.panel.runs = walk.plan.runs;
    walk.panel.run_quads = walk.plan.run_quads;
    walk.panel.output = convolution->output;
    walk.panel.residual_factor = convolution->residual_factor;
    walk.panel.residual_zero_point = convolution->residual_zero_point;
    walk.seamless = rows_are_seamless(&walk);
    if (walk.plan.padding_bytes > 0 && touches_padding(convolution, input, first_row, end_row)) {
        __builtin_memset(walk.padding, convolution->input_zero_point, walk.plan.padding_bytes);
    }
    for (int32_t row = first_row; row < end_row; row = walk.end_row) {
        walk.first_row = row;
        walk.end_row = chunk_end(&walk, row, end_row);
        walk_chunk(&walk);
    }
}
