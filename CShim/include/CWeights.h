/// What the Verifier proves of packed weights. Included by CShim.h, after the types.
#ifndef CSHIM_WEIGHTS_H
#define CSHIM_WEIGHTS_H

#include "CShim.h"

/// 1 when the places behind each run's values, up to whole quads, are zero in all sixteen channels. What a kernel reads there
/// is then multiplied by nothing: every family gives the same answer, and no sum grows by it.
/// `runs`: of all blocks. `quad_bytes`: 64, or 32 for weights of four bits, whose halves of a byte belong to the same place.
int32_t martlet_run_padding_is_zero(
    const int8_t *weights, ptrdiff_t runs, ptrdiff_t run_values, int32_t quad_bytes);

/// The same of the places of depthwise quads that no tap has.
int32_t martlet_depthwise_padding_is_zero(
    const int8_t *weights, ptrdiff_t blocks, int32_t kernel_height, int32_t kernel_width);

/// How many channels from the first one on have the sum of their weights as their `weight_sum`; 16 · blocks: all.
/// `quads`: of a block.
ptrdiff_t martlet_weight_sums_that_agree(
    const int8_t *weights, const martlet_channel_block *channels, ptrdiff_t blocks, ptrdiff_t quads);

/// Whether a kernel family of the processor that this was compiled for begins its sums with the stated sums of weights.
int32_t martlet_uses_weight_sums(void);

#endif
