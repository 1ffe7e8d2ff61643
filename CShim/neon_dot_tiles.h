/// Convolution by dot products of four bytes. Included inside a file's target region, after the family's own `operand`,
/// `begin_sums`, `input_operand` and `MULTIPLY_ADD_LANE`.
#ifndef MARTLET_NEON_DOT_TILES_H
#define MARTLET_NEON_DOT_TILES_H

enum {
    /// Tiles of so many pixels leave enough registers for the compiler to choose when weights are loaded.
    roomy_pixels = 3,
};

/// Four channels of a quad, which every pixel has at place `lane` of its inputs.
#define ADD_PART(lane, part, weights_of_part)                                                                      \
    MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel++) {                                                  \
        sums[pixel][part] = MULTIPLY_ADD_LANE(sums[pixel][part], weights_of_part, inputs[pixel], lane);            \
        if (pixels > roomy_pixels) LOAD_AFTER(weights, sums[pixel][part]);                                         \
    }

/// The weights of a quad's first two parts.
#define BEGIN_QUAD(lane)                           \
    early = vld1q_s8(weights + 64 * lane);         \
    late = vld1q_s8(weights + 64 * lane + 16);

/// Begins to load what is needed after next, before `next` is multiplied: a processor that works in order then need not
/// wait.
#define LOAD_EARLY(register, place, next)               \
    register = vld1q_s8(weights + place);               \
    if (pixels > roomy_pixels) __asm__("" : "+w"(register), "+w"(next));

/// One quad after BEGIN_QUAD; with `more` another one follows.
#define ADD_QUAD(lane, more)                                            \
    ADD_PART(lane, 0, early)                                            \
    LOAD_EARLY(early, 64 * lane + 32, late)                             \
    ADD_PART(lane, 1, late)                                             \
    LOAD_EARLY(late, 64 * lane + 48, early)                             \
    ADD_PART(lane, 2, early)                                            \
    if (more) { LOAD_EARLY(early, 64 * lane + 64, late) }               \
    ADD_PART(lane, 3, late)                                             \
    if (more) { LOAD_EARLY(late, 64 * lane + 80, early) }

/// A tile of `pixels` pixels × sixteen channels.
MARTLET_INLINE void convolve_tile(const int pixels, const martlet_panel *panel, const tile_place *place) {
    int32x4_t sums[6][4];
    MARTLET_UNROLL for (int part = 0; part < 4; part++) {
        sums[0][part] = begin_sums(panel->channels, part);
        MARTLET_UNROLL for (int pixel = 1; pixel < pixels; pixel++) sums[pixel][part] = sums[0][part];
    }
    const int8_t *weights = panel->weights;
    for (int32_t run = 0; run < panel->runs; run++) {
        const uint8_t *from[6];
        MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel++) from[pixel] = tile_run(pixels, place, run, pixel);
        int32_t quads = panel->run_quads;
        ptrdiff_t at = 0;
        operand inputs[6];
        int8x16_t early, late;
        for (; quads >= 4; quads -= 4, at += 16, weights += 256) {
            MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel++) {
                inputs[pixel] = input_operand(vld1q_u8(from[pixel] + at));
                LOAD_AFTER(weights, inputs[pixel]);
            }
            BEGIN_QUAD(0)
            ADD_QUAD(0, 1) ADD_QUAD(1, 1) ADD_QUAD(2, 1) ADD_QUAD(3, 0)
        }
        if (quads == 0) continue;
        MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel++) {
            inputs[pixel] = input_operand(vld1q_u8(from[pixel] + at));
            LOAD_AFTER(weights, inputs[pixel]);
        }
        BEGIN_QUAD(0)
        ADD_QUAD(0, 0)
        if (quads > 1) {
            BEGIN_QUAD(1)
            ADD_QUAD(1, 0)
        }
        if (quads > 2) {
            BEGIN_QUAD(2)
            ADD_QUAD(2, 0)
        }
        weights += 64 * quads;
    }
    finish_tile(pixels, sums, panel, place);
}

#define TILE(pixels)                                                                       \
    static __attribute__((noinline)) void tile_##pixels(                                   \
        const martlet_panel *panel, const tile_place *place, int32_t tiles) {              \
        const martlet_panel own = *panel;                                                  \
        tile_place here = *place;                                                          \
        for (; tiles > 0; tiles--, next_tile(pixels, &here)) {                             \
            convolve_tile(pixels, &own, &here);                                            \
        }                                                                                  \
    }

#endif
