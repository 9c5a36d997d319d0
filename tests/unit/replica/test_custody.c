#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "tests/unit/replica/far_end.h"

/* Dana has three received lines. */
static int setup(void **state)
{
    struct identity self;
    if (pair_setup(state))
        return -1;
    struct pair *p = *state;
    write_person(p->dana.vault, "Rosa", p->person);
    write_contact(p->dana.vault, p->person, "Roof leaks.", p->contact);
    revise(p->dana.vault, p->person, "{\"preferred_name\":\"Rosie\"}");
    far_sync_up(p->far, p->dana.vault);
    far_pull(p->far, p->dana.vault, p->person);
    if (identity_load(p->dana.vault, &self))
        return -1;
    memcpy(p->replica, self.replica, sizeof p->replica);
    return 0;
}

static struct vault_status status_of(struct vault *vault)
{
    struct vault_status status;
    assert_int_equal(record_status(vault, &status), ERR_OK);
    return status;
}

/* --- what is backed up of older logs -------------------------------------- */

/* The office says that the log is backed up as far as it has it. */
static struct receipt backed_of(struct pair *p, const char *replica)
{
    struct receipt receipt = {.n = 0};
    struct buffer message;
    for (size_t i = 0; i < p->far->log_count; i++)
        if (!strcmp(p->far->logs[i].replica, replica)) {
            receipt.n = p->far->logs[i].n;
            memcpy(receipt.link, p->far->logs[i].link, LINK_BYTES);
        }
    memcpy(receipt.agency, p->far->agency, sizeof receipt.agency);
    memcpy(receipt.lineage, p->far->lineage, sizeof receipt.lineage);
    memcpy(receipt.replica, replica, sizeof receipt.replica);
    memcpy(receipt.term, p->far->term_name, sizeof receipt.term);
    buffer_init(&message, 4096);
    assert_int_equal(receipt_message(&message, &receipt), ERR_OK);
    chain_sign(receipt.signature, &p->far->term, DOMAIN_BACKED,
               buffer_bytes(&message));
    buffer_fini(&message);
    return receipt;
}

static void older_expect(struct pair *p, size_t count, int64_t backed)
{
    struct log_mark logs[LOG_MARKS_MAX];
    size_t found;
    assert_int_equal(outbox_older(p->dana.vault, logs, &found), ERR_OK);
    assert_int_equal(found, count);
    if (count) {
        assert_string_equal(logs[count - 1].replica, p->replica);
        assert_int_equal(logs[count - 1].n, backed);
    }
}

static void contributed_lines_are_backed_up_again(void **state)
{
    struct pair *p = *state;
    older_expect(p, 0, 0);
    struct receipt before = backed_of(p, p->replica);
    assert_int_equal(outbox_backed(p->dana.vault, &before), ERR_OK);
    assert_int_equal(status_of(p->dana.vault).backed_up, 3);
    far_rollback(p->far, p->replica, 1);
    far_succeed(p->far, &p->dana, "lineage");
    assert_int_equal(status_of(p->dana.vault).backed_up, 1);
    older_expect(p, 1, 1);
    assert_int_equal(far_contributed(p->far, p->dana.vault), 2);
    struct receipt receipt = backed_of(p, p->replica);
    assert_int_equal(outbox_older_backed(p->dana.vault, &receipt), ERR_OK);
    assert_int_equal(status_of(p->dana.vault).backed_up, 3);
    older_expect(p, 0, 0);
}

/* What was backed up in the history before says nothing of this one. */
static void of_the_oldest_log_nothing_is_taken_for_granted(void **state)
{
    struct pair *p = *state;
    struct receipt receipt = backed_of(p, p->replica);
    assert_int_equal(outbox_backed(p->dana.vault, &receipt), ERR_OK);
    far_succeed(p->far, &p->dana, "fork");
    assert_int_equal(status_of(p->dana.vault).backed_up, 3);
    older_expect(p, 0, 0);
    far_rollback(p->far, p->replica, 1);
    far_succeed(p->far, &p->dana, "lineage");
    assert_int_equal(status_of(p->dana.vault).backed_up, 0);
    older_expect(p, 1, 0);
}

static void an_older_receipt_that_is_not_ours_counts_for_nothing(void **state)
{
    struct pair *p = *state;
    far_succeed(p->far, &p->dana, "fork");
    struct receipt good = backed_of(p, p->replica);
    struct receipt other = good;
    other.link[0] ^= 1;
    assert_int_equal(outbox_older_backed(p->dana.vault, &other), ERR_SIGNATURE);
    other = good;
    other.lineage[0] = other.lineage[0] == 'A' ? 'B' : 'A';
    assert_int_equal(outbox_older_backed(p->dana.vault, &other), ERR_SIGNATURE);
    /* Signed, and of other lines; or of a log that is not ours. */
    for (size_t i = 0; i < p->far->log_count; i++)
        if (!strcmp(p->far->logs[i].replica, p->replica))
            p->far->logs[i].link[0] ^= 1;
    other = backed_of(p, p->replica);
    assert_int_equal(outbox_older_backed(p->dana.vault, &other), ERR_OK);
    other = backed_of(p, "wAAAAAAAAAAAA");
    assert_int_equal(outbox_older_backed(p->dana.vault, &other), ERR_OK);
    assert_int_equal(status_of(p->dana.vault).backed_up, 0);
    assert_int_equal(outbox_older_backed(p->dana.vault, &good), ERR_OK);
    assert_int_equal(status_of(p->dana.vault).backed_up, 3);
}

/* Of a log that parted the office's mark is of other lines; it would answer a
 * long poll at once, again and again, if it had to think it unheard. */
static void a_mark_that_is_not_ours_is_asked_for_no_more(void **state)
{
    struct pair *p = *state;
    far_succeed(p->far, &p->dana, "fork");
    older_expect(p, 1, 0);
    for (size_t i = 0; i < p->far->log_count; i++)
        if (!strcmp(p->far->logs[i].replica, p->replica))
            p->far->logs[i].link[0] ^= 1;
    struct receipt other = backed_of(p, p->replica);
    assert_int_equal(outbox_older_backed(p->dana.vault, &other), ERR_OK);
    older_expect(p, 1, other.n);
    assert_int_equal(status_of(p->dana.vault).backed_up, 0);
    /* In another history it is asked anew. */
    far_rollback(p->far, p->replica, 1);
    far_succeed(p->far, &p->dana, "lineage");
    older_expect(p, 1, 0);
}

/* --- what the office said to have written --------------------------------- */

static void terms_expect(struct pair *p, size_t count, int64_t n)
{
    struct log_mark terms[LOG_MARKS_MAX];
    size_t found;
    assert_int_equal(outbox_terms(p->dana.vault, terms, &found), ERR_OK);
    assert_int_equal(found, count);
    if (count) {
        assert_string_equal(terms[0].replica, p->far->term_name);
        assert_int_equal(terms[0].n, n);
    }
}

static void reply_of(struct pair *p, const char *token, int64_t wrote)
{
    struct reply_header header = {.wrote = wrote};
    memcpy(header.lineage, p->far->lineage, sizeof header.lineage);
    memcpy(header.token, token, strlen(token) + 1);
    assert_int_equal(identity_reply(p->dana.vault, &header), ERR_OK);
}

static void what_a_term_said_it_wrote_is_told_after_a_rollback(void **state)
{
    struct pair *p = *state;
    reply_of(p, "AAAAAAAAAAA", 12);
    reply_of(p, "BBBBBBBBBBA", 9); /* late */
    terms_expect(p, 0, 0);         /* the office knows it itself */
    far_rollback(p->far, p->replica, 1);
    far_succeed(p->far, &p->dana, "lineage");
    terms_expect(p, 1, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, pair_teardown)
        TEST(contributed_lines_are_backed_up_again),
        TEST(of_the_oldest_log_nothing_is_taken_for_granted),
        TEST(an_older_receipt_that_is_not_ours_counts_for_nothing),
        TEST(a_mark_that_is_not_ours_is_asked_for_no_more),
        TEST(what_a_term_said_it_wrote_is_told_after_a_rollback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
