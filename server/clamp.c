#include <inttypes.h>
#include <string.h>
#include "server/ingest_batch.h"

/* A clock so far ahead of the office's is wrong, not early. */
#define AHEAD_MS_MAX (INT64_C(60) * 60 * 1000)

/* Only a field whose rule looks at the time can be won by a wrong clock. */
static enum err time_decides(struct batch *b, const struct revision *original,
                             struct bytes type_text, bool *decides)
{
    const struct schema_type *type;
    enum err err = schema_find(b->office->schema, type_text, &type);
    *decides = false;
    const struct canon *member = original->set ? original->set->first : NULL;
    for (; type && member; member = member->next) {
        const struct schema_field *field = type_field(type, member->name);
        if (field && field_rule(field) == RULE_LATEST)
            *decides = true;
    }
    return err;
}

enum err clamp_state(struct batch *b, const struct incoming *in,
                     const char *type)
{
    const struct revision *original = revision_original(in->revision);
    char record[ID_CHARS + 1], dot[DOT_CHARS + 1];
    struct buffer clock;
    struct dot statement;
    bool decides;
    if (original->at <= b->now + AHEAD_MS_MAX)
        return ERR_OK;
    enum err err = time_decides(b, original, bytes_text(type), &decides);
    if (err || !decides)
        return err;
    memcpy(record, in->revision->record.at, ID_CHARS);
    record[ID_CHARS] = '\0';
    dot_format(dot, &in->revision->dot);
    buffer_init(&clock, 1024);
    err = buffer_printf(&clock, "{\"%s\":%" PRId64 "}", dot, b->now);
    struct revision_draft draft = {.record = record,
                                   .clock = buffer_bytes(&clock)};
    if (!err)
        err = ingest_term(b, "office", &draft, NULL, &statement);
    buffer_fini(&clock);
    return err;
}
