// Normalization by statistics of what a tensor holds.
#include "curve.h"

enum { pixels_at_once = 1 << 16 };  // 65 536 · 255² is below 2^32

float martlet_square_root(float value) {
    uint32_t bits;
    __builtin_memcpy(&bits, &value, 4);
    if (bits == 0) return 0;
    int32_t exponent = (int32_t)(bits >> 23) - 150;  // value = mantissa · 2^exponent
    uint32_t mantissa = (bits & 0x7FFFFF) | 0x800000;
    if (bits < 0x800000) {
        mantissa = bits;
        exponent = -149;
        for (; mantissa < 0x800000; mantissa <<= 1) exponent--;
    }
    // The root of an even power of two is a power of two; the root of the rest has 25 bits, one to round by.
    if (exponent % 2 == 0) {
        mantissa <<= 1;
        exponent--;
    }
    uint64_t rest = (uint64_t)mantissa << 25;
    uint64_t root = 0;
    for (uint64_t bit = (uint64_t)1 << 48; bit != 0; bit >>= 2) {
        uint64_t trial = root + bit;
        root >>= 1;
        if (rest >= trial) {
            rest -= trial;
            root += bit;
        }
    }
    // Half of the last place never occurs: its square would be odd.
    uint32_t power = (uint32_t)((exponent - 25) / 2 + 1 + 127) << 23;
    return (float)(((uint32_t)root + 1) >> 1) * martlet_float_from_bits(power);
}

/// By halves: 32-bit processors have no conversion of 64 bits without a library.
static float float_of(uint64_t number) {
    return (float)(uint32_t)(number >> 32) * 4294967296.0f + (float)(uint32_t)number;
}

// MARK: Groups of channels

typedef struct moments {
    uint64_t sum, squares;
} moments;

/// The mean of `count` values, and 1 ÷ √(variance + epsilon).
static void normalize(moments values, uint64_t count, float epsilon, float *mean, float *inverse) {
    float size = float_of(count);
    float variance = float_of(count * values.squares - values.sum * values.sum) / (size * size);
    *mean = float_of(values.sum) / size;
    *inverse = 1.0f / martlet_square_root(variance + epsilon);
}

static void store_channels(
    const martlet_group_normalization *rule, uint8_t *to, const uint8_t *from, const float *means,
    const float *multipliers, int32_t channels) {
    for (int32_t channel = 0; channel < channels; channel++) {
        float scaled = ((float)from[channel] - means[channel]) * multipliers[channel];
        to[channel] = martlet_store(scaled + rule->shifts[channel], rule->output);
    }
}

/// Adds each channel's sums over `pixels` neighbours, which the partial sums must be able to hold.
static void add_pixels(
    moments *restrict totals, uint32_t *restrict partial, const uint8_t *restrict from, ptrdiff_t step, int32_t pixels,
    int32_t channels) {
    uint32_t *restrict sums = partial;
    uint32_t *restrict squares = partial + channels;
    __builtin_memset(partial, 0, (size_t)channels * 8);
    for (int32_t pixel = 0; pixel < pixels; pixel++, from += step) {
        for (int32_t channel = 0; channel < channels; channel++) {
            uint32_t value = from[channel];
            sums[channel] += value;
            squares[channel] += value * value;
        }
    }
    for (int32_t channel = 0; channel < channels; channel++) {
        totals[channel].sum += sums[channel];
        totals[channel].squares += squares[channel];
    }
}

/// Means and multipliers of every channel over the whole image.
static void image_statistics(
    const martlet_group_normalization *rule, const martlet_rows *input, moments *totals, uint32_t *partial,
    float *means) {
    int32_t channels = input->channels, size = channels / rule->groups;
    __builtin_memset(totals, 0, (size_t)channels * sizeof(moments));
    for (int32_t row = 0; row < input->height; row++) {
        const uint8_t *from = martlet_row(input, row);
        for (int32_t column = 0; column < input->width; column += pixels_at_once) {
            int32_t pixels = martlet_minimum(input->width - column, pixels_at_once);
            add_pixels(
                totals, partial, from + column * input->pixel_pitch_bytes, input->pixel_pitch_bytes, pixels, channels);
        }
    }
    uint64_t count = (uint64_t)(uint32_t)input->height * (uint32_t)input->width * (uint32_t)size;
    for (int32_t first = 0; first < channels; first += size) {
        moments whole = totals[first];
        for (int32_t channel = first + 1; channel < first + size; channel++) {
            whole.sum += totals[channel].sum;
            whole.squares += totals[channel].squares;
        }
        float mean, inverse;
        normalize(whole, count, rule->epsilon, &mean, &inverse);
        for (int32_t channel = first; channel < first + size; channel++) {
            means[channel] = mean;
            means[channels + channel] = inverse * rule->gains[channel];
        }
    }
}

/// Means and multipliers of one pixel's channels.
static void pixel_statistics(
    const martlet_group_normalization *rule, const uint8_t *from, float *means, int32_t channels) {
    int32_t size = channels / rule->groups;
    for (int32_t first = 0; first < channels; first += size) {
        moments whole = {0, 0};
        for (int32_t begin = first; begin < first + size; begin += pixels_at_once) {
            uint32_t sum = 0, squares = 0;
            int32_t end = martlet_minimum(begin + pixels_at_once, first + size);
            for (int32_t channel = begin; channel < end; channel++) {
                uint32_t value = from[channel];
                sum += value;
                squares += value * value;
            }
            whole.sum += sum;
            whole.squares += squares;
        }
        float mean, inverse;
        normalize(whole, (uint64_t)(uint32_t)size, rule->epsilon, &mean, &inverse);
        for (int32_t channel = first; channel < first + size; channel++) {
            means[channel] = mean;
            means[channels + channel] = inverse * rule->gains[channel];
        }
    }
}

void martlet_group_normalization_rows(
    const martlet_group_normalization *rule, const martlet_rows *input, const martlet_rows *output, int32_t first_row,
    int32_t end_row, uint8_t *scratch) {
    int32_t channels = output->channels;
    moments *totals = (moments *)(void *)scratch;
    uint32_t *partial = (uint32_t *)(void *)(totals + channels);
    float *means = (float *)(void *)(partial + 2 * (ptrdiff_t)channels);
    if (!rule->each_pixel) image_statistics(rule, input, totals, partial, means);
    for (int32_t row = first_row; row < end_row; row++) {
        const uint8_t *from = martlet_row(input, row);
        uint8_t *to = martlet_row(output, row);
        for (int32_t column = 0; column < output->width; column++) {
            if (rule->each_pixel) pixel_statistics(rule, from, means, channels);
            store_channels(rule, to, from, means, means + channels, channels);
            from += input->pixel_pitch_bytes;
            to += output->pixel_pitch_bytes;
        }
    }
}

// MARK: Norms of pixels

void martlet_lp_normalization_rows(
    const martlet_lp_normalization *rule, const martlet_rows *input, const martlet_rows *output, int32_t first_row,
    int32_t end_row) {
    for (int32_t row = first_row; row < end_row; row++) {
        const uint8_t *from = martlet_row(input, row);
        uint8_t *to = martlet_row(output, row);
        for (int32_t column = 0; column < output->width; column++) {
            uint64_t sum = 0;
            for (int32_t channel = 0; channel < output->channels; channel++) {
                int32_t value = from[channel] - rule->input_zero_point;
                sum += (uint32_t)(rule->order == 2 ? value * value : value < 0 ? -value : value);
            }
            float norm = float_of(sum);
            if (rule->order == 2) norm = martlet_square_root(norm);
            float multiplier = sum == 0 ? 0 : rule->factor / norm;
            for (int32_t channel = 0; channel < output->channels; channel++) {
                float value = (float)(from[channel] - rule->input_zero_point);
                to[channel] = martlet_store(value * multiplier, rule->output);
            }
            from += input->pixel_pitch_bytes;
            to += output->pixel_pitch_bytes;
        }
    }
}

void martlet_local_response_rows(
    const martlet_local_response *rule, const martlet_rows *input, const martlet_rows *output, int32_t first_row,
    int32_t end_row) {
    int32_t channels = output->channels;
    for (int32_t row = first_row; row < end_row; row++) {
        const uint8_t *from = martlet_row(input, row);
        uint8_t *to = martlet_row(output, row);
        for (int32_t column = 0; column < output->width; column++) {
            uint32_t sum = 0;
            for (int32_t entering = 0; entering < channels + rule->after; entering++) {
                int32_t channel = entering - rule->after, leaving = channel - rule->before - 1;
                if (entering < channels) {
                    int32_t value = from[entering] - rule->input_zero_point;
                    sum += (uint32_t)(value * value);
                }
                if (leaving >= 0) {
                    int32_t value = from[leaving] - rule->input_zero_point;
                    sum -= (uint32_t)(value * value);
                }
                if (channel < 0) continue;
                float value = (float)(from[channel] - rule->input_zero_point);
                to[channel] = martlet_store(value * curve_value(rule->curve, sum), rule->output);
            }
            from += input->pixel_pitch_bytes;
            to += output->pixel_pitch_bytes;
        }
    }
}
