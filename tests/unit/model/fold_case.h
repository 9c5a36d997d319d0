/* A record's lines, parsed, and folds of them: what the fold's tests share.
 * Functions assert; tests have nothing to say when they fail. */
#ifndef TESTS_FOLD_CASE_H
#define TESTS_FOLD_CASE_H

#include <jansson.h>

#include "shared/model/fold.h"

struct fold_case {
    struct arena arena;                /* owns the revisions */
    struct schema *schema;             /* owned */
    const struct revision **revisions; /* owned array */
    size_t count;
    json_t *json; /* borrowed: lines live there */
};

/* {"definitions":[...],"lines":[...]} */
void fold_case_open(struct fold_case *c, json_t *json);
void fold_case_close(struct fold_case *c);

/* fold_all() of some; the caller owns *out. */
void fold_some(const struct fold_case *c,
               const struct revision *const *revisions, size_t count,
               struct fold *out);
/* Applies them one by one, from scratch only when the step asks for it, and
 * holds each step against fold_all() of what is there; returns how many steps
 * were fast. */
size_t fold_stepwise(const struct fold_case *c,
                     const struct revision *const *revisions, size_t count,
                     struct fold *out);
void assert_same_bytes(struct bytes a, struct bytes b);
void assert_state(const struct fold *fold, const char *expected);

/* A JSON file of the source tree; the caller owns it. */
json_t *tree_json(const char *path);

#endif
