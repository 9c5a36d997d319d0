/* Acts: what a record's revisions amount to before any field is looked at.
 *
 * One act is one write, however many lines carry it; its identity is the hash
 * of the original line.  Held lines are left out, clocks are clamped.  An act
 * has seen another when some dot of that other is in the `seen` of one of its
 * appearances, or, for a released line, when one that its own replica wrote
 * names the held dot in its `seen`.  Internal to the fold. */
#ifndef MODEL_FOLD_ACTS_H
#define MODEL_FOLD_ACTS_H

#include "shared/model/revision.h"

#define FOLD_ARENA_BYTES_MAX (1024u * 1024u * 1024u)

struct appearance {
    const struct revision *line; /* own line or carrier */
    struct dot counts_as;        /* the released dot, else its own */
    bool released;
    const struct seen
        *seen;     /* what its writer had seen, places lost left out */
    size_t column; /* of its replica in acts.replicas */
    const struct appearance *next;
};

struct act {
    const struct revision *line;    /* the original: whose content counts */
    const struct appearance *first; /* never NULL */
    int64_t at;                     /* as claimed, clamped by `clock` */
    size_t index;                   /* place by (dot, write id) */
};

struct acts {
    struct arena *arena;           /* borrowed: all arrays live there */
    const struct revision **lines; /* unique, by (dot, hash); held included */
    size_t line_count;
    struct act *at; /* in effect, by (dot, write id) */
    size_t count;
    const char **replicas; /* of the appearances, sorted */
    size_t replica_count;
};

/* ERR_NOMEM. */
MUST_CHECK enum err acts_gather(struct acts *out, struct arena *arena,
                                const struct revision *const *revisions,
                                size_t count);

/* Places that carriers say are lost (`was`): who named such a place and had not
 * seen a carrier that says so may mean what stood there or what does now, and
 * counts as having seen neither.  Part of acts_gather(). */
MUST_CHECK enum err acts_lost(struct acts *acts, struct appearance *all,
                              size_t count);

/* The creating act of least dot, or NULL when none is in effect. */
const struct act *acts_creator(const struct acts *acts);

bool act_has_seen(const struct act *a, const struct act *b);
/* `a` is a later write than `b`: it has seen `b`, and `b` has not seen it (two
 * acts that claim to have seen each other cover neither). */
bool act_covers(const struct act *a, const struct act *b);
/* Rule `latest`: above zero when `a` is shown before `b`. */
int act_rank(const struct act *a, const struct act *b);
/* Written by a device, not by the office. */
bool act_by_device(const struct act *act);

/* Place of a replica in acts.replicas, or SIZE_MAX. */
size_t acts_column(const struct acts *acts, const char *replica);

#endif
