#include "shared/replica/record_check.h"

#include <string.h>
#include "shared/replica/vault_inner.h"

_Static_assert(VAULT_DETAIL_CHARS >= CHECK_DETAIL_CHARS,
               "a refusal fits into the vault's detail");

struct naming {
    struct vault *vault;
    struct state_row *named;
};

static enum err is_other(void *context, struct bytes id, struct bytes target,
                         bool *other)
{
    struct naming *naming = context;
    struct state_row *row = naming->named;
    uint8_t token[TOKEN_KEYED_BYTES];
    *row = (struct state_row){.id = 0};
    enum err err = state_find(naming->vault, id, row);
    vault_token(naming->vault, "type", target, token);
    *other = !err && row->id && row->has_type &&
             memcmp(row->type, token, sizeof token) != 0;
    return err;
}

enum err record_check(struct vault *vault, const struct schema_type *type,
                      struct bytes name, const struct record_write *write,
                      const struct canon *state, struct record_parts *out,
                      struct buffer *warning)
{
    struct naming naming = {vault, &out->named};
    const struct check check = {.type = type,
                                .type_name = name,
                                .state = state,
                                .lenient = write->lenient,
                                .arena = &vault->arena,
                                .warning = warning,
                                .detail = vault->detail,
                                .is_other = is_other,
                                .context = &naming};
    const struct check_given given = {.set = write->set,
                                      .add = write->add,
                                      .drop = write->drop,
                                      .keep = write->keep,
                                      .seal = write->seal};
    return check_parts(&check, &given, &out->parts);
}
