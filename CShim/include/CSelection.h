/// Selection of the largest or smallest channels. Included by CShim.h, after the types.
#ifndef CSHIM_SELECTION_H
#define CSHIM_SELECTION_H

#include "CShim.h"

/// The first `output->channels` channels of each pixel in the order of their values: descending, or ascending with
/// `smallest`; equal ones in the order of their numbers, or against it with `last_first`. The output holds the channels'
/// numbers as int32 with `indices`, else their bytes. Scratch: 1024 bytes. In scalar code on every processor.
typedef struct martlet_top_k {
    int32_t smallest, last_first;
    int32_t indices;
} martlet_top_k;
void martlet_top_k_rows(
    const martlet_top_k *rule, const martlet_rows *input, const martlet_rows *output, int32_t first_row,
    int32_t end_row, uint8_t *scratch);

#endif
