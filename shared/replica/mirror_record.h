/* What stands in a mirror and in a vault's key file (mirror.h): records of a
 * journal, each a canonical JSON object.
 *
 * Everything secret in them is sealed as it is in the vault, so that a file is
 * worth no more than the vault that it stands for. */
#ifndef REPLICA_MIRROR_RECORD_H
#define REPLICA_MIRROR_RECORD_H

#include "shared/base/arena.h"
#include "shared/model/chain.h"
#include "shared/replica/vault_keys.h"

#define MIRROR_RECORD_BYTES_MAX (4u << 20)

enum mirror_kind { MIRROR_KEYS = 1, MIRROR_CASE, MIRROR_LINE };

/* How to come by the vault key, and who wrote. */
struct mirror_keys {
    struct key_row row;
    int64_t destroyed;               /* how often case keys were, up to then */
    char agency[NAME_CHARS_MAX + 1]; /* "": not enrolled yet */
    char replica[REPLICA_CHARS + 1];
    char user[NAME_CHARS_MAX + 1];
};

/* A case key; wraps are borrowed, empty when there is none. */
struct mirror_case {
    int64_t id; /* case_key.id */
    uint8_t token[TOKEN_KEYED_BYTES];
    struct bytes vault_wrap, office_wrap;
};

struct mirror_line {
    char replica[REPLICA_CHARS + 1];
    int64_t n, key;    /* case_key.id */
    struct bytes body; /* the envelope */
    bool is_signed;
    uint8_t signature[SIGNATURE_BYTES]; /* over link(n) */
};

MUST_CHECK enum err mirror_keys_write(struct buffer *out,
                                      const struct mirror_keys *keys);
MUST_CHECK enum err mirror_case_write(struct buffer *out,
                                      const struct mirror_case *kase);
MUST_CHECK enum err mirror_line_write(struct buffer *out,
                                      const struct mirror_line *line);
/* ERR_INVALID when it is none. */
MUST_CHECK enum err mirror_keys_read(struct arena *arena, struct bytes text,
                                     struct mirror_keys *out);
MUST_CHECK enum err mirror_case_read(struct arena *arena, struct bytes text,
                                     struct mirror_case *out);
MUST_CHECK enum err mirror_line_read(struct arena *arena, struct bytes text,
                                     struct mirror_line *out);

#endif
