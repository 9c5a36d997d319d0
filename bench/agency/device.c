#include "bench/agency/device.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include "bench/agency/world.h"

#define SET_CHARS 8192

/* --- the clock ------------------------------------------------------------ */

static int64_t now_ms;

void device_clock(int day, int minute)
{
    now_ms = ((int64_t)day * 1440 + minute) * 60000;
}

/* The linker puts these in place of clock_gettime() in the objects of the
 * library (not in the shared libraries that it uses). */
int __real_clock_gettime(clockid_t id, struct timespec *out);
int __wrap_clock_gettime(clockid_t id, struct timespec *out);
int __wrap_clock_gettime(clockid_t id, struct timespec *out)
{
    if (id != CLOCK_REALTIME || now_ms == 0)
        return __real_clock_gettime(id, out);
    now_ms++;
    *out = (struct timespec){.tv_sec = now_ms / 1000,
                             .tv_nsec = now_ms % 1000 * 1000000};
    return 0;
}

/* --- opening -------------------------------------------------------------- */

static void must(const struct device *device, int error, const char *what)
{
    if (error)
        die("%s: %s: %s", device->user, what, satchel_message(device->vault));
}

void device_enrol(struct device *device, const char *path, const char *url,
                  const char *code)
{
    struct satchel_options options = SATCHEL_OPTIONS_INIT;
    char secret[512];
    snprintf(secret, sizeof secret, "%s.secret", path);
    options.passphrase = "a year in one agency";
    options.device_secret = secret;
    options.kdf_memory_bytes = 8192;
    must(device, satchel_create(&device->vault, path, &options), "create");
    must(device, satchel_enrol(device->vault, url, code, NULL), "enrol");
}

void device_close(struct device *device)
{
    satchel_close(device->vault);
    device->vault = NULL;
}

/* --- writing -------------------------------------------------------------- */

/* The text of a member of a flat object, which has no escapes. */
static void take(const char *json, const char *name, char *out, size_t size)
{
    char key[32];
    snprintf(key, sizeof key, "\"%s\":\"", name);
    const char *at = strstr(json, key);
    if (!at)
        die("%s without %s", json, name);
    at += strlen(key);
    snprintf(out, size, "%.*s", (int)strcspn(at, "\""), at);
}

static void write_it(struct device *device, struct satchel_write *write,
                     struct id *out)
{
    char *result = NULL;
    int error = satchel_write(device->vault, write, &result);
    if (error)
        die("%s: %s %s: %s", device->user,
            write->type ? write->type : write->record,
            write->set_json ? write->set_json : "",
            satchel_message(device->vault));
    if (out)
        take(result, "record", out->text, sizeof out->text);
    if (!device->replica[0])
        take(result, "replica", device->replica, sizeof device->replica);
    device->lines++;
    satchel_free(result);
}

__attribute__((format(printf, 2, 0))) static void
braces(char out[SET_CHARS], const char *format, va_list list)
{
    out[0] = '{';
    size_t size = (size_t)vsnprintf(out + 1, SET_CHARS - 2, format, list);
    if (size >= SET_CHARS - 2)
        die("%s is too long", format);
    memcpy(out + 1 + size, "}", 2);
}

static void member_json(char *out, size_t size, const char *set,
                        const char *member)
{
    snprintf(out, size, "{\"%s\":[\"%s\"]}", set, member);
}

void device_put(struct device *device, const char *type, const struct id *kase,
                struct id *out, const char *format, ...)
{
    struct satchel_write write = SATCHEL_WRITE_INIT;
    char set[SET_CHARS];
    va_list list;
    va_start(list, format);
    braces(set, format, list);
    va_end(list);
    write.type = type;
    write.case_id = kase ? kase->text : NULL;
    write.set_json = set;
    write.add_json = device->with[0] ? device->with : NULL;
    write_it(device, &write, out);
    device->with[0] = '\0';
}

void device_with(struct device *device, const char *set, const char *member)
{
    member_json(device->with, sizeof device->with, set, member);
}

static void revise(struct device *device, const struct id *record,
                   struct satchel_write *write)
{
    char *json, context[4096];
    must(device, satchel_read(device->vault, record->text, 0, &json), "read");
    take(json, "context", context, sizeof context);
    satchel_free(json);
    write->record = record->text;
    write->context = context;
    write_it(device, write, NULL);
}

void device_revise(struct device *device, const struct id *record,
                   const char *format, ...)
{
    struct satchel_write write = SATCHEL_WRITE_INIT;
    char set[SET_CHARS];
    va_list list;
    va_start(list, format);
    braces(set, format, list);
    va_end(list);
    write.set_json = set;
    revise(device, record, &write);
}

void device_add(struct device *device, const struct id *record, const char *set,
                const char *member)
{
    struct satchel_write write = SATCHEL_WRITE_INIT;
    char add[256];
    member_json(add, sizeof add, set, member);
    write.add_json = add;
    revise(device, record, &write);
}

void device_spend(struct device *device, const struct satchel_spend *spend,
                  struct id *out)
{
    must(device, satchel_spend(device->vault, spend, out->text), "spend");
    device->lines++;
}

void id_take(const char *json, const char *name, struct id *out)
{
    take(json, name, out->text, sizeof out->text);
}

void device_begin(struct device *device)
{
    must(device, satchel_begin(device->vault), "begin");
}

void device_commit(struct device *device)
{
    must(device, satchel_commit(device->vault), "commit");
}

void device_sync(struct device *device)
{
    struct satchel_sync_report report = SATCHEL_SYNC_REPORT_INIT;
    must(device, satchel_sync(device->vault, &report), "sync");
    if (report.held)
        die("%s: the office holds %lld lines", device->user,
            (long long)report.held);
}
