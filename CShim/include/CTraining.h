/// The float primitives of training: convolutions of padded images and their gradients, normalization by a batch's own
/// statistics. Images are N×H×W×C. Results depend on the processor, but not on how images are shared out to threads.
#ifndef CTRAINING_H
#define CTRAINING_H

#include "CFloat.h"

// MARK: Windows

/// How the windows of output pixels lie in an image that holds its own padding. One output's window is `tap_rows` ×
/// `tap_columns` stretches of `depth` adjacent floats. Distances are in floats.
typedef struct martlet_float_walk {
    int32_t rows, pixels;                  // outputs: so many rows of so many pixels
    int32_t tap_rows, tap_columns, depth;
    ptrdiff_t row, pixel;                  // in the image, from a row's first window to the next row's, from a pixel's
    ptrdiff_t tap_row, tap_column;         // in the image, from a stretch to the one below, to the one beside
    ptrdiff_t output_row, output_pixel;    // in the output
} martlet_float_walk;

/// Copies an image of `rows` × `columns` pixels into the middle of one of `padded_rows` × `padded_columns`, with zeros
/// around it; what is left of the first row or column, or over the last, is cut off.
void martlet_float_pad(
    float *restrict padded, int32_t padded_rows, int32_t padded_columns, const float *restrict image, int32_t rows,
    int32_t columns, int32_t top, int32_t left, int32_t channels);

/// output[pixel][n] = clamp(bias[n] + Σ window[k] · B[k][n]): a convolution. `packed_b`: of martlet_float_pack_b, k counting
/// through a window's stretches; its n = `columns`. `bias` may be NULL.
void martlet_float_walk_multiply(
    const martlet_float_kernels *kernels, const martlet_float_walk *walk, const float *image, const float *packed_b,
    const float *bias, float *output, int32_t columns, float low, float high);

/// sum[m · sum_stride + k] += Σ gradient[pixel][m] · window[k], the convolution's gradient by its weights, m below `rows`.
/// `gradient` lies as the walk's output.
void martlet_float_walk_outer(
    const martlet_float_kernels *kernels, const martlet_float_walk *walk, const float *image, const float *gradient,
    int32_t rows, float *sum, ptrdiff_t sum_stride);

/// Packs B for a walk: its element (tap · k + m, column) is `b[taps[tap] + m * k_stride + column]`, m below `k`.
void martlet_float_pack_taps(
    float *restrict packed, const float *restrict b, const ptrdiff_t *taps, int32_t tap_count, ptrdiff_t k_stride,
    int32_t n, int32_t k);

// MARK: Normalization

/// What a batch normalization does to each of `channels` channels: y = clamp(x · multipliers + offsets).
typedef struct martlet_float_normalization {
    const float *multipliers, *offsets;
    const float *mean;
    float low, high;
    int32_t channels;
} martlet_float_normalization;

/// The mean of each channel over `pixels` pixels, and the sum of the squared distances from it: `moments` and `scratch` are
/// 2 × channels.
void martlet_float_moments(
    const martlet_float_kernels *kernels, const float *x, ptrdiff_t pixels, int32_t channels, float *restrict moments,
    float *restrict scratch);
/// y of `pixels` pixels.
void martlet_float_normalize(
    const martlet_float_kernels *kernels, const martlet_float_normalization *normalization, const float *x, float *y,
    ptrdiff_t pixels);
/// For each channel Σ g and Σ g · (x − mean), added to `sums` (2 × channels), over the pixels whose y lies inside the clamp.
void martlet_float_normalization_sums(
    const martlet_float_kernels *kernels, const martlet_float_normalization *normalization, const float *x,
    const float *gradient, ptrdiff_t pixels, float *sums);
/// result = g · a + x · b + c for each channel, g being 0 where y does not lie inside the clamp. `factors`: a, then b, then c.
void martlet_float_normalization_gradient(
    const martlet_float_kernels *kernels, const martlet_float_normalization *normalization, const float *x,
    const float *gradient, const float *factors, float *result, ptrdiff_t pixels);

// MARK: Elementwise

/// sum[c] += Σ x[pixel][c]
void martlet_float_channel_sums(const float *restrict x, ptrdiff_t pixels, ptrdiff_t channels, float *restrict sum);

/// result[i] = low < y[i] < high ? gradient[i] : 0
void martlet_float_pass_inside(
    float *restrict result, const float *restrict gradient, const float *restrict y, float low, float high,
    ptrdiff_t count);

#endif
