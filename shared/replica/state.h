/* Folded state of records: rows of the record table.
 *
 * State and memo are sealed under the case key.  A revision is folded in the
 * transaction that stores its line, but for a record's first: its state is
 * folded whenever it is read, until a second line comes. */
#ifndef REPLICA_STATE_H
#define REPLICA_STATE_H

#include "shared/model/fold.h"
#include "shared/replica/case_key.h"

struct state_row {
    int64_t id;    /* record.id; 0: not here yet */
    int64_t key;   /* case_key.id; 0: its case has left, or new */
    int64_t epoch; /* schema epoch of the fold */
    int64_t own_n; /* last own n on it */
    uint8_t token[TOKEN_KEYED_BYTES];
    char record[ID_CHARS + 1];
    bool has_type;
    uint8_t type[TOKEN_KEYED_BYTES]; /* known after state_load_* */
    struct fold fold; /* owned; empty when the case has left, or when no line
                         of the record can be folded */
};

void state_row_init(struct state_row *row);
void state_row_fini(struct state_row *row);

/* The row of a record whose id was just made, so that there is none. */
void state_new(struct vault *vault, struct bytes record, struct state_row *row);
/* The row of a record; ERR_OK with id 0 when there is none. */
MUST_CHECK enum err state_load(struct vault *vault, struct bytes record,
                               struct state_row *row);
/* The same without the fold, which stays empty. */
MUST_CHECK enum err state_find(struct vault *vault, struct bytes record,
                               struct state_row *row);
/* A row without a state, for lines to point to. */
MUST_CHECK enum err state_add_empty(struct vault *vault, struct state_row *row,
                                    int64_t key);
/* The next row that has lines and no state.  ERR_NOT_FOUND at the end. */
MUST_CHECK enum err state_next_blank(struct vault *vault,
                                     struct state_row *row);
/* Is the row's state what folding its lines gives? */
MUST_CHECK enum err state_same(struct vault *vault, const struct state_row *row,
                               bool *same);
/* The next readable row after row->id in the order of arrival; `which` is
 * SQL_RECORD_NEXT, _OF_TYPE (with `type`), _OF_CASE (with `type` and row->key)
 * or _OPEN.  ERR_NOT_FOUND at the end. */
MUST_CHECK enum err state_next(struct vault *vault, enum sql which,
                               struct bytes type, struct state_row *row);
/* Seals and stores the row as its fold now is. */
MUST_CHECK enum err state_store(struct vault *vault, struct state_row *row,
                                const struct case_key *key);
/* Stores the row without a state: it is folded when it is read. */
MUST_CHECK enum err state_store_unfolded(struct vault *vault,
                                         struct state_row *row,
                                         const struct case_key *key);
/* Folds the lines of a row that is stored without a state into row->fold, and
 * finds its record id. */
MUST_CHECK enum err state_fold(struct vault *vault, struct state_row *row);
/* Folds one more line of the record, or all of them, and stores the result
 * under `key`.  `line` is its log.id.  The fold stays empty after a record's
 * first line. */
MUST_CHECK enum err state_apply(struct vault *vault, struct state_row *row,
                                const struct case_key *key,
                                const struct revision *revision, int64_t line);
/* Brings every state that an older schema folded up to the present one.
 * Inside a write transaction. */
MUST_CHECK enum err state_renew(struct vault *vault);
/* Adds a line that this build cannot fold to its record. */
MUST_CHECK enum err state_keep(struct vault *vault, struct state_row *row,
                               const struct case_key *key, int64_t line);
/* Folds all lines of the record anew and stores that. */
MUST_CHECK enum err state_refold(struct vault *vault, struct state_row *row,
                                 const struct case_key *key);

/* All readable lines of a record, oldest arrival first. */
struct state_line {
    const struct revision *revision; /* NULL: it does not parse */
    struct bytes line;
    int64_t log;     /* log.id */
    int64_t replica; /* replica.id */
    char name[REPLICA_CHARS + 1];
    int64_t n;
};
struct state_lines {
    struct arena arena;
    struct state_line *lines;
    size_t count, room;
};
void state_lines_init(struct state_lines *lines);
void state_lines_fini(struct state_lines *lines);
MUST_CHECK enum err state_lines_load(struct vault *vault, int64_t record,
                                     struct state_lines *out);

#endif
