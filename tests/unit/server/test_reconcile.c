#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/server/device.h"

#define ZERO_SUM "AAAAAAAAAAA"

static void ask(struct device *d, struct place *place, const char *mode,
                const char *extra, struct reply *reply)
{
    struct buffer request;
    buffer_init(&request, 1u << 24);
    device_request(d, 0, mode, extra, &request);
    device_send(d, place, buffer_bytes(&request), reply);
    if (reply->status != 200)
        fail_msg("%d %s: %s", reply->status, reply->error.error,
                 reply->error.detail);
    device_apply(d, reply);
    buffer_fini(&request);
}

static void case_sum(struct place *place, const char *kase,
                     char out[BASE64_CHARS(8) + 1])
{
    char text[256];
    uint8_t bits[8];
    snprintf(text, sizeof text, "SELECT sum FROM case_row WHERE case_id = '%s'",
             kase);
    store_le64(bits, (uint64_t)place_int(place, text));
    base64_encode(out, bits, sizeof bits);
}

static void one_case(struct place *place, struct device *dana)
{
    device_enrol(dana, place, "dana");
    device_create(dana, "person", PERSON, PERSON, NAMED);
    device_create(dana, "contact", NOTE, PERSON, TOLD);
    device_sync_ok(dana, place);
}

static void a_wrong_sum_is_answered_with_reconcile(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct reply reply;
    one_case(place, &dana);
    dana.cursors[1].sum++;
    device_create(&dana, "contact", NOTE_2, PERSON, TOLD);
    device_expect(&dana, place, 0, 200, &reply);
    assert_int_equal(reply.header.state, REPLY_RECONCILE);
    assert_int_equal(reply.header.receipt.n, 3); /* the push counts */
    reply_fini(&reply);
    device_fini(&dana);
}

static void equal_sums_are_answered_with_cursors_alone(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct reply reply;
    char extra[256], sum[16], agency[16];
    one_case(place, &dana);
    case_sum(place, PERSON, sum);
    case_sum(place, "", agency);
    snprintf(extra, sizeof extra,
             "{\"cases\":[[\"\",\"%s\"],[\"" PERSON "\",\"%s\"]]}\n", agency,
             sum);
    ask(&dana, place, "reconcile", extra, &reply);
    assert_int_equal(reply.diff_count, 0);
    assert_int_equal(reply.leave_count, 0);
    assert_int_equal(reply.cursor_count, 2);
    reply_fini(&reply);
    device_fini(&dana);
}

static void what_differs_is_listed_and_given_on_demand(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    struct reply reply;
    struct need_line need = {.kase = PERSON};
    struct buffer extra;
    uint8_t hash[HASH_BYTES];
    one_case(place, &dana);
    device_enrol(&lee, place, "lee");
    ask(&lee, place, "reconcile",
        "{\"cases\":[[\"" PERSON "\",\"" ZERO_SUM "\"]]}\n", &reply);
    assert_int_equal(reply.diff_count, 2); /* the case, and the agency's */
    assert_true(reply_has(&reply, "\"scope\":\"caseload:east\""));
    reply_fini(&reply);
    hash_bytes(hash, bytes_text(dana.lines[2]));
    need.hashes = bytes_of(hash, 8);
    buffer_init(&extra, 1u << 16);
    assert_int_equal(need_line_write(&extra, &need), ERR_OK);
    buffer_add_char(&extra, '\n');
    ask(&lee, place, "fix", buffer_text(&extra), &reply);
    assert_int_equal(reply.line_count, 1);
    assert_true(reply_has(&reply, "Roof leaks"));
    assert_true(reply_has(&reply, "{\"given\":"));
    reply_fini(&reply);
    buffer_fini(&extra);
    device_fini(&dana);
    device_fini(&lee);
}

static void nothing_is_given_of_a_case_outside_the_scopes(void **state)
{
    struct place *place = *state;
    struct device dana, kim;
    struct reply reply;
    struct need_line need = {.kase = PERSON};
    struct buffer extra;
    uint8_t hash[HASH_BYTES];
    one_case(place, &dana);
    device_enrol(&kim, place, "kim");
    hash_bytes(hash, bytes_text(dana.lines[2]));
    need.hashes = bytes_of(hash, 8);
    buffer_init(&extra, 1u << 16);
    assert_int_equal(need_line_write(&extra, &need), ERR_OK);
    buffer_add_char(&extra, '\n');
    ask(&kim, place, "fix", buffer_text(&extra), &reply);
    assert_int_equal(reply.line_count, 0);
    reply_fini(&reply);
    buffer_fini(&extra);
    device_fini(&dana);
    device_fini(&kim);
}

static void a_case_held_without_right_is_let_go(void **state)
{
    static const char held[] =
        "{\"cases\":[[\"" PERSON "\",\"" ZERO_SUM "\"]]}\n";
    struct place *place = *state;
    struct device dana, kim;
    struct reply reply;
    one_case(place, &dana);
    device_enrol(&kim, place, "kim");
    /* First it may contribute; when nothing came of it, it lets go. */
    ask(&kim, place, "reconcile", held, &reply);
    assert_int_equal(reply.leave_count, 0);
    assert_true(reply_has(&reply, "{\"diff\":{\"case\":\"" PERSON));
    /* Nothing is settled before it has: the next request may not come. */
    assert_int_equal(reply.cursor_count, 0);
    reply_fini(&reply);
    /* The reply, or what it contributed, may have been lost: asked again. */
    ask(&kim, place, "reconcile", held, &reply);
    assert_int_equal(reply.leave_count, 0);
    assert_true(reply_has(&reply, "{\"diff\":{\"case\":\"" PERSON));
    reply_fini(&reply);
    ask(&kim, place, "fix",
        "{\"need\":{\"case\":\"" PERSON "\",\"hashes\":\"\"}}\n", &reply);
    assert_int_equal(reply.line_count, 0);
    reply_fini(&reply);
    ask(&kim, place, "reconcile", held, &reply);
    assert_int_equal(reply.leave_count, 1);
    assert_int_equal(reply.cursor_count, 1);
    assert_true(reply_has(&reply, "\"scope\":\"*\""));
    assert_false(reply_has(&reply, "{\"diff\":{\"case\":\"" PERSON));
    reply_fini(&reply);
    device_fini(&dana);
    device_fini(&kim);
}

/* --- pages of others' lines ----------------------------------------------- */

/* The office that is asked has never seen these lines: another one of the same
 * agency gave them out, before it was taken back. */
static void page_text(struct buffer *out, const struct device *d,
                      const struct place *place, bool good)
{
    struct page_line page = {.count = 2};
    uint8_t hashes[2 * HASH_BYTES];
    hash_bytes(hashes, bytes_text(d->lines[1]));
    hash_bytes(hashes + HASH_BYTES, bytes_text(d->lines[2]));
    page.hashes = bytes_of(hashes, sizeof hashes);
    page_mac(page.mac, place->office->keys.page_key, "north", page.hashes);
    page.mac[0] ^= !good;
    assert_int_equal(page_line_write(out, &page), ERR_OK);
    buffer_printf(out, "\n%s\n%s\n", d->lines[1], d->lines[2]);
}

static void lost_lines_come_back_with_their_page_receipt(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    struct reply reply;
    struct buffer extra;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_create(&dana, "contact", NOTE, PERSON, TOLD);
    buffer_init(&extra, 1u << 16);
    page_text(&extra, &dana, place, false);
    ask(&lee, place, "fix", buffer_text(&extra), &reply);
    reply_fini(&reply);
    assert_int_equal(
        place_int(place, "SELECT count(*) FROM line WHERE replica >= 'w'"), 0);
    buffer_clear(&extra);
    page_text(&extra, &dana, place, true);
    ask(&lee, place, "fix", buffer_text(&extra), &reply);
    reply_fini(&reply);
    assert_int_equal(
        place_int(place, "SELECT count(*) FROM line WHERE replica >= 'w'"), 2);
    assert_int_equal(place_int(place, "SELECT count(*) FROM record "
                                      "WHERE type = 'contact'"),
                     1);
    /* Their own log catches up over them without a fork. */
    device_sync_ok(&dana, place);
    device_create(&dana, "contact", NOTE_2, PERSON, TOLD);
    device_sync_ok(&dana, place);
    assert_int_equal(
        place_int(place, "SELECT head FROM replica WHERE account = 'dana'"), 3);
    buffer_fini(&extra);
    device_fini(&dana);
    device_fini(&lee);
}

static void healed_lines_out_of_order_fold_all_the_same(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    struct reply reply;
    struct buffer extra;
    struct page_line page = {.count = 1};
    uint8_t hash[HASH_BYTES];
    char seen[64];
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    snprintf(seen, sizeof seen, "{\"%s\":1}", dana.replica);
    device_revise(&dana, PERSON, seen, "{\"first_name\":\"Rosa\"}");
    buffer_init(&extra, 1u << 16);
    for (int n = 2; n > 0; n--) {
        hash_bytes(hash, bytes_text(dana.lines[n]));
        page.hashes = bytes_of(hash, sizeof hash);
        page_mac(page.mac, place->office->keys.page_key, "north", page.hashes);
        buffer_clear(&extra);
        assert_int_equal(page_line_write(&extra, &page), ERR_OK);
        buffer_printf(&extra, "\n%s\n", dana.lines[n]);
        ask(&lee, place, "fix", buffer_text(&extra), &reply);
        reply_fini(&reply);
    }
    assert_int_equal(place_int(place,
                               "SELECT state LIKE '%Rosa%' "
                               "FROM record WHERE record = '" PERSON "'"),
                     1);
    buffer_fini(&extra);
    device_fini(&dana);
    device_fini(&lee);
}

/* --- two lines at one dot ---------------------------------------------------
 */

/* Line n of `d`, which the office gave out before it was taken back. */
static void bring(struct device *by, struct place *place,
                  const struct device *d, int64_t n)
{
    struct reply reply;
    struct buffer extra;
    struct page_line page = {.count = 1};
    uint8_t hash[HASH_BYTES];
    buffer_init(&extra, 1u << 16);
    hash_bytes(hash, bytes_text(d->lines[n]));
    page.hashes = bytes_of(hash, sizeof hash);
    page_mac(page.mac, place->office->keys.page_key, "north", page.hashes);
    assert_int_equal(page_line_write(&extra, &page), ERR_OK);
    buffer_printf(&extra, "\n%s\n", d->lines[n]);
    ask(by, place, "fix", buffer_text(&extra), &reply);
    reply_fini(&reply);
    buffer_fini(&extra);
}

/* Dana's lines 2 and 3 are lost; a copy's line stands at the place of the 2nd,
 * and Lee has what was lost. */
struct lost {
    struct device dana, copy, lee;
};

static void lose(struct lost *l, struct place *place)
{
    char seen[64];
    device_enrol(&l->dana, place, "dana");
    device_enrol(&l->lee, place, "lee");
    device_create(&l->dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&l->dana, place);
    device_clone(&l->copy, &l->dana);
    snprintf(seen, sizeof seen, "{\"%s\":1}", l->dana.replica);
    device_revise(&l->dana, PERSON, seen, "{\"first_name\":\"Lost\"}");
    snprintf(seen, sizeof seen, "{\"%s\":2}", l->dana.replica);
    device_revise(&l->dana, PERSON, seen, "{\"first_name\":\"Later\"}");
    device_revise(&l->copy, PERSON, "{}", "{\"first_name\":\"Copy\"}");
    device_sync_ok(&l->copy, place);
}

static void lost_fini(struct lost *l)
{
    device_fini(&l->dana);
    device_fini(&l->copy);
    device_fini(&l->lee);
}

static int64_t shown(struct place *place, const char *part)
{
    char text[256];
    snprintf(text, sizeof text,
             "SELECT state LIKE '%%%s%%' FROM record WHERE record = '" PERSON
             "'",
             part);
    return place_int(place, text);
}

static void a_line_that_lost_its_dot_is_carried_by_the_office(void **state)
{
    static const char carriers[] = "SELECT count(*) FROM line WHERE "
                                   "CAST(line AS TEXT) LIKE '%\"carries\":%'";
    struct place *place = *state;
    struct lost l;
    lose(&l, place);
    for (int i = 0; i < 2; i++) {
        bring(&l.lee, place, &l.dana, 2);
        assert_int_equal(place_int(place, carriers), 1);
        assert_int_equal(shown(place, "Lost"), 1);
        assert_int_equal(shown(place, "Copy"), 1);
        assert_int_equal(shown(place, "\"open\":true"), 1);
    }
    /* Its writer's next one means it by a dot that is the copy's now. */
    bring(&l.lee, place, &l.dana, 3);
    bring(&l.lee, place, &l.dana, 3);
    assert_int_equal(place_int(place, carriers), 2);
    assert_int_equal(shown(place, "Later"), 1);
    assert_int_equal(shown(place, "Copy"), 1);
    lost_fini(&l);
}

static void
a_later_line_does_not_replace_what_its_writer_never_saw(void **state)
{
    struct place *place = *state;
    struct lost l;
    lose(&l, place);
    device_create(&l.copy, "contact", NOTE, PERSON, TOLD); /* takes place 3 */
    device_sync_ok(&l.copy, place);
    bring(&l.lee, place, &l.dana, 2);
    bring(&l.lee, place, &l.dana, 3);
    assert_int_equal(shown(place, "\"value\":\"Lost\""), 0);
    assert_int_equal(shown(place, "Later"), 1);
    assert_int_equal(shown(place, "Copy"), 1);
    assert_int_equal(shown(place, "\"open\":true"), 1);
    lost_fini(&l);
}

/* Lee had seen the line that lost its dot, and nothing of the copy's. */
static void who_saw_what_was_lost_has_not_seen_what_took_its_dot(void **state)
{
    struct place *place = *state;
    struct lost l;
    char seen[64];
    lose(&l, place);
    snprintf(seen, sizeof seen, "{\"%s\":2}", l.dana.replica);
    device_revise(&l.lee, PERSON, seen, "{\"first_name\":\"Seen\"}");
    device_sync_ok(&l.lee, place);
    assert_int_equal(shown(place, "Copy"), 0); /* nobody has said it yet */
    bring(&l.lee, place, &l.dana, 2);
    assert_int_equal(shown(place, "Copy"), 1);
    assert_int_equal(shown(place, "Seen"), 1);
    assert_int_equal(shown(place, "\"open\":true"), 1);
    lost_fini(&l);
}

static void what_was_held_is_held_where_it_is_carried(void **state)
{
    struct place *place = *state;
    struct lost l;
    struct dot dot;
    char hold[64];
    lose(&l, place);
    snprintf(hold, sizeof hold, "{\"%s:2\":\"revoked\"}", l.dana.replica);
    struct revision_draft draft = {.record = PERSON, .hold = bytes_text(hold)};
    assert_int_equal(sql_begin(&place->sql, true), ERR_OK);
    assert_int_equal(
        ingest_office(place->office, &place->sql, "boss", &draft, &dot),
        ERR_OK);
    assert_int_equal(sql_commit(&place->sql), ERR_OK);
    bring(&l.lee, place, &l.dana, 2);
    assert_int_equal(shown(place, "Lost"), 0);
    assert_int_equal(
        place_int(place, "SELECT count(*) FROM held WHERE reason = 'revoked' "
                         "AND released IS NULL"),
        2);
    dot.n += 2; /* behind its statement */
    assert_int_equal(sql_begin(&place->sql, true), ERR_OK);
    assert_int_equal(ingest_release(place->office, &place->sql, "boss", &dot),
                     ERR_OK);
    assert_int_equal(sql_commit(&place->sql), ERR_OK);
    assert_int_equal(shown(place, "Lost"), 1);
    lost_fini(&l);
}

/* The copy's line at the place of Dana's second is held, and of another record:
 * that is no reason to hold hers. */
static void a_hold_of_the_line_at_its_old_dot_is_not_its_own(void **state)
{
    struct place *place = *state;
    struct lost l;
    device_enrol(&l.dana, place, "dana");
    device_enrol(&l.lee, place, "lee");
    device_create(&l.dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&l.dana, place);
    device_clone(&l.copy, &l.dana);
    device_revise(&l.dana, PERSON, "{}", "{\"first_name\":\"Lost\"}");
    device_create(&l.copy, "person", PERSON_2, PERSON, NAMED); /* no case */
    device_sync_ok(&l.copy, place);
    assert_int_equal(
        place_int(place, "SELECT count(*) FROM held WHERE reason = 'invalid'"),
        1);
    bring(&l.lee, place, &l.dana, 2);
    assert_int_equal(shown(place, "Lost"), 1);
    assert_int_equal(place_int(place, "SELECT count(*) FROM held"), 1);
    lost_fini(&l);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_wrong_sum_is_answered_with_reconcile),
        TEST(equal_sums_are_answered_with_cursors_alone),
        TEST(what_differs_is_listed_and_given_on_demand),
        TEST(nothing_is_given_of_a_case_outside_the_scopes),
        TEST(a_case_held_without_right_is_let_go),
        TEST(lost_lines_come_back_with_their_page_receipt),
        TEST(healed_lines_out_of_order_fold_all_the_same),
        TEST(a_line_that_lost_its_dot_is_carried_by_the_office),
        TEST(a_later_line_does_not_replace_what_its_writer_never_saw),
        TEST(who_saw_what_was_lost_has_not_seen_what_took_its_dot),
        TEST(what_was_held_is_held_where_it_is_carried),
        TEST(a_hold_of_the_line_at_its_old_dot_is_not_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
