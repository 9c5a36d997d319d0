/* The list of what was on a lost device, as people read it, as a table of the
 * persons in CSV, and as JSON. */
#ifndef SERVER_LOST_PRINT_H
#define SERVER_LOST_PRINT_H

#include "server/lost_person.h"

/* 10 M.R.S. 1348: at the latest so long after it was found out. */
#define LOST_NOTICE_DAYS 30
/* And the agencies that report on consumers, above so many persons. */
#define LOST_REPORTED_ABOVE 1000

struct lost_list {
    const struct lost *lost;
    const struct lost_people *people;
    const char *replica;               /* that was named */
    char found_out[11], notice_by[11]; /* days */
};

/* Appended to `out`, whose first failure buffer_err() tells. */
void lost_print_text(struct buffer *out, const struct lost_list *list);
/* A row a person, and no lines of explanation. */
MUST_CHECK enum err lost_print_csv(struct buffer *out,
                                   const struct lost_list *list);
void lost_print_json(struct buffer *out, const struct lost_list *list);

#endif
