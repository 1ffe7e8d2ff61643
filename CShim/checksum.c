// The file's check value. Not cryptographic: it finds damage, not forgery.
//
// The bytes, followed by zeros up to a multiple of 256, are little-endian 32-bit words. Lane i (0…63) begins as i and
// takes words i, 64 + i, 128 + i, … in turn. The result begins as the byte count modulo 2^32 and takes the 64 lanes in
// order, then is mixed. To take a word: state = rotate_left(state XOR word, 13) · 5 + 0xE6546B64.
// Each step is a bijection of the state, so that damage to a single word always changes its lane.
#include "kernels.h"

enum { lanes = 64, block_bytes = 4 * lanes };

MARTLET_INLINE uint32_t take(uint32_t state, uint32_t word) {
    uint32_t mixed = state ^ word;
    mixed = (mixed << 13) | (mixed >> 19);
    return mixed * 5 + 0xE6546B64u;
}

MARTLET_INLINE void take_block(uint32_t *restrict states, const uint8_t *restrict bytes) {
    uint32_t words[lanes];
    __builtin_memcpy(words, bytes, block_bytes);
    for (int32_t lane = 0; lane < lanes; lane++) states[lane] = take(states[lane], words[lane]);
}

MARTLET_INLINE void take_blocks(uint32_t *states, const uint8_t *bytes, size_t blocks) {
    uint32_t held[lanes];
    __builtin_memcpy(held, states, sizeof held);
    for (size_t block = 0; block < blocks; block++) take_block(held, bytes + block * block_bytes);
    __builtin_memcpy(states, held, sizeof held);
}

#if defined(__x86_64__)
typedef uint32_t lanes_of_512 __attribute__((vector_size(64)));
typedef uint32_t lanes_of_256 __attribute__((vector_size(32)));

/// The same with all lanes in wide registers.
#define TAKE_BLOCKS_WIDE(name, vector, features)                                                                    \
    __attribute__((target(features))) static void name(uint32_t *states, const uint8_t *bytes, size_t blocks) {     \
        enum { registers = block_bytes / sizeof(vector) };                                                          \
        vector held[registers], words[registers];                                                                   \
        __builtin_memcpy(held, states, block_bytes);                                                                \
        for (size_t block = 0; block < blocks; block++, bytes += block_bytes) {                                     \
            __builtin_memcpy(words, bytes, block_bytes);                                                            \
            for (int32_t i = 0; i < registers; i++) {                                                               \
                vector mixed = held[i] ^ words[i];                                                                  \
                mixed = (mixed << 13) | (mixed >> 19);                                                              \
                held[i] = mixed * 5 + 0xE6546B64u;                                                                  \
            }                                                                                                       \
        }                                                                                                           \
        __builtin_memcpy(states, held, block_bytes);                                                                \
    }

TAKE_BLOCKS_WIDE(take_blocks_avx512, lanes_of_512, "avx512f")
TAKE_BLOCKS_WIDE(take_blocks_avx2, lanes_of_256, "avx2")
#endif

/// Whole blocks, with what this processor has.
static void take_all(uint32_t *states, const uint8_t *bytes, size_t blocks) {
#if defined(__x86_64__)
    uint32_t families = blocks > 16 ? martlet_quick_families() : 0;
    if (families >> MARTLET_FAMILY_AVX512VNNI & 1) return take_blocks_avx512(states, bytes, blocks);
    if (families >> MARTLET_FAMILY_AVX2 & 1) return take_blocks_avx2(states, bytes, blocks);
#endif
    take_blocks(states, bytes, blocks);
}

uint32_t martlet_checksum(const uint8_t *bytes, size_t count) {
    uint32_t states[lanes];
    for (uint32_t lane = 0; lane < lanes; lane++) states[lane] = lane;
    size_t whole = count / block_bytes;
    take_all(states, bytes, whole);
    size_t rest = count % block_bytes;
    if (rest > 0) {
        uint8_t last[block_bytes];
        __builtin_memset(last, 0, sizeof last);
        __builtin_memcpy(last, bytes + whole * block_bytes, rest);
        take_block(states, last);
    }
    uint32_t result = (uint32_t)count;
    for (int32_t lane = 0; lane < lanes; lane++) result = take(result, states[lane]);
    result ^= result >> 16;
    result *= 0x85EBCA6Bu;
    result ^= result >> 13;
    result *= 0xC2B2AE35u;
    return result ^ (result >> 16);
}

// CRC-32 (ISO 3309, as in zip files and Ethernet), four bits at a time: the table of sixteen words suits a processor with
// little memory, and self-tests are rare.
uint32_t martlet_crc32(uint32_t crc, const uint8_t *bytes, size_t count) {
    static const uint32_t table[16] = {
        0x00000000u, 0x1DB71064u, 0x3B6E20C8u, 0x26D930ACu, 0x76DC4190u, 0x6B6B51F4u, 0x4DB26158u, 0x5005713Cu,
        0xEDB88320u, 0xF00F9344u, 0xD6D6A3E8u, 0xCB61B38Cu, 0x9B64C2B0u, 0x86D3D2D4u, 0xA00AE278u, 0xBDBDF21Cu,
    };
    crc = ~crc;
    for (size_t i = 0; i < count; i++) {
        crc = (crc >> 4) ^ table[(crc ^ bytes[i]) & 15];
        crc = (crc >> 4) ^ table[(crc ^ (bytes[i] >> 4)) & 15];
    }
    return ~crc;
}

uint32_t martlet_rows_crc32(uint32_t crc, const martlet_rows *rows, int32_t first_row, int32_t end_row) {
    size_t channels = (size_t)rows->channels;
    for (int32_t row = first_row; row < end_row; row++) {
        const uint8_t *pixel = martlet_row(rows, row);
        if (rows->pixel_pitch_bytes == rows->channels) {
            crc = martlet_crc32(crc, pixel, (size_t)rows->width * channels);
            continue;
        }
        for (int32_t column = 0; column < rows->width; column++, pixel += rows->pixel_pitch_bytes) {
            crc = martlet_crc32(crc, pixel, channels);
        }
    }
    return crc;
}
