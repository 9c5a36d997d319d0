/* What the small office's workers wrote beside contacts and referrals. */
#include "tests/unit/server/small_office.h"

struct fact {
    char who; /* 'd'ana, 'l'ee or the 'o'ffice */
    const char *type;
    int record, kase;
    const char *set, *add;
};

static const struct fact facts[] = {
    {'d', "person", 7, 7, "{\"legal_name\":\"Ford\"}", NULL},
    /* Enrollments: 1 is seen often, 7 needs no case manager. */
    {'d', "enrollment", 101, 1,
     "{\"person\":\"#1\",\"program\":\"aspire\",\"asked_on\":\"2026-09-01\","
     "\"roma_stage\":\"implementing\",\"intensity\":\"intensive\"}",
     NULL},
    {'l', "enrollment", 102, 2,
     "{\"person\":\"#2\",\"program\":\"csbg\",\"asked_on\":\"2026-10-01\","
     "\"roma_stage\":\"engaged\"}",
     NULL},
    {'d', "enrollment", 107, 7,
     "{\"person\":\"#7\",\"program\":\"csbg\",\"asked_on\":\"2026-10-01\","
     "\"roma_stage\":\"enrolled\",\"cm_required\":\"no\"}",
     NULL},
    {'d', "handover", 110, 1,
     "{\"person\":\"#1\",\"from_user\":\"lee\",\"to_user\":\"dana\","
     "\"note\":\"Knows the landlord.\",\"status\":\"done\"}",
     NULL},
    /* An assessment without a ranking; a plan without a goal of employment. */
    {'d', "assessment", 111, 1,
     "{\"person\":\"#1\",\"done_on\":\"2026-09-05\",\"status\":\"done\","
     "\"none_stated\":[\"challenges\"]}",
     NULL},
    {'d', "strength_item", 112, 1,
     "{\"assessment\":\"#111\",\"domain\":\"family\",\"text\":\"Sings.\"}",
     NULL},
    {'d', "plan", 113, 1,
     "{\"person\":\"#1\",\"enrollment\":\"#101\",\"kind\":"
     "\"employment_plan\",\"based_on_assessment\":\"#111\",\"client_agreed\":"
     "\"yes\",\"agreed_on\":\"2026-09-10\",\"participant_present\":\"yes\","
     "\"status\":\"agreed\"}",
     NULL},
    {'d', "goal", 114, 1,
     "{\"plan\":\"#113\",\"type\":\"skill\",\"words\":\"Weld\",\"status\":"
     "\"open\"}",
     NULL},
    {'l', "plan", 115, 2,
     "{\"person\":\"#2\",\"kind\":\"service_delivery_plan\",\"status\":"
     "\"in_progress\",\"participant_present\":\"no\"}",
     NULL},
    {'d', "progress_entry", 116, 1,
     "{\"goal\":\"#114\",\"on\":\"2026-10-01\",\"progress\":\"some\","
     "\"text\":\"Bought a mask.\"}",
     NULL},
    {'l', "goal", 117, 2,
     "{\"plan\":\"#115\",\"type\":\"employment\",\"words\":\"Drive\"}", NULL},
    {'l', "monitoring_entry", 118, 2,
     "{\"plan\":\"#115\",\"on\":\"2026-10-01\",\"finding\":\"Waits.\","
     "\"next_due\":\"2026-11-01\"}",
     NULL},
    /* The last counts, not the one that is due last. */
    {'l', "evaluation", 221, 2,
     "{\"person\":\"#2\",\"plan\":\"#115\",\"on\":\"2026-10-02\","
     "\"text\":\"Slow.\",\"next_due\":\"2026-11-01\"}",
     NULL},
    {'l', "evaluation", 222, 2,
     "{\"person\":\"#2\",\"plan\":\"#115\",\"on\":\"2026-09-01\","
     "\"text\":\"Begun.\",\"next_due\":\"2026-12-20\"}",
     NULL},
    {'d', "choice_offered", 122, 1,
     "{\"person\":\"#1\",\"on\":\"2026-09-10\",\"answer\":\"chose_own\"}",
     NULL},
    /* The second score stands in the case that was merged. */
    {'d', "scale_score", 119, 1,
     "{\"person\":\"#1\",\"scale\":\"outcomes\",\"scale_version\":\"1\","
     "\"domain\":\"housing\",\"score\":2,\"as_of\":\"2026-09-05\"}",
     NULL},
    {'d', "scale_score", 120, 4,
     "{\"person\":\"#4\",\"scale\":\"outcomes\",\"scale_version\":\"1\","
     "\"domain\":\"housing\",\"score\":4,\"as_of\":\"2026-11-01\"}",
     NULL},
    {'d', "advocacy_action", 121, 1,
     "{\"person\":\"#1\",\"provider\":\"Landlord\",\"scope\":\"outside\","
     "\"on\":\"2026-11-05\",\"issue\":\"heat\",\"action\":\"called\","
     "\"result\":\"granted\"}",
     NULL},
    /* A contract, and three amendments of which each lacks something. */
    {'d', "family_contract", 130, 1,
     "{\"person\":\"#1\",\"text\":\"We both.\",\"status\":\"in_force\"}", NULL},
    {'d', "signature", 131, 1,
     "{\"of\":\"#130\",\"role\":\"participant\",\"mark\":\"x_mark\"}", NULL},
    {'d', "signature", 132, 1,
     "{\"of\":\"#130\",\"role\":\"department\",\"mark\":\"drawn\"}", NULL},
    {'d', "contract_amendment", 133, 1,
     "{\"contract\":\"#130\",\"text\":\"One.\",\"status\":"
     "\"signed_participant\"}",
     NULL},
    {'d', "signature", 134, 1,
     "{\"of\":\"#133\",\"role\":\"participant\",\"mark\":\"drawn\"}", NULL},
    {'d', "contract_amendment", 135, 1,
     "{\"contract\":\"#130\",\"text\":\"Two.\",\"status\":\"in_force\"}",
     "{\"copy_given_on\":[\"2026-10-01\"],\"hearing_notice_on\":"
     "[\"2026-10-01\"]}"},
    {'d', "signature", 136, 1,
     "{\"of\":\"#135\",\"role\":\"participant\",\"mark\":\"drawn\"}", NULL},
    {'d', "signature", 137, 1,
     "{\"of\":\"#135\",\"role\":\"department\",\"mark\":\"drawn\"}", NULL},
    {'d', "obligation", 138, 1,
     "{\"amendment\":\"#135\",\"party\":\"participant\",\"what\":\"Go\","
     "\"due\":\"2026-11-01\",\"status\":\"open\"}",
     NULL},
    {'d', "contract_amendment", 139, 1,
     "{\"contract\":\"#130\",\"text\":\"Three.\",\"status\":\"in_force\"}",
     NULL},
    /* Codes, services, outcomes. */
    {'o', "code_set", 150, 0,
     "{\"set\":\"csbg-services\",\"version\":\"3.0\",\"codes\":["
     "{\"code\":\"SDA 1b\",\"label\":\"Referrals\"},"
     "{\"code\":\"SRV 3a\",\"label\":\"Taxes\"}]}",
     NULL},
    {'o', "code_set", 151, 0,
     "{\"set\":\"csbg-fnpi\",\"version\":\"2.1\",\"codes\":["
     "{\"code\":\"FNPI 2c\",\"label\":\"All\",\"total_of_children\":\"yes\"},"
     "{\"code\":\"FNPI 2c.1\",\"label\":\"One\",\"parent\":\"FNPI 2c\"},"
     "{\"code\":\"FNPI 2c.2\",\"label\":\"Two\",\"parent\":\"FNPI 2c\"},"
     "{\"code\":\"FNPI 7a\",\"label\":\"Any\"}]}",
     NULL},
    {'o', "code_set", 152, 0,
     "{\"set\":\"csbg-characteristics\",\"version\":\"3.0\",\"codes\":["
     "{\"code\":\"C1.1\",\"label\":\"Male\",\"item\":\"C1\"},"
     "{\"code\":\"C1.2\",\"label\":\"Female\",\"item\":\"C1\"}]}",
     NULL},
    {'o', "code_set", 195, 0,
     "{\"set\":\"counties\",\"version\":\"2020\",\"codes\":["
     "{\"code\":\"28003\",\"label\":\"Alcorn\",\"csbg_entity\":\"NECS\"},"
     "{\"code\":\"28081\",\"label\":\"Lee\",\"csbg_entity\":\"LIFT\"},"
     "{\"code\":\"23001\",\"label\":\"Androscoggin\"}]}",
     NULL},
    {'d', "service_delivered", 153, 1,
     "{\"person\":\"#1\",\"codeset\":\"csbg_srv\",\"codeset_version\":"
     "\"3.0\",\"code\":\"SRV 3a\",\"on\":\"2026-11-10\"}",
     NULL},
    {'d', "service_delivered", 154, 4,
     "{\"person\":\"#4\",\"codeset\":\"csbg-services\",\"codeset_version\":"
     "\"3.0\",\"code\":\"SRV 3a\",\"on\":\"2026-11-11\"}",
     NULL},
    {'l', "service_delivered", 155, 2,
     "{\"person\":\"#2\",\"codeset\":\"csbg_srv\",\"codeset_version\":"
     "\"3.0\",\"code\":\"SRV 9x\",\"on\":\"2026-11-10\"}",
     NULL},
    {'d', "outcome", 156, 1,
     "{\"person\":\"#1\",\"codeset\":\"csbg_fnpi\",\"codeset_version\":"
     "\"2.1\",\"code\":\"FNPI 2c.1\",\"achieved_on\":\"2026-11-10\","
     "\"verification\":\"verified\"}",
     NULL},
    {'l', "outcome", 157, 2,
     "{\"person\":\"#2\",\"codeset\":\"csbg_fnpi\",\"codeset_version\":"
     "\"2.1\",\"code\":\"FNPI 2c.1\",\"achieved_on\":\"2026-11-10\"}",
     NULL},
    {'d', "outcome", 158, 1,
     "{\"person\":\"#1\",\"codeset\":\"csbg_fnpi\",\"codeset_version\":"
     "\"2.1\",\"code\":\"FNPI 2c.2\",\"achieved_on\":\"2026-11-10\"}",
     NULL},
    {'d', "outcome", 159, 3,
     "{\"person\":\"#3\",\"codeset\":\"csbg_fnpi\",\"codeset_version\":"
     "\"2.1\",\"code\":\"FNPI 2c.1\",\"achieved_on\":\"2026-11-10\","
     "\"verification\":\"rejected\"}",
     NULL},
    {'o', "npi_target", 160, 0,
     "{\"entity\":\"LIFT\",\"year\":2026,\"codeset\":\"csbg_fnpi\","
     "\"codeset_version\":\"2.1\",\"code\":\"FNPI 2c.1\",\"target\":4}",
     NULL},
    {'d', "goal", 161, 3,
     "{\"person\":\"#3\",\"type\":\"other\",\"words\":\"Read\",\"codeset\":"
     "\"csbg_fnpi\",\"codeset_version\":\"2.1\",\"code\":\"FNPI 2c.2\"}",
     NULL},
    {'d', "characteristic", 162, 1,
     "{\"person\":\"#1\",\"codeset\":\"csbg_characteristics\","
     "\"codeset_version\":\"3.0\",\"code\":\"C1\",\"value\":\"male\","
     "\"as_of\":\"2026-01-05\"}",
     NULL},
    {'l', "characteristic", 163, 2,
     "{\"person\":\"#2\",\"codeset\":\"csbg_characteristics\","
     "\"codeset_version\":\"3.0\",\"code\":\"C1.2\",\"value\":\"yes\","
     "\"as_of\":\"2026-02-01\"}",
     NULL},
    {'l', "characteristic", 164, 2,
     "{\"person\":\"#2\",\"codeset\":\"csbg_characteristics\","
     "\"codeset_version\":\"3.0\",\"code\":\"C1\",\"value\":\"Male\","
     "\"as_of\":\"2025-02-01\"}",
     NULL},
    {'d', "closure", 165, 5,
     "{\"person\":\"#5\",\"kind\":\"transition\",\"reason\":\"goals_met\","
     "\"closed_on\":\"2026-07-01\",\"status\":\"closed\",\"override_by\":"
     "\"lee\"}",
     NULL},
    {'d', "transition_followup", 166, 5,
     "{\"closure\":\"#165\",\"mark\":\"day_90\",\"on\":\"2026-10-01\","
     "\"reached\":\"yes\",\"employed\":\"yes\"}",
     NULL},
    /* Somebody else said so: whoever was not reached has no work by this. */
    {'d', "transition_followup", 223, 5,
     "{\"closure\":\"#165\",\"mark\":\"day_180\",\"on\":\"2026-10-02\","
     "\"reached\":\"no\",\"employed\":\"yes\"}",
     NULL},
    {'o', "logic_model", 170, 0,
     "{\"entity\":\"LIFT\",\"year\":2026,\"name\":\"Taxes\",\"level\":"
     "\"family\",\"need_rank\":\"rank_1\",\"status\":\"approved\"}",
     NULL},
    {'o', "outcome_objective", 171, 0,
     "{\"model\":\"#170\",\"measure\":\"file\",\"number\":120,\"of\":400,"
     "\"target\":\"#160\"}",
     NULL},
    {'o', "outcome_objective", 172, 0,
     "{\"model\":\"#170\",\"measure\":\"save\",\"number\":10}", NULL},
    {'o', "logic_model", 173, 0,
     "{\"entity\":\"LIFT\",\"year\":2026,\"name\":\"Else\",\"level\":"
     "\"agency\",\"need_rank\":\"other\"}",
     NULL},
    /* Hours of November: 8000 minutes of which 6000 are covered; two rows of
     * one week; five hours that were excused for good cause. */
    {'d', "work_hours", 181, 1,
     "{\"person\":\"#1\",\"activity\":\"unsubsidized_employment\","
     "\"week_of\":\"2026-11-02\",\"minutes\":6000,\"kind\":\"actual\"}",
     NULL},
    {'d', "work_hours", 182, 1,
     "{\"person\":\"#1\",\"activity\":\"job_skills\",\"week_of\":"
     "\"2026-11-09\",\"minutes\":2000,\"kind\":\"actual\"}",
     NULL},
    {'d', "hours_verification", 183, 1,
     "{\"person\":\"#1\",\"covers\":[\"#181\"],\"result\":\"confirmed\"}",
     NULL},
    {'l', "work_hours", 184, 2,
     "{\"person\":\"#2\",\"activity\":\"vocational\",\"week_of\":"
     "\"2026-11-02\",\"minutes\":1200,\"kind\":\"actual\"}",
     NULL},
    {'l', "work_hours", 185, 2,
     "{\"person\":\"#2\",\"activity\":\"vocational\",\"week_of\":"
     "\"2026-11-02\",\"minutes\":1500,\"kind\":\"actual\"}",
     NULL},
    {'d', "work_hours", 186, 3,
     "{\"person\":\"#3\",\"activity\":\"vocational\",\"week_of\":"
     "\"2026-11-02\",\"minutes\":300,\"kind\":\"excused\"}",
     NULL},
    {'o', "good_cause", 187, 3,
     "{\"person\":\"#3\",\"from\":\"2026-11-01\",\"reason\":\"illness\","
     "\"decision\":\"granted\"}",
     NULL},
    {'d', "hours_projection", 188, 1,
     "{\"person\":\"#1\",\"from\":\"2026-05-01\",\"to\":\"2026-11-30\"}", NULL},
    {'d', "disclosure_log", 190, 1,
     "{\"person\":\"#1\",\"to_whom\":\"Landlord\",\"purpose\":"
     "\"service_coordination\",\"at\":\"2026-11-05T10:00-06:00\"}",
     NULL},
    {'d', "external_entry", 192, 1,
     "{\"of\":\"#22\",\"system\":\"Virtual ROMA\",\"status\":\"keyed\"}", NULL},
    {'d', "budgeting_offer", 193, 3,
     "{\"person\":\"#3\",\"on\":\"2026-11-01\",\"answer\":\"declined\"}", NULL},
    {'d', "eitc_offer", 194, 3,
     "{\"person\":\"#3\",\"tax_year\":2025,\"on\":\"2026-11-01\",\"answer\":"
     "\"accepted\"}",
     NULL},
    {'d', "resource_effectiveness", 196, 1,
     "{\"person\":\"#1\",\"organization\":\"#41\",\"on\":\"2026-11-02\","
     "\"helped\":\"no\"}",
     NULL},
};

void small_casefile(struct small_office *s, bool office)
{
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        const struct fact *f = &facts[i];
        if ((f->who == 'o') != office)
            continue;
        if (office)
            small_office_write(&s->place, f->type, f->record, f->kase, f->set);
        else
            small_write(f->who == 'd' ? &s->dana : &s->lee, f->type, f->record,
                        f->kase, f->set, f->add);
    }
}
