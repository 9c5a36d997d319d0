/* merge, unmerge: two records that are the same person, say, made by two
 * workers offline.  The office's link on one of them says so; nothing is moved,
 * so that taking the link back parts them again. */
#include <stdio.h>
#include <string.h>

#include "server/command.h"
#include "server/ingest.h"
#include "server/record.h"
#include "server/store_case.h"

#define NAME_SHOWN 80

struct merge {
    struct command *command;
    struct record record, into;
    const struct schema_field *link; /* of their type */
    char field[NAME_CHARS_MAX + 1];
};

static void merge_fini(struct merge *m)
{
    record_fini(&m->record);
    record_fini(&m->into);
}

static int load_record(struct command *c, const char *id, struct record *out)
{
    enum err err = record_load(out, c->office, &c->sql, id);
    if (err)
        return command_fail_office(c, err);
    if (!out->type[0])
        return command_fail(c, ERR_NOT_FOUND,
                            "%s has not taken effect yet; `holds list` and "
                            "`show %s --history` say why",
                            id, id);
    return EXIT_DONE;
}

static int load(struct merge *m, const char *record)
{
    struct command *c = m->command;
    int code = load_record(c, record, &m->record);
    if (code != EXIT_DONE)
        return code;
    const struct schema_type *type;
    enum err err =
        schema_find(c->office->schema, bytes_text(m->record.type), &type);
    if (err)
        return command_fail_office(c, err);
    m->link = type ? type_merges(type) : NULL;
    if (!m->link)
        return command_fail(c, ERR_INVALID,
                            "%s is of type %s, which has no field that says "
                            "that two are the same",
                            record, m->record.type);
    struct bytes name = field_name(m->link);
    snprintf(m->field, sizeof m->field, "%.*s", (int)name.size,
             (const char *)name.at);
    return EXIT_DONE;
}

static int check(struct merge *m)
{
    struct command *c = m->command;
    const char *id = m->record.id, *into = m->into.id;
    struct same *same;
    struct bytes present = record_text(&m->record, m->field);
    if (!strcmp(id, into))
        return command_fail(c, ERR_INVALID,
                            "both are the same record already: %s", id);
    if (strcmp(m->record.type, m->into.type) != 0)
        return command_fail(c, ERR_INVALID,
                            "%s is of type %s and %s of type %s: only two of "
                            "one type can be the same",
                            id, m->record.type, into, m->into.type);
    if (present.size)
        return command_fail(c, ERR_EXISTS,
                            "%s is merged into %.*s already; `unmerge %s` "
                            "first",
                            id, (int)present.size, (const char *)present.at,
                            id);
    enum err err =
        record_same_load(c->office, &c->sql, bytes_text(m->record.type), &same);
    if (err)
        return command_fail_office(c, err);
    char root[ID_CHARS + 1];
    snprintf(root, sizeof root, "%s", same_root(same, into));
    same_free(same);
    if (!strcmp(root, id))
        return command_fail(c, ERR_EXISTS,
                            "%s is merged into %s already, the other way "
                            "round",
                            into, id);
    if (strcmp(root, into) != 0)
        return command_fail(c, ERR_INVALID,
                            "%s is itself merged into %s: merge into that one",
                            into, root);
    return EXIT_DONE;
}

/* Writes the link; an empty id takes it back. */
static int write_link(struct merge *m, const char *id)
{
    struct command *c = m->command;
    struct buffer set;
    struct seen seen;
    struct dot dot;
    seen_init(&seen);
    buffer_init(&set, ORIGINAL_BYTES_MAX);
    buffer_printf(&set, *id ? "{\"%s\":\"%s\"}" : "{\"%s\":null}", m->field,
                  id);
    struct revision_draft draft = {
        .record = m->record.id, .seen = &seen, .set = buffer_bytes(&set)};
    enum err err = buffer_err(&set);
    if (!err)
        err = fold_context(m->record.memo, &seen);
    if (!err)
        err = ingest_office(c->office, &c->sql, c->author, &draft, &dot);
    buffer_fini(&set);
    seen_fini(&seen);
    return err ? command_fail_office(c, err) : EXIT_DONE;
}

/* --- saying it ------------------------------------------------------------ */

static void print_name(struct command *c, const struct record *record)
{
    struct buffer name;
    buffer_init(&name, STATE_BYTES_MAX);
    if (record_name(record, c->office, &c->sql, &name) || !name.size)
        printf("%s %s", record->type, record->id);
    else
        printf("%s %.*s (%s)", record->type, NAME_SHOWN, buffer_text(&name),
               record->id);
    buffer_fini(&name);
}

static enum err print_scope(void *context, const struct member_row *member)
{
    size_t *count = context;
    if (member->left_seq == 0)
        printf("%s%s", (*count)++ ? ", " : "", member->scope);
    return ERR_OK;
}

/* A merge opens no case to anybody: who may see which stays as it was. */
static enum err print_scopes(struct command *c, const struct record *record)
{
    size_t count = 0;
    if (!record->kase[0])
        return ERR_OK;
    printf("  %s is seen by ", record->id);
    enum err err = store_member_each(&c->sql, c->office->agency, record->kase,
                                     print_scope, &count);
    puts(count ? "" : "the office only");
    return err;
}

static int report_merged(struct merge *m)
{
    struct command *c = m->command;
    if (c->json) {
        printf("{\"into\":\"%s\",\"record\":\"%s\"}\n", m->into.id,
               m->record.id);
        return EXIT_DONE;
    }
    print_name(c, &m->record);
    printf(" is the same as\n");
    print_name(c, &m->into);
    printf("\n");
    enum err err = print_scopes(c, &m->record);
    if (!err)
        err = print_scopes(c, &m->into);
    return err ? command_fail_office(c, err) : EXIT_DONE;
}

/* Loads the record, has `change` write, and ends what was begun. */
static int perform(struct merge *m, int (*change)(struct merge *m))
{
    struct command *c = m->command;
    int code = command_open(c, COMMAND_WRITE);
    if (code == EXIT_DONE)
        code = command_begin(c);
    if (code != EXIT_DONE)
        return code;
    code = load(m, c->operands[0]);
    if (code == EXIT_DONE)
        code = change(m);
    return command_end(c, code);
}

static int merge(struct merge *m)
{
    struct command *c = m->command;
    int code = load_record(c, args_text(&c->args, "--into"), &m->into);
    if (code == EXIT_DONE)
        code = check(m);
    return code == EXIT_DONE ? write_link(m, m->into.id) : code;
}

int command_merge(struct command *c)
{
    struct merge m = {.command = c};
    if (c->operand_count != 1)
        return command_misuse(c, "merge ID --into ID: give one record");
    if (!args_text(&c->args, "--into"))
        return command_misuse(c, "--into ID is missing: the record that "
                                 "stands for both");
    int code = perform(&m, merge);
    if (code == EXIT_DONE)
        code = report_merged(&m);
    merge_fini(&m);
    return code;
}

/* --- unmerge -------------------------------------------------------------- */

static int check_merged(struct merge *m)
{
    struct command *c = m->command;
    const char *id = m->record.id;
    struct same *same;
    if (record_value(&m->record, m->field))
        return EXIT_DONE;
    enum err err =
        record_same_load(c->office, &c->sql, bytes_text(m->record.type), &same);
    if (err)
        return command_fail_office(c, err);
    struct buffer others;
    buffer_init(&others, COMMAND_JSON_BYTES_MAX);
    err = same_others(same, id, &others);
    same_free(same);
    int code =
        err ? command_fail_office(c, err)
            : command_fail(c, ERR_NOT_FOUND,
                           others.size > 2
                               ? "%s is merged into no other; it stands for "
                                 "%s: unmerge those"
                               : "%s is merged into no other",
                           id, buffer_text(&others));
    buffer_fini(&others);
    return code;
}

static int unmerge(struct merge *m)
{
    int code = check_merged(m);
    return code == EXIT_DONE ? write_link(m, "") : code;
}

int command_unmerge(struct command *c)
{
    struct merge m = {.command = c};
    if (c->operand_count != 1)
        return command_misuse(c, "unmerge ID: give one record");
    int code = perform(&m, unmerge);
    if (code == EXIT_DONE && c->json) {
        printf("{\"into\":null,\"record\":\"%s\"}\n", m.record.id);
    } else if (code == EXIT_DONE) {
        print_name(c, &m.record);
        printf(" stands for itself again\n");
    }
    merge_fini(&m);
    return code;
}
