#include "shared/replica/succession.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "shared/replica/carry.h"
#include "shared/replica/identity_row.h"
#ifdef MUTANT_ERASE_ON_401
#include "shared/replica/leave.h"
#endif
#include "shared/replica/line.h"
#include "shared/replica/own.h"

#define MESSAGE_BYTES_MAX (64u << 10)

/* --- what a form had seen ------------------------------------------------- */

/* The first place of a log that changed hands after `generation`; 0: none. */
static enum err changed_first(struct vault *vault, const char *replica,
                              int64_t generation, int64_t *n)
{
    struct sqlite3_stmt *s;
    bool row;
    *n = 0;
    enum err err = vault_sql(vault, SQL_CARRIED_FIRST, &s);
    if (err)
        return err;
    db_bind_text(vault->db, s, 1, bytes_text(replica));
    db_bind_int64(vault->db, s, 2, generation);
    err = db_step_row(vault->db, s, &row);
    if (!err && row)
        *n = db_column_int64(s, 0);
    db_reset(s);
    return err;
}

/* What a context or a carried line said of one log, at `generation`. */
struct saying {
    int64_t generation;
    int64_t record; /* record.id */
    const struct seen_entry *entry;
};

/* The dot under which the last line of this record that it names and that was
 * carried stands now; by->n is 0 when there is none. */
static enum err carrier_find(struct vault *vault, const struct saying *saying,
                             struct dot *by)
{
    struct sqlite3_stmt *s;
    bool row;
    memset(by, 0, sizeof *by);
    enum err err = vault_sql(vault, SQL_CARRIED_BEFORE, &s);
    if (err)
        return err;
    db_bind_text(vault->db, s, 1, bytes_text(saying->entry->replica));
    db_bind_int64(vault->db, s, 2, saying->generation);
    db_bind_int64(vault->db, s, 3, saying->entry->n);
    db_bind_int64(vault->db, s, 4, saying->record);
    err = db_step_row(vault->db, s, &row);
    if (err || !row)
        return err;
    struct bytes name = db_column_bytes(s, 1);
    by->n = db_column_int64(s, 0);
    if (name.size == REPLICA_CHARS)
        memcpy(by->replica, name.at, REPLICA_CHARS);
    else
        err = ERR_CORRUPT;
    db_reset(s);
    return err;
}

static void entry_lower(struct seen *seen, size_t i, int64_t n)
{
    struct seen_entry *entry = &seen->entries[i];
    if (n) {
        entry->n = n;
        return;
    }
    memmove(entry, entry + 1, (seen->count - i - 1) * sizeof *entry);
    seen->count--;
}

/* Rewrites the first entry that says too much; *done when there is none. */
static enum err entry_rewrite(struct vault *vault, int64_t record,
                              int64_t generation, struct seen *seen, bool *done)
{
    for (size_t i = 0; i < seen->count; i++) {
        struct saying saying = {generation, record, &seen->entries[i]};
        struct dot by;
        int64_t first;
        enum err err =
            changed_first(vault, saying.entry->replica, generation, &first);
        if (err)
            return err;
        if (!first || saying.entry->n < first)
            continue;
        err = carrier_find(vault, &saying, &by);
        if (err)
            return err;
        entry_lower(seen, i, first - 1);
        return by.n ? seen_raise(seen, bytes_text(by.replica), by.n) : ERR_OK;
    }
    *done = true;
    return ERR_OK;
}

/* A carrier may have been carried again, so until nothing changes. */
enum err succession_seen(struct vault *vault, int64_t record,
                         int64_t generation, struct seen *seen)
{
    enum err err = ERR_OK;
    bool done = generation >= vault->tip.generation;
    while (!err && !done)
        err = entry_rewrite(vault, record, generation, seen, &done);
    return err;
}

/* --- the request ---------------------------------------------------------- */

static enum err both_sign(struct vault *vault, const struct identity_row *old,
                          const struct identity_row *fresh,
                          struct enrol_request *out)
{
    struct keypair before, after;
    struct buffer message;
    buffer_init(&message, MESSAGE_BYTES_MAX);
    enum err err = identity_row_writing(vault, old, &before);
    if (!err)
        err = identity_row_writing(vault, fresh, &after);
    if (!err)
        err = enrol_proof_message(&message, out);
    if (!err) {
        struct bytes text = buffer_bytes(&message);
        chain_sign(out->successor_sig, &before, DOMAIN_SUCCESSOR, text);
        chain_sign(out->proof, &after, DOMAIN_ENROL, text);
    }
    sodium_memzero(&before, sizeof before);
    sodium_memzero(&after, sizeof after);
    buffer_fini(&message);
    return err;
}

enum err identity_succeed_begin(struct vault *vault, const char *reason,
                                struct enrol_request *out)
{
    struct identity_row old, fresh;
    memset(out, 0, sizeof *out);
    if (!vault->unlocked)
        return vault_fail(vault, ERR_LOCKED, "the vault is locked");
    if (strlen(reason) >= sizeof out->reason)
        return ERR_INVALID;
    arena_clear(&vault->arena);
    enum err err = vault_begin(vault);
    if (err)
        return err;
    err = identity_row_find(vault, IDENTITY_CURRENT, &old);
    if (!err)
        err = identity_row_pend(vault, old.id, reason, &fresh);
#ifdef MUTANT_ERASE_ON_401
    if (!err && !strcmp(reason, "unknown"))
        err = leave_all(vault);
#endif
    err = vault_end(vault, err);
    if (err)
        return err;
    out->protocol = PROTOCOL_MAX;
    snprintf(out->reason, sizeof out->reason, "%s", reason);
    memcpy(out->replica, old.public.replica, sizeof out->replica);
    memcpy(out->key, fresh.key, KEY_BYTES);
    memcpy(out->transport, fresh.transport_key, KEY_BYTES);
    out->certificate = old.certificate;
    memcpy(out->certificate_sig, old.certificate_sig, SIGNATURE_BYTES);
    return both_sign(vault, &old, &fresh, out);
}

/* --- taking over ---------------------------------------------------------- */

/* What becomes of the old log. */
struct plan {
    int64_t carry_from;      /* lines from here on are written again */
    int64_t contribute_from; /* lines from here ... */
    int64_t contribute_to;   /* ... to here are contributed; 0: none */
    bool common;             /* the office has of it nothing that we lack */
};

/* The office's word on what it has counts only where its link is our own. */
static enum err plan_make(struct vault *vault, const struct identity_row *old,
                          const struct enrol_reply *reply, struct plan *plan)
{
    uint8_t link[LINK_BYTES];
    int64_t head;
    int64_t has = reply->has_received ? reply->received_n : 0;
    enum err err = line_head(vault, old->log, &head);
    *plan = (struct plan){.carry_from = old->public.received + 1};
    if (err)
        return err;
    bool same = has <= head;
    if (same && has) {
        err =
            line_link(vault, old->log, old->public.agency, old->key, has, link);
        same = !err && !memcmp(link, reply->received_link, sizeof link);
    }
    if (err)
        return err;
    plan->common = same;
    if (same) {
        plan->contribute_from = has + 1;
        plan->contribute_to =
            has < old->public.received ? old->public.received : 0;
        err = vault_run_ints(vault, SQL_HELD_DROP_FROM, old->log, has + 1);
    } else {
        /* A copy went on from here, or from further down: what cannot be
         * carried is offered.  Of another history, or of a vault that was
         * rolled back before, no receipt is known to be common. */
        if (has <= old->public.received ||
            strcmp(reply->lineage, old->public.lineage) != 0)
            plan->carry_from = 1;
        plan->contribute_from = plan->carry_from;
    }
    return err;
}

/* Lines that cannot be read any more cannot be carried, but the office can
 * open their envelopes: the old log is contributed up to the last of them, even
 * where a copy of this vault has given it already, as only then it counts as
 * received.  After a fork the office carries them itself. */
static void plan_unreadable(struct plan *plan, int64_t unreadable)
{
    if (!unreadable || !plan->contribute_from)
        return;
    if (plan->contribute_from > unreadable)
        plan->contribute_from = unreadable;
    if (plan->contribute_to < unreadable)
        plan->contribute_to = unreadable;
}

/* What the office did not have in this history is not backed up in it; of older
 * logs that is not known, and is asked, and so it is of attachments. */
static enum err history_forget(struct vault *vault,
                               const struct identity_row *old,
                               const struct enrol_reply *reply)
{
    struct sqlite3_stmt *s;
    if (!strcmp(reply->lineage, old->public.lineage))
        return ERR_OK;
    enum err err = vault_sql(vault, SQL_IDENTITY_BACKED_LOWER, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, old->id);
    db_bind_int64(vault->db, s, 2, reply->has_received ? reply->received_n : 0);
    err = db_step_done(vault->db, s);
    if (!err)
        err = vault_run_int(vault, SQL_IDENTITY_BACKED_OLDER, old->id);
    return err ? err : vault_run(vault, SQL_BLOB_KEPT_FORGET);
}

/* Receipts that are no longer common are no receipts. */
static enum err receipts_forget(struct vault *vault,
                                const struct identity_row *old,
                                const struct plan *plan)
{
    struct sqlite3_stmt *s;
    if (plan->carry_from > old->public.received)
        return ERR_OK;
    enum err err = vault_sql(vault, SQL_IDENTITY_RECEIVED, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, old->id);
    db_bind_int64(vault->db, s, 2, plan->carry_from - 1);
    return db_step_done(vault->db, s);
}

static enum err same_office(struct vault *vault, const struct identity_row *old,
                            const struct enrol_reply *reply)
{
    if (memcmp(old->public.root, reply->root, KEY_BYTES) ||
        strcmp(old->public.agency, reply->agency))
        return vault_fail(vault, ERR_SIGNATURE,
                          "this vault belongs to another agency's office");
    return ERR_OK;
}

static enum err same_user(struct vault *vault, const struct identity_row *old)
{
    struct identity_row fresh;
    enum err err = identity_row_find(vault, IDENTITY_CURRENT, &fresh);
    if (!err && strcmp(fresh.public.user, old->public.user) != 0)
        return vault_fail(vault, ERR_DENIED, "this vault belongs to %s",
                          old->public.user);
    return err;
}

/* Logs may have been cut short at the office where no case shows it that has
 * left the vault since, and it may not know that itself: the last line of each
 * that had a receipt is given again, but for the log just closed where the
 * office has shown what it has of it.  One that lacks what stands before that
 * line, or has something else there, says so. */
static enum err logs_show(struct vault *vault, const struct identity_row *old,
                          const struct plan *plan)
{
    return vault_run_int(vault, SQL_IDENTITY_CONTRIBUTE_LAST,
                         plan->common ? old->id : 0);
}

enum err succession_take(struct vault *vault, const struct identity_row *old,
                         const struct identity_row *pending, const char *server,
                         const char *ca_file, const struct enrol_reply *reply)
{
    struct plan plan = {0};
    bool another = strcmp(reply->lineage, old->public.lineage) != 0;
    int64_t unreadable = 0;
    enum err err = same_office(vault, old, reply);
    if (!err)
        err = plan_make(vault, old, reply, &plan);
    if (!err)
        err = vault_run(vault, SQL_META_GENERATION_RAISE);
    if (!err)
        err = vault_run_int(vault, SQL_IDENTITY_CLOSE, old->id);
    if (!err)
        err = receipts_forget(vault, old, &plan);
    if (!err)
        err = history_forget(vault, old, reply);
    if (!err)
        err = vault_run(vault, SQL_CURSOR_RESET);
    if (!err)
        err = identity_row_adopt(vault, pending, server, ca_file, reply);
    if (!err)
        err = same_user(vault, old);
    if (!err)
        err = vault_run(vault, SQL_RECORD_OWN_RESET);
    vault_forget(vault);
    if (!err)
        err = own_load(vault);
    if (!err)
        err = carry_lines(vault, old, plan.carry_from, another, &unreadable);
    if (!err)
        err = own_sign(vault);
    if (err)
        return err;
    plan_unreadable(&plan, unreadable);
    if (plan.contribute_to)
        err = vault_run_ints(vault, SQL_IDENTITY_CONTRIBUTE, old->id,
                             plan.contribute_from, plan.contribute_to);
    return err ? err : logs_show(vault, old, &plan);
}

/* --- receipts that turn out not to be common ------------------------------ */

static enum err received_lower(struct vault *vault,
                               const struct identity_row *old, int64_t n)
{
    struct sqlite3_stmt *s;
    uint8_t link[LINK_BYTES];
    enum err err =
        line_link(vault, old->log, old->public.agency, old->key, n, link);
    if (!err)
        err = vault_sql(vault, SQL_IDENTITY_RECEIVED, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, old->id);
    db_bind_int64(vault->db, s, 2, n);
    db_bind_bytes(vault->db, s, 3, bytes_of(link, sizeof link));
    return db_step_done(vault->db, s);
}

enum err succession_lost(struct vault *vault, int64_t identity, int64_t from)
{
    struct identity_row old;
    int64_t unreadable;
    enum err err = identity_row_get(vault, identity, &old);
    if (err || from > old.public.received)
        return err;
    err = own_load(vault);
    if (!err)
        err = vault_run(vault, SQL_META_GENERATION_RAISE);
    if (!err)
        err = vault_query(vault, SQL_META_GENERATION, &vault->tip.generation);
    if (!err)
        err = received_lower(vault, &old, from - 1);
    if (!err)
        err = carry_lines(vault, &old, from, true, &unreadable);
    /* What cannot be read of it is offered: the office carries it. */
    if (!err)
        err = vault_run_ints(vault, SQL_IDENTITY_CONTRIBUTE, old.id,
                             unreadable ? from : 0, unreadable);
    return err ? err : own_sign(vault);
}

static enum err succeed(struct vault *vault, const struct enrol_reply *reply)
{
    struct identity_row old, pending;
    enum err err = identity_row_find(vault, IDENTITY_CURRENT, &old);
    if (!err)
        err = identity_row_find(vault, IDENTITY_PENDING, &pending);
    if (!err && pending.succeeds != old.id)
        err = ERR_NOT_FOUND;
    if (!err)
        err = succession_take(vault, &old, &pending, old.public.server,
                              old.public.ca_file, reply);
    return err ? err : identity_term_take(vault, reply);
}

enum err identity_succeed_finish(struct vault *vault,
                                 const struct enrol_reply *reply)
{
    if (!vault->unlocked)
        return vault_fail(vault, ERR_LOCKED, "the vault is locked");
    arena_clear(&vault->arena);
    enum err err = vault_begin(vault);
    if (err)
        return err;
    err = vault_end(vault, succeed(vault, reply));
    vault_forget(vault);
    return err;
}
