/* The sites and counties of the repository, read anew from their files. */
#include "bench/agency/year.h"

#include <stdlib.h>

#define COLUMNS_MAX 32
#define LINE_CHARS 8192

/* Cuts one line of CSV in place; returns how many fields it has. */
static int split(char *line, char *field[COLUMNS_MAX])
{
    int count = 0;
    char *at = line, *to;
    while (count < COLUMNS_MAX) {
        bool quoted = *at == '"';
        field[count++] = to = at;
        at += quoted;
        while (*at && *at != '\n' && *at != '\r' && (quoted || *at != ',')) {
            if (*at == '"' && at[1] != '"')
                quoted = false, at++;
            else if (*at == '"')
                *to++ = '"', at += 2;
            else
                *to++ = *at++;
        }
        bool more = *at == ',';
        *to = '\0';
        if (!more)
            break;
        at++;
    }
    return count;
}

/* Calls `take` with the fields that are named, of each row. */
static void each_row(const char *path, const char *const *names, int count,
                     void (*take)(struct world *, char **), struct world *w)
{
    char line[LINE_CHARS], *head[COLUMNS_MAX], *field[COLUMNS_MAX];
    char *wanted[COLUMNS_MAX];
    int place[COLUMNS_MAX], columns = 0;
    FILE *file = fopen(path, "r");
    if (!file)
        die("%s cannot be read", path);
    while (fgets(line, sizeof line, file)) {
        if (line[0] == '#')
            continue;
        int got = split(line, columns ? field : head);
        for (int i = 0; i < count; i++)
            for (int j = 0; j < got && !columns; j++)
                if (strcmp(head[j], names[i]) == 0)
                    place[i] = j;
        for (int i = 0; i < count && columns; i++)
            wanted[i] = place[i] < got ? field[place[i]] : "";
        if (columns)
            take(w, wanted);
        columns = columns ? columns : got;
    }
    fclose(file);
}
#define EACH_ROW(path, take, w, ...)                                           \
    each_row(path, (const char *const[]){__VA_ARGS__},                         \
             (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)),    \
             take, w)

/* --- what links what ------------------------------------------------------ */

struct link {
    struct id from, to;
};
static LIST(struct link) organizations, located;

static void take_link(struct link *link, char **row)
{
    snprintf(link->from.text, sizeof link->from.text, "%s", row[0]);
    snprintf(link->to.text, sizeof link->to.text, "%s", row[1]);
}

static struct site *site_of(struct world *w, const char *location)
{
    for (size_t i = 0; i < w->sites.count; i++)
        if (strcmp(w->sites.at[i].id.text, location) == 0)
            return &w->sites.at[i];
    die("there is no place %s", location);
}

static const char *place_of(const char *id, bool of_service)
{
    for (size_t i = 0; i < located.count; i++)
        if (strcmp(of_service ? located.at[i].to.text : located.at[i].from.text,
                   id) == 0)
            return organizations.at[i].from.text;
    die("%s is nowhere", id);
}

static void take_site(struct world *w, char **row)
{
    struct site *site = LIST_ADD(w->sites);
    snprintf(site->id.text, sizeof site->id.text, "%s", row[0]);
    snprintf(site->organization.text, sizeof site->organization.text, "%s",
             row[1]);
    site->county = "unknown";
    site->entity = "";
}

static void take_name(struct world *w, char **row)
{
    for (size_t i = 0; i < w->sites.count; i++)
        if (strcmp(w->sites.at[i].organization.text, row[0]) == 0)
            w->sites.at[i].name = strdup(row[1]);
}

/* Row by row: `located` has service_at_location and service, the other list
 * the location of the same row. */
static void take_place(struct world *w, char **row)
{
    (void)w;
    take_link(LIST_ADD(located), row);
    take_link(LIST_ADD(organizations), (char *[]){row[2], row[2]});
}

static void take_area(struct world *w, char **row)
{
    site_of(w, place_of(row[0], true))->county = strdup(row[1]);
}

static void take_season(struct world *w, char **row)
{
    struct site *site = site_of(w, place_of(row[0], false));
    if (row[1][0] && (!site->from[0] || strcmp(row[1], site->from) < 0))
        snprintf(site->from, DATE_CHARS, "%s", row[1]);
    if (row[2][0] && strcmp(row[2], site->to) > 0)
        snprintf(site->to, DATE_CHARS, "%s", row[2]);
}

static void take_county(struct world *w, char **row)
{
    struct county *county = LIST_ADD(w->counties);
    snprintf(county->geoid, sizeof county->geoid, "%s", row[0]);
    snprintf(county->name, sizeof county->name, "%s", row[1]);
    snprintf(county->entity, sizeof county->entity, "%s", row[2]);
}

static void take_code(struct code *code, char **row)
{
    code->code = strdup(row[0]);
    code->label = strdup(row[1]);
    code->more = strdup(row[2]);
    code->total = strcmp(row[3], "yes") == 0;
}

static void take_service(struct world *w, char **row)
{
    take_code(LIST_ADD(w->service_codes), row);
}

static void take_indicator(struct world *w, char **row)
{
    take_code(LIST_ADD(w->indicators), row);
}

static void take_item(struct world *w, char **row)
{
    take_code(LIST_ADD(w->items), row);
}

void directory_read(struct world *w)
{
    const char *folder = "examples/directory/";
    char path[128];
#define READ(file, take, ...)                                                  \
    snprintf(path, sizeof path, "%s%s", folder, file);                         \
    EACH_ROW(path, take, w, __VA_ARGS__)
    READ("locations.csv", take_site, "id", "organization_id");
    READ("organizations.csv", take_name, "id", "name");
    READ("service_at_location.csv", take_place, "id", "service_id",
         "location_id");
    READ("service_areas.csv", take_area, "service_id", "extent");
    READ("schedules.csv", take_season, "service_at_location_id", "valid_from",
         "valid_to");
#undef READ
    EACH_ROW("schema/codes/counties-ms-me.csv", take_county, w, "code", "label",
             "csbg_entity");
    EACH_ROW("schema/codes/csbg-services-2.1.csv", take_service, w, "code",
             "label", "domain", "code");
    EACH_ROW("schema/codes/csbg-fnpi-2.1.csv", take_indicator, w, "code",
             "label", "parent", "total_of_children");
    EACH_ROW("schema/codes/csbg-characteristics-2.1.csv", take_item, w, "code",
             "label", "item", "code");
    free(organizations.at);
    free(located.at);
}

void directory_correct(struct world *w, int worker, int day)
{
    struct site *site = &w->sites.at[dice(w, (int)w->sites.count)];
    (void)day;
    if (!site->closed && chance(w, 40)) {
        site->closed = true;
        device_revise(device_of(w, worker), &site->id, "\"closed\":true");
    } else if (!site->entity_known) {
        site->entity_known = true;
        site->entity = "AJFC Community Action Agency";
        device_revise(device_of(w, worker), &site->organization,
                      "\"csbg_entity\":\"%s\"", site->entity);
    }
}
