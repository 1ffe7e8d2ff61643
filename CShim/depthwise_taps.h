/// Depthwise kernels of any shape: one pointer for each tap of a pixel, in the order of the packed quads.
#ifndef MARTLET_DEPTHWISE_TAPS_H
#define MARTLET_DEPTHWISE_TAPS_H

#include "kernels.h"

/// Kernels that pack into more quads are left to the scalar family.
enum { most_quads = 64 };

/// For each tap, row by row, its place among the quads' lanes.
typedef struct tap_map {
    uint8_t places[4 * most_quads];
} tap_map;

static inline void map_taps(const martlet_depthwise *depthwise, tap_map *map) {
    uint8_t *place = map->places;
    for (int32_t row = 0; row < depthwise->kernel_height; row++) {
        for (int32_t column = 0; column < depthwise->kernel_width; column++) {
            *place++ = (uint8_t)martlet_depthwise_place(
                depthwise->kernel_height, depthwise->kernel_width, row, column);
        }
    }
}

/// Pointers to the taps of output pixel `pixel`, those outside the image to `padding`. Unused places stay as they are.
static inline void gather_taps(
    const martlet_depthwise *depthwise, const martlet_depthwise_segment *segment, const tap_map *map,
    int32_t output_row, int32_t pixel, int32_t channel, const uint8_t *padding, const uint8_t **taps) {
    const uint8_t *const *rows = segment->rows + output_row * depthwise->stride_height;
    const uint8_t *place = map->places;
    const int32_t height = depthwise->kernel_height, width = depthwise->kernel_width;
    const int32_t first = pixel * depthwise->stride_width - depthwise->pad_left;
    const ptrdiff_t step = depthwise->dilation_width * segment->input_pitch;
    for (int32_t row = 0; row < height; row++) {
        const uint8_t *from = rows[row] + channel + first * segment->input_pitch;
        int32_t x = first;
        for (int32_t column = 0; column < width; column++, x += depthwise->dilation_width, from += step) {
            taps[*place++] = (uint32_t)x < (uint32_t)segment->input_width ? from : padding;
        }
    }
}

/// How many pixels from `pixel` on have all taps inside the image; 0 when this one has not.
static inline int32_t pixels_all_inside(
    const martlet_depthwise *depthwise, const martlet_depthwise_segment *segment, int32_t pixel) {
    const int32_t reach = (depthwise->kernel_width - 1) * depthwise->dilation_width;
    const int32_t x = pixel * depthwise->stride_width - depthwise->pad_left;
    if (x < 0 || x + reach >= segment->input_width) return 0;
    const int32_t inside = (segment->input_width - 1 - reach - x) / depthwise->stride_width + 1;
    return martlet_minimum(inside, segment->pixels - pixel);
}

#endif
