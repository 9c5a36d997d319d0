/* What a view says, in words for people: `satchel` and `satchel-central` print
 * the same because both take it from here.
 *
 * Everything is appended to `out`, whose first failure buffer_err() tells.  A
 * stored text never commands the terminal: its control characters, and those
 * that turn its direction, become spaces.  Values between which somebody
 * decides, and those of history, are never shortened, and no line of a value
 * begins where a line of ours does.  Values may be NULL, which reads "-". Pure,
 * but for the time zone of this machine. */
#ifndef MODEL_PROSE_H
#define MODEL_PROSE_H

#include "shared/model/canon.h"

#define PROSE_BYTES_MAX (256u << 20) /* a ceiling for `out` */
#define PROSE_WIDTH 60               /* what is longer gets lines of its own */

/* Shortened to `width` characters, in one line; 0: whole, in its lines. */
void prose_text(struct buffer *out, struct bytes text, int width);
void prose_value(struct buffer *out, const struct canon *value, int width);
void prose_member(struct buffer *out, const struct canon *object,
                  const char *name);
/* "2026-11-21 15:20 -06:00" */
void prose_time(struct buffer *out, int64_t ms);
/* "dana on 2026-11-21 15:20 -06:00" */
void prose_who(struct buffer *out, const struct canon *write);
/* "person Ruth Ames (b302099a8057)"; without a name the whole id. */
void prose_heading(struct buffer *out, struct bytes type, struct bytes name,
                   struct bytes id);
/* One element of what view_conflicts() makes, in lines: the heading, who wrote
 * what, and which value holds until somebody decides. */
void prose_conflict(struct buffer *out, const struct canon *conflict,
                    struct bytes type, struct bytes name, struct bytes id);

/* "county: 28081", of {"field","value"}. */
void prose_settled(struct buffer *out, const struct canon *said);

/* From the JSON that view_show() and view_row() make; `order` says how the
 * history is sorted. */
void prose_show(struct buffer *out, const struct canon *shown,
                const char *order);
void prose_row(struct buffer *out, const struct canon *row);

#endif
