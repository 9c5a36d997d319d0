/* Vouchers on a device: what is spent with no network, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "client/handle.h"
#include "shared/model/amount.h"
#include "shared/model/voucher.h"
#include "tests/fault.h"
#include "tests/unit/client/bench.h"

#define VOUCHER "0192b5a0-0000-7000-8000-0000000001%02d"
#define FAR_AWAY "9999-12-31"

struct made {
    const char *assigned_to, *expires_on, *person, *pool;
    bool forged; /* by somebody else's key */
    bool voided;
};

/* The office writes one and the device gets it. */
static void give(struct bench *b, int number, const struct made *made,
                 char id[ID_CHARS + 1])
{
    char name[16], signature[BASE64_CHARS(SIGNATURE_BYTES) + 1], set[1024];
    uint8_t bits[SIGNATURE_BYTES];
    struct buffer text;
    snprintf(id, ID_CHARS + 1, VOUCHER, number);
    snprintf(name, sizeof name, "aaaaaa-%d", number);
    struct voucher v = {.record = bytes_text(id),
                        .number = bytes_text(name),
                        .category = bytes_text("transportation"),
                        .assigned_to = bytes_text(made->assigned_to),
                        .expires_on = bytes_text(made->expires_on),
                        .person = bytes_text(made->person ? made->person : ""),
                        .pool = bytes_text(made->pool ? made->pool : ""),
                        .amount_cents = 8000};
    buffer_init(&text, 4096);
    assert_int_equal(voucher_text(&text, b->far->agency, &v), ERR_OK);
    chain_sign(bits, made->forged ? &b->far->term : &b->far->root,
               DOMAIN_VOUCHER, buffer_bytes(&text));
    buffer_fini(&text);
    base64_encode(signature, bits, sizeof bits);
    snprintf(set, sizeof set,
             "{\"amount_cents\":8000,\"assigned_to\":\"%s\",\"category\":"
             "\"transportation\",\"expires_on\":\"%s\",\"number\":\"%s\","
             "\"%s\":\"%s\",\"signature\":\"%s\"}",
             made->assigned_to, made->expires_on, name,
             made->person ? "person" : "pool",
             made->person ? made->person : made->pool, signature);
    struct revision_draft draft = {.record = id,
                                   .type = VOUCHER_TYPE,
                                   .kase = id,
                                   .set = bytes_text(set),
                                   .seal = true};
    far_write(b->far, &draft);
    if (made->voided) {
        char voids[ID_CHARS + 1];
        id_derive(voids, VOID_TYPE, bytes_text(id));
        snprintf(set, sizeof set, "{\"of\":\"%s\",\"reason\":\"lost\"}", id);
        struct revision_draft voiding = {.record = voids,
                                         .type = VOID_TYPE,
                                         .kase = id,
                                         .set = bytes_text(set),
                                         .seal = true};
        far_write(b->far, &voiding);
    }
    far_pull(b->far, b->vault->vault, id);
}

static int spend(struct bench *b, const char *voucher, const char *person,
                 int64_t cents)
{
    struct satchel_spend given = SATCHEL_SPEND_INIT;
    char id[SATCHEL_ID_BYTES];
    given.voucher = voucher;
    given.person = person;
    given.payee = "Shell";
    given.amount_cents = cents;
    return satchel_spend(b->vault, &given, id);
}

static int64_t written(struct bench *b)
{
    struct satchel_status status = SATCHEL_STATUS_INIT;
    assert_int_equal(satchel_status(b->vault, &status), SATCHEL_OK);
    return status.here;
}

static void F18_a_voucher_is_spent_once(void **state)
{
    struct bench *b = *state;
    char person[SATCHEL_ID_BYTES], id[ID_CHARS + 1];
    bench_put(b->vault, "person", "{\"legal_name\":\"Ruth\"}", person);
    give(b, 1, &(struct made){"dana", FAR_AWAY, NULL, "gas", false, false}, id);
    assert_int_equal(spend(b, "aaaaaa-1", person, 0), SATCHEL_OK);
    int64_t before = written(b);
    assert_int_equal(spend(b, id, person, 1), SATCHEL_EXISTS);
    assert_non_null(strstr(satchel_message(b->vault), "is spent"));
    assert_int_equal(written(b), before);
    /* So does another program on the vault find it. */
    satchel *other = bench_open(b);
    struct satchel_spend given = SATCHEL_SPEND_INIT;
    char use[SATCHEL_ID_BYTES];
    given.voucher = id;
    given.person = person;
    given.payee = "Esso";
    assert_int_equal(satchel_spend(other, &given, use), SATCHEL_EXISTS);
    satchel_close(other);
    bench_sound(b->vault, before);
}

static void F18_what_is_not_in_order_is_not_spent(void **state)
{
    struct bench *b = *state;
    char person[SATCHEL_ID_BYTES], other[SATCHEL_ID_BYTES], id[ID_CHARS + 1];
    bench_put(b->vault, "person", "{\"legal_name\":\"Ruth\"}", person);
    bench_put(b->vault, "person", "{\"legal_name\":\"Olu\"}", other);
    const struct {
        struct made made;
        int64_t cents;
        int error;
        const char *says;
    } cases[] = {
        {{"eli", FAR_AWAY, NULL, "gas", false, false},
         1,
         SATCHEL_DENIED,
         "eli's to spend"},
        {{"dana", "2001-01-01", NULL, "gas", false, false},
         1,
         SATCHEL_DENIED,
         "ended on 2001-01-01"},
        {{"dana", FAR_AWAY, other, NULL, false, false},
         1,
         SATCHEL_DENIED,
         "alone"},
        {{"dana", FAR_AWAY, NULL, "gas", false, false},
         8001,
         SATCHEL_TOO_BIG,
         "for 80.00 at most"},
        {{"dana", FAR_AWAY, NULL, "gas", true, false},
         1,
         SATCHEL_SIGNATURE,
         "does not bear the agency's signature"},
        {{"dana", FAR_AWAY, NULL, "gas", false, true},
         1,
         SATCHEL_DENIED,
         "voided by the office"},
    };
    int64_t before = written(b);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        give(b, 10 + (int)i, &cases[i].made, id);
        assert_int_equal(spend(b, id, person, cases[i].cents), cases[i].error);
        if (!strstr(satchel_message(b->vault), cases[i].says))
            fail_msg("%s", satchel_message(b->vault));
    }
    assert_int_equal(spend(b, "aaaaaa-99", person, 1), SATCHEL_NOT_FOUND);
    assert_int_equal(spend(b, person, person, 1), SATCHEL_INVALID);
    assert_int_equal(spend(b, id, person, -1), SATCHEL_INVALID);
    assert_int_equal(written(b), before);
}

static void a_spend_can_be_part_of_a_batch(void **state)
{
    struct bench *b = *state;
    char person[SATCHEL_ID_BYTES], id[ID_CHARS + 1];
    bench_put(b->vault, "person", "{\"legal_name\":\"Ruth\"}", person);
    give(b, 1, &(struct made){"dana", FAR_AWAY, NULL, "gas", false, false}, id);
    int64_t before = written(b);
    assert_int_equal(satchel_begin(b->vault), SATCHEL_OK);
    assert_int_equal(spend(b, id, person, 1), SATCHEL_OK);
    assert_int_equal(spend(b, id, person, 1), SATCHEL_EXISTS);
    satchel_rollback(b->vault);
    assert_int_equal(written(b), before);
    assert_int_equal(spend(b, id, person, 1), SATCHEL_OK);
}

static void a_request_says_what_it_needs(void **state)
{
    struct bench *b = *state;
    char person[SATCHEL_ID_BYTES], id[SATCHEL_ID_BYTES];
    struct satchel_money_request r = SATCHEL_MONEY_REQUEST_INIT;
    bench_put(b->vault, "person", "{\"legal_name\":\"Ruth\"}", person);
    r.person = person;
    r.category = "transportation";
    r.payee = "Shell";
    assert_int_equal(satchel_request_money(b->vault, &r, id), SATCHEL_INVALID);
    assert_non_null(strstr(satchel_message(b->vault), "amount_cents"));
    r.amount_cents = 8000;
    assert_int_equal(satchel_request_money(b->vault, &r, id), SATCHEL_OK);
    json_t *shown = bench_shown(b->vault, id);
    assert_string_equal(json_string_value(json_object_get(shown, "case")),
                        person);
    json_decref(shown);
    r.category = "champagne";
    assert_int_equal(satchel_request_money(b->vault, &r, id), SATCHEL_INVALID);
}

static void spending_survives_every_allocation_failure(void **state)
{
    struct bench *b = *state;
    char person[SATCHEL_ID_BYTES], id[ID_CHARS + 1];
    bench_put(b->vault, "person", "{\"legal_name\":\"Ruth\"}", person);
    give(b, 1, &(struct made){"dana", FAR_AWAY, NULL, "gas", false, false}, id);
    int64_t before = written(b);
    for (int nth = 1;; nth++) {
        fault_at(nth, false);
        int error = spend(b, id, person, 1);
        bool hit = fault_hit();
        fault_at(0, false);
        if (!hit) {
            assert_int_equal(error, SATCHEL_OK);
            assert_true(nth > 10);
            break;
        }
        assert_int_equal(error, SATCHEL_NOMEM);
        assert_int_equal(written(b), before);
    }
    bench_sound(b->vault, before + 1);
}

static void an_amount_has_one_reading(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t cents; /* 0: none */
    } texts[] = {{"80", 8000},   {"80.00", 8000}, {"0.01", 1},
                 {"80.5", 0},    {"80.005", 0},   {"-1", 0},
                 {"", 0},        {".50", 0},      {"1,000", 0},
                 {"$80", 0},     {"0", 0},        {"0.00", 0},
                 {"80.", 0},     {"80.0x", 0},    {"99999999999", 0},
                 {"12.34", 1234}};
    char text[AMOUNT_CHARS];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t cents = 0;
        assert_int_equal(amount_read(texts[i].text, &cents),
                         texts[i].cents ? ERR_OK : ERR_INVALID);
        assert_int_equal(cents, texts[i].cents);
    }
    amount_format(text, 123456);
    assert_string_equal(text, "1234.56");
    amount_format(text, -5);
    assert_string_equal(text, "-0.05");
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(F18_a_voucher_is_spent_once),
        TEST(F18_what_is_not_in_order_is_not_spent),
        TEST(a_spend_can_be_part_of_a_batch),
        TEST(a_request_says_what_it_needs),
        TEST(spending_survives_every_allocation_failure),
        cmocka_unit_test(an_amount_has_one_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
