/* Views of what is no record: who may see, who works here, devices, and what
 * waits for a person. */
#include "server/views.h"

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
};

size_t views_fixed_count(void)
{
    return sizeof views / sizeof *views;
}

const char *views_fixed_name(size_t index)
{
    return views[index].name;
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
