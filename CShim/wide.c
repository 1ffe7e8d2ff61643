// Helpers of the Verifier and of a session that are too long to repeat at every use.
#include "CShim.h"

int64_t martlet_saturating_product(int64_t a, int64_t b) {
    int64_t product;
    return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

void martlet_copy_values(const martlet_rows *from, const martlet_rows *to, int32_t flip) {
    int32_t columns = from->width;
    ptrdiff_t run = from->channels;
    if (from->pixel_pitch_bytes == run && to->pixel_pitch_bytes == run) {
        run *= columns;
        columns = 1;
    }
    for (int32_t row = 0; row < from->height; row++) {
        const uint8_t *restrict source = from->base + row * from->row_pitch_bytes;
        uint8_t *restrict target = to->base + row * to->row_pitch_bytes;
        for (int32_t column = 0; column < columns; column++) {
            for (ptrdiff_t index = 0; index < run; index++) target[index] = (uint8_t)(source[index] ^ flip);
            source += from->pixel_pitch_bytes;
            target += to->pixel_pitch_bytes;
        }
    }
}

void martlet_fill_values(const martlet_rows *rows, int32_t value, int32_t element_bytes) {
    for (int32_t row = 0; row < rows->height; row++) {
        uint8_t *pixel = rows->base + row * rows->row_pitch_bytes;
        for (int32_t column = 0; column < rows->width; column++, pixel += rows->pixel_pitch_bytes) {
            for (int32_t index = 0; index < rows->channels; index++) {
                pixel[index] = (uint8_t)(index & (element_bytes - 1) ? value >> 8 : value);
            }
        }
    }
}
