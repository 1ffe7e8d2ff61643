/// What follows from a convolution's sizes alone: how it is cut into chunks, and what of scratch it needs.
#ifndef MARTLET_CONVOLUTION_PLAN_H
#define MARTLET_CONVOLUTION_PLAN_H

#include "kernels.h"

enum {
    /// Runs whose pointers lie on the stack instead of in scratch.
    stack_runs = 32,
};

/// Everything about a convolution that follows from its sizes.
typedef struct convolution_plan {
    int32_t runs, runs_per_row, run_quads;
    int32_t group_channels;                // input channels a group
    int32_t group_outputs, group_blocks;   // output channels and blocks of sixteen a group
    ptrdiff_t block_bytes;
    int32_t interior_begin, interior_end;  // output columns read in place
    int32_t left_columns, right_columns;   // input columns of each strip
    int32_t chunk_rows;
    int32_t strip_rows;                    // input rows that a chunk touches
    int32_t frame_columns;                 // of a chunk's rows with all padding, or 0: they are read in place
    size_t pointer_bytes, padding_bytes, left_bytes, right_bytes;
} convolution_plan;

/// Input rows from the first to the last that `rows` output rows touch.
static inline int32_t rows_touched(const martlet_convolution *convolution, int32_t rows) {
    int32_t reach = (convolution->kernel_height - 1) * convolution->dilation_height;
    return (rows - 1) * convolution->stride_height + reach + 1;
}

convolution_plan martlet_convolution_plan(
    const martlet_convolution *convolution, const martlet_rows *input, const martlet_rows *output);

/// Whether a chunk's rows are copied with all of their padding.
static inline int32_t is_framed(const convolution_plan *plan) { return walks_for_vectors && plan->frame_columns > 0; }

#endif
