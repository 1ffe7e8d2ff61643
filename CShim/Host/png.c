#include "library.h"
#include "CHost.h"
#include <stdio.h>
#include <string.h>

// libpng 1.6's simplified interface, declared here so that the build needs none of its headers.
typedef struct {
  void *control;
  uint32_t version;
  uint32_t width;
  uint32_t height;
  uint32_t format;
  uint32_t flags;
  uint32_t colormapEntries;
  uint32_t warningOrError;
  char message[64];
} Picture;

typedef struct {
  int (*begin)(Picture *, const void *bytes, size_t count);
  int (*finish)(Picture *, const void *background, void *pixels, int32_t rowStride, void *colormap);
  void (*release)(Picture *);
} PNG;

enum { PICTURE_VERSION = 1, FORMAT_ALPHA = 1, FORMAT_COLOR = 2 };
// 16-bit samples are taken as sRGB like the 8-bit ones, not as linear light.
enum { FLAG_16_BIT_IS_SRGB = 4 };

static void *openPNG(PNG *png) {
  void *library = openLibrary("libpng16.so.16", "libpng16.dylib");
  if (!library) return NULL;
  *(void **)&png->begin = dlsym(library, "png_image_begin_read_from_memory");
  *(void **)&png->finish = dlsym(library, "png_image_finish_read");
  *(void **)&png->release = dlsym(library, "png_image_free");
  if (png->begin && png->finish && png->release) return library;
  dlclose(library);
  return NULL;
}

int32_t martlet_host_png_header(const void *bytes, size_t count, martlet_host_image *image) {
  return martlet_host_png_decode(bytes, count, image, NULL);
}

int32_t martlet_host_png_decode(const void *bytes, size_t count, martlet_host_image *image, uint8_t *pixels) {
  PNG png;
  void *library = openPNG(&png);
  if (!library) return MARTLET_IMAGE_NO_LIBRARY;
  Picture picture;
  memset(&picture, 0, sizeof picture);
  picture.version = PICTURE_VERSION;
  int isRead = png.begin(&picture, bytes, count);
  if (isRead) {
    const uint32_t format = picture.format & (FORMAT_ALPHA | FORMAT_COLOR);
    const int32_t channels = 1 + (int32_t)(format & FORMAT_ALPHA) + (int32_t)(format & FORMAT_COLOR);
    picture.format = format;
    picture.flags |= FLAG_16_BIT_IS_SRGB;
    if (!pixels) {
      image->width = (int32_t)picture.width;
      image->height = (int32_t)picture.height;
      image->channels = channels;
    } else {
      // The file may not have grown since the header was read into `image` and the pixels were allocated.
      isRead = image->width == (int32_t)picture.width && image->height == (int32_t)picture.height &&
               image->channels == channels && png.finish(&picture, NULL, pixels, 0, NULL);
    }
  }
  if (!isRead) snprintf(image->message, sizeof image->message, "%s", picture.message);
  png.release(&picture);
  dlclose(library);
  return isRead ? MARTLET_IMAGE_OK : MARTLET_IMAGE_CORRUPT;
}

int32_t martlet_host_find_png(char *path, size_t capacity) {
  PNG png;
  void *library = openPNG(&png);
  if (!library) return 0;
  nameLibrary(*(void **)&png.begin, path, capacity);
  dlclose(library);
  return 1;
}
