/// Convolution of int16 tensors by processor family.
#ifndef MARTLET_X86_INT16_H
#define MARTLET_X86_INT16_H

#include "CShim.h"

void martlet_int16_convolve_avx2(const martlet_int16_panel *panel);
void martlet_int16_convolve_avx512(const martlet_int16_panel *panel);

#endif
