#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/command.h"
#include "server/sync.h"
#include "shared/base/file.h"
#include "shared/wire/bundle.h"

static int file_failed(const struct command *c, enum err err, const char *path)
{
    if (err == ERR_EXISTS)
        return command_fail(c, err,
                            "%.300s exists; replies are never written over "
                            "another file, give another name",
                            path);
    return command_fail(c, err, "%.300s: %s", path, err_text(err));
}

static int say(const struct command *c, const char *path, const char *reply,
               const struct sync_bundle *b)
{
    struct buffer json;
    if (b->status != 200)
        return command_fail(c, ERR_DENIED,
                            "%.300s was refused (%s: %s); the device is told "
                            "by %.300s, and the bundle stays worth keeping "
                            "until it has read that",
                            path, b->error.error, b->error.detail, reply);
    if (!c->json) {
        printf("took %lld line%s of %s (%s), which is here up to line %lld; "
               "%lld held\ncarry %s back to that device\n",
               (long long)b->taken, b->taken == 1 ? "" : "s", b->account,
               b->replica, (long long)b->head, (long long)b->held, reply);
        return EXIT_DONE;
    }
    buffer_init(&json, 64u * 1024);
    buffer_printf(&json,
                  "{\"head\":%lld,\"held\":%lld,\"replica\":\"%s\","
                  "\"reply\":",
                  (long long)b->head, (long long)b->held, b->replica);
    command_json_text(&json, reply);
    buffer_printf(&json, ",\"taken\":%lld,\"user\":", (long long)b->taken);
    command_json_text(&json, b->account);
    buffer_add_char(&json, '}');
    return command_print(c, &json);
}

static int take(struct command *c, const char *path, const char *reply)
{
    struct buffer file, answer;
    struct sync_bundle b;
    buffer_init(&file, BUNDLE_BYTES_MAX);
    buffer_init(&answer, BUNDLE_BYTES_MAX);
    enum err err = file_read(path, &file);
    int code = err ? file_failed(c, err, path) : EXIT_DONE;
    if (!err) {
        err = sync_bundle(c->office, &c->sql, buffer_bytes(&file), &answer, &b);
        if (err)
            code = command_fail(c, err, "%.300s: %s", path, b.detail);
    }
    if (!err) {
        err = file_write_new(reply, buffer_bytes(&answer));
        code = err ? file_failed(c, err, reply) : say(c, path, reply, &b);
    }
    buffer_fini(&answer);
    buffer_fini(&file);
    return code;
}

int command_bundle_take(struct command *c)
{
    const char *reply = args_text(&c->args, "--reply");
    if (c->operand_count != 1)
        return command_misuse(c, "name one file: the bundle to take");
    if (!reply)
        return command_misuse(c, "--reply FILE is missing: what the device is "
                                 "to be brought");
    if (!access(reply, F_OK)) /* before anything is taken */
        return file_failed(c, ERR_EXISTS, reply);
    int code = command_open_office(c, true);
    if (code != EXIT_DONE)
        return code;
    enum err err = office_connect(c->office, &c->sql);
    return err ? command_fail_office(c, err) : take(c, c->operands[0], reply);
}
