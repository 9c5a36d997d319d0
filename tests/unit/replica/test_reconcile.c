#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "tests/unit/replica/far_end.h"

/* Dana's four lines are at the office; Eli has them from there. */
static int setup(void **state)
{
    if (pair_setup(state))
        return -1;
    struct pair *p = *state;
    write_person(p->dana.vault, "Rosa", p->person);
    revise(p->dana.vault, p->person, "{\"preferred_name\":\"Rosie\"}");
    revise(p->dana.vault, p->person, "{\"first_name\":\"Rosa\"}");
    revise(p->dana.vault, p->person, "{\"preferred_name\":\"R.\"}");
    far_sync_up(p->far, p->dana.vault);
    return inbox_open(&p->inbox, p->eli.vault);
}

struct gathered {
    struct pair *pair;
    size_t pages, lines, needs, cases;
    uint64_t sum;
    uint8_t needed[64][8];
};

static enum err case_each(void *context, const char *kase, uint64_t sum)
{
    struct gathered *g = context;
    assert_true(!kase[0] || id_valid(bytes_text(kase)));
    g->cases++;
    g->sum += sum;
    return ERR_OK;
}

static enum err page_each(void *context, const struct page_line *page,
                          const struct bytes *lines, size_t count)
{
    struct gathered *g = context;
    uint8_t mac[MAC_BYTES], hash[HASH_BYTES];
    page_mac(mac, g->pair->far->page_key, g->pair->far->agency, page->hashes);
    assert_memory_equal(mac, page->mac, MAC_BYTES);
    assert_int_equal(page->count, count);
    for (size_t i = 0; i < count; i++) {
        bool found = false;
        hash_bytes(hash, lines[i]);
        for (size_t at = 0; at < page->hashes.size; at += HASH_BYTES)
            found = found || !memcmp(page->hashes.at + at, hash, HASH_BYTES);
        assert_true(found);
    }
    g->pages++;
    g->lines += count;
    return ERR_OK;
}

static enum err need_each(void *context, const struct need_line *need)
{
    struct gathered *g = context;
    assert_string_equal(need->kase, g->pair->person);
    for (size_t at = 0; at < need->hashes.size; at += 8)
        memcpy(g->needed[g->needs++], need->hashes.at + at, 8);
    return ERR_OK;
}

/* The prefixes of far->lines[from..to). */
static struct bytes have(const struct pair *p, size_t from, size_t to,
                         uint8_t out[64 * 8])
{
    for (size_t i = from; i < to; i++) {
        uint8_t hash[HASH_BYTES];
        hash_bytes(hash, bytes_of(p->far->lines[i].at, p->far->lines[i].size));
        memcpy(out + (i - from) * 8, hash, 8);
    }
    return bytes_of(out, (to - from) * 8);
}

static void what_each_side_lacks_is_found(void **state)
{
    struct pair *p = *state;
    struct gathered g = {.pair = p};
    uint8_t prefixes[64 * 8];
    assert_int_equal(inbox_join(p->inbox, p->person), ERR_OK);
    assert_int_equal(
        far_page(p->far, p->inbox, 0, 3, "caseload:north", 3, true), ERR_OK);
    /* The office has lost the first two since, and has the fourth. */
    struct bytes office = have(p, 2, 4, prefixes);
    assert_int_equal(inbox_diff(p->inbox, p->person, "caseload:north", office),
                     ERR_OK);
    assert_int_equal(inbox_contribute(p->inbox, page_each, &g), ERR_OK);
    assert_int_equal(g.pages, 1);
    assert_int_equal(g.lines, 2);
    assert_int_equal(inbox_needs(p->inbox, need_each, &g), ERR_OK);
    assert_int_equal(g.needs, 1);
    assert_memory_equal(g.needed[0], prefixes + 8, 8);
    /* The request may have been lost: it is all built again. */
    g = (struct gathered){.pair = p};
    assert_int_equal(inbox_contribute(p->inbox, page_each, &g), ERR_OK);
    assert_int_equal(inbox_needs(p->inbox, need_each, &g), ERR_OK);
    assert_true(g.pages == 1 && g.lines == 2 && g.needs == 1);
    inbox_round_begin(p->inbox);
    /* What is needed is given. */
    struct given_line given = {{0}};
    struct bytes line = bytes_of(p->far->lines[3].at, p->far->lines[3].size);
    uint8_t hash[HASH_BYTES];
    hash_bytes(hash, line);
    page_mac(given.mac, p->far->page_key, p->far->agency,
             bytes_of(hash, sizeof hash));
    assert_int_equal(inbox_line(p->inbox, line), ERR_OK);
    assert_int_equal(inbox_given(p->inbox, &given), ERR_OK);
    assert_same_state(p->dana.vault, p->eli.vault, p->person);
    assert_sound(p->eli.vault);
    g = (struct gathered){.pair = p};
    office = have(p, 0, 4, prefixes);
    assert_int_equal(inbox_diff(p->inbox, p->person, "caseload:north", office),
                     ERR_OK);
    assert_int_equal(inbox_contribute(p->inbox, page_each, &g), ERR_OK);
    assert_int_equal(inbox_needs(p->inbox, need_each, &g), ERR_OK);
    assert_int_equal(g.pages + g.needs, 0);
}

/* far->lines[4] and [5]: the office holds the line of that place, releases it.
 */
static void hold_and_release(struct pair *p, size_t line)
{
    const struct far_line *held = &p->far->lines[line];
    char dot[DOT_CHARS + 1], hold[128];
    snprintf(dot, sizeof dot, "%s:%lld", held->replica, (long long)held->n);
    snprintf(hold, sizeof hold, "{\"%s\":\"revoked\"}", dot);
    struct revision_draft draft = {.record = p->person,
                                   .hold = bytes_text(hold)};
    far_write(p->far, &draft);
    draft = (struct revision_draft){.record = p->person,
                                    .prev = 1,
                                    .release = dot,
                                    .carries = bytes_of(held->at, held->size)};
    far_write(p->far, &draft);
}

static void a_release_is_given_beside_what_it_releases(void **state)
{
    struct pair *p = *state;
    struct gathered g = {.pair = p};
    struct buffer before, after;
    uint8_t prefixes[64 * 8];
    hold_and_release(p, 3);
    assert_int_equal(inbox_join(p->inbox, p->person), ERR_OK);
    assert_int_equal(
        far_page(p->far, p->inbox, 0, 6, "caseload:north", 6, true), ERR_OK);
    read_state(p->eli.vault, p->person, &before);
    assert_non_null(strstr(buffer_text(&before), "\"value\":\"R.\""));
    /* It was taken back to before the release. */
    assert_int_equal(inbox_diff(p->inbox, p->person, "caseload:north",
                                have(p, 0, 5, prefixes)),
                     ERR_OK);
    assert_int_equal(inbox_contribute(p->inbox, page_each, &g), ERR_OK);
    assert_int_equal(g.lines, 1);
    read_state(p->eli.vault, p->person, &after);
    assert_string_equal(buffer_text(&after), buffer_text(&before));
    assert_sound(p->eli.vault);
    buffer_fini(&before);
    buffer_fini(&after);
}

static enum err count_one(void *context, const char *record, struct bytes text)
{
    size_t *count = context;
    (void)record;
    (void)text;
    ++*count;
    return ERR_OK;
}

static size_t listed(struct vault *vault)
{
    size_t count = 0;
    assert_int_equal(record_list(vault, "person", count_one, &count), ERR_OK);
    return count;
}

static void a_record_is_listed_while_its_creation_is_in_effect(void **state)
{
    struct pair *p = *state;
    hold_and_release(p, 0);
    assert_int_equal(inbox_join(p->inbox, p->person), ERR_OK);
    assert_int_equal(
        far_page(p->far, p->inbox, 0, 4, "caseload:north", 4, true), ERR_OK);
    assert_int_equal(listed(p->eli.vault), 1);
    assert_int_equal(
        far_page(p->far, p->inbox, 4, 5, "caseload:north", 5, true), ERR_OK);
    assert_int_equal(listed(p->eli.vault), 0);
    assert_sound(p->eli.vault);
    assert_int_equal(
        far_page(p->far, p->inbox, 5, 6, "caseload:north", 6, true), ERR_OK);
    assert_int_equal(listed(p->eli.vault), 1);
    assert_sound(p->eli.vault);
}

static void a_granted_case_that_is_new_here_becomes_a_member(void **state)
{
    struct pair *p = *state;
    struct gathered g = {.pair = p};
    uint8_t prefixes[64 * 8];
    uint64_t sum;
    assert_int_equal(inbox_diff(p->inbox, p->person, "caseload:north",
                                have(p, 0, 4, prefixes)),
                     ERR_OK);
    assert_int_equal(inbox_needs(p->inbox, need_each, &g), ERR_OK);
    assert_int_equal(g.needs, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(inbox_line(p->inbox, bytes_of(p->far->lines[i].at,
                                                       p->far->lines[i].size)),
                         ERR_OK);
    struct given_line given = {{0}};
    assert_int_equal(inbox_given(p->inbox, &given), ERR_OK);
    assert_same_state(p->dana.vault, p->eli.vault, p->person);
    /* The closing cursor makes the sum one that may be sent. */
    assert_int_equal(
        far_page(p->far, p->inbox, 0, 0, "caseload:north", 7, true), ERR_OK);
    const struct cursor *c = cursor_of(p->eli.vault, "caseload:north");
    assert_true(c->has_sum);
    assert_int_equal(c->seq, 7);
    assert_int_equal(inbox_scope_sum(p->eli.vault, "caseload:north", &sum),
                     ERR_OK);
    assert_true(c->sum == sum && sum != 0);
}

static void cases_are_listed_with_what_has_a_receipt(void **state)
{
    struct pair *p = *state;
    struct gathered g = {.pair = p};
    char other[ID_CHARS + 1];
    assert_int_equal(inbox_cases(p->dana.vault, case_each, &g), ERR_OK);
    assert_int_equal(g.cases, 1);
    uint64_t sum = g.sum;
    /* A case of which nothing has been sent is nobody's business yet. */
    write_person(p->dana.vault, "Omar", other);
    revise(p->dana.vault, p->person, "{\"preferred_name\":\"Rosie\"}");
    g = (struct gathered){.pair = p};
    assert_int_equal(inbox_cases(p->dana.vault, case_each, &g), ERR_OK);
    assert_int_equal(g.cases, 1);
    assert_true(g.sum == sum);
}

static void a_case_without_a_scope_is_contributed_and_not_needed(void **state)
{
    struct pair *p = *state;
    struct gathered g = {.pair = p};
    uint8_t prefixes[64 * 8];
    assert_int_equal(inbox_join(p->inbox, p->person), ERR_OK);
    assert_int_equal(
        far_page(p->far, p->inbox, 0, 3, "caseload:north", 3, true), ERR_OK);
    assert_int_equal(
        inbox_diff(p->inbox, p->person, "", have(p, 3, 4, prefixes)), ERR_OK);
    assert_int_equal(inbox_contribute(p->inbox, page_each, &g), ERR_OK);
    assert_int_equal(inbox_needs(p->inbox, need_each, &g), ERR_OK);
    assert_int_equal(g.lines, 3);
    assert_int_equal(g.needs, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, pair_teardown)
        TEST(what_each_side_lacks_is_found),
        TEST(a_release_is_given_beside_what_it_releases),
        TEST(a_record_is_listed_while_its_creation_is_in_effect),
        TEST(a_granted_case_that_is_new_here_becomes_a_member),
        TEST(cases_are_listed_with_what_has_a_receipt),
        TEST(a_case_without_a_scope_is_contributed_and_not_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
