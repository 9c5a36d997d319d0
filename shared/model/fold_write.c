#include "shared/model/fold_write.h"

/* Names and ids that the form of a line admits need no escapes. */
static void plain_put(struct buffer *out, const char *before, struct bytes text)
{
    buffer_add_text(out, before);
    buffer_add_bytes(out, text);
    buffer_add_char(out, '"');
}

static void origin_put(struct buffer *out, const struct revision *line)
{
    char dot[DOT_CHARS + 1];
    dot_format(dot, &line->dot);
    buffer_add_text(out, "{\"at\":");
    buffer_add_int(out, line->at);
    plain_put(out, ",\"author\":\"", line->author);
    plain_put(out, ",\"dot\":\"", bytes_text(dot));
}

void write_open(struct buffer *out, const struct revision *line)
{
    origin_put(out, line);
    buffer_add_text(out, ",\"value\":");
}

void write_close(struct buffer *out, const struct revision *line)
{
    plain_put(out, ",\"write\":\"", bytes_text(line->write));
    buffer_add_char(out, '}');
}

static void write_put(struct buffer *out, const struct revision *line,
                      struct bytes value)
{
    write_open(out, line);
    buffer_add_bytes(out, value);
    write_close(out, line);
}

static void entry_put(struct buffer *out, const struct entry *entry)
{
    const struct revision *line = entry->act->line;
    if (!entry->reason.size) {
        write_put(out, line, entry->raw);
        return;
    }
    origin_put(out, line);
    buffer_add_text(out, ",\"reason\":");
    buffer_add_bytes(out, entry->reason);
    buffer_add_text(out, ",\"value\":");
    canon_put_text(out, entry->member);
    plain_put(out, ",\"write\":\"", bytes_text(line->write));
    buffer_add_char(out, '}');
}

static void entries_put(struct buffer *out, const char *name,
                        const struct entries *entries)
{
    canon_put_name(out, name);
    buffer_add_char(out, '[');
    for (size_t i = 0; i < entries->count; i++) {
        if (i)
            buffer_add_char(out, ',');
        entry_put(out, &entries->at[i]);
    }
    buffer_add_text(out, "],");
}

static void list_put(struct buffer *out, const char *name,
                     const struct entries *entries)
{
    if (entries->count)
        entries_put(out, name, entries);
}

static void true_put(struct buffer *out, const char *name, bool is)
{
    if (!is)
        return;
    canon_put_name(out, name);
    buffer_add_text(out, "true,");
}

static void review_put(struct buffer *out, const struct outcome *outcome)
{
    if (!outcome->review_count)
        return;
    buffer_add_text(out, "\"review\":[");
    for (size_t i = 0; i < outcome->review_count; i++) {
        if (i)
            buffer_add_char(out, ',');
        buffer_add_bytes(out, outcome->review[i]);
    }
    buffer_add_text(out, "],");
}

void field_put(struct buffer *out, const struct field *field,
               const struct outcome *outcome, bool first)
{
    if (!first)
        buffer_add_char(out, ',');
    canon_put_text(out, field->name);
    buffer_add_text(out, ":{");
    list_put(out, "after", &outcome->after);
    if (outcome->open) {
        buffer_add_text(out, "\"base\":");
        buffer_add_bytes(out, outcome->base);
        buffer_add_char(out, ',');
    }
    list_put(out, "dropped", &outcome->dropped);
    entries_put(out, "live", &outcome->live);
    true_put(out, "meanwhile", outcome->meanwhile);
    true_put(out, "open", outcome->open);
    list_put(out, "requests", &outcome->requests);
    review_put(out, outcome);
    true_put(out, "sealed", outcome->sealed);
    list_put(out, "unreadable", &outcome->unreadable);
    buffer_add_text(out, "\"value\":");
    buffer_add_bytes(out, outcome->value);
    buffer_add_char(out, '}');
}

void state_open(struct buffer *out, struct bytes kase)
{
    buffer_add_char(out, '{');
    if (kase.size) {
        plain_put(out, "\"case\":\"", kase);
        buffer_add_char(out, ',');
    }
    buffer_add_text(out, "\"fields\":{");
}

static void ending_put(struct buffer *out, struct bytes record,
                       const struct schema_type *type, struct bytes name)
{
    plain_put(out, ",\"record\":\"", record);
    buffer_add_text(out, ",\"schema\":");
    buffer_add_int(out, type ? type_version(type) : 0);
    plain_put(out, ",\"type\":\"", name);
    buffer_add_char(out, '}');
}

void state_close(struct buffer *out, struct bytes record,
                 const struct schema_type *type, struct bytes name)
{
    buffer_add_char(out, '}');
    ending_put(out, record, type, name);
}

void state_oversize(struct buffer *out, const struct revision *creator,
                    const struct schema_type *type)
{
    state_open(out, creator->kase);
    buffer_add_text(out, "},\"oversize\":true");
    ending_put(out, creator->record, type, creator->type);
}

void state_waiting(struct buffer *out, struct bytes record)
{
    plain_put(out, "{\"record\":\"", record);
    buffer_add_text(out, ",\"waiting\":true}");
}
