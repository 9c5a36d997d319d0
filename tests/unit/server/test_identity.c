#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "server/invite.h"
#include "server/office_keys.h"
#include "server/revoke.h"
#include "tests/unit/server/device.h"

static void expect_error(struct device *d, struct place *place,
                         const char *error)
{
    struct reply reply;
    device_expect(d, place, 0, 409, &reply);
    assert_string_equal(reply.error.error, error);
    reply_fini(&reply);
}

/* --- forks ---------------------------------------------------------------- */

static void two_copies_that_both_write_are_closed(void **state)
{
    struct place *place = *state;
    struct device dana, copy;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    device_clone(&copy, &dana);
    device_create(&dana, "contact", NOTE, PERSON, TOLD);
    device_create(&copy, "contact", NOTE_2, PERSON, TOLD);
    device_sync_ok(&dana, place);
    expect_error(&copy, place, "fork");
    /* Neither copy can go on under this name; what is here stays. */
    expect_error(&dana, place, "fork");
    expect_error(&copy, place, "fork");
    assert_int_equal(
        place_int(place, "SELECT count(*) FROM line WHERE replica >= 'w'"), 2);
    device_fini(&dana);
    device_fini(&copy);
}

static void a_vault_taken_back_is_a_fork(void **state)
{
    struct place *place = *state;
    struct device dana, old;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    device_clone(&old, &dana);
    device_create(&dana, "contact", NOTE, PERSON, TOLD);
    device_sync_ok(&dana, place);
    expect_error(&old, place, "fork"); /* its head is below the office's */
    device_fini(&dana);
    device_fini(&old);
}

static void a_receipt_of_another_history_is_a_fork(void **state)
{
    struct place *place = *state;
    struct device dana;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    dana.links[1][0] ^= 1;
    expect_error(&dana, place, "fork");
    device_fini(&dana);
}

static void each_copy_goes_on_as_its_own_successor(void **state)
{
    struct place *place = *state;
    struct device dana, copy, next, other;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    device_clone(&copy, &dana);
    device_create(&dana, "contact", NOTE, PERSON, TOLD);
    device_sync_ok(&dana, place);
    device_create(&copy, "contact", NOTE_2, PERSON, TOLD);
    expect_error(&copy, place, "fork");
    device_succeed(&other, &copy, place, "fork");
    device_succeed(&next, &dana, place, "fork");
    assert_string_not_equal(next.replica, other.replica);
    device_create(&other, "contact", NOTE_2, PERSON, TOLD);
    device_sync_ok(&other, place);
    device_sync_ok(&next, place);
    device_fini(&dana);
    device_fini(&copy);
    device_fini(&next);
    device_fini(&other);
}

/* --- clones that only read ------------------------------------------------ */

static void a_clone_that_only_reads_is_found_by_its_token(void **state)
{
    struct place *place = *state;
    struct device dana, copy, lee;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_create(&lee, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&lee, place);
    device_sync_ok(&dana, place);
    device_clone(&copy, &dana);
    for (int i = 0; i < 2; i++) {
        device_revise(&lee, PERSON, "{}", "{\"first_name\":\"Rose\"}");
        device_sync_ok(&lee, place);
        device_sync_ok(&dana, place);
    }
    device_expect(&copy, place, 0, 200, &reply);
    assert_int_equal(reply.header.state, REPLY_STALE);
    assert_string_equal(reply.text, "");
    assert_string_equal(reply.header.token, "");
    reply_fini(&reply);
    /* The honest one was not harmed. */
    device_expect(&dana, place, 0, 200, &reply);
    assert_int_equal(reply.header.state, REPLY_OK);
    reply_fini(&reply);
    device_fini(&dana);
    device_fini(&lee);
    device_fini(&copy);
}

static void what_a_stale_copy_wrote_is_taken(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_sync_ok(&dana, place);
    memcpy(dana.token, "AAAAAAAAAAA", sizeof dana.token);
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_expect(&dana, place, 0, 200, &reply);
    assert_int_equal(reply.header.state, REPLY_STALE);
    assert_int_equal(reply.header.receipt.n, 1);
    assert_string_equal(reply.text, "");
    reply_fini(&reply);
    device_fini(&dana);
}

/* --- lineage -------------------------------------------------------------- */

static void a_receipt_above_the_log_changes_the_lineage(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct reply reply;
    char before[LINEAGE_CHARS + 1];
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    memcpy(before, place->office->lineage, sizeof before);
    dana.received = 1; /* the office has forgotten that it gave a receipt */
    device_expect(&dana, place, 0, 409, &reply);
    assert_string_equal(reply.error.error, "lineage");
    assert_string_not_equal(place->office->lineage, before);
    assert_string_equal(reply.error.lineage, place->office->lineage);
    reply_fini(&reply);
    expect_error(&dana, place, "lineage");
    device_fini(&dana);
}

static void a_predecessors_lines_are_contributed_as_they_were(void **state)
{
    struct place *place = *state;
    struct device dana, next, lee;
    struct reply reply;
    struct buffer request, extra;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_create(&dana, "contact", NOTE, PERSON, TOLD);
    assert_int_equal(sql_begin(&place->sql, true), ERR_OK);
    assert_int_equal(office_new_lineage(place->office, &place->sql), ERR_OK);
    assert_int_equal(sql_commit(&place->sql), ERR_OK);
    device_succeed(&next, &dana, place, "lineage");
    memcpy(lee.lineage, next.lineage, sizeof lee.lineage);
    struct log_line log = {.from = 1};
    struct sign_line sign = {.n = 2};
    memcpy(log.replica, dana.replica, sizeof log.replica);
    memcpy(log.key, dana.keys.public_key, sizeof log.key);
    chain_sign(sign.signature, &dana.keys, DOMAIN_LINK,
               bytes_of(dana.links[2], LINK_BYTES));
    buffer_init(&extra, 1u << 20);
    buffer_init(&request, 1u << 20);
    assert_int_equal(log_line_write(&extra, &log), ERR_OK);
    buffer_printf(&extra, "\n%s\n%s\n", dana.lines[1], dana.lines[2]);
    assert_int_equal(sign_line_write(&extra, &sign), ERR_OK);
    buffer_add_char(&extra, '\n');
    device_request(&next, 0, "fix", buffer_text(&extra), &request);
    device_send(&next, place, buffer_bytes(&request), &reply);
    assert_int_equal(reply.status, 200);
    device_apply(&next, &reply);
    reply_fini(&reply);
    /* The assignment was lost for good: the case joins anew. */
    buffer_clear(&request);
    device_request(&next, 0, "reconcile",
                   "{\"cases\":[[\"" PERSON "\",\"AAAAAAAAAAA\"]]}\n",
                   &request);
    device_send(&next, place, buffer_bytes(&request), &reply);
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.leave_count, 0);
    assert_true(reply_has(&reply, "caseload:east"));
    reply_fini(&reply);
    device_expect(&lee, place, 0, 200, &reply);
    assert_true(reply_has(&reply, "Roof leaks"));
    reply_fini(&reply);
    buffer_fini(&request);
    buffer_fini(&extra);
    device_fini(&dana);
    device_fini(&next);
    device_fini(&lee);
}

/* --- enrolment ------------------------------------------------------------ */

static int enrol(struct place *place, const char *request, const char *error)
{
    struct buffer body;
    int status;
    buffer_init(&body, 1u << 16);
    assert_int_equal(enrol_whole(place->office, &place->sql,
                                 bytes_text(request), &body, &status),
                     ERR_OK);
    assert_non_null(strstr(buffer_text(&body), error));
    buffer_fini(&body);
    return status;
}

static void nonsense_is_not_enrolled(void **state)
{
    struct place *place = *state;
    assert_int_equal(enrol(place, "", "bad-header"), 400);
    assert_int_equal(enrol(place, "{}", "bad-header"), 400);
    assert_int_equal(enrol(place, "{\"protocol\":99}", "bad-protocol"), 426);
}

static void request_sign(const struct device *d, const char *code,
                         struct enrol_request *request, struct buffer *out)
{
    struct buffer message;
    snprintf(request->code, sizeof request->code, "%s", code);
    memcpy(request->key, d->keys.public_key, KEY_BYTES);
    memcpy(request->transport, d->transport.public_key, KEY_BYTES);
    buffer_init(&message, 4096);
    assert_int_equal(enrol_proof_message(&message, request), ERR_OK);
    chain_sign(request->proof, &d->keys, DOMAIN_ENROL, buffer_bytes(&message));
    assert_int_equal(enrol_request_write(out, request), ERR_OK);
    buffer_fini(&message);
}

static void code_request(const struct device *d, const char *code,
                         struct buffer *out)
{
    struct enrol_request request = {.protocol = 1};
    request_sign(d, code, &request, out);
}

static void a_code_is_used_once_but_may_be_repeated(void **state)
{
    struct place *place = *state;
    struct device dana, other;
    struct buffer text;
    device_enrol(&dana, place, "dana");
    device_enrol(&other, place, "dana");
    buffer_init(&text, 1u << 16);
    const char *code = dana.code;
    code_request(&dana, code, &text);
    assert_int_equal(enrol(place, buffer_text(&text), dana.replica), 200);
    buffer_clear(&text);
    code_request(&other, code, &text);
    assert_int_equal(enrol(place, buffer_text(&text), "bad-code"), 403);
    buffer_clear(&text);
    code_request(&other, "0000-0000-0000-ZZZZ", &text);
    assert_int_equal(enrol(place, buffer_text(&text), "bad-code"), 403);
    buffer_clear(&text);
    code_request(&other, code, &text);
    text.at[text.size - 40] ^= 1;
    assert_true(enrol(place, buffer_text(&text), "error") >= 400);
    buffer_fini(&text);
    device_fini(&dana);
    device_fini(&other);
}

static void new_code(struct place *place, const char *account,
                     char code[INVITE_SHOWN_CHARS + 1])
{
    assert_int_equal(sql_begin(&place->sql, true), ERR_OK);
    assert_int_equal(invite_make(place->office, &place->sql, account,
                                 place->now + 1000, "ruth", code),
                     ERR_OK);
    assert_int_equal(sql_commit(&place->sql), ERR_OK);
}

static void a_lost_reply_is_repeated_under_a_later_code(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    struct buffer text;
    char code[INVITE_SHOWN_CHARS + 1];
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    buffer_init(&text, 1u << 16);
    new_code(place, "lee", code);
    code_request(&dana, code, &text); /* another's code is not spent on her */
    assert_int_equal(enrol(place, buffer_text(&text), "bad-code"), 403);
    buffer_clear(&text);
    code_request(&lee, code, &text);
    assert_int_equal(enrol(place, buffer_text(&text), lee.replica), 200);
    buffer_clear(&text);
    code_request(&lee, code, &text);
    assert_int_equal(enrol(place, buffer_text(&text), lee.replica), 200);
    assert_int_equal(place_int(place, "SELECT count(*) FROM replica WHERE "
                                      "kind = 'w'"),
                     2);
    assert_int_equal(place_int(place, "SELECT count(*) FROM invite WHERE "
                                      "used_by IS NULL"),
                     0);
    buffer_fini(&text);
    device_fini(&dana);
    device_fini(&lee);
}

static void a_vault_says_whose_code_it_takes(void **state)
{
    struct place *place = *state;
    struct device fresh;
    struct buffer text;
    char code[INVITE_SHOWN_CHARS + 1];
    struct enrol_request request = {.protocol = 1, .user = "dana"};
    device_enrol(&fresh, place, "dana");
    buffer_init(&text, 1u << 16);
    new_code(place, "lee", code);
    request_sign(&fresh, code, &request, &text);
    assert_int_equal(enrol(place, buffer_text(&text), "another's"), 403);
    buffer_clear(&text);
    request = (struct enrol_request){.protocol = 1, .has_root = true};
    request_sign(&fresh, code, &request, &text);
    assert_int_equal(enrol(place, buffer_text(&text), "another agency"), 403);
    assert_int_equal(place_int(place, "SELECT count(*) FROM invite WHERE "
                                      "used_by IS NULL"),
                     1);
    buffer_fini(&text);
    device_fini(&fresh);
}

static void a_revoked_device_stays_revoked_as_a_successor(void **state)
{
    struct place *place = *state;
    struct device dana, next;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    place_exec(place, "UPDATE replica SET revoked_at = 1 WHERE kind = 'w'");
    device_succeed(&next, &dana, place, "stale");
    device_expect(&next, place, 0, 200, &reply);
    assert_int_equal(reply.header.state, REPLY_REVOKED);
    reply_fini(&reply);
    device_fini(&dana);
    device_fini(&next);
}

static void a_forgotten_device_comes_back_by_its_certificate(void **state)
{
    struct place *place = *state;
    struct device dana, next;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    place_exec(place, "DELETE FROM replica WHERE kind = 'w'");
    device_succeed(&next, &dana, place, "lineage");
    device_create(&next, "person", PERSON, PERSON, NAMED);
    device_expect(&next, place, 0, 200, &reply);
    assert_int_equal(reply.header.held_count, 0);
    reply_fini(&reply);
    device_fini(&dana);
    device_fini(&next);
}

/* --- after a rollback that nobody told of ----------------------------------
 */

/* Taken back to before it was enrolled. */
static void forget(struct place *place, const struct device *d)
{
    char text[96];
    snprintf(text, sizeof text, "DELETE FROM replica WHERE replica = '%s'",
             d->replica);
    place_exec(place, text);
}

static int64_t lineages(struct place *place)
{
    return place_int(place, "SELECT lineages FROM agency");
}

static int introduce(struct place *place, const struct enrol_request *request,
                     const char *answer)
{
    struct buffer text;
    buffer_init(&text, 1u << 16);
    assert_int_equal(enrol_request_write(&text, request), ERR_OK);
    int status = enrol(place, buffer_text(&text), answer);
    buffer_fini(&text);
    return status;
}

static void
who_should_be_known_shows_that_the_office_was_rolled_back(void **state)
{
    struct place *place = *state;
    struct device dana, lee, next;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_sync_ok(&lee, place);
    forget(place, &dana);
    device_expect(&dana, place, 0, 401, &reply);
    reply_fini(&reply);
    device_succeed(&next, &dana, place, "unknown");
    assert_string_not_equal(next.lineage, lee.lineage);
    assert_string_equal(next.lineage, place->office->lineage);
    expect_error(&lee, place, "lineage");
    device_fini(&dana);
    device_fini(&lee);
    device_fini(&next);
}

static void many_that_were_forgotten_change_the_lineage_once(void **state)
{
    struct place *place = *state;
    struct device old[3], next[3], again;
    for (int i = 0; i < 3; i++)
        device_enrol(&old[i], place, i ? "lee" : "dana");
    for (int i = 0; i < 3; i++)
        forget(place, &old[i]);
    place->now += 1000;
    for (int i = 0; i < 3; i++)
        device_succeed(&next[i], &old[i], place, "unknown");
    assert_int_equal(lineages(place), 1);
    device_sync_ok(&next[0], place);
    /* Nor does who is known by now, whatever he says. */
    device_succeed(&again, &old[0], place, "unknown");
    device_fini(&again);
    device_succeed(&again, &next[1], place, "unknown");
    assert_int_equal(lineages(place), 1);
    /* Taken back once more. */
    forget(place, &again);
    place->now += 1000;
    device_fini(&next[1]);
    device_succeed(&next[1], &again, place, "unknown");
    assert_int_equal(lineages(place), 2);
    device_fini(&again);
    for (int i = 0; i < 3; i++) {
        device_fini(&old[i]);
        device_fini(&next[i]);
    }
}

static void an_introduction_that_is_repeated_changes_nothing(void **state)
{
    struct place *place = *state;
    struct device dana, next;
    struct enrol_request request;
    device_enrol(&dana, place, "dana");
    forget(place, &dana);
    device_succession(&next, &dana, "unknown", &request);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(introduce(place, &request, "\"certificate\""), 200);
        assert_int_equal(lineages(place), 1);
    }
    assert_int_equal(
        place_int(place, "SELECT count(*) FROM replica WHERE kind = 'w'"), 2);
    device_fini(&dana);
    device_fini(&next);
}

/* Signs a certificate that says something else. */
static void certify(struct buffer *out, uint8_t sig[SIGNATURE_BYTES],
                    const struct device *d, const char *agency,
                    const struct keypair *root)
{
    struct certificate c = {.at = 1};
    snprintf(c.agency, sizeof c.agency, "%s", agency);
    snprintf(c.user, sizeof c.user, "%s", d->user);
    snprintf(c.role, sizeof c.role, "worker");
    memcpy(c.replica, d->replica, sizeof c.replica);
    memcpy(c.key, d->keys.public_key, KEY_BYTES);
    memcpy(c.transport, d->transport.public_key, KEY_BYTES);
    buffer_init(out, 1u << 16);
    assert_int_equal(certificate_write(out, &c), ERR_OK);
    chain_sign(sig, root, DOMAIN_CERT, buffer_bytes(out));
}

static void a_stranger_cannot_say_that_the_office_was_rolled_back(void **state)
{
    struct place *place = *state;
    struct device dana, next;
    struct enrol_request good, bad;
    struct buffer text;
    const struct keypair *root = &place->office->keys.root;
    device_enrol(&dana, place, "dana");
    forget(place, &dana);
    device_succession(&next, &dana, "unknown", &good);
    /* A certificate that somebody else has signed, and one that was changed. */
    bad = good;
    certify(&text, bad.certificate_sig, &dana, "north", &dana.keys);
    bad.certificate = buffer_bytes(&text);
    assert_int_equal(introduce(place, &bad, "bad-auth"), 401);
    memcpy(bad.certificate_sig, good.certificate_sig, SIGNATURE_BYTES);
    assert_int_equal(introduce(place, &bad, "bad-auth"), 401);
    buffer_fini(&text);
    /* Of another agency under the same root. */
    bad = good;
    certify(&text, bad.certificate_sig, &dana, "south", root);
    bad.certificate = buffer_bytes(&text);
    assert_int_equal(introduce(place, &bad, "bad-auth"), 401);
    buffer_fini(&text);
    /* By someone who has the certificate, and not the key. */
    bad = good;
    bad.successor_sig[0] ^= 1;
    assert_int_equal(introduce(place, &bad, "bad-auth"), 401);
    bad = good;
    bad.proof[0] ^= 1;
    assert_int_equal(introduce(place, &bad, "bad-auth"), 401);
    /* For another's keys. */
    bad = good;
    bad.transport[0] ^= 1;
    assert_int_equal(introduce(place, &bad, "bad-auth"), 401);
    assert_int_equal(lineages(place), 0);
    assert_int_equal(
        place_int(place, "SELECT count(*) FROM replica WHERE kind = 'w'"), 0);
    assert_int_equal(introduce(place, &good, "\"certificate\""), 200);
    assert_int_equal(lineages(place), 1);
    device_fini(&dana);
    device_fini(&next);
}

static void expect_revoked(struct device *d, struct place *place)
{
    struct reply reply;
    device_expect(d, place, DEVICE_KEEP, 200, &reply);
    assert_int_equal(reply.header.state, REPLY_REVOKED);
    reply_fini(&reply);
}

static void shut_out(struct place *place, const struct device *d)
{
    struct replica_row row;
    assert_int_equal(sql_begin(&place->sql, true), ERR_OK);
    assert_int_equal(store_replica_find(&place->sql, "north", d->replica, &row),
                     ERR_OK);
    assert_int_equal(
        revoke_write(place->office, &place->sql, "boss", &row, "lost"), ERR_OK);
    assert_int_equal(sql_commit(&place->sql), ERR_OK);
}

static void who_was_revoked_is_not_let_in_by_being_forgotten(void **state)
{
    struct place *place = *state;
    struct device dana, next, later;
    device_enrol(&dana, place, "dana");
    shut_out(place, &dana);
    device_succeed(&next, &dana, place, "stale");
    /* Known or not, itself or its successor: the records say so. */
    forget(place, &dana);
    forget(place, &next);
    device_succeed(&later, &dana, place, "unknown");
    expect_revoked(&later, place);
    device_fini(&later);
    device_succeed(&later, &next, place, "unknown");
    expect_revoked(&later, place);
    device_fini(&dana);
    device_fini(&next);
    device_fini(&later);
}

static void a_revocation_that_comes_back_later_finds_successors(void **state)
{
    struct place *place = *state;
    struct device dana, lee, next, after;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    forget(place, &dana);
    device_succeed(&next, &dana, place, "unknown");
    device_succeed(&after, &next, place, "stale");
    shut_out(place, &dana);
    expect_revoked(&after, place);
    memcpy(lee.lineage, after.lineage, sizeof lee.lineage);
    device_sync_ok(&lee, place);
    device_fini(&dana);
    device_fini(&lee);
    device_fini(&next);
    device_fini(&after);
}

/* --- terms ---------------------------------------------------------------- */

static void each_start_is_a_term_of_its_own(void **state)
{
    struct place *place = *state;
    char before[REPLICA_CHARS + 1];
    memcpy(before, place->office->term, sizeof before);
    place_reopen(place);
    assert_string_not_equal(place->office->term, before);
    /* Nothing is published twice. */
    assert_int_equal(place_int(place, "SELECT count(*) FROM line"),
                     place_int(place, "SELECT count(*) FROM record "
                                      "WHERE type = 'schema'"));
}

static void an_office_is_not_made_twice(void **state)
{
    struct place *place = *state;
    char detail[OFFICE_DETAIL_CHARS];
    struct office_options options = {.data_dir = place->folder};
    assert_int_equal(office_init(&options, "north", "North", detail),
                     ERR_EXISTS);
    assert_true(detail[0] != '\0');
    options.data_dir = "/nonexistent/office";
    assert_true(office_init(&options, "north", "North", detail) != ERR_OK);
    assert_int_equal(office_init(&options, "No rth", "North", detail),
                     ERR_INVALID);
    struct office *office;
    assert_int_equal(office_open(&office, &options, false, detail),
                     ERR_NOT_FOUND);
    assert_null(office);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        TEST(two_copies_that_both_write_are_closed),
        TEST(a_vault_taken_back_is_a_fork),
        TEST(a_receipt_of_another_history_is_a_fork),
        TEST(each_copy_goes_on_as_its_own_successor),
        TEST(a_clone_that_only_reads_is_found_by_its_token),
        TEST(what_a_stale_copy_wrote_is_taken),
        TEST(a_receipt_above_the_log_changes_the_lineage),
        TEST(a_predecessors_lines_are_contributed_as_they_were),
        TEST(nonsense_is_not_enrolled),
        TEST(a_code_is_used_once_but_may_be_repeated),
        TEST(a_lost_reply_is_repeated_under_a_later_code),
        TEST(a_vault_says_whose_code_it_takes),
        TEST(a_revoked_device_stays_revoked_as_a_successor),
        TEST(a_forgotten_device_comes_back_by_its_certificate),
        TEST(who_should_be_known_shows_that_the_office_was_rolled_back),
        TEST(many_that_were_forgotten_change_the_lineage_once),
        TEST(an_introduction_that_is_repeated_changes_nothing),
        TEST(a_stranger_cannot_say_that_the_office_was_rolled_back),
        TEST(who_was_revoked_is_not_let_in_by_being_forgotten),
        TEST(a_revocation_that_comes_back_later_finds_successors),
        TEST(each_start_is_a_term_of_its_own),
        TEST(an_office_is_not_made_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
