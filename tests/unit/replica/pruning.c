#include "tests/unit/replica/pruning.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <sqlite3.h>

int pruning_setup(void **state)
{
    if (pair_setup(state))
        return -1;
    struct pair *p = *state;
    write_person(p->dana.vault, "Rosa", p->person);
    write_contact(p->dana.vault, p->person, "Roof leaks.", p->contact);
    write_person(p->dana.vault, "Omar", p->other);
    far_sync_up(p->far, p->dana.vault);
    far_pull(p->far, p->dana.vault, p->person);
    return 0;
}

void leave(struct pair *p, const char *kase)
{
    struct inbox *inbox;
    struct leave_line line;
    far_leave(p->far, p->dana.vault, kase, "caseload:north", &line);
    assert_int_equal(inbox_open(&inbox, p->dana.vault), ERR_OK);
    assert_int_equal(inbox_leave(inbox, &line), ERR_OK);
    assert_int_equal(far_page(p->far, inbox, 0, 0, "caseload:north", 90, true),
                     ERR_OK);
    inbox_close(inbox);
}

void back_up(struct pair *p)
{
    struct receipt receipt;
    struct buffer message;
    far_sync_up(p->far, p->dana.vault);
    far_receipt(p->far, p->dana.vault, &receipt);
    buffer_init(&message, 1 << 16);
    assert_int_equal(receipt_message(&message, &receipt), ERR_OK);
    chain_sign(receipt.signature, &p->far->term, DOMAIN_BACKED,
               buffer_bytes(&message));
    buffer_fini(&message);
    assert_int_equal(outbox_backed(p->dana.vault, &receipt), ERR_OK);
}

struct pruned prune(struct pair *p)
{
    struct pruned pruned = {0, 0, 0};
    for (bool more = true; more;)
        assert_int_equal(prune_step(p->dana.vault, &pruned, &more), ERR_OK);
    return pruned;
}

void leave_backed_up(struct pair *p)
{
    leave(p, p->person);
    assert_int_equal(prune(p).lines, 0);
    revise(p->dana.vault, p->other, "{\"language\":\"es\"}");
    back_up(p);
}

int64_t number(struct pair *p, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_open(p->dana.path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return value;
}

struct vault_status status_of(struct pair *p)
{
    struct vault_status status;
    assert_int_equal(record_status(p->dana.vault, &status), ERR_OK);
    return status;
}
