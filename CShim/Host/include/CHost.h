/// What only a host with an operating system offers: files, clocks, and libraries opened at run time.
#ifndef CHOST_H
#define CHOST_H

#include <stddef.h>
#include <stdint.h>

#include "CHostImages.h"
#include "CHostInflate.h"
#include "CHostLibraries.h"
#include "CHostPool.h"
#include "CHostSodium.h"

/// Maps a file read-only. 0, or errno. A size of 0 gives EINVAL.
int32_t martlet_host_map_file(const char *path, const void **bytes, size_t *count);
void martlet_host_unmap_file(const void *bytes, size_t count);
/// From now on a mapped file that becomes shorter while it is read (SIGBUS), and memory that the system refuses (SIGABRT by
/// Swift's runtime; SIGILL or SIGTRAP by a library that takes it for given), end the process with a sentence and status 1.
void martlet_host_explain_signals(void);
/// Monotonic clock in nanoseconds.
uint64_t martlet_host_nanoseconds(void);
/// Peak resident set of this process in bytes.
uint64_t martlet_host_peak_resident_bytes(void);
/// Resident memory that is this process's own, not a file's: bytes, or 0 where the system does not tell.
uint64_t martlet_host_private_bytes(void);
/// Whole zeroed pages; NULL when there is no memory.
void *martlet_host_allocate_pages(size_t count);
/// Whether the system would give so many bytes at this moment: 1, or 0. Costs two system calls.
int32_t martlet_host_has_memory(size_t count);
/// Lets all threads that begin from now on share so many heaps, where the C library gives each thread one of its own: glibc
/// reserves 64 MiB of addresses for each.
void martlet_host_limit_heaps(int32_t count);
/// Whether the system would give so many threads at once, up to 512, besides those that run: 1, or 0.
int32_t martlet_host_has_threads(int32_t count);
/// Writes all bytes to a file descriptor (1 = standard output, 2 = standard error). 0, or errno.
int32_t martlet_host_write(int32_t descriptor, const void *bytes, size_t count);
/// Ends the process.
_Noreturn void martlet_host_exit(int32_t status);

#endif
