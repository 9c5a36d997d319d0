#include "bench/agency/world.h"

#include "shared/base/clock.h"

void die(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    fputs("not ok agency: ", stdout);
    vprintf(format, list);
    putchar('\n');
    va_end(list);
    exit(1);
}

void *world_grow(void *at, size_t *room, size_t count, size_t size)
{
    if (count == *room) {
        *room = *room ? *room * 2 : 64;
        at = realloc(at, *room * size);
        if (!at)
            die("out of memory");
    }
    memset((char *)at + count * size, 0, size);
    return at;
}

int dice(struct world *w, int limit)
{
    return (int)random_below(&w->dice.dice.random, (uint64_t)limit);
}

bool chance(struct world *w, int percent)
{
    return dice(w, 100) < percent;
}

const char *date_text(int day)
{
    static char turns[8][DATE_CHARS];
    static int turn;
    char text[INSTANT_CHARS];
    char *out = turns[turn++ % 8];
    instant_format(text, (int64_t)day * 86400000);
    snprintf(out, DATE_CHARS, "%.10s", text);
    return out;
}

int date_day(const char *text)
{
    int64_t ms;
    if (instant_parse(bytes_of(text, 10), &ms))
        die("%s is no date", text);
    return (int)(ms / 86400000);
}

int weekday(int day)
{
    return (day + 3) % 7;
}

int working_days_after(int day, int days)
{
    while (weekday(day) > 4)
        day--;
    for (; days > 0; days--)
        do
            day++;
        while (weekday(day) > 4);
    return day;
}

const char *worker_name(const struct world *w, int worker)
{
    return worker < 0 ? "nobody" : w->workers.at[worker].device.user;
}

int partner_of(const struct world *w, int worker)
{
    int other = worker % 2 ? worker - 1 : worker + 1;
    return other < w->worker_count ? other : worker;
}

bool person_is_open(const struct person *person)
{
    return person->closed < 0 && person->same_as < 0;
}

bool is_mine(const struct world *w, const struct entry *entry, int worker)
{
    const struct person *p = &w->persons.at[entry->person];
    return p->writer == worker && p->closed < 0 && !p->closing;
}

int person_same(const struct world *w, int person)
{
    while (w->persons.at[person].same_as >= 0)
        person = w->persons.at[person].same_as;
    return person;
}

void clash_add(struct world *w, const struct id *id, const char *type,
               const char *field)
{
    struct clash *clash = LIST_ADD(w->clashes);
    clash->id = *id;
    clash->type = type;
    clash->field = field;
}
