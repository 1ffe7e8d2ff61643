// Opening a shared library at run time, for the files of this folder only.
#ifndef MARTLET_HOST_LIBRARY_H
#define MARTLET_HOST_LIBRARY_H

#include <dlfcn.h>
#include <stddef.h>

/// The first of two names that opens, or NULL. The library stays mapped after dlclose, so that opening it again for
/// the next file costs a look-up and no handle has to be kept in a global.
static inline void *openLibrary(const char *name, const char *otherName) {
  void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  return library ? library : dlopen(otherName, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
}

#endif
