#include "tests/sim/types.h"

#include <stdio.h>
#include <string.h>

#include "server/ingest.h"
#include "server/store_record.h"
#include "server/verify.h"
#include "tests/sim/people.h"
#include "tests/types.h"

#define TYPE "visit"
#define VERSIONS_MAX 3

/* Each has a field more than the one before; the last changes a rule too. */
static const char *const fields[VERSIONS_MAX] = {
    "\"person\":{\"kind\":\"record\",\"rule\":\"fixed\",\"title\":\"Person\"},"
    "\"topic\":{\"kind\":\"text\",\"rule\":\"both\",\"title\":\"Topic\"}",
    "\"mood\":{\"kind\":\"text\",\"rule\":\"latest\",\"title\":\"Mood\"},"
    "\"person\":{\"kind\":\"record\",\"rule\":\"fixed\",\"title\":\"Person\"},"
    "\"topic\":{\"kind\":\"text\",\"rule\":\"both\",\"title\":\"Topic\"}",
    "\"mood\":{\"kind\":\"text\",\"rule\":\"both\",\"title\":\"Mood\"},"
    "\"person\":{\"kind\":\"record\",\"rule\":\"fixed\",\"title\":\"Person\"},"
    "\"risk\":{\"kind\":\"bool\",\"order\":[[false,true]],\"rule\":\"safest\","
    "\"title\":\"Risk\"},"
    "\"topic\":{\"kind\":\"text\",\"rule\":\"both\",\"title\":\"Topic\"}",
};

static int64_t version_of(const struct schema *schema)
{
    const struct schema_type *type =
        schema ? schema_type(schema, bytes_text(TYPE)) : NULL;
    return type ? type_version(type) : 0;
}

static enum err define(struct world *world, int64_t version)
{
    char id[ID_CHARS + 1], text[1024];
    struct record_row row;
    struct buffer bytes, set;
    struct seen seen;
    struct dot dot;
    id_derive(id, "schema", bytes_text(TYPE));
    seen_init(&seen);
    buffer_init(&bytes, STATE_BYTES_MAX);
    buffer_init(&set, ORIGINAL_BYTES_MAX);
    snprintf(text, sizeof text,
             "{\"fields\":{%s},\"home\":\"case\",\"title\":\"Visit\","
             "\"type\":\"" TYPE "\",\"version\":%lld}",
             fields[version - 1], (long long)version);
    buffer_add_text(&set, "{\"definition\":");
    canon_put_text(&set, bytes_text(text));
    buffer_printf(&set, ",\"name\":\"" TYPE "\",\"version\":%lld}",
                  (long long)version);
    enum err err = store_record_find(&world->sql, world->office->agency,
                                     bytes_text(id), &row, &bytes);
    bool creates = err == ERR_NOT_FOUND;
    err = creates ? ERR_OK : err ? err : fold_context(row.memo, &seen);
    struct revision_draft draft = {.record = id,
                                   .type = creates ? "schema" : NULL,
                                   .seen = &seen,
                                   .set = buffer_bytes(&set)};
    if (!err)
        err = ingest_office(world->office, &world->sql, "admin", &draft, &dot);
    buffer_fini(&set);
    buffer_fini(&bytes);
    seen_fini(&seen);
    return err;
}

void types_step(struct world *world)
{
    if (!world->office || !office_steady(world))
        return;
    int64_t version = version_of(world->office->schema) + 1;
    if (version > VERSIONS_MAX || office_begin(world))
        return;
    enum err err = office_end(world, define(world, version));
    if (!err)
        err = office_rebuild(world->office, &world->sql);
    world_say(world, "the office defines " TYPE " version %lld: %s",
              (long long)version, err_name(err));
    if (err)
        world_fail(world, "a type is not defined: %s %s", err_name(err),
                   world->office->detail);
}

static void change(struct world *world, int64_t version, char *out, size_t room)
{
    int number = (int)world_dice(world, 1000);
    switch ((int)world_dice(world, (uint64_t)version)) {
    case 0:
        snprintf(out, room, "\"topic\":\"topic %d\"", number);
        break;
    case 1:
        snprintf(out, room, "\"mood\":\"mood %d\"", number % 5);
        break;
    default:
        snprintf(out, room, "\"risk\":%s", number % 2 ? "true" : "false");
    }
}

static void begin_one(struct world *world, struct device *d, int64_t version)
{
    char person[ID_CHARS + 1], some[64], set[256];
    if (!people_pick(world, d, "person", person))
        return;
    change(world, version, some, sizeof some);
    /* Sorted: mood, person, risk, topic. */
    bool before = some[1] == 'm';
    snprintf(set, sizeof set, "{%s%s\"person\":\"%s\"%s%s}", before ? some : "",
             before ? "," : "", person, before ? "" : ",", before ? "" : some);
    struct record_write write = {.type = TYPE, .set = bytes_text(set)};
    people_write(world, d, &write, NULL, TYPE, person);
}

static void go_on(struct world *world, struct device *d, const char *record,
                  int64_t version)
{
    struct form form = {0};
    char some[64], set[128];
    buffer_init(&form.context, 1u << 20);
    if (form_open(world, d, &form, record, TYPE)) {
        change(world, version, some, sizeof some);
        snprintf(set, sizeof set, "{%s}", some);
        struct record_write write = {.record = record,
                                     .context = buffer_text(&form.context),
                                     .set = bytes_text(set)};
        people_write(world, d, &write, &form, TYPE, NULL);
    }
    buffer_fini(&form.context);
}

void types_visit(struct world *world)
{
    struct device *d = device_any(world);
    char record[ID_CHARS + 1];
    int64_t version = d ? version_of(vault_schema(d->vault)) : 0;
    if (!version)
        return;
    world_cover(world, "a type of version %lld is written", (long long)version);
    if (world_dice(world, 3) && people_pick(world, d, TYPE, record))
        go_on(world, d, record, version);
    else
        begin_one(world, d, version);
}
