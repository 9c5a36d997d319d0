/* Views of what is no record: who may see, who works here, devices, and what
 * waits for a person; and of what many reports ask of several types, so that
 * they agree on it. */
#include "server/views.h"

/* What ends an enrollment, and what answers an offer. */
#define ENDED "'closed_terminated', 'closed_transition'"
#define ANSWERS "'accepted', 'declined', 'deferred'"

/* `%s` is the agency. */
static const struct {
    const char *name, *columns, *from;
} views[] = {
    {"o_caseload", "case_id, substr(scope, 10) AS caseload",
     "membership WHERE agency = '%s' AND scope LIKE 'caseload:%%' "
     "AND left_seq IS NULL"},
    {"o_user",
     "account AS \"user\", role, made_at, disabled_at IS NOT NULL AS disabled",
     "account WHERE agency = '%s'"},
    {"o_device",
     "replica, account AS \"user\", enrolled_at, seen_at, head AS lines, "
     "top - head AS missing, closed, revoked_at",
     "replica WHERE agency = '%s' AND kind = 'w'"},
    {"o_conflict",
     "conflict.record, record.type, record.case_id, conflict.field, "
     "conflict.since",
     "conflict JOIN record ON record.agency = conflict.agency "
     "AND record.record = conflict.record WHERE conflict.agency = '%s'"},
    {"o_hold",
     "held.replica, held.n, held.record, held.reason, held.owner, held.since, "
     "held.released IS NOT NULL AS released, replica.account AS \"user\"",
     "held LEFT JOIN replica ON replica.agency = held.agency "
     "AND replica.replica = held.replica WHERE held.agency = '%s'"},
    {"o_clock",
     "replica, received_at, json_extract(samples, '$[#-1][3]') - received_at "
     "AS ahead_ms",
     "clock_sample WHERE agency = '%s'"},
    {"o_case",
     "p.case_id, p.person, p.written_at, e.begun_day, e.enrolled_until, "
     "e.managed_until, r.file_closed_on",
     "(SELECT case_id, min(record) AS person, min(coalesce(legal_name__at, "
     "preferred_name__at, first_name__at)) AS written_at\nFROM v_person "
     "WHERE duplicate_of IS NULL GROUP BY case_id) p\nLEFT JOIN ("
     "SELECT case_id, min(coalesce(opened_on__day, asked_on__day)) AS "
     "begun_day,\nmax(CASE WHEN coalesce(roma_stage, '') IN (" ENDED ") "
     "THEN '' ELSE coalesce(closed_on, '9999') END) AS enrolled_until,\n"
     "max(CASE WHEN coalesce(roma_stage, '') IN (" ENDED ") "
     "OR coalesce(cm_required, 'yes') = 'no' THEN '' "
     "ELSE coalesce(closed_on, '9999') END) AS managed_until\n"
     "FROM v_enrollment GROUP BY case_id) e ON e.case_id = p.case_id\n"
     "LEFT JOIN (SELECT case_id, min(closed_on) AS file_closed_on "
     "FROM v_retention GROUP BY case_id) r ON r.case_id = p.case_id"},
    {"o_offer", "case_id, what, day, written_at",
     "(SELECT case_id, 'budgeting' AS what, occurred_at__day AS day, "
     "NULL AS written_at FROM v_contact\nWHERE budgeting_offered IN "
     "(" ANSWERS ") AND coalesce(entered_in_error, 0) = 0\n"
     "UNION ALL SELECT case_id, 'budgeting', on__day, answer__at "
     "FROM v_budgeting_offer WHERE coalesce(entered_in_error, 0) = 0\n"
     "UNION ALL SELECT case_id, 'eitc', occurred_at__day, NULL "
     "FROM v_contact\nWHERE eitc_offered IN (" ANSWERS ") "
     "AND coalesce(entered_in_error, 0) = 0\n"
     "UNION ALL SELECT case_id, 'eitc', on__day, answer__at "
     "FROM v_eitc_offer WHERE coalesce(entered_in_error, 0) = 0) offer"},
    {"o_intake", "record, county, from_day, to_day, written_at, closed_at",
     "(SELECT l.record, coalesce(l.county, v.value) AS county, "
     "l.intake_from__day AS from_day, l.intake_to__day AS to_day, "
     "l.intake_site__at AS written_at,\n"
     "CASE WHEN l.closed = 1 THEN l.closed__at END AS closed_at\n"
     "FROM v_location l LEFT JOIN v_location__coverage v "
     "ON v.record = l.record AND l.county IS NULL\n"
     "WHERE l.intake_site = 1) site WHERE county IS NOT NULL"},
};

size_t views_fixed_count(void)
{
    return sizeof views / sizeof *views;
}

const char *views_fixed_name(size_t index)
{
    return views[index].name;
}

const char *views_fixed_from(size_t index)
{
    return views[index].from;
}

enum err views_fixed_statement(struct buffer *out, const char *agency,
                               size_t index)
{
    buffer_printf(out, "CREATE VIEW \"%s\" AS SELECT %s\nFROM ",
                  views[index].name, views[index].columns);
    const char *mark = views[index].from;
    for (; *mark; mark++) {
        if (*mark != '%')
            buffer_add_char(out, *mark);
        else if (*++mark == 's')
            buffer_add_text(out, agency);
        else
            buffer_add_char(out, '%');
    }
    return buffer_err(out);
}
