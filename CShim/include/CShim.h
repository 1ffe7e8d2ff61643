/// The C floor of Martlet: the types that cross into C, the kernel table, and the algorithms that walk a tensor once.
///
/// Activations lie in the arena as `uint8_t`, stored = int8 + 128 ("offset binary"), on every processor. Everything in
/// this header that concerns an activation (zero points, clamps, tables) is in that stored domain, 0…255.
/// Kernels trust their arguments: the Verifier proved them.
#ifndef CSHIM_H
#define CSHIM_H

#include <stddef.h>
#include <stdint.h>

// MARK: Processor families

/// Kernel families. The numbers are stable; `MARTLET_ISA` names them as `martlet_family_name` does.
typedef enum martlet_family : uint32_t {
    MARTLET_FAMILY_SCALAR = 0,
    MARTLET_FAMILY_AVX2 = 1,
    MARTLET_FAMILY_AVXVNNI = 2,
    MARTLET_FAMILY_AVX512VNNI = 3,
    MARTLET_FAMILY_NEON = 8,
    MARTLET_FAMILY_NEON_DOTPROD = 9,
    MARTLET_FAMILY_NEON_I8MM = 10,
    MARTLET_FAMILY_ARM_DSP = 16,
    MARTLET_FAMILY_HELIUM = 17,
    MARTLET_FAMILY_COUNT = 32,
} martlet_family;

// MARK: Tensors as rows

/// Rows of one activation tensor, H×W×C, wherever they lie: a whole tensor (`rows_held == height`) or a ring of rows.
/// Row r begins at `base + (r % rows_held) * row_pitch_bytes`; pixel x of it `pixel_pitch_bytes * x` further.
/// At least 64 readable bytes follow the last byte of every buffer.
typedef struct martlet_rows {
    uint8_t *base;
    ptrdiff_t row_pitch_bytes;
    ptrdiff_t pixel_pitch_bytes;
    int32_t rows_held;
    int32_t height;
    int32_t width;
    int32_t channels;
} martlet_rows;

/// Where row `row` begins.
static inline uint8_t *martlet_row(const martlet_rows *rows, int32_t row) {
    int32_t slot = rows->rows_held == rows->height ? row : row % rows->rows_held;
    return rows->base + (ptrdiff_t)slot * rows->row_pitch_bytes;
}

/// How a result is stored: `clamp(round_half_to_even(value) + zero_point, low, high)`, in the stored domain.
typedef struct martlet_output {
    int32_t zero_point;
    int32_t low;
    int32_t high;
} martlet_output;

// MARK: Convolution and fully connected

/// Constants of sixteen output channels: 192 bytes, 64-byte aligned in the file.
/// `bias` already holds the input zero point's share: bias − stored_input_zero_point · Σ weights.
/// `weight_sum` is Σ weights, for families that hold activations as int8 (their bias is bias + 128 · weight_sum).
typedef struct martlet_channel_block {
    int32_t bias[16];
    float factor[16];
    int32_t weight_sum[16];
} martlet_channel_block;

/// A convolution (or a fully connected layer: kernel 1×1 over a 1×1 image).
///
/// Weights: `[groups][⌈OCg/16⌉][runs][run_quads][16][4]`. A *run* is a stretch of contiguous input bytes:
/// a whole kernel row (KW·IC bytes, `runs = KH`) when `runs_per_row == 1`, else one tap (IC/groups bytes,
/// `runs = KH·KW`). `run_quads = ⌈run bytes / 4⌉`, the tail padded with zero weights.
typedef struct martlet_convolution {
    const int8_t *weights;
    const martlet_channel_block *channels;  // one a block of 16 output channels, in the order of the weights
    int32_t kernel_height, kernel_width;
    int32_t stride_height, stride_width;
    int32_t dilation_height, dilation_width;
    int32_t pad_top, pad_left;
    int32_t groups;
    int32_t runs_per_row;
    int32_t input_zero_point;  // what padding is filled with
    martlet_output output;
    /// With a residual operand r the result is round(acc · factor + (r − residual_zero_point) · residual_factor):
    /// both products and the sum are float32, rounded separately.
    float residual_factor;
    int32_t residual_zero_point;
} martlet_convolution;

/// Output pixels of one row for which every run is a plain pointer.
typedef struct martlet_segment {
    const uint8_t *const *runs;  // where each run of the first pixel begins
    ptrdiff_t run_step;          // bytes from a pixel's run to the next pixel's
    const uint8_t *residual;     // first pixel's first channel of this panel, or NULL
    ptrdiff_t residual_step;
    uint8_t *output;             // first pixel's first channel of this panel
    ptrdiff_t output_step;
    int32_t pixels;
} martlet_segment;

/// The quads of a panel's weights in the order that a family likes, kept from one call of `convolve` to the next.
typedef struct martlet_order martlet_order;

/// What a convolution tile needs that does not change from tile to tile.
typedef struct martlet_panel {
    const int8_t *weights;                  // of this panel's first block
    const martlet_channel_block *channels;  // likewise
    ptrdiff_t block_bytes;                  // weights of one block of 16 output channels
    int32_t blocks;                         // blocks of 16 in this panel (the family's `panel_blocks` at most)
    int32_t channels_stored;                // output channels of this panel that exist (≤ 16 · blocks)
    int32_t runs, run_quads;
    martlet_output output;
    float residual_factor;
    int32_t residual_zero_point;
    const int8_t *next_weights;             // weights needed soon, to prefetch (never NULL, never read)
    int32_t shares_runs;                    // 1: of two segments, the second one's run i is the first one's run i + 1
    martlet_order *order;                   // for families that keep one; NULL: there is none
} martlet_panel;

// MARK: Depthwise

/// A depthwise convolution, multiplier 1, C channels.
///
/// Weights: `[⌈C/16⌉][quads][16][4]`; which four taps a quad holds: `martlet_depthwise_quad`.
/// `channels` as in a convolution.
typedef struct martlet_depthwise {
    const int8_t *weights;
    const martlet_channel_block *channels;
    int32_t kernel_height, kernel_width;
    int32_t stride_height, stride_width;
    int32_t dilation_height, dilation_width;
    int32_t pad_top, pad_left;
    int32_t input_zero_point;
    martlet_output output;
} martlet_depthwise;

/// How many quads of taps a depthwise kernel packs into: rows go in groups of four, column by column; a single row
/// left over goes by four columns, two or three rows left over column by column.
static inline int32_t martlet_depthwise_quads(int32_t kernel_height, int32_t kernel_width) {
    int32_t rest = kernel_height % 4;
    return kernel_height / 4 * kernel_width + (rest == 0 ? 0 : rest == 1 ? (kernel_width + 3) / 4 : kernel_width);
}

/// The tap (kernel row · kernel_width + kernel column) at place `lane` (0…3) of quad `quad`, or −1 for padding.
static inline int32_t martlet_depthwise_tap(int32_t kernel_height, int32_t kernel_width, int32_t quad, int32_t lane) {
    int32_t full = kernel_height / 4 * kernel_width;
    if (quad < full || kernel_height % 4 != 1) {
        int32_t row = quad / kernel_width * 4 + lane, column = quad % kernel_width;
        return row < kernel_height ? row * kernel_width + column : -1;
    }
    int32_t column = (quad - full) * 4 + lane;
    return column < kernel_width ? (kernel_height - 1) * kernel_width + column : -1;
}

/// One or two whole output rows of a depthwise convolution.
/// Taps left and right of the image read the input zero point; rows above and below point at a row filled with it.
typedef struct martlet_depthwise_segment {
    /// Column 0 of each input row: output row j uses entries j · stride_height + (0 … kernel_height − 1).
    /// Two output rows only without vertical dilation.
    const uint8_t *const *rows;
    ptrdiff_t input_pitch;  // bytes from an input pixel to the next
    int32_t input_width;
    uint8_t *outputs[2];    // the first pixel of each output row
    ptrdiff_t output_pitch;
    int32_t pixels;         // output pixels a row
    int32_t output_rows;    // 1 or 2
} martlet_depthwise_segment;

// MARK: Pooling and elementwise

/// A pooling window walk. Average divides by the number of taps inside the image unless `count_padding`.
typedef struct martlet_pooling {
    int32_t kernel_height, kernel_width;
    int32_t stride_height, stride_width;
    int32_t dilation_height, dilation_width;
    int32_t pad_top, pad_left, pad_bottom, pad_right;
    int32_t count_padding;
    int32_t input_zero_point;
    float factor;  // average: input scale ÷ output scale (before division by the count)
    martlet_output output;
} martlet_pooling;

/// Output pixels of one row with the same taps inside the image.
typedef struct martlet_tap_segment {
    const uint8_t *const *taps;  // the first pixel's taps; one may be the output itself
    int32_t tap_count;
    int32_t pixels;
    ptrdiff_t pixel_step;        // bytes from a pixel's tap to the next pixel's
    uint8_t *output;
    ptrdiff_t output_step;
} martlet_tap_segment;

/// round((a − zero_point_a) · factor_a + (b − zero_point_b) · factor_b): products and sum float32, rounded separately.
typedef struct martlet_addition {
    int32_t zero_point_a, zero_point_b;
    float factor_a, factor_b;
    martlet_output output;
} martlet_addition;

typedef struct martlet_fixed_addition martlet_fixed_addition;

/// round(float((a − zero_point_a) · (b − zero_point_b)) · factor): the product is an exact integer.
typedef struct martlet_multiplication {
    int32_t zero_point_a, zero_point_b;
    float factor;
    martlet_output output;
} martlet_multiplication;

/// round(float(a − zero_point_a) · factors[b]): 256 factors, of each stored byte of the divisor.
typedef struct martlet_division {
    int32_t zero_point_a;
    const float *factors;
    martlet_output output;
} martlet_division;

// MARK: The kernel table
struct martlet_int16_panel;

/// The primitives of one processor family. Every entry gives the bytes that the scalar family's entry gives.
typedef struct martlet_kernels {
    martlet_family family;
    /// Blocks of 16 output channels that one call of `convolve` takes at most.
    int32_t panel_blocks;
    /// Segments of at most so many pixels are handed to `convolve` two at a time, longer ones one at a time.
    int32_t paired_pixels;
    /// 1: with one block, segments that share runs are handed over two at a time, too.
    int32_t takes_row_pairs;
    /// 1: panels come with a place for an order.
    int32_t keeps_order;
    /// All pixels of all segments × the panel's channels. Segments have the same number of pixels.
    void (*convolve)(const martlet_panel *panel, const martlet_segment *segments, int32_t segment_count);
    /// `channels` channels from the first of each pointer; weights and channel blocks begin at that channel's block.
    void (*depthwise)(
        const martlet_depthwise *depthwise, const martlet_depthwise_segment *segment, int32_t channels);
    /// Largest tap of each pixel and channel.
    void (*maximum)(const martlet_tap_segment *segment, int32_t channels);
    /// sums[i] += from[i]
    void (*accumulate)(int32_t *restrict sums, const uint8_t *restrict from, int32_t count);
    /// output[i] = store(float(sums[i] + bias) · factor)
    void (*requantize)(
        uint8_t *restrict output, const int32_t *restrict sums, int32_t bias, float factor, martlet_output rule,
        int32_t count);
    /// Elementwise; `output` may be `a` or `b`.
    void (*add)(uint8_t *output, const uint8_t *a, const uint8_t *b, const martlet_addition *rule, int32_t count);
    void (*multiply)(
        uint8_t *output, const uint8_t *a, const uint8_t *b, const martlet_multiplication *rule, int32_t count);
    /// As `add`, in whole numbers.
    void (*add_fixed)(
        uint8_t *output, const uint8_t *a, const uint8_t *b, const martlet_fixed_addition *rule, int32_t count);
    /// output[i] = table[input[i]]; `output` may be `input`.
    void (*look_up)(uint8_t *output, const uint8_t *input, const uint8_t *table, int32_t count);
    /// All pixels × channels of an int16 panel (CInt16.h); NULL: the scalar one.
    void (*convolve_int16)(const struct martlet_int16_panel *panel);
    /// `accumulate` of `pixels` pixels, `step` bytes apart; NULL: one after the other.
    void (*accumulate_pixels)(
        int32_t *restrict sums, const uint8_t *restrict from, ptrdiff_t step, int32_t pixels, int32_t channels);
    /// See CConnect.h; NULL: `convolve`, panel by panel, and the scalar one.
    void (*connect)(const martlet_panel *layer, const uint8_t *input, uint8_t *output);
    int32_t (*dot)(const int8_t *weights, const uint8_t *values, int32_t zero_point, int32_t count);
    void (*expand_four_bit)(const uint8_t *restrict bytes, int8_t *restrict values, ptrdiff_t quads);  // CFourBit.h
} martlet_kernels;

/// Families that this processor can run, bit i for family i. Scalar is always there. AVX-512-VNNI needs the foundation,
/// BW, DQ, VL, VNNI and VBMI.
uint32_t martlet_families(void);

/// Bytes of an order, 8-byte aligned.
size_t martlet_order_bytes(void);
/// Makes it one of no panel yet. `pixels`: that all calls for a panel compute together.
void martlet_order_begin(martlet_order *order, int32_t pixels);

/// The table of a family, or NULL when it is not compiled in or this processor lacks it.
const martlet_kernels *martlet_kernels_for(martlet_family family);

/// The fastest family's table; the environment variable MARTLET_ISA forces one on a host (unknown or missing: the
/// fastest, and `martlet_forced_family_missing` says so).
const martlet_kernels *martlet_best_kernels(void);

/// 1 when MARTLET_ISA names a family that cannot run here.
int32_t martlet_forced_family_missing(void);

/// "scalar", "avx2", "avxvnni", "avx512vnni", "neon", "neon-dotprod", "neon-i8mm", "arm-dsp", "helium".
const char *martlet_family_name(martlet_family family);

// MARK: Algorithms (each lives once; only the primitives above differ by processor)

/// Output rows [first_row, end_row). `residual` may be NULL. `scratch`: martlet_convolution_scratch_bytes, 64-aligned.
void martlet_convolution_rows(
    const martlet_kernels *kernels, const martlet_convolution *convolution, const martlet_rows *input,
    const martlet_rows *residual, const martlet_rows *output, int32_t first_row, int32_t end_row, uint8_t *scratch);
/// Scratch bytes, a multiple of 64 and often 0. Reads the convolution's sizes, strides, dilations, pads and groups,
/// both shapes, and `input->pixel_pitch_bytes`; no pointers, row pitches or rows held.
size_t martlet_convolution_scratch_bytes(
    const martlet_convolution *convolution, const martlet_rows *input, const martlet_rows *output);

/// Leaves of a convolution with one group only the output channels of the blocks [first_block, end_block): constants,
/// output and residual (or NULL) then begin at the first of them. It needs no more scratch than the whole.
void martlet_convolution_narrow(
    martlet_convolution *convolution, const martlet_rows *input, martlet_rows *residual, martlet_rows *output,
    int32_t first_block, int32_t end_block);

void martlet_depthwise_rows(
    const martlet_kernels *kernels, const martlet_depthwise *depthwise, const martlet_rows *input,
    const martlet_rows *output, int32_t first_row, int32_t end_row, uint8_t *scratch);
/// Scratch bytes, as above.
size_t martlet_depthwise_scratch_bytes(
    const martlet_depthwise *depthwise, const martlet_rows *input, const martlet_rows *output);

/// As for a convolution; the input's channels are the output's.
void martlet_depthwise_narrow(
    martlet_depthwise *depthwise, martlet_rows *input, martlet_rows *output, int32_t first_block, int32_t end_block);

/// Leaves of a tensor only the channels of the blocks of sixteen [first_block, end_block).
static inline void martlet_rows_narrow(martlet_rows *rows, int32_t first_block, int32_t end_block) {
    int32_t first = first_block * 16, end = end_block * 16 < rows->channels ? end_block * 16 : rows->channels;
    rows->base += first;
    rows->channels = end - first;
}

/// Largest value of each window; padding never wins. The input's and output's quantization are equal.
void martlet_maximum_pool_rows(
    const martlet_kernels *kernels, const martlet_pooling *pooling, const martlet_rows *input,
    const martlet_rows *output, int32_t first_row, int32_t end_row);
/// store(float(Σ(q − zero point)) · (factor ÷ count)); the quotient is one float32 division. Scratch: 4 · C bytes.
/// Count: taps inside the image, or with `count_padding` taps inside the padded image; at least 1.
void martlet_average_pool_rows(
    const martlet_kernels *kernels, const martlet_pooling *pooling, const martlet_rows *input,
    const martlet_rows *output, int32_t first_row, int32_t end_row, uint8_t *scratch);

/// Elementwise over rows. An operand of height, width or channels 1 is broadcast over that dimension.
void martlet_add_rows(
    const martlet_kernels *kernels, const martlet_addition *rule, const martlet_rows *a, const martlet_rows *b,
    const martlet_rows *output, int32_t first_row, int32_t end_row);
void martlet_multiply_rows(
    const martlet_kernels *kernels, const martlet_multiplication *rule, const martlet_rows *a, const martlet_rows *b,
    const martlet_rows *output, int32_t first_row, int32_t end_row);
/// Likewise, in scalar code on every processor.
void martlet_divide_rows(
    const martlet_division *rule, const martlet_rows *a, const martlet_rows *b, const martlet_rows *output,
    int32_t first_row, int32_t end_row);
/// output = table[input], 256 entries.
void martlet_look_up_rows(
    const martlet_kernels *kernels, const uint8_t *table, const martlet_rows *input, const martlet_rows *output,
    int32_t first_row, int32_t end_row);
/// Copies a window: output (y, x, output_channel + c) =
/// input (y·step_y + begin_y, x·step_x + begin_x, c·step_c + begin_c) for c in 0 ..< count where that lies inside the
/// input, through `table` (256 entries) unless NULL; else `fill` as it is. Slice, Pad, Concat. Steps are not negative.
typedef struct martlet_window {
    int32_t begin_y, begin_x, begin_c;
    int32_t step_y, step_x, step_c;
    int32_t output_channel, count;
    int32_t fill;
    const uint8_t *table;
} martlet_window;
void martlet_copy_rows(
    const martlet_kernels *kernels, const martlet_window *window, const martlet_rows *input,
    const martlet_rows *output, int32_t first_row, int32_t end_row);

/// Axes in another order: output axis 0 (rows), 1 (pixels), 2 (channels) is the input's axis `rows`, `pixels`,
/// `channels`. The input lies whole.
void martlet_transpose_rows(
    int32_t rows, int32_t pixels, int32_t channels, const martlet_rows *input, const martlet_rows *output,
    int32_t first_row, int32_t end_row);

/// 32-bit check of `count` bytes: 64 interleaved lanes (see Documentation/FileFormat.md). Not cryptographic.
uint32_t martlet_checksum(const uint8_t *bytes, size_t count);

/// CRC-32 as zlib's: begin with 0, and hand the result on to continue.
uint32_t martlet_crc32(uint32_t crc, const uint8_t *bytes, size_t count);
/// The same of the stored bytes of rows [first_row, end_row), without the gaps between pixels and rows.
uint32_t martlet_rows_crc32(uint32_t crc, const martlet_rows *rows, int32_t first_row, int32_t end_row);

#include "CConnect.h"
#include "CFixed.h"
#include "CFloat.h"
#include "CFourBit.h"
#include "CTraining.h"
#include "CNormalization.h"
#include "CSelection.h"
#include "CWide.h"
#include "CInt16.h"
#include "CRecurrent.h"
#include "CResize.h"
#include "CHead.h"
#include "CWeights.h"

#endif
