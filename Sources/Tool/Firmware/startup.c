// What runs before main: vector table, reset, faults; and the three things that main asks of a board: text out, a clock,
// the end. Text and the end go to a debugger or to QEMU by semihosting; on a board without a debugger write them anew.
#include "firmware.h"

extern uint32_t data_start[], data_end[], data_load[], bss_start[], bss_end[], stack_top[];
extern int main(int argc, char **argv);

/// One semihosting call (Arm's "Semihosting for AArch32 and AArch64").
static int32_t semihosting(int32_t operation, const void *argument) {
    register int32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

enum { write_text = 0x04, exit_extended = 0x20, application_exit = 0x20026 };

void firmware_write(const char *text) { semihosting(write_text, text); }

void firmware_exit(int32_t status) {
    uint32_t block[2] = {application_exit, (uint32_t)status};
    semihosting(exit_extended, block);
    for (;;) {}
}

// SysTick counts processor clocks down from 2^24 − 1; its interrupt counts how often.
#define SYSTICK_CONTROL (*(volatile uint32_t *)0xE000E010)
#define SYSTICK_RELOAD (*(volatile uint32_t *)0xE000E014)
#define SYSTICK_VALUE (*(volatile uint32_t *)0xE000E018)
#define COPROCESSOR_ACCESS (*(volatile uint32_t *)0xE000ED88)
#define CONFIGURABLE_FAULTS (*(volatile uint32_t *)0xE000ED28)

static volatile uint32_t systick_wraps;

static void systick_handler(void) { systick_wraps++; }

static uint64_t ticks(void) {
    uint32_t wraps, value;
    do {
        wraps = systick_wraps;
        value = SYSTICK_VALUE;
    } while (wraps != systick_wraps);
    return (uint64_t)wraps * 0x1000000u + (0xFFFFFFu - value);
}

static uint64_t clock_start;

void firmware_start_clock(void) { clock_start = ticks(); }

uint32_t firmware_stop_clock(void) {
    uint64_t passed = ticks() - clock_start;
    return passed > UINT32_MAX ? UINT32_MAX : (uint32_t)passed;
}

static void fault_handler(void) {
    firmware_write("fault: ");
    firmware_write_hexadecimal(CONFIGURABLE_FAULTS);
    firmware_write("\n");
    firmware_exit(99);
}

void reset_handler(void);

void reset_handler(void) {
    // First of all: compiled for a processor with vectors, the loops below use them.
    COPROCESSOR_ACCESS |= 0xFu << 20;
    __asm__ volatile("dsb\n isb");
    const uint32_t *from = data_load;
    for (uint32_t *word = data_start; word < data_end;) *word++ = *from++;
    for (uint32_t *word = bss_start; word < bss_end;) *word++ = 0;
    SYSTICK_RELOAD = 0xFFFFFF;
    SYSTICK_VALUE = 0;
    SYSTICK_CONTROL = 7;  // processor clock, interrupt, on
    firmware_exit(main(0, NULL));
}

typedef void (*handler)(void);

__attribute__((section(".vectors"), used)) static const handler vectors[16] = {
    (handler)(uintptr_t)stack_top, reset_handler,
    fault_handler, fault_handler, fault_handler, fault_handler, fault_handler,  // NMI, hard, memory, bus, usage
    fault_handler, NULL, NULL, NULL,                                            // secure, reserved
    fault_handler, fault_handler, NULL, fault_handler,                          // SVC, debug, reserved, PendSV
    systick_handler,
};
