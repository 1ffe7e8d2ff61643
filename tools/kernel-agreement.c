// Random problems by every kernel family of the processor and by the scalar one, byte for byte: for processors where the
// package's own tests do not run. tools/test-cortex-kernels builds it as a firmware, tools/test-arm-kernels as a program.
#if __STDC_HOSTED__
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

#include "kernels.h"

#if __STDC_HOSTED__
static void write_text(const char *text) { fputs(text, stdout); }
static void write_number(int32_t number) { printf("%d", number); }
#else
#include "firmware.h"
static void write_text(const char *text) { firmware_write(text); }
static void write_number(int32_t number) { firmware_write_number(number); }
#endif

enum {
    most_bytes = 96 * 1024,
    most_blocks = 32,
    problems = 400,
    guard_bytes = 64,
    guard_pattern = 0xA5,
    /// Bytes after an activation or scratch that kernels may read.
    slack_bytes = 64,
};

static uint8_t outputs[2][most_bytes];

/// What kernels read.
typedef enum region : uint32_t { INPUT, RESIDUAL, WEIGHTS, SCRATCH, CHANNELS, REGIONS } region;

#if __STDC_HOSTED__
/// Memory whose end is `count` bytes away: what follows cannot be read.
static void *memory_of(region region, int32_t count) {
    static uint8_t *ends[REGIONS];
    if (ends[region] == NULL) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = (most_bytes + page - 1) / page * page;
        uint8_t *start = mmap(NULL, bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (start == MAP_FAILED || mprotect(start + bytes, page, PROT_NONE) != 0) abort();
        ends[region] = start + bytes;
    }
    return ends[region] - count;
}
#else
static void *memory_of(region region, int32_t count) {
    static uint8_t memory[REGIONS][most_bytes] __attribute__((aligned(64)));
    (void)count;
    return memory[region];
}
#endif

static uint8_t *input, *residual, *scratch;
static int8_t *weights;
static martlet_channel_block *channels;

static void claim_constants(int32_t weight_bytes, int32_t blocks) {
    weights = memory_of(WEIGHTS, weight_bytes);
    channels = memory_of(CHANNELS, blocks * (int32_t)sizeof *channels);
}

static void claim_scratch(size_t count) { scratch = memory_of(SCRATCH, (int32_t)count + slack_bytes); }

static uint32_t state = 1;

/// A number in 0 … below − 1.
static int32_t any(int32_t below) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return (int32_t)((state >> 8) % (uint32_t)below);
}

static float any_factor(float largest) { return (float)(any(10000) + 1) * largest / 10000.0f; }

/// One problem in six is of extreme values alone.
static int32_t is_extreme;

static void fill(uint8_t *bytes, int32_t count) {
    for (int32_t i = 0; i < count; i++) bytes[i] = (uint8_t)(is_extreme ? 255 * any(2) : any(256));
}

/// A weight; now and then of extremes, −128 among them, which no well-made file has.
static int8_t any_weight(void) {
    if (is_extreme) return (int8_t)(any(2) ? -128 : 127);
    return (int8_t)(any(255) - 127);
}

/// Rows with or without gaps, nowhere yet; no rows when they would be larger than their memory.
static martlet_rows any_rows(int32_t height, int32_t width, int32_t count, int32_t has_gaps) {
    martlet_rows rows = {.rows_held = height, .height = height, .width = width, .channels = count};
    rows.pixel_pitch_bytes = count + (has_gaps ? any(5) : 0);
    rows.row_pitch_bytes = width * rows.pixel_pitch_bytes + (has_gaps ? any(9) : 0);
    if (height * rows.row_pitch_bytes + 2 * guard_bytes > most_bytes) rows.height = 0;
    return rows;
}

/// Gives an operand its memory and values.
static uint8_t *begin_operand(region region, martlet_rows *rows) {
    int32_t count = (int32_t)(rows->height * rows->row_pitch_bytes) + slack_bytes;
    rows->base = memory_of(region, count);
    fill(rows->base, count);
    return rows->base;
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
            channels[block].weight_sum[lane] = 0;
        }
    }
}

/// Output size along an axis, or 0.
static int32_t output_size(int32_t size, int32_t pad, int32_t after, int32_t reach, int32_t stride) {
    int32_t span = size + pad + after - reach;
    return span < 1 ? 0 : (span - 1) / stride + 1;
}

/// Whether a result differs, or a byte before it, after it or between its rows was written.
static int32_t differ(const martlet_rows *output) {
    int32_t count = (int32_t)(output->height * output->row_pitch_bytes) + 2 * guard_bytes;
    for (int32_t i = 0; i < count; i++) {
        if (outputs[0][i] != outputs[1][i]) return 1;
    }
    return 0;
}

/// Where the results of family `i` go, between guard bytes.
static void begin_output(martlet_rows *to, int32_t i) {
    to->base = outputs[i] + guard_bytes;
    __builtin_memset(outputs[i], guard_pattern, (size_t)(to->height * to->row_pitch_bytes) + 2 * guard_bytes);
}

/// - Returns: 1 when the families differ, 0 when they agree, −1 when the sizes were impossible.
static int32_t convolve(const martlet_kernels *const families[2]) {
    int32_t groups = any(6) == 0 ? 1 + any(4) : 1;
    int32_t group_inputs = 1 + any(any(2) ? 8 : 40), group_outputs = 1 + any(any(2) ? 20 : 90);
    martlet_convolution rule = {
        .kernel_height = 1 + any(5), .kernel_width = 1 + any(5),
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
    martlet_rows from = any_rows(height, width, groups * group_inputs, !rows_are_runs);
    martlet_rows to = any_rows(out_height, out_width, groups * group_outputs, any(2));
    martlet_rows other = any_rows(out_height, out_width, groups * group_outputs, any(2));
    int32_t runs = rule.kernel_height * rule.runs_per_row;
    int32_t run_bytes = (rows_are_runs ? rule.kernel_width : 1) * group_inputs, quads = (run_bytes + 3) / 4;
    int32_t blocks = (group_outputs + 15) / 16, weight_bytes = groups * blocks * runs * quads * 64;
    if (out_height * out_width == 0 || from.height * to.height * other.height == 0) return -1;
    size_t scratch_bytes = martlet_convolution_scratch_bytes(&rule, &from, &to);
    if (weight_bytes > most_bytes || groups * blocks > most_blocks || scratch_bytes + slack_bytes > most_bytes) return -1;
    claim_constants(weight_bytes, groups * blocks);
    claim_scratch(scratch_bytes);
    rule.weights = weights;
    rule.channels = channels;
    for (int32_t i = 0; i < weight_bytes; i++) {
        int32_t byte = i / 64 % quads * 4 + i % 4, channel = i / 64 / quads / runs % blocks * 16 + i / 4 % 16;
        weights[i] = byte < run_bytes && channel < group_outputs ? any_weight() : 0;
    }
    fill_channels(groups * blocks, runs * run_bytes);
    for (int32_t i = 0; i < weight_bytes; i++) {
        channels[i / 64 / quads / runs].weight_sum[i / 4 % 16] += weights[i];
    }
    input = begin_operand(INPUT, &from);
    residual = begin_operand(RESIDUAL, &other);
    const martlet_rows *addend = any(3) == 0 ? &other : NULL;
    for (int32_t i = 0; i < 2; i++) {
        begin_output(&to, i);
        martlet_convolution_rows(families[i], &rule, &from, addend, &to, 0, out_height, scratch);
    }
    return differ(&to);
}

static int32_t depthwise(const martlet_kernels *const families[2]) {
    int32_t side = any(2) ? 3 : 1 + any(6), count = 1 + any(70);
    martlet_depthwise rule = {
        .kernel_height = side, .kernel_width = any(4) ? side : 1 + any(5),
        .stride_height = 1 + any(3), .stride_width = 1 + any(3), .dilation_height = 1 + any(4) / 3,
        .dilation_width = 1 + any(4) / 3, .input_zero_point = any(256), .output = any_output()};
    int32_t reach_height = (rule.kernel_height - 1) * rule.dilation_height;
    int32_t reach_width = (rule.kernel_width - 1) * rule.dilation_width;
    rule.pad_top = any(reach_height + 1);
    rule.pad_left = any(reach_width + 1);
    int32_t height = 1 + any(12), width = 1 + any(14);
    int32_t out_height = output_size(height, rule.pad_top, any(reach_height + 1), reach_height, rule.stride_height);
    int32_t out_width = output_size(width, rule.pad_left, any(reach_width + 1), reach_width, rule.stride_width);
    martlet_rows from = any_rows(height, width, count, any(2));
    martlet_rows to = any_rows(out_height, out_width, count, any(2));
    if (out_height * out_width == 0 || from.height * to.height == 0) return -1;
    size_t scratch_bytes = martlet_depthwise_scratch_bytes(&rule, &from, &to);
    if (scratch_bytes + slack_bytes > most_bytes) return -1;
    int32_t quads = martlet_depthwise_quads(rule.kernel_height, rule.kernel_width), blocks = (count + 15) / 16;
    claim_constants(blocks * quads * 64, blocks);
    claim_scratch(scratch_bytes);
    rule.weights = weights;
    rule.channels = channels;
    for (int32_t i = 0; i < blocks * quads * 64; i++) {
        int32_t tap = martlet_depthwise_tap(rule.kernel_height, rule.kernel_width, i / 64 % quads, i % 4);
        int32_t channel = i / 64 / quads * 16 + i / 4 % 16;
        weights[i] = tap >= 0 && channel < count ? any_weight() : 0;
    }
    fill_channels(blocks, rule.kernel_height * rule.kernel_width);
    for (int32_t i = 0; i < blocks * quads * 64; i++) channels[i / 64 / quads].weight_sum[i / 4 % 16] += weights[i];
    input = begin_operand(INPUT, &from);
    for (int32_t i = 0; i < 2; i++) {
        begin_output(&to, i);
        martlet_depthwise_rows(families[i], &rule, &from, &to, 0, out_height, scratch);
    }
    return differ(&to);
}

/// A convolution 1×1 over an image of one pixel.
static int32_t fully_connected(const martlet_kernels *const families[2]) {
    int32_t inputs = 1 + any(700), results = 1 + any(120);
    int32_t quads = (inputs + 3) / 4, blocks = (results + 15) / 16, weight_bytes = blocks * quads * 64;
    if (weight_bytes > most_bytes) return -1;
    claim_constants(weight_bytes, blocks);
    claim_scratch(0);
    martlet_convolution rule = {
        .weights = weights, .channels = channels, .kernel_height = 1, .kernel_width = 1, .stride_height = 1,
        .stride_width = 1, .dilation_height = 1, .dilation_width = 1, .groups = 1, .runs_per_row = 1,
        .output = any_output()};
    martlet_rows from = any_rows(1, 1, inputs, 0), to = any_rows(1, 1, results, 0);
    for (int32_t i = 0; i < weight_bytes; i++) {
        int32_t byte = i / 64 % quads * 4 + i % 4, channel = i / 64 / quads * 16 + i / 4 % 16;
        weights[i] = byte < inputs && channel < results ? any_weight() : 0;
    }
    fill_channels(blocks, inputs);
    for (int32_t i = 0; i < weight_bytes; i++) channels[i / 64 / quads].weight_sum[i / 4 % 16] += weights[i];
    input = begin_operand(INPUT, &from);
    martlet_panel layer = {
        .weights = weights, .channels = channels, .block_bytes = quads * 64, .blocks = blocks,
        .channels_stored = results, .runs = 1, .run_quads = quads, .output = rule.output, .next_weights = weights};
    int32_t as_convolution = any(2);
    for (int32_t i = 0; i < 2; i++) {
        begin_output(&to, i);
        if (as_convolution) martlet_convolution_rows(families[i], &rule, &from, NULL, &to, 0, 1, scratch);
        else martlet_fully_connected(families[i], &layer, input, to.base);
    }
    return differ(&to);
}

/// Sums of products, as recurrent layers need them.
static int32_t dot(const martlet_kernels *const families[2]) {
    int32_t count = 1 + any(any(2) ? 100 : most_bytes - 1), zero_point = any(256);
    weights = memory_of(WEIGHTS, count);
    input = memory_of(INPUT, count);
    for (int32_t i = 0; i < count; i++) weights[i] = any_weight();
    fill(input, count);
    return martlet_dot(families[0], weights, input, zero_point, count)
        != martlet_dot(families[1], weights, input, zero_point, count);
}

/// Largest values or means of windows.
static int32_t pool(const martlet_kernels *const families[2]) {
    martlet_pooling rule = {
        .kernel_height = 1 + any(6), .kernel_width = 1 + any(6), .stride_height = 1 + any(3),
        .stride_width = 1 + any(3), .dilation_height = 1, .dilation_width = 1, .count_padding = any(2),
        .input_zero_point = any(256), .factor = any_factor(2.0f), .output = any_output()};
    rule.pad_top = any(rule.kernel_height), rule.pad_left = any(rule.kernel_width);
    rule.pad_bottom = any(rule.kernel_height), rule.pad_right = any(rule.kernel_width);
    int32_t height = 1 + any(9), width = 1 + any(12), count = 1 + any(80), means = any(2);
    int32_t out_height = output_size(height, rule.pad_top, rule.pad_bottom, rule.kernel_height - 1, rule.stride_height);
    int32_t out_width = output_size(width, rule.pad_left, rule.pad_right, rule.kernel_width - 1, rule.stride_width);
    martlet_rows from = any_rows(height, width, count, any(2));
    martlet_rows to = any_rows(out_height, out_width, count, any(2));
    if (out_height * out_width == 0 || from.height * to.height == 0) return -1;
    input = begin_operand(INPUT, &from);
    claim_scratch((size_t)count * 4);
    for (int32_t i = 0; i < 2; i++) {
        begin_output(&to, i);
        if (means) martlet_average_pool_rows(families[i], &rule, &from, &to, 0, out_height, scratch);
        else martlet_maximum_pool_rows(families[i], &rule, &from, &to, 0, out_height);
    }
    return differ(&to);
}

/// Sums (by factors or in whole numbers), products and tables.
static int32_t elementwise(const martlet_kernels *const families[2]) {
    static uint8_t table[256];
    martlet_addition sum = {any(256), any(256), any_factor(3.0f), any_factor(3.0f), any_output()};
    martlet_fixed_addition fixed = {
        any(256), any(256), any(1 << 22) - (1 << 21), any(1 << 22) - (1 << 21), 13 + any(18), any_output()};
    martlet_multiplication product = {any(256), any(256), any_factor(0.05f), any_output()};
    int32_t height = 1 + any(5), width = 1 + any(9), count = 1 + any(any(2) ? 20 : 150), kind = any(4);
    martlet_rows a = any_rows(height, width, count, any(2));
    martlet_rows b = any_rows(any(4) ? height : 1, any(4) ? width : 1, any(4) ? count : 1, any(2));
    martlet_rows to = any_rows(height, width, count, any(2));
    input = begin_operand(INPUT, &a);
    residual = begin_operand(RESIDUAL, &b);
    fill(table, 256);
    for (int32_t i = 0; i < 2; i++) {
        begin_output(&to, i);
        if (kind == 0) martlet_add_rows(families[i], &sum, &a, &b, &to, 0, height);
        else if (kind == 1) martlet_add_fixed_rows(families[i], &fixed, &a, &b, &to, 0, height);
        else if (kind == 2) martlet_multiply_rows(families[i], &product, &a, &b, &to, 0, height);
        else martlet_look_up_rows(families[i], table, &a, &to, 0, height);
    }
    return differ(&to);
}

static int32_t count_differences(
    const martlet_kernels *kernels, int32_t (*problem)(const martlet_kernels *const[2]), const char *name) {
    const martlet_kernels *const families[2] = {&martlet_scalar_kernels, kernels};
    int32_t solved = 0, wrong = 0;
    while (solved < problems) {
        is_extreme = any(6) == 0;
        int32_t result = problem(families);
        solved += result >= 0;
        wrong += result > 0;
    }
    write_text(martlet_family_name(kernels->family));
    write_text(name);
    write_number(solved);
    write_text(" problems, ");
    write_number(wrong);
    write_text(" differ from scalar\n");
    return wrong;
}

/// - Returns: how many problems differ from the scalar family's bytes.
static int32_t compare(const martlet_kernels *kernels) {
    int32_t wrong = count_differences(kernels, convolve, ": convolution, ");
    wrong += count_differences(kernels, depthwise, ": depthwise, ");
    wrong += count_differences(kernels, fully_connected, ": fully connected, ");
    wrong += count_differences(kernels, dot, ": dot product, ");
    wrong += count_differences(kernels, pool, ": pooling, ");
    return wrong + count_differences(kernels, elementwise, ": elementwise, ");
}

int main(void) {
#if __STDC_HOSTED__
    int32_t wrong = 0;
    for (uint32_t family = 1; family < MARTLET_FAMILY_COUNT; family++) {
        const martlet_kernels *kernels = martlet_kernels_for((martlet_family)family);
        if (kernels != NULL) wrong += compare(kernels);
    }
#else
    int32_t wrong = compare(martlet_best_kernels());
#endif
    return wrong > 0;
}
