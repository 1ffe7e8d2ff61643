// SVDF and LSTM: sums are exact; every product with a factor is rounded as TensorFlow Lite's reference kernels round
// it.
#include "kernels.h"

static int32_t clamp16(int32_t value) { return martlet_clamp(value, INT16_MIN, INT16_MAX); }

static int64_t clamp32(int64_t value) {
    return value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : value;
}

/// Makes the filter's oldest value the newest one.
static void remember(const martlet_svdf *svdf, uint8_t *state, int32_t value) {
    size_t bytes = (size_t)svdf->state_bytes, kept = ((size_t)svdf->memory - 1) * bytes;
    __builtin_memmove(state, state + bytes, kept);
    value += svdf->state_zero_point;
    if (bytes == 1) {
        state[kept] = (uint8_t)(martlet_clamp(value, -128, 127) + 128);
    } else {
        martlet_store_int16(state + kept, (int16_t)clamp16(value));
    }
}

static int64_t weigh_in_time(const martlet_svdf *svdf, const uint8_t *state, const int16_t *weights) {
    int64_t sum = 0;
    for (int32_t i = 0; i < svdf->memory; i++) {
        int32_t value = svdf->state_bytes == 1 ? state[i] - 128 : martlet_load_int16(state + 2 * i);
        sum += (int64_t)weights[i] * (value - svdf->state_zero_point);
    }
    return sum;
}

void martlet_svdf_step(
    const martlet_kernels *kernels, const martlet_svdf *svdf, const uint8_t *input, uint8_t *state, uint8_t *output) {
    ptrdiff_t filter_bytes = (ptrdiff_t)svdf->memory * svdf->state_bytes;
    for (int32_t unit = 0; unit < svdf->filters / svdf->rank; unit++) {
        int64_t sum = svdf->bias[unit];
        for (int32_t part = 0; part < svdf->rank; part++) {
            ptrdiff_t filter = (ptrdiff_t)unit * svdf->rank + part;
            int64_t feature = martlet_dot(
                kernels, svdf->feature_weights + filter * svdf->inputs, input, svdf->input_zero_point, svdf->inputs);
            remember(svdf, state + filter * filter_bytes, martlet_round_twice(clamp32(feature), svdf->state_factor));
            sum += weigh_in_time(svdf, state + filter * filter_bytes, svdf->time_weights + filter * svdf->memory);
        }
        int64_t value = (int64_t)martlet_round_twice(clamp32(sum), svdf->output_factor) + svdf->output.zero_point;
        output[unit] = (uint8_t)martlet_clamp64(value, svdf->output.low, svdf->output.high);
    }
}

/// The gate's sum before its function, in steps of 2^−12.
static int32_t gate_sum(
    const martlet_kernels *kernels, const martlet_lstm *lstm, const martlet_lstm_gate *gate, int32_t unit,
    const uint8_t *input, const uint8_t *hidden) {
    const int8_t *weights = gate->input_weights + (ptrdiff_t)unit * lstm->inputs;
    int64_t fed = martlet_dot(kernels, weights, input, lstm->input_zero_point, lstm->inputs) + gate->bias[unit];
    const int8_t *recurrent_weights = gate->hidden_weights + (ptrdiff_t)unit * lstm->units;
    int64_t recurred = martlet_dot(kernels, recurrent_weights, hidden, lstm->hidden_zero_point, lstm->units);
    int32_t first = clamp16(martlet_round_twice(clamp32(fed), gate->input_factor));
    return clamp16(first + clamp16(martlet_round_twice(clamp32(recurred), gate->hidden_factor)));
}

void martlet_lstm_step(
    const martlet_kernels *kernels, const martlet_lstm *lstm, const uint8_t *input, uint8_t *hidden, int16_t *cell,
    uint8_t *output, int16_t *scratch) {
    int32_t units = lstm->units;
    for (int32_t gate = 0; gate < 4; gate++) {
        for (int32_t unit = 0; unit < units; unit++) {
            int32_t sum = gate_sum(kernels, lstm, lstm->gates + gate, unit, input, hidden);
            // Steps of 2^−12 are three quarters of a step of the sigmoid table's argument, four of tanh's.
            scratch[gate * units + unit] =
                gate == 2 ? martlet_int16_tanh(sum * 3, lstm->sigmoid) : martlet_int16_sigmoid(sum * 3, lstm->sigmoid);
        }
    }
    for (int32_t unit = 0; unit < units; unit++) {
        int32_t admitted = scratch[unit], kept = scratch[units + unit];
        int32_t offered = scratch[2 * units + unit], shown = scratch[3 * units + unit];
        int32_t old = clamp16(martlet_round_twice((int64_t)kept * cell[unit], lstm->forget_factor));
        int32_t new = clamp16(martlet_round_twice((int64_t)admitted * offered, lstm->update_factor));
        int32_t value = clamp16(old + new);
        if (lstm->cell_clip > 0) value = martlet_clamp(value, -lstm->cell_clip, lstm->cell_clip);
        cell[unit] = (int16_t)value;
        int32_t argument = (int32_t)martlet_scale(value, lstm->cell_argument);
        int64_t product = (int64_t)shown * martlet_int16_tanh(argument, lstm->sigmoid);
        int64_t result = (int64_t)martlet_round_twice(product, lstm->hidden_factor) + lstm->hidden_zero_point;
        hidden[unit] = (uint8_t)martlet_clamp64(result, 0, 255);
    }
    __builtin_memcpy(output, hidden, (size_t)units);
}
