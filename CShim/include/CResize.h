/// Images in another size. Included by CShim.h, after the types.
#ifndef CSHIM_RESIZE_H
#define CSHIM_RESIZE_H

#include "CShim.h"

/// Each output pixel is the input pixel that the table names: a row for each output row, then a column for each output
/// column.
void martlet_resize_nearest_rows(
    const int32_t *table, const martlet_rows *input, const martlet_rows *output, int32_t first_row, int32_t end_row);
/// Each output pixel is mixed from four. Table, three numbers an output row, then three an output column: first and
/// second input index, and the second one's weight in 0…2048. With weights v of rows and w of columns the result is
/// (Σ v · w · pixel + 2^21) >> 22, where a first one weighs 2048 less the second's. Scratch: 4 · W · C bytes of the input.
void martlet_resize_linear_rows(
    const int32_t *table, const martlet_rows *input, const martlet_rows *output, int32_t first_row, int32_t end_row,
    uint8_t *scratch);

/// Each output pixel is mixed from sixteen. Table, eight numbers an output row, then eight an output column: four input
/// indices, and their weights in units of 1/2048, which add up to 2048 and whose magnitudes add up to 4092 at most. The
/// result is 128 + ((Σ v · w · (pixel − 128) + 2^21) >> 22), clamped to a byte. Scratch: 4 · W · C bytes of the input.
void martlet_resize_cubic_rows(
    const int32_t *table, const martlet_rows *input, const martlet_rows *output, int32_t first_row, int32_t end_row,
    uint8_t *scratch);

#endif
