#include "server/ingest_batch.h"
#include "server/store_blob.h"

struct naming {
    struct batch *batch;
    const struct revision *revision;
    const char *replica;
    int64_t arrival;
};

static enum err named(void *context, const struct blob_ref *ref,
                      const struct canon *value)
{
    struct naming *n = context;
    return store_blob_add(n->batch->sql, n->batch->agency, ref, value->raw,
                          n->arrival, n->revision->record, n->replica);
}

enum err ingest_blobs(struct batch *b, const struct revision *revision,
                      const char *replica, int64_t arrival)
{
    struct naming n = {b, revision, replica, arrival};
    return blob_refs(revision_original(revision)->set, named, &n);
}
