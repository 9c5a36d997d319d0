/* bench/fold: what a conflict costs (F8: it must stay linear).  Folds a record
 * on which N people set two fields, each unseen by the others, and prints the
 * quietest of five folds as name=value lines: few_ms, many_ms (milliseconds)
 * and factor, how many times more the many are. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "shared/model/fold.h"

#define FEW 1000
#define FACTOR 8
#define RECORD "0198f1d2-7c3a-7e4b-9d5e-6f708192a3b4"

static void must(enum err err, const char *what)
{
    if (!err)
        return;
    fprintf(stderr, "bench/fold: %s: %s\n", what, err_text(err));
    exit(1);
}

static const struct revision *line_parse(struct arena *arena, const char *line)
{
    const struct revision *revision;
    struct canon_fault fault;
    must(revision_parse(arena, bytes_text(line), &revision, &fault), line);
    return revision;
}

static double milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double fold_cost(const struct schema *schema,
                        const struct revision *const *revisions, size_t count)
{
    double least = 1e9;
    for (int i = 0; i < 5; i++) {
        struct fold fold;
        fold_init(&fold);
        double before = milliseconds();
        must(fold_all(schema, revisions, count, &fold), "fold");
        double cost = milliseconds() - before;
        least = cost < least ? cost : least;
        fold_fini(&fold);
    }
    return least;
}

int main(void)
{
    static const struct revision *revisions[FACTOR * FEW + 1];
    struct schema *schema;
    struct arena arena;
    char line[512], detail[SCHEMA_DETAIL_CHARS];
    arena_init(&arena, (size_t)1 << 30);
    must(schema_new(&schema), "schema");
    must(schema_add(schema,
                    bytes_text("{\"type\":\"sample\",\"version\":1,\"fields\":"
                               "{\"income\":{\"kind\":\"any\",\"rule\":\"both\""
                               "},\"phone\":{\"kind\":\"text\",\"rule\":"
                               "\"latest\"}}}"),
                    detail),
         detail);
    revisions[0] = line_parse(&arena, "{\"at\":1,\"author\":\"dana\",\"n\":1,"
                                      "\"record\":\"" RECORD
                                      "\",\"replica\":\"wAAAAAAAAAAAA\","
                                      "\"set\":{\"phone\":\"1\"},"
                                      "\"type\":\"sample\"}");
    for (int i = 1; i <= FACTOR * FEW; i++) {
        snprintf(line, sizeof line,
                 "{\"at\":%d,\"author\":\"lee\",\"n\":1,\"record\":\"" RECORD
                 "\",\"replica\":\"wB%011d\",\"seen\":{\"wAAAAAAAAAAAA\":1},"
                 "\"set\":{\"income\":%d,\"phone\":\"%d\"}}",
                 i, i, i, i);
        revisions[i] = line_parse(&arena, line);
    }
    double few = fold_cost(schema, revisions, FEW + 1);
    double many = fold_cost(schema, revisions, FACTOR * FEW + 1);
    printf("few_ms=%.3f\nmany_ms=%.3f\nfactor=%.2f\n", few, many, many / few);
    schema_free(schema);
    arena_fini(&arena);
    return 0;
}
