/// Where the libraries are that this module opens at run time.
#ifndef CHOST_LIBRARIES_H
#define CHOST_LIBRARIES_H

#include <stddef.h>
#include <stdint.h>

// Each says 1 when the library opens and has every function that is called, and 0 otherwise; `path` then holds the
// file's name, ended by a zero and cut off at `capacity` bytes.

/// libjpeg-turbo's TurboJPEG interface.
int32_t martlet_host_find_turbojpeg(char *path, size_t capacity);
/// libpng 1.6.
int32_t martlet_host_find_png(char *path, size_t capacity);
/// zlib.
int32_t martlet_host_find_zlib(char *path, size_t capacity);
/// libsodium.
int32_t martlet_host_find_sodium(char *path, size_t capacity);

#endif
