/* schema/operations.txt: who may do what at the office. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "server/command_table.h"
#include "server/operation.h"
#include "server/report_print.h"
#include "server/role.h"
#include "server/service.h"

static struct role_table_line lines[256];
static size_t line_count;

static int setup(void **state)
{
    struct bytes table = operation_table();
    (void)state;
    for (line_count = 0; table.size; line_count++) {
        assert_true(line_count < sizeof lines / sizeof *lines);
        if (!role_table_next(&table, &lines[line_count]))
            break;
    }
    return line_count == 0;
}

static const struct role_table_line *line_of(const char *name)
{
    const struct role_table_line *found = NULL;
    for (size_t i = 0; i < line_count; i++) {
        if (!bytes_is(lines[i].name, name))
            continue;
        if (found)
            fail_msg("%s stands twice", name);
        found = &lines[i];
    }
    if (!found)
        fail_msg("%s: no line says who may", name);
    return found;
}

static bool is_command(struct bytes name)
{
    for (size_t i = 0; i < command_entry_count; i++)
        if (bytes_is(name, command_entries[i].name))
            return true;
    return false;
}

static void report_name(size_t i, char out[COMMAND_OPERATION_CHARS],
                        bool *personal)
{
    struct arena arena;
    struct report report;
    char detail[REPORT_DETAIL_CHARS];
    arena_init(&arena, REPORT_RUN_BYTES_MAX);
    assert_int_equal(report_at(&report, &arena, i, detail), ERR_OK);
    int size = snprintf(out, COMMAND_OPERATION_CHARS, "report %s", report.id);
    assert_true(size > 0 && size < COMMAND_OPERATION_CHARS);
    if (personal)
        *personal = report_is_personal(&report);
    arena_fini(&arena);
}

static bool is_report(struct bytes name)
{
    char known[COMMAND_OPERATION_CHARS];
    for (size_t i = 0; i < report_count(); i++) {
        report_name(i, known, NULL);
        if (bytes_is(name, known))
            return true;
    }
    return false;
}

/* "METHOD PATH", or that and a comma and what of it is meant. */
static bool is_of(struct bytes name, const char *method, const char *path)
{
    char known[COMMAND_OPERATION_CHARS];
    int size = snprintf(known, sizeof known, "%s %s", method, path);
    assert_true(size > 0 && size < COMMAND_OPERATION_CHARS);
    return name.size >= (size_t)size && !memcmp(name.at, known, (size_t)size) &&
           (name.size == (size_t)size || name.at[size] == ',');
}

/* NULL: of any method, of any route. */
static bool is_address(struct bytes name, const char *only_method,
                       const struct http_route *only)
{
    for (size_t i = 0; i < service_route_count; i++) {
        const struct http_route *route = &service_routes[i];
        char methods[64], *rest = NULL;
        snprintf(methods, sizeof methods, "%s", route->methods);
        for (char *method = strtok_r(methods, ", ", &rest); method;
             method = strtok_r(NULL, ", ", &rest))
            if ((!only || only == route) &&
                (!only_method || !strcmp(only_method, method)) &&
                is_of(name, method, route->path))
                return true;
    }
    return false;
}

static void each_method_has_a_line(const struct http_route *route)
{
    char methods[64], *rest = NULL;
    snprintf(methods, sizeof methods, "%s", route->methods);
    for (char *method = strtok_r(methods, ", ", &rest); method;
         method = strtok_r(NULL, ", ", &rest)) {
        size_t found = 0;
        for (size_t i = 0; i < line_count; i++)
            found += is_address(lines[i].name, method, route);
        if (found == 0)
            fail_msg("%s %s: no line says who may", method, route->path);
    }
}

static void every_address_has_a_line(void **state)
{
    (void)state;
    assert_true(service_route_count >= 6);
    for (size_t i = 0; i < service_route_count; i++)
        each_method_has_a_line(&service_routes[i]);
}

static bool is_caller(const char *name)
{
    for (size_t i = 0; i < OPERATION_CALLERS; i++)
        if (!strcmp(name, operation_callers[i]))
            return true;
    return false;
}

static void every_command_and_report_has_one_line(void **state)
{
    char name[COMMAND_OPERATION_CHARS];
    (void)state;
    assert_true(command_entry_count > 60 && report_count() > 30);
    for (size_t i = 0; i < command_entry_count; i++)
        line_of(command_entries[i].name);
    for (size_t i = 0; i < report_count(); i++) {
        report_name(i, name, NULL);
        line_of(name);
    }
}

static void every_line_is_of_something_that_there_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < line_count; i++)
        if (!is_command(lines[i].name) && !is_report(lines[i].name) &&
            !is_address(lines[i].name, NULL, NULL))
            fail_msg("%.*s: there is no such operation",
                     (int)lines[i].name.size, (const char *)lines[i].name.at);
}

static void every_line_names_roles_that_exist_once_each(void **state)
{
    (void)state;
    for (size_t i = 0; i < line_count; i++) {
        struct bytes words = lines[i].words;
        assert_true(words.size > 0);
        while (lines[i].mark == ':' && words.size) {
            char role[NAME_CHARS_MAX + 1];
            struct bytes word = role_table_word(&words);
            snprintf(role, sizeof role, "%.*s", (int)word.size,
                     (const char *)word.at);
            bool known = operation_is_address(&lines[i]) ? is_caller(role)
                                                         : role_known(role);
            if (!known || role_table_has(words, role))
                fail_msg("%.*s: %s is no role, or stands twice",
                         (int)lines[i].name.size,
                         (const char *)lines[i].name.at, role);
        }
    }
}

/* So there is no way to do it as a user, and all else can be asked as one. */
static void what_no_user_does_takes_no_user(void **state)
{
    int operator_only = 0;
    (void)state;
    for (size_t i = 0; i < command_entry_count; i++) {
        const struct command_entry *entry = &command_entries[i];
        bool named = role_table_has(bytes_text(entry->options), "--as");
        if (named != (line_of(entry->name)->mark == ':'))
            fail_msg("%s: --as", entry->name);
        operator_only += !named;
    }
    assert_int_equal(operator_only, 4);
}

static void who_may_not_is_told_who_may(void **state)
{
    char detail[OPERATION_DETAIL_CHARS] = "";
    (void)state;
    assert_int_equal(operation_check("voucher issue", "lee", "worker", detail),
                     ERR_DENIED);
    assert_string_equal(detail, "voucher issue: lee has the role worker, which "
                                "does not do this; these do: supervisor, "
                                "fiscal");
    assert_int_equal(operation_check("voucher issue", "fay", "fiscal", detail),
                     ERR_OK);
    assert_int_equal(operation_check("voucher", "fay", "fiscal", detail),
                     ERR_DENIED);
    assert_int_equal(operation_check("serve", "olga", "admin", detail),
                     ERR_DENIED);
    assert_int_equal(operation_check("status", "x", "super", detail),
                     ERR_DENIED);
}

static void a_planner_has_no_report_that_names_a_person(void **state)
{
    int personal_count = 0;
    (void)state;
    for (size_t i = 0; i < report_count(); i++) {
        char name[COMMAND_OPERATION_CHARS];
        bool personal;
        report_name(i, name, &personal);
        personal_count += personal;
        if (personal && role_table_has(line_of(name)->words, "planner"))
            fail_msg("%s names persons", name);
    }
    assert_true(personal_count > 2);
}

/* What shows or changes a case's texts, and what each role is kept from. */
static void roles_are_kept_from_what_the_law_keeps_from_them(void **state)
{
    static const char *const texts[] = {"show",
                                        "list",
                                        "conflicts list",
                                        "holds list",
                                        "attachment save",
                                        "export case",
                                        "export ndjson",
                                        "findings"};
    static const char *const kept[] = {"fiscal", "planner", "directory",
                                       "site",   "state",   "admin",
                                       "worker", "covering"};
    /* It answers what was referred to it, and may read what there is. */
    static const char *const sites[] = {"put", "roles", "report",
                                        "findings policies"};
    static const char *const written[] = {
        "put",           "merge",       "conflicts resolve", "holds release",
        "case assign",   "disclose",    "authorize",         "cap set",
        "voucher issue", "import codes"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (size_t j = 0; j < sizeof kept / sizeof *kept; j++)
            if (role_table_has(line_of(texts[i])->words, kept[j]))
                fail_msg("%s: %s", texts[i], kept[j]);
    for (size_t i = 0; i < sizeof written / sizeof *written; i++)
        assert_false(role_table_has(line_of(written[i])->words, "auditor"));
    for (size_t i = 0; i < line_count; i++) {
        bool open = false;
        for (size_t j = 0; j < sizeof sites / sizeof *sites; j++)
            open |= bytes_is(lines[i].name, sites[j]);
        if (!operation_is_address(&lines[i]) &&
            role_table_has(lines[i].words, "site") != open)
            fail_msg("a site: line %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_and_report_has_one_line),
        cmocka_unit_test(every_address_has_a_line),
        cmocka_unit_test(every_line_is_of_something_that_there_is),
        cmocka_unit_test(every_line_names_roles_that_exist_once_each),
        cmocka_unit_test(what_no_user_does_takes_no_user),
        cmocka_unit_test(who_may_not_is_told_who_may),
        cmocka_unit_test(a_planner_has_no_report_that_names_a_person),
        cmocka_unit_test(roles_are_kept_from_what_the_law_keeps_from_them),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
