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

void print_conflict(const struct canon *conflict, const char *type,
                    struct bytes name, const char *id)
{
    struct buffer text;
    buffer_init(&text, PROSE_BYTES_MAX);
    prose_conflict(&text, conflict, bytes_text(type), name, bytes_text(id));
    buffer_printf(&text,
                  "  To settle it: satchel-central conflicts resolve %s ", id);
    prose_member(&text, conflict, "field");
    buffer_add_text(&text, " --keep DOT... | --value V --data DIR\n");
    print_out(&text);
}
