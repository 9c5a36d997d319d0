/* Store: accounts' scopes, replicas and their logs' heads, tokens, cursors.
 *
 * Thin statements over server/schema; no decisions.  Those that write are
 * called inside a write transaction. */
#ifndef SERVER_STORE_REPLICA_H
#define SERVER_STORE_REPLICA_H

#include "server/sql.h"
#include "shared/base/buffer.h"
#include "shared/wire/message.h"

struct scope_list {
    char name[SCOPES_MAX][SCOPE_CHARS_MAX + 1];
    size_t count;
};
bool scope_list_has(const struct scope_list *list, const char *scope);
/* ERR_TOO_BIG when it is full; a scope that is there already is no error. */
MUST_CHECK enum err scope_list_add(struct scope_list *list, const char *scope);
/* The first caseload, or NULL. */
const char *scope_list_caseload(const struct scope_list *list);

#define CLOSED_CHARS_MAX 15
struct replica_row {
    char replica[REPLICA_CHARS + 1];
    char kind; /* 'w' or 'o' */
    uint8_t key[KEY_BYTES];
    uint8_t transport[KEY_BYTES];
    char account[NAME_CHARS_MAX + 1];
    char role[NAME_CHARS_MAX + 1];
    int64_t enrolled_at;
    char predecessor[REPLICA_CHARS + 1]; /* "" none */
    int64_t head, top;
    uint8_t link[LINK_BYTES];
    char closed[CLOSED_CHARS_MAX + 1]; /* "" open */
    int64_t revoked_at;                /* 0: in good standing */
    bool account_here;                 /* the account is known */
    bool disabled;                     /* and disabled */
    char token_latest[TOKEN_CHARS + 1];
    char token_confirmed[TOKEN_CHARS + 1];
    int64_t backed, backed_told; /* n: backed up, and of that told */
};

MUST_CHECK enum err store_replica_find(struct sql *sql, const char *agency,
                                       const char *replica,
                                       struct replica_row *out);
/* A new row with an empty log: head 0, link(0). */
MUST_CHECK enum err store_replica_add(struct sql *sql, const char *agency,
                                      const struct replica_row *row,
                                      struct bytes certificate,
                                      const uint8_t sig[SIGNATURE_BYTES]);
MUST_CHECK enum err store_replica_certificate(struct sql *sql,
                                              const char *agency,
                                              const char *replica,
                                              struct buffer *certificate,
                                              uint8_t sig[SIGNATURE_BYTES]);
/* It was here, and was given nothing: it is shut out. */
MUST_CHECK enum err store_replica_heard(struct sql *sql, const char *agency,
                                        const char *replica, int64_t at);
/* That of any one term of the office; ERR_NOT_FOUND before the first. */
MUST_CHECK enum err store_term_certificate(struct sql *sql, const char *agency,
                                           struct buffer *certificate,
                                           uint8_t sig[SIGNATURE_BYTES]);
MUST_CHECK enum err store_replica_head(struct sql *sql, const char *agency,
                                       const char *replica, int64_t head,
                                       const uint8_t link[LINK_BYTES],
                                       int64_t top);
/* `unlocked`: the writing key, which only an unlocked vault has, signed it. */
MUST_CHECK enum err store_replica_tokens(struct sql *sql, const char *agency,
                                         const char *replica,
                                         const char *latest,
                                         const char *confirmed, bool unlocked,
                                         int64_t now);
/* So did a file that came. */
MUST_CHECK enum err store_replica_unlocked(struct sql *sql, const char *agency,
                                           const char *replica, int64_t at);
MUST_CHECK enum err store_replica_told(struct sql *sql, const char *agency,
                                       const char *replica, int64_t backed);
/* A verified backup has the log up to `head`: what the one before had is backed
 * up. */
MUST_CHECK enum err store_replica_backup(struct sql *sql, const char *agency,
                                         const char *replica, int64_t head);
/* All that is here is backed up. */
MUST_CHECK enum err store_replica_backed_all(struct sql *sql,
                                             const char *agency);
/* The first reason stays. */
MUST_CHECK enum err store_replica_close(struct sql *sql, const char *agency,
                                        const char *replica, const char *reason,
                                        int64_t now);
/* With all that have followed it, each enrolled after `since`.  The first
 * time stays. */
MUST_CHECK enum err store_replica_revoke(struct sql *sql, const char *agency,
                                         const char *replica, int64_t since,
                                         int64_t now);
/* One of those that it followed, itself, and those that followed it, that is
 * not revoked; ERR_NOT_FOUND: all are. */
MUST_CHECK enum err store_replica_unrevoked(struct sql *sql, const char *agency,
                                            const char *replica,
                                            char out[REPLICA_CHARS + 1]);

/* The account's scopes in their order, `agency` first; none when the account is
 * unknown or disabled. */
MUST_CHECK enum err store_account_scopes(struct sql *sql, const char *agency,
                                         const char *account,
                                         struct scope_list *out);

/* What a replica's header says of a scope: remembers it, and that it has passed
 * a leave when it has. */
MUST_CHECK enum err store_cursor_report(struct sql *sql, const char *agency,
                                        const char *replica,
                                        const struct cursor *cursor);
/* It is served the scope from now on, and may write in it before it reports a
 * cursor. */
MUST_CHECK enum err store_cursor_granted(struct sql *sql, const char *agency,
                                         const char *replica,
                                         const char *scope);
/* It names a scope that it is not granted, and has heard the last reply.  The
 * third time it counts as let go, at `head`. */
MUST_CHECK enum err store_cursor_clung(struct sql *sql, const char *agency,
                                       const char *replica, const char *scope,
                                       int64_t head);
/* It no longer has a cursor of `scope`: it has let it go, at head `own`. */
MUST_CHECK enum err store_cursor_lost(struct sql *sql, const char *agency,
                                      const char *replica, const char *scope,
                                      int64_t own);
/* *known: it was ever granted the scope; *lost_own is -1 unless it has let go
 * of it. */
MUST_CHECK enum err store_cursor_find(struct sql *sql, const char *agency,
                                      const char *replica, const char *scope,
                                      bool *known, int64_t *lost_own);
/* Scopes that it was granted at some time and has not let go. */
MUST_CHECK enum err store_cursor_scopes(struct sql *sql, const char *agency,
                                        const char *replica,
                                        struct scope_list *out);
/* Its head when it first reported a cursor at or past a leave at `seq`;
 * ERR_NOT_FOUND: it has not passed it. */
MUST_CHECK enum err store_leave_own(struct sql *sql, const char *agency,
                                    const char *replica, const char *scope,
                                    int64_t seq, int64_t *own);

MUST_CHECK enum err store_clock_samples(struct sql *sql, const char *agency,
                                        const char *replica, int64_t now,
                                        struct bytes samples);

/* An act of administration; `detail` is canonical JSON. */
MUST_CHECK enum err store_act(struct sql *sql, const char *agency, int64_t now,
                              const char *by, const char *what,
                              struct bytes detail);

#endif
