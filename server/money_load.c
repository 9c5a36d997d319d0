#include "server/money.h"

#include <stdlib.h>
#include <string.h>
#include "shared/base/map.h"

#define PERSON_TYPE "person"

/* By kind: the type, and the field that says what it speaks of. */
static const struct {
    const char *type, *of, *on;
} kinds[MONEY_KINDS] = {
    [MONEY_REQUEST] = {"expenditure_request", NULL, NULL},
    [MONEY_APPROVAL] = {"expenditure_approval", "request", NULL},
    [MONEY_AUTHORIZATION] = {"expenditure_authorization", "request", NULL},
    [MONEY_VOID] = {"expenditure_void", "of", NULL},
    [MONEY_VOUCHER] = {"voucher", NULL, "expires_on"},
    [MONEY_SPEND] = {"voucher_spend", "voucher", "on"},
    [MONEY_RECEIPT] = {"receipt", "authorization", "on"},
};

/* The office's clock, whatever the writer's said. */
#define ROW                                                                    \
    "SELECT r.state, (SELECT min(l.received_at) FROM line l "                  \
    "WHERE l.agency = r.agency AND l.record = r.record) FROM record r "        \
    "WHERE r.agency = $1 AND r.type "

static const char row_of_case[] =
    ROW "IN ('expenditure_request', 'expenditure_approval', "
        "'expenditure_authorization', 'expenditure_void', 'voucher', "
        "'voucher_spend', 'receipt') AND r.record IN "
        "(SELECT l.record FROM placed p JOIN line l ON l.arrival = p.arrival "
        "WHERE p.agency = $1 AND p.case_id = $2)";
static const char row_of_type[] = ROW "= $2";

static enum err list_open(struct money_list *list, struct office *office,
                          struct sql *sql)
{
    *list = (struct money_list){.at = NULL};
    enum err err =
        record_same_load(office, sql, bytes_text(PERSON_TYPE), &list->same);
    if (!err)
        err = map_new(&list->ids);
    if (!err)
        err = map_new(&list->of);
    return err ? err : map_new(&list->settled);
}

void money_list_fini(struct money_list *list)
{
    map_free(list->settled);
    map_free(list->of);
    map_free(list->ids);
    same_free(list->same);
    free(list->at);
    *list = (struct money_list){.at = NULL};
}

const char *money_root(const struct money_list *list, const char *person)
{
    return same_root(list->same, person);
}

/* --- one record ----------------------------------------------------------- */

static const struct canon *field_of(const struct canon *state, const char *name)
{
    const struct canon *fields = canon_member(state, "fields");
    return fields ? canon_member(fields, name) : NULL;
}

static const struct canon *value_of(struct money *m, const struct canon *state,
                                    const char *name)
{
    const struct canon *field = field_of(state, name);
    if (field && canon_true(field, "open"))
        m->open = true;
    return field ? canon_member(field, "value") : NULL;
}

static void text_of(struct money *m, const struct canon *state,
                    const char *name, char *out, size_t room)
{
    const struct canon *value = name ? value_of(m, state, name) : NULL;
    if (!value || value->kind != CANON_TEXT)
        return;
    size_t size = value->text.size < room ? value->text.size : room - 1;
    memcpy(out, value->text.at, size);
    out[size] = '\0';
}

#define TEXT_OF(m, state, name, member)                                        \
    text_of(m, state, name, (m)->member, sizeof(m)->member)

static bool true_of(struct money *m, const struct canon *state,
                    const char *name)
{
    const struct canon *value = value_of(m, state, name);
    return value && value->kind == CANON_TRUE;
}

/* "Shell #12" and "shell 12" are one payee. */
static void payee_fold(char *to, const char *from)
{
    for (; *from; from++) {
        unsigned char c = (unsigned char)*from;
        if (c >= 'A' && c <= 'Z')
            c = (unsigned char)(c - 'A' + 'a');
        if (c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            *to++ = (char)c;
    }
    *to = '\0';
}

/* Who wrote it and when, by the live write of a field that is always there. */
static void writer_of(struct money *m, const struct canon *state)
{
    const char *name = m->kind == MONEY_VOID ? "of" : "amount_cents";
    const struct canon *field = field_of(state, name);
    const struct canon *live = field ? canon_member(field, "live") : NULL;
    struct bytes author;
    if (!live || !live->first)
        return;
    if (canon_text(live->first, "author", &author) &&
        author.size < sizeof m->by)
        memcpy(m->by, author.at, author.size);
    (void)canon_int(live->first, "at", &m->at);
}

/* Two yeses to one request, of offices that did not know of each other: both
 * numbers are out, so both amounts count until a person has settled it. */
static int64_t promised(const struct canon *state, int64_t cents)
{
    const struct canon *field = field_of(state, "number");
    const struct canon *amounts = field_of(state, "amount_cents");
    const struct canon *live = field ? canon_member(field, "live") : NULL;
    const struct canon *each = amounts ? canon_member(amounts, "live") : NULL;
    int64_t sum = 0, one;
    if (!live || live->count < 2)
        return cents;
    if (!each || each->count != live->count)
        return cents * (int64_t)live->count;
    for (each = each->first; each; each = each->next)
        if (canon_int(each, "value", &one))
            sum += one;
    return sum;
}

static void record_read(struct money *m, const struct canon *state)
{
    const struct canon *cents = value_of(m, state, "amount_cents");
    struct bytes text;
    if (canon_text(state, "record", &text) && text.size == ID_CHARS)
        memcpy(m->id, text.at, ID_CHARS);
    if (canon_text(state, "case", &text) && text.size == ID_CHARS)
        memcpy(m->kase, text.at, ID_CHARS);
    if (cents && cents->kind == CANON_INT)
        m->cents = cents->integer;
    if (m->kind == MONEY_AUTHORIZATION)
        m->cents = promised(state, m->cents);
    TEXT_OF(m, state, "person", person);
    TEXT_OF(m, state, kinds[m->kind].of, of);
    if (m->kind == MONEY_RECEIPT && !m->of[0])
        TEXT_OF(m, state, "voucher_spend", of);
    TEXT_OF(m, state, kinds[m->kind].on, on);
    TEXT_OF(m, state, "enrollment", enrollment);
    TEXT_OF(m, state, "category", category);
    TEXT_OF(m, state, "pool", pool);
    TEXT_OF(m, state, "number", number);
    TEXT_OF(m, state, "assigned_to", assigned_to);
    TEXT_OF(m, state, "payee", payee);
    payee_fold(m->alike, m->payee);
    char paid_on[MONEY_DATE_CHARS + 1] = "";
    text_of(m, state, "paid_on", paid_on, sizeof paid_on);
    m->paid = paid_on[0] != '\0';
    m->withdrawn =
        true_of(m, state, "withdrawn") || true_of(m, state, "entered_in_error");
    m->written_off = true_of(m, state, "written_off");
    writer_of(m, state);
}

static enum err kind_of(const struct canon *state, enum money_kind *kind)
{
    struct bytes type;
    if (!canon_text(state, "type", &type))
        return ERR_NOT_FOUND;
    for (int i = 0; i < MONEY_KINDS; i++) {
        *kind = (enum money_kind)i;
        if (bytes_is(type, kinds[i].type))
            return ERR_OK;
    }
    return ERR_NOT_FOUND;
}

/* --- the list ------------------------------------------------------------- */

static size_t place_get(const struct map *map, const char *key)
{
    return (size_t)(uintptr_t)map_get(map, bytes_text(key));
}

static enum err place_put(struct map *map, const char *key, size_t place)
{
    return map_put(map, bytes_text(key), (void *)(uintptr_t)place);
}

static enum err list_add(struct money_list *list, struct money *m)
{
    if (list->count == list->room) {
        size_t room = list->room ? list->room * 2 : 16;
        void *grown = realloc(list->at, room * sizeof *list->at);
        if (!grown)
            return ERR_NOMEM;
        list->at = grown;
        list->room = room;
    }
    enum err err = place_put(list->ids, m->id, list->count + 1);
    if (!err && m->of[0]) {
        m->next = place_get(list->of, m->of);
        err = place_put(list->of, m->of, list->count + 1);
    }
    if (!err)
        list->at[list->count++] = *m;
    return err;
}

static enum err settled_take(struct money_list *list, struct money *m,
                             const struct canon *state)
{
    const struct canon *value = value_of(m, state, "settled");
    const struct canon *use =
        value && value->kind == CANON_ARRAY ? value->first : NULL;
    enum err err = ERR_OK;
    for (; !err && use; use = use->next)
        if (use->kind == CANON_TEXT)
            err = map_put(list->settled, use->text, list->settled);
    return err;
}

static enum err state_take(struct money_list *list, struct money *m,
                           const struct canon *state)
{
    enum err err = kind_of(state, &m->kind);
    if (err)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    record_read(m, state);
    if (money_find(list, m->id))
        return ERR_OK;
    const char *root = money_root(list, m->person);
    if (root != m->person)
        memmove(m->person, root, ID_CHARS + 1);
    if (m->kind == MONEY_VOUCHER)
        err = settled_take(list, m, state);
    return err ? err : list_add(list, m);
}

static enum err row_take(void *context, const struct sql_value *row,
                         size_t columns)
{
    struct money m = {.received_at = row[1].integer};
    struct arena arena;
    const struct canon *state;
    (void)columns;
    arena_init(&arena, REVISION_ARENA_BYTES);
    enum err err = canon_parse(&arena, row[0].bytes, &state, NULL);
    if (!err)
        err = state_take(context, &m, state);
    arena_fini(&arena);
    return err;
}

static enum err type_load(struct money_list *list, struct office *office,
                          struct sql *sql, enum money_kind kind)
{
    return sql_each_row(
        sql, row_of_type,
        SQL_VALUES(sql_text(office->agency), sql_text(kinds[kind].type)),
        row_take, list);
}

/* Of one record of a person: its case. */
static enum err case_load(struct money_list *list, struct office *office,
                          struct sql *sql, const char *person)
{
    struct record record;
    enum err err = record_load(&record, office, sql, person);
    if (!err)
        err = sql_each_row(
            sql, row_of_case,
            SQL_VALUES(sql_text(office->agency), sql_text(record.kase)),
            row_take, list);
    record_fini(&record);
    return err;
}

static enum err others_load(struct money_list *list, struct office *office,
                            struct sql *sql, const char *person)
{
    struct arena arena;
    struct buffer others;
    const struct canon *root = NULL;
    char id[ID_CHARS + 1];
    arena_init(&arena, REVISION_ARENA_BYTES);
    buffer_init(&others, ORIGINAL_BYTES_MAX);
    enum err err = same_others(list->same, person, &others);
    if (!err)
        err = canon_parse(&arena, buffer_bytes(&others), &root, NULL);
    const struct canon *other = root ? root->first : NULL;
    for (; !err && other; other = other->next) {
        memcpy(id, other->text.at, ID_CHARS);
        id[ID_CHARS] = '\0';
        err = case_load(list, office, sql, id);
        if (err == ERR_NOT_FOUND)
            err = ERR_OK;
    }
    buffer_fini(&others);
    arena_fini(&arena);
    return err;
}

enum err money_load_person(struct money_list *list, struct office *office,
                           struct sql *sql, const char *person)
{
    bool vouchers = false;
    enum err err = list_open(list, office, sql);
    if (!err)
        err = case_load(list, office, sql, person);
    if (!err)
        err = others_load(list, office, sql, person);
    for (size_t i = 0; i < list->count; i++)
        vouchers = vouchers || list->at[i].kind == MONEY_VOUCHER;
    /* Whoever spends one may write it into another case by mistake. */
    return !err && vouchers ? type_load(list, office, sql, MONEY_SPEND) : err;
}

enum err money_load_all(struct money_list *list, struct office *office,
                        struct sql *sql)
{
    enum err err = list_open(list, office, sql);
    for (int i = 0; !err && i < MONEY_KINDS; i++)
        err = type_load(list, office, sql, (enum money_kind)i);
    return err;
}

enum err money_load_vouchers(struct money_list *list, struct office *office,
                             struct sql *sql)
{
    enum err err = list_open(list, office, sql);
    if (!err)
        err = type_load(list, office, sql, MONEY_VOUCHER);
    if (!err)
        err = type_load(list, office, sql, MONEY_SPEND);
    return err ? err : type_load(list, office, sql, MONEY_VOID);
}

const struct money *money_find(const struct money_list *list, const char *id)
{
    size_t place = place_get(list->ids, id);
    return place ? &list->at[place - 1] : NULL;
}

const struct money *money_of(const struct money_list *list,
                             enum money_kind kind, const char *of,
                             const struct money *after)
{
    size_t place = after ? after->next : place_get(list->of, of);
    while (place && list->at[place - 1].kind != kind)
        place = list->at[place - 1].next;
    return place ? &list->at[place - 1] : NULL;
}
