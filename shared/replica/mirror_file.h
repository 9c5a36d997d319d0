/* One of the two files of mirror.h; no other layer includes this. */
#ifndef REPLICA_MIRROR_FILE_H
#define REPLICA_MIRROR_FILE_H

#include "shared/base/journal.h"
#include "shared/replica/identity_row.h"
#include "shared/replica/mirror.h"
#include "shared/replica/mirror_record.h"

#define MIRROR_NAME_CHARS 40

/* One of the two files, as this handle knows it. */
struct mirror {
    bool lines; /* a mirror; else the key file */
    char path[MIRROR_PATH_CHARS];
    char name[MIRROR_NAME_CHARS];
    struct journal *journal; /* owned; NULL: not open */
    struct arena arena;      /* of the record at hand */
    bool has_keys;
    char replica[REPLICA_CHARS + 1]; /* that the last of the keys names */
    int64_t *cases;                  /* owned: of a mirror, those in the file */
    size_t case_count, case_room;
    struct buffer text; /* scratch of the record being written */
    int64_t last_case;
    uint64_t last_print;         /* of its wrapping */
    int64_t destroyed;           /* as the last of the keys say */
    char log[REPLICA_CHARS + 1]; /* the last line's */
    int64_t n, line_count;
    uint64_t last_body; /* its beginning: a nonce, another line has another */
    bool whole;         /* being written anew: all at once */
    bool more;          /* there is more to make up for */
    bool checked;       /* its case keys were looked up since it was opened */
    bool broken;        /* lines are missing in the middle: written anew */
};

/* What the vault says now. */
struct mirror_facts {
    bool enrolled;
    struct identity_row identity;
    struct mirror_keys keys;
    int64_t head;
    int64_t mark; /* own lines up to it are safe */
};

/* What is sealed begins with its nonce: another has another. */
uint64_t mirror_fingerprint(struct bytes sealed);
/* The vault was taken back when it has not got the last of the keys, or another
 * in its place. */
MUST_CHECK enum err mirror_case_differs(struct vault *vault,
                                        const struct mirror *m, bool *differs);
/* The same of the last of the lines: ERR_FORK.  What only the file has is not
 * for us to drop, nor to go on behind. */
MUST_CHECK enum err mirror_line_check(struct vault *vault,
                                      const struct mirror *m);

void mirror_file_init(struct mirror *m, bool lines);
void mirror_file_fini(struct mirror *m);
/* Forgets the file; the next call opens it again. */
void mirror_file_close(struct mirror *m);
MUST_CHECK enum err mirror_facts_load(struct vault *vault,
                                      struct mirror_facts *facts);
/* ERR_FORK: the file at m->path holds own lines that the vault has not. */
MUST_CHECK enum err mirror_file_check(struct vault *vault, struct mirror *m);
/* Brings it up to date.  ERR_FORK as above, and nothing is touched;
 * ERR_FOREIGN: it is none of this vault's. */
MUST_CHECK enum err mirror_file_follow(struct vault *vault, struct mirror *m);

#endif
