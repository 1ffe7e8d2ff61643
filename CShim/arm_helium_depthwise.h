/// Depthwise convolution of the Helium family: four rows of sixteen channels are interleaved as the weights are, so
/// that a channel's taps in four columns are four words, gathered at once. Included after `arm_helium_common.h`.
#ifndef MARTLET_ARM_HELIUM_DEPTHWISE_H
#define MARTLET_ARM_HELIUM_DEPTHWISE_H

enum {
    /// Output pixels whose sums lie on the stack at once, of two rows.
    depthwise_pixels = 12,
    /// Input columns (or quads of taps of one output pixel) that lie there interleaved, and how many are read beyond.
    depthwise_columns = 25,
    columns_beyond = 3,
};

/// Sixteen channels of some output pixels while they are computed.
typedef struct depthwise_tile {
    int8_t columns[depthwise_columns + columns_beyond][16][4];
    int32_t sums[2][depthwise_pixels][16];
} __attribute__((aligned(16))) depthwise_tile;

/// What a tile is computed from.
typedef struct depthwise_work {
    const martlet_depthwise *depthwise;
    const martlet_depthwise_segment *segment;
    const uint8_t *const *rows;  // of the output row, or of the upper one of two
    const int8_t *weights;       // of these sixteen channels
    int32_t channel, stored;     // the first of them, and how many exist
    int32_t x;                   // the first input column
    int32_t pixels;
} depthwise_work;

/// Sixteen signed inputs of a row's column, padding included.
MARTLET_INLINE uint8x16_t column_inputs(const depthwise_work *work, const uint8_t *row, int32_t x) {
    uint8x16_t values = vdupq_n_u8((uint8_t)work->depthwise->input_zero_point);
    if ((uint32_t)x < (uint32_t)work->segment->input_width) {
        values = vldrbq_u8(row + x * work->segment->input_pitch + work->channel);
    }
    return vreinterpretq_u8_s8(signed_bytes(values));
}

/// Interleaves columns of `count` rows, four at most.
static void interleave_columns(const depthwise_work *work, int32_t count, int32_t columns, depthwise_tile *tile) {
    const uint8_t *row0 = work->rows[0] + work->channel, *row3 = work->rows[count - 1] + work->channel;
    const uint8_t *row1 = work->rows[martlet_minimum(1, count - 1)] + work->channel;
    const uint8_t *row2 = work->rows[martlet_minimum(2, count - 1)] + work->channel;
    const ptrdiff_t pitch = work->segment->input_pitch;
    const uint32_t width = (uint32_t)work->segment->input_width;
    const uint8x16_t turned = vdupq_n_u8(0x80), padding = vdupq_n_u8((uint8_t)work->depthwise->input_zero_point);
    int32_t x = work->x;
    for (int32_t column = 0; column < columns; column++, x++) {
        uint8x16x4_t quads = {{padding, padding, padding, padding}};
        if ((uint32_t)x < width) {
            ptrdiff_t place = x * pitch;
            quads.val[0] = vldrbq_u8(row0 + place);
            quads.val[1] = vldrbq_u8(row1 + place);
            quads.val[2] = vldrbq_u8(row2 + place);
            quads.val[3] = vldrbq_u8(row3 + place);
        }
        for (int32_t row = 0; row < 4; row++) quads.val[row] = veorq_u8(quads.val[row], turned);
        vst4q_u8((uint8_t *)tile->columns[column], quads);
    }
}

/// The sums of one channel of two rows of output pixels, by a kernel of three rows and columns: four pixels see the
/// same four rows and columns. `columns` and `weights`: the channel's first quads.
static void sum_squares(const int8_t *columns, const int8_t *weights, int32_t pixels, int32_t *sums) {
    uint32x4_t taps = four_quads(weights);
    int32x4_t left = vldrwq_gather_base_z_s32(taps, 0, vctp32q(3));
    int32x4_t right = vldrwq_gather_base_z_s32(taps, -64, vpnot(vctp32q(1)));
    int32x4_t lower_left = vshlq_n_s32(left, 8), lower_right = vshlq_n_s32(right, 8);
    uint32x4_t places = four_quads(columns - 128);
    for (; pixels > 0; pixels -= 2, sums += 32) {
        int8x16_t window = vreinterpretq_s8_s32(vldrwq_gather_base_wb_s32(&places, 128));
        sums[0] = vmladavq_s8(vreinterpretq_s8_s32(left), window);
        sums[16] = vmladavq_s8(vreinterpretq_s8_s32(right), window);
        sums[16 * depthwise_pixels] = vmladavq_s8(vreinterpretq_s8_s32(lower_left), window);
        sums[16 * depthwise_pixels + 16] = vmladavq_s8(vreinterpretq_s8_s32(lower_right), window);
    }
}

/// The sums of one channel of a row of output pixels, by a kernel of two to four rows and four columns at most.
static void sum_row(const depthwise_work *work, const int8_t *columns, const int8_t *weights, int32_t *sums) {
    const martlet_depthwise *depthwise = work->depthwise;
    mve_pred16_t some = vctp32q((uint32_t)depthwise->kernel_width);
    int8x16_t taps = some_quads_at(four_quads(weights), 0, some);
    uint32x4_t places = vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)depthwise->dilation_width * 64);
    places = vaddq_n_u32(places, (uint32_t)(uintptr_t)columns);
    for (int32_t pixel = 0; pixel < work->pixels; pixel++, sums += 16) {
        *sums = vmladavq_s8(taps, some_quads_at(places, 0, some));
        places = vaddq_n_u32(places, (uint32_t)depthwise->stride_width * 64);
    }
}

/// The sums of one output pixel by any kernel, as many quads of taps at a time as there is room for.
static void sum_any(const depthwise_work *work, depthwise_tile *tile) {
    const martlet_depthwise *depthwise = work->depthwise;
    int32_t height = depthwise->kernel_height, width = depthwise->kernel_width;
    int32_t quads = martlet_depthwise_quads(height, width), *sums = tile->sums[0][0];
    const int8_t *weights = work->weights;
    const uint8x16_t quad_bytes = vshlq_n_u8(vidupq_n_u8(0, 1), 2);
    for (int32_t channel = 0; channel < 16; channel += 4) vstrwq_s32(sums + channel, vdupq_n_s32(0));
    for (int32_t first = 0; first < quads; first += depthwise_columns, weights += 64 * depthwise_columns) {
        int32_t count = martlet_minimum(quads - first, depthwise_columns);
        for (int32_t lane = 0; lane < 4 * count; lane++) {
            int32_t tap = martlet_depthwise_tap(height, width, first + lane / 4, lane % 4);
            if (tap < 0) continue;  // its weights are zeros
            int32_t x = work->x + tap % width * depthwise->dilation_width;
            uint8_t *to = (uint8_t *)tile->columns[lane / 4][0] + lane % 4;
            vstrbq_scatter_offset_u8(to, quad_bytes, column_inputs(work, work->rows[tap / width], x));
        }
        for (int32_t channel = 0; channel < work->stored; channel++) {
            uint32x4_t taps = four_quads(weights + 4 * channel), inputs = four_quads(tile->columns[0][channel]);
            for (int32_t quad = 0; quad < count; quad += 4) {
                mve_pred16_t some = vctp32q((uint32_t)(count - quad));
                int8x16_t values = some_quads_at(inputs, 0, some);
                sums[channel] = vmladavaq_s8(sums[channel], some_quads_at(taps, 0, some), values);
                taps = vaddq_n_u32(taps, 256);
                inputs = vaddq_n_u32(inputs, 256);
            }
        }
    }
}

/// How the sums of a kernel are found.
typedef enum depthwise_way : uint32_t { BY_SQUARES, BY_ROWS, BY_PIXELS } depthwise_way;

static depthwise_way choose_way(const martlet_depthwise *depthwise, const martlet_depthwise_segment *segment) {
    int32_t height = depthwise->kernel_height, width = depthwise->kernel_width;
    int32_t dilation = depthwise->dilation_width;
    if (height < 2 || height > 4 || width > 4 || (width - 1) * dilation >= depthwise_columns) return BY_PIXELS;
    if (segment->output_rows == 2 && height == 3 && width == 3 && dilation == 1 && depthwise->stride_width == 1
        && depthwise->stride_height == 1) {
        return BY_SQUARES;
    }
    return BY_ROWS;
}

static void sum_tile(const depthwise_work *work, depthwise_way way, depthwise_tile *tile) {
    const martlet_depthwise *depthwise = work->depthwise;
    if (way == BY_PIXELS) {
        sum_any(work, tile);
        return;
    }
    int32_t reach = (depthwise->kernel_width - 1) * depthwise->dilation_width;
    int32_t columns = (work->pixels - 1) * depthwise->stride_width + reach + 1;
    interleave_columns(work, way == BY_SQUARES ? 4 : depthwise->kernel_height, columns, tile);
    for (int32_t channel = 0; channel < work->stored; channel++) {
        const int8_t *inputs = tile->columns[0][channel], *weights = work->weights + 4 * channel;
        int32_t *sums = tile->sums[0][0] + channel;
        if (way == BY_SQUARES) sum_squares(inputs, weights, work->pixels, sums);
        else sum_row(work, inputs, weights, sums);
    }
}

/// One output row, or two by squares.
static void depthwise_rows(
    const martlet_depthwise *depthwise, const martlet_depthwise_segment *segment, int32_t row, depthwise_way way,
    int32_t channels) {
    depthwise_tile tile;
    int32_t quads = martlet_depthwise_quads(depthwise->kernel_height, depthwise->kernel_width), most = 1;
    if (way != BY_PIXELS) {
        int32_t columns = depthwise_columns - 1 - (depthwise->kernel_width - 1) * depthwise->dilation_width;
        most = martlet_minimum(columns / depthwise->stride_width + 1, depthwise_pixels);
    }
    depthwise_work work = {.depthwise = depthwise, .segment = segment};
    work.rows = segment->rows + row * depthwise->stride_height;
    for (work.channel = 0; work.channel < channels; work.channel += 16) {
        int32_t block = work.channel / 16;
        work.stored = martlet_minimum(channels - work.channel, 16);
        work.weights = depthwise->weights + (ptrdiff_t)block * quads * 64;
        for (int32_t pixel = 0; pixel < segment->pixels; pixel += work.pixels) {
            work.pixels = martlet_minimum(segment->pixels - pixel, most);
            work.x = pixel * depthwise->stride_width - depthwise->pad_left;
            sum_tile(&work, way, &tile);
            results to = {.step = segment->output_pitch, .rule = depthwise->output};
            for (int32_t j = 0; j <= (way == BY_SQUARES); j++) {
                to.output = segment->outputs[row + j] + pixel * segment->output_pitch + work.channel;
                store_results(&to, depthwise->channels + block, tile.sums[j][0], 16, work.pixels, work.stored);
            }
        }
    }
}

static void depthwise(
    const martlet_depthwise *depthwise, const martlet_depthwise_segment *segment, int32_t channels) {
    depthwise_way way = choose_way(depthwise, segment);
    for (int32_t row = 0; row < segment->output_rows; row += way == BY_SQUARES ? 2 : 1) {
        depthwise_rows(depthwise, segment, row, way, channels);
    }
}

#endif
