#include <string.h>
#include "server/ingest_batch.h"
#include "server/office_inner.h"

static const char record_next[] =
    "SELECT record FROM record WHERE agency = $1 AND type = $2 "
    "AND record > $3 ORDER BY record LIMIT 1";

static enum err record_read(void *context, const struct sql_value *row,
                            size_t columns)
{
    (void)columns;
    sql_copy_text(context, ID_CHARS + 1, &row[0]);
    return ERR_OK;
}

enum err ingest_each_of_type(struct batch *b, struct bytes type,
                             ingest_each_record *each)
{
    char record[ID_CHARS + 1] = "";
    enum err err = ERR_OK;
    while (!err) {
        err = sql_find(b->sql, record_next,
                       SQL_VALUES(sql_text(b->agency), sql_text_bytes(type),
                                  sql_text(record)),
                       record_read, record);
        if (!err)
            err = each(b, record);
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Should this not be committed, the next batch sees that the store's types are
 * others (office_schema_current()). */
enum err ingest_types(struct batch *b)
{
    const struct schema *before = b->office->schema; /* lives on as retired */
    if (!b->schema_changed)
        return ERR_OK;
    enum err err = office_schema_refresh(b->office, b->sql);
    const struct schema *now = b->office->schema;
    for (size_t i = 0; !err && i < schema_type_count(now); i++) {
        const struct schema_type *type, *old;
        err = schema_at(now, i, &type);
        if (!err)
            err = schema_find(before, type_name(type), &old);
        if (err)
            return err;
        if (old && type_version(old) == type_version(type))
            continue;
        err = ingest_each_of_type(b, type_name(type), ingest_again);
        if (!err)
            err = ingest_number_type(b, type);
    }
    return err;
}
