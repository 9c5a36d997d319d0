#include "server/lost_person.h"

#include <stdlib.h>
#include <string.h>
#include "server/record.h"

#define PEOPLE_BYTES_MAX ((size_t)1 << 28)
#define TEXT_BYTES_MAX (64u * 1024)

static const char records_of[] =
    "SELECT DISTINCT r.record, r.type FROM placed p "
    "JOIN line l ON l.arrival = p.arrival "
    "JOIN record r ON r.agency = l.agency AND r.record = l.record "
    "WHERE p.agency = $1 AND p.case_id = $2 AND r.case_id = $2 "
    "AND r.type IN ('person', 'phone', 'household', 'household_member', "
    "'site_referral', 'voucher') ORDER BY r.record";
static const char told_of[] =
    "SELECT case_id FROM site_link WHERE agency = $1 AND record = $2";
static const char files[] = "SELECT r.case_id, b.replica FROM blob b "
                            "JOIN record r ON r.agency = b.agency "
                            "AND r.record = b.record WHERE b.agency = $1";

/* --- texts ---------------------------------------------------------------- */

static void put_part(struct buffer *out, const char *separator,
                     struct bytes text)
{
    if (!text.size)
        return;
    if (out->size)
        buffer_add_text(out, separator);
    buffer_add_bytes(out, text);
}

static void put_value(struct buffer *out, const struct canon *value)
{
    const struct canon *member =
        value && value->kind == CANON_ARRAY ? value->first : NULL;
    if (value && value->kind == CANON_TEXT)
        put_part(out, "; ", value->text);
    for (; member; member = member->next)
        put_value(out, member);
}

/* All that may be right of a field that waits for a person. */
static void put_field(struct buffer *out, const struct record *record,
                      const char *name)
{
    const struct canon *field = record_field(record, name);
    const struct canon *open = field ? canon_member(field, "open") : NULL;
    const struct canon *live = field ? canon_member(field, "live") : NULL;
    if (!open || !live) {
        put_value(out, record_value(record, name));
        return;
    }
    for (live = live->first; live; live = live->next)
        put_value(out, canon_member(live, "value"));
}

static bool is_true(const struct record *record, const char *name)
{
    const struct canon *value = record_value(record, name);
    return value && value->kind == CANON_TRUE;
}

static void put_flag(struct buffer *out, const struct record *record,
                     const char *name, const char *words)
{
    if (is_true(record, name))
        put_part(out, "; ", bytes_text(words));
}

/* --- one case ------------------------------------------------------------- */

struct reading {
    struct lost_people *people;
    struct office *office;
    struct sql *sql;
    const struct lost_case *kase; /* on the device */
    struct arena ids;
    struct bytes *at; /* records of the case: id, type, id, type, ... */
    size_t count, room;
    struct buffer phones, address, mind; /* of all who belong to the case */
};

static enum err take_record(void *context, const struct sql_value *row,
                            size_t columns)
{
    struct reading *r = context;
    if (r->count + columns > r->room) {
        size_t room = r->room ? r->room * 2 : 64;
        struct bytes *grown = arena_take(&r->ids, room * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        if (r->count)
            memcpy(grown, r->at, r->count * sizeof *grown);
        r->at = grown;
        r->room = room;
    }
    for (size_t i = 0; i < columns; i++) {
        const char *copy = arena_copy(&r->ids, row[i].bytes);
        if (!copy)
            return ERR_NOMEM;
        r->at[r->count++] = bytes_of(copy, row[i].bytes.size);
    }
    return ERR_OK;
}

static enum err keep(struct arena *arena, const struct buffer *text,
                     const char **out)
{
    enum err err = buffer_err(text);
    *out = err ? "" : arena_copy(arena, buffer_bytes(text));
    return err ? err : *out ? ERR_OK : ERR_NOMEM;
}

static enum err grow(struct arena *arena, void **list, size_t count,
                     size_t *room, size_t size)
{
    if (count < *room)
        return ERR_OK;
    size_t wanted = *room ? *room * 2 : 64;
    void *grown = arena_take(arena, wanted * size);
    if (!grown)
        return ERR_NOMEM;
    if (count)
        memcpy(grown, *list, count * size);
    *list = grown;
    *room = wanted;
    return ERR_OK;
}

/* A telephone number of a record of its own, with what is safe on it. */
static void read_phone(struct reading *r, const struct record *record)
{
    if (is_true(record, "out_of_service"))
        return;
    put_field(&r->phones, record, "number");
    if (is_true(record, "not_safe_to_call"))
        buffer_add_text(&r->phones, " (NOT SAFE TO CALL)");
    if (is_true(record, "not_safe_to_text"))
        buffer_add_text(&r->phones, " (NOT SAFE TO TEXT)");
}

static void read_household(struct reading *r, const struct record *record)
{
    put_field(&r->address, record, "address");
    put_field(&r->address, record, "mailing_address");
    put_flag(&r->mind, record, "do_not_visit", "do not visit");
}

/* What is known of all, before the persons are made of it. */
static enum err read_shared(struct reading *r, const struct record *record)
{
    if (!strcmp(record->type, "phone"))
        read_phone(r, record);
    else if (!strcmp(record->type, "household"))
        read_household(r, record);
    return ERR_OK;
}

static enum err voucher_add(struct reading *r, const struct record *record)
{
    struct lost_people *p = r->people;
    const struct canon *cents = record_value(record, "amount_cents");
    enum err err = grow(&p->arena, (void **)&p->vouchers, p->voucher_count,
                        &p->voucher_room, sizeof *p->vouchers);
    if (err)
        return err;
    struct lost_voucher *v = &p->vouchers[p->voucher_count];
    *v = (struct lost_voucher){
        .number = arena_copy(&p->arena, record_text(record, "number")),
        .user = arena_copy(&p->arena, record_text(record, "assigned_to")),
        .until = arena_copy(&p->arena, record_text(record, "expires_on")),
        .cents = cents ? cents->integer : 0};
    memcpy(v->record, record->id, sizeof v->record);
    if (!v->number || !v->user || !v->until)
        return ERR_NOMEM;
    p->voucher_count++;
    return ERR_OK;
}

static enum err person_fill(struct reading *r, const struct record *record,
                            struct lost_person *person)
{
    struct buffer name, phones, mind;
    struct arena *arena = &r->people->arena;
    buffer_init(&name, TEXT_BYTES_MAX);
    buffer_init(&phones, TEXT_BYTES_MAX);
    buffer_init(&mind, TEXT_BYTES_MAX);
    put_field(&name, record, "legal_name");
    enum err err =
        name.size ? ERR_OK : record_name(record, r->office, r->sql, &name);
    put_field(&phones, record, "phone");
    put_field(&phones, record, "phones");
    put_part(&phones, "; ", buffer_bytes(&r->phones));
    put_flag(&mind, record, "do_not_contact", "DO NOT CONTACT");
    put_flag(&mind, record, "confidential_address", "address is confidential");
    put_flag(&mind, record, "do_not_visit", "do not visit");
    put_flag(&mind, record, "literacy_help", "forms must be read aloud");
    put_flag(&mind, record, "interpreter_needed", "interpreter needed");
    put_part(&mind, "; ", buffer_bytes(&r->mind));
    if (!err)
        err = keep(arena, &name, &person->name);
    if (!err)
        err = keep(arena, &phones, &person->phones);
    if (!err)
        err = keep(arena, &mind, &person->mind);
    if (!err)
        err = keep(arena, &r->address, &person->address);
    buffer_fini(&mind);
    buffer_fini(&phones);
    buffer_fini(&name);
    return err;
}

static enum err person_add(struct reading *r, const struct record *record)
{
    struct lost_people *p = r->people;
    bool *there = map_get(p->known, bytes_text(record->id));
    p->found = true;
    if (there) {
        *there |= r->kase->there;
        return ERR_OK;
    }
    enum err err = grow(&p->arena, (void **)&p->persons, p->person_count,
                        &p->person_room, sizeof *p->persons);
    there = arena_take(&p->arena, sizeof *there);
    if (err || !there)
        return err ? err : ERR_NOMEM;
    *there = r->kase->there;
    struct lost_person *person = &p->persons[p->person_count];
    *person = (struct lost_person){.name = ""};
    memcpy(person->record, record->id, sizeof person->record);
    memcpy(person->kase, r->kase->kase, sizeof person->kase);
    const char *root = same_root(p->same, record->id);
    if (root && strcmp(root, record->id) != 0)
        memcpy(person->same_as, root, sizeof person->same_as);
    err = person_fill(r, record, person);
    if (!err)
        err = map_put(p->known, bytes_text(record->id), there);
    p->person_count += !err;
    return err;
}

static enum err take_case(void *context, const struct sql_value *row,
                          size_t columns)
{
    char *kase = context;
    (void)columns;
    sql_copy_text(kase, ID_CHARS + 1, &row[0]);
    return ERR_OK;
}

static enum err case_read(struct reading *r, const char *kase);

/* A site has a piece of a client's file, who is in the office's. */
static enum err client_read(struct reading *r, const struct record *record)
{
    char kase[ID_CHARS + 1];
    enum err err =
        sql_find(r->sql, told_of,
                 SQL_VALUES(sql_text(r->office->agency), sql_text(record->id)),
                 take_case, kase);
    if (err == ERR_NOT_FOUND)
        return person_add(r, record);
    return err ? err : case_read(r, kase);
}

/* Who lives there and has no record of his own. */
static bool is_member(const struct record *record)
{
    return !strcmp(record->type, "household_member") &&
           !record_text(record, "person").size &&
           record_text(record, "name").size > 0;
}

static enum err read_person(struct reading *r, const struct record *record)
{
    if (!strcmp(record->type, "person") || is_member(record))
        return person_add(r, record);
    if (!strcmp(record->type, "site_referral"))
        return client_read(r, record);
    return strcmp(record->type, "voucher") ? ERR_OK : voucher_add(r, record);
}

static enum err each_record(struct reading *r,
                            enum err (*each)(struct reading *r,
                                             const struct record *record))
{
    enum err err = ERR_OK;
    struct bytes *at = r->at;
    size_t count = r->count;
    for (size_t i = 0; !err && i + 1 < count; i += 2) {
        struct record record;
        err = record_load(&record, r->office, r->sql, (const char *)at[i].at);
        if (!err)
            err = each(r, &record);
        record_fini(&record);
    }
    return err;
}

static enum err case_read(struct reading *r, const char *kase)
{
    struct reading inner = {.people = r->people,
                            .office = r->office,
                            .sql = r->sql,
                            .kase = r->kase};
    arena_init(&inner.ids, PEOPLE_BYTES_MAX);
    buffer_init(&inner.phones, TEXT_BYTES_MAX);
    buffer_init(&inner.address, TEXT_BYTES_MAX);
    buffer_init(&inner.mind, TEXT_BYTES_MAX);
    enum err err =
        sql_each_row(r->sql, records_of,
                     SQL_VALUES(sql_text(r->office->agency), sql_text(kase)),
                     take_record, &inner);
    if (!err)
        err = each_record(&inner, read_shared);
    if (!err)
        err = each_record(&inner, read_person);
    buffer_fini(&inner.mind);
    buffer_fini(&inner.address);
    buffer_fini(&inner.phones);
    arena_fini(&inner.ids);
    return err;
}

/* --- all of them ---------------------------------------------------------- */

struct counting {
    struct lost_people *people;
    const struct lost *lost;
};

static enum err take_file(void *context, const struct sql_value *row,
                          size_t columns)
{
    struct counting *c = context;
    bool own = false;
    (void)columns;
    for (size_t i = 0; i < c->lost->identity_count; i++)
        own |= bytes_is(row[1].bytes, c->lost->identities[i].replica);
    if (map_has(c->lost->cases, row[0].bytes))
        ++*(own ? &c->people->files_own : &c->people->files_other);
    return ERR_OK;
}

static int name_order(const void *a, const void *b)
{
    const struct lost_person *one = a, *other = b;
    int order = strcmp(one->name, other->name);
    return order ? order : strcmp(one->record, other->record);
}

static void finish(struct lost_people *p)
{
    for (size_t i = 0; i < p->person_count; i++) {
        struct lost_person *person = &p->persons[i];
        person->there = *(bool *)map_get(p->known, bytes_text(person->record));
        p->told += !person->same_as[0] ||
                   !map_has(p->known, bytes_text(person->same_as));
    }
    if (p->person_count)
        qsort(p->persons, p->person_count, sizeof *p->persons, name_order);
}

enum err lost_people_load(struct lost_people *out, const struct lost *lost,
                          struct office *office, struct sql *sql)
{
    struct reading r = {.people = out, .office = office, .sql = sql};
    struct counting counting = {out, lost};
    *out = (struct lost_people){.persons = NULL};
    arena_init(&out->arena, PEOPLE_BYTES_MAX);
    enum err err = map_new(&out->known);
    if (!err)
        err = record_same_load(office, sql, bytes_text("person"), &out->same);
    for (size_t i = 0; !err && i < map_count(lost->cases); i++) {
        out->found = false;
        r.kase = map_value_at(lost->cases, i);
        err = case_read(&r, r.kase->kase);
        out->nobody += !out->found;
    }
    if (!err)
        err = sql_each_row(sql, files, SQL_VALUES(sql_text(office->agency)),
                           take_file, &counting);
    if (!err)
        finish(out);
    else
        lost_people_fini(out);
    return err;
}

void lost_people_fini(struct lost_people *people)
{
    if (!people->known)
        return;
    map_free(people->known);
    people->known = NULL;
    same_free(people->same);
    people->same = NULL;
    arena_fini(&people->arena);
}
