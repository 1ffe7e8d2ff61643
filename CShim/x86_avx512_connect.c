// AVX-512-VNNI fully connected layers and dot products: every weight is read once, so reading is all that should take
// time. Four blocks of sixteen outputs share each broadcast of four input bytes, and make one register of results.
#if defined(__x86_64__)
#include "x86_avx512.h"

#pragma clang attribute push(__attribute__((target(MARTLET_AVX512))), apply_to = function)

/// A layer's constants, spread over registers once.
typedef struct connection {
    ptrdiff_t block_bytes;
    int32_t quads;
    output_rule rule;
} connection;

/// Sums of `blocks` blocks. `sets`: independent accumulators of each result, which hide the multiplier's latency.
MARTLET_INLINE void sum_blocks(
    const int blocks, const int sets, const connection *connection, const int8_t *weights,
    const martlet_channel_block *channels, const uint8_t *input, __m512i *sums) {
    const ptrdiff_t block_bytes = connection->block_bytes;
    __m512i partial[4][4];
    MARTLET_UNROLL for (int block = 0; block < blocks; block++) {
        partial[0][block] = _mm512_loadu_si512(channels[block].bias);
        MARTLET_UNROLL for (int set = 1; set < sets; set++) partial[set][block] = _mm512_setzero_si512();
    }
    int32_t quads = connection->quads;
    for (; quads >= sets; quads -= sets, input += 4 * sets, weights += 64 * sets) {
        MARTLET_UNROLL for (int set = 0; set < sets; set++) {
            int32_t four;
            __builtin_memcpy(&four, input + 4 * set, 4);
            const __m512i inputs = _mm512_set1_epi32(four);
            MARTLET_UNROLL for (int block = 0; block < blocks; block++) {
                partial[set][block] = _mm512_dpbusd_epi32(
                    partial[set][block], inputs, _mm512_loadu_si512(weights + block * block_bytes + set * 64));
            }
        }
    }
    for (; sets > 1 && quads > 0; quads--, input += 4, weights += 64) {
        int32_t four;
        __builtin_memcpy(&four, input, 4);
        MARTLET_UNROLL for (int block = 0; block < blocks; block++) {
            partial[0][block] = _mm512_dpbusd_epi32(
                partial[0][block], _mm512_set1_epi32(four), _mm512_loadu_si512(weights + block * block_bytes));
        }
    }
    MARTLET_UNROLL for (int block = 0; block < blocks; block++) {
        sums[block] = partial[0][block];
        MARTLET_UNROLL for (int set = 1; set < sets; set++) {
            sums[block] = _mm512_add_epi32(sums[block], partial[set][block]);
        }
    }
}

/// Bytes of up to four blocks, in order.
MARTLET_INLINE __m512i connect_blocks(
    const int blocks, const int sets, const connection *connection, const int8_t *weights,
    const martlet_channel_block *channels, const uint8_t *input) {
    __m512i sums[4], values[4];
    sum_blocks(blocks, sets, connection, weights, channels, input, sums);
    MARTLET_UNROLL for (int block = 0; block < 4; block++) {
        values[block] = block < blocks
            ? _mm512_cvtps_epi32(scale(sums[block], _mm512_loadu_ps(channels[block].factor))) : values[0];
    }
    return store_bytes(values[0], values[1], values[2], values[3], &connection->rule);
}

void martlet_avx512_connect(const martlet_panel *layer, const uint8_t *input, uint8_t *output) {
    const connection connection = {layer->block_bytes, layer->run_quads, spread_output(layer->output)};
    const int8_t *weights = layer->weights;
    const martlet_channel_block *channels = layer->channels;
    int32_t rest = layer->channels_stored;
    for (; rest >= 64; rest -= 64, output += 64) {
        _mm512_storeu_si512(output, connect_blocks(4, 2, &connection, weights, channels, input));
        weights += 4 * connection.block_bytes;
        channels += 4;
    }
    if (rest == 0) return;
    __m512i bytes;
    if (rest > 48) bytes = connect_blocks(4, 2, &connection, weights, channels, input);
    else if (rest > 32) bytes = connect_blocks(3, 2, &connection, weights, channels, input);
    else if (rest > 16) bytes = connect_blocks(2, 4, &connection, weights, channels, input);
    else bytes = connect_blocks(1, 4, &connection, weights, channels, input);
    _mm512_mask_storeu_epi8(output, first_bytes(rest), bytes);
}

int32_t martlet_avx512_dot(const int8_t *weights, const uint8_t *values, int32_t zero_point, int32_t count) {
    const __m512i zero_points = _mm512_set1_epi8((char)zero_point);
    __m512i products = _mm512_setzero_si512(), shares = products;
    for (int32_t i = 0; i < count; i += 64) {
        const __mmask64 mask = first_bytes(count - i);
        const __m512i some = _mm512_maskz_loadu_epi8(mask, weights + i);
        products = _mm512_dpbusd_epi32(products, _mm512_maskz_loadu_epi8(mask, values + i), some);
        shares = _mm512_dpbusd_epi32(shares, zero_points, some);
    }
    return _mm512_reduce_add_epi32(_mm512_sub_epi32(products, shares));
}

#pragma clang attribute pop
#endif
