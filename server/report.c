#include "server/report.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "shared/base/buffer.h"
#include "tools/embed.h"

#define STATEMENT_BYTES_MAX (256u * 1024)

struct reader {
    struct report *report;
    struct arena *arena;
    char *detail;
    int line;
    const char **last; /* what a continuation line goes on with */
};

static enum err wrong(struct reader *r, const char *what)
{
    snprintf(r->detail, REPORT_DETAIL_CHARS, "line %d: %s", r->line, what);
    return ERR_INVALID;
}

static const char *copy(struct reader *r, struct bytes text)
{
    while (text.size > 0 && text.at[0] == ' ')
        text = bytes_of(text.at + 1, text.size - 1);
    while (text.size > 0 && text.at[text.size - 1] == ' ')
        text.size--;
    return arena_copy(r->arena, text);
}

/* Cuts `text` at the first `mark`; false when there is none. */
static bool cut(struct bytes *text, char mark, struct bytes *head)
{
    const uint8_t *at = text->size ? memchr(text->at, mark, text->size) : NULL;
    if (!at)
        return false;
    size_t size = (size_t)(at - text->at);
    *head = bytes_of(text->at, size);
    *text = bytes_of(at + 1, text->size - size - 1);
    return true;
}

/* --- the head ------------------------------------------------------------- */

static bool kind_read(struct bytes text, enum report_kind *kind)
{
    static const char *const names[] = {"text",  "date",   "int", "count",
                                        "cents", "record", "ids"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (bytes_is(text, names[i])) {
            *kind = (enum report_kind)i;
            return true;
        }
    return false;
}

/* "NAME: KIND [= PRESET] | TITLE" or "NAME: KIND required | TITLE" */
static enum err parameter_read(struct reader *r, struct bytes text)
{
    struct report *report = r->report;
    struct bytes name, head, kind;
    if (report->parameter_count == REPORT_PARAMETERS_MAX)
        return wrong(r, "too many parameters");
    struct report_parameter *p = &report->parameters[report->parameter_count++];
    if (!cut(&text, ':', &name) || !cut(&text, '|', &head))
        return wrong(r, "a parameter is \"NAME: KIND [= PRESET] | TITLE\"");
    bool preset = cut(&head, '=', &kind);
    p->name = copy(r, name);
    p->title = copy(r, text);
    p->preset = copy(r, preset ? head : bytes_text(""));
    const char *kind_text = copy(r, preset ? kind : head);
    if (!p->name || !p->title || !p->preset || !kind_text)
        return ERR_NOMEM;
    r->last = &p->title;
    size_t size = strcspn(kind_text, " ");
    p->required = !strcmp(kind_text + size, " required");
    if ((kind_text[size] && !p->required) ||
        !kind_read(bytes_of(kind_text, size), &p->kind) || p->kind > REPORT_INT)
        return wrong(r, "a parameter is of kind text, date or int");
    return ERR_OK;
}

/* "NAME: KIND | TITLE" */
static enum err column_read(struct reader *r, struct bytes text)
{
    struct report *report = r->report;
    struct bytes name, kind;
    if (report->column_count == REPORT_COLUMNS_MAX)
        return wrong(r, "too many columns");
    struct report_column *column = &report->columns[report->column_count++];
    if (!cut(&text, ':', &name) || !cut(&text, '|', &kind))
        return wrong(r, "a column is \"NAME: KIND | TITLE\"");
    column->name = copy(r, name);
    column->title = copy(r, text);
    const char *kind_text = copy(r, kind);
    if (!column->name || !column->title || !kind_text)
        return ERR_NOMEM;
    r->last = &column->title;
    if (!kind_read(bytes_text(kind_text), &column->kind))
        return wrong(r, "a column is of kind text, date, int, count, cents, "
                        "record or ids");
    return ERR_OK;
}

static enum err text_read(struct reader *r, const char **out, struct bytes text)
{
    if (*out)
        return wrong(r, "this is said twice");
    *out = copy(r, text);
    r->last = out;
    return *out ? ERR_OK : ERR_NOMEM;
}

static enum err go_on(struct reader *r, struct bytes text)
{
    struct buffer both;
    if (!r->last)
        return wrong(r, "nothing goes on here");
    buffer_init(&both, STATEMENT_BYTES_MAX);
    const char *more = copy(r, text);
    buffer_printf(&both, "%s %s", *r->last, more ? more : "");
    enum err err = more ? buffer_err(&both) : ERR_NOMEM;
    if (!err && !(*r->last = arena_copy(r->arena, buffer_bytes(&both))))
        err = ERR_NOMEM;
    buffer_fini(&both);
    return err;
}

static enum err policy_read(struct reader *r, struct bytes name)
{
    static const struct report_column columns[POLICY_COLUMNS] = {
        [POLICY_CASE] = {"case_id", "Case", REPORT_RECORD},
        [POLICY_RECORD] = {"record", "Record", REPORT_RECORD},
        [POLICY_SINCE] = {"since", "Since", REPORT_INT},
        [POLICY_FACTS] = {"facts", "Facts", REPORT_TEXT},
        [POLICY_WHAT] = {"what", "What", REPORT_TEXT},
    };
    if (r->report->column_count > 0)
        return wrong(r, "a policy has columns of its own");
    memcpy(r->report->columns, columns, sizeof columns);
    r->report->column_count = POLICY_COLUMNS;
    return text_read(r, &r->report->id, name);
}

/* One line of the head, without its two dashes. */
static enum err head_read(struct reader *r, struct bytes text)
{
    struct report *report = r->report;
    struct bytes word, rest;
    if (text.size >= 3 && memcmp(text.at, "   ", 3) == 0)
        return go_on(r, text);
    if (text.size < 2 || text.at[0] != ' ')
        return wrong(r, "a line of the head begins with \"-- \"");
    rest = bytes_of(text.at + 1, text.size - 1);
    if (rest.size > 10 && memcmp(rest.at, "parameter ", 10) == 0)
        return parameter_read(r, bytes_of(rest.at + 10, rest.size - 10));
    if (rest.size > 7 && memcmp(rest.at, "column ", 7) == 0)
        return column_read(r, bytes_of(rest.at + 7, rest.size - 7));
    if (!cut(&rest, ':', &word))
        return wrong(r, "a line of the head is \"-- WORD: TEXT\"");
    if (bytes_is(word, "report"))
        return text_read(r, &report->id, rest);
    if (bytes_is(word, "policy"))
        return policy_read(r, rest);
    if (bytes_is(word, "do"))
        return text_read(r, &report->remedy, rest);
    if (bytes_is(word, "owner"))
        return text_read(r, &report->owner, rest);
    if (bytes_is(word, "program"))
        return text_read(r, &report->program, rest);
    if (bytes_is(word, "title"))
        return text_read(r, &report->title, rest);
    if (bytes_is(word, "clauses"))
        return text_read(r, &report->clauses, rest);
    if (bytes_is(word, "definition"))
        return text_read(r, &report->definition, rest);
    return wrong(r, "the head has report or policy, title, clauses, "
                    "definition, do, owner, program, parameter and column");
}

/* --- the statement -------------------------------------------------------- */

static bool is_word(uint8_t c)
{
    return isalnum(c) || c == '_';
}

static size_t word_size(struct bytes text, size_t from)
{
    size_t size = 0;
    while (from + size < text.size && is_word(text.at[from + size]))
        size++;
    return size;
}

static bool parameter_find(const struct report *report, struct bytes name,
                           struct report_value *out)
{
    *out = (struct report_value){REPORT_ZONE, false};
    if (bytes_is(name, "zone_ms"))
        return true;
    for (size_t i = 0; i < report->parameter_count; i++) {
        const struct report_parameter *p = &report->parameters[i];
        size_t size = strlen(p->name);
        *out = (struct report_value){i, !bytes_is(name, p->name)};
        if (!out->day || (p->kind == REPORT_DATE && name.size == size + 4 &&
                          memcmp(name.at, p->name, size) == 0 &&
                          memcmp(name.at + size, "_day", 4) == 0))
            return true;
    }
    return false;
}

/* `:name` and `:name_day` become numbers, in the order of their first use. */
static enum err parameter_put(struct reader *r, struct buffer *out,
                              struct bytes name)
{
    struct report *report = r->report;
    struct report_value value;
    size_t at = 0;
    if (!parameter_find(report, name, &value)) {
        snprintf(r->detail, REPORT_DETAIL_CHARS, "no parameter is called %.*s",
                 (int)name.size, (const char *)name.at);
        return ERR_INVALID;
    }
    while (at < report->value_count &&
           (report->values[at].parameter != value.parameter ||
            report->values[at].day != value.day))
        at++;
    if (at == report->value_count)
        report->values[report->value_count++] = value;
    return buffer_printf(out, "$%zu", at + 1);
}

/* The type of "v_TYPE" or "v_TYPE__FIELD", once; v_same is of no type. */
static enum err type_note(struct reader *r, struct bytes view)
{
    struct report *report = r->report;
    struct bytes type = bytes_of(view.at + 2, view.size - 2);
    for (size_t i = 0; i + 1 < type.size; i++)
        if (type.at[i] == '_' && type.at[i + 1] == '_')
            type.size = i;
    if (bytes_is(type, "same"))
        return ERR_OK;
    for (size_t i = 0; i < report->type_count; i++)
        if (bytes_is(type, report->types[i]))
            return ERR_OK;
    if (report->type_count == REPORT_TYPES_MAX)
        return wrong(r, "it reads too many types");
    const char *name = arena_copy(r->arena, type);
    if (!name)
        return ERR_NOMEM;
    report->types[report->type_count++] = name;
    return ERR_OK;
}

static enum err statement_read(struct reader *r, struct bytes text,
                               struct buffer *out)
{
    enum err err = ERR_OK;
    bool quoted = false; /* comments are left out: they may say anything */
    for (size_t i = 0; i < text.size && !err;) {
        size_t size = quoted ? 0 : word_size(text, i);
        struct bytes word = bytes_of(text.at + i, size);
        if (size > 0) {
            if (size > 2 && word.at[0] == 'v' && word.at[1] == '_')
                err = type_note(r, word);
            buffer_add_bytes(out, word);
            i += size;
            continue;
        }
        if (!quoted && i + 1 < text.size && !memcmp(text.at + i, "--", 2)) {
            while (i < text.size && text.at[i] != '\n')
                i++;
            continue;
        }
        quoted ^= text.at[i] == '\'';
        size = word_size(text, i + 1);
        if (!quoted && text.at[i] == ':' && size > 0) {
            err = parameter_put(r, out, bytes_of(text.at + i + 1, size));
            i += size + 1;
            continue;
        }
        buffer_add_char(out, (char)text.at[i++]);
    }
    return err ? err : buffer_err(out);
}

static enum err whole_check(struct reader *r)
{
    const struct report *report = r->report;
    const char *missing = !report->id                 ? "report"
                          : !report->title            ? "title"
                          : !report->definition       ? "definition"
                          : report->column_count == 0 ? "column"
                          : !report->statement[0] && !report->program
                              ? "statement"
                          : report->owner && !report->remedy ? "do"
                          : report->remedy && !report->owner ? "owner"
                                                             : NULL;
    if (!report->clauses)
        r->report->clauses = "";
    if (!missing)
        return ERR_OK;
    snprintf(r->detail, REPORT_DETAIL_CHARS, "it has no %s", missing);
    return ERR_INVALID;
}

enum err report_read(struct report *out, struct arena *arena, struct bytes file,
                     char *detail)
{
    struct reader r = {.report = out, .arena = arena, .detail = detail};
    struct bytes line, rest = file;
    struct buffer statement;
    enum err err = ERR_OK;
    detail[0] = '\0';
    *out = (struct report){0};
    while (!err && rest.size > 2 && memcmp(rest.at, "--", 2) == 0) {
        r.line++;
        if (!cut(&rest, '\n', &line))
            return wrong(&r, "the statement is missing");
        err = head_read(&r, bytes_of(line.at + 2, line.size - 2));
    }
    buffer_init(&statement, STATEMENT_BYTES_MAX);
    if (!err)
        err = statement_read(&r, rest, &statement);
    if (!err && !(out->statement = copy(&r, buffer_bytes(&statement))))
        err = ERR_NOMEM;
    buffer_fini(&statement);
    return err ? err : whole_check(&r);
}

bool report_speaks(const char *sql, struct bytes name)
{
    struct bytes text = bytes_text(sql);
    for (size_t i = 0; i < text.size;) {
        size_t size = word_size(text, i);
        if (size == name.size && memcmp(text.at + i, name.at, size) == 0)
            return true;
        i += size ? size : 1;
    }
    return false;
}

bool report_mentions(const struct report *report, struct bytes name)
{
    return report_speaks(report->statement, name);
}

/* --- those of this program ------------------------------------------------ */

size_t report_count(void)
{
    size_t count = 0;
    while (embed_reports[count].path)
        count++;
    return count;
}

enum err report_at(struct report *out, struct arena *arena, size_t index,
                   char *detail)
{
    const struct embed *file = &embed_reports[index];
    return report_read(out, arena, bytes_of(file->at, file->size), detail);
}

size_t policy_count(void)
{
    size_t count = 0;
    while (embed_policies[count].path)
        count++;
    return count;
}

enum err policy_at(struct report *out, struct arena *arena, size_t index,
                   char *detail)
{
    const struct embed *file = &embed_policies[index];
    return report_read(out, arena, bytes_of(file->at, file->size), detail);
}

/* The file is called like the report: server/reports/R-02.sql. */
enum err report_find(struct report *out, struct arena *arena, const char *id,
                     char *detail)
{
    detail[0] = '\0';
    for (size_t i = 0; embed_reports[i].path; i++) {
        const char *slash = strrchr(embed_reports[i].path, '/');
        const char *name = slash ? slash + 1 : embed_reports[i].path;
        size_t size = strcspn(name, ".");
        if (strlen(id) == size && strncasecmp(name, id, size) == 0)
            return report_at(out, arena, i, detail);
    }
    return ERR_NOT_FOUND;
}
