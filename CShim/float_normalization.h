/// The passes of a batch normalization over some pixels, written once for every processor: after float_tile.h. Pixels are
/// few enough to stay in the first cache from one block of channels to the next.

FLOAT_INLINE void float_moments_block(
    const float *x, ptrdiff_t pixels, int32_t channels, float *moments, int32_t count) {
    float16 sums[4] = {0, 0, 0, 0};
    ptrdiff_t pixel = 0;
    for (; pixel + 4 <= pixels; pixel += 4) {
        FLOAT_UNROLL for (int32_t lane = 0; lane < 4; lane++) {
            sums[lane] += float_load(x + (pixel + lane) * channels, count);
        }
    }
    for (; pixel < pixels; pixel++) sums[0] += float_load(x + pixel * channels, count);
    float16 mean = ((sums[0] + sums[1]) + (sums[2] + sums[3])) * (1 / (float)pixels);
    FLOAT_UNROLL for (int32_t lane = 0; lane < 4; lane++) sums[lane] = (float16)(0);
    for (pixel = 0; pixel + 4 <= pixels; pixel += 4) {
        FLOAT_UNROLL for (int32_t lane = 0; lane < 4; lane++) {
            float16 distance = float_load(x + (pixel + lane) * channels, count) - mean;
            sums[lane] = FLOAT_MULTIPLY_ADD(distance, distance, sums[lane]);
        }
    }
    for (; pixel < pixels; pixel++) {
        float16 distance = float_load(x + pixel * channels, count) - mean;
        sums[0] = FLOAT_MULTIPLY_ADD(distance, distance, sums[0]);
    }
    float_store(moments, mean, count);
    float_store(moments + channels, (sums[0] + sums[1]) + (sums[2] + sums[3]), count);
}

static void moments(const float *x, ptrdiff_t pixels, int32_t channels, float *moments) {
    int32_t first = 0;
    for (; first + 16 <= channels; first += 16) {
        float_moments_block(x + first, pixels, channels, moments + first, 16);
    }
    if (first < channels) float_moments_block(x + first, pixels, channels, moments + first, channels - first);
}

/// The normalized value: the same bits wherever it is computed.
FLOAT_INLINE float16 float_normalized(float16 x, float16 multiplier, float16 offset) { return x * multiplier + offset; }

FLOAT_INLINE void float_normalize_block(
    const martlet_float_normalization *plan, int32_t first, const float *x, float *y, ptrdiff_t pixels, int32_t count) {
    const ptrdiff_t channels = plan->channels;
    const float low = plan->low, high = plan->high;
    float16 multiplier = float_load(plan->multipliers + first, count), offset = float_load(plan->offsets + first, count);
    for (ptrdiff_t pixel = 0; pixel < pixels; pixel++) {
        ptrdiff_t place = pixel * channels + first;
        float_store(
            y + place, float_limit(float_normalized(float_load(x + place, count), multiplier, offset), low, high), count);
    }
}

static void normalize(const martlet_float_normalization *plan, const float *x, float *y, ptrdiff_t pixels) {
    int32_t first = 0;
    for (; first + 16 <= plan->channels; first += 16) float_normalize_block(plan, first, x, y, pixels, 16);
    if (first < plan->channels) float_normalize_block(plan, first, x, y, pixels, plan->channels - first);
}

/// The gradient where the normalized value lies inside the clamp, 0 elsewhere.
FLOAT_INLINE float16 float_inside(float16 gradient, float16 y, float low, float high) {
    float16 lows = low, highs = high, zero = 0;
    gradient = y > lows ? gradient : zero;
    return y < highs ? gradient : zero;
}

FLOAT_INLINE void float_normalization_sums_block(
    const martlet_float_normalization *plan, int32_t first, const float *x, const float *gradient, ptrdiff_t pixels,
    float *sums, int32_t count) {
    const ptrdiff_t channels = plan->channels;
    const float low = plan->low, high = plan->high;
    float16 multiplier = float_load(plan->multipliers + first, count), offset = float_load(plan->offsets + first, count);
    float16 mean = float_load(plan->mean + first, count);
    float16 plain[2] = {0, 0}, weighted[2] = {0, 0};
    for (ptrdiff_t pixel = 0; pixel < pixels; pixel += 2) {
        FLOAT_UNROLL for (int32_t lane = 0; lane < 2; lane++) {
            if (pixel + lane >= pixels) break;
            ptrdiff_t place = (pixel + lane) * channels + first;
            float16 value = float_load(x + place, count);
            float16 slope = float_inside(
                float_load(gradient + place, count), float_normalized(value, multiplier, offset), low, high);
            plain[lane] += slope;
            weighted[lane] = FLOAT_MULTIPLY_ADD(slope, value - mean, weighted[lane]);
        }
    }
    float *into = sums + first;
    float_store(into, float_load(into, count) + (plain[0] + plain[1]), count);
    into += channels;
    float_store(into, float_load(into, count) + (weighted[0] + weighted[1]), count);
}

static void normalization_sums(
    const martlet_float_normalization *plan, const float *x, const float *gradient, ptrdiff_t pixels, float *sums) {
    int32_t first = 0;
    for (; first + 16 <= plan->channels; first += 16) {
        float_normalization_sums_block(plan, first, x, gradient, pixels, sums, 16);
    }
    if (first == plan->channels) return;
    float_normalization_sums_block(plan, first, x, gradient, pixels, sums, plan->channels - first);
}

FLOAT_INLINE void float_normalization_gradient_block(
    const martlet_float_normalization *plan, int32_t first, const float *x, const float *gradient, const float *factors,
    float *result, ptrdiff_t pixels, int32_t count) {
    const ptrdiff_t channels = plan->channels;
    const float low = plan->low, high = plan->high;
    float16 multiplier = float_load(plan->multipliers + first, count), offset = float_load(plan->offsets + first, count);
    float16 a = float_load(factors + first, count), b = float_load(factors + channels + first, count);
    float16 c = float_load(factors + 2 * channels + first, count);
    for (ptrdiff_t pixel = 0; pixel < pixels; pixel++) {
        ptrdiff_t place = pixel * channels + first;
        float16 value = float_load(x + place, count);
        float16 slope = float_inside(
            float_load(gradient + place, count), float_normalized(value, multiplier, offset), low, high);
        float_store(result + place, FLOAT_MULTIPLY_ADD(slope, a, FLOAT_MULTIPLY_ADD(value, b, c)), count);
    }
}

static void normalization_gradient(
    const martlet_float_normalization *plan, const float *x, const float *gradient, const float *factors, float *result,
    ptrdiff_t pixels) {
    int32_t first = 0;
    for (; first + 16 <= plan->channels; first += 16) {
        float_normalization_gradient_block(plan, first, x, gradient, factors, result, pixels, 16);
    }
    if (first == plan->channels) return;
    float_normalization_gradient_block(plan, first, x, gradient, factors, result, pixels, plan->channels - first);
}
