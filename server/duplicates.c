#include "server/duplicates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/person_name.h"
#include "shared/base/map.h"
#include "shared/model/canon.h"
#include "shared/model/view.h"

#define PERSONS_BYTES_MAX (512u << 20)
#define STATE_ARENA_BYTES_MAX (256u << 20)
#define PHONE_DIGITS 10 /* the last ones: with and without the country */
#define REASONS_CHARS 160
/* A key that more persons share than this says nothing (a shelter's telephone,
 * 1900-01-01): its pairs are found by their other keys. */
#define ALIKE_MAX 64

static const char person_all[] =
    "SELECT state FROM record WHERE agency = $1 AND type = 'person' "
    "ORDER BY record";

struct person {
    const char *id, *dob; /* "" unknown */
    struct bytes shown;
    struct person_name name;
    const char **phones, **households;
    size_t phone_count, household_count;
};

struct entry {
    const char *key;
    size_t person;
};

struct pair {
    size_t a, b; /* of persons */
    int score;
    char reasons[REASONS_CHARS];
};

struct duplicates {
    struct arena arena;
    struct person *persons;
    size_t count, room;
    struct entry *entries;
    size_t entry_count, entry_room;
    struct pair *pairs;
    size_t pair_count, pair_room;
};

enum err duplicates_new(struct duplicates **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return ERR_NOMEM;
    arena_init(&(*out)->arena, PERSONS_BYTES_MAX);
    return ERR_OK;
}

void duplicates_free(struct duplicates *d)
{
    if (!d)
        return;
    arena_fini(&d->arena);
    free(d->persons);
    free(d->entries);
    free(d->pairs);
    free(d);
}

/* Room for one more of `size` bytes at *at. */
static enum err grow(void **at, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return ERR_OK;
    size_t more = *room ? *room * 2 : 64;
    void *bigger = realloc(*at, more * size);
    if (!bigger)
        return ERR_NOMEM;
    *at = bigger;
    *room = more;
    return ERR_OK;
}

/* --- reading a person ----------------------------------------------------- */

static enum err entry_add(struct duplicates *d, const char *key)
{
    enum err err = grow((void **)&d->entries, d->entry_count, &d->entry_room,
                        sizeof *d->entries);
    if (!err)
        d->entries[d->entry_count++] = (struct entry){key, d->count};
    return err;
}

/* A key of a kind, so that a telephone is never compared with a household. */
static enum err key_make(struct duplicates *d, char kind, struct bytes text,
                         const char **out)
{
    char *key = arena_take(&d->arena, text.size + 2);
    *out = key;
    if (!key)
        return ERR_NOMEM;
    key[0] = kind;
    memcpy(key + 1, text.at, text.size);
    key[text.size + 1] = '\0';
    return entry_add(d, key);
}

static struct bytes phone_digits(struct bytes text, char out[PHONE_DIGITS + 1])
{
    size_t count = 0;
    for (size_t i = text.size; i > 0 && count < PHONE_DIGITS; i--)
        if (text.at[i - 1] >= '0' && text.at[i - 1] <= '9')
            out[PHONE_DIGITS - ++count] = (char)text.at[i - 1];
    return bytes_of(out + PHONE_DIGITS - count, count);
}

static const struct canon *value_of(const struct canon *fields,
                                    const char *name)
{
    const struct canon *field = fields ? canon_member(fields, name) : NULL;
    return field ? canon_member(field, "value") : NULL;
}

static struct bytes text_of(const struct canon *fields, const char *name)
{
    const struct canon *value = value_of(fields, name);
    return value && value->kind == CANON_TEXT ? value->text : bytes_of(NULL, 0);
}

/* The texts of a field, one or a set, as keys added to *out. */
static enum err keys_take(struct duplicates *d, char kind,
                          const struct canon *value, const char **out,
                          size_t *count)
{
    char digits[PHONE_DIGITS + 1];
    bool many = value && value->kind == CANON_ARRAY;
    const struct canon *each = many ? value->first : value;
    enum err err = ERR_OK;
    for (; !err && each; each = many ? each->next : NULL) {
        if (each->kind != CANON_TEXT || !each->text.size)
            continue;
        struct bytes text =
            kind == 'p' ? phone_digits(each->text, digits) : each->text;
        if (kind == 'p' && text.size < 7)
            continue;
        err = key_make(d, kind, text, &out[*count]);
        *count += !err;
    }
    return err;
}

static size_t value_count(const struct canon *value)
{
    return !value ? 0 : value->kind == CANON_ARRAY ? value->count : 1;
}

static enum err contacts_take(struct duplicates *d, struct person *p,
                              const struct canon *fields)
{
    const struct canon *phone = value_of(fields, "phone");
    const struct canon *phones = value_of(fields, "phones");
    const struct canon *households = value_of(fields, "households");
    p->phones =
        arena_take(&d->arena, (value_count(phone) + value_count(phones) + 1) *
                                  sizeof *p->phones);
    p->households = arena_take(&d->arena, (value_count(households) + 1) *
                                              sizeof *p->households);
    if (!p->phones || !p->households)
        return ERR_NOMEM;
    enum err err = keys_take(d, 'p', phone, p->phones, &p->phone_count);
    if (!err)
        err = keys_take(d, 'p', phones, p->phones, &p->phone_count);
    if (!err)
        err = keys_take(d, 'h', households, p->households, &p->household_count);
    return err;
}

/* What is misspelt is mostly misspelt further on: the beginning of each word is
 * a key.  All of them together are one for names that many share. */
static enum err words_take(struct duplicates *d, const struct person_name *name)
{
    char key[PERSON_NAME_KEY_CHARS];
    const char *unused;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < name->count; i++)
        err = key_make(d, 'n', person_word_key(&name->words[i], key), &unused);
    if (!err && name->count > 1)
        err = key_make(d, 'w', person_name_key(name, key), &unused);
    return err;
}

static enum err person_take(struct duplicates *d, const struct canon *root)
{
    struct person *p = &d->persons[d->count];
    const struct canon *fields = canon_member(root, "fields");
    struct bytes id, dob = text_of(fields, "dob");
    const struct canon *merged = value_of(fields, "duplicate_of");
    if (!canon_text(root, "record", &id) ||
        (merged && merged->kind == CANON_TEXT))
        return ERR_OK;
    *p = (struct person){.shown = text_of(fields, "legal_name")};
    for (size_t i = 0; !p->shown.size && view_name_fields[i]; i++)
        p->shown = text_of(fields, view_name_fields[i]);
    person_name_put(&p->name, text_of(fields, "legal_name"));
    person_name_put(&p->name, text_of(fields, "first_name"));
    person_name_put(&p->name, text_of(fields, "preferred_name"));
    char *shown = arena_copy(&d->arena, p->shown);
    p->shown.at = (const uint8_t *)shown;
    p->id = arena_copy(&d->arena, id);
    p->dob = arena_copy(&d->arena, dob);
    if (!shown || !p->id || !p->dob)
        return ERR_NOMEM;
    const char *unused;
    enum err err = dob.size ? key_make(d, 'd', dob, &unused) : ERR_OK;
    if (!err)
        err = contacts_take(d, p, fields);
    if (!err)
        err = words_take(d, &p->name);
    d->count += !err;
    return err;
}

enum err duplicates_take(struct duplicates *d, struct bytes state)
{
    struct arena arena;
    const struct canon *root;
    enum err err =
        grow((void **)&d->persons, d->count, &d->room, sizeof *d->persons);
    if (err)
        return err;
    arena_init(&arena, STATE_ARENA_BYTES_MAX);
    err = canon_parse(&arena, state, &root, NULL);
    if (!err)
        err = person_take(d, root);
    arena_fini(&arena);
    return err;
}

static enum err take(void *context, const struct sql_value *row, size_t columns)
{
    (void)columns;
    return duplicates_take(context, row[0].bytes);
}

enum err duplicates_load(struct duplicates *d, struct sql *sql,
                         const char *agency)
{
    return sql_each_row(sql, person_all, SQL_VALUES(sql_text(agency)), take, d);
}

/* --- weighing ------------------------------------------------------------- */

static void reason(struct pair *pair, int score, const char *text)
{
    size_t used = strlen(pair->reasons);
    pair->score += score;
    snprintf(pair->reasons + used, sizeof pair->reasons - used, "%s%s",
             used ? "; " : "", text);
}

static void weigh_names(struct pair *pair, const struct person_name *a,
                        const struct person_name *b)
{
    static const struct {
        int score;
        const char *text;
    } weights[] = {
        [NAMES_DIFFER] = {0, ""},
        [NAMES_TOUCH] = {15, "a name in common"},
        [NAMES_NEAR] = {30, "names alike but for a letter"},
        [NAMES_WITHIN] = {35, "one has the other's names and more"},
        [NAMES_SAME] = {40, "same names"},
    };
    enum names_alike alike = person_names_compare(a, b);
    if (alike != NAMES_DIFFER)
        reason(pair, weights[alike].score, weights[alike].text);
}

/* One digit differs, or day and month are exchanged. */
static bool dates_near(const char *a, const char *b)
{
    size_t different = 0;
    if (strlen(a) != 10 || strlen(b) != 10)
        return false;
    for (size_t i = 0; i < 10; i++)
        different += a[i] != b[i];
    return different == 1 || (!strncmp(a, b, 4) && !strncmp(a + 5, b + 8, 2) &&
                              !strncmp(a + 8, b + 5, 2));
}

static void weigh_dates(struct pair *pair, const char *a, const char *b)
{
    if (!*a || !*b)
        return;
    if (!strcmp(a, b))
        reason(pair, 40, "same date of birth");
    else if (dates_near(a, b))
        reason(pair, 20, "dates of birth alike but for a digit");
    else
        reason(pair, -30, "dates of birth differ");
}

static bool share(const char *const *a, size_t a_count, const char *const *b,
                  size_t b_count)
{
    for (size_t i = 0; i < a_count; i++)
        for (size_t j = 0; j < b_count; j++)
            if (!strcmp(a[i], b[j]))
                return true;
    return false;
}

static enum err weigh(struct duplicates *d, size_t first, size_t second)
{
    const struct person *a = &d->persons[first], *b = &d->persons[second];
    struct pair pair = {.a = first, .b = second};
    weigh_names(&pair, &a->name, &b->name);
    weigh_dates(&pair, a->dob, b->dob);
    if (share(a->phones, a->phone_count, b->phones, b->phone_count))
        reason(&pair, 30, "same telephone");
    if (share(a->households, a->household_count, b->households,
              b->household_count))
        reason(&pair, 15, "same household");
    if (pair.score < DUPLICATES_SCORE_MIN)
        return ERR_OK;
    enum err err = grow((void **)&d->pairs, d->pair_count, &d->pair_room,
                        sizeof *d->pairs);
    if (!err)
        d->pairs[d->pair_count++] = pair;
    return err;
}

/* --- finding -------------------------------------------------------------- */

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = strcmp(x->key, y->key);
    return order ? order : (x->person > y->person) - (x->person < y->person);
}

/* Likeliest first, then by ids. */
static int compare_pairs(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    if (x->a != y->a)
        return x->a > y->a ? 1 : -1;
    return (x->b > y->b) - (x->b < y->b);
}

static enum err once(struct duplicates *d, struct map *seen, size_t a, size_t b)
{
    size_t both[2] = {a, b};
    struct bytes key = bytes_of(both, sizeof both);
    if (a == b || map_has(seen, key))
        return ERR_OK;
    enum err err = map_put(seen, key, d);
    return err ? err : weigh(d, a, b);
}

static enum err weigh_all(struct duplicates *d, struct map *seen)
{
    enum err err = ERR_OK;
    for (size_t i = 0, end; !err && i < d->entry_count; i = end) {
        for (end = i + 1; end < d->entry_count &&
                          !strcmp(d->entries[i].key, d->entries[end].key);)
            end++;
        if (end - i > ALIKE_MAX)
            continue;
        for (size_t a = i; !err && a < end; a++)
            for (size_t b = a + 1; !err && b < end; b++)
                err = once(d, seen, d->entries[a].person, d->entries[b].person);
    }
    return err;
}

enum err duplicates_find(struct duplicates *d, duplicates_each *each,
                         void *context)
{
    struct map *seen;
    enum err err = map_new(&seen);
    if (err)
        return err;
    d->pair_count = 0;
    if (d->entry_count)
        qsort(d->entries, d->entry_count, sizeof *d->entries, compare_entries);
    err = weigh_all(d, seen);
    map_free(seen);
    if (d->pair_count)
        qsort(d->pairs, d->pair_count, sizeof *d->pairs, compare_pairs);
    for (size_t i = 0; !err && i < d->pair_count; i++) {
        const struct pair *pair = &d->pairs[i];
        const struct person *a = &d->persons[pair->a];
        const struct person *b = &d->persons[pair->b];
        err = each(context, &(struct duplicates_pair){
                                .id = {a->id, b->id},
                                .name = {a->shown, b->shown},
                                .born = {a->dob, b->dob},
                                .score = pair->score,
                                .reasons = pair->reasons,
                            });
    }
    return err;
}
