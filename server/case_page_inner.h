/* What the parts of a case's page share. */
#ifndef SERVER_CASE_PAGE_INNER_H
#define SERVER_CASE_PAGE_INNER_H

#include "server/case_page.h"

#define PAGE_NAME_BYTES_MAX (1u << 20)

void page_text(struct buffer *out, struct bytes text); /* escaped */
/* A code or name in words: "home_visit" reads "home visit". */
void page_words(struct buffer *out, struct bytes code);
void page_time(struct buffer *out, int64_t ms);
MUST_CHECK enum err page_type_title(const struct case_page *page,
                                    struct bytes type, struct bytes *title);
/* Its name and the end of its id; the whole id when it has none. */
MUST_CHECK enum err page_record_name(struct buffer *out,
                                     const struct case_page *page,
                                     struct bytes id);
/* A value of a field of that type, or a member of its list; `field` NULL: the
 * type does not know it. */
MUST_CHECK enum err page_value(struct buffer *out, const struct case_page *page,
                               const struct schema_field *field,
                               const struct canon *value);

MUST_CHECK enum err page_records(struct buffer *out,
                                 const struct case_page *page);
MUST_CHECK enum err page_timeline(struct buffer *out,
                                  const struct case_page *page);

#endif
