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

static void take_block(uint32_t *restrict states, const uint8_t *restrict bytes) {
    uint32_t words[lanes];
    __builtin_memcpy(words, bytes, block_bytes);
    for (int32_t lane = 0; lane < lanes; lane++) states[lane] = take(states[lane], words[lane]);
}

uint32_t martlet_checksum(const uint8_t *bytes, size_t count) {
    uint32_t states[lanes];
    for (uint32_t lane = 0; lane < lanes; lane++) states[lane] = lane;
    size_t whole = count / block_bytes;
    for (size_t block = 0; block < whole; block++) take_block(states, bytes + block * block_bytes);
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
