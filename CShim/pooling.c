// Pooling over rows.
#include "curve.h"

enum { taps_at_once = 32, exact_taps = 1 << 16 };

/// The taps of a window that lie inside [0, extent): indices [begin, end).
typedef struct tap_range {
    int32_t begin, end;
} tap_range;

static tap_range taps_inside(int32_t start, int32_t kernel, int32_t dilation, int32_t extent) {
    tap_range range;
    range.begin = start >= 0 ? 0 : martlet_minimum(martlet_divide_up(-start, dilation), kernel);
    range.end = start >= extent ? 0 : martlet_minimum(martlet_divide_up(extent - start, dilation), kernel);
    if (range.end < range.begin) range.end = range.begin;
    return range;
}

/// Largest values of `pixels` neighbouring output pixels whose windows have the same taps inside the image.
static void maximum_of_pixels(
    const martlet_kernels *kernels, const martlet_pooling *pooling, const martlet_rows *input,
    const martlet_rows *output, int32_t row, int32_t column, int32_t pixels, tap_range rows, tap_range columns) {
    const uint8_t *taps[taps_at_once];
    int32_t y = row * pooling->stride_height - pooling->pad_top;
    int32_t x = column * pooling->stride_width - pooling->pad_left;
    martlet_tap_segment segment;
    segment.taps = taps;
    segment.tap_count = 0;
    segment.pixels = pixels;
    segment.pixel_step = pooling->stride_width * input->pixel_pitch_bytes;
    segment.output = martlet_row(output, row) + column * output->pixel_pitch_bytes;
    segment.output_step = output->pixel_pitch_bytes;
    // Only a single pixel can take its output as one more tap: its steps would differ otherwise.
    int32_t begun = 0;
    for (int32_t tap_row = rows.begin; tap_row < rows.end; tap_row++) {
        const uint8_t *from = martlet_row(input, y + tap_row * pooling->dilation_height);
        for (int32_t tap = columns.begin; tap < columns.end; tap++) {
            if (segment.tap_count == taps_at_once) {
                kernels->maximum(&segment, output->channels);
                taps[0] = segment.output;
                segment.tap_count = 1;
            }
            taps[segment.tap_count++] = from + (x + tap * pooling->dilation_width) * input->pixel_pitch_bytes;
            begun = 1;
        }
    }
    if (begun) {
        kernels->maximum(&segment, output->channels);
    } else {
        __builtin_memset(segment.output, 0, (size_t)output->channels);
    }
}

void martlet_maximum_pool_rows(
    const martlet_kernels *kernels, const martlet_pooling *pooling, const martlet_rows *input,
    const martlet_rows *output, int32_t first_row, int32_t end_row) {
    int32_t reach = (pooling->kernel_width - 1) * pooling->dilation_width;
    int32_t small = pooling->kernel_height * pooling->kernel_width <= taps_at_once;
    for (int32_t row = first_row; row < end_row; row++) {
        int32_t y = row * pooling->stride_height - pooling->pad_top;
        tap_range rows = taps_inside(y, pooling->kernel_height, pooling->dilation_height, input->height);
        for (int32_t column = 0; column < output->width;) {
            int32_t x = column * pooling->stride_width - pooling->pad_left;
            tap_range columns = taps_inside(x, pooling->kernel_width, pooling->dilation_width, input->width);
            int32_t pixels = 1;
            if (small && x >= 0 && x + reach < input->width && rows.end > rows.begin) {
                int32_t whole = (input->width - 1 - reach - x) / pooling->stride_width + 1;
                pixels = martlet_minimum(whole, output->width - column);
            }
            maximum_of_pixels(kernels, pooling, input, output, row, column, pixels, rows, columns);
            column += pixels;
        }
    }
}

/// Taps that an average divides by.
static int32_t counted_taps(const martlet_pooling *pooling, const martlet_rows *input, int32_t y, int32_t x) {
    tap_range rows, columns;
    if (pooling->count_padding) {
        rows = taps_inside(
            y + pooling->pad_top, pooling->kernel_height, pooling->dilation_height,
            input->height + pooling->pad_top + pooling->pad_bottom);
        columns = taps_inside(
            x + pooling->pad_left, pooling->kernel_width, pooling->dilation_width,
            input->width + pooling->pad_left + pooling->pad_right);
    } else {
        rows = taps_inside(y, pooling->kernel_height, pooling->dilation_height, input->height);
        columns = taps_inside(x, pooling->kernel_width, pooling->dilation_width, input->width);
    }
    return martlet_maximum((rows.end - rows.begin) * (columns.end - columns.begin), 1);
}

/// store((sum + bias) ÷ count, halves away from zero). Below 2^16 taps the quotient is a float32 division, which is exact
/// enough: its dividend is a whole number below 2^24, and a quotient below a whole number stays below it by 1 / count.
static void divide_sums(
    uint8_t *restrict to, const int32_t *restrict sums, int32_t bias, int32_t count, martlet_output rule,
    int32_t channels) {
    int32_t half = count / 2;
    if (walks_for_vectors && count <= exact_taps) {
        float divisor = (float)count;
        for (int32_t channel = 0; channel < channels; channel++) {
            int32_t sum = sums[channel] + bias, sign = sum >> 31;
            int32_t mean = (int32_t)((float)(((sum ^ sign) - sign) + half) / divisor);
            to[channel] = (uint8_t)martlet_clamp(((mean ^ sign) - sign) + rule.zero_point, rule.low, rule.high);
        }
        return;
    }
    for (int32_t channel = 0; channel < channels; channel++) {
        int32_t sum = sums[channel] + bias;
        int32_t mean = (sum > 0 ? sum + half : sum - half) / count;
        to[channel] = (uint8_t)martlet_clamp(mean + rule.zero_point, rule.low, rule.high);
    }
}

/// Adds up the taps of a window.
static void add_taps(
    const martlet_kernels *kernels, const martlet_pooling *pooling, const martlet_rows *input, int32_t y, int32_t x,
    tap_range rows, tap_range columns, int32_t *sums) {
    int32_t taps = columns.end - columns.begin, row_count = rows.end - rows.begin;
    ptrdiff_t step = pooling->dilation_width * input->pixel_pitch_bytes;
    ptrdiff_t first = (ptrdiff_t)x * input->pixel_pitch_bytes + columns.begin * step;
    if (taps == input->width && pooling->dilation_height == 1 && input->rows_held == input->height
        && input->row_pitch_bytes == taps * step) {
        taps *= row_count;
        row_count = 1;
    }
    for (int32_t row = 0; row < row_count; row++) {
        const uint8_t *from = martlet_row(input, y + (rows.begin + row) * pooling->dilation_height) + first;
        if (walks_for_vectors && kernels->accumulate_pixels != NULL) {
            kernels->accumulate_pixels(sums, from, step, taps, input->channels);
            continue;
        }
        for (int32_t tap = 0; tap < taps; tap++, from += step) kernels->accumulate(sums, from, input->channels);
    }
}

static void average_pool_rows(
    const martlet_kernels *kernels, const martlet_pooling *pooling, int32_t in_integers, int32_t offset,
    const martlet_rows *input, const martlet_rows *output, int32_t first_row, int32_t end_row, uint8_t *scratch) {
    int32_t *sums = (int32_t *)(void *)scratch;
    int32_t channels = output->channels;
    for (int32_t row = first_row; row < end_row; row++) {
        int32_t y = row * pooling->stride_height - pooling->pad_top;
        tap_range rows = taps_inside(y, pooling->kernel_height, pooling->dilation_height, input->height);
        uint8_t *to = martlet_row(output, row);
        for (int32_t column = 0; column < output->width; column++, to += output->pixel_pitch_bytes) {
            int32_t x = column * pooling->stride_width - pooling->pad_left;
            tap_range columns = taps_inside(x, pooling->kernel_width, pooling->dilation_width, input->width);
            __builtin_memset(sums, 0, (size_t)channels * 4);
            add_taps(kernels, pooling, input, y, x, rows, columns, sums);
            int32_t inside = (rows.end - rows.begin) * (columns.end - columns.begin);
            int32_t count = counted_taps(pooling, input, y, x);
            if (in_integers) {
                int32_t bias = (count - inside) * pooling->input_zero_point - count * offset;
                martlet_output rule = pooling->output;
                rule.zero_point = offset;
                divide_sums(to, sums, bias, count, rule, channels);
                continue;
            }
            float factor = pooling->factor / (float)count;
            kernels->requantize(
                to, sums, -pooling->input_zero_point * inside, factor, pooling->output, channels);
        }
    }
}

void martlet_average_pool_rows(
    const martlet_kernels *kernels, const martlet_pooling *pooling, const martlet_rows *input,
    const martlet_rows *output, int32_t first_row, int32_t end_row, uint8_t *scratch) {
    average_pool_rows(kernels, pooling, 0, 0, input, output, first_row, end_row, scratch);
}

void martlet_average_pool_integer_rows(
    const martlet_kernels *kernels, const martlet_pooling *pooling, int32_t offset, const martlet_rows *input,
    const martlet_rows *output, int32_t first_row, int32_t end_row, uint8_t *scratch) {
    average_pool_rows(kernels, pooling, 1, offset, input, output, first_row, end_row, scratch);
}

/// store(curve(Σ powers) · 1/√taps): see martlet_norm_pooling.
static void store_norms(
    const martlet_norm_pooling *norm, martlet_output rule, const uint32_t *sums, int32_t taps, uint8_t *to,
    int32_t channels) {
    float share = norm->average ? 1.0f / martlet_square_root((float)taps) : 1.0f;
    for (int32_t channel = 0; channel < channels; channel++) {
        to[channel] = martlet_store(curve_value(norm->curve, sums[channel]) * share, rule);
    }
}

void martlet_norm_pool_rows(
    const martlet_norm_pooling *norm, const martlet_pooling *pooling, const martlet_rows *input,
    const martlet_rows *output, int32_t first_row, int32_t end_row, uint8_t *scratch) {
    uint32_t *sums = (uint32_t *)(void *)scratch;
    int32_t channels = output->channels;
    for (int32_t row = first_row; row < end_row; row++) {
        int32_t y = row * pooling->stride_height - pooling->pad_top;
        tap_range rows = taps_inside(y, pooling->kernel_height, pooling->dilation_height, input->height);
        uint8_t *to = martlet_row(output, row);
        for (int32_t column = 0; column < output->width; column++, to += output->pixel_pitch_bytes) {
            int32_t x = column * pooling->stride_width - pooling->pad_left;
            tap_range columns = taps_inside(x, pooling->kernel_width, pooling->dilation_width, input->width);
            __builtin_memset(sums, 0, (size_t)channels * 4);
            for (int32_t tap_row = rows.begin; tap_row < rows.end; tap_row++) {
                const uint8_t *from = martlet_row(input, y + tap_row * pooling->dilation_height);
                for (int32_t tap = columns.begin; tap < columns.end; tap++) {
                    const uint8_t *pixel = from + (x + tap * pooling->dilation_width) * input->pixel_pitch_bytes;
                    for (int32_t channel = 0; channel < channels; channel++) {
                        sums[channel] += norm->powers[pixel[channel]];
                    }
                }
            }
            int32_t taps = (rows.end - rows.begin) * (columns.end - columns.begin);
            store_norms(norm, pooling->output, sums, martlet_maximum(taps, 1), to, channels);
        }
    }
}
