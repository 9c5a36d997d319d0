#include "shared/model/revision.h"

#include <string.h>

/* ---- reading ---- */

struct reading {
    struct arena *arena;
    struct revision *revision;
    struct canon_fault fault;
    enum err err;
    uint32_t members; /* bit i: the table's member i is there */
};

static bool refuse(struct reading *r, const struct canon *value,
                   const char *what)
{
    r->err = ERR_INVALID;
    r->fault.offset =
        value ? (size_t)(value->raw.at - r->revision->line.at) : 0;
    r->fault.what = what;
    return false;
}

static bool read_int(struct reading *r, const struct canon *value, int64_t min,
                     int64_t *out)
{
    if (value->kind != CANON_INT)
        return refuse(r, value, "an integer is expected");
    if (value->integer < min)
        return refuse(r, value, "the number is too small");
    *out = value->integer;
    return true;
}

static bool read_valid(struct reading *r, const struct canon *value,
                       bool (*valid)(struct bytes), const char *what,
                       struct bytes *out)
{
    if (value->kind != CANON_TEXT || !valid(value->text))
        return refuse(r, value, what);
    *out = value->text;
    return true;
}

static bool dot_valid(struct bytes text)
{
    struct dot dot;
    return dot_parse(&dot, text);
}

static bool write_id_valid(struct bytes text)
{
    uint8_t hash[WRITE_ID_CHARS * 3 / 4];
    return text.size == WRITE_ID_CHARS &&
           base64_decode(hash, sizeof hash, text) == ERR_OK;
}

/* A non-empty object of at most REVISION_FIELDS_MAX members whose names and
 * values pass. */
static bool read_object(struct reading *r, const struct canon *object,
                        bool (*name)(struct bytes),
                        bool (*check)(struct reading *, const struct canon *),
                        const struct canon **out)
{
    if (object->kind != CANON_OBJECT || object->count == 0)
        return refuse(r, object, "a non-empty object is expected");
    if (object->count > REVISION_FIELDS_MAX)
        return refuse(r, object, "too many members");
    const struct canon *member = object->first;
    for (; member; member = member->next) {
        if (!name(member->name))
            return refuse(r, member, "the member's name is not valid");
        if (check && !check(r, member))
            return false;
    }
    *out = object;
    return true;
}

static bool check_text(struct reading *r, const struct canon *value)
{
    return value->kind == CANON_TEXT || refuse(r, value, "text is expected");
}

static bool check_int(struct reading *r, const struct canon *value)
{
    return value->kind == CANON_INT ||
           refuse(r, value, "an integer is expected");
}

static bool check_place(struct reading *r, const struct canon *value)
{
    int64_t n;
    return read_int(r, value, 0, &n);
}

static bool check_array(struct reading *r, const struct canon *array,
                        bool (*valid)(struct bytes), const char *what)
{
    if (array->kind != CANON_ARRAY || array->count == 0)
        return refuse(r, array, "a non-empty array is expected");
    const struct canon *item = array->first;
    for (; item; item = item->next)
        if (item->kind != CANON_TEXT || !valid(item->text))
            return refuse(r, item, what);
    return true;
}

static bool any_text(struct bytes text)
{
    (void)text;
    return true;
}

static bool check_added(struct reading *r, const struct canon *array)
{
    return check_array(r, array, any_text, "text is expected");
}

static bool check_kept(struct reading *r, const struct canon *array)
{
    return check_array(r, array, write_id_valid, "a write id is expected");
}

static bool check_dropped(struct reading *r, const struct canon *reasons)
{
    const struct canon *unused;
    return read_object(r, reasons, any_text, check_text, &unused);
}

static bool read_add(struct reading *r, const struct canon *value)
{
    return read_object(r, value, name_valid, check_added, &r->revision->add);
}

static bool read_at(struct reading *r, const struct canon *value)
{
    return read_int(r, value, -CANON_INT_MAX, &r->revision->at);
}

static bool read_author(struct reading *r, const struct canon *value)
{
    return read_valid(r, value, name_valid, "a user name is expected",
                      &r->revision->author);
}

static bool read_carries(struct reading *r, const struct canon *value)
{
    if (value->kind != CANON_TEXT || value->text.size == 0)
        return refuse(r, value, "a line is expected");
    r->revision->carries = value->text;
    return true;
}

static bool read_case(struct reading *r, const struct canon *value)
{
    return read_valid(r, value, id_valid, "a record id is expected",
                      &r->revision->kase);
}

static bool read_clock(struct reading *r, const struct canon *value)
{
    return read_object(r, value, dot_valid, check_int, &r->revision->clock);
}

static bool read_drop(struct reading *r, const struct canon *value)
{
    return read_object(r, value, name_valid, check_dropped, &r->revision->drop);
}

static bool read_hold(struct reading *r, const struct canon *value)
{
    return read_object(r, value, dot_valid, check_text, &r->revision->hold);
}

static bool read_keep(struct reading *r, const struct canon *value)
{
    return read_object(r, value, name_valid, check_kept, &r->revision->keep);
}

static bool read_n(struct reading *r, const struct canon *value)
{
    return read_int(r, value, 1, &r->revision->dot.n);
}

static bool read_prev(struct reading *r, const struct canon *value)
{
    return read_int(r, value, 1, &r->revision->prev);
}

static bool read_record(struct reading *r, const struct canon *value)
{
    return read_valid(r, value, id_valid, "a record id is expected",
                      &r->revision->record);
}

static bool read_release(struct reading *r, const struct canon *value)
{
    return read_valid(r, value, dot_valid, "a dot is expected",
                      &r->revision->release);
}

static bool read_replica(struct reading *r, const struct canon *value)
{
    struct bytes replica;
    if (!read_valid(r, value, replica_valid, "a replica id is expected",
                    &replica))
        return false;
    memcpy(r->revision->dot.replica, replica.at, REPLICA_CHARS);
    return true;
}

static bool read_schema(struct reading *r, const struct canon *value)
{
    return read_int(r, value, 1, &r->revision->schema);
}

static bool read_seal(struct reading *r, const struct canon *value)
{
    r->revision->seal = value->kind == CANON_TRUE;
    return r->revision->seal || refuse(r, value, "only true is written");
}

/* The entries live in the arena, at exactly the size they need. */
static bool read_seen(struct reading *r, const struct canon *value)
{
    struct seen *seen = &r->revision->seen;
    if (value->kind != CANON_OBJECT || value->count == 0)
        return refuse(r, value, "a non-empty object is expected");
    if (value->count > SEEN_REPLICAS_MAX)
        return refuse(r, value, "too many members");
    seen->entries = arena_take(r->arena, value->count * sizeof *seen->entries);
    if (!seen->entries) {
        r->err = ERR_NOMEM;
        return false;
    }
    seen->room = value->count;
    if (seen_read(seen, value) != ERR_OK)
        return refuse(r, value, "replica ids with numbers are expected");
    return true;
}

static bool read_set(struct reading *r, const struct canon *value)
{
    return read_object(r, value, name_valid, NULL, &r->revision->set);
}

static bool read_type(struct reading *r, const struct canon *value)
{
    r->revision->creates = true;
    return read_valid(r, value, name_valid, "a type name is expected",
                      &r->revision->type);
}

static bool read_was(struct reading *r, const struct canon *value)
{
    return read_object(r, value, dot_valid, check_place, &r->revision->was);
}

enum member {
    ADD,
    AT,
    AUTHOR,
    CARRIES,
    CASE,
    CLOCK,
    DROP,
    HOLD,
    KEEP,
    N,
    PREV,
    RECORD,
    RELEASE,
    REPLICA,
    SCHEMA,
    SEAL,
    SEEN,
    SET,
    TYPE,
    WAS,
    MEMBER_COUNT
};

#define BIT(member) (UINT32_C(1) << (member))
#define NEEDED (BIT(AT) | BIT(AUTHOR) | BIT(N) | BIT(RECORD) | BIT(REPLICA))
#define OFFICE_ONLY (BIT(HOLD) | BIT(RELEASE) | BIT(CLOCK))
#define NOT_CARRYING                                                           \
    (BIT(ADD) | BIT(CASE) | BIT(CLOCK) | BIT(DROP) | BIT(HOLD) | BIT(SCHEMA) | \
     BIT(SEAL) | BIT(SET) | BIT(TYPE))

/* In canonical order, the order in which the members stand in a line. */
static const struct {
    const char *name;
    bool (*read)(struct reading *r, const struct canon *value);
} members[MEMBER_COUNT] = {
    [ADD] = {"add", read_add},
    [AT] = {"at", read_at},
    [AUTHOR] = {"author", read_author},
    [CARRIES] = {"carries", read_carries},
    [CASE] = {"case", read_case},
    [CLOCK] = {"clock", read_clock},
    [DROP] = {"drop", read_drop},
    [HOLD] = {"hold", read_hold},
    [KEEP] = {"keep", read_keep},
    [N] = {"n", read_n},
    [PREV] = {"prev", read_prev},
    [RECORD] = {"record", read_record},
    [RELEASE] = {"release", read_release},
    [REPLICA] = {"replica", read_replica},
    [SCHEMA] = {"schema", read_schema},
    [SEAL] = {"seal", read_seal},
    [SEEN] = {"seen", read_seen},
    [SET] = {"set", read_set},
    [TYPE] = {"type", read_type},
    [WAS] = {"was", read_was},
};

/* The first fault stands; later members are read all the same, so that dot and
 * record are known of a line that is refused. */
static void read_members(struct reading *r, const struct canon *object)
{
    int i = 0;
    const struct canon *value = object->first;
    for (; value; value = value->next) {
        int order = -1;
        while (i < MEMBER_COUNT &&
               (order = bytes_compare(bytes_text(members[i].name),
                                      value->name)) < 0)
            i++;
        if (i == MEMBER_COUNT || order != 0)
            continue;
        r->members |= BIT(i);
        struct canon_fault fault = r->fault;
        enum err err = r->err;
        if (!members[i].read(r, value) && err && r->err != ERR_NOMEM) {
            r->fault = fault;
            r->err = err;
        }
    }
}

/* Where the first of `which` stands, for the fault. */
static bool refuse_any(struct reading *r, const struct canon *object,
                       uint32_t which, const char *what)
{
    const struct canon *value = NULL;
    for (int i = 0; i < MEMBER_COUNT && !value; i++)
        if (r->members & which & BIT(i))
            value = canon_member(object, members[i].name);
    return refuse(r, value, what);
}

/* What members say about one another. */
static bool check_members(struct reading *r, const struct canon *object)
{
    const struct revision *revision = r->revision;
    uint32_t there = r->members;
    if ((there & NEEDED) != NEEDED)
        return refuse(r, NULL, "a member is missing");
    if ((there & OFFICE_ONLY) && revision->dot.replica[0] != 'o')
        return refuse_any(r, object, OFFICE_ONLY, "only the office may state");
    if ((there & BIT(CASE)) && !revision->creates)
        return refuse_any(r, object, BIT(CASE), "case stands without type");
    if ((there & BIT(RELEASE)) && !(there & BIT(CARRIES)))
        return refuse_any(r, object, BIT(RELEASE), "a release carries a line");
    if ((there & BIT(WAS)) &&
        (!(there & BIT(CARRIES)) || (there & BIT(RELEASE))))
        return refuse_any(r, object, BIT(WAS), "only a carrier was elsewhere");
    if ((there & BIT(CARRIES)) && (there & NOT_CARRYING))
        return refuse_any(r, object, NOT_CARRYING, "a carrier has no content");
    if (revision->prev >= revision->dot.n)
        return refuse_any(r, object, BIT(PREV), "prev is not below n");
    struct bytes own = bytes_text(revision->dot.replica);
    if (seen_get(&revision->seen, own) >= revision->dot.n)
        return refuse_any(r, object, BIT(SEEN), "seen is not below n");
    return true;
}

static enum err parse(struct arena *arena, struct bytes line, bool nested,
                      struct revision **out, struct canon_fault *fault);

/* A carried line that is no revision is legal: it is kept and relayed. */
static void read_inner(struct reading *r, const struct canon *object)
{
    struct revision *revision = r->revision;
    struct revision *inner;
    struct canon_fault unwanted;
    write_id(revision->write, revision->carries);
    enum err err = parse(r->arena, revision->carries, true, &inner, &unwanted);
    if (err == ERR_NOMEM)
        r->err = err;
    if (err)
        return;
    if (inner->carries.size)
        refuse_any(r, object, BIT(CARRIES), "a carrier is carried");
    else if (!bytes_equal(inner->record, revision->record))
        refuse_any(r, object, BIT(CARRIES), "the carried record is another");
    else
        revision->inner = inner;
}

static enum err parse_object(struct arena *arena, bool nested,
                             struct revision *revision,
                             struct canon_fault *fault)
{
    struct reading r = {.arena = arena, .revision = revision};
    const struct canon *object;
    r.err = canon_parse(arena, revision->line, &object, &r.fault);
    if (!r.err && object->kind != CANON_OBJECT)
        refuse(&r, object, "an object is expected");
    else if (!r.err)
        read_members(&r, object);
    if (!r.err)
        check_members(&r, object);
    if (!r.err && revision->carries.size && !nested)
        read_inner(&r, object);
    *fault = r.fault;
    return r.err;
}

static enum err parse(struct arena *arena, struct bytes line, bool nested,
                      struct revision **out, struct canon_fault *fault)
{
    *out = NULL;
    if (line.size > LINE_BYTES_MAX)
        return ERR_TOO_BIG;
    struct revision *revision = arena_take(arena, sizeof *revision);
    if (!revision)
        return ERR_NOMEM;
    revision->line = line;
    hash_bytes(revision->hash, line);
    base64_encode(revision->write, revision->hash, WRITE_ID_CHARS * 3 / 4);
    enum err err = parse_object(arena, nested, revision, fault);
    if (!err && !revision->carries.size && line.size > ORIGINAL_BYTES_MAX)
        err = ERR_TOO_BIG;
    if (!err || err == ERR_INVALID)
        *out = revision;
    return err;
}

enum err revision_parse(struct arena *arena, struct bytes line,
                        const struct revision **out, struct canon_fault *fault)
{
    struct canon_fault found = {0, "the line is too long"};
    struct revision *revision;
    enum err err = parse(arena, line, false, &revision, &found);
    if (fault)
        *fault = found;
    *out = revision;
    return err;
}

const struct revision *revision_original(const struct revision *revision)
{
    return revision->inner ? revision->inner : revision;
}

bool revision_is_statement(const struct revision *r)
{
    bool content = r->set || r->add || r->drop || r->keep || r->seal ||
                   r->creates || r->carries.size;
    return (r->hold || r->clock) && !content;
}
