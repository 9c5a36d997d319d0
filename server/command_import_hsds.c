/* import hsds PATH: the resource directory from what a publisher gives out. */
#include <stdio.h>

#include "server/command.h"
#include "server/import_plan.h"
#include "server/views.h"

#define SOURCE_DEFAULT "hsds"

static const char *const note_kinds[IMPORT_NOTE_KINDS] = {
    [IMPORT_SKIPPED] = "skipped",
    [IMPORT_WARNING] = "warning",
    [IMPORT_REMARK] = "remark"};

struct total {
    size_t created, changed, unchanged, fields;
};

static struct total total_of(const struct import_plan *plan)
{
    struct total total = {0};
    for (size_t i = 0; i < IMPORT_TYPES; i++) {
        total.created += plan->counts[i].created;
        total.changed += plan->counts[i].changed;
        total.unchanged += plan->counts[i].unchanged;
        total.fields += plan->counts[i].fields;
    }
    return total;
}

/* --- for people --- */

static enum err print_notes(const struct import_notes *notes)
{
    struct buffer line;
    enum err err = ERR_OK;
    buffer_init(&line, 64u * 1024);
    for (size_t i = 0; i < notes->count && !err; i++) {
        buffer_clear(&line);
        err = import_note_line(&line, &notes->list[i]);
        if (!err)
            fprintf(stderr, "%s\n", buffer_text(&line));
    }
    buffer_fini(&line);
    size_t all = notes->totals[IMPORT_SKIPPED] + notes->totals[IMPORT_WARNING] +
                 notes->totals[IMPORT_REMARK];
    if (all > notes->count)
        fprintf(stderr, "... and %zu more\n", all - notes->count);
    return err;
}

static void print_text(const struct import_plan *plan,
                       const struct import_publication *publication)
{
    const struct import_notes *notes = &publication->notes;
    for (size_t i = 0; i < IMPORT_TYPES; i++) {
        const struct import_counts *c = &plan->counts[i];
        printf("%-12s %zu new, %zu changed (%zu field%s), %zu unchanged\n",
               import_plan_types[i], c->created, c->changed, c->fields,
               c->fields == 1 ? "" : "s", c->unchanged);
    }
    printf("%zu skipped, %zu warning%s", notes->totals[IMPORT_SKIPPED],
           notes->totals[IMPORT_WARNING],
           notes->totals[IMPORT_WARNING] == 1 ? "" : "s");
    if (plan->missing)
        printf(", %zu no longer published", plan->missing);
    printf("%s\n", plan->dry ? "; nothing was written" : "");
}

/* --- for programs --- */

static void put_count(struct buffer *json, const char *name, size_t count)
{
    buffer_printf(json, ",\"%s\":%zu", name, count);
}

static void put_note(struct buffer *json, const struct import_note *note)
{
    buffer_add_text(json, "{\"column\":");
    buffer_add_int(json, (int64_t)note->column);
    buffer_add_text(json, ",\"file\":");
    canon_put_text(json, bytes_text(note->file));
    buffer_printf(json, ",\"kind\":\"%s\",\"line\":%zu,\"text\":",
                  note_kinds[note->kind], note->line);
    canon_put_text(json, bytes_text(note->text));
    buffer_add_char(json, '}');
}

static void put_notes(struct buffer *json, const struct import_notes *notes,
                      bool remarks)
{
    bool first = true;
    buffer_add_char(json, '[');
    for (size_t i = 0; i < notes->count; i++) {
        if ((notes->list[i].kind == IMPORT_REMARK) != remarks)
            continue;
        buffer_add_text(json, first ? "" : ",");
        put_note(json, &notes->list[i]);
        first = false;
    }
    buffer_add_char(json, ']');
}

static void put_types(struct buffer *json, const struct import_plan *plan)
{
    buffer_add_text(json, ",\"types\":{");
    for (size_t i = 0; i < IMPORT_TYPES; i++) {
        const struct import_counts *c = &plan->counts[i];
        buffer_printf(json,
                      "%s\"%s\":{\"changed\":%zu,\"created\":%zu,"
                      "\"fields\":%zu,\"unchanged\":%zu}",
                      i ? "," : "", import_plan_types[i], c->changed,
                      c->created, c->fields, c->unchanged);
    }
    buffer_add_char(json, '}');
}

static int print_json(struct command *c, const struct import_plan *plan,
                      const struct import_publication *publication)
{
    const struct import_notes *notes = &publication->notes;
    struct total total = total_of(plan);
    struct buffer json;
    buffer_init(&json, COMMAND_JSON_BYTES_MAX);
    buffer_printf(&json, "{\"changed\":%zu", total.changed);
    put_count(&json, "created", total.created);
    buffer_printf(&json, ",\"dry_run\":%s", plan->dry ? "true" : "false");
    put_count(&json, "fields", total.fields);
    put_count(&json, "missing", plan->missing);
    buffer_add_text(&json, ",\"remarks\":");
    put_notes(&json, notes, true);
    put_count(&json, "skipped", notes->totals[IMPORT_SKIPPED]);
    put_types(&json, plan);
    put_count(&json, "unchanged", total.unchanged);
    put_count(&json, "warning_count", notes->totals[IMPORT_WARNING]);
    buffer_add_text(&json, ",\"warnings\":");
    put_notes(&json, notes, false);
    buffer_add_char(&json, '}');
    return command_print(c, &json);
}

/* --- the command --- */

static size_t row_count(const struct import_publication *publication)
{
    size_t count = 0;
    for (int id = TABLE_NONE + 1; id < TABLE_COUNT; id++)
        count += publication->rows.tables[id].count;
    return count;
}

static int report(struct command *c, const struct import_plan *plan,
                  const struct import_publication *publication)
{
    int code = EXIT_DONE;
    if (c->json) {
        code = print_json(c, plan, publication);
    } else {
        enum err err = print_notes(&publication->notes);
        if (err)
            return command_fail(c, err, "%s", err_text(err));
        print_text(plan, publication);
    }
    if (code == EXIT_DONE && !row_count(publication))
        return command_fail(c, ERR_INVALID, "%s: nothing in it can be imported",
                            c->operands[0]);
    return code;
}

static int write_all(struct command *c, struct import_plan *plan,
                     struct import_publication *publication)
{
    const char *source = args_text(&c->args, "--source");
    plan->office = c->office;
    plan->sql = &c->sql;
    plan->author = c->author;
    int code = command_begin(c);
    if (code != EXIT_DONE)
        return code;
    enum err err =
        import_plan_run(plan, publication, source ? source : SOURCE_DEFAULT);
    if (err)
        code = command_fail_office(c, err);
    return command_end(c, code);
}

int command_import_hsds(struct command *c)
{
    char detail[IMPORT_DETAIL_CHARS];
    struct import_publication publication;
    struct import_plan plan = {.dry = args_flag(&c->args, "--dry-run")};
    if (c->operand_count != 1)
        return command_misuse(c, "import hsds PATH: give one file or folder");
    enum err err = import_read(&publication, c->operands[0], detail);
    if (err)
        return command_fail(c, err, "%s", detail[0] ? detail : err_text(err));
    int code = command_open(c, plan.dry ? COMMAND_READ : COMMAND_WRITE);
    if (code == EXIT_DONE)
        code = write_all(c, &plan, &publication);
    if (code == EXIT_DONE)
        code = report(c, &plan, &publication);
    import_publication_fini(&publication);
    return code;
}
