/// Pooling and elementwise primitives one value at a time, for families without vectors. Included after the family's own
/// `store_result`.
#ifndef MARTLET_SCALAR_ELEMENTWISE_H
#define MARTLET_SCALAR_ELEMENTWISE_H

static void maximum(const martlet_tap_segment *segment, int32_t channels) {
    for (int32_t pixel = 0; pixel < segment->pixels; pixel++) {
        uint8_t *output = segment->output + pixel * segment->output_step;
        for (int32_t channel = 0; channel < channels; channel++) {
            uint8_t largest = 0;
            for (int32_t tap = 0; tap < segment->tap_count; tap++) {
                uint8_t value = segment->taps[tap][pixel * segment->pixel_step + channel];
                if (value > largest) largest = value;
            }
            output[channel] = largest;
        }
    }
}

static void accumulate(int32_t *restrict sums, const uint8_t *restrict from, int32_t count) {
    for (int32_t i = 0; i < count; i++) sums[i] += from[i];
}

static void requantize(
    uint8_t *restrict output, const int32_t *restrict sums, int32_t bias, float factor, martlet_output rule,
    int32_t count) {
    for (int32_t i = 0; i < count; i++) output[i] = store_result((float)(sums[i] + bias) * factor, rule);
}

static void add(uint8_t *output, const uint8_t *a, const uint8_t *b, const martlet_addition *rule, int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        float left = (float)(a[i] - rule->zero_point_a) * rule->factor_a;
        float right = (float)(b[i] - rule->zero_point_b) * rule->factor_b;
        output[i] = store_result(left + right, rule->output);
    }
}

static void add_fixed(
    uint8_t *output, const uint8_t *a, const uint8_t *b, const martlet_fixed_addition *rule, int32_t count) {
    int32_t half = 1 << (rule->shift - 1);
    for (int32_t i = 0; i < count; i++) {
        int32_t left = (a[i] - rule->zero_point_a) * rule->multiplier_a;
        int32_t right = (b[i] - rule->zero_point_b) * rule->multiplier_b;
        int32_t sum = (left + right + half) >> rule->shift;
        output[i] = (uint8_t)martlet_clamp(sum + rule->output.zero_point, rule->output.low, rule->output.high);
    }
}

static void multiply(
    uint8_t *output, const uint8_t *a, const uint8_t *b, const martlet_multiplication *rule, int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        int32_t product = (a[i] - rule->zero_point_a) * (b[i] - rule->zero_point_b);
        output[i] = store_result((float)product * rule->factor, rule->output);
    }
}

static void look_up(uint8_t *output, const uint8_t *input, const uint8_t *table, int32_t count) {
    for (int32_t i = 0; i < count; i++) output[i] = table[input[i]];
}

#endif
