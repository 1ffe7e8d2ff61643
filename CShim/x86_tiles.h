/// How the x86 families cut segments into register tiles. Plain C: the tiles themselves differ by family.
#ifndef MARTLET_X86_TILES_H
#define MARTLET_X86_TILES_H

#include "kernels.h"

#define MARTLET_UNROLL _Pragma("clang loop unroll(full)")

/// The pixels of a tile: two halves, each of neighbouring pixels; the first is the larger by at most one.
typedef struct tile_place {
    const uint8_t *const *runs[2];
    ptrdiff_t first[2];  // byte offset of each half's first pixel from its runs
    ptrdiff_t run_step;
    uint8_t *outputs[2];
    ptrdiff_t output_step;
    const uint8_t *residuals[2];  // NULL: none
    ptrdiff_t residual_step;
} tile_place;

/// Computes a tile of a fixed number of pixels and blocks. One block's weights are prefetched meanwhile.
typedef void (*tile_function)(const martlet_panel *panel, const tile_place *place, const int8_t *prefetch);

/// Two short segments as one tile.
static inline void tile_pair(
    const martlet_panel *panel, const martlet_segment *segments, const tile_function *tiles) {
    tile_place place;
    for (int half = 0; half < 2; half++) {
        place.runs[half] = segments[half].runs;
        place.first[half] = 0;
        place.outputs[half] = segments[half].output;
        place.residuals[half] = segments[half].residual;
    }
    place.run_step = segments->run_step;
    place.output_step = segments->output_step;
    place.residual_step = segments->residual_step;
    tiles[2 * segments->pixels](panel, &place, panel->next_weights);
}

/// The next tile's pixels: as many as a tile takes, the last tiles shared out evenly.
static inline int32_t tile_pixels(int32_t rest, int32_t most) {
    if (rest >= 2 * most) return most;
    return rest > most ? (rest + 1) / 2 : rest;
}

/// One segment, from pixel `first` on, as tiles of at most `most` pixels. The first tiles prefetch the next panel's blocks, one each.
static inline void tile_segment_from(
    const martlet_panel *panel, const martlet_segment *segment, int32_t first, const tile_function *tiles,
    int32_t most) {
    const int8_t *prefetch = panel->next_weights;
    tile_place place;
    place.runs[0] = place.runs[1] = segment->runs;
    place.run_step = segment->run_step;
    place.output_step = segment->output_step;
    place.residual_step = segment->residual_step;
    for (int32_t pixel = first, count; pixel < segment->pixels; pixel += count) {
        count = tile_pixels(segment->pixels - pixel, most);
        for (int half = 0; half < 2; half++) {
            ptrdiff_t at = pixel + half * ((count + 1) / 2);
            place.first[half] = at * segment->run_step;
            place.outputs[half] = segment->output + at * segment->output_step;
            place.residuals[half] =
                segment->residual != NULL ? segment->residual + at * segment->residual_step : NULL;
        }
        tiles[count](panel, &place, prefetch);
        prefetch = pixel == first && panel->blocks == 2 ? panel->next_weights + panel->block_bytes : panel->weights;
    }
}

/// A whole segment as tiles.
static inline void tile_segment(
    const martlet_panel *panel, const martlet_segment *segment, const tile_function *tiles, int32_t most) {
    tile_segment_from(panel, segment, 0, tiles, most);
}

#endif
