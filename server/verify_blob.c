#include <string.h>
#include "server/blob_file.h"
#include "server/verify_inner.h"

static enum err check(void *context, const struct blob_row *row)
{
    struct verify *v = context;
    char folder[BLOB_PATH_CHARS], path[BLOB_PATH_CHARS];
    char name[BLOB_NAME_CHARS + 1];
    if (!row->received_at)
        return ERR_OK; /* on its way: `attachment list --missing` tells */
    hex_encode(name, row->blob, HASH_BYTES);
    blob_file_folder(folder, v->batch.office);
    blob_file_path(path, folder, row->blob);
    enum err err = blob_file_check(path, row);
    if (err == ERR_NOT_FOUND)
        verify_say(v, "attachment %s of record %s: its file is gone", name,
                   row->record);
    else if (err == ERR_CORRUPT)
        verify_say(v, "attachment %s of record %s: its file is damaged", name,
                   row->record);
    else
        return err;
    return ERR_OK;
}

enum err verify_blobs(struct verify *v)
{
    return store_blob_each(v->batch.sql, v->batch.agency, false, check, v);
}
