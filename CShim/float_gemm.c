// The float matrix product: packing, the walk over tiles, and tiles for any processor.
#include "CShim.h"

#if defined(__aarch64__)
#define FLOAT_ROWS 6
#define FLOAT_MULTIPLY_ADD(a, b, c) __builtin_elementwise_fma(a, b, c)
#else
#define FLOAT_ROWS 2
#define FLOAT_MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#endif
#define FLOAT_BLOCKS 1
#define FLOAT_OUTER_ROWS 4
#define FLOAT_OUTER_BLOCKS 1
#include "float_tile.h"
#include "float_training.h"

static void tile(const martlet_float_tile *tile) {
    switch (tile->rows) {
        FLOAT_TILE_CASE(1)
        FLOAT_TILE_CASE(2)
#if FLOAT_ROWS == 6
        FLOAT_TILE_CASE(3)
        FLOAT_TILE_CASE(4)
        FLOAT_TILE_CASE(5)
        FLOAT_TILE_CASE(6)
#endif
    }
}

static void depthwise(const martlet_float_taps *taps) { float_depthwise_pixels(taps); }

static void outer(const martlet_float_outer *outer) {
    switch (outer->rows) {
        FLOAT_OUTER_CASE(1) FLOAT_OUTER_CASE(2) FLOAT_OUTER_CASE(3) FLOAT_OUTER_CASE(4)
    }
}

static const martlet_float_kernels portable_kernels = FLOAT_KERNELS("portable");

#if defined(__x86_64__)
extern const martlet_float_kernels martlet_float_avx2_kernels;
extern const martlet_float_kernels martlet_float_avx512_kernels;
#endif

const martlet_float_kernels *martlet_float_kernels_at(int32_t index) {
    if (index == 0) return &portable_kernels;
#if defined(__x86_64__)
    uint32_t families = martlet_families();
    if (index == 1 && (families >> MARTLET_FAMILY_AVX2 & 1)) return &martlet_float_avx2_kernels;
    if (index == 2 && (families >> MARTLET_FAMILY_AVX512VNNI & 1)) return &martlet_float_avx512_kernels;
#endif
    return NULL;
}

const martlet_float_kernels *martlet_float_best_kernels(void) {
    for (int32_t index = 2; index > 0; index--) {
        const martlet_float_kernels *kernels = martlet_float_kernels_at(index);
        if (kernels) return kernels;
    }
    return &portable_kernels;
}

size_t martlet_float_packed_b_count(int32_t n, int32_t k) { return ((size_t)n + 15) / 16 * 16 * (size_t)k; }

void martlet_float_pack_b(
    float *restrict packed, const float *restrict b, ptrdiff_t k_stride, ptrdiff_t n_stride, int32_t n, int32_t k) {
    for (int32_t first = 0; first < n; first += 16) {
        int32_t columns = n - first < 16 ? n - first : 16;
        for (int32_t row = 0; row < k; row++) {
            const float *from = b + row * k_stride + first * n_stride;
            for (int32_t column = 0; column < columns; column++) packed[column] = from[column * n_stride];
            for (int32_t column = columns; column < 16; column++) packed[column] = 0;
            packed += 16;
        }
    }
}

/// Rows of A whose products with one panel are computed before the next panel's: A stays in the second cache.
static int32_t rows_held(int32_t k) {
    int32_t rows = 65536 / (k < 1 ? 1 : k);
    return rows < 64 ? 64 : rows;
}

void martlet_float_panel(
    const martlet_float_kernels *kernels, martlet_float_tile tile, const float *a, float *c, const float *initial,
    int32_t rows) {
    int32_t tiles = (rows + kernels->tile_rows - 1) / kernels->tile_rows;
    for (int32_t index = 0; index < tiles; index++) {
        int32_t first = (int32_t)((int64_t)rows * index / tiles);
        tile.rows = (int32_t)((int64_t)rows * (index + 1) / tiles) - first;
        tile.a = a + first * tile.a_stride;
        tile.c = c + first * tile.c_stride;
        tile.initial = initial ? initial + first * tile.initial_stride : NULL;
        kernels->tile(&tile);
    }
}

/// Rows of A that fit the cache with every panel, a stretch of k at a time.
static void rows_of_gemm(
    const martlet_float_kernels *kernels, const float *a, ptrdiff_t a_stride, const float *packed_b, float *c,
    ptrdiff_t c_stride, int32_t m, int32_t n, int32_t k, const martlet_float_ending *ending) {
    int32_t stretches = k <= 384 ? 1 : (k + 255) / 256;
    for (int32_t stretch = 0; stretch < stretches; stretch++) {
        int32_t first = (int32_t)((int64_t)k * stretch / stretches);
        int32_t end = (int32_t)((int64_t)k * (stretch + 1) / stretches);
        int is_first = stretch == 0, is_last = stretch == stretches - 1;
        for (int32_t column = 0; column < n; column += 16 * kernels->tile_blocks) {
            martlet_float_tile tile = {
                .a_stride = a_stride, .c_stride = c_stride, .depth = end - first, .tap_rows = 1, .tap_columns = 1};
            tile.columns = n - column < 16 * kernels->tile_blocks ? n - column : 16 * kernels->tile_blocks;
            tile.b = packed_b + (ptrdiff_t)column * k + (ptrdiff_t)first * 16;
            tile.b_stride = (ptrdiff_t)k * 16;
            tile.bias = is_first && ending->bias ? ending->bias + column : NULL;
            tile.low = is_last ? ending->low : -__builtin_inff();
            tile.high = is_last ? ending->high : __builtin_inff();
            const float *initial = is_first ? ending->initial : c;
            tile.initial_stride = is_first ? ending->initial_stride : c_stride;
            martlet_float_panel(kernels, tile, a + first, c + column, initial ? initial + column : NULL, m);
        }
    }
}

void martlet_float_gemm(
    const martlet_float_kernels *kernels, const float *a, ptrdiff_t a_stride, const float *packed_b, float *c,
    ptrdiff_t c_stride, int32_t m, int32_t n, int32_t k, const martlet_float_ending *ending) {
    int32_t held = rows_held(k);
    for (int32_t row = 0; row < m; row += held) {
        martlet_float_ending part = *ending;
        if (part.initial) part.initial += row * part.initial_stride;
        rows_of_gemm(
            kernels, a + row * a_stride, a_stride, packed_b, c + row * c_stride, c_stride,
            m - row < held ? m - row : held, n, k, &part);
    }
}
