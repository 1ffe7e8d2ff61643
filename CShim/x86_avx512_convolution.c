// AVX-512-VNNI convolution: a register tile of up to 14 pixels × 2 blocks of sixteen channels. Each step broadcasts
// four input bytes of a pixel and multiplies them with the sixteen channels' weights of both blocks.
#if defined(__x86_64__)
#include "x86_avx512_convolution.h"

#pragma clang attribute push(__attribute__((target(MARTLET_AVX512))), apply_to = function)

/// The first 24 bytes. (A masked store would hold up loads of the bytes that it leaves alone.)
MARTLET_INLINE void store_24(uint8_t *output, __m256i bytes) {
    _mm_storeu_si128((__m128i *)output, _mm256_castsi256_si128(bytes));
    _mm_storel_epi64((__m128i *)(output + 16), _mm256_extracti128_si256(bytes, 1));
}

/// The tile's end: requantize `pixels` × `blocks` accumulators (pixel by pixel) and store them.
MARTLET_INLINE void finish_tile(
    const int pixels, const int blocks, const __m512i *sums, const martlet_panel *panel, const tile_place *place) {
    const int first_half = (pixels + 1) / 2, total = pixels * blocks;
    const output_rule rule = spread_output(panel->output);
    const int32_t whole = panel->channels_stored == 16 * blocks;
    const __mmask32 mask = (__mmask32)first_bytes(panel->channels_stored);
    const int32_t adds = place->residuals[0] != NULL;
    const int32_t adjacent = blocks == 1 && whole && place->output_step == 16;
    __m512 factors[2];
    MARTLET_UNROLL for (int block = 0; block < blocks; block++) {
        factors[block] = _mm512_loadu_ps(panel->channels[block].factor);
    }
    MARTLET_UNROLL for (int at = 0; at < total; at += 4) {
        __m512i four[4];
        MARTLET_UNROLL for (int i = 0; i < 4; i++) {
            if (at + i >= total) {
                four[i] = four[0];
                continue;
            }
            const int pixel = (at + i) / blocks, block = (at + i) % blocks;
            const int half = pixel >= first_half, within = pixel - half * first_half;
            const uint8_t *residual =
                adds ? place->residuals[half] + within * place->residual_step + 16 * block : NULL;
            four[i] = finish(sums[at + i], factors[block], panel, residual);
        }
        const __m512i bytes = store_bytes(four[0], four[1], four[2], four[3], &rule);
        const int first = at / blocks, last = (at + 3) / blocks;
        if (at + 3 < total && (first < first_half) == (last < first_half) && adjacent) {
            const int half = first >= first_half;
            _mm512_storeu_si512(
                place->outputs[half] + (first - half * first_half) * place->output_step, bytes);
            continue;
        }
        MARTLET_UNROLL for (int i = 0; i < 4; i += blocks) {
            if (at + i >= total) continue;
            const int pixel = (at + i) / blocks;
            const int half = pixel >= first_half, within = pixel - half * first_half;
            uint8_t *output = place->outputs[half] + within * place->output_step;
            if (blocks == 2) {
                const __m256i both = half_register(bytes, i / 2);
                if (whole) _mm256_storeu_si256((__m256i *)output, both);
                else if (panel->channels_stored == 24) store_24(output, both);
                else _mm256_mask_storeu_epi8(output, mask, both);
            } else {
                const __m128i one = sixteen_bytes(bytes, i);
                if (whole) _mm_storeu_si128((__m128i *)output, one);
                else if (panel->channels_stored == 8) _mm_storel_epi64((__m128i *)output, one);
                else _mm_mask_storeu_epi8(output, (__mmask16)mask, one);
            }
        }
    }
}

/// `sets`: independent accumulators of each result, for tiles too small to hide the multiplier's latency.
MARTLET_INLINE void convolve_tile(
    const int pixels, const int blocks, const int sets, const martlet_panel *panel, const tile_place *place,
    const int8_t *prefetch) {
    const int first_half = (pixels + 1) / 2;
    const int first_bases = (first_half + 2) / 3, bases = first_bases + (pixels - first_half + 2) / 3;
    const int total = pixels * blocks;
    const ptrdiff_t step = place->run_step, block_bytes = panel->block_bytes;
    const int8_t *weights = panel->weights;
    __m512i sums[32];
    MARTLET_UNROLL for (int i = 0; i < total; i++) {
        sums[i] = _mm512_loadu_si512(panel->channels[i % blocks].bias);
        MARTLET_UNROLL for (int set = 1; set < sets; set++) sums[set * total + i] = _mm512_setzero_si512();
    }
    for (int32_t run = 0; run < panel->runs; run++) {
        // One address register for three pixels, so that all of them stay in registers.
        const uint8_t *base[10];
        MARTLET_UNROLL for (int i = 0; i < bases; i++) {
            const int half = i >= first_bases;
            base[i] = place->runs[half][run] + place->first[half] + 3 * (i - half * first_bases) * step;
        }
        int32_t quads = panel->run_quads;
        _Pragma("clang loop unroll_count(2)") for (; quads >= sets; quads -= sets) {
            MARTLET_UNROLL for (int set = 0; set < sets; set++) {
                __m512i rows[2];
                MARTLET_UNROLL for (int block = 0; block < blocks; block++) {
                    rows[block] = _mm512_loadu_si512(weights + block * block_bytes + set * 64);
                }
                MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel++) {
                    const int half = pixel >= first_half, within = pixel - half * first_half;
                    int32_t four;
                    __builtin_memcpy(
                        &four, base[half * first_bases + within / 3] + within % 3 * step + 4 * set, 4);
                    const __m512i inputs = _mm512_set1_epi32(four);
                    MARTLET_UNROLL for (int block = 0; block < blocks; block++) {
                        __m512i *sum = &sums[set * total + pixel * blocks + block];
                        *sum = _mm512_dpbusd_epi32(*sum, inputs, rows[block]);
                    }
                }
                _mm_prefetch((const char *)prefetch + set * 64, _MM_HINT_T1);
            }
            MARTLET_UNROLL for (int i = 0; i < bases; i++) {
                base[i] += 4 * sets;
                __asm__("" : "+r"(base[i]));
            }
            weights += 64 * sets;
            prefetch += 64 * sets;
        }
        for (; sets > 1 && quads > 0; quads--) {
            MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel++) {
                const int half = pixel >= first_half, within = pixel - half * first_half;
                int32_t four;
                __builtin_memcpy(&four, base[half * first_bases + within / 3] + within % 3 * step, 4);
                MARTLET_UNROLL for (int block = 0; block < blocks; block++) {
                    __m512i *sum = &sums[pixel * blocks + block];
                    const __m512i row = _mm512_loadu_si512(weights + block * block_bytes);
                    *sum = _mm512_dpbusd_epi32(*sum, _mm512_set1_epi32(four), row);
                }
            }
            MARTLET_UNROLL for (int i = 0; i < bases; i++) base[i] += 4;
            weights += 64;
            prefetch += 64;
        }
    }
    MARTLET_UNROLL for (int i = 0; i < total; i++) {
        MARTLET_UNROLL for (int set = 1; set < sets; set++) {
            sums[i] = _mm512_add_epi32(sums[i], sums[set * total + i]);
        }
    }
    finish_tile(pixels, blocks, sums, panel, place);
}

/// Adds the products of one input row: of the upper output row's pixels with `upper`, of the lower one's with `lower`.
/// NULL: the row has no part in them.
MARTLET_INLINE void add_row(
    const int pixels, const int adds_upper, const int adds_lower, __m512i *sums, const uint8_t *from, ptrdiff_t step,
    const int8_t *upper, const int8_t *lower, int32_t quads) {
    const uint8_t *base[4];
    MARTLET_UNROLL for (int i = 0; i < (pixels + 2) / 3; i++) base[i] = from + 3 * i * step;
    _Pragma("clang loop unroll_count(2)") for (; quads > 0; quads--, upper += 64, lower += 64) {
        const __m512i upper_row = adds_upper ? _mm512_loadu_si512(upper) : _mm512_setzero_si512();
        const __m512i lower_row = adds_lower ? _mm512_loadu_si512(lower) : _mm512_setzero_si512();
        MARTLET_UNROLL for (int pixel = 0; pixel < pixels; pixel++) {
            int32_t four;
            __builtin_memcpy(&four, base[pixel / 3] + pixel % 3 * step, 4);
            const __m512i inputs = _mm512_set1_epi32(four);
            if (adds_upper) sums[pixel] = _mm512_dpbusd_epi32(sums[pixel], inputs, upper_row);
            if (adds_lower) {
                __m512i *sum = &sums[pixels + pixel];
                *sum = _mm512_dpbusd_epi32(*sum, inputs, lower_row);
            }
        }
        MARTLET_UNROLL for (int i = 0; i < (pixels + 2) / 3; i++) {
            base[i] += 4;
            __asm__("" : "+r"(base[i]));
        }
    }
}

/// `pixels` pixels of two neighbouring output rows × one block: an input row that both need is read once for both.
MARTLET_INLINE void convolve_row_pair(const int pixels, const martlet_panel *panel, const tile_place *place) {
    const ptrdiff_t step = place->run_step, row_bytes = (ptrdiff_t)panel->run_quads * 64;
    const int32_t runs = panel->runs, quads = panel->run_quads;
    const int8_t *weights = panel->weights;
    __m512i sums[24];
    MARTLET_UNROLL for (int i = 0; i < 2 * pixels; i++) sums[i] = _mm512_loadu_si512(panel->channels[0].bias);
    add_row(pixels, 1, 0, sums, place->runs[0][0] + place->first[0], step, weights, weights, quads);
    for (int32_t run = 1; run < runs; run++, weights += row_bytes) {
        add_row(
            pixels, 1, 1, sums, place->runs[0][run] + place->first[0], step, weights + row_bytes, weights, quads);
    }
    add_row(pixels, 0, 1, sums, place->runs[1][runs - 1] + place->first[0], step, weights, weights, quads);
    finish_tile(2 * pixels, 1, sums, panel, place);
}

#define ROW_PAIR(pixels)                                                                               \
    static __attribute__((noinline)) void row_pair_##pixels(                                           \
        const martlet_panel *panel, const tile_place *place) {                                         \
        convolve_row_pair(pixels, panel, place);                                                       \
    }

ROW_PAIR(6) ROW_PAIR(7) ROW_PAIR(8) ROW_PAIR(9) ROW_PAIR(10) ROW_PAIR(11) ROW_PAIR(12)

enum { row_pair_least = 6, row_pair_most = 12 };

/// Two segments that share runs, of at least `row_pair_least` pixels, as tiles of both rows.
static void tile_row_pair(const martlet_panel *panel, const martlet_segment *segments) {
    static void (*const tiles[])(const martlet_panel *, const tile_place *) = {
        row_pair_6, row_pair_7, row_pair_8, row_pair_9, row_pair_10, row_pair_11, row_pair_12};
    tile_place place;
    place.run_step = segments->run_step;
    place.output_step = segments->output_step;
    place.residual_step = segments->residual_step;
    for (int half = 0; half < 2; half++) {
        place.runs[half] = segments[half].runs;
        place.outputs[half] = segments[half].output;
        place.residuals[half] = segments[half].residual;
        place.first[half] = 0;
    }
    for (int32_t rest = segments->pixels, count; rest > 0; rest -= count) {
        count = martlet_divide_up(rest, martlet_divide_up(rest, row_pair_most));
        tiles[count - row_pair_least](panel, &place);
        place.first[0] += count * place.run_step;
        for (int half = 0; half < 2; half++) {
            place.outputs[half] += count * place.output_step;
            if (place.residuals[half] != NULL) place.residuals[half] += count * place.residual_step;
        }
    }
}

enum { paired_tile = 14 };

/// The inputs of two neighbouring pixels, each in one half.
MARTLET_INLINE __m512i join(__m512i first, __m512i second) { return _mm512_mask_blend_epi32(0xFF00, first, second); }

/// The end of a tile of 24 channels: `sums` has sixteen channels of each pixel, `shared` eight of each two.
MARTLET_INLINE void finish_paired(
    const __m512i *sums, const __m512i *shared, const martlet_panel *panel, const tile_place *place) {
    const output_rule rule = spread_output(panel->output);
    const __m512 factors = _mm512_loadu_ps(panel->channels[0].factor);
    const __m512 shared_factors = _mm512_broadcast_f32x8(_mm256_loadu_ps(panel->channels[1].factor));
    MARTLET_UNROLL for (int pixel = 0; pixel < paired_tile; pixel += 2) {
        uint8_t *outputs[2];
        const uint8_t *residuals[2], *high[2];
        MARTLET_UNROLL for (int i = 0; i < 2; i++) {
            const int half = pixel + i >= paired_tile / 2, within = pixel + i - half * (paired_tile / 2);
            outputs[i] = place->outputs[half] + within * place->output_step;
            residuals[i] = place->residuals[0] == NULL ? NULL
                                                       : place->residuals[half] + within * place->residual_step;
            high[i] = residuals[i] == NULL ? NULL : residuals[i] + 16;
        }
        const __m512i first = finish(sums[pixel], factors, panel, residuals[0]);
        const __m512i second = finish(sums[pixel + 1], factors, panel, residuals[1]);
        const __m512i both = finish_pair(shared[pixel / 2], shared_factors, panel, high[0], high[1]);
        const __m512i bytes = store_bytes(first, second, both, both, &rule);
        const __m128i last = sixteen_bytes(bytes, 2);
        _mm_storeu_si128((__m128i *)outputs[0], sixteen_bytes(bytes, 0));
        _mm_storeu_si128((__m128i *)outputs[1], sixteen_bytes(bytes, 1));
        _mm_storel_epi64((__m128i *)(outputs[0] + 16), last);
        _mm_storel_epi64((__m128i *)(outputs[1] + 16), _mm_unpackhi_epi64(last, last));
    }
}

/// Fourteen pixels × 24 channels: the last eight channels of two pixels share a register.
static __attribute__((noinline)) void tile_paired(
    const martlet_panel *panel, const tile_place *place, const int8_t *prefetch) {
    const ptrdiff_t step = place->run_step;
    const int8_t *weights = panel->weights, *shared_weights = panel->weights + panel->block_bytes;
    __m512i sums[paired_tile], shared[paired_tile / 2];
    MARTLET_UNROLL for (int i = 0; i < paired_tile; i++) sums[i] = _mm512_loadu_si512(panel->channels[0].bias);
    MARTLET_UNROLL for (int i = 0; i < paired_tile / 2; i++) {
        shared[i] = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)panel->channels[1].bias));
    }
    for (int32_t run = 0; run < panel->runs; run++) {
        const uint8_t *base[6];
        MARTLET_UNROLL for (int i = 0; i < 6; i++) {
            base[i] = place->runs[i / 3][run] + place->first[i / 3] + 3 * (i % 3) * step;
        }
        for (int32_t quads = panel->run_quads; quads > 0; quads--) {
            const __m512i row = _mm512_loadu_si512(weights);
            const __m512i shared_row = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)shared_weights));
            __m512i inputs[2];
            MARTLET_UNROLL for (int pixel = 0; pixel < paired_tile; pixel++) {
                const int half = pixel >= 7, within = pixel - half * 7;
                int32_t four;
                __builtin_memcpy(&four, base[half * 3 + within / 3] + within % 3 * step, 4);
                inputs[pixel % 2] = _mm512_set1_epi32(four);
                sums[pixel] = _mm512_dpbusd_epi32(sums[pixel], inputs[pixel % 2], row);
                if (pixel % 2 == 1) {
                    shared[pixel / 2] =
                        _mm512_dpbusd_epi32(shared[pixel / 2], join(inputs[0], inputs[1]), shared_row);
                }
            }
            _mm_prefetch((const char *)prefetch, _MM_HINT_T1);
            MARTLET_UNROLL for (int i = 0; i < 6; i++) {
                base[i] += 4;
                __asm__("" : "+r"(base[i]));
            }
            weights += 64;
            shared_weights += 64;
            prefetch += 64;
        }
    }
    finish_paired(sums, shared, panel, place);
}

#define TILE(pixels, blocks, sets)                                                                      \
    static __attribute__((noinline)) void tile_##pixels##_##blocks(                                     \
        const martlet_panel *panel, const tile_place *place, const int8_t *prefetch) {                  \
        convolve_tile(pixels, blocks, sets, panel, place, prefetch);                                    \
    }

TILE(1, 1, 4) TILE(2, 1, 4) TILE(3, 1, 2) TILE(4, 1, 2) TILE(5, 1, 2) TILE(6, 1, 2) TILE(7, 1, 1)
TILE(8, 1, 1) TILE(9, 1, 1) TILE(10, 1, 1) TILE(11, 1, 1) TILE(12, 1, 1) TILE(14, 1, 1)
TILE(24, 1, 1)
TILE(1, 2, 4) TILE(2, 2, 2) TILE(3, 2, 2) TILE(4, 2, 1) TILE(5, 2, 1) TILE(6, 2, 1) TILE(7, 2, 1)
TILE(8, 2, 1) TILE(9, 2, 1) TILE(10, 2, 1) TILE(11, 2, 1) TILE(12, 2, 1) TILE(13, 2, 1) TILE(14, 2, 1)

static const tile_function one_block[15] = {
    NULL,     tile_1_1, tile_2_1, tile_3_1,  tile_4_1,  tile_5_1,  tile_6_1, tile_7_1,
    tile_8_1, tile_9_1, tile_10_1, tile_11_1, tile_12_1, NULL, tile_14_1,
};
static const tile_function two_blocks[15] = {
    NULL,     tile_1_2, tile_2_2, tile_3_2,  tile_4_2,  tile_5_2,  tile_6_2, tile_7_2,
    tile_8_2, tile_9_2, tile_10_2, tile_11_2, tile_12_2, tile_13_2, tile_14_2,
};
/// For 24 channels.
static const tile_function one_and_a_half[15] = {
    NULL,     tile_1_2, tile_2_2, tile_3_2,  tile_4_2,  tile_5_2,  tile_6_2, tile_7_2,
    tile_8_2, tile_9_2, tile_10_2, tile_11_2, tile_12_2, tile_13_2, tile_paired,
};

void martlet_avx512_convolve_from(const martlet_panel *panel, const martlet_segment *segment, int32_t first) {
    tile_segment_from(panel, segment, first, one_block, 12);
}

/// The first pixels of a segment, one block, 24 at a time: long tiles pay for a tile's beginning and end less often.
/// Returns how many.
static int32_t tile_long(const martlet_panel *panel, const martlet_segment *segment) {
    tile_place place;
    place.runs[0] = place.runs[1] = segment->runs;
    place.run_step = segment->run_step;
    place.output_step = segment->output_step;
    place.residual_step = segment->residual_step;
    int32_t first = 0;
    for (; segment->pixels - first >= 24; first += 24) {
        for (int half = 0; half < 2; half++) {
            const ptrdiff_t at = first + half * 12;
            place.first[half] = at * segment->run_step;
            place.outputs[half] = segment->output + at * segment->output_step;
            place.residuals[half] =
                segment->residual != NULL ? segment->residual + at * segment->residual_step : NULL;
        }
        tile_24_1(panel, &place, panel->next_weights);
    }
    return first;
}

void martlet_avx512_convolve(const martlet_panel *panel, const martlet_segment *segments, int32_t segment_count) {
    const tile_function *tiles = panel->blocks == 2 ? two_blocks : one_block;
    if (panel->channels_stored == 24) tiles = one_and_a_half;
    if (panel->channels_stored <= 8 && segments->pixels >= 8) martlet_avx512_convolve_eight(panel, segments, segment_count);
    else if (segment_count == 2 && panel->shares_runs && segments->pixels >= row_pair_least) tile_row_pair(panel, segments);
    else if (segment_count == 2) tile_pair(panel, segments, tiles);
    else if (panel->blocks == 2) tile_segment(panel, segments, tiles, 14);
    else tile_segment_from(panel, segments, tile_long(panel, segments), tiles, 12);
}

#pragma clang attribute pop
#endif
