#include "server/tls_note.h"

#include <stdio.h>
#include <unistd.h>
#include "shared/base/file.h"
#include "shared/model/canon.h"

#define PATH_CHARS 1100
#define BYTES_MAX 8192u

static void note_path(char out[PATH_CHARS], const char *keys_dir,
                      const char *suffix)
{
    snprintf(out, PATH_CHARS, "%.1050s/tls%s", keys_dir, suffix);
}

enum err tls_note_save(const char *keys_dir, const struct tls_note *note)
{
    char path[PATH_CHARS], fresh[PATH_CHARS];
    struct buffer json;
    note_path(path, keys_dir, "");
    note_path(fresh, keys_dir, ".new");
    buffer_init(&json, BYTES_MAX);
    buffer_add_text(&json, "{\"cert\":");
    canon_put_text(&json, bytes_text(note->cert));
    buffer_printf(&json, ",\"expires\":%lld,\"failed\":%lld,\"problem\":",
                  (long long)note->expires_ms, (long long)note->failed_ms);
    canon_put_text(&json, bytes_text(note->problem));
    buffer_add_char(&json, '}');
    enum err err = buffer_err(&json);
    (void)unlink(fresh);
    if (!err)
        err = file_write_new(fresh, buffer_bytes(&json));
    if (!err && rename(fresh, path))
        err = ERR_IO;
    buffer_fini(&json);
    return err;
}

void tls_note_drop(const char *keys_dir)
{
    char path[PATH_CHARS];
    note_path(path, keys_dir, "");
    (void)unlink(path);
}

static enum err note_read(struct bytes json, struct arena *arena,
                          struct tls_note *out)
{
    const struct canon *root;
    struct canon_fault fault;
    struct bytes cert, problem;
    enum err err = canon_parse(arena, json, &root, &fault);
    if (err)
        return err;
    if (!canon_text(root, "cert", &cert) ||
        !canon_text(root, "problem", &problem) ||
        !canon_int(root, "expires", &out->expires_ms) ||
        !canon_int(root, "failed", &out->failed_ms))
        return ERR_CORRUPT;
    snprintf(out->cert, sizeof out->cert, "%.*s", (int)cert.size,
             (const char *)cert.at);
    snprintf(out->problem, sizeof out->problem, "%.*s", (int)problem.size,
             (const char *)problem.at);
    return ERR_OK;
}

enum err tls_note_load(const char *keys_dir, struct tls_note *out)
{
    char path[PATH_CHARS];
    struct buffer json;
    struct arena arena;
    *out = (struct tls_note){.expires_ms = 0};
    note_path(path, keys_dir, "");
    buffer_init(&json, BYTES_MAX);
    arena_init(&arena, 2 * BYTES_MAX);
    enum err err = file_read(path, &json);
    if (!err)
        err = note_read(buffer_bytes(&json), &arena, out);
    arena_fini(&arena);
    buffer_fini(&json);
    return err;
}
