#include "shared/exchange/control_report.h"

#include <stdio.h>
#include <string.h>
#include "shared/exchange/control.h"
#include "shared/model/canon.h"

#define ARENA_BYTES (1u << 20)

/* Members of a report in canonical order. */
enum member_kind { FLAG, NUMBER, OUTCOME };
struct member {
    const char *name;
    enum member_kind kind;
    size_t offset;
};
#define MEMBER(text, kind, field)                                              \
    {                                                                          \
        text, kind, offsetof(struct session_report, field)                     \
    }
static const struct member members[] = {
    MEMBER("files", NUMBER, blobs),
    MEMBER("held", NUMBER, held),
    MEMBER("left", NUMBER, left),
    MEMBER("locked", FLAG, locked),
    MEMBER("ok", OUTCOME, err),
    MEMBER("pulled", NUMBER, pulled),
    MEMBER("pushed", NUMBER, pushed),
    MEMBER("reached", FLAG, reached),
    MEMBER("received_bytes", NUMBER, received_bytes),
    MEMBER("reconcile_gave_up", FLAG, reconcile_gave_up),
    MEMBER("reconciled", FLAG, reconciled),
    MEMBER("requests", NUMBER, requests),
    MEMBER("retry_after_ms", NUMBER, retry_after_ms),
    MEMBER("revoked", FLAG, revoked),
    MEMBER("sent_bytes", NUMBER, sent_bytes),
    MEMBER("succeeded", FLAG, succeeded),
};
#define MEMBER_COUNT (sizeof members / sizeof *members)

static void put_member(struct buffer *out, const struct session_report *report,
                       const struct member *member)
{
    const char *at = (const char *)report + member->offset;
    int64_t number;
    bool flag;
    canon_put_name(out, member->name);
    if (member->kind == OUTCOME) {
        buffer_add_text(out, report->err ? "false" : "true");
    } else if (member->kind == FLAG) {
        memcpy(&flag, at, sizeof flag);
        buffer_add_text(out, flag ? "true" : "false");
    } else {
        memcpy(&number, at, sizeof number);
        buffer_add_int(out, number);
    }
}

enum err control_report_write(struct buffer *out,
                              const struct session_report *report)
{
    buffer_add_text(out, "{\"detail\":");
    canon_put_text(out, bytes_text(report->detail));
    buffer_add_text(out, ",\"error\":");
    canon_put_text(out, bytes_text(report->err ? err_name(report->err) : ""));
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        buffer_add_char(out, ',');
        put_member(out, report, &members[i]);
    }
    buffer_add_char(out, '}');
    return buffer_err(out);
}

static enum err err_named(struct bytes name)
{
    for (int i = ERR_OK + 1; i < ERR_COUNT; i++)
        if (bytes_is(name, err_name((enum err)i)))
            return (enum err)i;
    return name.size ? ERR_PROTOCOL : ERR_OK;
}

static void read_members(const struct canon *root, struct session_report *out)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        char *at = (char *)out + members[i].offset;
        bool flag = canon_true(root, members[i].name);
        int64_t number = 0;
        if (members[i].kind == FLAG)
            memcpy(at, &flag, sizeof flag);
        else if (members[i].kind == NUMBER &&
                 canon_int(root, members[i].name, &number))
            memcpy(at, &number, sizeof number);
    }
}

enum err control_report_read(struct session_report *out, struct bytes reply)
{
    struct arena arena;
    const struct canon *root;
    struct bytes text;
    arena_init(&arena, ARENA_BYTES);
    *out = (struct session_report){.err = ERR_OK};
    enum err err = canon_parse(&arena, reply, &root, NULL);
    if (!err && root->kind != CANON_OBJECT)
        err = ERR_INVALID;
    if (!err) {
        if (canon_text(root, "error", &text))
            out->err = err_named(text);
        if (canon_text(root, "detail", &text))
            snprintf(out->detail, sizeof out->detail, "%.*s", (int)text.size,
                     (const char *)text.at);
        read_members(root, out);
    }
    arena_fini(&arena);
    return err == ERR_INVALID ? ERR_PROTOCOL : err;
}

bool control_serves(struct bytes reply)
{
    struct arena arena;
    const struct canon *root;
    struct bytes error;
    arena_init(&arena, ARENA_BYTES);
    bool serves = !canon_parse(&arena, reply, &root, NULL) &&
                  root->kind == CANON_OBJECT &&
                  !(canon_text(root, "error", &error) &&
                    bytes_is(error, "unknown-vault"));
    arena_fini(&arena);
    return serves;
}
