/* Contacts, referrals and follow-ups: thin calls over satchel_write(). */
#include <string.h>

#include "client/handle.h"

/* The fields of a record as a JSON object, in any order: satchel_write()
 * normalises. */
struct fields {
    struct buffer set;
    const char *longest; /* borrowed: the name of the longest text */
    size_t longest_bytes;
};

static void put_name(struct fields *f, const char *name)
{
    if (f->set.size > 1)
        buffer_add_char(&f->set, ',');
    canon_put_name(&f->set, name);
}

static void put(struct fields *f, const char *name, const char *text)
{
    if (!text)
        return;
    struct bytes value = bytes_text(text);
    if (value.size > f->longest_bytes) {
        f->longest = name;
        f->longest_bytes = value.size;
    }
    put_name(f, name);
    canon_put_text(&f->set, value);
}

static void put_int(struct fields *f, const char *name, int value)
{
    if (!value)
        return;
    put_name(f, name);
    buffer_add_int(&f->set, value);
}

static void begin(struct fields *f)
{
    *f = (struct fields){.longest = ""};
    buffer_init(&f->set, SATCHEL_LINE_BYTES_MAX * 2u);
    buffer_add_char(&f->set, '{');
}

static int finish(satchel *handle, const char *type, struct fields *f,
                  bool seal, char id[SATCHEL_ID_BYTES])
{
    struct buffer *set = &f->set;
    buffer_add_char(set, '}');
    enum err err = handle_enter(handle);
    if (!err && buffer_err(set) == ERR_TOO_BIG) {
        buffer_wipe(set);
        return handle_fail(handle, ERR_TOO_BIG,
                           "the text is longer than 256 KiB (%s: %zu bytes); "
                           "nothing was written: split it into several records",
                           f->longest, f->longest_bytes);
    }
    struct record_write write = {
        .type = type, .set = buffer_bytes(set), .seal = seal};
    struct record_written written;
    record_written_init(&written);
    if (!err)
        err = buffer_err(set);
    if (!err)
        err = record_write(handle->vault, &write, &written);
    if (!err) {
        memcpy(id, written.record, SATCHEL_ID_BYTES);
        handle_note(handle, buffer_bytes(&written.warning));
    }
    record_written_fini(&written);
    buffer_wipe(set);
    return handle_leave(handle, err);
}

static int require(satchel *handle, const char *type, const char *name,
                   const char *value)
{
    if (value && *value)
        return SATCHEL_OK;
    pthread_mutex_lock(&handle->lock);
    return handle_fail(handle, ERR_INVALID, "%s.%s: is required", type, name);
}

/* Where it happened: what is written in the evening bears that day's date. */
static const char *now(satchel *handle, char out[INSTANT_CHARS])
{
    const struct clock *clock =
        handle->vault ? vault_clock(handle->vault) : clock_system();
    instant_format_offset(out, clock_wall_ms(clock) / 1000 * 1000);
    return out;
}

PUBLIC int satchel_record_contact(satchel *handle,
                                  const struct satchel_contact *given,
                                  char id[SATCHEL_ID_BYTES])
{
    struct satchel_contact c = SATCHEL_CONTACT_INIT;
    HANDLE_TAKE(c, given);
    int code = require(handle, "contact", "person", c.person);
    if (!code)
        code = require(handle, "contact", "kind", c.kind);
    if (code)
        return code;
    char instant[INSTANT_CHARS];
    struct fields set;
    begin(&set);
    put(&set, "person", c.person);
    put(&set, "kind", c.kind);
    put(&set, "occurred_at",
        c.occurred_at ? c.occurred_at : now(handle, instant));
    put(&set, "direction", c.direction);
    put(&set, "outcome", c.outcome);
    put(&set, "narrative", c.narrative);
    put(&set, "assessment_opinion", c.opinion);
    put(&set, "client_words", c.client_words);
    put_int(&set, "duration_min", c.duration_min);
    return finish(handle, "contact", &set, c.seal != 0, id);
}

PUBLIC int satchel_refer(satchel *handle, const struct satchel_referral *given,
                         char id[SATCHEL_ID_BYTES])
{
    struct satchel_referral r = SATCHEL_REFERRAL_INIT;
    HANDLE_TAKE(r, given);
    int code = require(handle, "referral", "person", r.person);
    if (code)
        return code;
    struct fields set;
    begin(&set);
    put(&set, "person", r.person);
    put(&set, "need", r.need);
    put(&set, "service", r.service);
    put(&set, "location", r.location);
    put(&set, "consent", r.consent);
    put(&set, "scope", r.scope);
    put(&set, "urgency", r.urgency);
    put(&set, "status", r.status ? r.status : "draft");
    put(&set, "note", r.note);
    return finish(handle, "referral", &set, false, id);
}

PUBLIC int satchel_record_follow_up(satchel *handle,
                                    const struct satchel_follow_up *given,
                                    char id[SATCHEL_ID_BYTES])
{
    struct satchel_follow_up f = SATCHEL_FOLLOW_UP_INIT;
    HANDLE_TAKE(f, given);
    int code = require(handle, "referral_followup", "referral", f.referral);
    if (!code)
        code = require(handle, "referral_followup", "finding", f.finding);
    if (code)
        return code;
    char today[INSTANT_CHARS];
    now(handle, today);
    today[10] = 0;
    struct fields set;
    begin(&set);
    put(&set, "referral", f.referral);
    put(&set, "finding", f.finding);
    put(&set, "on", f.on ? f.on : today);
    put(&set, "method", f.method);
    put(&set, "spoke_to", f.spoke_to);
    put(&set, "next_due", f.next_due);
    return finish(handle, "referral_followup", &set, false, id);
}
