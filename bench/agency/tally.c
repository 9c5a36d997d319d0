#include "bench/agency/tally.h"

#include <jansson.h>
#include <time.h>

struct once {
    int figure;
    int64_t thing;
};

struct tally_row {
    char *key; /* owned */
    int64_t figure[TALLY_FIGURES_MAX];
    bool seen; /* in the report, or need not be */
    LIST(struct once) once;
    LIST(struct id) ids;
};

/* Where the row with this key stands, or would. */
static size_t place_of(const struct tally *tally, const char *key)
{
    size_t low = 0, high = tally->rows.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strcmp(tally->rows.at[middle]->key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct tally_row *find_row(const struct tally *tally, const char *key)
{
    size_t place = place_of(tally, key);
    bool found = place < tally->rows.count &&
                 strcmp(tally->rows.at[place]->key, key) == 0;
    return found ? tally->rows.at[place] : NULL;
}

static struct tally_row *add_row(struct tally *tally, const char *key)
{
    size_t place = place_of(tally, key);
    struct tally_row *row = calloc(1, sizeof *row);
    if (!row || !(row->key = strdup(key)))
        die("out of memory");
    *LIST_ADD(tally->rows) = row;
    memmove(&tally->rows.at[place + 1], &tally->rows.at[place],
            (tally->rows.count - 1 - place) * sizeof(struct tally_row *));
    tally->rows.at[place] = row;
    return row;
}

struct tally_row *tally_row(struct tally *tally, ...)
{
    char key[TALLY_KEY_CHARS] = "";
    size_t size = 0;
    va_list list;
    va_start(list, tally);
    for (const char *text; (text = va_arg(list, const char *));)
        size += (size_t)snprintf(key + size, sizeof key - size, "%s | ", text);
    va_end(list);
    struct tally_row *row = find_row(tally, key);
    return row ? row : add_row(tally, key);
}

void tally_rows(struct tally *tally, const char *const *names)
{
    for (; *names; names++)
        tally_row(tally, *names, NULL);
}

static int figure_of(struct tally *tally, const char *column)
{
    int i = 0;
    while (i < tally->figure_count && strcmp(tally->figure[i], column) != 0)
        i++;
    if (i == TALLY_FIGURES_MAX)
        die("%s: too many figures", tally->report);
    if (i == tally->figure_count)
        tally->figure[tally->figure_count++] = column;
    return i;
}

void tally_add(struct tally *tally, struct tally_row *row, const char *column,
               int64_t by)
{
    row->figure[figure_of(tally, column)] += by;
}

void tally_set(struct tally *tally, struct tally_row *row, const char *column,
               int64_t value)
{
    row->figure[figure_of(tally, column)] = value;
}

void tally_once(struct tally *tally, struct tally_row *row, const char *column,
                int64_t thing)
{
    struct once once = {figure_of(tally, column), thing};
    *LIST_ADD(row->once) = once;
}

void tally_id(struct tally_row *row, const struct id *id)
{
    *LIST_ADD(row->ids) = *id;
}

void tally_lacks(struct tally *tally, const char *what, bool is_so,
                 const struct id *id)
{
    struct tally_row *row = tally_row(tally, what, NULL);
    tally_add(tally, row, "count", is_so);
    if (is_so)
        tally_id(row, id);
}

/* --- a row is done -------------------------------------------------------- */

static int once_order(const void *a, const void *b)
{
    const struct once *x = a, *y = b;
    if (x->figure != y->figure)
        return x->figure < y->figure ? -1 : 1;
    return (x->thing > y->thing) - (x->thing < y->thing);
}

static int id_order(const void *a, const void *b)
{
    return strcmp(((const struct id *)a)->text, ((const struct id *)b)->text);
}

static void finish_row(struct tally_row *row)
{
    if (row->once.count)
        qsort(row->once.at, row->once.count, sizeof *row->once.at, once_order);
    for (size_t i = 0; i < row->once.count; i++)
        if (i == 0 || once_order(&row->once.at[i - 1], &row->once.at[i]) != 0)
            row->figure[row->once.at[i].figure]++;
    row->once.count = 0;
    if (row->ids.count)
        qsort(row->ids.at, row->ids.count, sizeof *row->ids.at, id_order);
    size_t kept = 0;
    for (size_t i = 0; i < row->ids.count; i++)
        if (kept == 0 || id_order(&row->ids.at[kept - 1], &row->ids.at[i]) != 0)
            row->ids.at[kept++] = row->ids.at[i];
    row->ids.count = kept;
}

static void rows_free(struct tally *tally)
{
    for (size_t i = 0; i < tally->rows.count; i++) {
        struct tally_row *row = tally->rows.at[i];
        free(row->key);
        free(row->once.at);
        free(row->ids.at);
        free(row);
    }
    free(tally->rows.at);
}

void tally_drop_below(struct tally *tally, const char *column, int64_t least)
{
    int figure = figure_of(tally, column);
    for (size_t i = 0; i < tally->rows.count; i++)
        tally->rows.at[i]->seen = tally->rows.at[i]->figure[figure] < least;
}

void tally_percent(struct tally *tally, const char *column, const char *part,
                   const char *whole)
{
    int of = figure_of(tally, whole), some = figure_of(tally, part);
    for (size_t i = 0; i < tally->rows.count; i++) {
        struct tally_row *row = tally->rows.at[i];
        finish_row(row);
        tally_set(tally, row, column,
                  row->figure[of] ? row->figure[some] * 100 / row->figure[of]
                                  : TALLY_NULL);
    }
}

/* --- the comparison ------------------------------------------------------- */

struct comparison {
    struct tally *tally;
    long long figures, different, told;
};

#define DIFFERENCES_TOLD 8

__attribute__((format(printf, 2, 3))) static void
differs(struct comparison *c, const char *format, ...)
{
    va_list list;
    c->different++;
    if (c->told++ >= DIFFERENCES_TOLD)
        return;
    printf("# %s: ", c->tally->report);
    va_start(list, format);
    vprintf(format, list);
    va_end(list);
    putchar('\n');
}

static bool is_ignored(const struct tally *tally, const char *name)
{
    const char *at = tally->ignored;
    size_t size = strlen(name);
    for (; at && (at = strstr(at, name)); at += size)
        if ((at == tally->ignored || at[-1] == ' ') &&
            (at[size] == ' ' || !at[size]))
            return true;
    return false;
}

static bool is_text(const char *kind)
{
    return !strcmp(kind, "text") || !strcmp(kind, "record") ||
           !strcmp(kind, "date");
}

static void compare_ids(struct comparison *c, const struct tally_row *row,
                        json_t *ids)
{
    json_t *one;
    size_t i, missing = 0;
    c->figures++;
    json_array_foreach(ids, i, one)
    {
        struct id id;
        snprintf(id.text, sizeof id.text, "%s", json_string_value(one));
        if (!row->ids.count ||
            !bsearch(&id, row->ids.at, row->ids.count, sizeof id, id_order))
            missing++;
    }
    if (missing || json_array_size(ids) != row->ids.count)
        differs(c, "%s: %zu records, by the books %zu (%zu unknown there)",
                row->key, json_array_size(ids), row->ids.count, missing);
}

static void compare_row(struct comparison *c, json_t *columns, json_t *cells)
{
    char key[TALLY_KEY_CHARS] = "";
    size_t size = 0, i;
    json_t *column;
    json_array_foreach(columns, i, column)
    {
        const char *name = json_string_value(json_object_get(column, "name"));
        const char *kind = json_string_value(json_object_get(column, "kind"));
        const char *text = json_string_value(json_object_get(cells, name));
        if (is_text(kind) && !is_ignored(c->tally, name))
            size += (size_t)snprintf(key + size, sizeof key - size, "%s | ",
                                     text ? text : "");
    }
    struct tally_row *row = find_row(c->tally, key);
    if (!row || row->seen) {
        c->figures++;
        differs(c, "%sis a row too many", key);
        return;
    }
    row->seen = true;
    c->figures++;
    finish_row(row);
    json_array_foreach(columns, i, column)
    {
        const char *name = json_string_value(json_object_get(column, "name"));
        const char *kind = json_string_value(json_object_get(column, "kind"));
        json_t *cell = json_object_get(cells, name);
        if (is_text(kind) || is_ignored(c->tally, name))
            continue;
        if (!strcmp(kind, "ids")) {
            compare_ids(c, row, cell);
            continue;
        }
        int64_t got =
            json_is_integer(cell) ? json_integer_value(cell) : TALLY_NULL;
        int64_t wanted = row->figure[figure_of(c->tally, name)];
        c->figures++;
        if (got != wanted)
            differs(c, "%s%s is %lld, by the books %lld", key, name,
                    (long long)got, (long long)wanted);
    }
}

static void note_missing(struct comparison *c)
{
    for (size_t i = 0; i < c->tally->rows.count; i++) {
        if (c->tally->rows.at[i]->seen)
            continue;
        c->figures++;
        differs(c, "%sis missing", c->tally->rows.at[i]->key);
    }
}

double tally_now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void tally_compare(struct tally *tally, const struct office *office,
                   struct tally_total *total)
{
    struct comparison c = {.tally = tally};
    json_error_t error;
    double start = tally_now_s();
    char *text = office_ask(office, "report %s --json --ids %s", tally->report,
                            tally->options ? tally->options : "");
    double took = tally_now_s() - start;
    json_t *report = json_loads(text, 0, &error);
    json_t *rows = json_object_get(report, "rows"), *row;
    size_t i;
    if (!json_is_array(rows))
        die("%s: %s", tally->report, text);
    json_array_foreach(rows, i, row)
        compare_row(&c, json_object_get(report, "columns"), row);
    note_missing(&c);
    printf("%s %-5s %5zu rows %7lld figures %s %6.2f s%s%s%s%s\n",
           c.different ? "not ok" : "ok", tally->report, json_array_size(rows),
           c.figures, c.different ? "DIFFER" : "agree ", took,
           tally->ignored ? "  not compared: " : "",
           tally->ignored ? tally->ignored : "", tally->ignored ? ", " : "",
           tally->ignored ? tally->why : "");
    total->reports++;
    total->agreeing += c.different == 0;
    total->figures += c.figures;
    total->different += c.different;
    total->seconds += took;
    json_decref(report);
    free(text);
    rows_free(tally);
}
