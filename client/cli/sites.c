#include "client/cli/sites.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"
#include "shared/base/buffer.h"
#include "shared/model/id.h"

#define KM_A_DEGREE 111.195
#define RADIANS_A_DEGREE 0.017453292519943295
#define VERSION_BYTES_MAX (64u << 20)
#define VERSION_HASH_BYTES 6

struct search {
    struct sites *sites;
    json_t *entities; /* organization: the CSBG entity that it is; owned */
    json_t *all;      /* every site of the directory, owned */
    double latitude, longitude;
    bool placed; /* where the county is, is known */
};

static json_t *field(const json_t *row, const char *name)
{
    return json_object_get(json_object_get(row, "fields"), name);
}

static const char *text(const json_t *row, const char *name)
{
    const char *value = json_string_value(field(row, name));
    return value ? value : "";
}

/* Every record of the type; `take` borrows the row. */
static int each(struct search *s, satchel *vault, const char *type,
                void (*take)(struct search *s, json_t *row))
{
    satchel_iterator *iterator;
    const char *json;
    int error = satchel_list(vault, type, NULL, &iterator);
    if (error)
        return error;
    while (!(error = satchel_next(iterator, &json))) {
        json_t *row = cli_parse(json);
        take(s, row);
        json_decref(row);
    }
    satchel_iterator_close(iterator);
    return error == SATCHEL_NOT_FOUND ? SATCHEL_OK : error;
}

static bool degrees(const json_t *value, double *out)
{
    const char *shown = json_string_value(value);
    char *end;
    if (!shown || !*shown)
        return false;
    *out = strtod(shown, &end);
    return !*end && fabs(*out) <= 180.0;
}

/* --- the directory -------------------------------------------------------- */

static void take_organization(struct search *s, json_t *row)
{
    json_t *entity = field(row, "csbg_entity");
    if (json_string_length(entity) > 0)
        json_object_set(s->entities,
                        json_string_value(json_object_get(row, "record")),
                        entity);
}

static void take_counties(struct search *s, json_t *row)
{
    size_t i;
    json_t *code;
    if (strcmp(text(row, "set"), "counties") != 0)
        return;
    json_array_foreach(field(row, "codes"), i, code)
    {
        const char *name = json_string_value(json_object_get(code, "code"));
        const char *label = json_string_value(json_object_get(code, "label"));
        if (!name || strcmp(name, s->sites->county) != 0)
            continue;
        snprintf(s->sites->county_name, sizeof s->sites->county_name, "%s",
                 label ? label : "");
        s->placed = degrees(json_object_get(code, "latitude"), &s->latitude) &&
                    degrees(json_object_get(code, "longitude"), &s->longitude);
    }
}

static void take_location(struct search *s, json_t *row)
{
    if (json_is_true(field(row, "vita_site")))
        json_array_append(s->all, row);
}

/* --- one site ------------------------------------------------------------- */

static bool serves(const struct search *s, const json_t *row)
{
    size_t i;
    const json_t *county;
    if (!strcmp(text(row, "county"), s->sites->county))
        return true;
    json_array_foreach(field(row, "coverage"), i, county)
    {
        const char *code = json_string_value(county);
        if (code && !strcmp(code, s->sites->county))
            return true;
    }
    return false;
}

static bool is_open(const struct search *s, const json_t *row)
{
    const char *from = text(row, "season_from"), *to = text(row, "season_to");
    return !json_is_true(field(row, "closed")) &&
           strcmp(from, s->sites->on) <= 0 &&
           (!*to || strcmp(to, s->sites->on) >= 0);
}

/* A sponsor counts before whoever runs the place. */
static const char *sponsor(const struct search *s, const json_t *row)
{
    const char *by = text(row, "sponsor");
    const char *entity = json_string_value(json_object_get(s->entities, by));
    if (!entity)
        entity = json_string_value(
            json_object_get(s->entities, text(row, "organization")));
    return entity ? entity : "";
}

static const char *basis(const struct search *s, const json_t *row)
{
    if (!strcmp(text(row, "location_type"), "virtual"))
        return "virtual";
    if (!serves(s, row))
        return "no_site_in_county";
    return *sponsor(s, row) ? "sponsored_site" : "other_site_in_county";
}

static json_t *distance(const struct search *s, const json_t *row)
{
    double latitude, longitude;
    if (!s->placed || !degrees(field(row, "latitude"), &latitude) ||
        !degrees(field(row, "longitude"), &longitude))
        return json_null();
    double y = latitude - s->latitude;
    double x = (longitude - s->longitude) *
               cos(RADIANS_A_DEGREE * (latitude + s->latitude) / 2);
    return json_integer((json_int_t)lround(KM_A_DEGREE * sqrt(x * x + y * y)));
}

static json_t *offer(const struct search *s, const json_t *row)
{
    static const char *const shown[] = {"address", "appointment", "city",
                                        "county",  "languages",   "name",
                                        "phones",  "season_from", "season_to"};
    json_t *site = json_object();
    json_object_set_new(site, "basis", json_string(basis(s, row)));
    json_object_set_new(site, "km", distance(s, row));
    json_object_set(site, "record", json_object_get(row, "record"));
    json_object_set_new(site, "sponsor", json_string(sponsor(s, row)));
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        if (field(row, shown[i]))
            json_object_set(site, shown[i], field(row, shown[i]));
    return site;
}

/* --- their order ---------------------------------------------------------- */

static int rank(const json_t *site)
{
    static const char *const order[] = {"sponsored_site",
                                        "other_site_in_county",
                                        "no_site_in_county", "virtual"};
    const char *of = json_string_value(json_object_get(site, "basis"));
    int i = 0;
    while (i < 3 && strcmp(of, order[i]) != 0)
        i++;
    return i;
}

static json_int_t far(const json_t *site)
{
    const json_t *km = json_object_get(site, "km");
    return json_is_integer(km) ? json_integer_value(km) : INT32_MAX;
}

static int compare(const void *a, const void *b)
{
    const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
    if (rank(x) != rank(y))
        return rank(x) - rank(y);
    if (far(x) != far(y))
        return far(x) < far(y) ? -1 : 1;
    return strcmp(json_string_value(json_object_get(x, "record")),
                  json_string_value(json_object_get(y, "record")));
}

/* Other counties' only where there is none of this one, and not all. */
static void choose(struct search *s, json_t **offers, size_t count)
{
    size_t near = 0;
    qsort(offers, count, sizeof *offers, compare);
    s->sites->in_county = count > 0 && rank(offers[0]) < 2;
    for (size_t i = 0; i < count; i++) {
        bool other = rank(offers[i]) >= 2;
        bool elsewhere = rank(offers[i]) == 2;
        if ((other && s->sites->in_county) ||
            (elsewhere && near == SITES_NEAREST))
            continue;
        near += elsewhere;
        json_array_append(s->sites->found, offers[i]);
    }
}

static int sort(struct search *s)
{
    size_t i, count = 0, size = json_array_size(s->all);
    const json_t *row;
    json_t **offers = calloc(size + 1, sizeof(json_t *));
    if (!offers)
        return SATCHEL_NOMEM;
    json_array_foreach(s->all, i, row)
    {
        if (is_open(s, row))
            offers[count++] = offer(s, row);
    }
    choose(s, offers, count);
    for (i = 0; i < count; i++)
        json_decref(offers[i]);
    free(offers);
    return SATCHEL_OK;
}

/* --- the version ---------------------------------------------------------- */

static int compare_hashes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* How many sites there are, and a hash over the states of all of them: two
 * devices that saw the same directory write the same. */
static int version_make(struct search *s)
{
    size_t count = json_array_size(s->all);
    uint8_t hash[HASH_BYTES];
    struct buffer states;
    char *out = s->sites->version;
    const char **hashes = calloc(count + 1, sizeof(char *));
    if (!hashes)
        return SATCHEL_NOMEM;
    buffer_init(&states, VERSION_BYTES_MAX);
    for (size_t i = 0; i < count; i++)
        hashes[i] = json_string_value(
            json_object_get(json_array_get(s->all, i), "hash"));
    qsort(hashes, count, sizeof *hashes, compare_hashes);
    for (size_t i = 0; i < count; i++)
        buffer_printf(&states, "%s\n", hashes[i]);
    int error = buffer_err(&states) ? SATCHEL_NOMEM : SATCHEL_OK;
    hash_bytes(hash, buffer_bytes(&states));
    int used = snprintf(out, SITES_VERSION_CHARS, "sites-%zu-", count);
    for (size_t i = 0; i < VERSION_HASH_BYTES; i++)
        used += snprintf(out + used, SITES_VERSION_CHARS - (size_t)used, "%02x",
                         hash[i]);
    buffer_fini(&states);
    free(hashes);
    return error;
}

int sites_find(struct sites *sites, satchel *vault)
{
    struct search s = {
        .sites = sites, .entities = json_object(), .all = json_array()};
    sites->found = json_array();
    int error = each(&s, vault, "organization", take_organization);
    if (!error)
        error = each(&s, vault, "code_set", take_counties);
    if (!error)
        error = each(&s, vault, "location", take_location);
    if (!error)
        error = sort(&s);
    if (!error)
        error = version_make(&s);
    json_decref(s.entities);
    json_decref(s.all);
    return error;
}

void sites_fini(struct sites *sites)
{
    json_decref(sites->found);
    sites->found = NULL;
}
