/// JPEG and PNG through libjpeg-turbo (TurboJPEG interface) and libpng (simplified interface), opened at run time.
#ifndef CHOST_IMAGES_H
#define CHOST_IMAGES_H

#include <stddef.h>
#include <stdint.h>

enum {
  MARTLET_IMAGE_OK = 0,
  MARTLET_IMAGE_NO_LIBRARY = 1,
  /// The library refuses the file; `message` holds its words.
  MARTLET_IMAGE_CORRUPT = 2,
};

/// What a picture's header says, or the library's complaint.
typedef struct {
  int32_t width;
  int32_t height;
  /// As it will be decoded, one byte each, interleaved: 1 gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha (PNG) or
  /// inverted CMYK (JPEG).
  int32_t channels;
  char message[80];
} martlet_host_image;

/// Reads the header. The caller then checks the size and allocates width × height × channels bytes for decode.
int32_t martlet_host_jpeg_header(const void *bytes, size_t count, martlet_host_image *image);
/// Decodes with the accurate inverse transform and smooth chroma upsampling. Data that end early are refused.
int32_t martlet_host_jpeg_decode(const void *bytes, size_t count, martlet_host_image *image, uint8_t *pixels);
/// Reads the header. Palettes become RGB, 16 bits become 8, transparency becomes alpha (not premultiplied).
int32_t martlet_host_png_header(const void *bytes, size_t count, martlet_host_image *image);
int32_t martlet_host_png_decode(const void *bytes, size_t count, martlet_host_image *image, uint8_t *pixels);

#endif
