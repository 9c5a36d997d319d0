/* Lines of cases that were disposed of.  What was there before comes back
 * without its text: its place in the log is kept, so that receipts stay true.
 * What is new is held. */
#include <string.h>
#include "server/ingest_batch.h"
#include "server/store_disposal.h"

/* One look a transaction, at most offices the only one. */
static enum err any(struct batch *b, bool *found)
{
    enum err err = ERR_OK;
    if (b->disposals == DISPOSALS_UNKNOWN) {
        err = store_disposal_any(b->sql, b->agency);
        if (!err || err == ERR_NOT_FOUND)
            b->disposals = err ? DISPOSALS_NONE : DISPOSALS_SOME;
    }
    *found = b->disposals == DISPOSALS_SOME;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err disposed_case(struct batch *b, const char *kase, bool *disposed)
{
    enum err err = any(b, disposed);
    if (err || !*disposed)
        return err;
    err = store_disposal_of_case(b->sql, b->agency, kase);
    *disposed = !err;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err disposed_record(struct batch *b, struct bytes record, bool *disposed,
                         char kase[ID_CHARS + 1])
{
    enum err err = any(b, disposed);
    if (err || !*disposed)
        return err;
    err = store_disposed_record_find(b->sql, b->agency, record, kase);
    *disposed = !err;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Of a record that is known as disposed of. */
static enum err write_known(struct batch *b, const struct revision *revision,
                            bool *known)
{
    char kase[ID_CHARS + 1];
    enum err err = store_disposed_write_find(b->sql, b->agency,
                                             bytes_text(revision->write), kase);
    *known = !err;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err disposed_write(struct batch *b, const struct revision *revision,
                        bool *known)
{
    char kase[ID_CHARS + 1];
    enum err err = disposed_record(b, revision->record, known, kase);
    return err || !*known ? err : write_known(b, revision, known);
}

enum err disposed_judge(struct batch *b, const struct incoming *in,
                        const struct record_row *record, struct decision *out)
{
    const struct revision *original = revision_original(in->revision);
    char kase[ID_CHARS + 1] = "";
    bool disposed;
    enum err err = disposed_record(b, in->revision->record, &disposed, kase);
    if (!err && disposed)
        err = write_known(b, in->revision, &out->erased);
#ifdef MUTANT_DISPOSED_COMES_BACK
    out->erased = false;
#endif
    if (!err && !disposed && record && record->has_case)
        memcpy(kase, record->kase, sizeof kase);
    else if (!err && !disposed && original->creates && original->kase.size)
        memcpy(kase, original->kase.at, ID_CHARS);
    if (!err && !disposed && kase[0])
        err = disposed_case(b, kase, &disposed);
    if (err || !disposed)
        return err;
    out->has_case = true;
    memcpy(out->kase, kase, sizeof kase);
    if (!out->erased)
        out->reason = "disposed";
    return ERR_OK;
}
