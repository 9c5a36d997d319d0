/* What `needs` become once read.  Internal to the schema. */
#ifndef MODEL_GUARD_INNER_H
#define MODEL_GUARD_INNER_H

#include "shared/model/guard.h"
#include "shared/model/schema_read.h"

#define GUARDS_MAX 32     /* of one field */
#define CONDITIONS_MAX 16 /* of one guard */

/* What one field of a record must be. */
struct guard_test {
    struct bytes field;
    const struct canon *values; /* one of these, null: none; NULL: see `set` */
    bool set;                   /* it has a value, or it has none */
    const struct canon *roles;  /* ... of a user with one of these; NULL: any */
};

/* Records that name a record. */
struct guard_link {
    struct bytes type, naming;
};

enum guard_whose {
    GUARD_THIS,   /* tests of the record itself */
    GUARD_NAMED,  /* of the record that `field` names */
    GUARD_RECORDS /* of how many of `type` the tests are true */
};

struct guard_condition {
    enum guard_whose whose;
    struct bytes field;     /* GUARD_NAMED */
    struct bytes type;      /* but for GUARD_THIS */
    struct bytes naming;    /* the field that names this one; empty: any */
    struct bytes different; /* counted are its values; empty: the records */
    struct guard_test *tests;
    size_t test_count;
    struct guard_link *without; /* that no such record names */
    size_t without_count;
    int64_t min, max; /* max below 0: none */
};

struct guard {
    struct bytes name, says, owner;
    const struct canon *at;       /* NULL: at any value */
    const struct canon *by;       /* roles; NULL: anybody */
    const struct canon *clauses;  /* NULL: none */
    struct guard_condition *when; /* all of them */
    size_t when_count;
    struct guard_condition *any; /* one of them; none: see `by` */
    size_t any_count;
    struct bytes *types;
    size_t type_count;
};

#endif
