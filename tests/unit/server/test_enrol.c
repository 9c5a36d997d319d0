/* Enrolment, and coming back after the office was rolled back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "server/invite.h"
#include "tests/unit/server/device.h"

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
    place_forget(place, &dana);
    device_expect(&dana, place, 0, 401, &reply);
    reply_fini(&reply);
    device_succeed(&next, &dana, place, "unknown");
    assert_string_not_equal(next.lineage, lee.lineage);
    assert_string_equal(next.lineage, place->office->lineage);
    device_stopped(&lee, place, "lineage");
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
        place_forget(place, &old[i]);
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
    place_forget(place, &again);
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
    place_forget(place, &dana);
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
    place_forget(place, &dana);
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

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
