#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "shared/replica/mirror.h"
#include "shared/replica/salvage.h"
#include "shared/replica/vault_inner.h"
#include "shared/replica/vault_keys.h"
#include "tests/fault.h"
#include "tests/unit/replica/far_end.h"

#define OLD "correct horse"
#define NEW "battery staple"
#define PATH (2 * DIR_CHARS)

/* What is random is the same in each run, so that no two tries that a test
 * makes have one mark by chance. */
struct one {
    struct far_end *far;
    struct random_seeded dice;
    struct device dana;
    char keys[PATH], mirror[PATH], wal[PATH];
};

static void tries_count(const char *path)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "UPDATE meta SET tries_max = 10", NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
}

static int setup(void **state)
{
    struct one *o = calloc(1, sizeof *o);
    char person[ID_CHARS + 1];
    if (!o)
        return -1;
    o->far = far_end_new();
    random_seeded_init(&o->dice, 5);
    device_make(&o->dana);
    o->dana.options.random = &o->dice.random;
    snprintf(o->keys, sizeof o->keys, "%s.keys", o->dana.path);
    snprintf(o->wal, sizeof o->wal, "%s-wal", o->dana.path);
    dir_file(o->mirror, o->dana.dir, "card.mirror");
    if (vault_create(&o->dana.vault, o->dana.path, &o->dana.options,
                     o->dana.detail))
        return -1;
    tries_count(o->dana.path);
    far_enrol(o->far, &o->dana, "dana");
    write_person(o->dana.vault, "Rosa", person);
    if (mirror_set(o->dana.vault, o->mirror))
        return -1;
    *state = o;
    return 0;
}

static int teardown(void **state)
{
    struct one *o = *state;
    device_remove(&o->dana);
    far_end_free(o->far);
    free(o);
    return 0;
}

/* --- what is asked -------------------------------------------------------- */

static enum err opens(struct one *o, const char *passphrase)
{
    struct vault *vault;
    o->dana.options.passphrase = passphrase;
    enum err err =
        vault_open(&vault, o->dana.path, &o->dana.options, o->dana.detail);
    vault_close(vault);
    return err;
}

static enum err change(struct one *o, const char *before, const char *after)
{
    bool behind = true;
    enum err err =
        vault_passphrase_change(o->dana.vault, before, after, &behind);
    assert_false(behind);
    return err;
}

static int64_t number(struct one *o, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_open(o->dana.path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t got = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return got;
}

static int64_t wrong_tries(struct one *o)
{
    return number(o, "SELECT length(tried) / 2 - 1 FROM meta");
}

/* The key as it is sealed now. */
static void sealed_load(struct one *o, struct key_row *row)
{
    assert_int_equal(vault_keys_load(o->dana.vault, row), ERR_OK);
    assert_false(vault_keys_destroyed(row));
}

static bool file_has(const char *path, const void *what, size_t size)
{
    static char content[1 << 20];
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    size_t got = fread(content, 1, sizeof content, file);
    assert_true(feof(file));
    fclose(file);
    for (size_t i = 0; i + size <= got; i++)
        if (!memcmp(content + i, what, size))
            return true;
    return false;
}

/* As bytes, and as a journal's records say it. */
static int places_of(struct one *o, const struct key_row *row)
{
    char text[BASE64_CHARS(sizeof row->sealed) + 1];
    const char *const paths[] = {o->dana.path, o->wal, o->keys, o->mirror};
    int places = 0;
    base64_encode(text, row->sealed, sizeof row->sealed);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        places += file_has(paths[i], row->sealed, sizeof row->sealed) ||
                  file_has(paths[i], text, strlen(text));
    return places;
}

/* --- a change ------------------------------------------------------------- */

static void a_changed_passphrase_opens_and_the_old_one_does_not(void **state)
{
    struct one *o = *state;
    struct key_row old = {.ops = 0}, row = {.ops = 0};
    sealed_load(o, &old);
    assert_true(places_of(o, &old) >= 3); /* vault or its log, keys, mirror */
    assert_int_equal(change(o, OLD, NEW), ERR_OK);
    assert_false(vault_locked(o->dana.vault));
    assert_sound(o->dana.vault);
    assert_int_equal(opens(o, OLD), ERR_PASSPHRASE);
    assert_int_equal(opens(o, NEW), ERR_OK);
    sealed_load(o, &row);
    assert_true(places_of(o, &row) >= 3);
    assert_int_equal(places_of(o, &old), 0);
    assert_memory_not_equal(old.salt, row.salt, sizeof row.salt);
    assert_memory_equal(old.name, row.name, sizeof row.name);
}

static void a_locked_vault_can_be_given_another_passphrase(void **state)
{
    struct one *o = *state;
    vault_lock(o->dana.vault);
    assert_int_equal(change(o, OLD, NEW), ERR_OK);
    assert_true(vault_locked(o->dana.vault));
    assert_int_equal(vault_unlock(o->dana.vault, NEW), ERR_OK);
    assert_sound(o->dana.vault);
}

static void who_does_not_know_the_passphrase_changes_nothing(void **state)
{
    struct one *o = *state;
    bool behind;
    assert_int_equal(
        vault_passphrase_change(o->dana.vault, "wrong", NEW, &behind),
        ERR_PASSPHRASE);
    assert_non_null(strstr(vault_detail(o->dana.vault), "after 9 more"));
    assert_int_equal(wrong_tries(o), 1); /* also of an unlocked vault */
    assert_int_equal(vault_passphrase_change(o->dana.vault, OLD, "", &behind),
                     ERR_INVALID);
    assert_int_equal(opens(o, OLD), ERR_OK);
}

static void a_change_raises_the_cost_to_that_of_today(void **state)
{
    struct one *o = *state;
    assert_int_equal(number(o, "SELECT kdf_bytes FROM meta"), 8192);
    device_close(&o->dana);
    o->dana.options.kdf_ops = o->dana.options.kdf_bytes = 0;
    device_open(&o->dana, OLD);
    assert_int_equal(number(o, "SELECT kdf_bytes FROM meta"), 8192);
    assert_int_equal(change(o, OLD, OLD), ERR_OK);
    assert_int_equal(number(o, "SELECT kdf_bytes FROM meta"), VAULT_KDF_BYTES);
    assert_int_equal(number(o, "SELECT kdf_ops FROM meta"), VAULT_KDF_OPS);
    assert_int_equal(opens(o, OLD), ERR_OK);
}

static void a_mirror_that_is_away_is_told_of(void **state)
{
    struct one *o = *state;
    char away[PATH];
    struct key_row old = {.ops = 0};
    struct mirror_status status;
    bool behind;
    sealed_load(o, &old);
    dir_file(away, o->dana.dir, "card");
    assert_int_equal(mkdir(away, 0700), 0);
    char inside[2 * PATH];
    snprintf(inside, sizeof inside, "%s/card.mirror", away);
    assert_int_equal(mirror_set(o->dana.vault, inside), ERR_OK);
    assert_int_equal(rename(away, o->mirror), 0);
    assert_int_equal(vault_passphrase_change(o->dana.vault, OLD, NEW, &behind),
                     ERR_OK);
    assert_true(behind);
    assert_int_equal(rename(o->mirror, away), 0);
    assert_true(file_has(inside, "sealed", 6));
    assert_int_equal(mirror_status(o->dana.vault, &status), ERR_OK);
    assert_int_equal(status.err, ERR_OK);
    snprintf(o->mirror, sizeof o->mirror, "%.*s", PATH - 1, inside);
    assert_int_equal(places_of(o, &old), 0);
}

/* The vault has committed, and the power went before its key file followed. */
static void a_key_file_that_was_left_behind_follows(void **state)
{
    struct one *o = *state;
    struct key_row old = {.ops = 0};
    char kept[PATH], person[ID_CHARS + 1];
    sealed_load(o, &old);
    dir_file(kept, o->dana.dir, "kept");
    assert_int_equal(link(o->keys, kept), 0); /* it is replaced, not written */
    assert_int_equal(change(o, OLD, NEW), ERR_OK);
    device_close(&o->dana);
    assert_int_equal(rename(kept, o->keys), 0);
    assert_int_equal(places_of(o, &old), 1);
    assert_int_equal(opens(o, OLD), ERR_PASSPHRASE);
    device_open(&o->dana, NEW);
    write_person(o->dana.vault, "Omar", person);
    assert_int_equal(places_of(o, &old), 0);
}

static void a_change_survives_every_allocation_failure(void **state)
{
    struct one *o = *state;
    const char *now = OLD, *next = NEW;
    bool behind, hit = true;
    for (int nth = 1; hit; nth++) {
        fault_at(nth, false);
        enum err err =
            vault_passphrase_change(o->dana.vault, now, next, &behind);
        hit = fault_hit();
        fault_at(0, false);
        assert_true(hit || nth > 1);
        assert_true(hit || (!err && !behind));
        if (err) {
            assert_int_equal(err, ERR_NOMEM);
        } else {
            const char *before = now;
            now = next;
            next = before;
        }
        assert_int_equal(opens(o, now), ERR_OK);
        assert_int_equal(opens(o, next), ERR_PASSPHRASE);
    }
    assert_sound(o->dana.vault);
}

/* --- wrong tries ---------------------------------------------------------- */

static const char *const guesses[] = {
    "password", "12345",  "satchel", "letmein", "dana",     "Rosa",
    "horse",    "qwerty", "monkey",  "dragon",  "football", "winter"};
#define TRIES 10 /* that a vault allows */

static void guess_in_vain(struct one *o, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char left[32];
        snprintf(left, sizeof left, "after %zu more", TRIES - 1 - i);
        assert_int_equal(opens(o, guesses[i]), ERR_PASSPHRASE);
        assert_non_null(strstr(o->dana.detail, left));
    }
}

static void none_are_counted_unless_a_limit_is_set(void **state)
{
    struct one *o = *state;
    bool behind;
    o->dana.vault->tries_max = -1;
    assert_int_equal(vault_passphrase_change(o->dana.vault, OLD, OLD, &behind),
                     ERR_OK);
    for (int i = 0; i < 30; i++) {
        char guess[32];
        snprintf(guess, sizeof guess, "guess %d", i);
        assert_int_equal(opens(o, guess), ERR_PASSPHRASE);
    }
    assert_int_equal(opens(o, OLD), ERR_OK);
    o->dana.vault->tries_max = VAULT_TRIES_MAX + 1;
    assert_int_equal(vault_passphrase_change(o->dana.vault, OLD, NEW, &behind),
                     ERR_INVALID);
    o->dana.vault->tries_max = 2;
    assert_int_equal(vault_passphrase_change(o->dana.vault, OLD, OLD, &behind),
                     ERR_OK);
    assert_int_equal(opens(o, "the first"), ERR_PASSPHRASE);
    assert_int_equal(opens(o, "the second"), ERR_DESTROYED);
    assert_int_equal(opens(o, OLD), ERR_DESTROYED);
}

static void a_right_one_begins_the_count_anew(void **state)
{
    struct one *o = *state;
    for (int round = 0; round < 3; round++) {
        guess_in_vain(o, TRIES - 1);
        assert_int_equal(wrong_tries(o), TRIES - 1);
        assert_int_equal(opens(o, OLD), ERR_OK);
        assert_int_equal(wrong_tries(o), 0);
    }
}

static void the_same_wrong_one_counts_once(void **state)
{
    struct one *o = *state;
    for (int i = 0; i < 3 * TRIES; i++) {
        assert_int_equal(opens(o, guesses[i % 2]), ERR_PASSPHRASE);
        assert_int_equal(wrong_tries(o), i ? 2 : 1);
    }
    assert_int_equal(opens(o, OLD), ERR_OK);
}

/* Nothing that was durable before it changes, nor is a page written. */
static void the_right_passphrase_writes_nothing(void **state)
{
    struct one *o = *state;
    sqlite3 *db;
    sqlite3_stmt *s;
    int version[2];
    assert_int_equal(sqlite3_open(o->dana.path, &db), SQLITE_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            sqlite3_prepare_v2(db, "PRAGMA data_version", -1, &s, NULL),
            SQLITE_OK);
        assert_int_equal(sqlite3_step(s), SQLITE_ROW);
        version[i] = sqlite3_column_int(s, 0);
        sqlite3_finalize(s);
        if (!i)
            assert_int_equal(vault_unlock(o->dana.vault, OLD), ERR_OK);
    }
    assert_int_equal(version[0], version[1]);
    sqlite3_close(db);
}

static void the_last_wrong_one_destroys_the_key(void **state)
{
    struct one *o = *state;
    struct key_row row = {.ops = 0};
    char person[ID_CHARS + 1];
    sealed_load(o, &row);
    guess_in_vain(o, TRIES - 1);
    assert_true(places_of(o, &row) >= 3);
    assert_int_equal(opens(o, guesses[TRIES - 1]), ERR_DESTROYED);
    assert_int_equal(places_of(o, &row), 0);
    assert_int_equal(opens(o, OLD), ERR_DESTROYED);
    assert_non_null(strstr(o->dana.detail, "enrol a new vault"));
    /* Who has it open goes on: what is written now is not lost, either. */
    write_person(o->dana.vault, "Omar", person);
    assert_sound(o->dana.vault);
    device_close(&o->dana);
    device_open(&o->dana, NULL);
    assert_true(vault_locked(o->dana.vault));
    assert_int_equal(vault_unlock(o->dana.vault, OLD), ERR_DESTROYED);
    bool behind;
    assert_int_equal(vault_passphrase_change(o->dana.vault, OLD, NEW, &behind),
                     ERR_DESTROYED);
    assert_int_equal(far_push(o->far, o->dana.vault), 2);
    assert_int_equal(o->far->sealed, 2);
}

/* Killed between the last count and the destruction: no further try is made. */
static void a_try_too_many_is_not_made(void **state)
{
    struct one *o = *state;
    char *error = NULL;
    sqlite3 *db;
    assert_int_equal(sqlite3_open(o->dana.path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "UPDATE meta SET tries_max = 3, tried = "
                                  "CAST(tried || x'010101020103' AS BLOB)",
                                  NULL, NULL, &error),
                     SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(opens(o, guesses[0]), ERR_DESTROYED);
    assert_int_equal(opens(o, OLD), ERR_DESTROYED);
}

static void no_keys_are_salvaged_from_what_was_destroyed(void **state)
{
    struct one *o = *state;
    struct salvage_report report = {0};
    struct vault *other;
    char path[PATH];
    for (size_t i = 0; i < TRIES; i++)
        assert_int_not_equal(opens(o, guesses[i]), ERR_OK);
    device_close(&o->dana);
    dir_file(path, o->dana.dir, "other.vault");
    o->dana.options.passphrase = OLD;
    assert_int_equal(
        vault_create(&other, path, &o->dana.options, o->dana.detail), ERR_OK);
    assert_int_equal(salvage(other, o->dana.path, OLD, NULL, NULL, &report),
                     ERR_NOT_FOUND);
    vault_close(other);
}

/* A try that cannot be counted is not made; the right one needs no count. */
static void where_nothing_can_be_written_only_the_right_one_opens(void **state)
{
    struct one *o = *state;
    uid_t self = geteuid();
    device_close(&o->dana);
    assert_int_equal(chmod(o->dana.path, 0444), 0);
    assert_int_equal(chmod(o->dana.secret, 0444), 0);
    assert_int_equal(chmod(o->dana.dir, 0555), 0);
    o->dana.options.anyhow = true;
    if (self == 0) /* nothing is read-only to root */
        assert_int_equal(seteuid(65534), 0);
    enum err right = opens(o, OLD);
    enum err wrong = opens(o, guesses[0]);
    if (self == 0)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(o->dana.dir, 0700), 0);
    assert_int_equal(right, ERR_OK);
    assert_int_equal(wrong, ERR_READ_ONLY);
    assert_non_null(strstr(o->dana.detail, "can be counted"));
}

static void a_try_survives_every_allocation_failure(void **state)
{
    struct one *o = *state;
    bool hit = true;
    enum err err = ERR_OK;
    vault_lock(o->dana.vault);
    for (int nth = 1; hit; nth++) {
        fault_at(nth, false);
        err = vault_unlock(o->dana.vault, guesses[0]);
        hit = fault_hit();
        fault_at(0, false);
        assert_true(err == ERR_PASSPHRASE || (hit && err == ERR_NOMEM));
        assert_true(err == ERR_NOMEM || wrong_tries(o) == 1);
    }
    assert_int_equal(err, ERR_PASSPHRASE);
    assert_int_equal(vault_unlock(o->dana.vault, OLD), ERR_OK);
    assert_int_equal(wrong_tries(o), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(a_changed_passphrase_opens_and_the_old_one_does_not),
        TEST(a_locked_vault_can_be_given_another_passphrase),
        TEST(who_does_not_know_the_passphrase_changes_nothing),
        TEST(a_change_raises_the_cost_to_that_of_today),
        TEST(a_mirror_that_is_away_is_told_of),
        TEST(a_key_file_that_was_left_behind_follows),
        TEST(a_change_survives_every_allocation_failure),
        TEST(none_are_counted_unless_a_limit_is_set),
        TEST(a_right_one_begins_the_count_anew),
        TEST(the_same_wrong_one_counts_once),
        TEST(the_right_passphrase_writes_nothing),
        TEST(the_last_wrong_one_destroys_the_key),
        TEST(a_try_too_many_is_not_made),
        TEST(no_keys_are_salvaged_from_what_was_destroyed),
        TEST(where_nothing_can_be_written_only_the_right_one_opens),
        TEST(a_try_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
