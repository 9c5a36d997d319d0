#include "server/print.h"

#include <stdio.h>
#include "shared/base/clock.h"
#include "shared/model/view.h"

#define NAME_WIDTH 20
#define VALUE_WIDTH 60
#define ROW_WIDTH 32

/* Bytes of the first `width` characters of UTF-8. */
static size_t prefix(struct bytes text, int width)
{
    size_t bytes = 0;
    for (int characters = 0; bytes < text.size; bytes++)
        if ((text.at[bytes] & 0xc0) != 0x80 && characters++ == width)
            break;
    return bytes;
}

static void print_text(struct bytes text, int width)
{
    size_t shown = width ? prefix(text, width) : text.size;
    for (size_t i = 0; i < shown; i++) {
        int c = text.at[i];
        /* A stored text must not command the terminal. */
        putchar(c == 0x7f || (c < ' ' && (width || c != '\n')) ? ' ' : c);
    }
    if (shown < text.size)
        fputs("...", stdout);
}

void print_value(const struct canon *value, int width)
{
    if (!value || value->kind == CANON_NULL)
        putchar('-');
    else
        print_text(value->kind == CANON_TEXT ? value->text : value->raw, width);
}

void print_time(int64_t ms)
{
    char instant[INSTANT_CHARS];
    instant_format_local(instant, ms);
    fputs(instant, stdout);
}

static void print_member(const struct canon *object, const char *name)
{
    const struct canon *value = object ? canon_member(object, name) : NULL;
    print_value(value, VALUE_WIDTH);
}

static void print_who(const struct canon *write)
{
    int64_t at = 0;
    print_member(write, "author");
    fputs(" on ", stdout);
    canon_int(write, "at", &at);
    print_time(at);
}

static const struct canon *elements(const struct canon *object,
                                    const char *name)
{
    const struct canon *array = object ? canon_member(object, name) : NULL;
    return array && array->kind == CANON_ARRAY ? array->first : NULL;
}

static void print_live(const struct canon *write)
{
    for (; write; write = write->next) {
        fputs("      \"", stdout);
        print_member(write, "value");
        fputs("\" by ", stdout);
        print_who(write);
        fputs("   (", stdout);
        print_member(write, "dot");
        puts(")");
    }
}

static void print_field(const struct canon *field)
{
    bool open = canon_true(field, "open");
    printf("  %-*.*s ", NAME_WIDTH, (int)field->name.size,
           (const char *)field->name.at);
    print_value(canon_member(field, "value"), 0);
    if (open)
        fputs("   <- in conflict", stdout);
    if (canon_true(field, "sealed"))
        fputs("   (sealed)", stdout);
    putchar('\n');
    if (open)
        print_live(elements(field, "live"));
    if (elements(field, "after")) {
        puts("      written after sealing, not in effect:");
        print_live(elements(field, "after"));
    }
    if (elements(field, "requests")) {
        puts("      requested, for the office to decide:");
        print_live(elements(field, "requests"));
    }
}

static void print_change(const struct canon *entry, const char *verb)
{
    const struct canon *object = canon_member(entry, verb);
    if (!object || object->kind != CANON_OBJECT)
        return;
    for (const struct canon *m = object->first; m; m = m->next) {
        printf("      %s %.*s = ", verb, (int)m->name.size,
               (const char *)m->name.at);
        print_value(m, VALUE_WIDTH);
        putchar('\n');
    }
}

static void print_entry(const struct canon *entry)
{
    static const char *const verbs[] = {"set", "add", "drop", "keep", "hold"};
    fputs("  ", stdout);
    print_who(entry);
    fputs("   ", stdout);
    print_member(entry, "dot");
    if (canon_member(entry, "held")) {
        fputs("   HELD: ", stdout);
        print_member(entry, "held");
    }
    puts(canon_true(entry, "seal") ? "   sealed here" : "");
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        print_change(entry, verbs[i]);
    if (canon_member(entry, "release")) {
        fputs("      releases ", stdout);
        print_member(entry, "release");
        putchar('\n');
    }
}

static void print_line(const char *name, const struct canon *object)
{
    printf("%-7s ", name);
    print_value(canon_member(object, name), 0);
    putchar('\n');
}

void print_show(const struct canon *shown)
{
    print_member(shown, "type");
    putchar(' ');
    print_member(shown, "record");
    printf("\n  %-*s ", NAME_WIDTH, "case");
    print_member(shown, "case");
    putchar('\n');
    const struct canon *fields = canon_member(shown, "fields");
    for (const struct canon *f = fields ? fields->first : NULL; f; f = f->next)
        print_field(f);
    if (canon_member(shown, "history"))
        puts("\nhistory, in the order in which it arrived");
    for (const struct canon *e = elements(shown, "history"); e; e = e->next)
        print_entry(e);
    putchar('\n');
    print_line("hash", shown);
    print_line("context", shown);
}

void print_row(const struct canon *row)
{
    print_member(row, "record");
    const struct canon *fields = canon_member(row, "fields");
    for (const struct canon *f = fields ? fields->first : NULL; f;
         f = f->next) {
        if (f->kind == CANON_NULL)
            continue;
        printf("  %.*s=", (int)f->name.size, (const char *)f->name.at);
        print_value(f, ROW_WIDTH);
    }
    putchar('\n');
}

void print_heading(const char *type, struct bytes name, const char *id)
{
    printf("%s ", type[0] ? type : "record");
    if (!name.size) {
        fputs(id, stdout);
        return;
    }
    print_text(name, VALUE_WIDTH);
    printf(" (%s)", id + VIEW_ID_TAIL);
}

/* "dana wrote 20 on ..., lee wrote 25 on ...; neither had seen the other's." */
void print_conflict(const struct canon *conflict, const char *type,
                    struct bytes name, const char *id)
{
    const struct canon *values = elements(conflict, "values");
    print_member(conflict, "field");
    fputs(" of ", stdout);
    print_heading(type, name, id);
    fputs("\n  ", stdout);
    size_t count = 0;
    for (const struct canon *w = values; w; w = w->next, count++) {
        int64_t at = 0;
        canon_int(w, "at", &at);
        fputs(count ? ",\n  " : "", stdout);
        print_member(w, "author");
        fputs(" wrote \"", stdout);
        print_member(w, "value");
        fputs("\" on ", stdout);
        print_time(at);
        fputs(" (", stdout);
        print_member(w, "dot");
        putchar(')');
    }
    puts(count == 2 ? "; neither had seen the other's."
                    : "; none had seen the others'.");
    fputs("  The value in force meanwhile: ", stdout);
    const struct canon *shown = canon_member(conflict, "shown");
    print_value(shown ? shown : canon_member(conflict, "base"), VALUE_WIDTH);
    printf("\n  To settle it: conflicts resolve %s ", id);
    print_member(conflict, "field");
    puts(" --keep DOT... | --value V");
}
