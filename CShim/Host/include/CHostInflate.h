/// Decompression (DEFLATE, zlib, gzip) and compression (zlib) through zlib opened at run time, and the checksum that those formats use.
#ifndef CHOST_INFLATE_H
#define CHOST_INFLATE_H

#include <stddef.h>
#include <stdint.h>

/// The wrapper around the compressed data: none (RFC 1951, zip entries), zlib (RFC 1950) or gzip (RFC 1952).
enum {
  MARTLET_DEFLATE_RAW = 0,
  MARTLET_DEFLATE_ZLIB = 1,
  MARTLET_DEFLATE_GZIP = 2,
};

enum {
  MARTLET_INFLATE_OK = 0,
  MARTLET_INFLATE_NO_LIBRARY = 1,
  MARTLET_INFLATE_NO_MEMORY = 2,
  /// The data break the format's rules or fail its checksum.
  MARTLET_INFLATE_CORRUPT = 3,
  /// The data end before the stream does.
  MARTLET_INFLATE_TRUNCATED = 4,
  /// The output is full before the stream ends.
  MARTLET_INFLATE_TOO_LONG = 5,
};

/// Decompresses one stream into at most `capacity` bytes and says how many it wrote. Gzip: all members, one after the
/// other. Returns one of MARTLET_INFLATE_….
int32_t martlet_host_inflate(int32_t wrapper, const void *bytes, size_t count, void *output, size_t capacity,
                             size_t *written);
/// Compresses into a zlib stream of at most `capacity` bytes and says how many it wrote. Returns MARTLET_INFLATE_OK,
/// MARTLET_INFLATE_NO_LIBRARY, or MARTLET_INFLATE_TOO_LONG when the stream does not fit.
int32_t martlet_host_deflate(const void *bytes, size_t count, void *output, size_t capacity, size_t *written);
/// CRC-32 of zip, gzip and PNG (polynomial 0xEDB88320, reflected). Needs no library.
uint32_t martlet_host_crc32(const void *bytes, size_t count);

#endif
