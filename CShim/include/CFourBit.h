/// Convolutions and fully connected layers whose weights have four bits. Included by CShim.h, after the types.
///
/// The weights are those of eight bits in their packed order, two to a byte: of each 64 values (a quad of a block's
/// sixteen output channels) byte i of 32 holds value i in its low half and value i + 32 in its high half, −8…7. They are
/// expanded into scratch, some blocks of output channels at a time, and then run by the kernels for eight bits.
#ifndef CSHIM_FOUR_BIT_H
#define CSHIM_FOUR_BIT_H

#include "CShim.h"

/// A layer's weights and where they are expanded.
typedef struct martlet_four_bit {
    const uint8_t *weights;
    int32_t blocks_at_once;  // blocks of sixteen output channels that are expanded together, at least 1
} martlet_four_bit;

/// `quads` times 32 bytes become `quads` times 64 values.
void martlet_expand_four_bit(
    const martlet_kernels *kernels, const uint8_t *restrict bytes, int8_t *restrict values, ptrdiff_t quads);

/// As martlet_convolution_rows, with the weights of `four_bit`; `convolution->weights` is not read. Of the output channels
/// those of blocks [first_block, end_block) of each group. Scratch: martlet_four_bit_convolution_scratch_bytes.
void martlet_four_bit_convolution_rows(
    const martlet_kernels *kernels, const martlet_four_bit *four_bit, const martlet_convolution *convolution,
    const martlet_rows *input, const martlet_rows *residual, const martlet_rows *output, int32_t first_block,
    int32_t end_block, int32_t first_row, int32_t end_row, uint8_t *scratch);
/// Scratch bytes, a multiple of 64. Reads what martlet_convolution_scratch_bytes reads.
size_t martlet_four_bit_convolution_scratch_bytes(
    const martlet_four_bit *four_bit, const martlet_convolution *convolution, const martlet_rows *input,
    const martlet_rows *output);

/// As martlet_fully_connected, with the weights of `four_bit`, which begin with the layer's first block; `layer->weights`
/// is not read. Scratch: blocks_at_once · block_bytes.
void martlet_four_bit_connect(
    const martlet_kernels *kernels, const martlet_four_bit *four_bit, const martlet_panel *layer, const uint8_t *input,
    uint8_t *output, int8_t *scratch);

/// The first output channel, block · 16 + lane, whose weights do not add up to its `weight_sum`, or 16 · blocks.
/// `block_quads`: quads of one block.
int64_t martlet_four_bit_sums_that_agree(
    const uint8_t *weights, const martlet_channel_block *channels, int64_t blocks, int64_t block_quads);

#endif
