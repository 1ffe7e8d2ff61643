/// Signing through libsodium, opened at run time.
#ifndef CHOST_SODIUM_H
#define CHOST_SODIUM_H

#include <stddef.h>
#include <stdint.h>

enum {
  MARTLET_SODIUM_OK = 0,
  MARTLET_SODIUM_NO_LIBRARY = 1,
  MARTLET_SODIUM_REFUSED = 2,
};

/// A new pair of keys from the system's random numbers: 32 and 64 bytes.
int32_t martlet_host_new_key_pair(uint8_t *public_key, uint8_t *secret_key);
/// The Ed25519ph signature (64 bytes) of a message, by a secret key of 64 bytes.
int32_t martlet_host_sign(const void *message, size_t count, const uint8_t *secret_key, uint8_t *signature);
/// MARTLET_SODIUM_OK when the signature is right, else MARTLET_SODIUM_REFUSED.
int32_t martlet_host_check_signature(const void *message, size_t count, const uint8_t *public_key,
                                     const uint8_t *signature);

#endif
