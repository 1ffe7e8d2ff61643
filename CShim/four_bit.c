// Weights of four bits: expanded into scratch, a few blocks of output channels at a time, where the kernels for weights
// of eight bits then run over them. So every family gives the bytes that it gives for the same weights in eight bits.
#include "four_bit_expand.h"

/// Each half byte of a word as a signed byte.
MARTLET_INLINE uint32_t sign_extend(uint32_t halves) {
    // A half of 8 or more lacks 0xF0, which is thirty times its top bit.
    return halves + (halves & 0x08080808u) * 30u;
}

/// Four values at a time, for processors without vector registers.
static void expand_words(const uint8_t *restrict bytes, int8_t *restrict values, ptrdiff_t quads) {
    for (; quads > 0; quads--, bytes += quad_bytes, values += quad_values) {
        for (ptrdiff_t at = 0; at < quad_bytes; at += 4) {
            uint32_t word;
            __builtin_memcpy(&word, bytes + at, 4);
            uint32_t low = sign_extend(word & 0x0F0F0F0Fu), high = sign_extend(word >> 4 & 0x0F0F0F0Fu);
            __builtin_memcpy(values + at, &low, 4);
            __builtin_memcpy(values + quad_bytes + at, &high, 4);
        }
    }
}

void martlet_expand_four_bit(
    const martlet_kernels *kernels, const uint8_t *restrict bytes, int8_t *restrict values, ptrdiff_t quads) {
    if (kernels->expand_four_bit != NULL) {
        kernels->expand_four_bit(bytes, values, quads);
    } else if (walks_for_vectors) {
        expand_bytes(bytes, values, quads);
    } else {
        expand_words(bytes, values, quads);
    }
}

/// What of a convolution's sizes the expansion needs to know.
typedef struct four_bit_sizes {
    int32_t group_blocks;
    ptrdiff_t block_quads;
} four_bit_sizes;

static four_bit_sizes sizes_of(
    const martlet_convolution *convolution, const martlet_rows *input, const martlet_rows *output) {
    int32_t taps = convolution->runs_per_row == convolution->kernel_width ? 1 : convolution->kernel_width;
    int32_t depth = input->channels / convolution->groups, outputs = output->channels / convolution->groups;
    four_bit_sizes sizes;
    sizes.group_blocks = martlet_divide_up(outputs, 16);
    sizes.block_quads = (ptrdiff_t)convolution->kernel_height * convolution->runs_per_row
        * martlet_divide_up(taps * depth, 4);
    return sizes;
}

/// The convolution of one group, expanded.
static martlet_convolution one_group(const martlet_convolution *convolution, int8_t *expanded) {
    martlet_convolution group = *convolution;
    group.groups = 1;
    group.weights = expanded;
    return group;
}

size_t martlet_four_bit_convolution_scratch_bytes(
    const martlet_four_bit *four_bit, const martlet_convolution *convolution, const martlet_rows *input,
    const martlet_rows *output) {
    four_bit_sizes sizes = sizes_of(convolution, input, output);
    martlet_convolution group = one_group(convolution, NULL);
    martlet_rows from = *input, to = *output;
    from.channels /= convolution->groups;
    to.channels = martlet_minimum(to.channels / convolution->groups, four_bit->blocks_at_once * 16);
    return (size_t)four_bit->blocks_at_once * (size_t)sizes.block_quads * quad_values
        + martlet_convolution_scratch_bytes(&group, &from, &to);
}

/// Leaves of a tensor the channels of one group, then of them those of blocks [first_block, end_block).
static void narrow(martlet_rows *rows, int32_t groups, int32_t group, int32_t first_block, int32_t end_block) {
    rows->channels /= groups;
    rows->base += group * rows->channels;
    martlet_rows_narrow(rows, first_block, end_block);
}

void martlet_four_bit_convolution_rows(
    const martlet_kernels *kernels, const martlet_four_bit *four_bit, const martlet_convolution *convolution,
    const martlet_rows *input, const martlet_rows *residual, const martlet_rows *output, int32_t first_block,
    int32_t end_block, int32_t first_row, int32_t end_row, uint8_t *scratch) {
    four_bit_sizes sizes = sizes_of(convolution, input, output);
    int8_t *expanded = (int8_t *)scratch;
    uint8_t *rest = scratch + (ptrdiff_t)four_bit->blocks_at_once * sizes.block_quads * quad_values;
    martlet_convolution part = one_group(convolution, expanded);
    for (int32_t group = 0; group < convolution->groups; group++) {
        martlet_rows from = *input;
        from.channels /= convolution->groups;
        from.base += group * from.channels;
        for (int32_t first = first_block; first < end_block; first += four_bit->blocks_at_once) {
            int32_t end = martlet_minimum(end_block, first + four_bit->blocks_at_once);
            ptrdiff_t block = (ptrdiff_t)group * sizes.group_blocks + first;
            martlet_expand_four_bit(
                kernels, four_bit->weights + block * sizes.block_quads * quad_bytes, expanded,
                (end - first) * sizes.block_quads);
            part.channels = convolution->channels + block;
            martlet_rows to = *output, addend;
            narrow(&to, convolution->groups, group, first, end);
            if (residual != NULL) {
                addend = *residual;
                narrow(&addend, convolution->groups, group, first, end);
            }
            martlet_convolution_rows(
                kernels, &part, &from, residual != NULL ? &addend : NULL, &to, first_row, end_row, rest);
        }
    }
}

void martlet_four_bit_connect(
    const martlet_kernels *kernels, const martlet_four_bit *four_bit, const martlet_panel *layer, const uint8_t *input,
    uint8_t *output, int8_t *scratch) {
    martlet_panel part = *layer;
    part.weights = scratch;
    part.next_weights = scratch;
    for (int32_t first = 0; first < layer->blocks; first += four_bit->blocks_at_once) {
        part.blocks = martlet_minimum(layer->blocks - first, four_bit->blocks_at_once);
        part.channels = layer->channels + first;
        part.channels_stored = martlet_minimum(layer->channels_stored - first * 16, part.blocks * 16);
        martlet_expand_four_bit(
            kernels, four_bit->weights + first * (layer->block_bytes / 2), scratch,
            part.blocks * (layer->block_bytes / quad_values));
        martlet_fully_connected(kernels, &part, input, output + first * 16);
    }
}

int64_t martlet_four_bit_sums_that_agree(
    const uint8_t *weights, const martlet_channel_block *channels, int64_t blocks, int64_t block_quads) {
    for (int64_t block = 0; block < blocks; block++) {
        // Sums that overflow wrap on both sides alike.
        uint32_t sums[16] = {0};
        for (int64_t quad = 0; quad < block_quads; quad++, weights += quad_bytes) {
            for (int32_t at = 0; at < quad_bytes; at++) {
                sums[at / 4] += (uint32_t)((weights[at] & 15) ^ 8) - 8u;
                sums[8 + at / 4] += (uint32_t)((weights[at] >> 4) ^ 8) - 8u;
            }
        }
        for (int32_t lane = 0; lane < 16; lane++) {
            if (sums[lane] != (uint32_t)channels[block].weight_sum[lane]) return block * 16 + lane;
        }
    }
    return blocks * 16;
}
