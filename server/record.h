/* One record as the office has it, ready to be read. */
#ifndef SERVER_RECORD_H
#define SERVER_RECORD_H

#include "server/office.h"
#include "server/store_record.h"
#include "shared/model/same.h"

struct record {
    char id[ID_CHARS + 1];
    char type[NAME_CHARS_MAX + 1]; /* "" while it waits for its creation */
    char kase[ID_CHARS + 1];       /* "" none */
    struct bytes state, memo;      /* borrowed from `bytes` */
    const struct canon *root;      /* the state, parsed */
    struct buffer bytes;           /* owned */
    struct arena arena;            /* owned */
};

/* ERR_NOT_FOUND (office->detail says so), ERR_INVALID: no record id. */
MUST_CHECK enum err record_load(struct record *out, struct office *office,
                                struct sql *sql, const char *id);
/* A zeroed struct, or one whose loading failed, is allowed. */
void record_fini(struct record *record);

/* The field's object ({"live","value",...}), NULL when it was never written. */
const struct canon *record_field(const struct record *record,
                                 const char *field);
/* The field's value, NULL when it has none or null. */
const struct canon *record_value(const struct record *record,
                                 const char *field);
/* The value when it is a text, else empty. */
struct bytes record_text(const struct record *record, const char *field);
/* What people call the record (view_name_fields), appended to `out`, which
 * stays empty when nobody gave it a name. */
MUST_CHECK enum err record_name(const struct record *record,
                                struct office *office, struct sql *sql,
                                struct buffer *out);
/* The same for a line whose record has not taken effect. */
MUST_CHECK enum err record_name_of_line(const struct revision *original,
                                        struct office *office, struct sql *sql,
                                        struct buffer *out);
/* What has been merged of a type ("": of all); the caller frees it. */
MUST_CHECK enum err record_same_load(struct office *office, struct sql *sql,
                                     struct bytes type, struct same **out);
/* The office writes to a record, having seen all that is there; one that is not
 * there yet is made, of this type and in this case. */
MUST_CHECK enum err record_put(struct office *office, struct sql *sql,
                               const char *author, const char *id,
                               const char *type, const char *kase,
                               struct bytes set);
/* What a reader of this moment has seen; the token is appended. */
MUST_CHECK enum err record_context(const struct record *record,
                                   struct seen *seen, struct buffer *token);

#endif
