// Convolution over rows: cuts the output into segments whose runs are plain pointers and hands them to a family.
//
// Columns whose taps all lie inside the image are read where they lie; above and below the image a row of padding in
// scratch stands in. Columns near the left and right border read a *strip*: a copy of the few input columns that they
// need, padding included. Down a strip, a column of output pixels is a segment like any other. Small images are copied
// whole, a few rows at a time: the strip is then a *frame*, and there are no border columns.
// Rows go in chunks so small that the input stays in the nearest cache while all panels of weights pass over it.
#include "convolution_plan.h"

enum {
    /// Two rows of fewer pixels than this are less than a register tile takes.
    narrow_pixels = 14,
};

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
    int32_t is_first_chunk;
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
    int32_t wait = segment.pixels <= walk->kernels->paired_pixels || walk->panel.shares_runs;
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

/// Where the runs of a pixel begin in a copy whose rows are `pitch` bytes apart.
static void fill_runs(const convolution_walk *walk, const uint8_t **runs, const uint8_t *from, ptrdiff_t pitch) {
    const martlet_convolution *convolution = walk->convolution;
    ptrdiff_t tap_step = (ptrdiff_t)convolution->dilation_width * walk->input->channels;
    for (int32_t kernel_row = 0; kernel_row < convolution->kernel_height; kernel_row++) {
        for (int32_t tap = 0; tap < walk->plan.runs_per_row; tap++) *runs++ = from + tap * tap_step;
        from += convolution->dilation_height * pitch;
    }
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
    fill_runs(walk, runs, from, pitch);
    martlet_segment segment;
    segment.runs = runs;
    segment.run_step = convolution->stride_height * pitch;
    segment.pixels = pixels;
    aim(walk, &segment, walk->first_row, column, 1);
    emit(walk, segment);
}

/// One output row of the chunk, read from the frame.
static void walk_framed_row(convolution_walk *walk, int32_t row) {
    const martlet_convolution *convolution = walk->convolution;
    int32_t channels = walk->input->channels;
    ptrdiff_t pitch = (ptrdiff_t)walk->plan.frame_columns * channels;
    const uint8_t **runs = free_pointers(walk);
    const uint8_t *from = walk->padding + (row - walk->first_row) * convolution->stride_height * pitch
        + walk->group * walk->plan.group_channels;
    fill_runs(walk, runs, from, pitch);
    martlet_segment segment;
    segment.runs = runs;
    segment.run_step = convolution->stride_width * channels;
    segment.pixels = walk->output->width;
    aim(walk, &segment, row, 0, 0);
    emit(walk, segment);
}

/// Copies the input columns [first_column, first_column + columns) of the chunk's rows, padding included. Margins left
/// and right stay from chunk to chunk.
static void fill_strip(const convolution_walk *walk, uint8_t *strip, int32_t first_column, int32_t columns) {
    const martlet_convolution *convolution = walk->convolution;
    const martlet_rows *input = walk->input;
    size_t channels = (size_t)input->channels;
    int32_t rows = rows_touched(convolution, walk->end_row - walk->first_row);
    int32_t y = walk->first_row * convolution->stride_height - convolution->pad_top;
    int32_t copied_begin = martlet_clamp(first_column, 0, input->width);
    int32_t copied_end = martlet_clamp(first_column + columns, copied_begin, input->width);
    size_t bytes = (size_t)columns * channels, middle = (size_t)(copied_end - copied_begin) * channels;
    size_t before = (size_t)(copied_begin - first_column) * channels;
    if (walk->is_first_chunk) {
        size_t most = (size_t)rows_touched(convolution, walk->plan.chunk_rows);
        __builtin_memset(strip, convolution->input_zero_point, most * bytes);
    }
    if (middle == 0) return;
    for (int32_t row = 0; row < rows; row++, y++, strip += bytes) {
        uint8_t *to = strip + before;
        if (y < 0 || y >= input->height) {
            if (!walk->is_first_chunk) __builtin_memset(to, convolution->input_zero_point, middle);
            continue;
        }
        const uint8_t *from = martlet_row(input, y) + copied_begin * input->pixel_pitch_bytes;
        if (input->pixel_pitch_bytes == input->channels) {
            __builtin_memcpy(to, from, middle);
            continue;
        }
        for (size_t at = 0; at < middle; at += channels, from += input->pixel_pitch_bytes) {
            __builtin_memcpy(to + at, from, channels);
        }
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

/// Whether the family takes two output rows at a time: all runs but the first of the upper row's pixel are all runs but
/// the last of the lower row's.
static int32_t rows_share_runs(const convolution_walk *walk) {
    const martlet_convolution *convolution = walk->convolution;
    return walks_for_vectors && walk->kernels->takes_row_pairs && walk->panel.blocks == 1 && walk->plan.runs > 1
        && walk->plan.runs_per_row == 1 && convolution->stride_height == 1 && convolution->dilation_height == 1;
}

/// One panel of weights over the chunk.
static void walk_panel(convolution_walk *walk) {
    const convolution_plan *plan = &walk->plan;
    int32_t width = walk->output->width, interior = plan->interior_end - plan->interior_begin;
    int32_t rows = walk->end_row - walk->first_row;
    walk->panel.shares_runs = 0;
    if (is_framed(plan)) {
        if (2 * width < narrow_pixels && rows > 2 * width) {
            for (int32_t column = 0; column < width; column++) {
                walk_column(walk, walk->padding, plan->frame_columns, 0, column);
            }
        } else {
            walk->panel.shares_runs = rows_share_runs(walk);
            for (int32_t row = walk->first_row; row < walk->end_row; row++) walk_framed_row(walk, row);
        }
        settle(walk);
        return;
    }
    if (walk->seamless) {
        walk_interior(walk, walk->first_row, interior * rows);
    } else if (interior > 0) {
        walk->panel.shares_runs = rows_share_runs(walk);
        for (int32_t row = walk->first_row; row < walk->end_row; row++) walk_interior(walk, row, interior);
    }
    settle(walk);
    walk->panel.shares_runs = 0;
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
    if (is_framed(plan)) {
        fill_strip(walk, walk->padding, -convolution->pad_left, plan->frame_columns);
    } else if (plan->left_columns > 0) {
        fill_strip(walk, walk->left, -convolution->pad_left, plan->left_columns);
    }
    if (!is_framed(plan) && plan->right_columns > 0) {
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

/// Output rows [first_row, end_row). `order`: for families that keep one, else NULL.
static void convolve_rows(
    const martlet_kernels *kernels, const martlet_convolution *convolution, const martlet_rows *input,
    const martlet_rows *residual, const martlet_rows *output, int32_t first_row, int32_t end_row, uint8_t *scratch,
    martlet_order *order) {
    const uint8_t *stack_pointers[2 * stack_runs];
    convolution_walk walk;
    walk.panel.order = order;
    walk.kernels = kernels;
    walk.convolution = convolution;
    walk.input = input;
    walk.residual = residual;
    walk.output = output;
    walk.plan = martlet_convolution_plan(convolution, input, output);
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
    if (walk.plan.padding_bytes > 0 && !is_framed(&walk.plan)
        && touches_padding(convolution, input, first_row, end_row)) {
        __builtin_memset(walk.padding, convolution->input_zero_point, walk.plan.padding_bytes);
    }
    for (int32_t row = first_row; row < end_row; row = walk.end_row) {
        walk.first_row = row;
        walk.is_first_chunk = row == first_row;
        walk.end_row = chunk_end(&walk, row, end_row);
        walk_chunk(&walk);
    }
}

#if defined(__x86_64__)
/// With room for an order, which other processors do not need on their stack.
static __attribute__((noinline)) void convolve_rows_in_order(
    const martlet_kernels *kernels, const martlet_convolution *convolution, const martlet_rows *input,
    const martlet_rows *residual, const martlet_rows *output, int32_t first_row, int32_t end_row, uint8_t *scratch) {
    martlet_order order;
    martlet_order_begin(&order, (end_row - first_row) * output->width);
    convolve_rows(kernels, convolution, input, residual, output, first_row, end_row, scratch, &order);
}
#endif

void martlet_convolution_rows(
    const martlet_kernels *kernels, const martlet_convolution *convolution, const martlet_rows *input,
    const martlet_rows *residual, const martlet_rows *output, int32_t first_row, int32_t end_row, uint8_t *scratch) {
#if defined(__x86_64__)
    if (kernels->keeps_order) {
        convolve_rows_in_order(kernels, convolution, input, residual, output, first_row, end_row, scratch);
        return;
    }
#endif
    convolve_rows(kernels, convolution, input, residual, output, first_row, end_row, scratch, NULL);
}
