#include "library.h"
#include "CHost.h"
#include <stdio.h>
#include <string.h>

// The TurboJPEG interface (libjpeg-turbo 2.0 and later), declared here so that the build needs none of its headers.
typedef void *Handle;
typedef struct {
  Handle (*open)(void);
  int (*close)(Handle);
  int (*readHeader)(Handle, const unsigned char *bytes, unsigned long count, int *width, int *height, int *subsampling,
                    int *colorSpace);
  int (*decompress)(Handle, const unsigned char *bytes, unsigned long count, unsigned char *pixels, int width,
                    int pitch, int height, int pixelFormat, int flags);
  char *(*message)(Handle);
  int (*severity)(Handle);
} TurboJPEG;

enum { COLOR_GRAY = 2, COLOR_CMYK = 3, COLOR_YCCK = 4 };
enum { FORMAT_RGB = 0, FORMAT_GRAY = 6, FORMAT_CMYK = 11 };
enum { SEVERITY_WARNING = 0 };
// Pictures of more than 500 scans, which only attackers make, are refused (2.1 and later).
enum { FLAG_LIMIT_SCANS = 1 << 15 };

static void *openTurboJPEG(TurboJPEG *jpeg) {
  void *library = openLibrary("libturbojpeg.so.0", "libturbojpeg.dylib");
  if (!library) return NULL;
  *(void **)&jpeg->open = dlsym(library, "tjInitDecompress");
  *(void **)&jpeg->close = dlsym(library, "tjDestroy");
  *(void **)&jpeg->readHeader = dlsym(library, "tjDecompressHeader3");
  *(void **)&jpeg->decompress = dlsym(library, "tjDecompress2");
  *(void **)&jpeg->message = dlsym(library, "tjGetErrorStr2");
  *(void **)&jpeg->severity = dlsym(library, "tjGetErrorCode");
  if (jpeg->open && jpeg->close && jpeg->readHeader && jpeg->decompress && jpeg->message && jpeg->severity) {
    return library;
  }
  dlclose(library);
  return NULL;
}

static int32_t refuse(const TurboJPEG *jpeg, Handle handle, martlet_host_image *image) {
  snprintf(image->message, sizeof image->message, "%s", jpeg->message(handle));
  return MARTLET_IMAGE_CORRUPT;
}

static int32_t readHeader(const TurboJPEG *jpeg, Handle handle, const void *bytes, size_t count,
                          martlet_host_image *image) {
  int subsampling = 0, colorSpace = 0;
  if (jpeg->readHeader(handle, bytes, (unsigned long)count, &image->width, &image->height, &subsampling, &colorSpace)) {
    return refuse(jpeg, handle, image);
  }
  image->channels = colorSpace == COLOR_GRAY ? 1 : colorSpace == COLOR_CMYK || colorSpace == COLOR_YCCK ? 4 : 3;
  return MARTLET_IMAGE_OK;
}

static int32_t decode(const TurboJPEG *jpeg, Handle handle, const void *bytes, size_t count,
                      martlet_host_image *image, uint8_t *pixels) {
  const int format = image->channels == 1 ? FORMAT_GRAY : image->channels == 4 ? FORMAT_CMYK : FORMAT_RGB;
  const int status = jpeg->decompress(handle, bytes, (unsigned long)count, pixels, image->width,
                                      image->width * image->channels, image->height, format, FLAG_LIMIT_SCANS);
  if (status == 0) return MARTLET_IMAGE_OK;
  // The library reports warnings in the same way. Real pictures have small flaws that every viewer shows; only data
  // that end early, which leave a gray area, are refused.
  const int isWarning = jpeg->severity(handle) == SEVERITY_WARNING;
  const int isShort = strstr(jpeg->message(handle), "Premature end of JPEG file") != NULL;
  return isWarning && !isShort ? MARTLET_IMAGE_OK : refuse(jpeg, handle, image);
}

int32_t martlet_host_jpeg_header(const void *bytes, size_t count, martlet_host_image *image) {
  return martlet_host_jpeg_decode(bytes, count, image, NULL);
}

int32_t martlet_host_jpeg_decode(const void *bytes, size_t count, martlet_host_image *image, uint8_t *pixels) {
  TurboJPEG jpeg;
  void *library = openTurboJPEG(&jpeg);
  if (!library) return MARTLET_IMAGE_NO_LIBRARY;
  Handle handle = jpeg.open();
  int32_t status = handle ? MARTLET_IMAGE_OK : MARTLET_IMAGE_NO_LIBRARY;
  if (handle) {
    status = pixels ? decode(&jpeg, handle, bytes, count, image, pixels)
                    : readHeader(&jpeg, handle, bytes, count, image);
    jpeg.close(handle);
  }
  dlclose(library);
  return status;
}

int32_t martlet_host_find_turbojpeg(char *path, size_t capacity) {
  TurboJPEG jpeg;
  void *library = openTurboJPEG(&jpeg);
  if (!library) return 0;
  nameLibrary(*(void **)&jpeg.open, path, capacity);
  dlclose(library);
  return 1;
}
