// Files, clock and memory of a POSIX host.
#include "CHost.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

/// A file that must be read from the disk comes in large pages, which the page cache keeps: each is mapped by one fault.
/// Where the system has none, or the file is there in small ones, this changes nothing.
static void use_large_pages(void *mapped, size_t count) {
#if defined(MADV_HUGEPAGE)
    int saved = errno;
    (void)madvise(mapped, count, MADV_HUGEPAGE);
    errno = saved;
#else
    (void)mapped;
    (void)count;
#endif
}

int32_t martlet_host_map_file(const char *path, const void **bytes, size_t *count) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return errno;
    struct stat status;
    int32_t failure = fstat(descriptor, &status) != 0 ? errno : 0;
    if (failure == 0 && S_ISDIR(status.st_mode)) failure = EISDIR;
    if (failure == 0 && (!S_ISREG(status.st_mode) || status.st_size <= 0)) failure = EINVAL;
    if (failure == 0) {
        void *mapped = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (mapped == MAP_FAILED) {
            failure = errno;
        } else {
            use_large_pages(mapped, (size_t)status.st_size);
            *bytes = mapped;
            *count = (size_t)status.st_size;
        }
    }
    close(descriptor);
    return failure;
}

void martlet_host_unmap_file(const void *bytes, size_t count) { munmap((void *)(uintptr_t)bytes, count); }

// Only what a signal handler may call.
static void end_after_bus_error(int number) {
    static const char message[] =
        "error: a file became shorter, or its disk failed, while it was read; nothing was written. "
        "Leave files in place while they are used: replace them by renaming.\n";
    (void)number;
    (void)!write(2, message, sizeof message - 1);
    _exit(1);
}

/// What ends a process where memory is refused: Swift's runtime aborts, and a trap follows where a library took it for given.
static const int refusals[] = {SIGABRT, SIGILL, SIGTRAP};
enum { refusal_count = sizeof refusals / sizeof *refusals };

/// What was to happen then before `martlet_host_explain_signals`.
static struct sigaction usual_actions[refusal_count];

// errno is then still the refusal's. Only what a handler may call.
static void end_after_refusal(int number) {
    static const char message[] =
        "error: there is not enough memory; no file is half-written. End other programs, raise the limit (ulimit -v), or take "
        "smaller batches, pictures or networks.\n";
    if (errno == ENOMEM) {
        (void)!write(2, message, sizeof message - 1);
        _exit(1);
    }
    // Any other abort or trap ends as ever: the signal comes again when this returns.
    for (int index = 0; index < refusal_count; index++) {
        if (refusals[index] == number) sigaction(number, &usual_actions[index], NULL);
    }
    raise(number);
}

void martlet_host_explain_signals(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = end_after_bus_error;
    sigaction(SIGBUS, &action, NULL);
    action.sa_handler = end_after_refusal;
    for (int index = 0; index < refusal_count; index++) sigaction(refusals[index], &action, &usual_actions[index]);
}

uint64_t martlet_host_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#if defined(__linux__)
/// The bytes that a line like "VmHWM: 1234 kB" of the process's status says; 0: there is none.
static uint64_t status_bytes(const char *name) {
    char text[4096];
    int descriptor = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return 0;
    ssize_t count = read(descriptor, text, sizeof text - 1);
    close(descriptor);
    if (count <= 0) return 0;
    text[count] = 0;
    const char *line = strstr(text, name);
    return line == NULL ? 0 : strtoull(line + strlen(name), NULL, 10) * 1024u;
}
#endif

uint64_t martlet_host_peak_resident_bytes(void) {
#if defined(__linux__)
    // Of the process itself: getrusage would count what the parent was before exec.
    uint64_t peak = status_bytes("VmHWM:");
    if (peak > 0) return peak;
#endif
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
#if defined(__APPLE__)
    return (uint64_t)usage.ru_maxrss;
#else
    return (uint64_t)usage.ru_maxrss * 1024u;
#endif
}

uint64_t martlet_host_private_bytes(void) {
#if defined(__linux__)
    return status_bytes("RssAnon:");
#else
    return 0;
#endif
}

void *martlet_host_allocate_pages(size_t count) {
    if (count == 0) count = 1;
    void *pages = mmap(NULL, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pages == MAP_FAILED ? NULL : pages;
}

int32_t martlet_host_has_memory(size_t count) {
    void *pages = martlet_host_allocate_pages(count);
    if (pages == NULL) return 0;
    munmap(pages, count == 0 ? 1 : count);
    return 1;
}

void martlet_host_limit_heaps(int32_t count) {
#ifdef M_ARENA_MAX
    mallopt(M_ARENA_MAX, count);
#else
    (void)count;
#endif
}

static void *wait_for_gate(void *gate) {
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return NULL;
}

int32_t martlet_host_has_threads(int32_t count) {
    enum { most = 512 };
    pthread_t threads[most];
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    int32_t wanted = count < most ? count : most, started = 0;
    // None ends before all have begun.
    pthread_mutex_lock(&gate);
    while (started < wanted && pthread_create(&threads[started], NULL, wait_for_gate, &gate) == 0) started++;
    pthread_mutex_unlock(&gate);
    for (int32_t index = 0; index < started; index++) pthread_join(threads[index], NULL);
    return started >= wanted;
}

int32_t martlet_host_write(int32_t descriptor, const void *bytes, size_t count) {
    const char *next = bytes;
    while (count > 0) {
        ssize_t written = write(descriptor, next, count);
        if (written < 0) {
            if (errno == EINTR) continue;
            return errno;
        }
        next += written;
        count -= (size_t)written;
    }
    return 0;
}

void martlet_host_exit(int32_t status) { exit(status); }
