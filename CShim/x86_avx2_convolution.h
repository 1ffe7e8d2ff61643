/// Convolution without a byte dot product: sorts quads of weights by how they may be multiplied. Included after x86_ymm.h.
#ifndef MARTLET_X86_AVX2_CONVOLUTION_H
#define MARTLET_X86_AVX2_CONVOLUTION_H

enum {
    /// Fewer pixels do not pay for sorting.
    sorted_pixels_least = 12,
};

/// Whether the weights of a quad may be multiplied in pairs of bytes: two products of 0…255 with weights whose sum lies
/// within ±128 add up to 16 bits. (With unlike signs each product bounds the sum, too.)
MARTLET_INLINE int32_t is_small(const int8_t *weights) {
    const __m256i ones = _mm256_set1_epi8(1), most = _mm256_set1_epi16(128);
    const __m256i first = _mm256_maddubs_epi16(ones, _mm256_loadu_si256((const __m256i *)weights));
    const __m256i second = _mm256_maddubs_epi16(ones, _mm256_loadu_si256((const __m256i *)(weights + 32)));
    const __m256i larger = _mm256_max_epi16(_mm256_abs_epi16(first), _mm256_abs_epi16(second));
    const __m256i over = _mm256_cmpgt_epi16(larger, most);
    return _mm256_testz_si256(over, over);
}

/// Small quads (all pairs of weights within ±128) first.
static void sort_quads(const martlet_panel *panel) {
    const int8_t *weights = panel->weights;
    uint16_t *quads = panel->order->quads;
    for (int32_t run = 0; run < panel->runs; run++, quads += panel->run_quads) {
        uint16_t *small = quads, *large = quads + panel->run_quads;
        for (int32_t quad = 0; quad < panel->run_quads; quad++, weights += 64) {
            // Without a branch, which would be guessed wrong often: the place that is wrong is written again later.
            const int32_t fits = is_small(weights);
            *small = (uint16_t)quad;
            large[-1] = (uint16_t)quad;
            small += fits;
            large -= 1 - fits;
        }
        panel->order->first_counts[run] = (int32_t)(small - quads);
    }
    panel->order->weights = panel->weights;
}

/// A tile of `pixels` pixels × sixteen channels of a sorted panel.
MARTLET_INLINE void convolve_sorted_tile(
    const int pixels, const martlet_panel *panel, const tile_place *place, const int8_t *prefetch) {
    const int first_half = (pixels + 1) / 2;
    const ptrdiff_t step = place->run_step;
    const __m256i ones = _mm256_set1_epi16(1);
    const int8_t *weights = panel->weights;
    const uint16_t *quads = panel->order->quads;
    __m256i sums[6][2];
    MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel++) {
        MARTLET_UNROLL for (int part = 0; part < 2; part++) {
            sums[pixel][part] = _mm256_loadu_si256((const __m256i *)(panel->channels->bias + 8 * part));
        }
    }
    for (int32_t run = 0; run < panel->runs; run++) {
        const uint8_t *base[2];
        MARTLET_UNROLL for (int half = 0; half < 2; half++) {
            base[half] = place->runs[half][run] + place->first[half];
        }
        int32_t i = 0;
        for (; i < panel->order->first_counts[run]; i++) {
            const ptrdiff_t quad = quads[i];
            const __m256i *columns = (const __m256i *)(weights + 64 * quad);
            const __m256i low = _mm256_loadu_si256(columns), high = _mm256_loadu_si256(columns + 1);
            MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel++) {
                const int half = pixel >= first_half, within = pixel - half * first_half;
                int32_t four;
                __builtin_memcpy(&four, base[half] + within * step + 4 * quad, 4);
                const __m256i inputs = _mm256_set1_epi32(four);
                const __m256i a = _mm256_madd_epi16(_mm256_maddubs_epi16(inputs, low), ones);
                const __m256i b = _mm256_madd_epi16(_mm256_maddubs_epi16(inputs, high), ones);
                sums[pixel][0] = _mm256_add_epi32(sums[pixel][0], a);
                sums[pixel][1] = _mm256_add_epi32(sums[pixel][1], b);
            }
            _mm_prefetch((const char *)prefetch, _MM_HINT_T1);
            prefetch += 64;
        }
        for (; i < panel->run_quads; i++) {
            const ptrdiff_t quad = quads[i];
            const operand low = weight_operand(weights + 64 * quad), high = weight_operand(weights + 64 * quad + 32);
            MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel++) {
                const int half = pixel >= first_half, within = pixel - half * first_half;
                const operand inputs = broadcast_operand(base[half] + within * step + 4 * quad);
                sums[pixel][0] = multiply_add(sums[pixel][0], inputs, low);
                sums[pixel][1] = multiply_add(sums[pixel][1], inputs, high);
            }
            _mm_prefetch((const char *)prefetch, _MM_HINT_T1);
            prefetch += 64;
        }
        weights += 64 * (ptrdiff_t)panel->run_quads;
        quads += panel->run_quads;
    }
    finish_tile(pixels, sums, panel, place);
}

#define SORTED_TILE(pixels)                                                            \
    static __attribute__((noinline)) void sorted_tile_##pixels(                        \
        const martlet_panel *panel, const tile_place *place, const int8_t *prefetch) { \
        convolve_sorted_tile(pixels, panel, place, prefetch);                          \
    }

TILE(1) TILE(2) TILE(3) TILE(4)
static const tile_function tiles[5] = {NULL, tile_1, tile_2, tile_3, tile_4};
SORTED_TILE(1) SORTED_TILE(2) SORTED_TILE(3) SORTED_TILE(4)
static const tile_function sorted_tiles[5] = {NULL, sorted_tile_1, sorted_tile_2, sorted_tile_3, sorted_tile_4};

/// Whether the panel's quads are sorted, now or since an earlier call.
static int32_t is_sorted(const martlet_panel *panel) {
    const martlet_order *order = panel->order;
    if (order == NULL || order->pixels < sorted_pixels_least || panel->runs > martlet_order_runs
        || (int64_t)panel->runs * panel->run_quads > martlet_order_quads) {
        return 0;
    }
    if (order->weights != panel->weights) sort_quads(panel);
    return 1;
}

static void convolve(const martlet_panel *panel, const martlet_segment *segments, int32_t segment_count) {
    const tile_function *chosen = is_sorted(panel) ? sorted_tiles : tiles;
    if (segment_count == 2) tile_pair(panel, segments, chosen);
    else tile_segment(panel, segments, chosen, 4);
}

#endif
