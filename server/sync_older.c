/* Predecessors' logs: what of them is backed up is told to who follows them. */
#include <string.h>
#include "server/office_journal.h"
#include "server/sync_inner.h"

/* With a journal that has everything, all that is here. */
static enum err backed_of(const struct sync *s, const struct replica_row *row,
                          int64_t *backed)
{
    struct journal_setting journal;
    enum err err = journal_setting_load(s->sql, s->office->agency, &journal);
    *backed = !err && !journal.behind_since ? row->head : row->backed;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* ERR_NOT_FOUND: there is nothing to tell of this one. */
static enum err older_find(const struct sync *s, const struct log_mark *log,
                           struct replica_row *row, int64_t *backed)
{
    enum err err =
        store_replica_find(s->sql, s->office->agency, log->replica, row);
    if (!err && (row->kind != 'w' || strcmp(row->account, s->row.account) != 0))
        err = ERR_NOT_FOUND;
    if (!err)
        err = backed_of(s, row, backed);
    return !err && *backed <= log->n ? ERR_NOT_FOUND : err;
}

enum err sync_older_due(const struct sync *s, bool *due)
{
    enum err err = ERR_OK;
    *due = false;
    for (size_t i = 0; !err && !*due && i < s->header.older_count; i++) {
        struct replica_row row;
        int64_t backed;
        err = older_find(s, &s->header.older[i], &row, &backed);
        *due = !err;
        if (err == ERR_NOT_FOUND)
            err = ERR_OK;
    }
    return err;
}

enum err sync_older_sign(const struct sync *s,
                         struct receipt receipts[LOG_MARKS_MAX], size_t *count)
{
    enum err err = ERR_OK;
    *count = 0;
    for (size_t i = 0; !err && i < s->header.older_count; i++) {
        struct receipt *r = &receipts[*count];
        struct replica_row row;
        int64_t backed;
        err = older_find(s, &s->header.older[i], &row, &backed);
        if (!err)
            err = store_line_link(s->sql, s->office->agency, row.replica,
                                  row.key, backed, r->link);
        if (!err) {
            memcpy(r->replica, row.replica, sizeof r->replica);
            r->n = backed;
            err = sync_receipt_sign(s, DOMAIN_BACKED, r);
            (*count)++;
        }
        if (err == ERR_NOT_FOUND)
            err = ERR_OK;
    }
    return err;
}
