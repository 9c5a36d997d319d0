/* From lines to committed, folded, fed revisions: the one way in.
 *
 * Devices' pushes, the office's own writes, carried releases and healed lines
 * all pass through here, inside one write transaction that the caller opens
 * (so that one durable commit can serve many pushes).  For each line: decide
 * whether it is held and why, append it to its log, fold its record, update
 * case sums and membership, append to the feeds of the case's scopes. */
#ifndef SERVER_INGEST_H
#define SERVER_INGEST_H

#include "server/office.h"

/* A verified piece of one replica's log: chain and signatures are checked, the
 * lines follow each other from `first` on. */
struct push {
    char replica[REPLICA_CHARS + 1];
    int64_t first;             /* n of lines[0] */
    const struct bytes *lines; /* borrowed; an empty one was erased, and only
                                  its hash is known */
    const uint8_t (*hashes)[HASH_BYTES];
    size_t count;             /* up to the last valid sign line */
    uint8_t link[LINK_BYTES]; /* after the last of them */
    const uint8_t *signature; /* of that link, SIGNATURE_BYTES */
    /* Borrowed trees of the lines, so that they are parsed once; NULL, or NULL
     * members, for those that ingest parses itself. */
    const struct revision *const *revisions;
    const struct cursor *cursors; /* of the request, for skips and rights */
    size_t cursor_count;
    bool contributed; /* of a predecessor: section 13 */
};
struct push_result {
    int64_t head; /* the replica's head now */
    uint8_t link[LINK_BYTES];
    struct held_note *held; /* owned (free) */
    size_t held_count;
};

/* ERR_GAP when the head moved meanwhile (the caller verifies again), ERR_FORK
 * when a stored line of the same n differs, or one that was erased is not
 * stored. */
MUST_CHECK enum err ingest_push(struct office *office, struct sql *sql,
                                const struct push *push,
                                struct push_result *out);

/* Lines of any replicas that came with a valid page receipt. */
MUST_CHECK enum err ingest_healed(struct office *office, struct sql *sql,
                                  const struct bytes *lines, size_t count);

/* The office writes as this term, for `author`: dot, prev, at and schema are
 * filled in; the rest is the draft's.  What does not fit the record type, or
 * lacks a required field, is refused. */
MUST_CHECK enum err ingest_office(struct office *office, struct sql *sql,
                                  const char *author,
                                  struct revision_draft *draft,
                                  struct dot *dot);

/* The same of what a person wrote, which put.h has judged as a device would. */
MUST_CHECK enum err ingest_put(struct office *office, struct sql *sql,
                               const char *author, struct revision_draft *draft,
                               struct dot *dot);

/* Numbers what was left without a number while the office was in recovery. */
MUST_CHECK enum err ingest_numbers(struct office *office, struct sql *sql);

/* Releases a held line: carries it with its own seen and dot. */
MUST_CHECK enum err ingest_release(struct office *office, struct sql *sql,
                                   const char *author, const struct dot *held);

/* Sets the scopes that may see a case (its `assignment` record). */
MUST_CHECK enum err ingest_assign(struct office *office, struct sql *sql,
                                  const char *author, const char *kase,
                                  const char (*scopes)[SCOPE_CHARS_MAX + 1],
                                  size_t count);

#endif
