#include "shared/base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#define DAY_MS INT64_C(86400000)

static int64_t read_ms(clockid_t id)
{
    struct timespec now;
    if (clock_gettime(id, &now))
        return 0;
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_wall_ms(void *context)
{
    (void)context;
    return read_ms(CLOCK_REALTIME);
}

static int64_t system_monotonic_ms(void *context)
{
    (void)context;
    return read_ms(CLOCK_MONOTONIC);
}

const struct clock *clock_system(void)
{
    static const struct clock clock = {
        .wall_ms = system_wall_ms,
        .monotonic_ms = system_monotonic_ms,
    };
    return &clock;
}

int64_t clock_wall_ms(const struct clock *clock)
{
    return clock->wall_ms(clock->context);
}

int64_t clock_monotonic_ms(const struct clock *clock)
{
    return clock->monotonic_ms(clock->context);
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar.  Years begin in
 * March here, so that the leap day is the last of its year, and repeat every
 * 400 years of 146097 days. */
static int64_t days_from_date(int64_t year, int month, int day)
{
    if (month < 3)
        year--;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void date_from_days(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t year_of_era =
        (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year =
        of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = year_of_era + era * 400 + (*month < 3);
}

void instant_format(char *out, int64_t wall_ms)
{
    int64_t days = wall_ms / DAY_MS;
    int64_t of_day = wall_ms % DAY_MS;
    if (of_day < 0) {
        of_day += DAY_MS;
        days--;
    }
    int64_t year;
    int month;
    int day;
    date_from_days(days, &year, &month, &day);
    int ms = (int)of_day;
    snprintf(out, INSTANT_CHARS, "%04lld-%02d-%02dT%02d:%02d:%02d.%03dZ",
             (long long)year, month, day, ms / 3600000, ms / 60000 % 60,
             ms / 1000 % 60, ms % 1000);
}

/* The zone is the process's: reading it anew while another thread uses it is a
 * race. */
static pthread_mutex_t zone_mutex = PTHREAD_MUTEX_INITIALIZER;

/* The time here and its offset, "-0600"; false when there is none.  The zone is
 * one for all threads, and may be set anew (TZ). */
static bool local_time(int64_t wall_ms, struct tm *local, char zone[8])
{
    time_t seconds =
        (time_t)(wall_ms / 1000 - (wall_ms % 1000 < 0)); /* rounded down */
    pthread_mutex_lock(&zone_mutex);
    tzset();
    bool known =
        localtime_r(&seconds, local) && strftime(zone, 8, "%z", local) == 5;
    pthread_mutex_unlock(&zone_mutex);
    return known;
}

void instant_format_local(char *out, int64_t wall_ms)
{
    struct tm local;
    char zone[8], time[INSTANT_CHARS - 8];
    if (local_time(wall_ms, &local, zone) &&
        strftime(time, sizeof time, "%Y-%m-%d %H:%M", &local))
        snprintf(out, INSTANT_CHARS, "%s %.3s:%.2s", time, zone, zone + 3);
    else
        instant_format(out, wall_ms);
}

void instant_format_offset(char *out, int64_t wall_ms)
{
    struct tm local;
    char zone[8], time[INSTANT_CHARS - 11], fraction[5] = "";
    unsigned int ms = (unsigned int)((wall_ms % 1000 + 1000) % 1000);
    if (ms)
        snprintf(fraction, sizeof fraction, ".%03u", ms % 1000);
    if (local_time(wall_ms, &local, zone) &&
        strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S", &local))
        snprintf(out, INSTANT_CHARS, "%s%s%.3s:%.2s", time, fraction, zone,
                 zone + 3);
    else
        instant_format(out, wall_ms);
}

/* Takes `count` digits off the front of the text. */
static bool take_digits(struct bytes *text, size_t count, int *value)
{
    *value = 0;
    if (text->size < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (text->at[i] < '0' || text->at[i] > '9')
            return false;
        *value = *value * 10 + (text->at[i] - '0');
    }
    text->at += count;
    text->size -= count;
    return true;
}

static bool take_char(struct bytes *text, char c)
{
    if (!text->size || text->at[0] != (uint8_t)c)
        return false;
    text->at++;
    text->size--;
    return true;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

static bool take_date(struct bytes *text, int64_t *days)
{
    int year;
    int month;
    int day;
    if (!take_digits(text, 4, &year) || !take_char(text, '-') ||
        !take_digits(text, 2, &month) || !take_char(text, '-') ||
        !take_digits(text, 2, &day))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 ||
        day > days_of_month(year, month))
        return false;
    *days = days_from_date(year, month, day);
    return true;
}

/* ".123456": digits after the third are dropped, nine are allowed. */
static bool take_fraction(struct bytes *text, int *ms)
{
    int digit;
    int count = 0;
    int weight = 100;
    *ms = 0;
    for (; take_digits(text, 1, &digit); weight /= 10, count++)
        *ms += digit * weight;
    return count >= 1 && count <= 9;
}

static bool take_time(struct bytes *text, int64_t *ms)
{
    int hour;
    int minute;
    int second = 0;
    int fraction = 0;
    if (!take_digits(text, 2, &hour) || !take_char(text, ':') ||
        !take_digits(text, 2, &minute))
        return false;
    if (take_char(text, ':')) {
        if (!take_digits(text, 2, &second))
            return false;
        if (take_char(text, '.') && !take_fraction(text, &fraction))
            return false;
    }
    *ms = ((hour * 60 + minute) * 60 + second) * INT64_C(1000) + fraction;
    return hour < 24 && minute < 60 && second < 60;
}

static bool take_offset(struct bytes *text, int64_t *ms)
{
    *ms = 0;
    if (take_char(text, 'Z'))
        return true;
    bool west = take_char(text, '-');
    int hour;
    int minute;
    if (!west && !take_char(text, '+'))
        return false;
    if (!take_digits(text, 2, &hour) || !take_char(text, ':') ||
        !take_digits(text, 2, &minute))
        return false;
    *ms = (hour * 60 + minute) * INT64_C(60000) * (west ? -1 : 1);
    return hour < 24 && minute < 60;
}

enum err instant_parse(struct bytes text, int64_t *wall_ms)
{
    int64_t days;
    int64_t time = 0;
    int64_t offset = 0;
    *wall_ms = 0;
    if (!take_date(&text, &days))
        return ERR_INVALID;
    if (text.size && (!take_char(&text, 'T') || !take_time(&text, &time) ||
                      !take_offset(&text, &offset) || text.size))
        return ERR_INVALID;
    *wall_ms = days * DAY_MS + time - offset;
    return ERR_OK;
}

bool date_valid(struct bytes text)
{
    int64_t days;
    return take_date(&text, &days) && text.size == 0;
}

static bool midnight_local(int64_t days, int64_t *ms)
{
    /* Noon is of that day in any zone; its calendar is that of UTC. */
    time_t noon = (time_t)(days * 86400 + 43200);
    struct tm day;
    if (!gmtime_r(&noon, &day))
        return false;
    day.tm_hour = 0;
    day.tm_isdst = -1;
    pthread_mutex_lock(&zone_mutex);
    time_t midnight = mktime(&day);
    pthread_mutex_unlock(&zone_mutex);
    *ms = (int64_t)midnight * 1000;
    return true;
}

enum err day_local(struct bytes text, int64_t *first, int64_t *last)
{
    int64_t days;
    if (!take_date(&text, &days) || text.size || !midnight_local(days, first) ||
        !midnight_local(days + 1, last))
        return ERR_INVALID;
    (*last)--;
    return ERR_OK;
}
