/// The float primitives of training, written once for every processor: after float_tile.h, which defines float16.
/// A file that includes this defines FLOAT_OUTER_ROWS and FLOAT_OUTER_BLOCKS, the largest tile of outer products.
#include "CTraining.h"

#define FLOAT_UNROLL _Pragma("clang loop unroll(full)")

// MARK: Outer products

/// A tile of constant size; the last block has `count` columns.
FLOAT_INLINE void float_outer_of(
    const martlet_float_outer *outer, int32_t count, const int32_t rows, const int32_t blocks) {
    float16 sums[FLOAT_OUTER_ROWS][FLOAT_OUTER_BLOCKS];
    FLOAT_UNROLL for (int32_t row = 0; row < rows; row++) {
        FLOAT_UNROLL for (int32_t block = 0; block < blocks; block++) sums[row][block] = (float16)(0);
    }
    const ptrdiff_t a_pixel = outer->a_pixel, b_pixel = outer->b_pixel;
    for (int32_t line = 0; line < outer->pixel_rows; line++) {
        const float *a = outer->a + line * outer->a_row;
        const float *b = outer->b + line * outer->b_row;
        for (int32_t pixel = 0; pixel < outer->pixels; pixel++, a += a_pixel, b += b_pixel) {
            float16 columns[FLOAT_OUTER_BLOCKS];
            FLOAT_UNROLL for (int32_t block = 0; block < blocks; block++) {
                columns[block] = float_load(b + block * 16, block == blocks - 1 ? count : 16);
            }
            FLOAT_UNROLL for (int32_t row = 0; row < rows; row++) {
                float16 element = a[row];
                FLOAT_UNROLL for (int32_t block = 0; block < blocks; block++) {
                    sums[row][block] = FLOAT_MULTIPLY_ADD(element, columns[block], sums[row][block]);
                }
            }
        }
    }
    FLOAT_UNROLL for (int32_t row = 0; row < rows; row++) {
        FLOAT_UNROLL for (int32_t block = 0; block < blocks; block++) {
            float *into = outer->c + row * outer->c_stride + block * 16;
            int32_t some = block == blocks - 1 ? count : 16;
            float_store(into, float_load(into, some) + sums[row][block], some);
        }
    }
}

#define FLOAT_OUTER_OF(rows, blocks) \
    if (outer->columns == 16 * blocks) float_outer_of(outer, 16, rows, blocks); \
    else float_outer_of(outer, outer->columns - 16 * (blocks - 1), rows, blocks);

#define FLOAT_OUTER_CASE(count) \
    case count: \
        if (FLOAT_OUTER_BLOCKS > 2 && outer->columns > 32) { FLOAT_OUTER_OF(count, FLOAT_OUTER_BLOCKS) } \
        else if (FLOAT_OUTER_BLOCKS > 1 && outer->columns > 16) { \
            FLOAT_OUTER_OF(count, (FLOAT_OUTER_BLOCKS > 2 ? 2 : FLOAT_OUTER_BLOCKS)) \
        } else { FLOAT_OUTER_OF(count, 1) } \
        break;

// MARK: Depthwise

/// `count` channels of one row of pixels, its weights in registers.
FLOAT_INLINE void float_depthwise_row(
    const martlet_float_walk *walk, const float *image, const float *weights, const float *bias, float *output, float low,
    float high, int32_t count, const int32_t tap_rows, const int32_t tap_columns) {
    float16 factors[9], start = float_load(bias, count);
    FLOAT_UNROLL for (int32_t tap = 0; tap < tap_rows * tap_columns; tap++) {
        factors[tap] = float_load(weights + tap * walk->depth, count);
    }
    const ptrdiff_t tap_row = walk->tap_row, tap_column = walk->tap_column;
    for (int32_t pixel = 0; pixel < walk->pixels; pixel++, image += walk->pixel, output += walk->output_pixel) {
        float16 sum = start;
        FLOAT_UNROLL for (int32_t row = 0; row < tap_rows; row++) {
            FLOAT_UNROLL for (int32_t column = 0; column < tap_columns; column++) {
                float16 value = float_load(image + row * tap_row + column * tap_column, count);
                sum = FLOAT_MULTIPLY_ADD(value, factors[row * tap_columns + column], sum);
            }
        }
        float_store(output, float_limit(sum, low, high), count);
    }
}

/// The same with any number of taps.
FLOAT_INLINE void float_depthwise_row_of_any(
    const martlet_float_walk *walk, const float *image, const float *weights, const float *bias, float *output, float low,
    float high, int32_t count) {
    float16 start = float_load(bias, count);
    for (int32_t pixel = 0; pixel < walk->pixels; pixel++, image += walk->pixel, output += walk->output_pixel) {
        float16 sum = start;
        const float *factors = weights;
        for (int32_t row = 0; row < walk->tap_rows; row++) {
            for (int32_t column = 0; column < walk->tap_columns; column++, factors += walk->depth) {
                float16 value = float_load(image + row * walk->tap_row + column * walk->tap_column, count);
                sum = FLOAT_MULTIPLY_ADD(value, float_load(factors, count), sum);
            }
        }
        float_store(output, float_limit(sum, low, high), count);
    }
}

FLOAT_INLINE void float_depthwise_block(
    const martlet_float_walk *walk, const float *image, const float *weights, const float *bias, float *output, float low,
    float high, int32_t count) {
    int32_t shape = walk->tap_rows << 8 | walk->tap_columns;
    for (int32_t row = 0; row < walk->rows; row++, image += walk->row, output += walk->output_row) {
        switch (shape) {
        case 3 << 8 | 3: float_depthwise_row(walk, image, weights, bias, output, low, high, count, 3, 3); break;
        case 2 << 8 | 2: float_depthwise_row(walk, image, weights, bias, output, low, high, count, 2, 2); break;
        case 2 << 8 | 1: float_depthwise_row(walk, image, weights, bias, output, low, high, count, 2, 1); break;
        case 1 << 8 | 2: float_depthwise_row(walk, image, weights, bias, output, low, high, count, 1, 2); break;
        case 1 << 8 | 1: float_depthwise_row(walk, image, weights, bias, output, low, high, count, 1, 1); break;
        default: float_depthwise_row_of_any(walk, image, weights, bias, output, low, high, count);
        }
    }
}

static void depthwise_walk(
    const martlet_float_walk *walk, const float *image, const float *weights, const float *bias, float *output, float low,
    float high) {
    int32_t first = 0;
    for (; first + 16 <= walk->depth; first += 16) {
        float_depthwise_block(walk, image + first, weights + first, bias + first, output + first, low, high, 16);
    }
    if (first == walk->depth) return;
    float_depthwise_block(
        walk, image + first, weights + first, bias + first, output + first, low, high, walk->depth - first);
}

/// `count` channels: the sums of some taps of one row of taps over all pixels.
FLOAT_INLINE void float_depthwise_sums(
    const martlet_float_walk *walk, const float *image, const float *gradient, float *sum, int32_t count,
    const int32_t tap_rows, const int32_t tap_columns) {
    float16 sums[9];
    FLOAT_UNROLL for (int32_t tap = 0; tap < tap_rows * tap_columns; tap++) sums[tap] = (float16)(0);
    const ptrdiff_t tap_row = walk->tap_row, tap_column = walk->tap_column;
    for (int32_t row = 0; row < walk->rows; row++) {
        const float *line = image + row * walk->row, *from = gradient + row * walk->output_row;
        for (int32_t pixel = 0; pixel < walk->pixels; pixel++, line += walk->pixel, from += walk->output_pixel) {
            float16 slope = float_load(from, count);
            FLOAT_UNROLL for (int32_t above = 0; above < tap_rows; above++) {
                FLOAT_UNROLL for (int32_t column = 0; column < tap_columns; column++) {
                    float16 value = float_load(line + above * tap_row + column * tap_column, count);
                    float16 *place = &sums[above * tap_columns + column];
                    *place = FLOAT_MULTIPLY_ADD(value, slope, *place);
                }
            }
        }
    }
    FLOAT_UNROLL for (int32_t tap = 0; tap < tap_rows * tap_columns; tap++) {
        float *into = sum + tap * walk->depth;
        float_store(into, float_load(into, count) + sums[tap], count);
    }
}

FLOAT_INLINE void float_depthwise_outer_block(
    const martlet_float_walk *walk, const float *image, const float *gradient, float *sum, int32_t count) {
    if (walk->tap_rows == 3 && walk->tap_columns == 3) {
        float_depthwise_sums(walk, image, gradient, sum, count, 3, 3);
        return;
    }
    for (int32_t row = 0; row < walk->tap_rows; row++) {
        const float *line = image + row * walk->tap_row;
        int32_t column = 0;
        for (; column + 5 <= walk->tap_columns; column += 5, line += 5 * walk->tap_column, sum += 5 * walk->depth) {
            float_depthwise_sums(walk, line, gradient, sum, count, 1, 5);
        }
        for (; column < walk->tap_columns; column++, line += walk->tap_column, sum += walk->depth) {
            float_depthwise_sums(walk, line, gradient, sum, count, 1, 1);
        }
    }
}

static void depthwise_outer(const martlet_float_walk *walk, const float *image, const float *gradient, float *sum) {
    int32_t first = 0;
    for (; first + 16 <= walk->depth; first += 16) {
        float_depthwise_outer_block(walk, image + first, gradient + first, sum + first, 16);
    }
    if (first == walk->depth) return;
    float_depthwise_outer_block(walk, image + first, gradient + first, sum + first, walk->depth - first);
}

#include "float_normalization.h"

/// The table of a family.
#define FLOAT_KERNELS(name) \
    {name, FLOAT_ROWS, FLOAT_BLOCKS, tile, depthwise, FLOAT_OUTER_ROWS, FLOAT_OUTER_BLOCKS, outer, depthwise_walk, \
        depthwise_outer, moments, normalize, normalization_sums, normalization_gradient}
