/// Tensors of int16: sixteen-bit activations with eight-bit weights, and recurrent layers. Included by CShim.h,
/// after the
/// types.
///
/// Values are int16 as they are, zero point 0. Sums are exact in 64 bits. A result is `martlet_scale`: the exact
/// product
/// with a factor of whole numbers, rounded half up, clamped. No float arithmetic takes part, so that processors
/// without a
/// floating-point unit lose nothing, and nothing is lost to the 24 bits of a float32 sum.
#ifndef CSHIM_INT16_H
#define CSHIM_INT16_H

#include "CShim.h"

/// A factor multiplier · 2^−shift, multiplier in 0 … 2³¹ − 1, shift in 1 … 62.
typedef struct martlet_factor {
    int32_t multiplier;
    int32_t shift;
} martlet_factor;

/// ⌊value · multiplier · 2^−shift + ½⌋; |value · multiplier| stays below 2⁶² (the Verifier proves it).
static inline int64_t martlet_scale(int64_t value, martlet_factor factor) {
    return (value * factor.multiplier + ((int64_t)1 << (factor.shift - 1))) >> factor.shift;
}

/// 1 when the factor makes less than 2³⁰ of every int16.
static inline int32_t martlet_factor_fits(martlet_factor factor) {
    return ((int64_t)factor.multiplier << 15) >> factor.shift < (int64_t)1 << 30;
}

/// A float32 factor as whole numbers: its 24 bits and their place. 0 where it is smaller than 2^−38; below 2^22 else.
static inline martlet_factor martlet_factor_of(float value) {
    uint32_t bits;
    __builtin_memcpy(&bits, &value, 4);
    int32_t exponent = (int32_t)(bits >> 23 & 255);
    martlet_factor factor = {0, 1};
    if (exponent < 89 || exponent > 148) return factor;
    factor.multiplier = (int32_t)((bits & 0x7FFFFF) | 0x800000);
    factor.shift = 150 - exponent;
    return factor;
}

static inline int16_t martlet_clamp64(int64_t value, int32_t low, int32_t high) {
    return (int16_t)(value < low ? low : value > high ? high : value);
}

/// A channel's bias: 64 bits, the low half in `bias`, the high half in `weight_sum`.
static inline int64_t martlet_int16_bias(const martlet_channel_block *block, int32_t channel) {
    return (int64_t)((uint64_t)(uint32_t)block->weight_sum[channel] << 32 | (uint32_t)block->bias[channel]);
}

/// 1 when |bias| + 2¹⁵ · 127 · taps is at most 2³⁸ (half of what `martlet_scale` takes of a float32 factor) and the
/// factor
/// is 0 or in 2^−38 … 2^16.
static inline int32_t martlet_int16_channel_fits(const martlet_channel_block *block, int32_t channel, int64_t taps) {
    int64_t bias = martlet_int16_bias(block, channel), largest = (int64_t)1 << 38;
    float factor = block->factor[channel];
    if (taps < 0 || taps > (int64_t)1 << 16) return 0;
    int64_t room = largest - taps * 32768 * 128;
    return bias <= room && bias >= -room && (factor == 0 || (factor >= 0x1p-38f && factor <= 0x1p16f));
}

/// One output pixel after the other of a convolution: what a family gets.
typedef struct martlet_int16_panel {
    const int8_t *weights;                  // of the group's first block, packed as for eight bits
    const martlet_channel_block *channels;  // likewise
    ptrdiff_t block_bytes;
    int32_t blocks, channels_stored;
    int32_t runs, run_quads;
    int32_t low, high;
    const int16_t *const *run_starts;  // of the first pixel
    ptrdiff_t run_step;                // bytes from a pixel's run to the next pixel's
    uint8_t *output;
    ptrdiff_t output_step;
    int32_t pixels;
} martlet_int16_panel;

/// Output rows [first_row, end_row) of a convolution. Padding counts as 0; no residual; `output.low` and `high` are
/// int16.
void martlet_int16_convolution_rows(
    const martlet_kernels *kernels, const martlet_convolution *convolution, const martlet_rows *input,
    const martlet_rows *output, int32_t first_row, int32_t end_row, uint8_t *scratch);
/// Scratch bytes: reads sizes, strides, dilations, pads, groups and both shapes.
size_t martlet_int16_convolution_scratch_bytes(
    const martlet_convolution *convolution, const martlet_rows *input, const martlet_rows *output);

/// Output rows of a depthwise convolution. Padding counts as 0.
void martlet_int16_depthwise_rows(
    const martlet_depthwise *depthwise, const martlet_rows *input, const martlet_rows *output, int32_t first_row,
    int32_t end_row);

/// Largest value of each window.
void martlet_int16_maximum_pool_rows(
    const martlet_pooling *pooling, const martlet_rows *input, const martlet_rows *output, int32_t first_row,
    int32_t end_row);
/// Σ ÷ count, rounded half away from 0. Same quantization in and out.
void martlet_int16_average_pool_rows(
    const martlet_pooling *pooling, const martlet_rows *input, const martlet_rows *output, int32_t first_row,
    int32_t end_row);

/// clamp(⌊(a · multiplier_a + b · multiplier_b) · 2^−shift + ½⌋). Multipliers may be negative; their sum's magnitude is
/// below 2³².
typedef struct martlet_int16_addition {
    int32_t multiplier_a, multiplier_b, shift;
    int32_t low, high;
} martlet_int16_addition;
/// Operands are broadcast as in `martlet_add_rows`.
void martlet_int16_add_rows(
    const martlet_int16_addition *rule, const martlet_rows *a, const martlet_rows *b, const martlet_rows *output,
    int32_t first_row, int32_t end_row);
/// clamp(martlet_scale(a · b, factor)), likewise.
typedef struct martlet_int16_multiplication {
    martlet_factor factor;
    int32_t low, high;
} martlet_int16_multiplication;
void martlet_int16_multiply_rows(
    const martlet_int16_multiplication *rule, const martlet_rows *a, const martlet_rows *b, const martlet_rows *output,
    int32_t first_row, int32_t end_row);

/// clamp(martlet_scale(x − input_zero_point, factor) + output_zero_point) between element types, 1, 2 or 4 bytes a
/// value;
/// zero points are those of the values, not of stored bytes.
typedef struct martlet_requantization {
    int32_t input_bytes, output_bytes;
    int32_t input_zero_point, output_zero_point;
    martlet_factor factor;
} martlet_requantization;
void martlet_requantize_rows(
    const martlet_requantization *rule, const martlet_rows *input, const martlet_rows *output, int32_t first_row,
    int32_t end_row);

/// A function of one int16 through a table.
typedef enum martlet_int16_function : int32_t {
    /// 513 int32 below 2²² at every 128th argument from −32768 to 32768; between two of them a straight line,
    /// rounded half
    /// up, then the clamp.
    MARTLET_INT16_INTERPOLATED = 0,
    /// Sigmoid through `martlet_int16_sigmoid`, tanh through `martlet_int16_tanh`.
    MARTLET_INT16_SIGMOID = 1,
    MARTLET_INT16_TANH = 2,
} martlet_int16_function;

typedef struct martlet_int16_look_up {
    martlet_int16_function function;
    /// int32 for 0, uint16 for 1 and 2, little-endian.
    const void *table;
    /// For 0: the clamp.
    int32_t low, high;
    /// For 1 and 2: the argument in steps of 1/24 (sigmoid) or 1/48 (tanh) of the table, times 512 or 256.
    martlet_factor argument;
} martlet_int16_look_up;
void martlet_int16_look_up_rows(
    const martlet_int16_look_up *rule, const martlet_rows *input, const martlet_rows *output, int32_t first_row,
    int32_t end_row);

/// Sigmoid by the 16-bit rule of TensorFlow Lite's reference kernels: `argument` is x · 24 · 512; table[i] is
/// sigmoid(i / 24) · 2¹⁶ for i in 0 … 255, with straight lines between; the result is in steps of 2^−15.
int16_t martlet_int16_sigmoid(int32_t argument, const uint16_t *table);
/// Tanh likewise: tanh(x) = 2 · sigmoid(2x) − 1, `argument` is x · 48 · 256.
int16_t martlet_int16_tanh(int32_t argument, const uint16_t *table);

/// Softmax over channels of int8 or int16 values. exponentials[0 … 255] are exp(−d · 256 · scale) and [256 … 511]
/// exp(−d · scale), 0.31 fixed point; e is the product of the two, and the result min(⌊steps · e / Σe + ½⌋, largest).
typedef struct martlet_int16_softmax {
    const int32_t *exponentials;
    int32_t input_bytes;
    /// 2¹⁵ with largest 32767 and offset 0, or 2¹⁶ with largest 65535 and offset −32768.
    int32_t steps, largest, offset;
} martlet_int16_softmax;
void martlet_int16_softmax_rows(
    const martlet_int16_softmax *rule, const martlet_rows *input, const martlet_rows *output, int32_t first_row,
    int32_t end_row);

/// `martlet_copy_rows` for values of 2 or 4 bytes. Without a table; `fill` is the value itself.
void martlet_copy_wide_rows(
    int32_t element_bytes, const martlet_window *window, const martlet_rows *input, const martlet_rows *output,
    int32_t first_row, int32_t end_row);
/// `martlet_transpose_rows` for values of 2 or 4 bytes.
void martlet_transpose_wide_rows(
    int32_t element_bytes, int32_t rows, int32_t pixels, int32_t channels, const martlet_rows *input,
    const martlet_rows *output, int32_t first_row, int32_t end_row);

#endif
