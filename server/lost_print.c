#include "server/lost_print.h"

#include <string.h>
#include "server/report_print.h"
#include "shared/model/canon.h"
#include "shared/model/prose.h"

/* What protects what is on it: docs/THREATS.md, Thief of a tablet. */
static const char keys_text[] =
    "sealed under a key that Argon2id makes of the passphrase and the device's "
    "secret, a case key each; who has no passphrase reads nothing, but an "
    "unlocked device shows all";

#define TEXT_WIDTH 65536 /* more than any of them has */

static void put_time(struct buffer *out, int64_t at)
{
    char text[INSTANT_CHARS];
    instant_format_local(text, at);
    buffer_add_text(out, at ? text : "never");
}

static const struct lost_identity *named(const struct lost_list *l)
{
    const struct lost *lost = l->lost;
    size_t i = 0;
    while (i + 1 < lost->identity_count &&
           strcmp(lost->identities[i].replica, l->replica) != 0)
        i++;
    return &lost->identities[i];
}

static size_t there_count(const struct lost *lost)
{
    size_t count = 0;
    for (size_t i = 0; i < map_count(lost->cases); i++) {
        const struct lost_case *kase = map_value_at(lost->cases, i);
        count += kase->there;
    }
    return count;
}

/* --- text ----------------------------------------------------------------- */

static void text_identity(struct buffer *out, const struct lost_identity *i)
{
    buffer_printf(out, "%s  of %s (%s), enrolled ", i->replica, i->account,
                  i->role);
    put_time(out, i->enrolled_at);
    if (!i->line)
        buffer_add_text(out, i->spared ? ", a copy of the vault, SPARED"
                                       : ", a COPY of the vault");
    if (i->predecessor[0])
        buffer_printf(out, ", follows %s", i->predecessor);
    if (i->closed[0])
        buffer_printf(out, ", closed (%s)", i->closed);
    buffer_add_text(out, "\n   last heard ");
    put_time(out, i->seen_at);
    buffer_add_text(out, "; known to be unlocked last ");
    put_time(out, i->unlocked_at);
    if (i->revoked_at) {
        buffer_add_text(out, "; shut out ");
        put_time(out, i->revoked_at);
        buffer_add_text(out, i->seen_at > i->revoked_at ? " (it was told)"
                                                        : " (not told yet)");
    }
    buffer_printf(out,
                  "\n   of its own work lines 1 to %lld are here, %lld held; "
                  "how much it has not sent nobody knows\n",
                  (long long)i->head, (long long)i->held);
}

static void text_notice(struct buffer *out, const struct lost_list *l)
{
    buffer_printf(
        out,
        "\nFound out on %s.  Whether this is a breach of which "
        "people are told is for counsel: what is encrypted is "
        "exempt as long as no key was taken.  If it is:\n"
        "   Maine (10 M.R.S. 1346-1350): by %s, and the Attorney "
        "General\n"
        "   Mississippi (Code 75-24-29): without unreasonable delay\n",
        l->found_out, l->notice_by);
    if (l->people->told > LOST_REPORTED_ABOVE)
        buffer_printf(out,
                      "   these are more than %d: consumer reporting "
                      "agencies, too (10 M.R.S. 1348)\n",
                      LOST_REPORTED_ABOVE);
}

/* What a person wrote, in a line that is never cut short. */
static void text_line(struct buffer *out, const char *before, const char *text)
{
    buffer_add_text(out, before);
    prose_text(out, bytes_text(text), TEXT_WIDTH);
    buffer_add_char(out, '\n');
}

static void text_person(struct buffer *out, const struct lost_person *p)
{
    text_line(out, p->there ? "" : "(may be on it) ",
              p->name[0] ? p->name : p->record);
    if (p->phones[0])
        text_line(out, "   telephone: ", p->phones);
    if (p->address[0])
        text_line(out, "   address:   ", p->address);
    if (!p->phones[0] && !p->address[0])
        buffer_add_text(out, "   no telephone and no address is known\n");
    if (p->mind[0])
        text_line(out, "   MIND:      ", p->mind);
    if (p->same_as[0])
        buffer_printf(out, "   is the same person as %s\n", p->same_as);
    buffer_printf(out, "   %s, case %s\n", p->record, p->kase);
}

static void text_voucher(struct buffer *out, const struct lost_voucher *v)
{
    buffer_printf(out, "   %s for %s, up to %lld.%02d, until %s (%s)\n",
                  v->number, v->user, (long long)(v->cents / 100),
                  (int)(v->cents % 100), v->until, v->record);
}

void lost_print_text(struct buffer *out, const struct lost_list *l)
{
    const struct lost *lost = l->lost;
    const struct lost_people *people = l->people;
    size_t cases = map_count(lost->cases), there = there_count(lost);
    for (size_t i = 0; i < lost->identity_count; i++)
        text_identity(out, &lost->identities[i]);
    buffer_printf(out, "Keys: %s.\n", keys_text);
    text_notice(out, l);
    buffer_printf(
        out,
        "\nCases: %zu; there: %zu; may be there, as they were sent and "
        "not confirmed: %zu; of no person: %zu\n",
        cases, there, cases - there, people->nobody);
    buffer_printf(out,
                  "Attachments of them: %lld from it, %lld of others, which it "
                  "has if somebody opened them there\n",
                  (long long)people->files_own, (long long)people->files_other);
    buffer_printf(out, "Vouchers: %zu%s\n", people->voucher_count,
                  people->voucher_count ? "; `voucher void` ends one" : "");
    for (size_t i = 0; i < people->voucher_count; i++)
        text_voucher(out, &people->vouchers[i]);
    buffer_printf(out, "\nWho must be told: %zu persons\n", people->told);
    for (size_t i = 0; i < people->person_count; i++)
        text_person(out, &people->persons[i]);
}

/* --- csv ------------------------------------------------------------------ */

enum { COLUMNS = 9 };

static const struct report table = {
    .id = "lost-device",
    .title = "Who must be told of a lost device",
    .definition = "The persons of the cases that were on it, or may be.",
    .clauses = "",
    .columns = {{"name", "Name", REPORT_TEXT},
                {"telephone", "Telephone", REPORT_TEXT},
                {"address", "Address", REPORT_TEXT},
                {"mind", "Mind", REPORT_TEXT},
                {"on_device", "On the device", REPORT_TEXT},
                {"notice_by", "Notice by", REPORT_DATE},
                {"record", "Record", REPORT_RECORD},
                {"same_as", "Same person as", REPORT_TEXT},
                {"case_id", "Case", REPORT_TEXT}},
    .column_count = COLUMNS};

/* Rows whose memory is the list's own. */
enum err lost_print_csv(struct buffer *out, const struct lost_list *l)
{
    struct report_form form = {.bare = true};
    struct report_run run = {.report = &table};
    struct report_row **end = &run.rows;
    struct arena arena;
    arena_init(&arena, (size_t)1 << 28);
    for (size_t i = 0; i < l->people->person_count; i++) {
        const struct lost_person *p = &l->people->persons[i];
        struct report_row *row = arena_take(&arena, sizeof *row);
        struct sql_value *v =
            row ? arena_take(&arena, COLUMNS * sizeof *v) : NULL;
        if (!v) {
            arena_fini(&arena);
            return ERR_NOMEM;
        }
        const char *const texts[COLUMNS] = {p->name,
                                            p->phones,
                                            p->address,
                                            p->mind,
                                            p->there ? "there" : "may be",
                                            l->notice_by,
                                            p->record,
                                            p->same_as,
                                            p->kase};
        for (size_t at = 0; at < COLUMNS; at++)
            v[at] = sql_text(texts[at]);
        row->values = v;
        *end = row;
        end = &row->next;
        run.row_count++;
    }
    report_print_csv(out, &run, &form);
    arena_fini(&arena);
    return ERR_OK;
}

/* --- json ----------------------------------------------------------------- */

static void json_text(struct buffer *out, const char *name, const char *text)
{
    buffer_printf(out, "\"%s\":", name);
    if (text[0])
        canon_put_text(out, bytes_text(text));
    else
        buffer_add_text(out, "null");
}

static void json_time(struct buffer *out, const char *name, int64_t at)
{
    if (at)
        buffer_printf(out, "\"%s\":%lld", name, (long long)at);
    else
        buffer_printf(out, "\"%s\":null", name);
}

static void json_identity(struct buffer *out, const struct lost_identity *i)
{
    json_text(out, "closed", i->closed);
    buffer_printf(out, ",\"copy\":%s,", i->line ? "false" : "true");
    json_time(out, "enrolled_at", i->enrolled_at);
    buffer_printf(out, ",\"head\":%lld,\"held\":%lld,", (long long)i->head,
                  (long long)i->held);
    json_text(out, "predecessor", i->predecessor);
    buffer_printf(out, ",\"replica\":\"%s\",", i->replica);
    json_time(out, "revoked_at", i->revoked_at);
    buffer_printf(out, ",\"role\":\"%s\",", i->role);
    json_time(out, "seen_at", i->seen_at);
    buffer_printf(out, ",\"spared\":%s,", i->spared ? "true" : "false");
    json_time(out, "unlocked_at", i->unlocked_at);
    buffer_printf(out, ",\"user\":\"%s\"", i->account);
}

static void json_cases(struct buffer *out, const struct lost *lost)
{
    buffer_add_text(out, "\"cases\":[");
    for (size_t i = 0; i < map_count(lost->cases); i++) {
        const struct lost_case *kase = map_value_at(lost->cases, i);
        buffer_printf(out, "%s{\"case\":\"%s\",\"there\":%s}", i ? "," : "",
                      kase->kase, kase->there ? "true" : "false");
    }
    buffer_add_char(out, ']');
}

static void json_person(struct buffer *out, const struct lost_person *p)
{
    json_text(out, "address", p->address);
    buffer_printf(out, ",\"case\":\"%s\",", p->kase);
    json_text(out, "mind", p->mind);
    buffer_add_char(out, ',');
    json_text(out, "name", p->name);
    buffer_printf(out, ",\"record\":\"%s\",", p->record);
    json_text(out, "same_as", p->same_as);
    buffer_add_char(out, ',');
    json_text(out, "telephone", p->phones);
    buffer_printf(out, ",\"there\":%s", p->there ? "true" : "false");
}

static void json_voucher(struct buffer *out, const struct lost_voucher *v)
{
    buffer_printf(out, "\"amount_cents\":%lld,", (long long)v->cents);
    json_text(out, "expires_on", v->until);
    buffer_add_char(out, ',');
    json_text(out, "number", v->number);
    buffer_printf(out, ",\"record\":\"%s\",", v->record);
    json_text(out, "user", v->user);
}

void lost_print_json(struct buffer *out, const struct lost_list *l)
{
    const struct lost_people *people = l->people;
    buffer_printf(out, "{\"attachments\":{\"others\":%lld,\"own\":%lld},",
                  (long long)people->files_other, (long long)people->files_own);
    json_cases(out, l->lost);
    buffer_add_text(out, ",\"devices\":[");
    for (size_t i = 0; i < l->lost->identity_count; i++) {
        buffer_add_text(out, i ? ",{" : "{");
        json_identity(out, &l->lost->identities[i]);
        buffer_add_char(out, '}');
    }
    buffer_printf(out,
                  "],\"found_out\":\"%s\",\"keys\":\"%s\",\"notice_by\":\"%s\","
                  "\"of_no_person\":%zu,\"persons\":[",
                  l->found_out, keys_text, l->notice_by, people->nobody);
    for (size_t i = 0; i < people->person_count; i++) {
        buffer_add_text(out, i ? ",{" : "{");
        json_person(out, &people->persons[i]);
        buffer_add_char(out, '}');
    }
    buffer_printf(out, "],\"replica\":\"%s\",\"told\":%zu,\"vouchers\":[",
                  named(l)->replica, people->told);
    for (size_t i = 0; i < people->voucher_count; i++) {
        buffer_add_text(out, i ? ",{" : "{");
        json_voucher(out, &people->vouchers[i]);
        buffer_add_char(out, '}');
    }
    buffer_add_text(out, "]}");
}
