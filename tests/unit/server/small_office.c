#include "tests/unit/server/small_office.h"

#include <string.h>
#include "server/ingest.h"
#include "server/views.h"

const char *small_id(char out[SMALL_ID_CHARS], int number)
{
    snprintf(out, SMALL_ID_CHARS, "0192b5a0-0000-7000-8000-%012d", number);
    return out;
}

void small_spell(struct buffer *out, const char *json)
{
    struct buffer loose;
    char id[SMALL_ID_CHARS];
    buffer_init(&loose, 1u << 16);
    for (const char *at = json; *at; at++) {
        if (*at != '#') {
            buffer_add_char(&loose, *at);
            continue;
        }
        char *end;
        buffer_add_text(&loose, small_id(id, (int)strtol(at + 1, &end, 10)));
        at = end - 1;
    }
    CHECK(canon_normalise(out, buffer_bytes(&loose), NULL));
    buffer_fini(&loose);
}

void small_write(struct device *d, const char *type, int record, int kase,
                 const char *set, const char *add)
{
    char id[SMALL_ID_CHARS], case_id[SMALL_ID_CHARS];
    struct buffer set_text, add_text;
    struct revision_draft draft = {
        .record = small_id(id, record), .type = type, .schema = 1};
    if (kase)
        draft.kase = small_id(case_id, kase);
    buffer_init(&set_text, 1u << 16);
    buffer_init(&add_text, 1u << 16);
    small_spell(&set_text, set);
    draft.set = buffer_bytes(&set_text);
    if (add) {
        small_spell(&add_text, add);
        draft.add = buffer_bytes(&add_text);
    }
    device_write(d, &draft);
    buffer_fini(&add_text);
    buffer_fini(&set_text);
}

void small_office_write(struct place *place, const char *type, int record,
                        int kase, const char *set)
{
    char id[SMALL_ID_CHARS], case_id[SMALL_ID_CHARS];
    struct buffer text;
    struct dot dot;
    struct revision_draft draft = {.record = small_id(id, record),
                                   .type = type};
    if (kase)
        draft.kase = small_id(case_id, kase);
    buffer_init(&text, 1u << 16);
    small_spell(&text, set);
    draft.set = buffer_bytes(&text);
    CHECK(sql_begin(&place->sql, true));
    CHECK(ingest_office(place->office, &place->sql, "boss", &draft, &dot));
    CHECK(sql_commit(&place->sql));
    buffer_fini(&text);
}

/* Both have seen its creation by dana and not each other. */
static void both_write(struct small_office *s, int record, int64_t n,
                       const char *dana, const char *lee)
{
    char id[SMALL_ID_CHARS], seen[64];
    snprintf(seen, sizeof seen, "{\"%s\":%lld}", s->dana.replica, (long long)n);
    device_revise(&s->dana, small_id(id, record), seen, dana);
    device_revise(&s->lee, id, seen, lee);
}

/* Persons 1 to 6; 4 is 1 again, 5 is closed.  Dana is responsible for 1, Lee
 * for 2, nobody for 3; over 6 two are at odds. */
static void persons(struct small_office *s)
{
    struct device *dana = &s->dana, *lee = &s->lee;
    small_write(dana, "person", 1, 1,
                "{\"legal_name\":\"Ames\",\"county\":\"28081\"}", NULL);
    small_write(lee, "person", 2, 2,
                "{\"legal_name\":\"Bell\",\"county\":\"28081\"}", NULL);
    small_write(dana, "person", 3, 3,
                "{\"legal_name\":\"Cole\",\"county\":\"28105\"}", NULL);
    small_write(dana, "person", 4, 4,
                "{\"legal_name\":\"Ames\",\"county\":\"28081\"}", NULL);
    small_write(dana, "person", 5, 5, "{\"legal_name\":\"Dunn\"}", NULL);
    small_write(dana, "person", 6, 6, "{\"legal_name\":\"Eads\"}", NULL);
    small_write(dana, "assignment", 11, 1, "{\"primary\":\"dana\"}", NULL);
    small_write(lee, "assignment", 12, 2, "{\"primary\":\"lee\"}", NULL);
    small_write(dana, "assignment", 16, 6, "{\"primary\":\"dana\"}", NULL);
    both_write(s, 16, dana->head, "{\"primary\":\"kim\"}",
               "{\"primary\":\"lee\"}");
}

static void contacts(struct small_office *s)
{
    struct device *dana = &s->dana;
    small_write(dana, "contact", 21, 1,
                "{\"person\":\"#1\",\"kind\":\"home_visit\",\"outcome\":"
                "\"completed\",\"occurred_at\":\"2026-11-10T15:20-06:00\","
                "\"purpose\":[\"monitoring\",\"budgeting\"],"
                "\"budgeting_offered\":\"accepted\",\"eitc_offered\":"
                "\"accepted\"}",
                "{\"external_entry\":[\"Virtual ROMA: 17\"]}");
    small_write(dana, "contact", 22, 1,
                "{\"person\":\"#1\",\"kind\":\"attempted\",\"outcome\":"
                "\"no_answer\",\"occurred_at\":\"2026-11-17T09:00-06:00\"}",
                NULL);
    small_write(&s->lee, "contact", 23, 2,
                "{\"person\":\"#2\",\"kind\":\"phone\",\"outcome\":"
                "\"completed\",\"occurred_at\":\"2025-10-01T09:00-05:00\","
                "\"budgeting_offered\":\"declined\"}",
                NULL);
    small_write(dana, "contact", 24, 1,
                "{\"person\":\"#1\",\"kind\":\"office\",\"entered_in_error\":"
                "true,\"occurred_at\":\"2026-11-16T09:00-06:00\"}",
                NULL);
    small_write(
        dana, "contact", 25, 4,
        "{\"person\":\"#4\",\"kind\":\"phone\",\"eitc_offered\":"
        "\"accepted\",\"outcome\":\"left_message\",\"purpose\":[\"vita\"],"
        "\"occurred_at\":\"2026-11-18T09:00Z\"}",
        NULL);
    small_write(dana, "addendum", 26, 1,
                "{\"of\":\"#21\",\"reason\":\"clarification\",\"text\":"
                "\"The roof of the shed.\"}",
                NULL);
    small_write(dana, "task", 27, 1,
                "{\"what\":\"Look at the roof\",\"kind\":\"visit\",\"due_on\":"
                "\"2026-11-01\",\"status\":\"open\"}",
                NULL);
    small_write(dana, "task", 28, 1,
                "{\"what\":\"Call\",\"kind\":\"call\",\"due_on\":"
                "\"2026-11-02\",\"status\":\"done\"}",
                NULL);
}

static void needs(struct small_office *s)
{
    struct device *dana = &s->dana;
    small_write(dana, "need", 31, 1,
                "{\"person\":\"#1\",\"domain\":\"housing\",\"status\":\"open\","
                "\"csbg_can_meet\":\"no\"}",
                NULL);
    both_write(s, 31, dana->head, "{\"status\":\"met\"}",
               "{\"status\":\"declined\"}");
    small_write(dana, "need", 32, 1,
                "{\"person\":\"#1\",\"domain\":\"tax\",\"status\":\"open\","
                "\"csbg_can_meet\":\"no\"}",
                NULL);
    small_write(&s->lee, "need", 33, 2,
                "{\"person\":\"#2\",\"domain\":\"food\",\"status\":"
                "\"declined\",\"csbg_can_meet\":\"partly\"}",
                NULL);
    small_write(dana, "need", 34, 3,
                "{\"person\":\"#3\",\"domain\":\"food\",\"status\":\"open\","
                "\"csbg_can_meet\":\"partly\"}",
                NULL);
}

static void directory(struct small_office *s)
{
    small_office_write(&s->place, "organization", 41, 0,
                       "{\"name\":\"Shelter\",\"csbg_entity\":\"LIFT\"}");
    small_office_write(
        &s->place, "location", 42, 0,
        "{\"name\":\"Library\",\"vita_site\":true,\"sponsor\":\"#41\","
        "\"county\":\"28081\",\"intake_site\":true,"
        "\"intake_from\":\"2026-02-02\",\"season_from\":\"2026-02-02\","
        "\"season_to\":\"2026-04-15\"}");
    small_office_write(&s->place, "location", 43, 0,
                       "{\"name\":\"Hall\",\"vita_site\":true,\"closed\":true,"
                       "\"intake_site\":true,"
                       "\"county\":\"28081\"}");
    /* As an imported directory tells of one: by the counties that it serves. */
    small_write(&s->dana, "location", 44, 0,
                "{\"name\":\"School\",\"vita_site\":true,"
                "\"organization\":\"#41\"}",
                "{\"coverage\":[\"28081\",\"28105\"]}");
}

static void referrals(struct small_office *s)
{
    struct device *dana = &s->dana, *lee = &s->lee;
    small_write(lee, "consent", 50, 2,
                "{\"person\":\"#2\",\"kind\":\"referral_specific\",\"status\":"
                "\"revoked\",\"signed_on\":\"2026-09-30\"}",
                NULL);
    small_write(dana, "referral", 51, 1,
                "{\"person\":\"#1\",\"status\":\"sent\",\"sent_at\":"
                "\"2026-11-10T10:00-06:00\",\"provider\":\"Pantry\"}",
                NULL);
    small_write(dana, "referral", 52, 1,
                "{\"person\":\"#1\",\"status\":\"sent\",\"urgency\":"
                "\"crisis\",\"sent_at\":\"2026-09-01T10:00-05:00\","
                "\"provider\":\"Pantry\",\"basis\":\"internal\"}",
                NULL);
    small_write(lee, "referral", 53, 2,
                "{\"person\":\"#2\",\"status\":\"accepted\",\"sent_at\":"
                "\"2026-10-20T10:00-05:00\",\"organization\":\"#41\","
                "\"consent\":\"#50\"}",
                NULL);
    small_write(dana, "referral", 54, 3,
                "{\"person\":\"#3\",\"status\":\"met\",\"basis\":\"internal\","
                "\"provider\":\"Hotline\",\"tax_year\":2025,\"county\":"
                "\"28105\",\"site_choice_basis\":\"no_site_in_county\","
                "\"vita_outcome\":\"went_return_accepted\",\"eitc_claimed\":"
                "\"yes\"}",
                NULL);
    small_write(dana, "referral", 55, 1,
                "{\"person\":\"#1\",\"need\":\"#32\",\"status\":\"sent\","
                "\"sent_at\":\"2026-03-01T10:00-06:00\",\"basis\":"
                "\"internal\",\"provider\":\"Library\",\"location\":\"#42\","
                "\"tax_year\":2025,\"site_choice_basis\":\"sponsored_site\"}",
                NULL);
}

static void followups(struct small_office *s)
{
    struct device *lee = &s->lee;
    small_write(lee, "referral_followup", 61, 2,
                "{\"referral\":\"#53\",\"on\":\"2026-10-25\",\"finding\":"
                "\"waits\",\"effectiveness\":\"partly\",\"next_due\":"
                "\"2026-11-01\"}",
                NULL);
    small_write(lee, "referral_followup", 62, 2,
                "{\"referral\":\"#53\",\"on\":\"2026-10-24\",\"finding\":"
                "\"went\",\"effectiveness\":\"yes\",\"next_due\":"
                "\"2026-10-30\"}",
                NULL);
    small_write(&s->dana, "referral_followup", 63, 1,
                "{\"referral\":\"#51\",\"on\":\"2026-11-12\",\"finding\":"
                "\"not this one\",\"entered_in_error\":true}",
                NULL);
}

int small_setup(void **state)
{
    static struct small_office office;
    struct small_office *s = &office;
    setenv("TZ", "UTC", 1);
    place_open(&s->place);
    place_account(&s->place, "dana", "caseload:east");
    place_account(&s->place, "lee", "caseload:east");
    device_enrol(&s->dana, &s->place, "dana");
    device_enrol(&s->lee, &s->place, "lee");
    persons(s);
    contacts(s);
    needs(s);
    directory(s);
    referrals(s);
    followups(s);
    small_casefile(s, false);
    small_money(s, false);
    device_sync_ok(&s->dana, &s->place);
    device_sync_ok(&s->lee, &s->place);
    small_casefile(s, true);
    small_money(s, true);
    small_office_write(&s->place, NULL, 4, 0, "{\"duplicate_of\":\"#1\"}");
    small_office_write(&s->place, "retention", 15, 5,
                       "{\"closed_on\":\"2026-10-01\",\"class\":\"years_3\"}");
    place_exec(&s->place, "UPDATE account SET disabled_at = 1 "
                          "WHERE account = 'lee'");
    CHECK(views_update(s->place.office));
    *state = s;
    return 0;
}

int small_teardown(void **state)
{
    struct small_office *s = *state;
    device_fini(&s->dana);
    device_fini(&s->lee);
    place_close(&s->place);
    return 0;
}
