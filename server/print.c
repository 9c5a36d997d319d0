#include "server/print.h"

#include <stdio.h>
#include <stdlib.h>
#include "server/command.h"
#include "shared/model/prose.h"

/* Prints and releases the text. */
static void print_out(struct buffer *text)
{
    if (buffer_err(text)) {
        fputs("satchel-central: memory is exhausted\n", stderr);
        exit(EXIT_FAILED);
    }
    fwrite(text->at, 1, text->size, stdout);
    buffer_fini(text);
}

void print_time(int64_t ms)
{
    struct buffer text;
    buffer_init(&text, PROSE_BYTES_MAX);
    prose_time(&text, ms);
    print_out(&text);
}

void print_show(const struct canon *shown)
{
    struct buffer text;
    buffer_init(&text, PROSE_BYTES_MAX);
    prose_show(&text, shown, "in the order in which it arrived");
    print_out(&text);
}

void print_row(const struct canon *row)
{
    struct buffer text;
    buffer_init(&text, PROSE_BYTES_MAX);
    prose_row(&text, row);
    print_out(&text);
}

void print_heading(const char *type, struct bytes name, const char *id)
{
    struct buffer text;
    buffer_init(&text, PROSE_BYTES_MAX);
    prose_heading(&text, bytes_text(type), name, bytes_text(id));
    print_out(&text);
}

/* "dana wrote 20 on ..., lee wrote 25 on ...; neither had seen the other's." */
static void put_writes(struct buffer *text, const struct canon *conflict)
{
    const struct canon *values = canon_member(conflict, "values");
    size_t count = 0;
    for (const struct canon *w = values->first; w; w = w->next, count++) {
        int64_t at = 0;
        canon_int(w, "at", &at);
        buffer_add_text(text, count ? ",\n  " : "  ");
        prose_member(text, w, "author");
        buffer_add_text(text, " wrote \"");
        prose_member(text, w, "value");
        buffer_add_text(text, "\" on ");
        prose_time(text, at);
        buffer_add_text(text, " (");
        prose_member(text, w, "dot");
        buffer_add_char(text, ')');
    }
    buffer_add_text(text, count == 2 ? "; neither had seen the other's.\n"
                                     : "; none had seen the others'.\n");
}

void print_conflict(const struct canon *conflict, const char *type,
                    struct bytes name, const char *id)
{
    struct buffer text;
    buffer_init(&text, PROSE_BYTES_MAX);
    prose_member(&text, conflict, "field");
    buffer_add_text(&text, " of ");
    prose_heading(&text, bytes_text(type), name, bytes_text(id));
    buffer_add_char(&text, '\n');
    put_writes(&text, conflict);
    buffer_add_text(&text, "  The value in force meanwhile: ");
    bool shown = canon_member(conflict, "shown") != NULL;
    prose_member(&text, conflict, shown ? "shown" : "base");
    buffer_printf(&text, "\n  To settle it: conflicts resolve %s ", id);
    prose_member(&text, conflict, "field");
    buffer_add_text(&text, " --keep DOT... | --value V\n");
    print_out(&text);
}
