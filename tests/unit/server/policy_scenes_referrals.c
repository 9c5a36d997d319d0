/* Consents, disclosures, and tax referrals by county. */
#include "tests/unit/server/policy_scene.h"

#define COUNTY_OF(code, label)                                                 \
    "{\"code\":\"" code "\",\"label\":\"" label "\",\"csbg_entity\":\"LIFT\"}"
#define COUNTIES_ARE(codes)                                                    \
    {                                                                          \
        "code_set", 171, 0,                                                    \
            .set =                                                             \
                "{\"set\":\"counties\",\"version\":\"2020\",\"codes\":[" codes \
                "]}"                                                           \
    }
#define COUNTY COUNTIES_ARE(COUNTY_OF("28081", "Lee"))
#define COUNTIES                                                               \
    COUNTIES_ARE(COUNTY_OF("28057", "Itawamba") "," COUNTY_OF("28081", "Lee"))

const struct scene scenes_of_referrals[] = {
    {"guard",
     NULL,
     {{"referral", 51, 1, .set = "{" SENT "}"}},
     51,
     "2026-11-18",
     "no release lets this referral leave: record the consent that the client "
     "signed and name it in `consent`, or say in `basis` why none is needed",
     {"referral", 51, 1, .set = "{\"basis\":\"internal\"}"}},
    {"guard",
     NULL,
     {{"consent", 50, 1,
       .set = "{" PERSON_1 ",\"kind\":\"referral_specific\",\"mark\":"
              "\"drawn\",\"status\":\"given\"}"},
      {"referral", 51, 1, .set = "{" SENT ",\"consent\":\"#50\"}"},
      {"consent", 50, 1,
       .set = "{\"status\":\"revoked\",\"revoked_how\":\"by phone\"}"}},
     51,
     "2026-11-18",
     "the release that it names was revoked, is of another kind or is not in "
     "this case: tell the provider nothing more, and get a new consent or give "
     "the basis",
     {"referral", 51, 1, .set = "{\"basis\":\"law\"}"}},
    {"guard",
     NULL,
     {{"referral", 55, 1, .set = "{" TAX ",\"county\":\"28081\"}"}},
     55,
     "2026-11-18",
     "it does not say how the tax site was chosen: fill in "
     "`site_choice_basis`; where the county has no site, no_site_in_county is "
     "an answer",
     {"referral", 55, 1, .set = "{\"site_choice_basis\":\"virtual\"}"}},
    {"consent_expired",
     NULL,
     {{"consent", 50, 1,
       .set = "{" PERSON_1 ",\"kind\":\"arf_001_release\",\"status\":\"given\","
              "\"valid_to\":\"2026-11-15\"}"},
      {"referral", 51, 1, .set = "{" SENT ",\"consent\":\"#50\"}"}},
     51,
     "2026-11-15",
     "Its consent has expired",
     {"referral", 51, 1, .set = "{\"basis\":\"law\"}"}},
    {"consent_expired",
     NULL,
     {{"consent", 50, 1,
       .set = "{" PERSON_1 ",\"kind\":\"arf_001_release\",\"status\":\"given\","
              "\"valid_from\":\"2026-11-11\"}"},
      {"referral", 51, 1, .set = "{" SENT ",\"consent\":\"#50\"}"}},
     51,
     "2026-11-10",
     "Its consent was not valid on the day when it was sent",
     {"referral", 51, 1, .set = "{\"sent_at\":\"2026-11-12T10:00-06:00\"}"}},
    {"no_intake_site",
     NULL,
     {COUNTY},
     171,
     "2026-11-18",
     "Lee (28081), a county of LIFT, has no intake site in the directory",
     {"location", 42, 0, .set = "{\"county\":\"28081\",\"intake_site\":true}"}},
    {"no_intake_site",
     NULL,
     {COUNTIES,
      {"location", 42, 0,
       .set = "{\"county\":\"28081\",\"intake_site\":true,"
              "\"intake_from\":\"2026-01-05\"}"}},
     171,
     "2026-01-05",
     "Itawamba (28057), a county of LIFT, has no intake site in the directory",
     {"location", 43, 0, .set = "{\"county\":\"28057\",\"intake_site\":true}"}},
    {"no_intake_site",
     NULL,
     {COUNTY,
      {"location", 42, 0,
       .set = "{\"county\":\"28081\",\"intake_site\":true,"
              "\"intake_to\":\"2026-10-31\"}"}},
     171,
     "2026-11-01",
     "Lee (28081), a county of LIFT, has no intake site any more",
     {"location", 42, 0, .set = "{\"intake_to\":\"2026-12-31\"}"}},
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
    {.policy = NULL},
};
