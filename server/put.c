#include "server/put.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "server/ingest.h"
#include "server/put_note.h"
#include "server/record.h"
#include "server/right.h"
#include "server/role.h"
#include "server/store_case.h"

#define CONTEXT_BYTES_MAX (1u << 20)
#define WARNING_BYTES_MAX (64u << 10)
#define PARTS_BYTES_MAX ((size_t)64 << 20)

_Static_assert(OFFICE_DETAIL_CHARS >= CHECK_DETAIL_CHARS,
               "what is wrong fits into the office's detail");
_Static_assert(OFFICE_DETAIL_CHARS >= RIGHT_DETAIL_CHARS,
               "and so does who may write");

void put_written_init(struct put_written *written)
{
    memset(written, 0, sizeof *written);
    buffer_init(&written->context, CONTEXT_BYTES_MAX);
    buffer_init(&written->warning, WARNING_BYTES_MAX);
}

void put_written_fini(struct put_written *written)
{
    buffer_fini(&written->context);
    buffer_fini(&written->warning);
}

struct putting {
    struct office *office;
    struct sql *sql;
    const struct put *put;
    struct put_written *out;
    struct record record; /* what is revised; zeroed for a new one */
    struct seen seen;
    struct bytes type_name;
    const struct schema_type *type; /* NULL: unknown to the schema */
    struct arena arena;             /* of the parts */
    struct check_parts parts;
    char kase[ID_CHARS + 1]; /* "" none */
};

static enum err refuse(struct putting *p, enum err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static enum err refuse(struct putting *p, enum err err, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(p->office->detail, sizeof p->office->detail, format, list);
    va_end(list);
    return err;
}

/* --- which record --------------------------------------------------------- */

static const char *article(const char *noun)
{
    return strchr("aeiou", *noun) ? "an" : "a";
}

static enum err seen_take(struct putting *p)
{
    const char *token = p->put->context;
    if (!token)
        return fold_context(p->record.memo, &p->seen);
    enum err err =
        context_read(&p->seen, NULL, p->record.id, bytes_text(token));
    if (err == ERR_CONFLICT)
        return refuse(p, err,
                      "the context is of another record; take the one that "
                      "`show %s` prints",
                      p->record.id);
    if (err == ERR_INVALID)
        return refuse(p, ERR_CONFLICT, "the context is damaged");
    return err;
}

static enum err revising_load(struct putting *p)
{
    const char *said = p->put->type;
    enum err err = record_load(&p->record, p->office, p->sql, p->put->record);
    if (err)
        return err;
    const char *type = p->record.type;
    if (!type[0])
        return refuse(p, ERR_NOT_FOUND, "%s: its creation has not arrived yet",
                      p->record.id);
    if (said && strcmp(said, type) != 0)
        return refuse(p, ERR_INVALID, "%s is %s %s, not %s %s", p->record.id,
                      article(type), type, article(said), said);
    p->type_name = bytes_text(type);
    memcpy(p->out->record, p->record.id, sizeof p->out->record);
    memcpy(p->kase, p->record.kase, sizeof p->kase);
    return seen_take(p);
}

static enum err type_find(struct putting *p)
{
    enum err err = schema_find(p->office->schema, p->type_name, &p->type);
    if (err)
        return err;
    if (!p->type && !p->put->lenient)
        return refuse(p, ERR_INVALID, "%.*s: no such record type",
                      (int)p->type_name.size, (const char *)p->type_name.at);
    if (!name_valid(p->type_name))
        return refuse(p, ERR_INVALID, "%.60s: not the name of a record type",
                      (const char *)p->type_name.at);
    return right_type(p->put->user->role, p->type_name, p->type,
                      p->office->detail);
}

/* --- in which case -------------------------------------------------------- */

/* Where it is and of what type; its bytes are not kept.  All zero when the
 * office has no such record. */
static enum err row_find(const struct putting *p, struct bytes id,
                         struct record_row *row)
{
    struct buffer bytes;
    buffer_init(&bytes, 2u * STATE_BYTES_MAX);
    enum err err =
        store_record_find(p->sql, p->office->agency, id, row, &bytes);
    buffer_fini(&bytes);
    row->state = row->memo = bytes_of(NULL, 0);
    if (err)
        *row = (struct record_row){.kase = ""};
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err case_of_record(struct putting *p, struct bytes id, bool *found)
{
    struct record_row row;
    enum err err = row_find(p, id, &row);
    *found = !err && row.kase[0];
    if (*found)
        memcpy(p->kase, row.kase, sizeof p->kase);
    return err;
}

/* The first record that is named, its person before all others. */
static enum err case_of_fields(struct putting *p)
{
    const struct canon *set = p->parts.set_tree;
    const struct canon *person = set ? canon_member(set, "person") : NULL;
    const struct canon *named = NULL, *value = set ? set->first : NULL;
    bool found = false;
    enum err err = ERR_OK;
    if (person && person->kind == CANON_TEXT && id_valid(person->text))
        err = case_of_record(p, person->text, &found);
    for (; !err && !found && value; value = value->next) {
        const struct schema_field *field =
            p->type ? type_field(p->type, value->name) : NULL;
        if (!field || field_kind(field) != VALUE_RECORD ||
            value->kind != CANON_TEXT || !id_valid(value->text))
            continue;
        named = value;
        err = case_of_record(p, value->text, &found);
    }
    if (err || found)
        return err;
    if (named)
        return refuse(p, ERR_NOT_FOUND,
                      "no record %.*s at the office: the id is mistyped, or it "
                      "has not arrived",
                      ID_CHARS, (const char *)named->text.at);
    return refuse(p, ERR_INVALID,
                  "%.*s: which case? Name its person, or give --case ID",
                  (int)p->type_name.size, (const char *)p->type_name.at);
}

static enum err case_given(struct putting *p)
{
    struct case_total unused;
    const char *kase = p->put->kase;
    if (!id_valid(bytes_text(kase)))
        return refuse(p, ERR_INVALID, "%.40s: not a case id", kase);
    enum err err = store_case_find(p->sql, p->office->agency, kase, &unused);
    if (err == ERR_NOT_FOUND)
        return refuse(p, err, "there is no case %s at the office", kase);
    memcpy(p->kase, kase, sizeof p->kase);
    return err;
}

static enum err case_pick(struct putting *p)
{
    struct bytes home = p->type ? type_home(p->type) : bytes_text("case");
    if (bytes_is(home, "agency"))
        return ERR_OK;
    if (p->put->kase)
        return case_given(p);
    if (!bytes_is(home, "own"))
        return case_of_fields(p);
    memcpy(p->kase, p->out->record, sizeof p->kase);
    return ERR_OK;
}

/* --- may they ------------------------------------------------------------- */

struct seeing {
    const struct user *user;
    bool any, own;
};

static enum err member_see(void *context, const struct member_row *row)
{
    struct seeing *seeing = context;
    const struct user *user = seeing->user;
    if (row->left_seq)
        return ERR_OK;
    seeing->any = true;
    for (size_t i = 0; i < user->scope_count; i++)
        seeing->own |= !strcmp(user->scopes[i], row->scope);
    return ERR_OK;
}

/* Who has cases writes in those of the own caseloads, or begins one; a site in
 * those that were referred to it. */
static enum err case_right(struct putting *p)
{
    const struct user *user = p->put->user;
    struct seeing seeing = {.user = user};
    bool worker = role_has_cases(user->role);
    enum err err = ERR_OK;
    if (p->kase[0])
        err = store_member_each(p->sql, p->office->agency, p->kase, member_see,
                                &seeing);
    if (err)
        return err;
    bool begins = worker && !p->put->record && !seeing.any &&
                  !strcmp(p->kase, p->out->record);
    if (p->kase[0] && !seeing.any)
        buffer_printf(&p->out->warning,
                      "the case %s is in no caseload, so that no device has "
                      "it: satchel-central case assign gives it to one",
                      p->kase);
    if (!p->kase[0] || seeing.own || begins ||
        (!worker && strcmp(user->role, "site") != 0))
        return ERR_OK;
    return refuse(p, ERR_DENIED,
                  "the case %s is not in the caseloads or sites of %s: a "
                  "supervisor may write this, or assign the case",
                  p->kase, user->name);
}

static enum err fields_right(struct putting *p, struct bytes object)
{
    const struct canon *root = NULL;
    enum err err =
        object.size ? canon_parse(&p->arena, object, &root, NULL) : ERR_OK;
    const struct canon *member = root ? root->first : NULL;
    for (; !err && member; member = member->next)
        err = right_field(p->put->user->role, p->type_name, p->type,
                          member->name, p->office->detail);
    return err;
}

/* --- judging and writing -------------------------------------------------- */

static enum err is_other(void *context, struct bytes id, struct bytes target,
                         bool *other)
{
    struct record_row row;
    enum err err = row_find(context, id, &row);
    *other = !err && row.type[0] && !bytes_is(target, row.type);
    return err;
}

static enum err judge(struct putting *p)
{
    const struct check check = {.type = p->type,
                                .type_name = p->type_name,
                                .state = p->record.root,
                                .lenient = p->put->lenient,
                                .office = true,
                                .arena = &p->arena,
                                .warning = &p->out->warning,
                                .detail = p->office->detail,
                                .is_other = is_other,
                                .context = p};
    const struct check_given given = {.set = p->put->set,
                                      .add = p->put->add,
                                      .drop = p->put->drop,
                                      .seal = p->put->seal};
    enum err err = check_parts(&check, &given, &p->parts);
    if (!err)
        err = fields_right(p, p->parts.set);
    if (!err)
        err = fields_right(p, p->parts.add);
    return err ? err : fields_right(p, p->parts.drop);
}

static enum err line_write(struct putting *p)
{
    bool creates = !p->put->record;
    struct revision_draft draft = {.record = p->out->record,
                                   .type = creates ? p->put->type : NULL,
                                   .kase =
                                       creates && p->kase[0] ? p->kase : NULL,
                                   .seen = &p->seen,
                                   .set = p->parts.set,
                                   .add = p->parts.add,
                                   .drop = p->parts.drop,
                                   .seal = p->put->seal};
    enum err err =
        ingest_put(p->office, p->sql, p->put->user->name, &draft, &p->out->dot);
    return err == ERR_TOO_BIG ? check_long(p->office->detail, p->parts.set_tree,
                                           p->parts.set.size)
                              : err;
}

/* What stands there now, and what is remarked on it. */
static enum err answer(struct putting *p)
{
    struct record now;
    struct seen seen;
    seen_init(&seen);
    enum err err = record_load(&now, p->office, p->sql, p->out->record);
    if (!err)
        err = record_context(&now, &seen, &p->out->context);
    const struct put_noted noted = {.office = p->office,
                                    .sql = p->sql,
                                    .type = p->type,
                                    .set = p->parts.set_tree,
                                    .before = p->record.root,
                                    .now = &now};
    if (!err)
        err = put_note(&noted, &p->out->warning);
    record_fini(&now);
    seen_fini(&seen);
    return err;
}

static enum err perform(struct putting *p)
{
    enum err err = ERR_OK;
    if (p->put->record) {
        err = revising_load(p);
    } else {
        p->type_name = bytes_text(p->put->type);
        id_new(p->out->record, clock_wall_ms(p->office->clock),
               p->office->random);
    }
    if (!err)
        err = type_find(p);
    if (!err)
        err = judge(p);
    if (!err && !p->put->record)
        err = case_pick(p);
    if (!err)
        err = case_right(p);
    if (!err)
        err = line_write(p);
    return err ? err : answer(p);
}

enum err put_write(struct office *office, struct sql *sql,
                   const struct put *put, struct put_written *out)
{
    struct putting p = {.office = office, .sql = sql, .put = put, .out = out};
    office->detail[0] = '\0';
    buffer_clear(&out->context);
    buffer_clear(&out->warning);
    arena_init(&p.arena, PARTS_BYTES_MAX);
    seen_init(&p.seen);
    enum err err = perform(&p);
    seen_fini(&p.seen);
    arena_fini(&p.arena);
    record_fini(&p.record);
    return err;
}
