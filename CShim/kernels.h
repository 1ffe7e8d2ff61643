/// What the C files share and Swift does not see: the families' tables and the rounding rule.
#ifndef MARTLET_KERNELS_H
#define MARTLET_KERNELS_H

#include "CShim.h"

#pragma STDC FP_CONTRACT OFF

#define MARTLET_INLINE static inline __attribute__((always_inline))

void martlet_int16_convolve_scalar(const martlet_int16_panel *panel);

extern const martlet_kernels martlet_scalar_kernels;
#if defined(__x86_64__)
/// The families but AVX-VNNI: what the processor was asked once.
uint32_t martlet_quick_families(void);
void martlet_avx2_expand_four_bit(const uint8_t *restrict bytes, int8_t *restrict values, ptrdiff_t quads);
extern const martlet_kernels martlet_avx2_kernels;
extern const martlet_kernels martlet_avxvnni_kernels;
extern const martlet_kernels martlet_avx512vnni_kernels;
#endif
#if defined(__aarch64__)
extern const martlet_kernels martlet_neon_kernels;
extern const martlet_kernels martlet_neon_dotprod_kernels;
extern const martlet_kernels martlet_neon_i8mm_kernels;
#endif
// A microcontroller has one family of its own, by what the compiler was told of it: vectors with float numbers (Helium), else
// DSP instructions. For comparisons MARTLET_SCALAR_ONLY leaves it out, and MARTLET_WITHOUT_HELIUM takes the other one.
#if !defined(MARTLET_SCALAR_ONLY)
#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 2) && !defined(MARTLET_WITHOUT_HELIUM)
#define MARTLET_HELIUM
extern const martlet_kernels martlet_helium_kernels;
#elif defined(__ARM_FEATURE_DSP)
#define MARTLET_ARM_DSP
extern const martlet_kernels martlet_arm_dsp_kernels;
#endif
#endif

enum {
    /// Runs and quads of the largest panel whose quads a family sorts.
    martlet_order_runs = 64,
    martlet_order_quads = 2048,
};

struct martlet_order {
    const int8_t *weights;                     // of the panel that it is about; NULL: of none yet
    int32_t pixels;
    int32_t first_counts[martlet_order_runs];  // quads of the first kind in each run
    uint16_t quads[martlet_order_quads];       // all quads of each run, those of the first kind first
};

MARTLET_INLINE int32_t martlet_minimum(int32_t a, int32_t b) { return a < b ? a : b; }
MARTLET_INLINE int32_t martlet_maximum(int32_t a, int32_t b) { return a > b ? a : b; }
MARTLET_INLINE int32_t martlet_clamp(int32_t value, int32_t low, int32_t high) {
    return martlet_minimum(martlet_maximum(value, low), high);
}
MARTLET_INLINE int32_t martlet_divide_up(int32_t a, int32_t b) { return (a + b - 1) / b; }
MARTLET_INLINE size_t martlet_align(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

/// Nearest integer, halves to even, of a value saturated to 16 bits: a result is clamped to eight bits after a zero
/// point of eight bits is added, so nothing beyond 16 bits can matter.
/// Adding 1.5 · 2^23 leaves the rounded integer in the low bits of the sum.
MARTLET_INLINE int32_t martlet_round(float value) {
    if (value > 32767.0f) value = 32767.0f;
    if (value < -32768.0f) value = -32768.0f;
    float shifted = value + 12582912.0f;
    int32_t bits;
    __builtin_memcpy(&bits, &shifted, 4);
    return bits - 0x4B400000;
}

/// The one rule by which a real value becomes a stored byte.
MARTLET_INLINE uint8_t martlet_store(float value, martlet_output rule) {
    return (uint8_t)martlet_clamp(martlet_round(value) + rule.zero_point, rule.low, rule.high);
}

/// Where the tap (row, column) of a depthwise kernel lies in its packed quads: quad · 4 + lane.
/// The inverse of `martlet_depthwise_tap`.
MARTLET_INLINE int32_t martlet_depthwise_place(
    int32_t kernel_height, int32_t kernel_width, int32_t row, int32_t column) {
    int32_t group = row / 4;
    if (kernel_height % 4 == 1 && row == kernel_height - 1) return group * kernel_width * 4 + column;
    return (group * kernel_width + column) * 4 + row % 4;
}

/// What pays with vector registers alone: copied frames, rows in pairs, columns turned into rows. A microcontroller leaves their code out.
#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
enum { walks_for_vectors = 0 };
#else
enum { walks_for_vectors = 1 };
#endif

#endif
