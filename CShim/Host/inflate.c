#include "library.h"
#include "CHost.h"
#include <limits.h>
#include <string.h>

// zlib 1.x's stream (stable since 1.0), declared here so that the build needs no header of zlib.
typedef struct {
  const uint8_t *nextInput;
  unsigned int availableInput;
  unsigned long totalInput;
  uint8_t *nextOutput;
  unsigned int availableOutput;
  unsigned long totalOutput;
  const char *message;
  void *state;
  void *(*allocate)(void *, unsigned int, unsigned int);
  void (*release)(void *, void *);
  void *opaque;
  int dataType;
  unsigned long adler;
  unsigned long reserved;
} Stream;

typedef struct {
  int (*initialize)(Stream *, int windowBits, const char *version, int streamSize);
  int (*inflate)(Stream *, int flush);
  int (*reset)(Stream *);
  int (*end)(Stream *);
} Zlib;

enum { Z_OK = 0, Z_STREAM_END = 1, Z_MEM_ERROR = -4, Z_BUF_ERROR = -5 };

static unsigned int atMostOneCall(size_t count) { return count > UINT_MAX ? UINT_MAX : (unsigned int)count; }

// Runs one stream (one gzip member) to its end and moves the two positions behind it.
static int32_t runStream(const Zlib *zlib, Stream *stream, const uint8_t **input, const uint8_t *inputEnd,
                         uint8_t **output, const uint8_t *outputEnd) {
  for (;;) {
    stream->nextInput = *input;
    stream->availableInput = atMostOneCall((size_t)(inputEnd - *input));
    stream->nextOutput = *output;
    stream->availableOutput = atMostOneCall((size_t)(outputEnd - *output));
    const int status = zlib->inflate(stream, 0);
    *input = stream->nextInput;
    *output = stream->nextOutput;
    if (status == Z_STREAM_END) return MARTLET_INFLATE_OK;
    if (status == Z_MEM_ERROR) return MARTLET_INFLATE_NO_MEMORY;
    if (status == Z_BUF_ERROR) {
      return *input == inputEnd ? MARTLET_INFLATE_TRUNCATED : MARTLET_INFLATE_TOO_LONG;
    }
    if (status != Z_OK) return MARTLET_INFLATE_CORRUPT;
  }
}

static int32_t inflateAll(const Zlib *zlib, int32_t wrapper, const uint8_t *bytes, size_t count, uint8_t *output,
                          size_t capacity, size_t *written) {
  const int windowBits = wrapper == MARTLET_DEFLATE_RAW ? -15 : wrapper == MARTLET_DEFLATE_ZLIB ? 15 : 31;
  Stream stream;
  memset(&stream, 0, sizeof stream);
  const int status = zlib->initialize(&stream, windowBits, "1", (int)sizeof stream);
  if (status != Z_OK) return status == Z_MEM_ERROR ? MARTLET_INFLATE_NO_MEMORY : MARTLET_INFLATE_NO_LIBRARY;

  const uint8_t *input = bytes, *inputEnd = bytes + count;
  uint8_t *end = output;
  int32_t result = runStream(zlib, &stream, &input, inputEnd, &end, output + capacity);
  while (result == MARTLET_INFLATE_OK && wrapper == MARTLET_DEFLATE_GZIP && inputEnd - input > 1 &&
         input[0] == 0x1F && input[1] == 0x8B) {
    zlib->reset(&stream);
    result = runStream(zlib, &stream, &input, inputEnd, &end, output + capacity);
  }
  zlib->end(&stream);
  *written = (size_t)(end - output);
  return result;
}

static void *openZlib(Zlib *zlib) {
  void *library = openLibrary("libz.so.1", "libz.dylib");
  if (!library) return NULL;
  *(void **)&zlib->initialize = dlsym(library, "inflateInit2_");
  *(void **)&zlib->inflate = dlsym(library, "inflate");
  *(void **)&zlib->reset = dlsym(library, "inflateReset");
  *(void **)&zlib->end = dlsym(library, "inflateEnd");
  if (zlib->initialize && zlib->inflate && zlib->reset && zlib->end) return library;
  dlclose(library);
  return NULL;
}

int32_t martlet_host_inflate(int32_t wrapper, const void *bytes, size_t count, void *output, size_t capacity,
                             size_t *written) {
  *written = 0;
  Zlib zlib;
  void *library = openZlib(&zlib);
  if (!library) return MARTLET_INFLATE_NO_LIBRARY;
  const int32_t result = inflateAll(&zlib, wrapper, bytes, count, output, capacity, written);
  dlclose(library);
  return result;
}

int32_t martlet_host_find_zlib(char *path, size_t capacity) {
  Zlib zlib;
  void *library = openZlib(&zlib);
  if (!library) return 0;
  nameLibrary(*(void **)&zlib.inflate, path, capacity);
  dlclose(library);
  return 1;
}

int32_t martlet_host_deflate(const void *bytes, size_t count, void *output, size_t capacity, size_t *written) {
  *written = 0;
  void *library = openLibrary("libz.so.1", "libz.dylib");
  if (!library) return MARTLET_INFLATE_NO_LIBRARY;
  int (*compress)(uint8_t *, unsigned long *, const uint8_t *, unsigned long, int level);
  *(void **)&compress = dlsym(library, "compress2");
  int32_t result = MARTLET_INFLATE_NO_LIBRARY;
  if (compress) {
    unsigned long size = capacity;
    result = compress(output, &size, bytes, count, 9) == Z_OK ? MARTLET_INFLATE_OK : MARTLET_INFLATE_TOO_LONG;
    *written = result == MARTLET_INFLATE_OK ? size : 0;
  }
  dlclose(library);
  return result;
}

uint32_t martlet_host_crc32(const void *bytes, size_t count) {
  // table[k][b]: the checksum of byte b followed by k zero bytes, so that eight bytes go in one step.
  uint32_t table[8][256];
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t value = byte;
    for (int bit = 0; bit < 8; bit++) value = (value >> 1) ^ (0xEDB88320u & (0u - (value & 1u)));
    table[0][byte] = value;
  }
  for (int zeros = 1; zeros < 8; zeros++) {
    for (int byte = 0; byte < 256; byte++) {
      const uint32_t shorter = table[zeros - 1][byte];
      table[zeros][byte] = (shorter >> 8) ^ table[0][shorter & 255];
    }
  }
  const uint8_t *next = bytes;
  uint32_t value = 0xFFFFFFFFu;
  for (; count >= 8; count -= 8, next += 8) {
    value ^= (uint32_t)next[0] | (uint32_t)next[1] << 8 | (uint32_t)next[2] << 16 | (uint32_t)next[3] << 24;
    value = table[7][value & 255] ^ table[6][value >> 8 & 255] ^ table[5][value >> 16 & 255] ^ table[4][value >> 24] ^
            table[3][next[4]] ^ table[2][next[5]] ^ table[1][next[6]] ^ table[0][next[7]];
  }
  for (; count; count--) value = (value >> 8) ^ table[0][(value ^ *next++) & 255];
  return ~value;
}
