/* Parts of messages: members written in order, members read with checks.
 *
 * Reading sticks to its first fault, so that a message is read member by member
 * and checked once: part_err().  Absent optional members give zero values.  Not
 * thread-safe. */
#ifndef WIRE_PART_H
#define WIRE_PART_H

#include "shared/model/canon.h"
#include "shared/model/id.h"

/* --- writing: the caller keeps members sorted --- */

/* `"name":`, with the comma that it needs. */
void part_name(struct buffer *out, const char *name);
void part_put_int(struct buffer *out, const char *name, int64_t value);
void part_put_text(struct buffer *out, const char *name, const char *text);
void part_put_bytes(struct buffer *out, const char *name, struct bytes text);
void part_put_true(struct buffer *out, const char *name, bool value);
void part_put_base64(struct buffer *out, const char *name, const void *at,
                     size_t size);
void part_put_sum(struct buffer *out, const char *name, uint64_t sum);

/* --- reading --- */

enum need { PART_OPTIONAL, PART_REQUIRED };

struct part_reader {
    struct arena *arena;      /* borrowed */
    struct bytes line;        /* borrowed */
    struct canon_fault fault; /* the first one */
    enum err err;
};

/* The object that `line` is; NULL when it is none. */
const struct canon *part_open(struct part_reader *r, struct arena *arena,
                              struct bytes line);
/* The same from any JSON spelling; the text lives in the arena. */
const struct canon *part_open_loose(struct part_reader *r, struct arena *arena,
                                    struct bytes json);
/* The value of the control line {"name":value}. */
const struct canon *part_control(struct part_reader *r, struct arena *arena,
                                 struct bytes line, const char *name,
                                 enum canon_kind kind);
MUST_CHECK enum err part_err(const struct part_reader *r);
void part_fail(struct part_reader *r, const struct canon *where,
               const char *what);

/* NULL when absent (a fault if required) or of another kind (a fault).  A NULL
 * object has no members. */
const struct canon *part_member(struct part_reader *r,
                                const struct canon *object, const char *name,
                                enum canon_kind kind, enum need need);
/* `absent` when it is not there, which is a fault when `absent` < `least`. */
int64_t part_int(struct part_reader *r, const struct canon *object,
                 const char *name, int64_t absent, int64_t least);
bool part_true(struct part_reader *r, const struct canon *object,
               const char *name);

typedef bool part_valid(struct bytes text); /* a check of form */
/* Copies a text and its NUL into out[room]; "" when absent. */
void part_text(struct part_reader *r, const struct canon *object,
               const char *name, enum need need, char *out, size_t room,
               part_valid *valid);
void part_copy(struct part_reader *r, const struct canon *text, char *out,
               size_t room, part_valid *valid);
/* Exactly `size` bytes in base64; false and zeros when absent. */
bool part_base64(struct part_reader *r, const struct canon *object,
                 const char *name, enum need need, uint8_t *out, size_t size);
/* Up to `ceiling` bytes in base64, into the arena. */
struct bytes part_blob(struct part_reader *r, const struct canon *object,
                       const char *name, size_t ceiling);
bool part_sum(struct part_reader *r, const struct canon *object,
              const char *name, enum need need, uint64_t *out);
/* Room for an array's elements, at most `most`; NULL when empty or failing. */
void *part_array(struct part_reader *r, const struct canon *array, size_t most,
                 size_t element_bytes);

/* Forms that no other header checks. */
part_valid lineage_valid;
part_valid token_valid;
part_valid case_valid;        /* a record id or "" */
part_valid leave_scope_valid; /* a scope or "*" */
part_valid text_valid;        /* any text */

#endif
