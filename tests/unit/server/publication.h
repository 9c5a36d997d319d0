/* A publication under test: read from texts or files, then looked at.
 *
 * What fails, fails the running cmocka test. */
#ifndef TESTS_UNIT_SERVER_PUBLICATION_H
#define TESTS_UNIT_SERVER_PUBLICATION_H

#include "server/import_map.h"

#define ORG "11111111-1111-4111-8111-111111111111"
#define ORG_2 "22222222-2222-4222-8222-222222222222"
#define LOC "33333333-3333-4333-8333-333333333333"
#define SVC "44444444-4444-4444-8444-444444444444"
#define SAL "55555555-5555-4555-8555-555555555555"

/* A publication under test; its files live in its arena. */
struct pub {
    struct import_publication p;
    struct import_records records;
};

void pub_init(struct pub *pub);
/* One table or file more. */
void pub_csv(struct pub *pub, enum import_table_id id, const char *text);
void pub_json(struct pub *pub, const char *name, const char *text);
/* Checks the references and maps. */
void pub_finish(struct pub *pub);

size_t pub_rows(const struct pub *pub, enum import_table_id id);
/* All notes, one a line, each with s, w or r before it. */
void pub_notes_are(const struct pub *pub, const char *wanted);
const struct import_record *pub_record(const struct pub *pub, const char *id);
/* A value as JSON; members as {a|b}, of a partial set +{a|b}; "" unsaid. */
void pub_field_is(const struct pub *pub, const char *id, const char *name,
                  const char *wanted);

/* For import_rows_check_keys(): the office knows no record. */
enum err pub_nothing_known(void *context, const char *type, const char *id,
                           bool *known);

#endif
