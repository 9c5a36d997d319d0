/* One field of a record: its writes, what stands of them, what is shown.
 *
 * The acts' writes are grouped by field into ops; a field's claims say which
 * value an act asserts (its own, or by `keep` another's).  Each rule turns the
 * claims into an outcome, which fold_write.c puts into words.  Internal to the
 * fold; everything lives in one arena. */
#ifndef MODEL_FOLD_FIELD_H
#define MODEL_FOLD_FIELD_H

#include "shared/model/fold_cover.h"
#include "shared/model/schema.h"

enum op_kind { OP_SET, OP_ADD, OP_DROP, OP_KEEP };

struct op {
    struct bytes field;
    const struct act *act;
    enum op_kind kind;
    const struct canon *node; /* value, members, reasons, write ids */
};

/* `act` says that the write of `value` stands: its own (act is value), that of
 * another by `keep`, or as a seal. */
struct claim {
    const struct act *act, *value;
    const struct canon *node; /* what `value` wrote */
};
struct claims {
    struct claim *at;
    size_t count;
};

struct entry {
    const struct act *act;
    struct bytes raw;    /* canonical value, or empty: then `member` */
    struct bytes member; /* decoded text */
    struct bytes reason; /* canonical, or empty */
};
struct entries {
    struct entry *at;
    size_t count;
};

struct outcome {
    struct entries after, dropped, live, requests, unreadable;
    struct bytes *review; /* canonical values */
    size_t review_count;
    struct bytes value, base; /* canonical */
    bool open, meanwhile, sealed;
};

struct folding {
    struct arena *arena; /* borrowed */
    const struct acts *acts;
    const struct schema_type *type; /* NULL: unknown, all fold as `both` */
    const struct act **seals;       /* by (dot, write id) */
    size_t seal_count;
    struct cover cover; /* scratch */
    bool *marked;       /* scratch: one an act */
};

struct field {
    struct bytes name;
    const struct schema_field *known; /* NULL: unknown, folds as `both` */
    enum rule rule;
    bool office;          /* a device's write is a request */
    const struct op *ops; /* by act, then kind */
    size_t op_count;
};

/* All ops of all acts, sorted by field, act, kind. */
MUST_CHECK enum err ops_gather(struct folding *f, struct op **ops,
                               size_t *count);
/* The field whose ops begin at `ops`; its op_count says how many. */
struct field field_of(const struct folding *f, const struct op *ops,
                      size_t count);
MUST_CHECK enum err field_fold(struct folding *f, const struct field *field,
                               struct outcome *out);

/* --- between the rules -------------------------------------------------- */

/* A device's write to a field that the office writes. */
bool op_is_request(const struct field *field, const struct op *op);
/* The claims that count; else (`requests`) those of devices that do not. */
MUST_CHECK enum err claims_gather(struct folding *f, const struct field *field,
                                  bool requests, struct claims *out);
/* What stands beside the value: requests and unreadable writes. */
MUST_CHECK enum err lists_make(struct folding *f, const struct field *field,
                               struct outcome *out);

/* The claims that no later claim covers, in order. */
MUST_CHECK enum err claims_live(struct folding *f, struct claims found,
                                struct claims *out);
/* The claim whose value rule `latest` shows. */
const struct claim *claims_best(struct claims claims);
bool claims_differ(struct claims claims);
/* Closed although several values stand: one keep named them all. */
bool claims_agreed(struct folding *f, struct claims alive);
/* Canonical value in force in what all of `alive` had seen, folded as `both`;
 * "null" when that is nothing. */
MUST_CHECK enum err claims_base(struct folding *f, struct claims found,
                                struct claims alive, struct bytes *out);
/* Each value once, in order of its write. */
MUST_CHECK enum err claims_list(struct folding *f, struct claims claims,
                                struct entries *out);

MUST_CHECK enum err fixed_fold(struct folding *f, struct claims found,
                               struct outcome *out);
MUST_CHECK enum err set_fold(struct folding *f, const struct field *field,
                             struct outcome *out);

#endif
