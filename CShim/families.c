// Which kernel families there are, and which of them this processor can run.
#include "kernels.h"

#if __STDC_HOSTED__
#include <stdlib.h>
#endif
#if defined(__aarch64__) && defined(__linux__) && __STDC_HOSTED__
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#if defined(__x86_64__)
#include <cpuid.h>

/// Register state that the operating system saves (XCR0).
static uint32_t saved_state(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

/// Above the families' bits: whether the processor has been asked, and whether leaf 7 has a second page.
enum { answered = 1u << 30, more_to_ask = 1u << 29 };

/// All families but AVX-VNNI. A hypervisor answers a CPUID in 4 to 20 µs: each is asked once.
static uint32_t ask_processor(void) {
    uint32_t families = 1u << MARTLET_FAMILY_SCALAR | answered;
    uint32_t eax, ebx, ecx, edx;
    __cpuid(1, eax, ebx, ecx, edx);
    // Whoever has XSAVE describes it in leaf 13, so that there is a leaf 7.
    if (!(ecx & bit_OSXSAVE)) return families;
    uint32_t saved = saved_state();
    uint32_t fma = ecx & bit_FMA;
    __cpuid_count(7, 0, eax, ebx, ecx, edx);
    uint32_t avx512_foundation = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
    uint32_t avx512_integer = bit_AVX512VNNI | bit_AVX512VBMI;
    if ((saved & 0x6) != 0x6 || !fma || !(ebx & bit_AVX2)) return families;
    families |= 1u << MARTLET_FAMILY_AVX2;
    if ((saved & 0xE6) == 0xE6 && (ebx & avx512_foundation) == avx512_foundation
        && (ecx & avx512_integer) == avx512_integer) {
        families |= 1u << MARTLET_FAMILY_AVX512VNNI;
    }
    return eax >= 1 ? families | more_to_ask : families;
}

/// The processor's answer, kept: the only variable of this library. Threads that ask at once write the same.
static uint32_t known_families;

uint32_t martlet_quick_families(void) {
    uint32_t families = __atomic_load_n(&known_families, __ATOMIC_RELAXED);
    if (families == 0) {
        families = ask_processor();
        __atomic_store_n(&known_families, families, __ATOMIC_RELAXED);
    }
    return families;
}

uint32_t martlet_families(void) {
    uint32_t families = martlet_quick_families();
    uint32_t eax = 0, ebx, ecx, edx;
    if (families & more_to_ask) __cpuid_count(7, 1, eax, ebx, ecx, edx);
    families &= ~(uint32_t)(answered | more_to_ask);
    return eax & 1u << 4 ? families | 1u << MARTLET_FAMILY_AVXVNNI : families;
}
#elif defined(__aarch64__)
uint32_t martlet_families(void) {
    uint32_t families = 1u << MARTLET_FAMILY_SCALAR | 1u << MARTLET_FAMILY_NEON;
#if defined(__linux__) && __STDC_HOSTED__
    if (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) {
        families |= 1u << MARTLET_FAMILY_NEON_DOTPROD;
        if (getauxval(AT_HWCAP2) & HWCAP2_I8MM) families |= 1u << MARTLET_FAMILY_NEON_I8MM;
    }
#else
    // Nobody to ask: what the compiler was told.
#if defined(__ARM_FEATURE_DOTPROD)
    families |= 1u << MARTLET_FAMILY_NEON_DOTPROD;
#if defined(__ARM_FEATURE_MATMUL_INT8)
    families |= 1u << MARTLET_FAMILY_NEON_I8MM;
#endif
#endif
#endif
    return families;
}
#elif defined(MARTLET_HELIUM)
uint32_t martlet_families(void) { return 1u << MARTLET_FAMILY_SCALAR | 1u << MARTLET_FAMILY_HELIUM; }
#elif defined(MARTLET_ARM_DSP)
uint32_t martlet_families(void) { return 1u << MARTLET_FAMILY_SCALAR | 1u << MARTLET_FAMILY_ARM_DSP; }
#else
uint32_t martlet_families(void) { return 1u << MARTLET_FAMILY_SCALAR; }
#endif

int32_t martlet_uses_weight_sums(void) {
#if defined(__aarch64__) || defined(MARTLET_HELIUM)
    return 1;
#else
    return 0;
#endif
}

/// The table compiled in for a family, or NULL.
static const martlet_kernels *compiled_kernels(martlet_family family) {
    switch (family) {
    case MARTLET_FAMILY_SCALAR: return &martlet_scalar_kernels;
#if defined(__x86_64__)
    case MARTLET_FAMILY_AVX2: return &martlet_avx2_kernels;
    case MARTLET_FAMILY_AVXVNNI: return &martlet_avxvnni_kernels;
    case MARTLET_FAMILY_AVX512VNNI: return &martlet_avx512vnni_kernels;
#endif
#if defined(__aarch64__)
    case MARTLET_FAMILY_NEON: return &martlet_neon_kernels;
    case MARTLET_FAMILY_NEON_DOTPROD: return &martlet_neon_dotprod_kernels;
    case MARTLET_FAMILY_NEON_I8MM: return &martlet_neon_i8mm_kernels;
#endif
#if defined(MARTLET_ARM_DSP)
    case MARTLET_FAMILY_ARM_DSP: return &martlet_arm_dsp_kernels;
#endif
#if defined(MARTLET_HELIUM)
    case MARTLET_FAMILY_HELIUM: return &martlet_helium_kernels;
#endif
    default: return NULL;
    }
}

const martlet_kernels *martlet_kernels_for(martlet_family family) {
    if ((uint32_t)family >= MARTLET_FAMILY_COUNT || !(martlet_families() >> family & 1)) return NULL;
    return compiled_kernels(family);
}

const char *martlet_family_name(martlet_family family) {
    switch (family) {
    case MARTLET_FAMILY_SCALAR: return "scalar";
    case MARTLET_FAMILY_AVX2: return "avx2";
    case MARTLET_FAMILY_AVXVNNI: return "avxvnni";
    case MARTLET_FAMILY_AVX512VNNI: return "avx512vnni";
    case MARTLET_FAMILY_NEON: return "neon";
    case MARTLET_FAMILY_NEON_DOTPROD: return "neon-dotprod";
    case MARTLET_FAMILY_NEON_I8MM: return "neon-i8mm";
    case MARTLET_FAMILY_ARM_DSP: return "arm-dsp";
    case MARTLET_FAMILY_HELIUM: return "helium";
    default: return "unknown";
    }
}

#if __STDC_HOSTED__
/// What MARTLET_ISA says, or NULL.
static const char *forced_name(void) {
    const char *name = getenv("MARTLET_ISA");
    return name != NULL && name[0] != 0 ? name : NULL;
}

static int32_t names_equal(const char *a, const char *b) {
    while (*a != 0 && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

/// The table that MARTLET_ISA names, or NULL.
static const martlet_kernels *forced_kernels(void) {
    const char *name = forced_name();
    if (name == NULL) return NULL;
    for (uint32_t family = 0; family < MARTLET_FAMILY_COUNT; family++) {
        if (names_equal(name, martlet_family_name((martlet_family)family))) {
            return martlet_kernels_for((martlet_family)family);
        }
    }
    return NULL;
}

int32_t martlet_forced_family_missing(void) { return forced_name() != NULL && forced_kernels() == NULL; }

const martlet_kernels *martlet_best_kernels(void) {
    const martlet_kernels *forced = forced_kernels();
    if (forced != NULL) return forced;
#if defined(__x86_64__)
    if (martlet_quick_families() >> MARTLET_FAMILY_AVX512VNNI & 1) return &martlet_avx512vnni_kernels;
#endif
    uint32_t families = martlet_families();
    for (uint32_t family = MARTLET_FAMILY_COUNT; family-- > 1;) {
        if (!(families >> family & 1)) continue;
        const martlet_kernels *kernels = compiled_kernels((martlet_family)family);
        if (kernels != NULL) return kernels;
    }
    return &martlet_scalar_kernels;
}
#else
// Without an operating system the compiler knows the processor, and only that family's code is linked.
int32_t martlet_forced_family_missing(void) { return 0; }

const martlet_kernels *martlet_best_kernels(void) {
#if defined(__aarch64__) && defined(__ARM_FEATURE_DOTPROD) && defined(__ARM_FEATURE_MATMUL_INT8)
    return &martlet_neon_i8mm_kernels;
#elif defined(__aarch64__) && defined(__ARM_FEATURE_DOTPROD)
    return &martlet_neon_dotprod_kernels;
#elif defined(__aarch64__)
    return &martlet_neon_kernels;
#elif defined(MARTLET_HELIUM)
    return &martlet_helium_kernels;
#elif defined(MARTLET_ARM_DSP)
    return &martlet_arm_dsp_kernels;
#else
    return &martlet_scalar_kernels;
#endif
}
#endif
