// What clang and swiftc call by themselves: copying and filling memory, and 64-bit shifts. No C library is linked.
// Compiled with -fno-builtin, so that the loops stay loops.
#include "firmware.h"

/// Whether both addresses and the count are multiples of four.
static int32_t is_whole_words(const void *to, const void *from, size_t count) {
    return (((uintptr_t)to | (uintptr_t)from | count) & 3) == 0;
}

void *memcpy(void *restrict to, const void *restrict from, size_t count) {
    if (is_whole_words(to, from, count)) {
        uint32_t *target = to;
        const uint32_t *source = from;
        for (size_t word = 0; word < count / 4; word++) target[word] = source[word];
        return to;
    }
    uint8_t *target = to;
    const uint8_t *source = from;
    for (size_t byte = 0; byte < count; byte++) target[byte] = source[byte];
    return to;
}

void *memmove(void *to, const void *from, size_t count) {
    uint8_t *target = to;
    const uint8_t *source = from;
    if (target < source) {
        for (size_t byte = 0; byte < count; byte++) target[byte] = source[byte];
    } else {
        while (count-- > 0) target[count] = source[count];
    }
    return to;
}

void *memset(void *to, int value, size_t count) {
    uint8_t *target = to;
    uint8_t *end = target + count;
    while (target < end && ((uintptr_t)target & 3) != 0) *target++ = (uint8_t)value;
    uint32_t word = (uint8_t)value * 0x01010101u;
    for (; end - target >= 4; target += 4) *(uint32_t *)(void *)target = word;
    while (target < end) *target++ = (uint8_t)value;
    return to;
}

// The names of the Arm run-time ABI. The suffix is the alignment that the caller promises.
void __aeabi_memcpy(void *to, const void *from, size_t count) { memcpy(to, from, count); }
void __aeabi_memcpy4(void *to, const void *from, size_t count) { memcpy(to, from, count); }
void __aeabi_memcpy8(void *to, const void *from, size_t count) { memcpy(to, from, count); }
void __aeabi_memmove(void *to, const void *from, size_t count) { memmove(to, from, count); }
void __aeabi_memmove4(void *to, const void *from, size_t count) { memmove(to, from, count); }
void __aeabi_memset(void *to, size_t count, int value) { memset(to, value, count); }
void __aeabi_memset4(void *to, size_t count, int value) { memset(to, value, count); }
void __aeabi_memset8(void *to, size_t count, int value) { memset(to, value, count); }
void __aeabi_memclr(void *to, size_t count) { memset(to, 0, count); }
void __aeabi_memclr4(void *to, size_t count) { memset(to, 0, count); }
void __aeabi_memclr8(void *to, size_t count) { memset(to, 0, count); }

static uint64_t joined(uint32_t high, uint32_t low) {
    union {
        uint32_t halves[2];
        uint64_t whole;
    } value = {{low, high}};
    return value.whole;
}

uint64_t __aeabi_llsl(uint64_t value, int32_t places) {
    uint32_t low = (uint32_t)value, high = (uint32_t)(value >> 32);
    if (places == 0) return value;
    if (places >= 32) return joined(low << (places - 32), 0);
    return joined(high << places | low >> (32 - places), low << places);
}

uint64_t __aeabi_llsr(uint64_t value, int32_t places) {
    uint32_t low = (uint32_t)value, high = (uint32_t)(value >> 32);
    if (places == 0) return value;
    if (places >= 32) return joined(0, high >> (places - 32));
    return joined(high >> places, low >> places | high << (32 - places));
}

void firmware_write_number(int32_t number) {
    char digits[12];
    int32_t first = sizeof digits - 1;
    digits[first] = 0;
    uint32_t rest = number < 0 ? 0u - (uint32_t)number : (uint32_t)number;
    do {
        digits[--first] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0) digits[--first] = '-';
    firmware_write(digits + first);
}

void firmware_write_hexadecimal(uint32_t number) {
    char digits[9];
    for (int32_t place = 0; place < 8; place++) digits[place] = "0123456789abcdef"[number >> (28 - 4 * place) & 15];
    digits[8] = 0;
    firmware_write(digits);
}
