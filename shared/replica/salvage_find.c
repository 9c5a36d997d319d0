#include "shared/base/file.h"
#include "shared/replica/salvage_find.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/journal.h"
#include "shared/replica/line.h"
#include "shared/replica/mirror_record.h"
#include "shared/replica/salvage_cells.h"

#define PATH_ROOM 4096
#define ARENA_BYTES_MAX ((size_t)2 << 30)
#define KEY_ROWS_MAX 16
#define NAMES_MAX 4096
#define READ_BYTES (64u << 10)
#define SECTOR_BYTES 512u

struct found_name {
    int64_t id; /* replica.id; 0: not known */
    char name[REPLICA_CHARS + 1];
};

struct finding {
    struct vault *vault; /* borrowed */
    struct found *out;
    const char *passphrase;
    struct bytes database, wal;
    struct arena scratch;
    struct buffer text;
    struct key_row rows[KEY_ROWS_MAX];
    size_t row_count;
    bool opened;
    uint8_t vault_key[SECRET_BYTES];
    bool wrong_passphrase, other_device;
    struct case_key *keys; /* owned */
    size_t key_count, key_room;
    struct found_name names[NAMES_MAX];
    size_t name_count;
    bool lines; /* second pass: keys are known */
};

void found_fini(struct found *found)
{
    arena_fini(&found->arena);
    free(found->lines);
    *found = (struct found){.count = 0};
}

/* --- keys ----------------------------------------------------------------- */

static void row_found(struct finding *f, const struct key_row *row)
{
    if (vault_keys_destroyed(row))
        return;
    for (size_t i = 0; i < f->row_count; i++)
        if (!memcmp(f->rows[i].sealed, row->sealed, sizeof row->sealed))
            return;
    if (f->row_count < KEY_ROWS_MAX)
        f->rows[f->row_count++] = *row;
}

static void name_found(struct finding *f, int64_t id, struct bytes name)
{
    if (!replica_valid(name) || f->name_count == NAMES_MAX)
        return;
    for (size_t i = 0; i < f->name_count; i++)
        if (f->names[i].id == id && bytes_is(name, f->names[i].name))
            return;
    struct found_name *added = &f->names[f->name_count++];
    added->id = id;
    memcpy(added->name, name.at, REPLICA_CHARS);
    added->name[REPLICA_CHARS] = '\0';
}

static enum err case_found(struct finding *f, int64_t id, struct bytes token,
                           struct bytes wrap)
{
    struct case_key key = {.id = id};
    if (!f->opened || token.size != TOKEN_KEYED_BYTES || !wrap.size)
        return ERR_OK;
    enum err err = case_key_unwrap(f->vault_key, token.at, wrap, &key);
    if (err)
        return err == ERR_NOMEM ? err : ERR_OK;
    for (size_t i = 0; i < f->key_count; i++)
        if (f->keys[i].id == id &&
            !memcmp(f->keys[i].key, key.key, sizeof key.key))
            return ERR_OK;
    if (f->key_count == f->key_room) {
        size_t room = f->key_room ? 2 * f->key_room : 64;
        struct case_key *grown = realloc(f->keys, room * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        f->keys = grown;
        f->key_room = room;
    }
    f->keys[f->key_count++] = key;
    return ERR_OK;
}

/* --- lines ---------------------------------------------------------------- */

struct envelope {
    int64_t log, n, key;
    const char *name; /* NULL: by `log`, or any */
    struct bytes body;
    bool own;
};

static enum err line_add_found(struct finding *f, const struct envelope *e,
                               const char *name, const struct case_key *key)
{
    struct found *out = f->out;
    const struct revision *revision = NULL;
    char *copy = arena_copy(&out->arena, buffer_bytes(&f->text));
    if (!copy)
        return ERR_NOMEM;
    enum err err = revision_parse(&out->arena, bytes_of(copy, f->text.size),
                                  &revision, NULL);
    if (err == ERR_NOMEM)
        return err;
    if (err || strcmp(revision->dot.replica, name) || revision->dot.n != e->n)
        return ERR_OK;
    if (out->count == out->room) {
        size_t room = out->room ? 2 * out->room : 256;
        struct found_line *grown = realloc(out->lines, room * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        out->lines = grown;
        out->room = room;
    }
    struct found_line *line = &out->lines[out->count++];
    *line = (struct found_line){
        .n = e->n, .log = e->log, .own = e->own, .revision = revision};
    memcpy(line->replica, revision->dot.replica, sizeof line->replica);
    memcpy(line->kase, key->kase, sizeof line->kase);
    return ERR_OK;
}

static enum err try_one(struct finding *f, const struct envelope *e,
                        const char *name, const struct case_key *key,
                        bool *opens)
{
    buffer_clear(&f->text);
    enum err err =
        line_unseal(f->vault, key->key, name, e->n, e->body, &f->text);
    *opens = !err;
    if (err)
        return err == ERR_NOMEM ? err : ERR_OK;
    return line_add_found(f, e, name, key);
}

/* Under the names that its log's number has; where the row that says so is
 * lost, under those of which the number is not known. */
static enum err try_names(struct finding *f, const struct envelope *e,
                          const struct case_key *key, bool *opens)
{
    enum err err = ERR_OK;
    if (e->name)
        return try_one(f, e, e->name, key, opens);
    for (int known = 1; known >= 0; known--)
        for (size_t i = 0; !err && !*opens && i < f->name_count; i++)
            if (f->names[i].id == (known ? e->log : 0))
                err = try_one(f, e, f->names[i].name, key, opens);
    return err;
}

static enum err envelope_found(struct finding *f, const struct envelope *e)
{
    enum err err = ERR_OK;
    bool opens = false;
    if (!f->lines || e->n < 1 || e->body.size < SEAL_OVERHEAD_BYTES)
        return ERR_OK;
    /* Numbers of keys are never used again; after the vault was taken back one
     * may stand for two. */
    for (size_t i = 0; !err && !opens && i < f->key_count; i++)
        if (f->keys[i].id == e->key)
            err = try_names(f, e, &f->keys[i], &opens);
    f->out->unopened += !opens;
    return err;
}

/* --- where they stand ----------------------------------------------------- */

static void meta_found(struct finding *f, const struct cell *c)
{
    struct key_row row = {.ops = c->column[1].number,
                          .bytes = c->column[2].number};
    memcpy(row.salt, c->column[3].bytes.at, sizeof row.salt);
    memcpy(row.sealed, c->column[4].bytes.at, sizeof row.sealed);
    memcpy(row.check, c->column[5].bytes.at, sizeof row.check);
    row_found(f, &row);
}

static enum err on_cell(void *context, const struct cell *c)
{
    struct finding *f = context;
    struct envelope e;
    switch (c->kind) {
    case CELL_META:
        meta_found(f, c);
        return ERR_OK;
    case CELL_REPLICA:
        name_found(f, c->rowid, c->column[1].bytes);
        return ERR_OK;
    case CELL_CASE:
        return case_found(f, c->rowid, c->column[1].bytes, c->column[2].bytes);
    case CELL_LOG:
        e = (struct envelope){.log = c->column[1].number,
                              .n = c->column[2].number,
                              .key = c->column[3].number,
                              .body = c->column[4].bytes,
                              .own = c->column[6].null};
        return envelope_found(f, &e);
    }
    return ERR_OK;
}

/* As the vault's own rows number the log, when that is known. */
static int64_t log_of(const struct finding *f, const char *name)
{
    for (size_t i = 0; i < f->name_count; i++)
        if (f->names[i].id && !strcmp(f->names[i].name, name))
            return f->names[i].id;
    return 0;
}

static enum err record_found(struct finding *f,
                             const struct journal_record *record)
{
    struct mirror_keys keys;
    struct mirror_case kase;
    struct mirror_line line;
    arena_clear(&f->scratch);
    switch (record->kind) {
    case MIRROR_KEYS:
        if (mirror_keys_read(&f->scratch, record->payload, &keys))
            return ERR_OK;
        row_found(f, &keys.row);
        name_found(f, 0, bytes_text(keys.replica));
        return ERR_OK;
    case MIRROR_CASE:
        if (mirror_case_read(&f->scratch, record->payload, &kase))
            return ERR_OK;
        return case_found(f, kase.id, bytes_of(kase.token, sizeof kase.token),
                          kase.vault_wrap);
    case MIRROR_LINE:
        if (mirror_line_read(&f->scratch, record->payload, &line))
            return ERR_OK;
        return envelope_found(f,
                              &(struct envelope){.log = log_of(f, line.replica),
                                                 .n = line.n,
                                                 .key = line.key,
                                                 .name = line.replica,
                                                 .body = line.body,
                                                 .own = true});
    default:
        return ERR_OK;
    }
}

static enum err journal_find(struct finding *f, const char *path)
{
    struct journal_reader *reader;
    struct journal_record record;
    enum err err = journal_reader_open(&reader, path, NULL);
    if (err)
        return err == ERR_NOMEM ? err : ERR_OK; /* it is none */
    while (!(err = journal_reader_next(reader, &record)) &&
           !(err = record_found(f, &record)))
        ;
    journal_reader_close(reader);
    return err == ERR_NOMEM ? err : ERR_OK; /* what comes after is lost */
}

static enum err pass(struct finding *f, const char *source, const char *keys)
{
    enum err err = journal_find(f, keys);
    if (!err)
        err = journal_find(f, source);
    return err ? err : salvage_cells(f->database, f->wal, on_cell, f);
}

/* --- opening -------------------------------------------------------------- */

/* Fills `at` from the file, in pages of the disk where it must: what cannot be
 * read stays zero and is counted. */
static void read_around(int fd, uint8_t *at, size_t size, int64_t *unread)
{
    size_t step = READ_BYTES;
    for (size_t done = 0; done < size;) {
        size_t left = size - done < step ? size - done : step;
        ssize_t got = pread(fd, at + done, left, (off_t)done);
        if (got > 0) {
            done += (size_t)got;
        } else if (got < 0 && errno == EINTR) {
            continue;
        } else if (got == 0 || step == SECTOR_BYTES) {
            *unread += (int64_t)left;
            done += left;
        } else {
            step = SECTOR_BYTES;
            continue;
        }
        if (done % READ_BYTES == 0)
            step = READ_BYTES;
    }
}

/* Not the file's own mapping: a bad sector would end the process. */
static enum err file_take(const char *path, struct bytes *out, int64_t *unread)
{
    struct stat status;
    *out = bytes_of(NULL, 0);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_of_errno(errno);
    enum err err = fstat(fd, &status) ? err_of_errno(errno) : ERR_OK;
    if (!err && S_ISDIR(status.st_mode))
        err = ERR_FOREIGN;
    if (!err && status.st_size > 0) {
        size_t size = (size_t)status.st_size;
        void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (at == MAP_FAILED) {
            err = err_of_errno(errno);
        } else {
            read_around(fd, at, size, unread);
            *out = bytes_of(at, size);
        }
    }
    close(fd);
    return err;
}

static void unmap(struct bytes mapped)
{
    if (mapped.at)
        munmap((void *)(uintptr_t)mapped.at, mapped.size);
}

static enum err vault_key_find(struct finding *f)
{
    for (size_t i = 0; i < f->row_count && !f->opened; i++) {
        enum err err = vault_keys_open(&f->rows[i], f->vault->device_key,
                                       f->passphrase, f->vault_key);
        if (err == ERR_NOMEM)
            return err;
        f->opened = !err;
        bool ours = !vault_keys_of_device(f->vault, f->rows[i].check);
        f->other_device = f->other_device || (err && !ours);
        f->wrong_passphrase = f->wrong_passphrase || (err && ours);
    }
    if (f->opened)
        return ERR_OK;
    if (f->wrong_passphrase)
        return vault_fail(f->vault, ERR_PASSPHRASE,
                          "the passphrase does not open what is salvaged");
    if (f->other_device)
        return vault_fail(f->vault, ERR_DENIED,
                          "it was made with another device secret; bring that "
                          "file and name it in SATCHEL_DEVICE_SECRET_FILE");
    return vault_fail(f->vault, ERR_NOT_FOUND,
                      "no keys of a vault are left in it; put the vault's "
                      ".keys file beside it, or salvage its mirror");
}

static int by_place(const void *a, const void *b)
{
    const struct found_line *x = a, *y = b;
    if (x->log != y->log)
        return x->log < y->log ? -1 : 1;
    int order = strcmp(x->replica, y->replica);
    if (order)
        return order;
    return x->n < y->n ? -1 : x->n > y->n;
}

/* Each place once; a line that was found as an own one is one. */
static void sort(struct found *out)
{
    size_t kept = 0;
    if (out->count)
        qsort(out->lines, out->count, sizeof *out->lines, by_place);
    for (size_t i = 0; i < out->count; i++) {
        struct found_line *last = kept ? &out->lines[kept - 1] : NULL;
        if (last && last->n == out->lines[i].n &&
            !strcmp(last->replica, out->lines[i].replica))
            last->own = last->own || out->lines[i].own;
        else
            out->lines[kept++] = out->lines[i];
    }
    out->count = kept;
}

static enum err find(struct finding *f, const char *source, const char *keys)
{
    enum err err = pass(f, source, keys);
    if (!err)
        err = vault_key_find(f);
    if (!err) /* what is wrapped under it */
        err = pass(f, source, keys);
    f->lines = true;
    if (!err)
        err = pass(f, source, keys);
    if (!err)
        sort(f->out);
    return err;
}

enum err salvage_find(struct vault *vault, const char *source,
                      const char *passphrase, struct found *out)
{
    char wal[PATH_ROOM], keys[PATH_ROOM];
    *out = (struct found){.count = 0};
    arena_init(&out->arena, ARENA_BYTES_MAX);
    struct finding *f = calloc(1, sizeof *f);
    if (!f)
        return ERR_NOMEM;
    f->vault = vault;
    f->out = out;
    f->passphrase = passphrase;
    arena_init(&f->scratch, MIRROR_RECORD_BYTES_MAX * 4);
    buffer_init(&f->text, LINE_BYTES_MAX);
    snprintf(wal, sizeof wal, "%s-wal", source);
    snprintf(keys, sizeof keys, "%s.keys", source);
    enum err err = file_take(source, &f->database, &out->unread);
    if (err)
        vault_fail(vault, err, "%.300s: %s", source, file_err_text(err));
    if (!err && file_take(wal, &f->wal, &out->unread) == ERR_NOMEM)
        err = ERR_NOMEM;
    if (!err)
        err = find(f, source, keys);
    unmap(f->database);
    unmap(f->wal);
    buffer_wipe(&f->text);
    arena_fini(&f->scratch);
    if (f->keys)
        sodium_memzero(f->keys, f->key_count * sizeof *f->keys);
    free(f->keys);
    sodium_memzero(f, sizeof *f);
    free(f);
    return err;
}
