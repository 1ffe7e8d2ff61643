#include "CAllocationCounter.h"

#include <errno.h>
#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZER_REPLACES_MALLOC 1
#endif
#endif

#if defined(__linux__) && defined(__GLIBC__) && !defined(SANITIZER_REPLACES_MALLOC)

extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *memory, size_t bytes);
extern void *__libc_memalign(size_t alignment, size_t bytes);

static _Thread_local uint64_t allocations, requested;

int32_t allocation_counter_is_active(void) { return 1; }

uint64_t allocation_counter_count(void) { return allocations; }

uint64_t allocation_counter_bytes(void) { return requested; }

static void note(size_t bytes) {
    allocations++;
    requested += bytes;
}

void *malloc(size_t bytes) {
    note(bytes);
    return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes) {
    note(count * bytes);
    return __libc_calloc(count, bytes);
}

void *realloc(void *memory, size_t bytes) {
    note(bytes);
    return __libc_realloc(memory, bytes);
}

void *memalign(size_t alignment, size_t bytes) {
    note(bytes);
    return __libc_memalign(alignment, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes) { return memalign(alignment, bytes); }

int posix_memalign(void **memory, size_t alignment, size_t bytes) {
    *memory = memalign(alignment, bytes);
    return *memory == NULL ? ENOMEM : 0;
}

#else

int32_t allocation_counter_is_active(void) { return 0; }

uint64_t allocation_counter_count(void) { return 0; }

uint64_t allocation_counter_bytes(void) { return 0; }

#endif
