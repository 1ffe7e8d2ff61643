// Random convolutions and depthwise convolutions by two kernel families, byte for byte: for processors without an operating
// system, where the package's own tests cannot run. tools/test-cortex-kernels builds it as a firmware.
#include "firmware.h"
#include "kernels.h"

enum { most_bytes = 96 * 1024, problems = 400 };

static uint8_t input[most_bytes], residual[most_bytes], outputs[2][most_bytes];
static int8_t weights[most_bytes] __attribute__((aligned(64)));
static uint8_t scratch[most_bytes] __attribute__((aligned(64)));
static martlet_channel_block channels[32] __attribute__((aligned(64)));

static uint32_t state = 1;

/// A number in 0 … below − 1.
static int32_t any(int32_t below) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return (int32_t)((state >> 8) % (uint32_t)below);
}

static float any_factor(float largest) { return (float)(any(10000) + 1) * largest / 10000.0f; }

static void fill(uint8_t *bytes, int32_t count) {
    for (int32_t i = 0; i < count; i++) bytes[i] = (uint8_t)any(256);
}

/// Rows with or without gaps; no rows when they would be larger than their memory.
static martlet_rows any_rows(uint8_t *base, int32_t height, int32_t width, int32_t count, int32_t has_gaps) {
    martlet_rows rows = {.base = base, .rows_held = height, .height = height, .width = width, .channels = count};
    rows.pixel_pitch_bytes = count + (has_gaps ? any(5) : 0);
    rows.row_pitch_bytes = width * rows.pixel_pitch_bytes + (has_gaps ? any(9) : 0);
    if (height * rows.row_pitch_bytes + 64 > most_bytes) rows.height = 0;
    return rows;
}

static martlet_output any_output(void) {
    martlet_output rule = {.zero_point = any(256), .low = 0, .high = 255};
    if (any(2)) rule.low = any(120), rule.high = 120 + any(136);
    return rule;
}

static void fill_channels(int32_t blocks, int32_t taps) {
    for (int32_t block = 0; block < blocks; block++) {
        for (int32_t lane = 0; lane < 16; lane++) {
            channels[block].bias[lane] = any(40000) - 20000 - any(taps * 4000);
            channels[block].factor[lane] = any_factor(0.01f);
        }
    }
}

/// Output size along an axis, or 0.
static int32_t output_size(int32_t size, int32_t pad, int32_t after, int32_t reach, int32_t stride) {
    int32_t span = size + pad + after - reach;
    return span < 1 ? 0 : (span - 1) / stride + 1;
}

static int32_t differ(const martlet_rows *output) {
    int32_t count = (int32_t)(output->height * output->row_pitch_bytes);
    for (int32_t i = 0; i < count; i++) {
        if (outputs[0][i] != outputs[1][i]) return 1;
    }
    return 0;
}

/// - Returns: 1 when the families differ, 0 when they agree, −1 when the sizes were impossible.
static int32_t convolve(const martlet_kernels *const families[2]) {
    int32_t groups = any(6) == 0 ? 1 + any(4) : 1;
    int32_t group_inputs = 1 + any(any(2) ? 8 : 40), group_outputs = 1 + any(any(2) ? 20 : 90);
    martlet_convolution rule = {
        .weights = weights, .channels = channels, .kernel_height = 1 + any(5), .kernel_width = 1 + any(5),
        .stride_height = 1 + any(3), .stride_width = 1 + any(3), .dilation_height = 1 + any(2),
        .dilation_width = 1 + any(2), .groups = groups, .input_zero_point = any(256), .output = any_output(),
        .residual_factor = any_factor(1.5f), .residual_zero_point = any(256)};
    int32_t reach_height = (rule.kernel_height - 1) * rule.dilation_height;
    int32_t reach_width = (rule.kernel_width - 1) * rule.dilation_width;
    rule.pad_top = any(reach_height + 1);
    rule.pad_left = any(reach_width + 1);
    int32_t rows_are_runs = groups == 1 && rule.dilation_width == 1 && any(4) > 0;
    rule.runs_per_row = rows_are_runs ? 1 : rule.kernel_width;
    int32_t height = 1 + any(12), width = 1 + any(14);
    int32_t out_height = output_size(height, rule.pad_top, any(reach_height + 1), reach_height, rule.stride_height);
    int32_t out_width = output_size(width, rule.pad_left, any(reach_width + 1), reach_width, rule.stride_width);
    martlet_rows from = any_rows(input, height, width, groups * group_inputs, !rows_are_runs);
    martlet_rows to = any_rows(outputs[0], out_height, out_width, groups * group_outputs, any(2));
    martlet_rows other = any_rows(residual, out_height, out_width, groups * group_outputs, any(2));
    int32_t runs = rule.kernel_height * rule.runs_per_row;
    int32_t run_bytes = (rows_are_runs ? rule.kernel_width : 1) * group_inputs, quads = (run_bytes + 3) / 4;
    int32_t blocks = (group_outputs + 15) / 16, weight_bytes = groups * blocks * runs * quads * 64;
    if (out_height * out_width == 0 || from.height * to.height * other.height == 0) return -1;
    if (weight_bytes > most_bytes || groups * blocks > 32) return -1;
    if (martlet_convolution_scratch_bytes(&rule, &from, &to) > most_bytes) return -1;
    for (int32_t i = 0; i < weight_bytes; i++) {
        int32_t byte = i / 64 % quads * 4 + i % 4, channel = i / 64 / quads / runs % blocks * 16 + i / 4 % 16;
        weights[i] = (int8_t)(byte < run_bytes && channel < group_outputs ? any(255) - 127 : 0);
    }
    fill_channels(groups * blocks, runs * run_bytes);
    fill(input, most_bytes);
    fill(residual, (int32_t)(other.height * other.row_pitch_bytes));
    const martlet_rows *addend = any(3) == 0 ? &other : NULL;
    for (int32_t i = 0; i < 2; i++) {
        to.base = outputs[i];
        __builtin_memset(outputs[i], 0xA5, most_bytes);
        martlet_convolution_rows(families[i], &rule, &from, addend, &to, 0, out_height, scratch);
    }
    return differ(&to);
}

static int32_t depthwise(const martlet_kernels *const families[2]) {
    int32_t side = any(2) ? 3 : 1 + any(6), count = 1 + any(70);
    martlet_depthwise rule = {
        .weights = weights, .channels = channels, .kernel_height = side, .kernel_width = any(4) ? side : 1 + any(5),
        .stride_height = 1 + any(3), .stride_width = 1 + any(3), .dilation_height = 1 + any(4) / 3,
        .dilation_width = 1 + any(4) / 3, .input_zero_point = any(256), .output = any_output()};
    int32_t reach_height = (rule.kernel_height - 1) * rule.dilation_height;
    int32_t reach_width = (rule.kernel_width - 1) * rule.dilation_width;
    rule.pad_top = any(reach_height + 1);
    rule.pad_left = any(reach_width + 1);
    int32_t height = 1 + any(12), width = 1 + any(14);
    int32_t out_height = output_size(height, rule.pad_top, any(reach_height + 1), reach_height, rule.stride_height);
    int32_t out_width = output_size(width, rule.pad_left, any(reach_width + 1), reach_width, rule.stride_width);
    martlet_rows from = any_rows(input, height, width, count, any(2));
    martlet_rows to = any_rows(outputs[0], out_height, out_width, count, any(2));
    if (out_height * out_width == 0 || from.height * to.height == 0) return -1;
    if (martlet_depthwise_scratch_bytes(&rule, &from, &to) > most_bytes) return -1;
    int32_t quads = martlet_depthwise_quads(rule.kernel_height, rule.kernel_width), blocks = (count + 15) / 16;
    for (int32_t i = 0; i < blocks * quads * 64; i++) {
        int32_t tap = martlet_depthwise_tap(rule.kernel_height, rule.kernel_width, i / 64 % quads, i % 4);
        int32_t channel = i / 64 / quads * 16 + i / 4 % 16;
        weights[i] = (int8_t)(tap >= 0 && channel < count ? any(255) - 127 : 0);
    }
    fill_channels(blocks, rule.kernel_height * rule.kernel_width);
    fill(input, most_bytes);
    for (int32_t i = 0; i < 2; i++) {
        to.base = outputs[i];
        __builtin_memset(outputs[i], 0xA5, most_bytes);
        martlet_depthwise_rows(families[i], &rule, &from, &to, 0, out_height, scratch);
    }
    return differ(&to);
}

static int32_t count_differences(int32_t (*problem)(const martlet_kernels *const[2]), const char *name) {
    const martlet_kernels *const families[2] = {&martlet_scalar_kernels, martlet_best_kernels()};
    int32_t solved = 0, wrong = 0;
    while (solved < problems) {
        int32_t result = problem(families);
        solved += result >= 0;
        wrong += result > 0;
    }
    firmware_write(martlet_family_name(families[1]->family));
    firmware_write(name);
    firmware_write_number(solved);
    firmware_write(" problems, ");
    firmware_write_number(wrong);
    firmware_write(" differ from scalar\n");
    return wrong;
}

int main(void) {
    int32_t wrong = count_differences(convolve, ": convolution, ");
    wrong += count_differences(depthwise, ": depthwise, ");
    return wrong > 0;
}
