/* Parameters of a report: what was given, or what its head presets. */
#include <stdio.h>
#include <string.h>
#include "server/report_run.h"

#define DATE_CHARS 10

static enum err wrong(char *detail, const struct report_parameter *p,
                      const char *text, const char *form)
{
    snprintf(detail, REPORT_DETAIL_CHARS, "%s: \"%.64s\" is not %s", p->name,
             text, form);
    return ERR_INVALID;
}

/* A word that stands for a date becomes that date. */
static void preset_date(char out[DATE_CHARS + 1], const char *text,
                        const char *today)
{
    snprintf(out, DATE_CHARS + 1, "%s", text);
    if (!strcmp(text, "today"))
        memcpy(out, today, DATE_CHARS + 1);
    else if (!strcmp(text, "month_begin"))
        snprintf(out, DATE_CHARS + 1, "%.8s01", today);
    else if (!strcmp(text, "year_begin"))
        snprintf(out, DATE_CHARS + 1, "%.5s01-01", today);
}

static enum err value_check(const struct report_parameter *p, const char *text,
                            char *detail)
{
    int64_t number;
    if (p->kind == REPORT_DATE && *text && !date_valid(bytes_text(text)))
        return wrong(detail, p, text, "a date, as 2026-11-21");
    if (p->kind == REPORT_INT && int64_parse(bytes_text(text), &number))
        return wrong(detail, p, text, "a whole number");
    return ERR_OK;
}

/* "2026-11-21T15:20:05-06:00" or "...Z" says it at its end. */
static int64_t zone_of(int64_t now)
{
    char local[INSTANT_CHARS];
    int64_t as_utc;
    instant_format_offset(local, now);
    memcpy(local + 19, "Z", 2); /* behind the seconds */
    if (instant_parse(bytes_text(local), &as_utc))
        return 0;
    return as_utc - (now - now % 1000);
}

static const char *find(const struct report_run *run, const char *name)
{
    for (size_t i = 0; i < run->report->parameter_count; i++)
        if (!strcmp(run->report->parameters[i].name, name))
            return run->values[i];
    return "";
}

enum err report_values(struct report_run *run, const struct report *report,
                       const struct office *office, const char *const given[],
                       char *detail)
{
    char now[INSTANT_CHARS], today[DATE_CHARS + 1], date[DATE_CHARS + 1];
    *run = (struct report_run){.report = report};
    arena_init(&run->arena, REPORT_RUN_BYTES_MAX);
    run->currency.now = clock_wall_ms(office->clock);
    run->zone_ms = zone_of(run->currency.now);
    instant_format_local(now, run->currency.now);
    snprintf(today, sizeof today, "%.10s", now);
    for (size_t i = 0; i < report->parameter_count; i++) {
        const struct report_parameter *p = &report->parameters[i];
        const char *text = given[i] ? given[i] : p->preset;
        if (p->kind == REPORT_DATE && !given[i]) {
            preset_date(date, text, today);
            text = date;
        }
        if (p->required && !*text) {
            snprintf(detail, REPORT_DETAIL_CHARS,
                     "%s needs a %s; give --set %s=...", report->id, p->name,
                     p->name);
            return ERR_INVALID;
        }
        enum err err = value_check(p, text, detail);
        if (err)
            return err;
        run->values[i] = arena_copy(&run->arena, bytes_text(text));
        if (!run->values[i])
            return ERR_NOMEM;
    }
    const char *from = find(run, "from"), *to = find(run, "to");
    if (*from && *to && strcmp(from, to) > 0) {
        snprintf(detail, REPORT_DETAIL_CHARS,
                 "the period ends on %s, before it begins on %s", to, from);
        return ERR_INVALID;
    }
    return ERR_OK;
}
