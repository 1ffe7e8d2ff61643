#include "library.h"
#include "CHost.h"
#include <stdalign.h>

// libsodium's functions (stable since 1.0.12), declared here so that the build needs no header of it.
typedef struct {
  int (*initialize)(void);
  size_t (*stateBytes)(void);
  int (*newKeyPair)(unsigned char *, unsigned char *);
  int (*begin)(void *);
  int (*add)(void *, const unsigned char *, unsigned long long);
  int (*sign)(void *, unsigned char *, unsigned long long *, const unsigned char *);
  int (*check)(void *, const unsigned char *, const unsigned char *);
} Sodium;

/// Room for libsodium's state of a growing message (208 bytes in 1.0.18).
enum { STATE_BYTES = 1024 };

static int32_t openSodium(Sodium *sodium) {
  void *library = openLibrary("libsodium.so.23", "libsodium.so");
  if (!library) return MARTLET_SODIUM_NO_LIBRARY;
  *(void **)&sodium->initialize = dlsym(library, "sodium_init");
  *(void **)&sodium->stateBytes = dlsym(library, "crypto_sign_statebytes");
  *(void **)&sodium->newKeyPair = dlsym(library, "crypto_sign_keypair");
  *(void **)&sodium->begin = dlsym(library, "crypto_sign_init");
  *(void **)&sodium->add = dlsym(library, "crypto_sign_update");
  *(void **)&sodium->sign = dlsym(library, "crypto_sign_final_create");
  *(void **)&sodium->check = dlsym(library, "crypto_sign_final_verify");
  if (!sodium->initialize || !sodium->stateBytes || !sodium->newKeyPair || !sodium->begin || !sodium->add ||
      !sodium->sign || !sodium->check || sodium->initialize() < 0 || sodium->stateBytes() > STATE_BYTES)
    return MARTLET_SODIUM_NO_LIBRARY;
  return MARTLET_SODIUM_OK;
}

int32_t martlet_host_new_key_pair(uint8_t *public_key, uint8_t *secret_key) {
  Sodium sodium;
  if (openSodium(&sodium) != MARTLET_SODIUM_OK) return MARTLET_SODIUM_NO_LIBRARY;
  return sodium.newKeyPair(public_key, secret_key) == 0 ? MARTLET_SODIUM_OK : MARTLET_SODIUM_REFUSED;
}

int32_t martlet_host_sign(const void *message, size_t count, const uint8_t *secret_key, uint8_t *signature) {
  Sodium sodium;
  if (openSodium(&sodium) != MARTLET_SODIUM_OK) return MARTLET_SODIUM_NO_LIBRARY;
  alignas(64) unsigned char state[STATE_BYTES];
  unsigned long long written = 0;
  if (sodium.begin(state) != 0 || sodium.add(state, message, count) != 0 ||
      sodium.sign(state, signature, &written, secret_key) != 0)
    return MARTLET_SODIUM_REFUSED;
  return MARTLET_SODIUM_OK;
}

int32_t martlet_host_check_signature(const void *message, size_t count, const uint8_t *public_key,
                                     const uint8_t *signature) {
  Sodium sodium;
  if (openSodium(&sodium) != MARTLET_SODIUM_OK) return MARTLET_SODIUM_NO_LIBRARY;
  alignas(64) unsigned char state[STATE_BYTES];
  if (sodium.begin(state) != 0 || sodium.add(state, message, count) != 0 ||
      sodium.check(state, signature, public_key) != 0)
    return MARTLET_SODIUM_REFUSED;
  return MARTLET_SODIUM_OK;
}

int32_t martlet_host_find_sodium(char *path, size_t capacity) {
  Sodium sodium;
  if (openSodium(&sodium) != MARTLET_SODIUM_OK) return 0;
  nameLibrary(*(void **)&sodium.sign, path, capacity);
  return 1;
}
