/// Float convolutions that read patches where they lie, run by run, instead of gathering them.
#ifndef MARTLET_FLOAT_RUNS_H
#define MARTLET_FLOAT_RUNS_H

#include "CShim.h"

/// How the image is read: where it lies, or copied with its padding, some output rows' input at a time.
typedef struct float_frame {
    int32_t chunk_rows;      // output rows at a time
    int32_t columns;         // input columns that an output row touches, padding included
    ptrdiff_t scratch_count; // floats of the copy; 0: the image is read where it lies
} float_frame;

/// Whether the convolution takes this way: one group, no dilation along rows, and so few taps that all of them times two
/// blocks of weights fit the first cache.
int32_t martlet_float_reads_runs(const martlet_float_convolution *convolution);

float_frame martlet_float_frame(const martlet_float_convolution *convolution);

/// As `martlet_float_convolution_pixels`.
void martlet_float_convolve_runs(
    const martlet_float_kernels *kernels, const martlet_float_convolution *convolution, const float *input,
    const float *residual, float *output, int32_t first, int32_t end, int32_t first_block, int32_t end_block,
    float *scratch);

#endif
