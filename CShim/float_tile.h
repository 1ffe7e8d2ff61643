/// The float register tiles, written once for every processor. A file that includes this has set the target and
/// defines FLOAT_ROWS and FLOAT_BLOCKS (the largest tile) and FLOAT_MULTIPLY_ADD(a, b, c) = a · b + c.
#include "CFloat.h"

// No function here is ever called across files: how vectors are passed does not matter.
#pragma clang diagnostic ignored "-Wpsabi"

#define FLOAT_INLINE static inline __attribute__((always_inline))

/// Sixteen floats: one, two or four registers.
typedef float float16 __attribute__((ext_vector_type(16), aligned(4)));

/// Sixteen floats of which `count` are real: zeros stand for the rest.
FLOAT_INLINE float16 float_load(const float *from, int32_t count) {
    if (count >= 16) return *(const float16 *)from;
#ifdef FLOAT_LOAD_SOME
    return FLOAT_LOAD_SOME(from, count);
#else
    float16 value = 0;
    __builtin_memcpy(&value, from, (size_t)count * sizeof(float));
    return value;
#endif
}

FLOAT_INLINE void float_store(float *into, float16 value, int32_t count) {
    if (count >= 16) {
        *(float16 *)into = value;
        return;
    }
#ifdef FLOAT_STORE_SOME
    FLOAT_STORE_SOME(into, value, count);
#else
    __builtin_memcpy(into, &value, (size_t)count * sizeof(float));
#endif
}

FLOAT_INLINE float16 float_limit(float16 value, float low, float high) {
    float16 lows = low, highs = high;
    value = value < lows ? lows : value;
    return value > highs ? highs : value;
}

/// A tile of constant size: the compiler keeps every sum in a register.
FLOAT_INLINE void float_tile_of(const martlet_float_tile *tile, const int32_t rows, const int32_t blocks) {
    float16 sums[FLOAT_ROWS][FLOAT_BLOCKS];
#pragma clang loop unroll(full)
    for (int32_t row = 0; row < rows; row++) {
#pragma clang loop unroll(full)
        for (int32_t block = 0; block < blocks; block++) sums[row][block] = (float16)(0);
    }
    const ptrdiff_t a_stride = tile->a_stride;
    const float *b = tile->b;
    const ptrdiff_t b_stride = tile->b_stride;
    const float *line = tile->a;
    for (int32_t tap_row = 0; tap_row < tile->tap_rows; tap_row++, line += tile->tap_row) {
        const float *stretch = line;
        for (int32_t tap = 0; tap < tile->tap_columns; tap++, stretch += tile->tap_column) {
            const float *a[(FLOAT_ROWS + 2) / 3];
#pragma clang loop unroll(full)
            for (int32_t third = 0; third < (rows + 2) / 3; third++) a[third] = stretch + third * 3 * a_stride;
            for (ptrdiff_t k = 0; k < tile->depth; k++) {
                float16 columns[FLOAT_BLOCKS];
#pragma clang loop unroll(full)
                for (int32_t block = 0; block < blocks; block++) {
                    columns[block] = *(const float16 *)(b + block * b_stride);
                }
                b += 16;
#pragma clang loop unroll(full)
                for (int32_t row = 0; row < rows; row++) {
                    float16 element = a[row / 3][row % 3 * a_stride + k];
#pragma clang loop unroll(full)
                    for (int32_t block = 0; block < blocks; block++) {
                        sums[row][block] = FLOAT_MULTIPLY_ADD(element, columns[block], sums[row][block]);
                    }
                }
            }
        }
    }
#pragma clang loop unroll(full)
    for (int32_t block = 0; block < blocks; block++) {
        int32_t count = tile->columns - block * 16;
        float16 bias = tile->bias ? float_load(tile->bias + block * 16, count) : (float16)(0);
#pragma clang loop unroll(full)
        for (int32_t row = 0; row < rows; row++) {
            float16 value = sums[row][block] + bias;
            if (tile->initial) value += float_load(tile->initial + row * tile->initial_stride + block * 16, count);
            float_store(tile->c + row * tile->c_stride + block * 16, float_limit(value, tile->low, tile->high), count);
        }
    }
}

#define FLOAT_TILE_CASE(count) \
    case count: \
        if (FLOAT_BLOCKS > 1 && tile->columns > 16) float_tile_of(tile, count, FLOAT_BLOCKS); \
        else float_tile_of(tile, count, 1); \
        break;

/// Eight floats.
typedef float float8 __attribute__((ext_vector_type(8), aligned(4)));

/// `blocks` registers of channels of `pixels` neighbouring pixels: a tap's weights are read once for all of them.
#define FLOAT_TAPS(name, vector)                                                                                     \
    FLOAT_INLINE void name(                                                                                          \
        const martlet_float_taps *taps, int32_t first, int32_t pixel, const int32_t blocks, const int32_t pixels) {  \
        enum { lanes = sizeof(vector) / sizeof(float) };                                                             \
        vector sums[FLOAT_TAP_SUMS];                                                                                 \
        const ptrdiff_t step = taps->pixel_step;                                                                     \
        _Pragma("clang loop unroll(full)") for (int32_t i = 0; i < blocks * pixels; i++) {                           \
            sums[i] = *(const vector *)(taps->bias + first + i % blocks * lanes);                                    \
        }                                                                                                            \
        for (int32_t row = 0; row < taps->rows; row++) {                                                             \
            const float *input = taps->input + pixel * step + row * taps->input_row + first;                         \
            const float *weights = taps->weights + row * taps->weights_row + first;                                  \
            for (int32_t column = 0; column < taps->columns; column++) {                                             \
                vector tap[4];                                                                                       \
                _Pragma("clang loop unroll(full)") for (int32_t block = 0; block < blocks; block++) {                \
                    tap[block] = *(const vector *)(weights + block * lanes);                                         \
                }                                                                                                    \
                _Pragma("clang loop unroll(full)") for (int32_t i = 0; i < blocks * pixels; i++) {                   \
                    const vector value = *(const vector *)(input + i / blocks * step + i % blocks * lanes);          \
                    sums[i] = FLOAT_MULTIPLY_ADD(value, tap[i % blocks], sums[i]);                                   \
                }                                                                                                    \
                input += taps->input_column;                                                                         \
                weights += taps->weights_column;                                                                     \
            }                                                                                                        \
        }                                                                                                            \
        const vector low = taps->low, high = taps->high;                                                             \
        float *output = taps->output + (ptrdiff_t)pixel * taps->channels + first;                                    \
        _Pragma("clang loop unroll(full)") for (int32_t i = 0; i < blocks * pixels; i++) {                           \
            vector value = sums[i] < low ? low : sums[i];                                                            \
            *(vector *)(output + i / blocks * (ptrdiff_t)taps->channels + i % blocks * lanes) =                      \
                value > high ? high : value;                                                                         \
        }                                                                                                            \
    }

/// Sums of one call: registers of sixteen floats.
#define FLOAT_TAP_SUMS (4 * FLOAT_BLOCKS)
FLOAT_TAPS(float_taps_of_16, float16)
FLOAT_TAPS(float_taps_of_8, float8)

/// All pixels of some channels, four at a time.
#define FLOAT_TAP_PIXELS(name, blocks)                                                                    \
    do {                                                                                                  \
        int32_t pixel = 0;                                                                                \
        for (; pixel + 4 <= taps->pixels; pixel += 4) name(taps, first, pixel, blocks, 4);                \
        if (taps->pixels - pixel == 3) name(taps, first, pixel, blocks, 3);                               \
        else for (; pixel < taps->pixels; pixel++) name(taps, first, pixel, blocks, 1);                   \
    } while (0)

/// All pixels, channel by channel: what is left over from blocks.
FLOAT_INLINE void float_taps_rest(const martlet_float_taps *taps, int32_t first) {
    for (int32_t pixel = 0; pixel < taps->pixels; pixel++) {
        const float *input = taps->input + pixel * taps->pixel_step;
        for (int32_t channel = first; channel < taps->channels; channel++) {
            float sum = taps->bias[channel];
            for (int32_t row = 0; row < taps->rows; row++) {
                for (int32_t column = 0; column < taps->columns; column++) {
                    sum += input[row * taps->input_row + column * taps->input_column + channel]
                        * taps->weights[row * taps->weights_row + column * taps->weights_column + channel];
                }
            }
            sum = sum < taps->low ? taps->low : sum;
            taps->output[(ptrdiff_t)pixel * taps->channels + channel] = sum > taps->high ? taps->high : sum;
        }
    }
}

FLOAT_INLINE void float_depthwise_pixels(const martlet_float_taps *taps) {
    int32_t first = 0;
    if (taps->pixels == 1) {
        for (; first + 64 <= taps->channels; first += 64) float_taps_of_16(taps, first, 0, 4, 1);
    }
    for (; FLOAT_BLOCKS == 2 && first + 32 <= taps->channels; first += 32) FLOAT_TAP_PIXELS(float_taps_of_16, FLOAT_BLOCKS);
    for (; first + 16 <= taps->channels; first += 16) FLOAT_TAP_PIXELS(float_taps_of_16, 1);
    for (; first + 8 <= taps->channels; first += 8) FLOAT_TAP_PIXELS(float_taps_of_8, 1);
    if (first < taps->channels) float_taps_rest(taps, first);
}
