#include "CShim.h"

static ptrdiff_t axis_pitch_bytes(const martlet_rows *tensor, int32_t axis) {
    return axis == 0 ? tensor->row_pitch_bytes : axis == 1 ? tensor->pixel_pitch_bytes : 1;
}

void martlet_transpose_rows(
    int32_t rows, int32_t pixels, int32_t channels, const martlet_rows *input, const martlet_rows *output,
    int32_t first_row, int32_t end_row) {
    ptrdiff_t row_step = axis_pitch_bytes(input, rows);
    ptrdiff_t pixel_step = axis_pitch_bytes(input, pixels);
    ptrdiff_t channel_step = axis_pitch_bytes(input, channels);
    for (int32_t row = first_row; row < end_row; row++) {
        uint8_t *restrict to = martlet_row(output, row);
        for (int32_t pixel = 0; pixel < output->width; pixel++, to += output->pixel_pitch_bytes) {
            const uint8_t *restrict from = input->base + row * row_step + pixel * pixel_step;
            for (int32_t channel = 0; channel < output->channels; channel++) to[channel] = from[channel * channel_step];
        }
    }
}
