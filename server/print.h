/* What people read on the terminal; prose.h has the words. */
#ifndef SERVER_PRINT_H
#define SERVER_PRINT_H

#include "shared/model/canon.h"

/* "2026-11-21 15:20 -06:00", in this machine's zone. */
void print_time(int64_t ms);
/* From the JSON that view_show(), view_row() and view_conflicts() make. */
void print_show(const struct canon *shown);
void print_row(const struct canon *row);
/* "person Ruth Ames (b302099a8057)"; without a name the whole id. */
void print_heading(const char *type, struct bytes name, const char *id);
/* Of the record so called. */
void print_conflict(const struct canon *conflict, const char *type,
                    struct bytes name, const char *id);

#endif
