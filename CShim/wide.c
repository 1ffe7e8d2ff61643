// Helpers of the Verifier and of a session that are too long to repeat at every use.
#include "kernels.h"

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
    int32_t is_packed = rows->pixel_pitch_bytes == rows->channels;
    int32_t columns = is_packed ? 1 : rows->width, run = is_packed ? rows->width * rows->channels : rows->channels;
    for (int32_t row = 0; row < rows->height; row++) {
        uint8_t *pixel = rows->base + row * rows->row_pitch_bytes;
        for (int32_t column = 0; column < columns; column++, pixel += rows->pixel_pitch_bytes) {
            if (element_bytes == 1) {
                __builtin_memset(pixel, value, (size_t)run);
                continue;
            }
            for (int32_t index = 0; index < run; index++) {
                pixel[index] = (uint8_t)(index & (element_bytes - 1) ? value >> 8 : value);
            }
        }
    }
}

int32_t martlet_channels_that_fit(const martlet_channel_block *block, int64_t range, float extra) {
    if (range < 0 || range >= INT32_MAX) return 0;
    // Without a branch, so that the compiler takes several at a time: files have thousands of channels.
    int32_t most = INT32_MAX - (int32_t)range;
    uint32_t misfits = 1u << 16;
    for (int32_t channel = 0; channel < 16; channel++) {
        int32_t bias = martlet_clamp(block->bias[channel], -most, most);
        float magnitude = (float)((bias < 0 ? -bias : bias) + (int32_t)range);
        float factor = block->factor[channel];
        uint32_t fits = (bias == block->bias[channel]) & (factor >= 0)
            & (magnitude * factor + extra < 2147483648.0f - 32768.0f);
        misfits |= (fits ^ 1) << channel;
    }
    return __builtin_ctz(misfits);
}
