/* Names of things: record UUIDs, replica ids, write ids, scopes, user names.
 *
 * A record id is any RFC 9562 UUID in lower-case text.  A replica id is 'w'
 * (a worker's vault) or 'o' (an office term) and 12 base64url characters: the
 * first 72 bits of BLAKE2b-256("satchel/replica/1" NUL agency NUL key).  A
 * write id is the first 18 bytes of the BLAKE2b-256 of the original line, in
 * base64url.  Pure. */
#ifndef MODEL_ID_H
#define MODEL_ID_H

#include "shared/base/bytes.h"
#include "shared/base/random.h"

#define ID_CHARS 36        /* a UUID as text */
#define REPLICA_CHARS 13   /* a replica id */
#define WRITE_ID_CHARS 24  /* a write id */
#define HASH_BYTES 32      /* BLAKE2b-256 */
#define KEY_BYTES 32       /* Ed25519 public key */
#define SIGNATURE_BYTES 64 /* Ed25519 signature */
#define SCOPE_CHARS_MAX 64 /* "agency", "caseload:NAME", "site:NAME" */
#define NAME_CHARS_MAX 64  /* agency slugs, users, types, fields, codes */

/* Writes a UUIDv7 of this wall time and its NUL. */
void id_new(char out[ID_CHARS + 1], int64_t wall_ms,
            const struct random *random);
/* A UUIDv8 that depends only on `space` and `name`, the same on every replica:
 * BLAKE2b-256("satchel/derive/1" NUL space NUL name), its first 16 bytes. */
void id_derive(char out[ID_CHARS + 1], const char *space, struct bytes name);
bool id_valid(struct bytes text); /* lower-case RFC 9562 text, any version */

void replica_id(char out[REPLICA_CHARS + 1], char kind, const char *agency,
                const uint8_t key[KEY_BYTES]);
bool replica_valid(struct bytes text);
bool replica_is_office(struct bytes text);

/* 1..64 of [a-z0-9_.-], starting with a letter or digit. */
bool name_valid(struct bytes text);
bool scope_valid(struct bytes text);

void hash_bytes(uint8_t out[HASH_BYTES], struct bytes bytes); /* BLAKE2b-256 */
void write_id(char out[WRITE_ID_CHARS + 1], struct bytes original_line);
/* First eight bytes of a line's hash, little endian: its share in a sum. */
uint64_t hash_share(const uint8_t hash[HASH_BYTES]);

#endif
