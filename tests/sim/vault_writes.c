#include "tests/sim/vault_writes.h"

#include "shared/replica/log_scan.h"
#include "shared/replica/own_logs.h"

static enum err note(struct map *ids, const char *write)
{
    return map_put(ids, bytes_text(write), ids);
}

/* Of its own logs a vault gives back what it cannot read, too. */
static enum err note_line(struct map *ids, const struct own_logs *own,
                          const struct log_scan *scan)
{
    char write[BASE64_CHARS(HASH_BYTES) + 1];
    enum err err = ERR_OK;
    if (own_logs_find(own, scan->log)) {
        base64_encode(write, scan->hash, HASH_BYTES);
        write[WRITE_ID_CHARS] = 0;
        err = note(ids, write);
    }
    if (!err && scan->revision)
        err = note(ids, scan->revision->write);
    return err;
}

enum err vault_writes_add(struct vault *vault, struct map *ids)
{
    struct own_logs own;
    struct log_scan scan;
    enum err err = vault_refresh(vault);
    if (!err)
        err = own_logs_load(vault, &own);
    if (err)
        return err;
    log_scan_init(&scan);
    while (!err) {
        err = log_scan_next(vault, &scan);
        if (!err)
            err = note_line(ids, &own, &scan);
    }
    log_scan_fini(&scan);
    own_logs_fini(&own);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}
