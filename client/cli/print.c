/* What people read on the terminal. */
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"
#include "shared/base/clock.h"
#include "shared/model/view.h"

#define NAME_WIDTH 20

/* Bytes of the first `width` characters of UTF-8. */
static int prefix(const char *text, int width)
{
    int bytes = 0;
    for (int characters = 0; text[bytes]; bytes++)
        if (((unsigned char)text[bytes] & 0xc0) != 0x80 &&
            characters++ == width)
            break;
    return bytes;
}

/* A stored text must not command the terminal. */
static void print_byte(unsigned char c, bool one_line)
{
    putchar(c == 0x7f || (c < ' ' && (one_line || c != '\n')) ? ' ' : c);
}

void print_bytes(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        print_byte((unsigned char)text[i], false);
}

static void print_text(const char *text, int width)
{
    int whole = (int)strlen(text);
    int shown = width ? prefix(text, width) : whole;
    for (int i = 0; i < shown; i++)
        print_byte((unsigned char)text[i], width != 0);
    if (shown < whole)
        fputs("...", stdout);
}

void print_value(json_t *value, int width)
{
    if (!value || json_is_null(value)) {
        putchar('-');
    } else if (json_is_string(value)) {
        print_text(json_string_value(value), width);
    } else {
        char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        print_text(text ? text : "?", width);
        free(text);
    }
}

void print_who(json_t *write)
{
    char instant[INSTANT_CHARS];
    const char *author = json_string_value(json_object_get(write, "author"));
    instant_format_local(instant,
                         json_integer_value(json_object_get(write, "at")));
    printf("%s on %s", author ? author : "somebody", instant);
}

static void print_live(json_t *live, const char *lead)
{
    size_t i;
    json_t *write;
    json_array_foreach(live, i, write)
    {
        const char *dot = json_string_value(json_object_get(write, "dot"));
        printf("%s\"", lead);
        print_value(json_object_get(write, "value"), 60);
        fputs("\" by ", stdout);
        print_who(write);
        printf("   (%s)\n", dot ? dot : "?");
    }
}

static void print_field(const char *name, json_t *field)
{
    bool open = json_is_true(json_object_get(field, "open"));
    printf("  %-*s ", NAME_WIDTH, name);
    print_value(json_object_get(field, "value"), 0);
    if (open)
        fputs("   <- in conflict", stdout);
    if (json_is_true(json_object_get(field, "sealed")))
        fputs("   (sealed)", stdout);
    putchar('\n');
    if (open)
        print_live(json_object_get(field, "live"), "      ");
    json_t *after = json_object_get(field, "after");
    if (json_array_size(after)) {
        puts("      written after sealing, not in effect:");
        print_live(after, "      ");
    }
    json_t *requests = json_object_get(field, "requests");
    if (json_array_size(requests)) {
        puts("      requested, for the office to decide:");
        print_live(requests, "      ");
    }
}

static void print_change(const char *verb, json_t *object)
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        printf("      %s %s = ", verb, name);
        print_value(value, 60);
        putchar('\n');
    }
}

static void print_entry(json_t *entry)
{
    const char *dot = json_string_value(json_object_get(entry, "dot"));
    const char *custody = json_string_value(json_object_get(entry, "custody"));
    const char *held = json_string_value(json_object_get(entry, "held"));
    fputs("  ", stdout);
    print_who(entry);
    printf("   [%s]   %s", custody ? custody : "?", dot ? dot : "?");
    if (held)
        printf("   HELD: %s", held);
    if (json_is_true(json_object_get(entry, "seal")))
        fputs("   sealed here", stdout);
    putchar('\n');
    print_change("set", json_object_get(entry, "set"));
    print_change("add", json_object_get(entry, "add"));
    print_change("drop", json_object_get(entry, "drop"));
    print_change("keep", json_object_get(entry, "keep"));
    print_change("hold", json_object_get(entry, "hold"));
    json_t *release = json_object_get(entry, "release");
    if (release)
        printf("      releases %s\n", json_string_value(release));
}

/* Of a record as satchel_read() shows it, which may be NULL. */
static json_t *field_value(json_t *shown, const char *field)
{
    json_t *fields = json_object_get(shown, "fields");
    return json_object_get(json_object_get(fields, field), "value");
}

static const char *text_of(json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "-";
}

void print_show(const char *json)
{
    json_t *root = cli_parse(json);
    const char *name;
    json_t *field, *entry;
    size_t i;
    printf("%s %s\n", text_of(root, "type"), text_of(root, "record"));
    printf("  %-*s %s\n", NAME_WIDTH, "case", text_of(root, "case"));
    json_object_foreach(json_object_get(root, "fields"), name, field)
        print_field(name, field);
    json_t *history = json_object_get(root, "history");
    if (history)
        puts("\nhistory, oldest first");
    json_array_foreach(history, i, entry) print_entry(entry);
    printf("\nhash    %s\ncontext %s\n", text_of(root, "hash"),
           text_of(root, "context"));
    json_decref(root);
}

void print_row(struct cli *cli, const char *json)
{
    (void)cli;
    json_t *root = cli_parse(json);
    const char *name;
    json_t *value;
    fputs(text_of(root, "record"), stdout);
    json_object_foreach(json_object_get(root, "fields"), name, value)
    {
        if (json_is_null(value))
            continue;
        printf("  %s=", name);
        print_value(value, 32);
    }
    putchar('\n');
    json_decref(root);
}

/* The text of the first of its fields that names the record, or NULL. */
static const char *name_in(json_t *shown)
{
    const char *name = NULL;
    for (size_t i = 0; (!name || !*name) && view_name_fields[i]; i++)
        name = json_string_value(field_value(shown, view_name_fields[i]));
    return name && *name ? name : NULL;
}

static json_t *read_record(struct cli *cli, const char *id)
{
    char *json;
    if (!id || satchel_read(cli->vault, id, 0, &json))
        return NULL;
    json_t *shown = cli_parse(json);
    satchel_free(json);
    return shown;
}

/* "person Ruth Ames (b302099a8057)"; without a name the whole id. */
static void print_heading(struct cli *cli, const char *type, const char *id)
{
    json_t *shown = read_record(cli, id), *person = NULL;
    const char *name = name_in(shown);
    if (!name) {
        person = read_record(
            cli, json_string_value(field_value(shown, VIEW_PERSON_FIELD)));
        name = name_in(person);
    }
    printf("%s ", type);
    if (name) {
        print_text(name, 60);
        printf(" (%s)", id + VIEW_ID_TAIL);
    } else {
        fputs(id, stdout);
    }
    json_decref(person);
    json_decref(shown);
}

void print_conflict(struct cli *cli, const char *json)
{
    json_t *root = cli_parse(json);
    const char *field = text_of(root, "field"), *id = text_of(root, "record");
    printf("%s of ", field);
    print_heading(cli, text_of(root, "type"), id);
    putchar('\n');
    print_live(json_object_get(root, "values"), "  ");
    json_t *base = json_object_get(root, "base");
    json_t *shown = json_object_get(root, "shown");
    if (base && !json_is_null(base)) {
        fputs("  until somebody decides, the value is \"", stdout);
        print_value(base, 60);
        puts("\"");
    } else if (shown && !json_is_null(shown)) {
        fputs("  shown first: \"", stdout);
        print_value(shown, 60);
        puts("\"");
    }
    printf("  to settle it: satchel resolve %s %s --keep DOT --context TOKEN   "
           "(satchel show prints the token)\n",
           id, field);
    json_decref(root);
}
