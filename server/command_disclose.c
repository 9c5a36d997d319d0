/* disclose: what a client's consent lets a site know, written as a record into
 * the site's scope.  The write is the record of disclosure. */
#include <stdio.h>
#include <string.h>
#include "server/command_scopes.h"
#include "server/ingest.h"
#include "server/record.h"

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

enum source { FIXED, PERSON, REFERRAL };

/* The members of a site referral in their order: what names it, and what may
 * be told of the client, where it stands. */
static const struct part {
    const char *name; /* in the site referral, the source and the consent */
    enum source source;
    bool is_set;
} parts[] = {
    {"consent", FIXED, false},     {"documents_checklist", REFERRAL, true},
    {"first_name", PERSON, false}, {"interpreter_needed", PERSON, false},
    {"language", PERSON, false},   {"phone", PERSON, false},
    {"referral", FIXED, false},    {"requested_at", REFERRAL, false},
    {"site", FIXED, false},        {"tax_year", REFERRAL, false},
};
#define PART_COUNT (sizeof parts / sizeof parts[0])

struct disclosure {
    struct command *command;
    const char *scope; /* "site:NAME" */
    const char *purpose;
    struct record referral, consent, person;
    char id[ID_CHARS + 1];  /* of the site referral */
    struct buffer set, add; /* of the site referral */
    bool told[PART_COUNT];
};

/* "first_name, phone" names both: people write lists in one line. */
static bool text_has(struct bytes text, const char *name)
{
    size_t begin = 0;
    for (size_t i = 0; i <= text.size; i++) {
        if (i < text.size && text.at[i] != ',')
            continue;
        size_t end = i;
        while (begin < end && text.at[begin] == ' ')
            begin++;
        while (end > begin && text.at[end - 1] == ' ')
            end--;
        if (bytes_is(bytes_of(text.at + begin, end - begin), name))
            return true;
        begin = i + 1;
    }
    return false;
}

static bool list_has(const struct canon *list, const char *name)
{
    if (list && list->kind == CANON_TEXT)
        return text_has(list->text, name);
    const struct canon *each =
        list && list->kind == CANON_ARRAY ? list->first : NULL;
    for (; each; each = each->next)
        if (each->kind == CANON_TEXT && text_has(each->text, name))
            return true;
    return false;
}

/* --- may it be told? ------------------------------------------------------ */

static int load_records(struct disclosure *d, const char *referral)
{
    struct command *c = d->command;
    char id[ID_CHARS + 1];
    enum err err = record_load(&d->referral, c->office, &c->sql, referral);
    if (err)
        return command_fail_office(c, err);
    if (strcmp(d->referral.type, "referral") != 0)
        return command_fail(c, ERR_INVALID, "%s is a %s, not a referral",
                            referral, d->referral.type);
    struct bytes consent = record_text(&d->referral, "consent");
    struct bytes person = record_text(&d->referral, "person");
    if (!id_valid(consent))
        return command_fail(c, ERR_DENIED,
                            "the referral names no consent; without a signed "
                            "release nothing is told to a site");
    snprintf(id, sizeof id, "%.*s", (int)consent.size, (char *)consent.at);
    err = record_load(&d->consent, c->office, &c->sql, id);
    if (err)
        return command_fail(c, err,
                            "the consent %s is not at the office yet; wait "
                            "until the device that has it has synced",
                            id);
    if (!id_valid(person)) /* a person is a case of its own */
        person = bytes_text(d->referral.kase);
    snprintf(id, sizeof id, "%.*s", (int)person.size, (char *)person.at);
    err = record_load(&d->person, c->office, &c->sql, id);
    return err ? command_fail_office(c, err) : EXIT_DONE;
}

static int check_dates(const struct disclosure *d)
{
    char today[INSTANT_CHARS];
    instant_format(today, clock_wall_ms(d->command->office->clock));
    struct bytes now = bytes_of(today, 10);
    struct bytes from = record_text(&d->consent, "valid_from");
    struct bytes to = record_text(&d->consent, "valid_to");
    if (from.size && bytes_compare(now, from) < 0)
        return command_fail(d->command, ERR_DENIED,
                            "the consent begins on %.*s", (int)from.size,
                            (const char *)from.at);
    if (to.size && bytes_compare(now, to) > 0)
        return command_fail(d->command, ERR_DENIED,
                            "the consent ended on %.*s; ask the client for a "
                            "new one",
                            (int)to.size, (const char *)to.at);
    return EXIT_DONE;
}

static int check_consent(const struct disclosure *d)
{
    const struct command *c = d->command;
    const struct canon *status = record_field(&d->consent, "status");
    if (strcmp(d->consent.type, "consent") != 0 ||
        strcmp(d->consent.kase, d->referral.kase) != 0)
        return command_fail(c, ERR_DENIED,
                            "the referral's consent is not one of this case");
    if (bytes_is(record_text(&d->consent, "status"), "revoked") ||
        (status && canon_true(status, "open")))
        return command_fail(c, ERR_DENIED,
                            "the client has revoked the consent; nothing is "
                            "told");
    const struct canon *recipients = record_value(&d->consent, "recipients");
    if (recipients && !list_has(recipients, d->scope) &&
        !list_has(recipients, d->scope + strlen("site:")))
        return command_fail(c, ERR_DENIED,
                            "the consent does not name %s among those who may "
                            "be told",
                            d->scope);
    if (!record_value(&d->consent, "data_classes"))
        return command_fail(c, ERR_DENIED,
                            "the consent does not say what may be told "
                            "(data_classes)");
    return check_dates(d);
}

/* --- what is told --------------------------------------------------------- */

static struct bytes fixed_value(const struct disclosure *d, const char *name)
{
    if (strcmp(name, "consent") == 0)
        return bytes_text(d->consent.id);
    if (strcmp(name, "referral") == 0)
        return bytes_text(d->referral.id);
    return bytes_text(d->scope + strlen("site:"));
}

static void put_member(struct buffer *out, const char *name, struct bytes value)
{
    buffer_add_text(out, out->size > 1 ? "," : "");
    canon_put_text(out, bytes_text(name));
    buffer_add_char(out, ':');
    buffer_add_bytes(out, value);
}

static void put_part(struct disclosure *d, size_t index)
{
    const struct part *part = &parts[index];
    const struct record *source =
        part->source == PERSON ? &d->person : &d->referral;
    const struct canon *value = record_value(source, part->name);
    const struct canon *allowed = record_value(&d->consent, "data_classes");
    if (!value || !list_has(allowed, part->name))
        return;
    d->told[index] = true;
    put_member(part->is_set ? &d->add : &d->set, part->name, value->raw);
}

static void put_fixed(struct disclosure *d, const char *name)
{
    struct buffer value;
    buffer_init(&value, 1024);
    canon_put_text(&value, fixed_value(d, name));
    put_member(&d->set, name, buffer_bytes(&value));
    buffer_fini(&value);
}

static enum err put_all(struct disclosure *d)
{
    buffer_add_char(&d->set, '{');
    buffer_add_char(&d->add, '{');
    for (size_t i = 0; i < PART_COUNT; i++)
        if (parts[i].source == FIXED)
            put_fixed(d, parts[i].name);
        else
            put_part(d, i);
    buffer_add_char(&d->set, '}');
    buffer_add_char(&d->add, '}');
    enum err err = buffer_err(&d->set);
    return err ? err : buffer_err(&d->add);
}

/* "first_name, phone", each between the texts given. */
static void put_told(struct buffer *out, const struct disclosure *d,
                     const char *quote, const char *separator)
{
    size_t count = 0;
    for (size_t i = 0; i < PART_COUNT; i++)
        if (d->told[i])
            buffer_printf(out, "%s%s%s%s", count++ ? separator : "", quote,
                          parts[i].name, quote);
}

/* --- telling it ----------------------------------------------------------- */

static enum err write_site_referral(struct disclosure *d)
{
    struct command *c = d->command;
    struct dot dot;
    struct revision_draft draft = {
        .record = d->id,
        .type = "site_referral",
        .kase = d->id,
        .set = buffer_bytes(&d->set),
        .add = d->add.size > 2 ? buffer_bytes(&d->add) : bytes_of(NULL, 0),
    };
    /* Ingest lets the site and whoever sees the referral see it. */
    return ingest_office(c->office, &c->sql, c->author, &draft, &dot);
}

/* The client's own file says what was told, to whom and when. */
static enum err note_on_referral(struct disclosure *d)
{
    struct command *c = d->command;
    struct buffer add, text;
    struct seen seen;
    struct dot dot;
    char today[INSTANT_CHARS];
    instant_format(today, clock_wall_ms(c->office->clock));
    seen_init(&seen);
    buffer_init(&add, ORIGINAL_BYTES_MAX);
    buffer_init(&text, ORIGINAL_BYTES_MAX);
    buffer_printf(&text, "%.10s %s: ", today, d->scope);
    put_told(&text, d, "", ", ");
    buffer_add_text(&add, "{\"information_shared\":[");
    canon_put_text(&add, buffer_bytes(&text));
    buffer_add_text(&add, "]}");
    enum err err = fold_context(d->referral.memo, &seen);
    if (!err)
        err = buffer_err(&add);
    if (!err) {
        struct revision_draft draft = {
            .record = d->referral.id, .seen = &seen, .add = buffer_bytes(&add)};
        err = ingest_office(c->office, &c->sql, c->author, &draft, &dot);
    }
    buffer_fini(&text);
    buffer_fini(&add);
    seen_fini(&seen);
    return err;
}

/* And so does the log of disclosures. */
static enum err note_in_log(struct disclosure *d)
{
    struct command_disclosure said = {.kase = d->referral.kase,
                                      .purpose = d->purpose,
                                      .to_whom = d->scope,
                                      .consent = d->consent.id,
                                      .referral = d->referral.id};
    struct buffer classes;
    buffer_init(&classes, ORIGINAL_BYTES_MAX);
    buffer_add_char(&classes, '[');
    put_told(&classes, d, "\"", ",");
    if (classes.size == 1)
        buffer_add_text(&classes, "\"referral\"");
    buffer_add_char(&classes, ']');
    enum err err = buffer_err(&classes);
    said.classes = buffer_bytes(&classes);
    if (!err)
        err = command_disclosed(d->command, &said);
    buffer_fini(&classes);
    return err;
}

static int disclose(struct disclosure *d, const char *referral)
{
    struct command *c = d->command;
    struct record present;
    char name[ID_CHARS + SCOPE_CHARS_MAX + 2];
    int code = load_records(d, referral);
    if (code == EXIT_DONE)
        code = check_consent(d);
    if (code != EXIT_DONE)
        return code;
    /* One a referral and site, so that telling twice is noticed. */
    snprintf(name, sizeof name, "%s %s", d->referral.id, d->scope);
    id_derive(d->id, "site_referral", bytes_text(name));
    enum err err = record_load(&present, c->office, &c->sql, d->id);
    record_fini(&present);
    if (!err)
        return command_fail(c, ERR_EXISTS,
                            "%s has been told of this referral already, in %s",
                            d->scope, d->id);
    if (err == ERR_NOT_FOUND)
        err = put_all(d);
    if (!err)
        err = write_site_referral(d);
    if (!err)
        err = note_on_referral(d);
    if (!err)
        err = note_in_log(d);
    return err ? command_fail_office(c, err) : EXIT_DONE;
}

static int report(struct disclosure *d)
{
    struct buffer text;
    buffer_init(&text, 64u * 1024);
    if (!d->command->json) {
        printf("%s\n", d->id);
        put_told(&text, d, "", ", ");
        fprintf(stderr, "%s may see now: %s\n", d->scope,
                text.size ? buffer_text(&text) : "that there is a referral");
        buffer_fini(&text);
        return EXIT_DONE;
    }
    buffer_printf(&text,
                  "{\"record\":\"%s\",\"referral\":\"%s\",\"scope\":\"%s\","
                  "\"shared\":[",
                  d->id, d->referral.id, d->scope);
    put_told(&text, d, "\"", ",");
    buffer_add_text(&text, "]}");
    return command_print(d->command, &text);
}

int command_disclose(struct command *c)
{
    struct command_scopes scopes;
    struct disclosure d = {.command = c};
    if (c->operand_count != 1)
        return command_misuse(c, "disclose REFERRAL: give one referral");
    int code = command_scopes_read(c, &scopes);
    if (code != EXIT_DONE)
        return code;
    if (scopes.count != 1)
        return command_misuse(c, "--site S is missing: the site to be told");
    d.scope = scopes.name[0];
    buffer_init(&d.set, ORIGINAL_BYTES_MAX);
    buffer_init(&d.add, ORIGINAL_BYTES_MAX);
    code = command_open(c, COMMAND_WRITE);
    if (code == EXIT_DONE)
        code = command_purpose(c, "service_coordination", &d.purpose);
    if (code == EXIT_DONE)
        code = command_begin(c);
    if (code == EXIT_DONE)
        code = command_end(c, disclose(&d, c->operands[0]));
    if (code == EXIT_DONE)
        code = report(&d);
    record_fini(&d.referral);
    record_fini(&d.consent);
    record_fini(&d.person);
    buffer_fini(&d.set);
    buffer_fini(&d.add);
    return code;
}
