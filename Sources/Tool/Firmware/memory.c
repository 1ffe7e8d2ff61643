// The network's memory: nothing else is ever needed.
#include "firmware.h"

__attribute__((section(".arena"), aligned(64))) static uint8_t arena[NETWORK_ARENA_BYTES];
__attribute__((section(".arena"), aligned(4))) static uint32_t checks[NETWORK_OPERATORS];
__attribute__((section(".arena"))) static int32_t values[NETWORK_LARGEST_OUTPUT];

void *firmware_arena(void) { return arena; }

uint32_t *firmware_checks(void) { return checks; }

int32_t *firmware_values(void) { return values; }
