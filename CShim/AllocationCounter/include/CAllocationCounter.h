/// Counts heap allocations of the calling thread. A target that links this has malloc and friends replaced.
#ifndef CALLOCATIONCOUNTER_H
#define CALLOCATIONCOUNTER_H

#include <stdint.h>

/// 1 where counting works: Linux with glibc, no sanitizer that replaces malloc itself.
int32_t allocation_counter_is_active(void);
/// Calls of malloc, calloc, realloc and the aligned ones by this thread so far.
uint64_t allocation_counter_count(void);
/// Bytes that those calls asked for: no less than what this thread ever held at once.
uint64_t allocation_counter_bytes(void);

#endif
