/// Checking signatures: SHA-512 (FIPS 180-4) and Ed25519ph (RFC 8032, section 5.1). No memory but the caller's, no
/// branch or address that depends on a secret. There is no signing here: hosts sign with libsodium.
#ifndef CSIGNATURE_H
#define CSIGNATURE_H

#include <stddef.h>
#include <stdint.h>

/// A hash as it grows.
typedef struct {
    uint64_t state[8];
    uint64_t count;
    uint8_t block[128];
} martlet_sha512;

void martlet_sha512_begin(martlet_sha512 *hash);
void martlet_sha512_add(martlet_sha512 *restrict hash, const void *restrict bytes, size_t count);
/// Stores the 64 bytes of the digest. The hash must begin anew before it is used again.
void martlet_sha512_end(martlet_sha512 *restrict hash, uint8_t *restrict digest);

/// Whether `signature` (64 bytes) is Ed25519ph's, with an empty context, of a message whose SHA-512 is `digest`
/// (64 bytes), by the owner of `public_key` (32 bytes). Refuses keys of small order, points that are none and
/// scalars that are not reduced, as libsodium does.
int32_t martlet_ed25519_verify(const uint8_t *public_key, const uint8_t *signature, const uint8_t *digest);

#endif
