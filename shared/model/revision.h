/* A revision: one line, one write, immutable (sync-protocol.md, Revision).
 *
 * revision_parse() checks form only (canonical, members of the right shape,
 * limits); whether the writer may is checked by ingest.  A parsed revision
 * borrows its line and lives in the caller's arena.  revision_write() builds a
 * line; the line is then parsed again before it is logged, so that what is
 * written can always be read. */
#ifndef MODEL_REVISION_H
#define MODEL_REVISION_H

#include "shared/model/seen.h"

#define LINE_BYTES_MAX (672u * 1024u) /* any line: what frames must take */
/* A line that carries nothing, so that every one fits into a carrier. */
#define ORIGINAL_BYTES_MAX (256u * 1024u)
/* An arena with this ceiling takes the tree of any line, nested ones too. */
#define REVISION_ARENA_BYTES (64u * 1024u * 1024u)
#define REVISION_FIELDS_MAX 256

struct revision {
    struct bytes line;        /* borrowed: exactly what was written */
    uint8_t hash[HASH_BYTES]; /* of the line */
    struct dot dot;           /* replica, n */
    int64_t at;               /* ms, as claimed */
    struct bytes author;
    struct bytes record;      /* UUID text */
    struct bytes type, kase;  /* creating revision only; kase may be empty */
    bool creates;             /* has `type` */
    int64_t prev;             /* 0: none */
    int64_t schema;           /* 0: absent */
    struct seen seen;         /* entries live in the arena: never fini */
    const struct canon *set;  /* objects or NULL */
    const struct canon *add;  /* {field: [members]} */
    const struct canon *drop; /* {field: {member: reason}} */
    const struct canon *keep; /* {field: [write ids]} */
    bool seal;
    struct bytes carries;      /* decoded text of the carried line, or empty */
    const struct canon *hold;  /* office: {dot: reason} */
    struct bytes release;      /* office: a dot as text, or empty */
    const struct canon *clock; /* office: {dot: ms} */
    const struct canon *was;   /* carriers: {dot: prev}, where it once stood */
    const struct revision *inner;   /* carried line; NULL if unparseable */
    char write[WRITE_ID_CHARS + 1]; /* hash id of the original line */
};

/* Parses one line without its newline.  ERR_INVALID with `fault`, ERR_TOO_BIG.
 * On ERR_INVALID *out still holds line, hash and what else could be read: dot
 * and record of a canonical object that is no revision, else "" and 0. */
MUST_CHECK enum err revision_parse(struct arena *arena, struct bytes line,
                                   const struct revision **out,
                                   struct canon_fault *fault);

/* What the person wrote: the carried revision, or this one when it carries
 * nothing or nothing that can be parsed. */
const struct revision *revision_original(const struct revision *revision);
bool revision_is_statement(const struct revision *r); /* hold or clock only */

/* What to write; all borrowed.  JSON texts are canonical objects or empty. */
struct revision_draft {
    struct dot dot;
    int64_t at;
    const char *author;
    const char *record;
    const char *type; /* NULL when revising */
    const char *kase; /* NULL: none */
    int64_t prev;
    int64_t schema;
    const struct seen *seen;                        /* NULL: empty */
    struct bytes set, add, drop, keep, hold, clock; /* canonical objects */
    bool seal;
    struct bytes carries; /* the original line */
    const char *release;  /* a dot, or NULL */
    struct bytes was;     /* with `carries`: a canonical object, or empty */
};

/* Appends the canonical line (no newline), or nothing.  ERR_TOO_BIG above
 * ORIGINAL_BYTES_MAX, or LINE_BYTES_MAX for a carrier. */
MUST_CHECK enum err revision_write(struct buffer *out,
                                   const struct revision_draft *draft);

/* Appends what the carrier of `line` says in `was`: the dots that `line` says
 * itself and, when an office had it where it stands, that one. */
MUST_CHECK enum err revision_was(struct buffer *out,
                                 const struct revision *line, bool had);

#endif
