#include "tests/sim/photos.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/blob_file.h"
#include "server/blob_keep.h"
#include "server/store_blob.h"
#include "shared/exchange/fetch.h"
#include "shared/replica/blob.h"
#include "tests/sim/people.h"

/* --- content -------------------------------------------------------------- */

struct reading {
    const struct photo *photo;
    size_t at;
    bool differs;
};

static uint8_t byte_of(const struct photo *photo, size_t i)
{
    return (uint8_t)(i * 31 + i / 251 + photo->bytes * 7);
}

static enum err source(void *context, uint8_t *at, size_t room, size_t *got)
{
    struct reading *r = context;
    size_t left = r->photo->bytes - r->at;
    *got = left < room ? left : room;
    for (size_t i = 0; i < *got; i++)
        at[i] = byte_of(r->photo, r->at++);
    return ERR_OK;
}

static enum err compare(void *context, struct bytes piece)
{
    struct reading *r = context;
    for (size_t i = 0; i < piece.size; i++)
        r->differs = r->differs || r->at >= r->photo->bytes ||
                     piece.at[i] != byte_of(r->photo, r->at++);
    return ERR_OK;
}

/* --- on devices ----------------------------------------------------------- */

static size_t size_draw(struct world *world)
{
    static const uint64_t most[] = {600, 30000, 90000, 200000};
    return 1 + (size_t)world_dice(world, most[world_dice(world, 4)]);
}

static void attach(struct world *world, struct device *d, struct form *form)
{
    struct photo *photo = &world->photos[world->photo_count];
    struct record_written written;
    size_t writes = world->write_count;
    *photo = (struct photo){.bytes = size_draw(world), .write = writes};
    struct reading reading = {.photo = photo};
    struct blob_write write = {.record = form->record,
                               .context = buffer_text(&form->context),
                               .field = "attachments",
                               .name = "roof.jpg",
                               .type = "image/jpeg"};
    memcpy(photo->record, form->record, sizeof photo->record);
    record_written_init(&written);
    enum err err =
        blob_attach(d->vault, &write, source, &reading, &written, photo->blob);
    people_wrote(world, d, err, &written, form, "attachment");
    record_written_fini(&written);
    world->photo_count += world->write_count > writes;
    form->open = false;
}

void photos_attach(struct world *world, struct device *d)
{
    struct form form = {0};
    char record[ID_CHARS + 1];
    if (world->photo_count == PHOTOS_MAX ||
        !people_pick(world, d, "contact", record))
        return;
    buffer_init(&form.context, 1u << 20);
    if (form_open(world, d, &form, record, "contact"))
        attach(world, d, &form);
    buffer_fini(&form.context);
}

static void check_content(struct world *world, struct device *d,
                          const struct photo *photo, const struct blob_ref *ref)
{
    struct reading reading = {.photo = photo};
    enum err err = blob_read(d->vault, ref, compare, &reading);
    if (disk_is_off(d->name))
        return;
    if (err || reading.differs || reading.at != photo->bytes)
        world_fail(world, "%s has fetched another attachment: %s", d->name,
                   err_name(err));
    world_cover(world, "attachment fetched");
}

void photos_fetch(struct world *world)
{
    struct device *d = device_any(world);
    struct blob_row row;
    struct transport transport;
    char detail[SESSION_DETAIL_CHARS];
    if (!d || !world->photo_count || !office_steady(world))
        return;
    const struct photo *photo =
        &world->photos[world_dice(world, world->photo_count)];
    if (store_blob_find(&world->sql, world->office->agency, photo->blob, &row))
        return;
    struct blob_ref ref = {.bytes = row.bytes,
                           .name = bytes_text(row.name),
                           .type = bytes_text(row.type)};
    memcpy(ref.blob, row.blob, sizeof ref.blob);
    memcpy(ref.salt, row.salt, sizeof ref.salt);
    net_open(&transport, world, d);
    enum err err =
        fetch_blob(d->vault, &transport, photo->record, &ref, detail);
    transport.close(transport.context);
    world_say(world, "%s looks at an attachment: %s", d->name, err_name(err));
    world_cover(world, "attachment asked for, %s", err_name(err));
    if (disk_is_off(d->name))
        device_crash(world, d);
    else if (!err)
        check_content(world, d, photo, &ref);
}

void photos_prune(struct world *world, struct device *d)
{
    struct pruned pruned = {0};
    int64_t count = 0;
    bool more = true;
    enum err err = blob_let_go(d->vault, &count);
    while (!err && more)
        err = prune_step(d->vault, &pruned, &more);
    if (pruned.cases)
        world_cover(world, "a case pruned by hand");
    world_say(world, "%s makes room: %s, %lld cases", d->name, err_name(err),
              (long long)pruned.cases);
    if (disk_is_off(d->name))
        device_crash(world, d);
    else if (err && err != ERR_BUSY && !device_shut(d, err))
        world_fail(world, "%s cannot make room: %s", d->name,
                   vault_detail(d->vault));
}

/* --- at the office -------------------------------------------------------- */

void photos_disk(struct world *world)
{
    world->blob_disk_full = !world->blob_disk_full;
    world_say(world, "the office has %s for attachments",
              world->blob_disk_full ? "no room" : "room");
}

static void beside(const struct world *world, char *out, size_t room)
{
    snprintf(out, room, "%sbackups", world->root);
}

static enum err blob_count(void *context, const struct blob_row *row)
{
    struct world *world = context;
    char folder[512], path[BLOB_PATH_CHARS];
    beside(world, folder, sizeof folder);
    blob_file_path(path, folder, row->blob);
    return store_blob_backup(&world->sql, world->office->agency, row->blob,
                             row->received_at && access(path, R_OK) == 0);
}

enum err photos_backup(struct world *world)
{
    char from[BLOB_PATH_CHARS], to[512];
    struct blob_copies copies;
    if (!world->photo_count)
        return ERR_OK;
    blob_file_folder(from, world->office);
    beside(world, to, sizeof to);
    enum err err =
        blob_keep_copy(world->office, &world->sql, from, to, &copies);
    if (!err && copies.absent)
        world_fail(world, "%lld attachments are received and not there",
                   (long long)copies.absent);
    if (!err && copies.fresh)
        world_cover(world, "attachment backed up");
    return err ? err
               : store_blob_each(&world->sql, world->office->agency, false,
                                 blob_count, world);
}

void photos_lose(struct world *world)
{
    char data[512], keys[512];
    if (!world->photo_count || world_dice(world, 4) == 0)
        return;
    office_paths(world, data, keys, sizeof data);
    blob_file_forget(data);
    world_say(world, "the office's attachments are lost");
}

enum err photos_bring(struct world *world, int64_t *lost)
{
    char to[BLOB_PATH_CHARS], from[512];
    struct blob_copies copies;
    blob_file_folder(to, world->office);
    beside(world, from, sizeof from);
    enum err err =
        blob_keep_copy(world->office, &world->sql, from, to, &copies);
    if (!err)
        err = blob_keep_census(world->office, &world->sql, lost);
    world_cover(world, "restored with attachments%s",
                *lost ? ", some missing" : "");
    return err;
}

/* --- what is called backed up --------------------------------------------- */

void photos_claimed(struct world *world, const char *name)
{
    for (size_t i = 0; i < world->photo_count; i++) {
        char own[BLOB_NAME_CHARS + 1];
        hex_encode(own, world->photos[i].blob, HASH_BYTES);
        if (!strcmp(own, name))
            world->photos[i].claimed = true;
    }
}

static void claim_check(struct world *world, const struct photo *photo)
{
    const struct write *w = &world->writes[photo->write];
    char folder[BLOB_PATH_CHARS], path[BLOB_PATH_CHARS];
    struct blob_row row;
    enum err err =
        store_blob_find(&world->sql, world->office->agency, photo->blob, &row);
    if (!err) {
        blob_file_folder(folder, world->office);
        blob_file_path(path, folder, photo->blob);
        err = row.received_at ? blob_file_check(path, &row) : ERR_NOT_FOUND;
    }
    world_cover(world, "attachment backed up before a restore");
    if (err)
        world_fail(world, "O3: the attachment of %s is called backed up: %s",
                   w->dot, err_name(err));
}

void photos_check_claims(struct world *world)
{
    for (size_t i = 0; i < world->photo_count && world->office; i++)
        if (world->photos[i].claimed &&
            !world->writes[world->photos[i].write].gone && !world->failed)
            claim_check(world, &world->photos[i]);
}

/* --- in the end ----------------------------------------------------------- */

/* Is it in the vault of somebody who can still bring it? */
static const struct device *holder(struct world *world,
                                   const struct photo *photo)
{
    struct blob_held held;
    for (int i = 0; i < DEVICES_MAX; i++) {
        const struct device *d = &world->devices[i];
        if (d->used && d->vault && !d->told &&
            !blob_find(d->vault, photo->blob, &held) && held.id && held.whole)
            return d;
    }
    return NULL;
}

/* The only vault that had it may have perished before it was brought. */
static bool may_be_lost(const struct world *world, const struct write *w)
{
    return world->devices[w->device].lost ||
           (world->scenes & (SCENE_PUT_BACK | SCENE_DAMAGED));
}

static void check_one(struct world *world, const struct photo *photo)
{
    const struct write *w = &world->writes[photo->write];
    struct blob_row row;
    enum err err = w->excused
                       ? ERR_NOT_FOUND
                       : store_blob_find(&world->sql, world->office->agency,
                                         photo->blob, &row);
    if (err == ERR_NOT_FOUND)
        return; /* O1 tells of the write itself */
    if (err)
        world_fail(world, "attachments cannot be read: %s", err_name(err));
    if (err || row.received_at)
        return; /* office_verify() reads what is received */
    const struct device *d = holder(world, photo);
    if (d)
        world_fail(world, "O6: %s has the attachment of %s, the office has not",
                   d->name, w->dot);
    else if (!may_be_lost(world, w))
        world_fail(world, "LOST: the attachment of %s", w->dot);
}

void photos_check(struct world *world)
{
    for (size_t i = 0; i < world->photo_count && !world->failed; i++)
        check_one(world, &world->photos[i]);
}
