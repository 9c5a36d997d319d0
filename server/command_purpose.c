/* What every command says that lets data about persons leave: --purpose, and
 * its entry in the disclosure log (45 CFR 205.50). */
#include <stdio.h>
#include <string.h>
#include "server/command.h"
#include "server/record.h"

#define TYPE "disclosure_log"
#define PURPOSE "purpose"

/* NULL: there is no such field. */
static enum err field_find(const struct command *c,
                           const struct schema_field **out)
{
    const struct schema_type *type;
    enum err err = schema_find(c->office->schema, bytes_text(TYPE), &type);
    *out = type ? type_field(type, bytes_text(PURPOSE)) : NULL;
    return err;
}

int command_purpose(const struct command *c, const char *preset,
                    const char **out)
{
    const struct schema_field *field;
    enum err err = field_find(c, &field);
    const char *given = args_text(&c->args, "--purpose");
    char codes[COMMAND_CODES_CHARS] = "";
    size_t size = 0;
    *out = given ? given : preset;
    if (err)
        return command_fail_office(c, err);
    if (!field)
        return command_fail(c, ERR_NOT_FOUND,
                            "this office does not have the record type " TYPE
                            "; `import schema` adds types");
    for (size_t i = 0; i < field_code_count(field); i++) {
        struct bytes code = field_code_at(field, i);
        if (*out && bytes_is(code, *out))
            return EXIT_DONE;
        if (size < sizeof codes)
            size += (size_t)snprintf(codes + size, sizeof codes - size,
                                     "%s%.*s", i ? ", " : "", (int)code.size,
                                     (const char *)code.at);
    }
    if (*out)
        return command_misuse(c, "--purpose %.64s is none of: %s", *out, codes);
    return command_misuse(c,
                          "--purpose P is missing: data about persons leave "
                          "the office for one of these only (45 CFR 205.50): "
                          "%s",
                          codes);
}

static void put_text(struct buffer *set, const char *name, const char *text)
{
    if (!text || !text[0])
        return;
    buffer_printf(set, "%s\"%s\":", set->size > 1 ? "," : "", name);
    canon_put_text(set, bytes_text(text));
}

/* A person is a case of its own; of another case nobody is named. */
static bool is_person(struct command *c, const char *kase)
{
    struct record record;
    enum err err =
        kase ? record_load(&record, c->office, &c->sql, kase) : ERR_NOT_FOUND;
    bool person = !err && strcmp(record.type, "person") == 0;
    if (kase)
        record_fini(&record);
    return person;
}

enum err command_disclosed(struct command *c,
                           const struct command_disclosure *d)
{
    char id[ID_CHARS + 1], at[INSTANT_CHARS];
    int64_t now = clock_wall_ms(c->office->clock);
    struct buffer set;
    id_new(id, now, c->office->random);
    instant_format_offset(at, now);
    buffer_init(&set, ORIGINAL_BYTES_MAX);
    buffer_add_char(&set, '{');
    put_text(&set, "at", at);
    put_text(&set, "basis", d->consent ? NULL : "law");
    put_text(&set, "consent", d->consent);
    buffer_add_text(&set, ",\"data_classes\":");
    buffer_add_bytes(&set, d->classes);
    put_text(&set, "method", d->consent ? "electronic" : "export");
    put_text(&set, "person", is_person(c, d->kase) ? d->kase : NULL);
    put_text(&set, PURPOSE, d->purpose);
    put_text(&set, "referral", d->referral);
    put_text(&set, "to_whom", d->to_whom);
    buffer_add_char(&set, '}');
    enum err err = buffer_err(&set);
    if (!err) /* everybody's is a case of its own, which the office sees */
        err = record_put(c->office, &c->sql, c->author, id, TYPE,
                         d->kase ? d->kase : id, buffer_bytes(&set));
    buffer_fini(&set);
    return err;
}

int command_leaves(struct command *c, const char *kase, const char *what)
{
    const char *to = args_text(&c->args, "--recipient");
    struct buffer classes;
    struct command_disclosure d = {.kase = kase,
                                   .to_whom = to ? to : c->author};
    int code = command_purpose(c, NULL, &d.purpose);
    if (code == EXIT_DONE)
        code = command_begin(c);
    if (code != EXIT_DONE)
        return code;
    buffer_init(&classes, ORIGINAL_BYTES_MAX);
    buffer_add_char(&classes, '[');
    canon_put_text(&classes, bytes_text(what));
    buffer_add_char(&classes, ']');
    d.classes = buffer_bytes(&classes);
    enum err err = command_disclosed(c, &d);
    buffer_fini(&classes);
    return command_end(c, err ? command_fail_office(c, err) : EXIT_DONE);
}
