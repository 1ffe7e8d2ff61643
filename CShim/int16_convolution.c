// Convolutions of int16 tensors over rows. Padding is 0 and adds nothing: pixels whose window lies inside the image are
// read in place, a row at a time; the others are gathered into scratch, one at a time, with zeros for what is outside.
#include "kernels.h"

enum { stack_runs = 32 };

typedef struct int16_plan {
    int32_t runs, run_values, run_quads;
    int32_t group_channels, group_outputs, group_blocks;
    ptrdiff_t block_bytes;
    size_t pointer_bytes, patch_bytes;
} int16_plan;

static int16_plan make_plan(
    const martlet_convolution *convolution, const martlet_rows *input, const martlet_rows *output) {
    int16_plan plan;
    int32_t taps = convolution->runs_per_row == convolution->kernel_width ? 1 : convolution->kernel_width;
    plan.runs = convolution->kernel_height * convolution->runs_per_row;
    plan.group_channels = input->channels / convolution->groups;
    plan.run_values = taps * plan.group_channels;
    plan.run_quads = martlet_divide_up(plan.run_values, 4);
    plan.group_outputs = output->channels / convolution->groups;
    plan.group_blocks = martlet_divide_up(plan.group_outputs, 16);
    plan.block_bytes = (ptrdiff_t)plan.runs * plan.run_quads * 64;
    plan.pointer_bytes = plan.runs > stack_runs ? martlet_align((size_t)plan.runs * 8) : 0;
    plan.patch_bytes = martlet_align((size_t)plan.runs * (size_t)plan.run_quads * 8);
    return plan;
}

/// Whether some window reaches over the image.
static int32_t has_border(
    const martlet_convolution *convolution, const martlet_rows *input, const martlet_rows *output) {
    int64_t reach_y = (int64_t)(convolution->kernel_height - 1) * convolution->dilation_height;
    int64_t reach_x = (int64_t)(convolution->kernel_width - 1) * convolution->dilation_width;
    int64_t last_y = (int64_t)(output->height - 1) * convolution->stride_height - convolution->pad_top + reach_y;
    int64_t last_x = (int64_t)(output->width - 1) * convolution->stride_width - convolution->pad_left + reach_x;
    return convolution->pad_top > 0 || convolution->pad_left > 0 || last_y >= input->height || last_x >= input->width;
}

size_t martlet_int16_convolution_scratch_bytes(
    const martlet_convolution *convolution, const martlet_rows *input, const martlet_rows *output) {
    int16_plan plan = make_plan(convolution, input, output);
    return plan.pointer_bytes + (has_border(convolution, input, output) ? plan.patch_bytes : 0);
}

/// Pointers to the runs of the pixel whose window begins at (y, x), inside the image.
static void point_at(
    const martlet_convolution *convolution, const martlet_rows *input, int32_t y, int32_t x, int32_t first_channel,
    const int16_t **runs) {
    for (int32_t row = 0, run = 0; row < convolution->kernel_height; row++, y += convolution->dilation_height) {
        const uint8_t *from = martlet_row(input, y) + first_channel * 2;
        for (int32_t tap = 0; tap < convolution->runs_per_row; tap++, run++) {
            ptrdiff_t column = x + tap * convolution->dilation_width;
            runs[run] = (const int16_t *)(const void *)(from + column * input->pixel_pitch_bytes);
        }
    }
}

/// Copies the window that begins at (y, x) into `patch`, run after run, each filled up with zeros to whole quads.
static void gather(
    const martlet_convolution *convolution, const int16_plan *plan, const martlet_rows *input, int32_t y, int32_t x,
    int32_t first_channel, int16_t *patch, const int16_t **runs) {
    __builtin_memset(patch, 0, plan->patch_bytes);
    int32_t whole_row = convolution->runs_per_row == 1;
    size_t tap_bytes = (size_t)plan->group_channels * 2;
    for (int32_t row = 0; row < convolution->kernel_height; row++, y += convolution->dilation_height) {
        for (int32_t tap = 0; tap < convolution->kernel_width; tap++) {
            int32_t run = whole_row ? row : row * convolution->kernel_width + tap;
            int16_t *to = patch + (ptrdiff_t)run * plan->run_quads * 4;
            runs[run] = to;
            int32_t column = x + tap * convolution->dilation_width;
            if (y < 0 || y >= input->height || column < 0 || column >= input->width) continue;
            const uint8_t *from = martlet_row(input, y) + column * input->pixel_pitch_bytes + first_channel * 2;
            __builtin_memcpy(to + (whole_row ? tap * plan->group_channels : 0), from, tap_bytes);
        }
    }
}

static void convolve_pixel(const martlet_int16_panel *panel, int32_t pixel, int32_t block) {
    const martlet_channel_block *constants = panel->channels + block;
    const int8_t *weights = panel->weights + block * panel->block_bytes;
    int64_t sums[16];
    for (int32_t channel = 0; channel < 16; channel++) sums[channel] = martlet_int16_bias(constants, channel);
    for (int32_t run = 0; run < panel->runs; run++) {
        const uint8_t *first = (const uint8_t *)panel->run_starts[run] + pixel * panel->run_step;
        const int16_t *from = (const int16_t *)(const void *)first;
        for (int32_t quad = 0; quad < panel->run_quads; quad++, from += 4, weights += 64) {
            for (int32_t channel = 0; channel < 16; channel++) {
                const int8_t *four = weights + channel * 4;
                sums[channel] += from[0] * four[0] + from[1] * four[1] + from[2] * four[2] + from[3] * four[3];
            }
        }
    }
    int16_t *output = (int16_t *)(void *)(panel->output + pixel * panel->output_step) + block * 16;
    int32_t stored = martlet_minimum(panel->channels_stored - block * 16, 16);
    for (int32_t channel = 0; channel < stored; channel++) {
        int64_t scaled = martlet_scale(sums[channel], martlet_factor_of(constants->factor[channel]));
        output[channel] = martlet_clamp64(scaled, panel->low, panel->high);
    }
}

void martlet_int16_convolve_scalar(const martlet_int16_panel *panel) {
    for (int32_t block = 0; block < panel->blocks; block++) {
        for (int32_t pixel = 0; pixel < panel->pixels; pixel++) convolve_pixel(panel, pixel, block);
    }
}

/// One output row of one group.
static void convolve_row(
    const martlet_kernels *kernels, const martlet_convolution *convolution, const int16_plan *plan,
    const martlet_rows *input, const martlet_rows *output, int32_t row, int32_t first_channel,
    martlet_int16_panel *panel, const int16_t **runs, int16_t *patch, int32_t first_output) {
    int32_t reach_y = (convolution->kernel_height - 1) * convolution->dilation_height;
    int32_t reach_x = (convolution->kernel_width - 1) * convolution->dilation_width;
    int32_t y = row * convolution->stride_height - convolution->pad_top;
    int32_t rows_inside = y >= 0 && y + reach_y < input->height;
    for (int32_t column = 0; column < output->width; column += panel->pixels) {
        int32_t x = column * convolution->stride_width - convolution->pad_left;
        panel->pixels = 1;
        if (rows_inside && x >= 0 && x + reach_x < input->width) {
            int32_t inside = (input->width - 1 - reach_x - x) / convolution->stride_width + 1;
            panel->pixels = martlet_minimum(inside, output->width - column);
            point_at(convolution, input, y, x, first_channel, runs);
        } else {
            gather(convolution, plan, input, y, x, first_channel, patch, runs);
        }
        panel->output = martlet_row(output, row) + column * output->pixel_pitch_bytes + first_output * 2;
        if (kernels->convolve_int16 != NULL) {
            kernels->convolve_int16(panel);
        } else {
            martlet_int16_convolve_scalar(panel);
        }
    }
}

void martlet_int16_convolution_rows(
    const martlet_kernels *kernels, const martlet_convolution *convolution, const martlet_rows *input,
    const martlet_rows *output, int32_t first_row, int32_t end_row, uint8_t *scratch) {
    const int16_t *stack_pointers[stack_runs];
    int16_plan plan = make_plan(convolution, input, output);
    const int16_t **runs = plan.pointer_bytes > 0 ? (const int16_t **)(void *)scratch : stack_pointers;
    int16_t *patch = (int16_t *)(void *)(scratch + plan.pointer_bytes);
    martlet_int16_panel panel;
    panel.block_bytes = plan.block_bytes;
    panel.blocks = plan.group_blocks;
    panel.channels_stored = plan.group_outputs;
    panel.runs = plan.runs;
    panel.run_quads = plan.run_quads;
    panel.low = convolution->output.low;
    panel.high = convolution->output.high;
    panel.run_starts = runs;
    panel.run_step = convolution->stride_width * input->pixel_pitch_bytes;
    panel.output_step = output->pixel_pitch_bytes;
    for (int32_t group = 0; group < convolution->groups; group++) {
        panel.weights = convolution->weights + group * plan.group_blocks * plan.block_bytes;
        panel.channels = convolution->channels + group * plan.group_blocks;
        for (int32_t row = first_row; row < end_row; row++) {
            convolve_row(
                kernels, convolution, &plan, input, output, row, group * plan.group_channels, &panel, runs, patch,
                group * plan.group_outputs);
        }
    }
}

/// Adds one tap of `count` channels.
static void accumulate_tap(
    int64_t *restrict sums, const int16_t *restrict from, const int8_t *restrict tap, int32_t count) {
    for (int32_t lane = 0; lane < count; lane++) sums[lane] += from[lane] * tap[lane * 4];
}

void martlet_int16_depthwise_rows(
    const martlet_depthwise *depthwise, const martlet_rows *input, const martlet_rows *output, int32_t first_row,
    int32_t end_row) {
    int32_t quads = martlet_depthwise_quads(depthwise->kernel_height, depthwise->kernel_width);
    for (int32_t row = first_row; row < end_row; row++) {
        for (int32_t column = 0; column < output->width; column++) {
            uint8_t *to = martlet_row(output, row) + column * output->pixel_pitch_bytes;
            for (int32_t channel = 0; channel < output->channels; channel += 16) {
                const martlet_channel_block *constants = depthwise->channels + channel / 16;
                const int8_t *weights = depthwise->weights + (ptrdiff_t)(channel / 16) * quads * 64;
                int32_t stored = martlet_minimum(output->channels - channel, 16);
                int64_t sums[16];
                for (int32_t lane = 0; lane < stored; lane++) sums[lane] = martlet_int16_bias(constants, lane);
                int32_t y = row * depthwise->stride_height - depthwise->pad_top;
                for (int32_t tap_row = 0; tap_row < depthwise->kernel_height; tap_row++) {
                    if (tap_row > 0) y += depthwise->dilation_height;
                    if (y < 0 || y >= input->height) continue;
                    int32_t x = column * depthwise->stride_width - depthwise->pad_left;
                    for (int32_t tap = 0; tap < depthwise->kernel_width; tap++, x += depthwise->dilation_width) {
                        if (x < 0 || x >= input->width) continue;
                        int32_t place = martlet_depthwise_place(
                            depthwise->kernel_height, depthwise->kernel_width, tap_row, tap);
                        const uint8_t *from = martlet_row(input, y) + x * input->pixel_pitch_bytes + channel * 2;
                        accumulate_tap(
                            sums, (const int16_t *)(const void *)from, weights + place / 4 * 64 + place % 4, stored);
                    }
                }
                int16_t *stores = (int16_t *)(void *)to + channel;
                for (int32_t lane = 0; lane < stored; lane++) {
                    int64_t scaled = martlet_scale(sums[lane], martlet_factor_of(constants->factor[lane]));
                    stores[lane] = martlet_clamp64(scaled, depthwise->output.low, depthwise->output.high);
                }
            }
        }
    }
}
