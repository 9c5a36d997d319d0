/* The same exchange by file (sync-protocol.md section 19).
 *
 * A bundle changes nothing in the vault when it is written.  Replies may be
 * read late, in any order and more than once: a page is applied only where it
 * follows what the vault has.  Only pushing and pulling go by file; a vault
 * that has to reconcile first only pushes, one that needs a fresh key is told
 * so. */
#ifndef EXCHANGE_SESSION_BUNDLE_H
#define EXCHANGE_SESSION_BUNDLE_H

#include "shared/exchange/session.h"

struct bundle_report {
    enum err err;
    char detail[SESSION_DETAIL_CHARS]; /* as in session_report */
    int64_t lines;                     /* written: of this vault in the file */
    int64_t left;                      /* written: too many for this one */
    int64_t received, pulled, held;    /* read */
    bool push_only;   /* asks for nothing: locked, or reconciles first */
    bool more;        /* the office has more: write another */
    bool passed_over; /* some of it, or all, the vault knew already */
};

/* Appends a bundle for the office.  ERR_NOT_FOUND before enrolment.  `report`
 * is always filled in. */
MUST_CHECK enum err session_bundle_write(struct vault *vault,
                                         struct buffer *file,
                                         struct bundle_report *report);
/* Applies what the office answered. */
MUST_CHECK enum err session_bundle_read(struct vault *vault, struct bytes file,
                                        struct bundle_report *report);

#endif
