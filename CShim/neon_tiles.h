/// How the NEON families cut segments into register tiles, and what they do with a tile's sums. Included by neon_common.h.
#ifndef MARTLET_NEON_TILES_H
#define MARTLET_NEON_TILES_H

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

/// Computes `tiles` tiles of a fixed number of pixels, one after the other, from `place` on.
typedef void (*tile_function)(const martlet_panel *panel, const tile_place *place, int32_t tiles);

/// Moves on by one tile.
MARTLET_INLINE void next_tile(const int pixels, tile_place *place) {
    MARTLET_UNROLL for (int half = 0; half < 2; half++) {
        place->first[half] += pixels * place->run_step;
        place->outputs[half] += pixels * place->output_step;
        if (place->residuals[half] != NULL) place->residuals[half] += pixels * place->residual_step;
    }
}

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
    tiles[2 * segments->pixels](panel, &place, 1);
}

/// `count` tiles of `pixels` pixels of a segment, from pixel `from` on.
static inline void tile_some(
    const martlet_panel *panel, const martlet_segment *segment, const tile_function *tiles, int32_t pixels,
    int32_t from, int32_t count) {
    tile_place place;
    place.runs[0] = place.runs[1] = segment->runs;
    place.run_step = segment->run_step;
    place.output_step = segment->output_step;
    place.residual_step = segment->residual_step;
    for (int half = 0; half < 2; half++) {
        ptrdiff_t at = from + half * ((pixels + 1) / 2);
        place.first[half] = at * segment->run_step;
        place.outputs[half] = segment->output + at * segment->output_step;
        place.residuals[half] = segment->residual != NULL ? segment->residual + at * segment->residual_step : NULL;
    }
    tiles[pixels](panel, &place, count);
}

/// One segment as tiles of at most `most` pixels. What is left over shares the last whole tile's pixels, an even number of
/// them first.
static inline void tile_segment(
    const martlet_panel *panel, const martlet_segment *segment, const tile_function *tiles, int32_t most) {
    int32_t whole = segment->pixels / most, rest = segment->pixels % most, at = 0;
    if (rest > 0 && whole > 0 && most > 2) {
        rest += most;
        whole--;
    }
    if (whole > 0) tile_some(panel, segment, tiles, most, 0, whole);
    at = whole * most;
    if (rest > most) {
        const int32_t first = martlet_minimum(((rest + 1) / 2 + 1) & ~1, most);
        tile_some(panel, segment, tiles, first, at, 1);
        at += first;
        rest -= first;
    }
    if (rest > 0) tile_some(panel, segment, tiles, rest, at, 1);
}

/// Where run `run` of a tile's pixel begins.
MARTLET_INLINE const uint8_t *tile_run(const int pixels, const tile_place *place, int32_t run, const int pixel) {
    const int first_half = (pixels + 1) / 2;
    const int half = pixel >= first_half, within = pixel - half * first_half;
    return place->runs[half][run] + place->first[half] + within * place->run_step;
}

/// Four channels of a pixel, less the zero point, times the factor of the residual operand.
MARTLET_INLINE float32x4_t addend(int16x4_t residual, const martlet_panel *panel) {
    return vmulq_n_f32(vcvtq_f32_s32(vmovl_s16(residual)), panel->residual_factor);
}

/// Adds a pixel's residual operand to its sixteen values.
MARTLET_INLINE void add_residual(float32x4_t *values, const martlet_panel *panel, const uint8_t *residual) {
    const uint8x16_t bytes = vld1q_u8(residual);
    const int16x8_t zero_point = vdupq_n_s16((int16_t)panel->residual_zero_point);
    const int16x8_t low = vsubq_s16(vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(bytes))), zero_point);
    const int16x8_t high = vsubq_s16(vreinterpretq_s16_u16(vmovl_high_u8(bytes)), zero_point);
    values[0] = vaddq_f32(values[0], addend(vget_low_s16(low), panel));
    values[1] = vaddq_f32(values[1], addend(vget_high_s16(low), panel));
    values[2] = vaddq_f32(values[2], addend(vget_low_s16(high), panel));
    values[3] = vaddq_f32(values[3], addend(vget_high_s16(high), panel));
}

/// Requantizes and stores a tile of sixteen channels. `adds`: there is a residual operand. `whole`: all sixteen exist.
MARTLET_INLINE void finish_pixels(
    const int pixels, const int adds, const int whole, const int32x4_t sums[][4], const martlet_panel *panel,
    const tile_place *place) {
    const int first_half = (pixels + 1) / 2;
    float32x4_t values[6][4];
    MARTLET_UNROLL for (int part = 0; part < 4; part++) {
        const float32x4_t factors = vld1q_f32(panel->channels->factor + 4 * part);
        MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel++) {
            values[pixel][part] = scale(sums[pixel][part], factors);
        }
    }
    const output_rule rule = spread_output(panel->output);
    MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel++) {
        const int half = pixel >= first_half, within = pixel - half * first_half;
        if (adds) add_residual(values[pixel], panel, place->residuals[half] + within * place->residual_step);
        const uint8x16_t bytes = store_bytes(
            vcvtnq_s32_f32(values[pixel][0]), vcvtnq_s32_f32(values[pixel][1]), vcvtnq_s32_f32(values[pixel][2]),
            vcvtnq_s32_f32(values[pixel][3]), &rule);
        uint8_t *output = place->outputs[half] + within * place->output_step;
        if (whole) vst1q_u8(output, bytes);
        else store_some(output, bytes, panel->channels_stored);
    }
}

MARTLET_INLINE void finish_tile(
    const int pixels, const int32x4_t sums[][4], const martlet_panel *panel, const tile_place *place) {
    const int adds = place->residuals[0] != NULL;
    if (panel->channels_stored < 16) {
        if (adds) finish_pixels(pixels, 1, 0, sums, panel, place);
        else finish_pixels(pixels, 0, 0, sums, panel, place);
    } else if (adds) {
        finish_pixels(pixels, 1, 1, sums, panel, place);
    } else {
        finish_pixels(pixels, 0, 1, sums, panel, place);
    }
}

#endif
