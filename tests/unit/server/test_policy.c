/* Each policy: an office in which it finds something, since when and in which
 * words, and one change after which it does not.  A policy that no scene of
 * this file shows fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/finding.h"
#include "server/ingest.h"
#include "server/record.h"
#include "server/views.h"
#include "tests/unit/server/small_office.h"

#define FACTS_MAX 5

/* How it was written: by the office, which had seen all; by dana's device; or
 * by both devices at once, where `add` is what lee's set. */
enum hand { OFFICE, DANA, BOTH };

struct fact {
    const char *type;
    int record, kase;
    const char *set, *add;
    enum hand hand;
};

struct scene {
    const char *policy, *as_of; /* NULL: 2026-11-18 */
    struct fact facts[FACTS_MAX];
    int record;
    const char *since, *what;
    struct fact change;
};

#define PERSON_1 "\"person\":\"#1\""
#define SENT                                                                   \
    PERSON_1 ",\"status\":\"sent\",\"sent_at\":\"2026-11-10T10:00-06:00\""
#define TAX SENT ",\"basis\":\"internal\",\"tax_year\":2026"
#define IN_FORCE                                                               \
    PERSON_1                                                                   \
    ",\"contract\":\"#130\",\"text\":\"We both.\",\"status\":\"in_force\""
#define REQUEST                                                                \
    PERSON_1 ",\"category\":\"food\",\"amount_cents\":8000,\"payee\":"
#define HOURS PERSON_1 ",\"activity\":\"vocational\",\"kind\":\"actual\""

static const struct scene scenes[] = {
    {"must_refer",
     "2026-11-25",
     {{"need", 31, 1,
       .set = "{" PERSON_1 ",\"domain\":\"housing\",\"csbg_can_meet\":\"no\"}"},
      {"referral", 50, 1, .set = "{" PERSON_1 ",\"need\":\"#31\"}"}},
     31,
     "2026-11-21",
     "Need (housing) that the agency cannot meet, and no referral speaks of it",
     {"referral", 51, 1, .set = "{" SENT ",\"need\":\"#31\"}"}},
    /* 10 November was a Tuesday: three working days later is Friday, 13. */
    {"followup_overdue",
     NULL,
     {{"referral", 51, 1, .set = "{" SENT ",\"provider\":\"Pantry\"}"},
      {"referral_followup", 61, 1,
       .set =
           "{\"referral\":\"#51\",\"on\":\"2026-11-12\",\"finding\":\"other\","
           "\"entered_in_error\":true}"}},
     51,
     "2026-11-13",
     "Referral to Pantry: nobody has followed it up",
     {"referral_followup", 62, 1,
      .set = "{\"referral\":\"#51\",\"on\":\"2026-11-12\",\"finding\":"
             "\"waits\"}"}},
    {"followup_overdue",
     NULL,
     {{"referral", 51, 1,
       .set = "{" SENT ",\"provider\":\"Pantry\",\"urgency\":\"crisis\"}"}},
     51,
     "2026-11-11",
     "Referral to Pantry: nobody has followed it up",
     {"referral", 51, 1, .set = "{\"status\":\"met\"}"}},
    {"followup_overdue",
     NULL,
     {{"referral", 51, 1, .set = "{" SENT "}"},
      {"referral_followup", 61, 1,
       .set =
           "{\"referral\":\"#51\",\"on\":\"2026-11-12\",\"finding\":\"waits\","
           "\"next_due\":\"2026-11-16\"}"}},
     51,
     "2026-11-16",
     "Referral to a resource that is not named: the next follow-up is past",
     {"referral_followup", 62, 1,
      .set =
          "{\"referral\":\"#51\",\"on\":\"2026-11-17\",\"finding\":\"went\"}"}},
    {"contact_gap",
     NULL,
     {{"contact", 21, 1,
       .set = "{" PERSON_1 ",\"kind\":\"phone\",\"outcome\":\"completed\","
              "\"occurred_at\":\"2026-10-01T09:00-05:00\"}"},
      {"contact", 22, 1,
       .set = "{" PERSON_1 ",\"kind\":\"phone\",\"outcome\":\"no_answer\","
              "\"occurred_at\":\"2026-11-16T09:00-06:00\"}"}},
     1,
     "2026-10-31",
     "The last contact that came about is 48 days ago",
     {"contact", 23, 1,
      .set = "{" PERSON_1 ",\"kind\":\"home_visit\",\"occurred_at\":"
             "\"2026-11-17T09:00-06:00\"}"}},
    {"contact_gap",
     NULL,
     {{"enrollment", 101, 1,
       .set =
           "{" PERSON_1 ",\"program\":\"aspire\",\"asked_on\":\"2026-10-01\","
           "\"intensity\":\"intensive\"}"}},
     1,
     "2026-10-15",
     "No contact has come about yet",
     {"enrollment", 101, 1, .set = "{\"roma_stage\":\"closed_terminated\"}"}},
    {"budgeting_not_offered",
     NULL,
     {{"enrollment", 101, 1,
       .set =
           "{" PERSON_1 ",\"program\":\"csbg\",\"asked_on\":\"2026-09-01\"}"}},
     1,
     "2026-10-01",
     "The basics of budgeting were never offered",
     {"budgeting_offer", 193, 1,
      .set = "{" PERSON_1 ",\"on\":\"2026-11-01\",\"answer\":\"declined\"}"}},
    {"budgeting_not_offered",
     NULL,
     {{"budgeting_offer", 193, 1,
       .set = "{" PERSON_1 ",\"on\":\"2025-11-01\",\"answer\":\"accepted\"}"}},
     1,
     "2026-11-01",
     "The basics of budgeting were offered last 382 days ago",
     {"contact", 21, 1,
      .set =
          "{" PERSON_1 ",\"kind\":\"phone\",\"budgeting_offered\":\"deferred\","
          "\"occurred_at\":\"2026-11-16T09:00-06:00\"}"}},
    {"double_request",
     NULL,
     {{"expenditure_request", 201, 1, .set = "{" REQUEST "\"Shop, Inc.\"}"},
      {"expenditure_request", 202, 1, .set = "{" REQUEST "\"shop inc\"}"},
      {"expenditure_request", 203, 1, .set = "{" REQUEST "\"Other shop\"}"}},
     202,
     "2026-11-18",
     "Repeats request #201: same person, category (food) and payee",
     {"expenditure_request", 201, 1, .set = "{\"withdrawn\":true}"}},
    {"two_managers",
     NULL,
     {{"person", 2, 2, .set = "{\"legal_name\":\"Bell\"}", NULL, DANA},
      {"assignment", 16, 2, .set = "{\"primary\":\"dana\"}", NULL, DANA},
      {NULL, 16, 2, "{\"primary\":\"kim\"}", "{\"primary\":\"lee\"}", BOTH}},
     16,
     "2026-11-18",
     "Two were named as responsible at once; dana stays so until it is decided",
     {"assignment", 16, 2, .set = "{\"primary\":\"lee\"}"}},
    {"no_manager",
     NULL,
     {{"person", 2, 2, .set = "{\"legal_name\":\"Bell\"}"},
      {"enrollment", 102, 2,
       .set = "{\"person\":\"#2\",\"program\":\"aspire\",\"asked_on\":"
              "\"2026-10-01\"}"}},
     2,
     "2026-10-01",
     "Nobody is named as responsible",
     {"assignment", 12, 2, .set = "{\"primary\":\"lee\"}"}},
    {"no_manager",
     NULL,
     {{"person", 2, 2, .set = "{\"legal_name\":\"Bell\"}"},
      {"enrollment", 102, 2, .set = "{\"person\":\"#2\",\"program\":\"csbg\"}"},
      {"assignment", 12, 2, .set = "{\"primary\":\"gone\"}"}},
     2,
     "2026-11-18",
     "gone is named as responsible and works here no longer",
     {"enrollment", 102, 2, .set = "{\"cm_required\":\"no\"}"}},
    {"amendment_numbers",
     NULL,
     {{"contract_amendment", 133, 1, .set = "{" IN_FORCE "}"}},
     133,
     "2026-11-18",
     "Amendment in force without a number",
     {"contract_amendment", 133, 1, .set = "{\"number\":1}"}},
    {"amendment_numbers",
     NULL,
     {{"contract_amendment", 133, 1, .set = "{" IN_FORCE ",\"number\":1}"},
      {"contract_amendment", 134, 1, .set = "{" IN_FORCE ",\"number\":1}"}},
     134,
     "2026-11-18",
     "Amendment 1: #133 of the same contract has the number, too",
     {"contract_amendment", 134, 1, .set = "{\"number\":2}"}},
    {"amendment_numbers",
     NULL,
     {{"contract_amendment", 133, 1, .set = "{" IN_FORCE ",\"number\":1}"},
      {"contract_amendment", 134, 1, .set = "{" IN_FORCE ",\"number\":3}"}},
     134,
     "2026-11-18",
     "Amendment 3: number 2 of the same contract is missing",
     {"contract_amendment", 135, 1, .set = "{" IN_FORCE ",\"number\":2}"}},
    {"amendments_at_once",
     NULL,
     {{"contract_amendment", 133, 1, .set = "{" IN_FORCE ",\"number\":1}"},
      {"contract_amendment", 134, 1, .set = "{" IN_FORCE ",\"number\":2}"},
      {"contract_amendment", 135, 1,
       .set = "{" PERSON_1 ",\"contract\":\"#131\",\"text\":\"Other.\","
              "\"status\":\"in_force\",\"number\":1}"}},
     134,
     "2026-11-18",
     "In force together with amendment #133 of the same contract",
     {"contract_amendment", 133, 1, .set = "{\"status\":\"superseded\"}"}},
    {"contact_after_closure",
     NULL,
     {{"enrollment", 101, 1, .set = "{" PERSON_1 ",\"program\":\"csbg\"}"},
      {"closure", 165, 1,
       .set = "{" PERSON_1 ",\"enrollment\":\"#101\",\"kind\":\"terminated\","
              "\"reason\":\"employed\",\"closed_on\":\"2026-10-01\","
              "\"status\":\"closed\"}"},
      {"contact", 21, 1,
       .set = "{" PERSON_1 ",\"kind\":\"home_visit\",\"occurred_at\":"
              "\"2026-11-10T09:00-06:00\"}"},
      {"contact", 22, 1,
       .set = "{" PERSON_1 ",\"kind\":\"phone\",\"occurred_at\":"
              "\"2026-10-01T09:00-06:00\"}"}},
     21,
     "2026-11-10",
     "Contact (home visit) 40 days after the case was closed",
     {"enrollment", 102, 1, .set = "{" PERSON_1 ",\"program\":\"csbg\"}"}},
    {"contact_after_closure",
     NULL,
     {{"retention", 15, 1, .set = "{\"closed_on\":\"2026-11-15\"}"},
      {"crisis", 91, 1,
       .set = "{" PERSON_1 ",\"kind\":\"other\",\"text\":\"No heat.\"}"}},
     91,
     "2026-11-18",
     "Crisis 3 days after the case was closed",
     {"crisis", 91, 1, .set = "{\"status\":\"withdrawn\"}"}},
    {"consent_missing",
     NULL,
     {{"referral", 51, 1, .set = "{" SENT "}"}},
     51,
     "2026-11-10",
     "Referral sent with neither consent nor another basis",
     {"referral", 51, 1, .set = "{\"basis\":\"internal\"}"}},
    {"consent_revoked",
     NULL,
     {{"consent", 50, 1,
       .set = "{" PERSON_1
              ",\"kind\":\"referral_specific\",\"status\":\"given\"}"},
      {"referral", 51, 1, .set = "{" SENT ",\"consent\":\"#50\"}"},
      {"consent", 50, 1, .set = "{\"status\":\"revoked\"}"}},
     51,
     "2026-11-18",
     "Its consent is revoked",
     {"referral", 51, 1, .set = "{\"status\":\"met\"}"}},
    {"consent_revoked",
     NULL,
     {{"consent", 50, 1,
       .set = "{" PERSON_1 ",\"kind\":\"arf_001_release\",\"status\":\"given\","
              "\"valid_to\":\"2026-11-15\"}"},
      {"referral", 51, 1, .set = "{" SENT ",\"consent\":\"#50\"}"}},
     51,
     "2026-11-15",
     "Its consent is expired",
     {"referral", 51, 1, .set = "{\"basis\":\"law\"}"}},
    {"consent_revoked",
     NULL,
     {{"consent", 50, 1,
       .set = "{" PERSON_1 ",\"kind\":\"arf_001_release\",\"status\":\"given\","
              "\"valid_from\":\"2026-11-11\"}"},
      {"referral", 51, 1, .set = "{" SENT ",\"consent\":\"#50\"}"}},
     51,
     "2026-11-10",
     "Its consent is not valid on the day when it was sent",
     {"referral", 51, 1, .set = "{\"sent_at\":\"2026-11-12T10:00-06:00\"}"}},
    {"consent_revoked",
     NULL,
     {{"person", 2, 2, .set = "{\"legal_name\":\"Bell\"}"},
      {"consent", 50, 2,
       .set = "{\"person\":\"#2\",\"kind\":\"arf_001_release\",\"status\":"
              "\"given\"}"},
      {"referral", 51, 1, .set = "{" SENT ",\"consent\":\"#50\"}"}},
     51,
     "2026-11-10",
     "Its consent is of another person",
     {"person", 2, 2, .set = "{\"duplicate_of\":\"#1\"}"}},
    {"disclosure_without_basis",
     NULL,
     {{"disclosure_log", 190, 1,
       .set = "{" PERSON_1 ",\"to_whom\":\"Landlord\",\"purpose\":"
              "\"service_coordination\",\"data_classes\":[\"name\"],"
              "\"at\":\"2026-11-05T10:00-06:00\"}"}},
     190,
     "2026-11-05",
     "Told to Landlord with neither consent nor another basis",
     {"disclosure_log", 190, 1, .set = "{\"entered_in_error\":true}"}},
    {"disclosure_without_basis",
     NULL,
     {{"advocacy_action", 121, 1,
       .set =
           "{" PERSON_1 ",\"provider\":\"Landlord\",\"scope\":\"outside\","
           "\"on\":\"2026-11-05\",\"issue\":\"heat\",\"action\":\"called\"}"}},
     121,
     "2026-11-05",
     "Spoke for the client to Landlord with neither consent nor another basis",
     {"advocacy_action", 121, 1, .set = "{\"basis\":\"internal\"}"}},
    {"vita_site_closed",
     NULL,
     {{"location", 42, 0,
       .set = "{\"name\":\"Hall\",\"vita_site\":true,\"county\":\"28081\"}"},
      {"referral", 55, 1, .set = "{" TAX ",\"location\":\"#42\"}"},
      {"location", 42, 0, .set = "{\"closed\":true}"}},
     55,
     "2026-11-18",
     "Hall is closed",
     {"referral", 55, 1, .set = "{\"status\":\"not_met\"}"}},
    {"vita_site_closed",
     NULL,
     {{"location", 42, 0,
       .set = "{\"name\":\"Hall\",\"vita_site\":true,\"season_from\":"
              "\"2027-01-25\"}"},
      {"referral", 55, 1, .set = "{" TAX ",\"location\":\"#42\"}"}},
     55,
     "2026-11-10",
     "Hall was not in season when the client was referred",
     {"location", 42, 0, .set = "{\"season_from\":\"2026-11-02\"}"}},
    {"vita_wrong_county",
     NULL,
     {{"location", 42, 0, .set = "{\"vita_site\":true,\"county\":\"28105\"}"},
      {"referral", 55, 1,
       .set = "{" TAX ",\"location\":\"#42\",\"site_choice_basis\":"
              "\"other_site_in_county\"}"}},
     55,
     "2026-11-10",
     "Referred as other site in county, though the site is in county 28105 and "
     "does not serve 28081",
     {"location", 42, 0, .set = "{}", "{\"coverage\":[\"28081\"]}"}},
    {"vita_wrong_county",
     NULL,
     {{"location", 42, 0, .set = "{\"vita_site\":true,\"county\":\"28081\"}"},
      {"referral", 55, 1,
       .set = "{" TAX ",\"directory_version\":\"2026\",\"site_choice_basis\":"
              "\"no_site_in_county\"}"}},
     55,
     "2026-11-10",
     "Referred as no site in county, though site #42 serves county 28081",
     {"location", 42, 0, .set = "{\"season_to\":\"2026-04-15\"}"}},
    {"vita_wrong_county",
     NULL,
     {{"organization", 41, 0, .set = "{\"name\":\"LIFT\"}"},
      {"location", 42, 0, .set = "{\"vita_site\":true,\"county\":\"28081\"}"},
      {"referral", 55, 1,
       .set = "{" TAX ",\"location\":\"#42\",\"site_choice_basis\":"
              "\"sponsored_site\"}"}},
     55,
     "2026-11-10",
     "Referred to a sponsored site, though the directory names no sponsor of "
     "it",
     {"location", 42, 0, .set = "{\"sponsor\":\"#41\"}"}},
    {"vita_basis_missing",
     NULL,
     {{"referral", 55, 1, .set = "{" TAX "}"}},
     55,
     "2026-11-10",
     "Tax referral that does not say why this site was chosen",
     {"referral", 55, 1, .set = "{\"status\":\"entered_in_error\"}"}},
    {"vita_basis_missing",
     NULL,
     {{"referral", 55, 1,
       .set = "{" TAX ",\"site_choice_basis\":\"no_site_in_county\"}"}},
     55,
     "2026-11-10",
     "Tax referral that does not say which version of the directory has no "
     "site",
     {"referral", 55, 1, .set = "{\"directory_version\":\"2026-11\"}"}},
    {"vita_basis_missing",
     NULL,
     {{"person", 1, 1, .set = "{\"county\":null}"},
      {"referral", 55, 1,
       .set = "{" TAX ",\"site_choice_basis\":\"virtual\"}"}},
     55,
     "2026-11-10",
     "Tax referral that does not say the county",
     {"person", 1, 1, .set = "{\"county\":\"28081\"}"}},
    {"vita_season_over",
     NULL,
     {{"location", 42, 0,
       .set = "{\"name\":\"Hall\",\"vita_site\":true,\"season_to\":"
              "\"2026-11-13\"}"},
      {"referral", 55, 1, .set = "{" TAX ",\"location\":\"#42\"}"}},
     55,
     "2026-11-13",
     "Tax referral that has not ended, though the season of Hall ended on "
     "2026-11-13",
     {"referral", 55, 1, .set = "{\"status\":\"met\"}"}},
    {"possible_duplicates",
     NULL,
     {{"person", 2, 2,
       .set = "{\"legal_name\":\"Maria Bell\",\"dob\":\"1984-03-02\"}"},
      {"person", 3, 3,
       .set = "{\"legal_name\":\"Maria Bell\",\"dob\":\"1984-03-02\"}"}},
     3,
     "2026-11-18",
     "May be the same person as #2 (likeness 80): same names; same date of "
     "birth",
     {"person", 3, 3, .set = "{\"duplicate_of\":\"#2\"}"}},
    {"hours_twice",
     NULL,
     {{"work_hours", 184, 1,
       .set = "{" HOURS ",\"week_of\":\"2026-11-02\",\"minutes\":1200}"},
      {"work_hours", 185, 1,
       .set = "{" HOURS ",\"week_of\":\"2026-11-02\",\"minutes\":1500}"},
      {"work_hours", 186, 1,
       .set = "{" HOURS ",\"week_of\":\"2026-11-09\",\"minutes\":1500}"}},
     185,
     "2026-11-18",
     "Hours (vocational) of 2026-11-02: another row has 20 h, this one 25 h",
     {"work_hours", 184, 1, .set = "{\"entered_in_error\":true}"}},
    {"hours_twice",
     NULL,
     {{"person", 2, 2, .set = "{\"legal_name\":\"Bell\"}", NULL, DANA},
      {"work_hours", 184, 2,
       .set = "{" HOURS ",\"week_of\":\"2026-11-02\",\"minutes\":1200}", NULL,
       DANA},
      {NULL, 184, 2, "{\"minutes\":1260}", "{\"minutes\":1320}", BOTH}},
     184,
     "2026-11-18",
     "Hours (vocational) of 2026-11-02: two wrote different minutes",
     {"work_hours", 184, 2, .set = "{\"minutes\":1260}"}},
    {"hours_unverified",
     NULL,
     {{"work_hours", 181, 1,
       .set = "{" HOURS ",\"week_of\":\"2026-09-07\",\"minutes\":1500}"},
      {"hours_verification", 182, 1,
       .set = "{" PERSON_1 ",\"covers\":[\"#181\"],\"document\":\"pay_stub\","
              "\"seen_on\":\"2026-09-20\",\"result\":\"differs\"}"}},
     181,
     "2026-10-22",
     "25 h (vocational) of 2026-09-07 are proven by no accepted document",
     {"hours_verification", 183, 1,
      .set = "{" PERSON_1 ",\"covers\":[\"#181\"],\"document\":\"pay_stub\","
             "\"seen_on\":\"2026-09-20\",\"result\":\"confirmed\"}"}},
    {"receipt_overdue",
     NULL,
     {{"expenditure_authorization", 204, 1,
       .set = "{\"request\":\"#201\",\"number\":\"1\"," REQUEST
              "\"Shop\",\"paid_on\":\"2026-10-01\"}"}},
     204,
     "2026-10-15",
     "80.00 paid to Shop, and no receipt",
     {"receipt", 205, 1,
      .set = "{\"authorization\":\"#204\",\"amount_cents\":8000}"}},
    {"receipt_overdue",
     NULL,
     {{"voucher_spend", 214, 1,
       .set = "{" PERSON_1 ",\"voucher\":\"#213\",\"payee\":\"Pump\","
              "\"amount_cents\":1505,\"on\":\"2026-11-01\"}"}},
     214,
     "2026-11-15",
     "15.05 paid to Pump, and no receipt",
     {"receipt", 205, 1,
      .set = "{\"voucher_spend\":\"#214\",\"amount_cents\":1505}"}},
    {"obligation_overdue",
     NULL,
     {{"obligation", 138, 1,
       .set = "{\"amendment\":\"#133\",\"party\":\"department\",\"what\":\"Pay "
              "for "
              "tools.\",\"due\":\"2026-11-01\"}"}},
     138,
     "2026-11-01",
     "The Department is bound to do this by 2026-11-01: Pay for tools.",
     {"obligation", 138, 1, .set = "{\"status\":\"done\"}"}},
    {"two_households",
     NULL,
     {{"household_member", 81, 1,
       .set = "{" PERSON_1 ",\"household\":\"#71\",\"from\":\"2020-01-01\"}"},
      {"household_member", 82, 1,
       .set = "{" PERSON_1 ",\"household\":\"#72\",\"from\":\"2026-10-01\"}"}},
     82,
     "2026-11-18",
     "Member of household #72 while, or within 30 days of, being one of #71",
     {"household_member", 81, 1, .set = "{\"to\":\"2026-08-01\"}"}},
    {"progress_overdue",
     "2026-12-25",
     {{"goal", 117, 1, .set = "{\"plan\":\"#115\",\"words\":\"Drive\"}"}},
     117,
     "2026-12-18",
     "Nobody has written how it goes: Drive",
     {"progress_entry", 116, 1,
      .set = "{" PERSON_1 ",\"goal\":\"#117\",\"on\":\"2026-12-20\",\"text\":"
             "\"Took a lesson.\"}"}},
    {"transition_followup_missing",
     NULL,
     {{"closure", 165, 1,
       .set = "{" PERSON_1 ",\"enrollment\":\"#101\",\"kind\":\"transition\","
              "\"reason\":\"employed\",\"closed_on\":\"2026-07-01\","
              "\"status\":\"closed\"}"}},
     165,
     "2026-10-13",
     "Closed on 2026-07-01, and nobody has asked after 90 days",
     {"transition_followup", 166, 1,
      .set = "{" PERSON_1 ",\"closure\":\"#165\",\"mark\":\"day_90\",\"on\":"
             "\"2026-10-01\",\"reached\":\"no\"}"}},
};
#define SCENE_COUNT (sizeof scenes / sizeof *scenes)

/* --- writing -------------------------------------------------------------- */

static struct small_office office;

static void office_write(const struct fact *fact)
{
    struct place *place = &office.place;
    struct record record;
    struct seen seen;
    struct dot dot;
    struct buffer set, add;
    char id[SMALL_ID_CHARS], kase[SMALL_ID_CHARS];
    struct revision_draft draft = {.record = small_id(id, fact->record),
                                   .seen = &seen};
    buffer_init(&set, 1u << 16);
    buffer_init(&add, 1u << 16);
    seen_init(&seen);
    small_spell(&set, fact->set);
    small_spell(&add, fact->add ? fact->add : "{}");
    draft.set = set.size > 2 ? buffer_bytes(&set) : bytes_of(NULL, 0);
    draft.add = add.size > 2 ? buffer_bytes(&add) : bytes_of(NULL, 0);
    enum err err = record_load(&record, place->office, &place->sql, id);
    if (err) {
        draft.type = fact->type;
        draft.kase = fact->kase ? small_id(kase, fact->kase) : NULL;
    } else {
        CHECK(fold_context(record.memo, &seen));
    }
    record_fini(&record);
    CHECK(ingest_office(place->office, &place->sql, "boss", &draft, &dot));
    seen_fini(&seen);
    buffer_fini(&add);
    buffer_fini(&set);
}

static void both_write(const struct fact *fact)
{
    char id[SMALL_ID_CHARS], seen[64];
    snprintf(seen, sizeof seen, "{\"%s\":%lld}", office.dana.replica,
             (long long)office.dana.head);
    device_revise(&office.dana, small_id(id, fact->record), seen, fact->set);
    device_revise(&office.lee, id, seen, fact->add);
}

static void device_facts(const struct fact *facts)
{
    for (size_t i = 0; i < FACTS_MAX && facts[i].record; i++) {
        const struct fact *fact = &facts[i];
        if (fact->hand == DANA)
            small_write(&office.dana, fact->type, fact->record, fact->kase,
                        fact->set, NULL);
        if (fact->hand == BOTH)
            both_write(fact);
    }
    if (office.dana.head + office.lee.head > 0) {
        device_sync_ok(&office.dana, &office.place);
        device_sync_ok(&office.lee, &office.place);
    }
}

static void write_all(const struct fact *facts)
{
    struct sql *sql = &office.place.sql;
    device_facts(facts);
    CHECK(sql_begin(sql, true));
    for (size_t i = 0; i < FACTS_MAX && facts[i].record; i++)
        if (facts[i].hand == OFFICE)
            office_write(&facts[i]);
    CHECK(sql_commit(sql));
}

/* Dana is responsible for person 1, who lives in county 28081. */
static void open_office(bool devices)
{
    static const struct fact facts[FACTS_MAX] = {
        {"person", 1, 1,
         .set = "{\"legal_name\":\"Ames\",\"county\":\"28081\"}"},
        {"assignment", 11, 1, .set = "{\"primary\":\"dana\"}"},
    };
    office = (struct small_office){.dana = {.head = 0}};
    place_open(&office.place);
    place_account(&office.place, "dana", "caseload:east");
    place_account(&office.place, "lee", "caseload:east");
    if (devices) {
        device_enrol(&office.dana, &office.place, "dana");
        device_enrol(&office.lee, &office.place, "lee");
    }
    write_all(facts);
    CHECK(views_update(office.place.office));
}

static void close_office(bool devices)
{
    if (devices) {
        device_fini(&office.dana);
        device_fini(&office.lee);
    }
    place_close(&office.place);
}

/* --- finding -------------------------------------------------------------- */

static void find(struct findings *f, const char *policy, const char *as_of)
{
    char detail[REPORT_DETAIL_CHARS];
    struct finding_wanted wanted = {.policy = policy,
                                    .as_of = as_of ? as_of : "2026-11-18"};
    if (findings_load(f, office.place.office, &wanted, detail))
        fail_msg("%s: %s", policy, detail);
}

static const struct finding *of_record(const struct findings *f, int record)
{
    char id[SMALL_ID_CHARS];
    small_id(id, record);
    for (size_t i = 0; i < f->count; i++)
        if (!strcmp(f->at[i]->record, id))
            return f->at[i];
    return NULL;
}

static void check_found(const struct scene *scene, const struct findings *f)
{
    const struct finding *finding = of_record(f, scene->record);
    struct buffer what;
    int64_t since;
    if (!finding || f->count != 1)
        fail_msg("%s: %zu findings, record %d %s", scene->policy, f->count,
                 scene->record, finding ? "is one" : "is none");
    buffer_init(&what, 1u << 12);
    for (const char *at = scene->what; *at; at++) {
        char id[SMALL_ID_CHARS], *end = NULL;
        if (*at == '#')
            buffer_add_text(&what, small_id(id, (int)strtol(at + 1, &end, 10)));
        else
            buffer_add_char(&what, *at);
        at = end ? end - 1 : at;
    }
    assert_string_equal(finding->what, buffer_text(&what));
    buffer_fini(&what);
    CHECK(instant_parse(bytes_text(scene->since), &since));
    if (finding->since != since / 86400000)
        fail_msg("%s: since %+d days of %s", scene->policy,
                 (int)(finding->since - since / 86400000), scene->since);
    assert_int_equal(finding->age, f->as_of_day - finding->since);
    assert_true(id_valid(bytes_text(finding->id)));
    assert_false(finding->resolved);
}

/* Where only a person is, only what should have been done for one is missing.
 */
static void check_before(const struct scene *scene)
{
    struct findings f;
    find(&f, scene->policy, scene->as_of);
    if (f.count > 0)
        fail_msg("%s finds something where nothing is", scene->policy);
    findings_fini(&f);
}

static void play(const struct scene *scene)
{
    struct findings f;
    const struct fact change[FACTS_MAX] = {scene->change};
    bool devices = scene->facts[0].hand == DANA;
    open_office(devices);
    check_before(scene);
    write_all(scene->facts);
    find(&f, scene->policy, scene->as_of);
    check_found(scene, &f);
    findings_fini(&f);
    write_all(change);
    find(&f, scene->policy, scene->as_of);
    if (f.count > 0)
        fail_msg("%s goes on finding: %s", scene->policy, f.at[0]->what);
    findings_fini(&f);
    close_office(devices);
}

static void each_policy_finds_and_a_change_settles_it(void **state)
{
    (void)state;
    setenv("TZ", "UTC", 1);
    for (size_t i = 0; i < SCENE_COUNT; i++)
        play(&scenes[i]);
}

static void no_policy_is_without_a_scene(void **state)
{
    (void)state;
    assert_true(policy_count() > 0);
    for (size_t i = 0; i < policy_count(); i++) {
        struct arena arena;
        struct report policy;
        char detail[REPORT_DETAIL_CHARS];
        size_t shown = 0;
        arena_init(&arena, 1u << 20);
        assert_int_equal(policy_at(&policy, &arena, i, detail), ERR_OK);
        for (size_t j = 0; j < SCENE_COUNT; j++)
            shown += !strcmp(policy.id, scenes[j].policy);
        if (shown == 0)
            fail_msg("%s has no scene", policy.id);
        assert_true(policy.clauses[0]);
        arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_policy_finds_and_a_change_settles_it),
        cmocka_unit_test(no_policy_is_without_a_scene),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
