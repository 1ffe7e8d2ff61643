/// The float primitives of the host: the Graph's evaluation and training. The runtime uses none of them.
///
/// Images are N×H×W×C, row-major float32. Results are not bit-contracted: a family may use fused multiply-add.
#ifndef CFLOAT_H
#define CFLOAT_H

#include <stddef.h>
#include <stdint.h>

/// Columns of one block of packed B.
#define MARTLET_FLOAT_BLOCK 16

// MARK: Matrix product

/// One register tile: C[rows][columns] = clamp(A · B + initial + bias).
typedef struct martlet_float_tile {
    const float *a;
    ptrdiff_t a_stride;
    const float *b;          // first packed block
    ptrdiff_t b_stride;      // floats from a packed block to the next
    const float *initial;    // added, or NULL; may be `c`
    ptrdiff_t initial_stride;
    const float *bias;       // one a column, or NULL
    float *c;
    ptrdiff_t c_stride;
    int32_t rows, columns, depth;
    int32_t tap_rows, tap_columns;      // each row of A is so many stretches of `depth` floats
    ptrdiff_t tap_row, tap_column;      // floats from a stretch to the one below, to the one beside
    float low, high;
} martlet_float_tile;

/// One register tile of a sum of outer products: C[row][column] += Σ A[pixel][row] · B[pixel][column] over `pixel_rows` rows
/// of `pixels` pixels.
typedef struct martlet_float_outer {
    const float *a;
    ptrdiff_t a_row, a_pixel;
    const float *b;
    ptrdiff_t b_row, b_pixel;
    float *c;
    ptrdiff_t c_stride;
    int32_t pixel_rows, pixels, rows, columns;
} martlet_float_outer;

struct martlet_float_walk;
struct martlet_float_normalization;

/// A depthwise convolution of neighbouring pixels that have the same taps inside the image.
typedef struct martlet_float_taps {
    const float *input;      // first tap inside the image, channel 0
    const float *weights;    // of that tap
    ptrdiff_t input_row, input_column;      // floats from a tap to the next row's, the next column's
    ptrdiff_t weights_row, weights_column;  // likewise
    int32_t rows, columns;   // taps inside the image
    const float *bias;
    float *output;
    int32_t channels;
    int32_t pixels;
    ptrdiff_t pixel_step;    // floats from a pixel's first tap to the next pixel's
    float low, high;
} martlet_float_taps;

/// The float primitives of one processor family.
typedef struct martlet_float_kernels {
    const char *name;
    /// What one call of `tile` takes at most.
    int32_t tile_rows, tile_blocks;
    void (*tile)(const martlet_float_tile *tile);
    /// Output pixels of one row of a depthwise convolution.
    void (*depthwise)(const martlet_float_taps *taps);
    /// What one call of `outer` takes at most.
    int32_t outer_rows, outer_blocks;
    void (*outer)(const martlet_float_outer *outer);
    /// A depthwise convolution of one padded image, and its gradient by the weights (added): see CTraining.h.
    void (*depthwise_walk)(
        const struct martlet_float_walk *walk, const float *image, const float *weights, const float *bias, float *output,
        float low, float high);
    void (*depthwise_outer)(
        const struct martlet_float_walk *walk, const float *image, const float *gradient, float *sum);
    /// Some pixels of a normalization: see CTraining.h.
    void (*moments)(const float *x, ptrdiff_t pixels, int32_t channels, float *moments);
    void (*normalize)(const struct martlet_float_normalization *normalization, const float *x, float *y, ptrdiff_t pixels);
    void (*normalization_sums)(
        const struct martlet_float_normalization *normalization, const float *x, const float *gradient, ptrdiff_t pixels,
        float *sums);
    void (*normalization_gradient)(
        const struct martlet_float_normalization *normalization, const float *x, const float *gradient,
        const float *factors, float *result, ptrdiff_t pixels);
} martlet_float_kernels;

/// The fastest family's table. Ask once: finding out is slow.
const martlet_float_kernels *martlet_float_best_kernels(void);
/// Table number `index`, slowest first, or NULL when there is none or this processor lacks it. For tests.
const martlet_float_kernels *martlet_float_kernels_at(int32_t index);

/// How a matrix product begins and ends.
typedef struct martlet_float_ending {
    const float *initial;  // C's shape, added; NULL: zeros. May be C itself
    ptrdiff_t initial_stride;
    const float *bias;     // one a column, or NULL
    float low, high;       // the result's clamp, ±infinity for none
} martlet_float_ending;

/// C[m][n] = clamp(A[m][k] · B[k][n] + initial + bias), row-major with strides in floats.
/// `packed_b`: from martlet_float_pack_b, so that one packing serves many calls.
void martlet_float_gemm(
    const martlet_float_kernels *kernels, const float *a, ptrdiff_t a_stride, const float *packed_b, float *c,
    ptrdiff_t c_stride, int32_t m, int32_t n, int32_t k, const martlet_float_ending *ending);
/// Floats that packed B takes: `[⌈n/16⌉][k][16]`.
size_t martlet_float_packed_b_count(int32_t n, int32_t k);
/// Packs B; element (k, n) of it is `b[k * k_stride + n * n_stride]`.
void martlet_float_pack_b(
    float *restrict packed, const float *restrict b, ptrdiff_t k_stride, ptrdiff_t n_stride, int32_t n, int32_t k);

/// All tiles of one panel of packed B over `rows` rows. `tile` without `a`, `c`, `initial` and `rows`.
void martlet_float_panel(
    const martlet_float_kernels *kernels, martlet_float_tile tile, const float *a, float *c, const float *initial,
    int32_t rows);

// MARK: Convolution

/// A convolution of one image. Dense weights: for each group, packed B of KH·KW·IC/groups × OC/groups.
/// Depthwise weights: KH×KW×C, `groups` unused.
typedef struct martlet_float_convolution {
    const float *weights;
    const float *bias;
    int32_t input_height, input_width, input_channels;
    int32_t output_height, output_width, output_channels;
    int32_t kernel_height, kernel_width;
    int32_t stride_height, stride_width;
    int32_t dilation_height, dilation_width;
    int32_t pad_top, pad_left;
    int32_t groups;
    float low, high;
} martlet_float_convolution;

/// Output pixels [first, end) counted row by row, and of each group the output channels from block `first_block` of 16
/// to `end_block`. `residual` has the output's shape, or is NULL.
/// `scratch`: martlet_float_convolution_scratch_count floats.
void martlet_float_convolution_pixels(
    const martlet_float_kernels *kernels, const martlet_float_convolution *convolution, const float *input,
    const float *residual, float *output, int32_t first, int32_t end, int32_t first_block, int32_t end_block,
    float *scratch);
/// Floats of scratch; 0 when the input is read where it lies.
size_t martlet_float_convolution_scratch_count(const martlet_float_convolution *convolution);

/// Output rows [first_row, end_row) of a depthwise convolution.
void martlet_float_depthwise_rows(
    const martlet_float_kernels *kernels, const martlet_float_convolution *convolution, const float *input,
    float *output, int32_t first_row, int32_t end_row);

// MARK: Elementwise

/// into[i] = max(into[i], from[i])
void martlet_float_maximum(float *restrict into, const float *restrict from, ptrdiff_t count);
/// into[i] += from[i]
void martlet_float_accumulate(float *restrict into, const float *restrict from, ptrdiff_t count);
/// values[i] *= factor
void martlet_float_scale(float *values, float factor, ptrdiff_t count);
/// output[i] = clamp(input[i], low, high); `output` may be `input`.
void martlet_float_clamp(float *output, const float *input, float low, float high, ptrdiff_t count);
/// output[i] = a[i · a_step] + b[i · b_step]; steps are 0 or 1.
void martlet_float_add(
    float *restrict output, const float *restrict a, ptrdiff_t a_step, const float *restrict b, ptrdiff_t b_step,
    ptrdiff_t count);
/// output[i] = a[i · a_step] · b[i · b_step]; steps are 0 or 1.
void martlet_float_multiply(
    float *restrict output, const float *restrict a, ptrdiff_t a_step, const float *restrict b, ptrdiff_t b_step,
    ptrdiff_t count);
/// output[p][c] = input[p][c] · multipliers[c] + offsets[c] for `pixels` pixels of `channels` channels; `output` may be
/// `input`.
void martlet_float_affine(
    float *output, const float *input, const float *restrict multipliers, const float *restrict offsets,
    ptrdiff_t pixels, ptrdiff_t channels);

#endif
