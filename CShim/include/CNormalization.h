/// Norms and normalizations: scalar code on every processor, without functions of a mathematics library.
/// Included by CShim.h, after the types.
#ifndef CSHIM_NORMALIZATION_H
#define CSHIM_NORMALIZATION_H

#include "CShim.h"

/// The square root of a number that is finite and not negative, rounded to the nearest float32, worked out in integers:
/// a processor without the instruction needs no library for it.
float martlet_square_root(float value);

// MARK: Curves

/// A function of whole numbers in 0 … 2^32 − 1, as a table of its values at points that lie one apart below 64 and then, in
/// each doubling, 32 at equal distances; straight lines lie between them. Point i stands for the number i below 64, and
/// for (32 + i mod 32) · 2^(i / 32 − 1) from there on.
typedef struct martlet_curve {
    const float *points;
} martlet_curve;

/// How far the numbers around `number` lie apart, as a power of two.
static inline int32_t martlet_curve_octave(uint32_t number) {
    return number < 64 ? 0 : 26 - __builtin_clz(number);
}

/// The points that a curve of the numbers 0 … `largest` has.
static inline int32_t martlet_curve_points(uint32_t largest) {
    int32_t octave = martlet_curve_octave(largest);
    return octave * 32 + (int32_t)(largest >> octave) + 2;
}

/// The number that a point stands for: at most 2^32.
static inline double martlet_curve_number(int32_t point) {
    return point < 64 ? (double)point : (double)((uint64_t)(32 + point % 32) << (point / 32 - 1));
}

// MARK: Norms

/// A norm of each window: round(curve(Σ powers[q])) over the taps inside the image, where powers[q] is |real value of q| to
/// some power, in units of which the curve takes the root. With `average` the curve's value is multiplied by 1 / √taps
/// first. Sums must stay below 2^32; scratch: 4 · C bytes.
typedef struct martlet_norm_pooling {
    const uint32_t *powers;
    martlet_curve curve;
    int32_t average;
} martlet_norm_pooling;
void martlet_norm_pool_rows(
    const martlet_norm_pooling *norm, const martlet_pooling *pooling, const martlet_rows *input,
    const martlet_rows *output, int32_t first_row, int32_t end_row, uint8_t *scratch);

// MARK: Normalizations

/// Local response normalization: round((q − zero point) · curve(Σ (q′ − zero point)²)), where q′ runs over the pixel's
/// channels from `before` below to `after` above. `output` may not be the input.
typedef struct martlet_local_response {
    int32_t before, after;
    int32_t input_zero_point;
    martlet_curve curve;
    martlet_output output;
} martlet_local_response;
void martlet_local_response_rows(
    const martlet_local_response *rule, const martlet_rows *input, const martlet_rows *output, int32_t first_row,
    int32_t end_row);

/// Each pixel divided by its norm: round((q − zero point) · (factor / n)), n = √Σ(q − zero point)² with `order` 2,
/// Σ|q − zero point| with 1. A pixel of norm 0 stays 0. Sums are exact; n, the quotient and the product are float32.
typedef struct martlet_lp_normalization {
    int32_t order;
    int32_t input_zero_point;
    float factor;
    martlet_output output;
} martlet_lp_normalization;
void martlet_lp_normalization_rows(
    const martlet_lp_normalization *rule, const martlet_rows *input, const martlet_rows *output, int32_t first_row,
    int32_t end_row);

/// Normalization by the mean and variance of groups of adjacent channels, over the whole image or (`each_pixel`) of each
/// pixel alone. With n values q in a group, S = Σq and Q = Σq² exactly:
///   mean = S / n; variance = (n·Q − S²) / (n · n); m = (1 / √(variance + epsilon)) · gains[c];
///   result = round((q − mean) · m + shifts[c]).
/// All but the sums and n·Q − S² is float32, each step rounded; a number of 64 bits becomes float32 by halves:
/// high · 2^32 + low. n is at most 2^24. Scratch: 32 · C bytes; `output` may be the input with `each_pixel`.
typedef struct martlet_group_normalization {
    int32_t groups;
    int32_t each_pixel;
    float epsilon;
    const float *gains;
    const float *shifts;
    martlet_output output;
} martlet_group_normalization;
void martlet_group_normalization_rows(
    const martlet_group_normalization *rule, const martlet_rows *input, const martlet_rows *output, int32_t first_row,
    int32_t end_row, uint8_t *scratch);

/// Softmax over channels of each pixel: table[d] = exp(−d·scale) as 0.31 fixed point for d = max − q in 0…255;
/// output = min(round_half_up(256 · e / Σe), 255) computed in 64-bit integers: stored zero point 0, scale 1/256.
void martlet_softmax_rows(
    const int32_t *table, const martlet_rows *input, const martlet_rows *output, int32_t first_row, int32_t end_row);

/// The logarithm of softmax: exponentials e = exponentials[d], d = max − q, as in softmax; with Σe = 2^k · (1 + m) and i
/// the first eight bits of m the result is round(−(d · factor + ((k − 31) · octave + logarithms[i]))), where factor is input
/// scale ÷ output scale, octave is ln 2 ÷ output scale and logarithms[i] is ln(1 + (i + ½) / 256) ÷ output scale.
/// Products and sums are float32, rounded separately.
typedef struct martlet_log_softmax {
    const int32_t *exponentials;
    const float *logarithms;
    float factor, octave;
    martlet_output output;
} martlet_log_softmax;
void martlet_log_softmax_rows(
    const martlet_log_softmax *rule, const martlet_rows *input, const martlet_rows *output, int32_t first_row,
    int32_t end_row);

#endif
