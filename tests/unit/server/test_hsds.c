#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "server/hsds.h"
#include "server/hsds_words.h"
#include "tests/dir.h"
#include "tests/fault.h"

#define ORG "11111111-1111-4111-8111-111111111111"
#define SVC "44444444-4444-4444-8444-444444444444"

static bool is_text(struct bytes got, const char *wanted)
{
    return bytes_equal(got, bytes_text(wanted));
}

static void a_telephone_number_is_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *whole, *number, *extension, *type, *about;
    } cases[] = {
        {"601-555-0100", "601-555-0100", "", "", ""},
        {"601 ext. 7", "601", "7", "", ""},
        {"601 ext. 7 (fax, Spanish): after 5", "601", "7", "fax, Spanish",
         "after 5"},
        {"601: Mon: late", "601", "", "", "Mon: late"},
        {"601 ext. all", "601 ext. all", "", "", ""},
        {"601 (fax", "601 (fax", "", "", ""},
        {"601 (a) (b)", "601 (a) (b)", "", "", ""},
        {"601 (voice)", "601 (voice)", "", "", ""},
        {"601 ()", "601 ()", "", "", ""},
        {"601: ", "601: ", "", "", ""},
        {" (fax)", " (fax)", "", "", ""},
        {": home", ": home", "", "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hsds_phone phone = hsds_words_phone(bytes_text(cases[i].whole));
        if (!is_text(phone.number, cases[i].number) ||
            !is_text(phone.extension, cases[i].extension) ||
            !is_text(phone.type, cases[i].type) ||
            !is_text(phone.about, cases[i].about))
            fail_msg("%s", cases[i].whole);
    }
}

static void a_remark_belongs_to_its_language(void **state)
{
    (void)state;
    static const struct {
        const char *note, *language, *code, *about;
        bool is;
    } cases[] = {
        {"Spanish (es): evenings", "Spanish", "es", "evenings", true},
        {"Spanish: evenings", "Spanish", "", "evenings", true},
        {"Spanish (es)", "Spanish", "es", "", true},
        {"Spanish", "Spanish", "", "", false},
        {"Spanish (es", "Spanish", "", "", false},
        {"Spanish Sign: on request", "Spanish", "", "", false},
        {"French: evenings", "Spanish", "", "", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes code, about;
        bool is = hsds_words_note(bytes_text(cases[i].note),
                                  bytes_text(cases[i].language), &code, &about);
        if (is != cases[i].is || (is && (!is_text(code, cases[i].code) ||
                                         !is_text(about, cases[i].about))))
            fail_msg("%s", cases[i].note);
    }
}

/* --- rows ----------------------------------------------------------------- */

static const char organization[] =
    "{\"fields\":{\"name\":{\"value\":\"Lift\"},\"phones\":{\"value\":"
    "[\"601-555-0100\"]},\"year_incorporated\":{\"value\":1966}},"
    "\"record\":\"" ORG "\",\"type\":\"organization\"}";
static const char service[] =
    "{\"fields\":{\"minimum_age\":{\"value\":\"young\"},\"name\":{\"value\":"
    "\"Taxes\"},\"organization\":{\"value\":\"" ORG "\"},\"season_from\":"
    "{\"value\":\"2026-01-20\"},\"status\":{\"value\":\"temporarily_closed\"},"
    "\"vita\":{\"value\":true}},\"record\":\"" SVC "\",\"type\":\"service\"}";
static const char of_nobody[] =
    "{\"fields\":{\"name\":{\"value\":\"Taxes\"}},\"record\":\"" SVC
    "\",\"type\":\"service\"}";

static void add(struct hsds *h, struct arena *arena, const char *text)
{
    const struct canon *root;
    assert_int_equal(canon_parse(arena, bytes_text(text), &root, NULL), ERR_OK);
    hsds_record(h, root);
}

static struct bytes cell(const struct hsds *h, enum import_table_id table,
                         const char *column)
{
    int at = import_table_column(&h->package.tables[table], bytes_text(column));
    assert_true(at >= 0);
    assert_int_equal(h->tables[table].count, 1);
    return h->tables[table].first->cells[at];
}

static void cell_is(const struct hsds *h, enum import_table_id table,
                    const char *column, const char *wanted)
{
    struct bytes got = cell(h, table, column);
    if (!is_text(got, wanted))
        fail_msg("%s: got %.*s, wanted %s", column, (int)got.size,
                 got.size ? (const char *)got.at : "", wanted);
}

struct scene {
    struct hsds hsds;
    struct arena arena;
};

static int set_up(void **state)
{
    static struct scene s;
    hsds_init(&s.hsds);
    arena_init(&s.arena, 1u << 20);
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    arena_fini(&s->arena);
    hsds_fini(&s->hsds);
    return 0;
}

static void what_is_required_is_there(void **state)
{
    struct scene *s = *state;
    add(&s->hsds, &s->arena, organization);
    add(&s->hsds, &s->arena, service);
    cell_is(&s->hsds, ORGANIZATION, "id", ORG);
    cell_is(&s->hsds, ORGANIZATION, "description", "Lift");
    cell_is(&s->hsds, ORGANIZATION, "year_incorporated", "1966");
    cell_is(&s->hsds, PHONE, "type", "voice");
    cell_is(&s->hsds, PHONE, "organization_id", ORG);
    cell_is(&s->hsds, SERVICE, "status", "temporarily closed");
    cell_is(&s->hsds, SCHEDULE, "valid_from", "2026-01-20");
    cell_is(&s->hsds, TAXONOMY_TERM, "code", IMPORT_VITA_CODE);
    cell_is(&s->hsds, ATTRIBUTE, "link_entity", "service");
    assert_true(bytes_equal(cell(&s->hsds, ATTRIBUTE, "taxonomy_term_id"),
                            cell(&s->hsds, TAXONOMY_TERM, "id")));
}

static void what_is_refused_is_counted(void **state)
{
    struct scene *s = *state;
    add(&s->hsds, &s->arena, service);
    assert_int_equal(s->hsds.left_out, 1);
    assert_non_null(strstr(s->hsds.first, "service " SVC ": minimum_age: "));
    cell_is(&s->hsds, SERVICE, "minimum_age", "");
    add(&s->hsds, &s->arena, of_nobody);
    assert_int_equal(s->hsds.left_out, 2);
    assert_int_equal(s->hsds.tables[SERVICE].count, 1);
}

static void writing_survives_every_allocation_failure(void **state)
{
    struct scene *s = *state;
    const struct canon *root;
    assert_int_equal(canon_parse(&s->arena, bytes_text(service), &root, NULL),
                     ERR_OK);
    enum err err = ERR_NOMEM;
    int nth = 1;
    for (; err == ERR_NOMEM; nth++) {
        static struct hsds h;
        char dir[DIR_CHARS];
        size_t rows;
        assert_true(nth < 2000);
        dir_make(dir);
        fault_at(nth, false);
        hsds_init(&h);
        hsds_record(&h, root);
        err = hsds_write(&h, dir, &rows);
        fault_at(0, false);
        if (!err)
            assert_int_equal(rows, 4);
        hsds_fini(&h);
        dir_remove(dir);
    }
    assert_int_equal(err, ERR_OK);
    assert_true(nth > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_telephone_number_is_taken_apart),
        cmocka_unit_test(a_remark_belongs_to_its_language),
        cmocka_unit_test_setup_teardown(what_is_required_is_there, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_refused_is_counted, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            writing_survives_every_allocation_failure, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
