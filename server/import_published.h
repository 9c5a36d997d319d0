/* What the last import of each record published, and where it wrote it.
 *
 * An import compares with this, not with the record's present state: so it
 * writes only what the publisher changed, and as one who has seen his own
 * earlier writes and nothing else.  What somebody corrected meanwhile is then
 * concurrent to it, and stays. */
#ifndef SERVER_IMPORT_PUBLISHED_H
#define SERVER_IMPORT_PUBLISHED_H

#include "server/sql.h"
#include "shared/base/arena.h"
#include "shared/model/seen.h"

struct import_value {
    const char *field;
    struct bytes value; /* canonical JSON; of a set, an array in byte order */
    struct import_value *next;
};

struct import_published {
    bool found;
    int64_t publication; /* records that came together have the same */
    struct seen seen;    /* owned: the dots of all imports of this record */
    struct import_value *values; /* in the arena */
};

/* `out` is made empty first; finish it also after an error. */
MUST_CHECK enum err import_published_find(struct sql *sql, const char *agency,
                                          const char *record,
                                          struct arena *arena,
                                          struct import_published *out);
void import_published_fini(struct import_published *published);

/* The type of a record in the store, "" when it waits; ERR_NOT_FOUND. */
MUST_CHECK enum err import_stored_type(struct sql *sql, const char *agency,
                                       const char *record,
                                       char type[NAME_CHARS_MAX + 1]);

MUST_CHECK enum err import_published_put(struct sql *sql, const char *agency,
                                         const char *record, const char *type,
                                         int64_t publication,
                                         const struct seen *seen, int64_t now);
MUST_CHECK enum err import_published_value(struct sql *sql, const char *agency,
                                           const char *record,
                                           const char *field,
                                           struct bytes value,
                                           const struct dot *dot);

/* A number that no publication has yet. */
MUST_CHECK enum err import_publication_new(struct sql *sql, const char *agency,
                                           int64_t *out);
/* Those of `from` belong to `into` from now on. */
MUST_CHECK enum err import_publication_join(struct sql *sql, const char *agency,
                                            int64_t from, int64_t into);
typedef enum err import_each_record(void *context, const char *type,
                                    const char *record);
MUST_CHECK enum err import_publication_each(struct sql *sql, const char *agency,
                                            int64_t publication,
                                            import_each_record *each,
                                            void *context);

#endif
