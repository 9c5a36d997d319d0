#include "shared/model/id.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#define REPLICA_DOMAIN "satchel/replica/1"
#define DERIVE_DOMAIN "satchel/derive/1"
#define REPLICA_HASH_BYTES 9
#define WRITE_HASH_BYTES 18

static_assert(BASE64_CHARS(REPLICA_HASH_BYTES) + 1 == REPLICA_CHARS,
              "a kind letter and the hash make a replica id");
static_assert(BASE64_CHARS(WRITE_HASH_BYTES) == WRITE_ID_CHARS,
              "the hash makes a write id");

static void uuid_format(char out[ID_CHARS + 1], uint8_t uuid[16],
                        unsigned version)
{
    uuid[6] = (uint8_t)(version << 4 | (uuid[6] & 0x0f));
    uuid[8] = (uint8_t)(0x80 | (uuid[8] & 0x3f));
    char hex[33];
    hex_encode(hex, uuid, 16);
    const char *from = hex;
    for (size_t i = 0; i < ID_CHARS; i++)
        out[i] = i == 8 || i == 13 || i == 18 || i == 23 ? '-' : *from++;
    out[ID_CHARS] = '\0';
}

void id_new(char out[ID_CHARS + 1], int64_t wall_ms,
            const struct random *random)
{
    uint8_t uuid[16];
    uint64_t ms = wall_ms < 0 ? 0 : (uint64_t)wall_ms;
    random_fill(random, uuid, sizeof uuid);
    for (int i = 0; i < 6; i++)
        uuid[i] = (uint8_t)(ms >> (40 - 8 * i));
    uuid_format(out, uuid, 7);
}

static void hash_add_text(crypto_generichash_state *hash, const char *text)
{
    /* The NUL that ends the text separates it from what follows. */
    crypto_generichash_update(hash, (const uint8_t *)text, strlen(text) + 1);
}

static void hash_two(uint8_t out[HASH_BYTES], const char *domain,
                     const char *first, struct bytes second)
{
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, NULL, 0, HASH_BYTES);
    hash_add_text(&hash, domain);
    hash_add_text(&hash, first);
    crypto_generichash_update(&hash, second.at, second.size);
    crypto_generichash_final(&hash, out, HASH_BYTES);
}

void id_derive(char out[ID_CHARS + 1], const char *space, struct bytes name)
{
    uint8_t hash[HASH_BYTES];
    hash_two(hash, DERIVE_DOMAIN, space, name);
    uuid_format(out, hash, 8);
}

bool id_valid(struct bytes text)
{
    if (text.size != ID_CHARS)
        return false;
    for (size_t i = 0; i < ID_CHARS; i++) {
        uint8_t c = text.at[i];
        bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? c != '-' : !hex)
            return false;
    }
    return true;
}

void replica_id(char out[REPLICA_CHARS + 1], char kind, const char *agency,
                const uint8_t key[KEY_BYTES])
{
    assert(kind == 'w' || kind == 'o');
    uint8_t hash[HASH_BYTES];
    hash_two(hash, REPLICA_DOMAIN, agency, bytes_of(key, KEY_BYTES));
    out[0] = kind;
    base64_encode(out + 1, hash, REPLICA_HASH_BYTES);
}

static bool base64_digit(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool replica_valid(struct bytes text)
{
    if (text.size != REPLICA_CHARS || (text.at[0] != 'w' && text.at[0] != 'o'))
        return false;
    for (size_t i = 1; i < text.size; i++)
        if (!base64_digit(text.at[i]))
            return false;
    return true;
}

bool replica_is_office(struct bytes text)
{
    return replica_valid(text) && text.at[0] == 'o';
}

bool name_valid(struct bytes text)
{
    if (text.size < 1 || text.size > NAME_CHARS_MAX)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.at[i];
        bool first = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!first && (i == 0 || (c != '_' && c != '.' && c != '-')))
            return false;
    }
    return true;
}

bool scope_valid(struct bytes text)
{
    static const char *const prefixes[] = {"caseload:", "site:"};
    if (bytes_is(text, "agency"))
        return true;
    if (text.size > SCOPE_CHARS_MAX)
        return false;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t size = strlen(prefixes[i]);
        if (text.size > size && memcmp(text.at, prefixes[i], size) == 0)
            return name_valid(bytes_of(text.at + size, text.size - size));
    }
    return false;
}

void hash_bytes(uint8_t out[HASH_BYTES], struct bytes bytes)
{
    crypto_generichash(out, HASH_BYTES, bytes.at, bytes.size, NULL, 0);
}

void write_id(char out[WRITE_ID_CHARS + 1], struct bytes original_line)
{
    uint8_t hash[HASH_BYTES];
    hash_bytes(hash, original_line);
    base64_encode(out, hash, WRITE_HASH_BYTES);
}

uint64_t hash_share(const uint8_t hash[HASH_BYTES])
{
    return load_le64(hash);
}
