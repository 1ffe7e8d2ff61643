/// What the firmware's Swift half sees of its C half: the network where it lies in flash, memory for it, text out, a clock.
#ifndef FIRMWARE_H
#define FIRMWARE_H

#include <stddef.h>
#include <stdint.h>

#include "network.h"

/// The packed model: `NETWORK_BYTES` bytes, 64-byte aligned.
extern const uint8_t network_model[];

/// Extern arrays are awkward in Swift: functions give their address.
static inline const void *firmware_model(void) { return network_model; }

/// `NETWORK_ARENA_BYTES` bytes, 64-byte aligned.
void *firmware_arena(void);
/// One word for each operator.
uint32_t *firmware_checks(void);
/// As many values as the largest output has.
int32_t *firmware_values(void);

/// Writes text that ends with a zero byte.
void firmware_write(const char *text);
void firmware_write_number(int32_t number);
void firmware_write_hexadecimal(uint32_t number);

/// Ends the program: in QEMU, with this exit code.
_Noreturn void firmware_exit(int32_t status);

/// Processor clocks from one call to the other, at most 2^32 − 1. In QEMU with -icount shift=0 a clock is a nanosecond of
/// virtual time, which is an instruction, × 25 or 32 MHz: see README.md.
void firmware_start_clock(void);
uint32_t firmware_stop_clock(void);

#endif
