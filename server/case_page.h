/* A case file as one page of HTML for people and printers: what is known,
 * record by record, with who said so; then every line in the order in which it
 * came.  Needs nothing beside it: no script, no font, no picture.  Pure, but
 * for the time zone of this machine. */
#ifndef SERVER_CASE_PAGE_H
#define SERVER_CASE_PAGE_H

#include "server/case_file.h"
#include "shared/model/schema.h"

struct case_page {
    const struct case_file *file;
    const struct schema *schema;
    const char *agency, *lineage, *kase;
    const char *by;    /* who prints it */
    int64_t at;        /* when */
    int64_t until;     /* as of; INT64_MAX: as it is */
    const char *as_of; /* as it was asked for; NULL: as it is */
    /* What a record that is not of the case is called; `out` may stay empty. */
    enum err (*name_of)(void *context, struct bytes id, struct buffer *out);
    void *context;
};

MUST_CHECK enum err case_page_write(struct buffer *out,
                                    const struct case_page *page);

#endif
