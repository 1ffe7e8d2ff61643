/// Convolution by dot products of four bytes. Included inside a file's target region, after the family's own `operand`,
/// `begin_sums`, `input_operand` and `MULTIPLY_ADD_LANE`.
#ifndef MARTLET_NEON_DOT_TILES_H
#define MARTLET_NEON_DOT_TILES_H

/// One quad: `inputs[pixel]` holds it at place `lane`.
#define ADD_QUAD(lane)                                                                                         \
    MARTLET_UNROLL for (int part = 0; part < 4; part++) {                                                      \
        const int8x16_t own = vld1q_s8(weights + 64 * lane + 16 * part);                                       \
        MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel++) {                                          \
            sums[pixel][part] = MULTIPLY_ADD_LANE(sums[pixel][part], own, inputs[pixel], lane);                \
        }                                                                                                      \
    }

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
        for (; quads >= 4; quads -= 4, at += 16, weights += 256) {
            MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel++) {
                inputs[pixel] = input_operand(vld1q_u8(from[pixel] + at));
                LOAD_AFTER(weights, inputs[pixel]);
            }
            ADD_QUAD(0) ADD_QUAD(1) ADD_QUAD(2) ADD_QUAD(3)
        }
        if (quads == 0) continue;
        MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel++) {
            inputs[pixel] = input_operand(vld1q_u8(from[pixel] + at));
            LOAD_AFTER(weights, inputs[pixel]);
        }
        ADD_QUAD(0)
        if (quads > 1) {
            ADD_QUAD(1)
            if (quads > 2) {
                ADD_QUAD(2)
            }
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
