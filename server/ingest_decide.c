#include <string.h>
#include "server/ingest_batch.h"

enum err decide_known(struct batch *b, const struct dot *dot, bool *known)
{
    struct batch_log *log;
    struct line_found found;
    enum err err = batch_log_find(b, dot->replica, &log);
    *known = !err && dot->n <= log->row.head;
    if ((!err && (*known || dot->n > log->row.top)) ||
        (err && err != ERR_NOT_FOUND))
        return err;
    /* Healed lines stand above the unbroken log, or in one whose replica is
     * not known at all. */
    err = store_line_find(b->sql, b->agency, dot->replica, dot->n, &found);
    *known = err == ERR_OK;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err decide_missing(struct batch *b, const struct revision *revision,
                        decide_each_dot *each, void *context)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < revision->seen.count; i++) {
        const struct seen_entry *entry = &revision->seen.entries[i];
        if (!strcmp(entry->replica, revision->dot.replica))
            continue; /* below its own n, which comes without gaps */
        struct dot dot = {.n = entry->n};
        memcpy(dot.replica, entry->replica, sizeof dot.replica);
        bool known;
        err = decide_known(b, &dot, &known);
        if (!err && !known)
            err = each(context, &dot);
    }
    return err;
}

static enum err dot_is_missing(void *context, const struct dot *dot)
{
    (void)dot;
    *(bool *)context = true;
    return ERR_OK;
}

static bool copied_case(struct decision *out, struct bytes kase)
{
    out->has_case = true;
    if (kase.size)
        memcpy(out->kase, kase.at, kase.size);
    out->kase[kase.size] = '\0';
    return true;
}

/* The case that a creating line may name, by its type's home. */
static bool home_right(const struct schema_type *type,
                       const struct revision *creating)
{
    if (!type)
        return true; /* unknown types are relayed */
    struct bytes home = type_home(type);
    if (bytes_is(home, "agency"))
        return creating->kase.size == 0;
    if (bytes_is(home, "own"))
        return bytes_equal(creating->kase, creating->record);
    return creating->kase.size != 0;
}

/* What the line says of its record's type and case, against what is known.
 * `type`, if it is known, is the type of which it makes the record. */
static const char *judge_form(const struct incoming *in,
                              const struct record_row *record,
                              const struct revision *original,
                              const struct schema_type *type,
                              struct decision *out)
{
    bool known_case = record && record->has_case;
    if (known_case)
        copied_case(out, bytes_text(record->kase));
    if (original->creates) {
        if (!known_case)
            copied_case(out, original->kase);
        if (in->healed || in->log->row.kind != 'w')
            return NULL;
        if (known_case && !bytes_is(original->kase, record->kase))
            return "invalid";
        if (record && record->type[0] &&
            !bytes_is(original->type, record->type))
            return "invalid";
        return home_right(type, original) ? NULL : "invalid";
    }
    if (!known_case && in->kase)
        copied_case(out, bytes_text(in->kase));
    return NULL;
}

static bool author_right(const struct batch_log *log,
                         const struct revision *revision,
                         const struct revision *original)
{
    return bytes_is(revision->author, log->row.account) &&
           bytes_is(original->author, log->row.account);
}

/* Rights of a device's line, its case being known or new. */
static enum err judge_case(struct batch *b, const struct incoming *in,
                           const struct revision *original, const char *name,
                           bool *right)
{
    struct batch_case *kase;
    enum err err = batch_case_find(b, name, &kase);
    if (!err)
        err = member_right(b, in->log, kase, in->n, right);
    /* For a carried line the old identity answers too. */
    if (!err && !*right && original != in->revision) {
        struct batch_log *old;
        err = batch_log_find(b, original->dot.replica, &old);
        if (!err && !strcmp(old->row.account, in->log->row.account))
            err = member_right(b, old, kase, original->dot.n, right);
        if (err == ERR_NOT_FOUND)
            err = ERR_OK;
    }
    return err;
}

static enum err judge_device(struct batch *b, const struct incoming *in,
                             const struct record_row *record,
                             const struct revision *original,
                             struct decision *out)
{
    const struct batch_log *log = in->log;
    struct bytes type =
        record && record->type[0] ? bytes_text(record->type) : original->type;
    if (log->row.revoked_at || log->row.disabled) {
        out->reason = "revoked";
        return ERR_OK;
    }
    if (!author_right(log, in->revision, original)) {
        out->reason = "invalid";
        return ERR_OK;
    }
    const struct schema_type *known;
    enum err err = schema_find(b->office->schema, type, &known);
    if (!err && known && type_office_only(known)) {
        out->reason = "out-of-scope";
        return ERR_OK;
    }
    bool right = true;
    if (!err && out->has_case)
        err = judge_case(b, in, original, out->kase, &right);
    if (!err && !right)
        out->reason = "out-of-scope";
    return err;
}

enum err decide(struct batch *b, const struct incoming *in,
                const struct record_row *record, struct decision *out)
{
    *out = (struct decision){0};
    if (!in->revision) {
        out->reason = in->parse == ERR_TOO_BIG ? "too-large" : "invalid";
        return ERR_OK;
    }
    const struct revision *original = revision_original(in->revision);
#ifdef MUTANT_CLOCK_REFUSES
    if (in->revision->at > b->now + 120000) {
        out->reason = "invalid";
        return ERR_OK;
    }
#endif
    enum err err = ERR_OK;
    if (in->healed || in->log->row.kind == 'w')
        err = disposed_judge(b, in, record, out);
    const struct schema_type *type = NULL;
    if (!err && original->creates)
        err = schema_find(b->office->schema, original->type, &type);
    if (err || out->erased || out->reason)
        return err;
    out->reason = judge_form(in, record, original, type, out);
    if (in->healed || in->log->row.kind != 'w')
        return ERR_OK;
    if (!out->reason)
        err = judge_device(b, in, record, original, out);
    if (err || out->reason)
        return err;
    bool missing = false;
    if (!in->contributed)
        err = decide_missing(b, in->revision, dot_is_missing, &missing);
    if (!err && missing)
        out->reason = "waiting";
    else if (!err && !out->has_case && !in->contributed)
        out->reason = "invalid"; /* revises what was never created */
    return err;
}
