// The float primitives of training: walks over tiles of padded images, and over the pixels of normalizations.
#include "CShim.h"

void martlet_float_pad(
    float *restrict padded, int32_t padded_rows, int32_t padded_columns, const float *restrict image, int32_t rows,
    int32_t columns, int32_t top, int32_t left, int32_t channels) {
    const size_t pixel = (size_t)channels * sizeof(float);
    int32_t first = left < 0 ? -left : 0;
    int32_t before = left < 0 ? 0 : left < padded_columns ? left : padded_columns;
    int32_t inside = columns - first < padded_columns - before ? columns - first : padded_columns - before;
    if (inside < 0) inside = 0;
    for (int32_t row = 0; row < padded_rows; row++) {
        float *into = padded + (ptrdiff_t)row * padded_columns * channels;
        if (row < top || row - top >= rows) {
            __builtin_memset(into, 0, (size_t)padded_columns * pixel);
            continue;
        }
        const float *from = image + ((ptrdiff_t)(row - top) * columns + first) * channels;
        __builtin_memset(into, 0, (size_t)before * pixel);
        __builtin_memcpy(into + (ptrdiff_t)before * channels, from, (size_t)inside * pixel);
        int32_t after = padded_columns - before - inside;
        __builtin_memset(into + (ptrdiff_t)(before + inside) * channels, 0, (size_t)after * pixel);
    }
}

void martlet_float_pack_taps(
    float *restrict packed, const float *restrict b, const ptrdiff_t *taps, int32_t tap_count, ptrdiff_t k_stride,
    int32_t n, int32_t k) {
    for (int32_t first = 0; first < n; first += 16) {
        int32_t columns = n - first < 16 ? n - first : 16;
        for (int32_t tap = 0; tap < tap_count; tap++) {
            const float *from = b + taps[tap] + first;
            for (int32_t row = 0; row < k; row++, from += k_stride, packed += 16) {
                for (int32_t column = 0; column < columns; column++) packed[column] = from[column];
                for (int32_t column = columns; column < 16; column++) packed[column] = 0;
            }
        }
    }
}

void martlet_float_walk_multiply(
    const martlet_float_kernels *kernels, const martlet_float_walk *walk, const float *image, const float *packed_b,
    const float *bias, float *output, int32_t columns, float low, float high) {
    const ptrdiff_t k = (ptrdiff_t)walk->tap_rows * walk->tap_columns * walk->depth;
    const int32_t panel = 16 * kernels->tile_blocks;
    // Pixels whose part of the image stays in the second cache from one panel of B to the next.
    int32_t held = walk->rows > 1 || k > 4096 ? walk->pixels : (int32_t)(65536 / (k < 1 ? 1 : k));
    martlet_float_tile tile = {
        .a_stride = walk->pixel, .c_stride = walk->output_pixel, .depth = walk->depth, .tap_rows = walk->tap_rows,
        .tap_columns = walk->tap_columns, .tap_row = walk->tap_row, .tap_column = walk->tap_column,
        .b_stride = k * 16, .low = low, .high = high};
    for (int32_t first = 0; first < walk->pixels; first += held) {
        int32_t pixels = walk->pixels - first < held ? walk->pixels - first : held;
        for (int32_t column = 0; column < columns; column += panel) {
            tile.columns = columns - column < panel ? columns - column : panel;
            tile.b = packed_b + column * k;
            tile.bias = bias ? bias + column : NULL;
            for (int32_t row = 0; row < walk->rows; row++) {
                martlet_float_panel(
                    kernels, tile, image + row * walk->row + first * walk->pixel,
                    output + row * walk->output_row + first * walk->output_pixel + column, NULL, pixels);
            }
        }
    }
}

/// The gradient by one stretch of the window.
static void outer_stretch(
    const martlet_float_kernels *kernels, martlet_float_outer outer, int32_t rows, int32_t depth) {
    const int32_t panel = 16 * kernels->outer_blocks;
    const float *a = outer.a, *b = outer.b;
    float *c = outer.c;
    for (int32_t column = 0; column < depth; column += panel) {
        outer.columns = depth - column < panel ? depth - column : panel;
        outer.b = b + column;
        int32_t tiles = (rows + kernels->outer_rows - 1) / kernels->outer_rows;
        for (int32_t index = 0; index < tiles; index++) {
            int32_t first = (int32_t)((int64_t)rows * index / tiles);
            outer.rows = (int32_t)((int64_t)rows * (index + 1) / tiles) - first;
            outer.a = a + first;
            outer.c = c + first * outer.c_stride + column;
            kernels->outer(&outer);
        }
    }
}

void martlet_float_walk_outer(
    const martlet_float_kernels *kernels, const martlet_float_walk *walk, const float *image, const float *gradient,
    int32_t rows, float *sum, ptrdiff_t sum_stride) {
    martlet_float_outer outer = {
        .a_row = walk->output_row, .a_pixel = walk->output_pixel, .b_row = walk->row, .b_pixel = walk->pixel,
        .c_stride = sum_stride, .pixel_rows = walk->rows, .pixels = walk->pixels, .a = gradient};
    for (int32_t tap_row = 0; tap_row < walk->tap_rows; tap_row++) {
        for (int32_t tap = 0; tap < walk->tap_columns; tap++) {
            outer.b = image + tap_row * walk->tap_row + tap * walk->tap_column;
            outer.c = sum + ((ptrdiff_t)tap_row * walk->tap_columns + tap) * walk->depth;
            outer_stretch(kernels, outer, rows, walk->depth);
        }
    }
}

/// Pixels of so many channels that stay in the first cache.
static ptrdiff_t pixels_held(int32_t channels) { return channels > 512 ? 8 : 4096 / channels; }

void martlet_float_moments(
    const martlet_float_kernels *kernels, const float *x, ptrdiff_t pixels, int32_t channels, float *restrict moments,
    float *restrict scratch) {
    const ptrdiff_t held = pixels_held(channels);
    __builtin_memset(moments, 0, (size_t)channels * 2 * sizeof(float));
    for (ptrdiff_t pixel = 0; pixel < pixels; pixel += held) {
        ptrdiff_t count = pixels - pixel < held ? pixels - pixel : held;
        kernels->moments(x + pixel * channels, count, channels, scratch);
        // Two parts put together (Chan, Golub and LeVeque 1979).
        float share = (float)count / (float)(pixel + count), both = share * (float)pixel;
        for (int32_t channel = 0; channel < channels; channel++) {
            float distance = scratch[channel] - moments[channel];
            moments[channel] += distance * share;
            moments[channels + channel] += scratch[channels + channel] + distance * distance * both;
        }
    }
}

void martlet_float_normalize(
    const martlet_float_kernels *kernels, const martlet_float_normalization *normalization, const float *x, float *y,
    ptrdiff_t pixels) {
    const ptrdiff_t channels = normalization->channels, held = pixels_held(normalization->channels);
    for (ptrdiff_t pixel = 0; pixel < pixels; pixel += held) {
        ptrdiff_t count = pixels - pixel < held ? pixels - pixel : held;
        kernels->normalize(normalization, x + pixel * channels, y + pixel * channels, count);
    }
}

void martlet_float_normalization_sums(
    const martlet_float_kernels *kernels, const martlet_float_normalization *normalization, const float *x,
    const float *gradient, ptrdiff_t pixels, float *sums) {
    const ptrdiff_t channels = normalization->channels, held = pixels_held(normalization->channels);
    for (ptrdiff_t pixel = 0; pixel < pixels; pixel += held) {
        ptrdiff_t count = pixels - pixel < held ? pixels - pixel : held;
        kernels->normalization_sums(normalization, x + pixel * channels, gradient + pixel * channels, count, sums);
    }
}

void martlet_float_normalization_gradient(
    const martlet_float_kernels *kernels, const martlet_float_normalization *normalization, const float *x,
    const float *gradient, const float *factors, float *result, ptrdiff_t pixels) {
    const ptrdiff_t channels = normalization->channels, held = pixels_held(normalization->channels);
    for (ptrdiff_t pixel = 0; pixel < pixels; pixel += held) {
        ptrdiff_t count = pixels - pixel < held ? pixels - pixel : held;
        ptrdiff_t place = pixel * channels;
        kernels->normalization_gradient(normalization, x + place, gradient + place, factors, result + place, count);
    }
}

void martlet_float_pass_inside(
    float *restrict result, const float *restrict gradient, const float *restrict y, float low, float high,
    ptrdiff_t count) {
    for (ptrdiff_t index = 0; index < count; index++) {
        float value = y[index], slope = gradient[index];
        slope = value > low ? slope : 0;
        result[index] = value < high ? slope : 0;
    }
}

void martlet_float_channel_sums(const float *restrict x, ptrdiff_t pixels, ptrdiff_t channels, float *restrict sum) {
    for (ptrdiff_t pixel = 0; pixel < pixels; pixel++, x += channels) {
        for (ptrdiff_t channel = 0; channel < channels; channel++) sum[channel] += x[channel];
    }
}
