// Opening a shared library at run time, for the files of this folder only.
#ifndef MARTLET_HOST_LIBRARY_H
#define MARTLET_HOST_LIBRARY_H

// For dladdr, which POSIX does not have yet.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/// The first of two names that opens, or NULL. The library stays mapped after dlclose, so that opening it again for
/// the next file costs a look-up and no handle has to be kept in a global.
static inline void *openLibrary(const char *name, const char *otherName) {
  void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  return library ? library : dlopen(otherName, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
}

/// The file that a function of an opened library comes from, cut off where there is no room for it.
static inline void nameLibrary(void *function, char *path, size_t capacity) {
  Dl_info origin;
  const int isKnown = dladdr(function, &origin) != 0 && origin.dli_fname;
  if (capacity > 0) snprintf(path, capacity, "%s", isKnown ? origin.dli_fname : "");
}

#endif
