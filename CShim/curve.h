/// How the C files read a curve (see CNormalization.h).
#ifndef MARTLET_CURVE_H
#define MARTLET_CURVE_H

#include "kernels.h"

/// p[i] + (p[i + 1] − p[i]) · t, where t in 0 ..< 1 is how far the number lies behind point i: each step is float32.
MARTLET_INLINE float curve_value(martlet_curve curve, uint32_t number) {
    int32_t octave = martlet_curve_octave(number);
    const float *point = curve.points + octave * 32 + (number >> octave);
    uint32_t rest = number & (((uint32_t)1 << octave) - 1);
    float part = (float)rest * martlet_float_from_bits((uint32_t)(127 - octave) << 23);
    return point[0] + (point[1] - point[0]) * part;
}

#endif
