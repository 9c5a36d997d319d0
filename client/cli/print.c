/* What people read on the terminal. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"
#include "shared/base/clock.h"
#include "shared/model/id.h"
#include "shared/model/prose.h"
#include "shared/model/view.h"

#define FUTURE_MS INT64_C(600000) /* clocks may differ by a little */

/* Prints the text and erases it. */
static void print_to(FILE *to, struct buffer *text)
{
    if (buffer_err(text)) {
        fputs("satchel: memory is exhausted\n", stderr);
        exit(EXIT_FAILED);
    }
    fwrite(text->at, 1, text->size, to);
    buffer_wipe(text);
}

static void print_out(struct buffer *text)
{
    print_to(stdout, text);
}

void print_message(FILE *to, const char *text)
{
    struct buffer out;
    buffer_init(&out, PROSE_BYTES_MAX);
    prose_text(&out, bytes_text(text), INT_MAX);
    buffer_add_char(&out, '\n');
    print_to(to, &out);
}

void print_bytes(const char *text, size_t bytes)
{
    struct buffer out;
    buffer_init(&out, PROSE_BYTES_MAX);
    prose_text(&out, bytes_of(text, bytes), 0);
    print_out(&out);
}

void print_notes(const char *text)
{
    for (const char *end; *text; text = *end ? end + 1 : end) {
        struct buffer out;
        buffer_init(&out, PROSE_BYTES_MAX);
        end = text + strcspn(text, "\n");
        prose_text(&out, bytes_of(text, (size_t)(end - text)), 0);
        fprintf(stderr, "satchel: note: %s\n", buffer_text(&out));
        buffer_fini(&out);
    }
}

bool print_future(const struct cli *cli, const char *field, const char *at)
{
    int64_t ms, now_ms = clock_wall_ms(clock_system());
    char shown[INSTANT_CHARS];
    if (!at || instant_parse(bytes_text(at), &ms) || ms <= now_ms + FUTURE_MS)
        return false;
    instant_format_local(shown, ms);
    if (!cli->json)
        fprintf(stderr, "satchel: note: %s is in the future: %s\n", field,
                strlen(at) > sizeof "2026-11-21" - 1 ? shown : at);
    return true;
}

/* JSON of the library on its way to becoming text. */
struct page {
    struct arena arena;
    struct buffer text;
};

static const struct canon *page_open(struct page *p, const char *json)
{
    const struct canon *root = NULL;
    arena_init(&p->arena, PROSE_BYTES_MAX);
    buffer_init(&p->text, PROSE_BYTES_MAX);
    p->text.err = canon_parse(&p->arena, bytes_text(json), &root, NULL);
    return p->text.err ? NULL : root;
}

static void page_print(struct page *p)
{
    print_out(&p->text);
    arena_fini(&p->arena);
}

void print_show(struct cli *cli, const char *json)
{
    struct page p;
    const struct canon *shown = page_open(&p, json);
    (void)cli;
    prose_show(&p.text, shown, "oldest first");
    page_print(&p);
}

void print_row(struct cli *cli, const char *json)
{
    struct page p;
    const struct canon *row = page_open(&p, json);
    (void)cli;
    prose_row(&p.text, row);
    page_print(&p);
}

void print_standing(FILE *to, const struct satchel_status *status)
{
    char since[INSTANT_CHARS];
    instant_format_local(since, status->revoked * 1000);
    if (!status->enrolled)
        fputs("not enrolled: run satchel enroll\n", to);
    else if (status->revoked > 1)
        fprintf(to,
                "REVOKED by the office since %s; what was written is there\n",
                since);
    else if (status->revoked)
        fputs("REVOKED by the office; what was written is there\n", to);
}

void print_access(struct cli *cli)
{
    struct satchel_status status = SATCHEL_STATUS_INIT;
    if (!cli->json && !satchel_status(cli->vault, &status))
        print_standing(stderr, &status);
}

void print_settlement(const char *json)
{
    struct page p;
    const struct canon *said = page_open(&p, json);
    prose_settled(&p.text, said);
    page_print(&p);
}

/* --- conflicts ------------------------------------------------------------ */

static struct bytes text_of(const struct canon *object, const char *name)
{
    struct bytes text = bytes_of(NULL, 0);
    if (object)
        canon_text(object, name, &text);
    return text;
}

/* The text of a field of a record that read_record() gave. */
static struct bytes field_text(const struct canon *shown, const char *field)
{
    const struct canon *fields = shown ? canon_member(shown, "fields") : NULL;
    return text_of(fields ? canon_member(fields, field) : NULL, "value");
}

/* NULL when it is not here, or cannot be read. */
static const struct canon *read_record(struct cli *cli, struct arena *arena,
                                       struct bytes id)
{
    char record[ID_CHARS + 1], *json;
    const struct canon *root;
    if (id.size != ID_CHARS)
        return NULL;
    memcpy(record, id.at, id.size);
    record[id.size] = '\0';
    if (satchel_read(cli->vault, record, 0, &json))
        return NULL;
    const char *copy = arena_copy(arena, bytes_text(json));
    satchel_free(json);
    return copy && !canon_parse(arena, bytes_text(copy), &root, NULL) ? root
                                                                      : NULL;
}

/* The text of the first of its fields that names the record, or nothing. */
static struct bytes name_in(const struct canon *shown)
{
    struct bytes name = bytes_of(NULL, 0);
    for (size_t i = 0; !name.size && view_name_fields[i]; i++)
        name = field_text(shown, view_name_fields[i]);
    return name;
}

static struct bytes name_of(struct cli *cli, struct arena *arena,
                            struct bytes id)
{
    const struct canon *shown = read_record(cli, arena, id);
    struct bytes name = name_in(shown);
    if (name.size)
        return name;
    return name_in(
        read_record(cli, arena, field_text(shown, VIEW_PERSON_FIELD)));
}

void print_conflict(struct cli *cli, const char *json)
{
    struct page p;
    const struct canon *conflict = page_open(&p, json);
    struct bytes id = text_of(conflict, "record");
    prose_conflict(&p.text, conflict, text_of(conflict, "type"),
                   name_of(cli, &p.arena, id), id);
    buffer_add_text(&p.text, "  To settle it: satchel resolve ");
    prose_text(&p.text, id, 0);
    buffer_add_char(&p.text, ' ');
    prose_member(&p.text, conflict, "field");
    buffer_add_text(&p.text,
                    " --keep DOT... | --value V | --clear --context TOKEN   "
                    "(satchel show prints the token)\n");
    page_print(&p);
}
