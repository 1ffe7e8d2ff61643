// Times convolution shapes of well-known networks with each kernel family of this machine.
//
//   clang -O3 -ffp-contract=off -fno-math-errno -std=gnu17 -ICShim/include \
//     tools/kernel-benchmark.c CShim/*.c -o kernel-benchmark
//   ./kernel-benchmark [family] [filter]
//
// Minimum of many runs with warm caches; GMAC/s count multiply-accumulates of the padded window.
#include "CShim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct layer {
    const char *name;
    int times;      // how often the network has it
    int depthwise;
    int side, inputs, outputs, kernel, stride;
} layer;

static const layer layers[] = {
    {"MobileNetV2", 1, 0, 224, 3, 32, 3, 2},     {"MobileNetV2", 1, 1, 112, 32, 32, 3, 1},
    {"MobileNetV2", 1, 0, 112, 32, 16, 1, 1},    {"MobileNetV2", 1, 0, 112, 16, 96, 1, 1},
    {"MobileNetV2", 1, 1, 112, 96, 96, 3, 2},    {"MobileNetV2", 1, 0, 56, 96, 24, 1, 1},
    {"MobileNetV2", 2, 0, 56, 24, 144, 1, 1},    {"MobileNetV2", 1, 1, 56, 144, 144, 3, 1},
    {"MobileNetV2", 1, 0, 56, 144, 24, 1, 1},    {"MobileNetV2", 1, 1, 56, 144, 144, 3, 2},
    {"MobileNetV2", 1, 0, 28, 144, 32, 1, 1},    {"MobileNetV2", 3, 0, 28, 32, 192, 1, 1},
    {"MobileNetV2", 2, 1, 28, 192, 192, 3, 1},   {"MobileNetV2", 2, 0, 28, 192, 32, 1, 1},
    {"MobileNetV2", 1, 1, 28, 192, 192, 3, 2},   {"MobileNetV2", 1, 0, 14, 192, 64, 1, 1},
    {"MobileNetV2", 4, 0, 14, 64, 384, 1, 1},    {"MobileNetV2", 4, 1, 14, 384, 384, 3, 1},
    {"MobileNetV2", 3, 0, 14, 384, 64, 1, 1},    {"MobileNetV2", 1, 0, 14, 384, 96, 1, 1},
    {"MobileNetV2", 3, 0, 14, 96, 576, 1, 1},    {"MobileNetV2", 2, 1, 14, 576, 576, 3, 1},
    {"MobileNetV2", 2, 0, 14, 576, 96, 1, 1},    {"MobileNetV2", 1, 1, 14, 576, 576, 3, 2},
    {"MobileNetV2", 1, 0, 7, 576, 160, 1, 1},    {"MobileNetV2", 3, 0, 7, 160, 960, 1, 1},
    {"MobileNetV2", 3, 1, 7, 960, 960, 3, 1},    {"MobileNetV2", 2, 0, 7, 960, 160, 1, 1},
    {"MobileNetV2", 1, 0, 7, 960, 320, 1, 1},    {"MobileNetV2", 1, 0, 7, 320, 1280, 1, 1},
    {"MobileNetV2", 1, 0, 1, 1280, 1000, 1, 1},
    {"ResNet-18", 1, 0, 224, 3, 64, 7, 2},       {"ResNet-18", 4, 0, 56, 64, 64, 3, 1},
    {"ResNet-18", 1, 0, 56, 64, 128, 3, 2},      {"ResNet-18", 3, 0, 28, 128, 128, 3, 1},
    {"ResNet-18", 1, 0, 56, 64, 128, 1, 2},      {"ResNet-18", 1, 0, 28, 128, 256, 3, 2},
    {"ResNet-18", 3, 0, 14, 256, 256, 3, 1},     {"ResNet-18", 1, 0, 28, 128, 256, 1, 2},
    {"ResNet-18", 1, 0, 14, 256, 512, 3, 2},     {"ResNet-18", 3, 0, 7, 512, 512, 3, 1},
    {"ResNet-18", 1, 0, 14, 256, 512, 1, 2},     {"ResNet-18", 1, 0, 1, 512, 1000, 1, 1},
    {"bottleneck", 1, 0, 56, 64, 256, 1, 1},     {"bottleneck", 1, 0, 28, 512, 128, 1, 1},
    {"bottleneck", 1, 0, 14, 256, 1024, 1, 1},   {"bottleneck", 1, 0, 7, 2048, 512, 1, 1},
    {"depthwise5", 1, 1, 56, 144, 144, 5, 2},    {"depthwise5", 1, 1, 28, 240, 240, 5, 1},
    {"depthwise5", 1, 1, 14, 480, 480, 5, 1},    {"depthwise5", 1, 1, 14, 672, 672, 5, 2},
    {"depthwise5", 1, 1, 7, 1152, 1152, 5, 1},   {"depthwise7", 1, 1, 14, 384, 384, 7, 1},
    {"odd", 1, 0, 27, 64, 192, 3, 1},            {"odd", 1, 0, 13, 64, 256, 3, 1},
    {"odd", 1, 0, 55, 16, 64, 1, 1},             {"odd", 1, 0, 32, 16, 16, 3, 1},
};

static void *filled(size_t bytes) {
    uint8_t *memory = aligned_alloc(4096, (bytes + 128 + 4095) & ~(size_t)4095);
    for (size_t i = 0; i < bytes + 128; i++) memory[i] = (uint8_t)(i * 2654435761u >> 13);
    return memory;
}

static double seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC_RAW, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static martlet_rows image(int side, int channels) {
    martlet_rows rows = {filled((size_t)side * side * channels), side * channels, channels, side, side, side, channels};
    return rows;
}

/// Everything that one layer needs.
typedef struct problem {
    martlet_convolution convolution;
    martlet_depthwise depthwise;
    martlet_rows input, output;
    uint8_t *scratch;
    size_t scratch_bytes;
} problem;

static problem prepare(const layer *layer) {
    int pad = layer->kernel / 2, outputs = (layer->side + 2 * pad - layer->kernel) / layer->stride + 1;
    int runs = layer->kernel, quads = (layer->kernel * layer->inputs + 3) / 4, blocks = (layer->outputs + 15) / 16;
    if (layer->depthwise) runs = 1, quads = martlet_depthwise_quads(layer->kernel, layer->kernel);
    problem problem;
    memset(&problem, 0, sizeof problem);
    problem.input = image(layer->side, layer->inputs);
    problem.output = image(outputs, layer->outputs);
    martlet_channel_block *channels = filled(sizeof(martlet_channel_block) * (size_t)blocks);
    for (int i = 0; i < blocks * 16; i++) {
        channels[i / 16].bias[i % 16] = i * 100;
        channels[i / 16].factor[i % 16] = 0.001f;
    }
    int8_t *weights = filled((size_t)blocks * runs * quads * 64);
    martlet_output output = {getenv("GENERAL") ? 3 : 0, 0, getenv("GENERAL") ? 250 : 255};
    martlet_convolution convolution = {
        weights, channels, layer->kernel, layer->kernel, layer->stride, layer->stride, 1, 1, pad, pad, 1, 1, 5,
        output, 0, 0};
    martlet_depthwise depthwise = {
        weights, channels, layer->kernel, layer->kernel, layer->stride, layer->stride, 1, 1, pad, pad, 5, output};
    problem.convolution = convolution;
    problem.depthwise = depthwise;
    problem.scratch_bytes = layer->depthwise
        ? martlet_depthwise_scratch_bytes(&depthwise, &problem.input, &problem.output)
        : martlet_convolution_scratch_bytes(&convolution, &problem.input, &problem.output);
    problem.scratch = filled(problem.scratch_bytes);
    return problem;
}

/// Fastest of many runs of a statement, in seconds.
#define BEST(best, statement)                                                            \
    do {                                                                                 \
        double begin = seconds();                                                        \
        best = 1e9;                                                                      \
        for (int pass = 0; pass < 10 || seconds() - begin < 0.02; pass++) {                 \
            double start = seconds();                                                    \
            statement;                                                                   \
            double taken = seconds() - start;                                            \
            if (taken < best) best = taken;                                              \
        }                                                                                \
    } while (0)

/// One run of a layer.
static void run(const martlet_kernels *kernels, const layer *layer, const problem *problem) {
    if (layer->depthwise) {
        martlet_depthwise_rows(
            kernels, &problem->depthwise, &problem->input, &problem->output, 0, problem->output.height,
            problem->scratch);
    } else {
        martlet_convolution_rows(
            kernels, &problem->convolution, &problem->input, NULL, &problem->output, 0, problem->output.height,
            problem->scratch);
    }
}

/// What is bound by bytes: addition, multiplication, look-up, pooling.
static void print_others(const martlet_kernels *kernels) {
    martlet_rows a = image(56, 256), b = image(56, 256), c = image(56, 256), large = image(112, 64);
    martlet_rows pooled = image(56, 64), last = image(7, 1280), average = image(1, 1280);
    uint8_t *table = filled(256), *scratch = filled(1280 * 4);
    double bytes = 56.0 * 56 * 256, best;
    martlet_output output = {3, 0, 250};
    martlet_addition addition = {3, 5, 0.4f, 0.6f, output};
    martlet_multiplication multiplication = {3, 5, 0.004f, output};
    martlet_pooling maximum = {3, 3, 2, 2, 1, 1, 1, 1, 1, 1, 0, 0, 1, output};
    martlet_pooling mean = {7, 7, 1, 1, 1, 1, 0, 0, 0, 0, 0, 7, 1, output};
    BEST(best, martlet_add_rows(kernels, &addition, &a, &b, &c, 0, 56));
    printf("    add 56²×256 %26.1f µs  %6.1f Gbyte/s\n", best * 1e6, bytes / best * 1e-9);
    BEST(best, martlet_multiply_rows(kernels, &multiplication, &a, &b, &c, 0, 56));
    printf("    multiply 56²×256 %21.1f µs  %6.1f Gbyte/s\n", best * 1e6, bytes / best * 1e-9);
    BEST(best, martlet_look_up_rows(kernels, table, &a, &c, 0, 56));
    printf("    look up 56²×256 %22.1f µs  %6.1f Gbyte/s\n", best * 1e6, bytes / best * 1e-9);
    BEST(best, martlet_maximum_pool_rows(kernels, &maximum, &large, &pooled, 0, 56));
    printf("    maximum pool 112²×64 3×3/2 %11.1f µs\n", best * 1e6);
    BEST(best, martlet_average_pool_rows(kernels, &mean, &last, &average, 0, 1, scratch));
    printf("    average pool 7²×1280 %17.1f µs\n", best * 1e6);
}

static void print_checksum(void) {
    size_t count = 3500000;
    uint8_t *bytes = filled(count);
    double best;
    volatile uint32_t sink;
    BEST(best, sink = martlet_checksum(bytes, count));
    (void)sink;
    printf("checksum of 3.5 MB %31.1f µs  %6.1f Gbyte/s\n", best * 1e6, (double)count / best * 1e-9);
}

int main(int count, char **arguments) {
    const char *wanted = count > 1 ? arguments[1] : "", *filter = count > 2 ? arguments[2] : "";
    for (uint32_t family = MARTLET_FAMILY_COUNT; family-- > 0;) {
        const martlet_kernels *kernels = martlet_kernels_for((martlet_family)family);
        if (kernels == NULL || strstr(martlet_family_name(kernels->family), wanted) == NULL) continue;
        printf("%s\n", martlet_family_name(kernels->family));
        const char *network = "";
        double sum = 0;
        size_t total = sizeof layers / sizeof *layers;
        for (size_t i = 0; i <= total; i++) {
            const layer *layer = &layers[i];
            if (i == total || strcmp(network, layer->name) != 0) {
                if (sum > 0) printf("  %s: sum of convolutions %.3f ms\n", network, sum * 1e3);
                sum = 0;
                if (i == total) break;
                network = layer->name;
            }
            if (strstr(layer->name, filter) == NULL) continue;
            problem problem = prepare(layer);
            double time;
            BEST(time, run(kernels, layer, &problem));
            double macs = (double)problem.output.height * problem.output.width * layer->outputs * layer->kernel
                * layer->kernel * (layer->depthwise ? 1 : layer->inputs);
            printf("    %3d²×%4d → %4d  %d×%d/%d %-9s  %8.1f µs  %6.1f GMAC/s  scratch %zu\n", layer->side,
                   layer->inputs, layer->outputs, layer->kernel, layer->kernel, layer->stride,
                   layer->depthwise ? "depthwise" : "", time * 1e6, macs / time * 1e-9, problem.scratch_bytes);
            sum += time * layer->times;
        }
        if (*filter == 0) print_others(kernels);
    }
    print_checksum();
}
