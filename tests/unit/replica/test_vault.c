#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "shared/replica/case_key.h"
#include "shared/replica/vault_inner.h"
#include "tests/unit/replica/far_end.h"

struct one {
    struct far_end *far;
    struct device dana;
};

static int setup(void **state)
{
    struct one *o = calloc(1, sizeof *o);
    if (!o)
        return -1;
    o->far = far_end_new();
    device_create(&o->dana);
    far_enrol(o->far, &o->dana, "dana");
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

static enum err open_err(struct device *d, const char *path)
{
    struct vault *vault;
    enum err err = vault_open(&vault, path, &d->options, d->detail);
    if (err) {
        assert_null(vault);
        assert_true(d->detail[0]);
    }
    vault_close(vault);
    return err;
}

static enum err create_err(struct device *d, const char *path)
{
    struct vault *vault;
    enum err err = vault_create(&vault, path, &d->options, d->detail);
    if (err) {
        assert_null(vault);
        assert_true(d->detail[0]);
    }
    vault_close(vault);
    return err;
}

static void sql_run(const char *path, const char *sql, int expected)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    int code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    if (code != expected)
        print_error("%s: %s\n", sql, sqlite3_errmsg(db));
    assert_int_equal(code, expected);
    sqlite3_close(db);
}

static void file_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void a_vault_opens_again_with_its_passphrase(void **state)
{
    struct one *o = *state;
    char person[ID_CHARS + 1];
    struct buffer text;
    write_person(o->dana.vault, "Rosa", person);
    device_close(&o->dana);
    device_open(&o->dana, "correct horse");
    assert_false(vault_locked(o->dana.vault));
    read_state(o->dana.vault, person, &text);
    assert_non_null(strstr(buffer_text(&text), "Rosa"));
    buffer_fini(&text);
    vault_lock(o->dana.vault);
    assert_true(vault_locked(o->dana.vault));
    buffer_init(&text, 1 << 20);
    assert_int_equal(record_read(o->dana.vault, person, &text, &text),
                     ERR_LOCKED);
    assert_int_equal(vault_unlock(o->dana.vault, "correct horse"), ERR_OK);
    assert_sound(o->dana.vault);
    buffer_fini(&text);
}

static void a_wrong_passphrase_is_told_apart(void **state)
{
    struct one *o = *state;
    o->dana.options.passphrase = "wrong horse";
    assert_int_equal(open_err(&o->dana, o->dana.path), ERR_PASSPHRASE);
    o->dana.options.passphrase = "";
    assert_int_equal(open_err(&o->dana, o->dana.path), ERR_PASSPHRASE);
}

static void another_device_secret_is_told_apart(void **state)
{
    struct one *o = *state;
    char other[2 * DIR_CHARS];
    dir_file(other, o->dana.dir, "other.secret");
    file_write(other, "0123456789abcdef0123456789abcdef");
    o->dana.options.device_secret = other;
    assert_int_equal(open_err(&o->dana, o->dana.path), ERR_DENIED);
    file_write(other, "short");
    assert_int_equal(open_err(&o->dana, o->dana.path), ERR_CORRUPT);
    assert_int_equal(unlink(other), 0);
    assert_int_equal(open_err(&o->dana, o->dana.path), ERR_NOT_FOUND);
    /* Opening never makes a secret that cannot be the right one. */
    assert_int_equal(access(other, F_OK), -1);
}

static void what_is_no_vault_is_left_alone(void **state)
{
    struct one *o = *state;
    char path[2 * DIR_CHARS];
    dir_file(path, o->dana.dir, "notes.txt");
    assert_int_equal(open_err(&o->dana, path), ERR_NOT_FOUND);
    file_write(path, "This is not a database, only a longer text file that "
                     "somebody has named wrongly.");
    assert_int_equal(open_err(&o->dana, path), ERR_FOREIGN);
    assert_int_equal(create_err(&o->dana, path), ERR_EXISTS);
    assert_int_equal(unlink(path), 0);
    sql_run(path, "CREATE TABLE t (x); PRAGMA user_version = 3", SQLITE_OK);
    assert_int_equal(open_err(&o->dana, path), ERR_FOREIGN);
    assert_int_equal(create_err(&o->dana, path), ERR_EXISTS);
    assert_int_equal(create_err(&o->dana, o->dana.path), ERR_EXISTS);
    assert_sound(o->dana.vault);
}

/* Beside another's key file a new vault could not have its own. */
static void a_key_file_of_another_vault_is_no_place_for_one(void **state)
{
    struct one *o = *state;
    char path[2 * DIR_CHARS], keys[2 * DIR_CHARS];
    dir_file(path, o->dana.dir, "other.vault");
    dir_file(keys, o->dana.dir, "other.vault.keys");
    file_write(keys, "of another vault");
    assert_int_equal(create_err(&o->dana, path), ERR_EXISTS);
    assert_non_null(strstr(o->dana.detail, "key file of another vault"));
    assert_int_equal(access(path, F_OK), -1); /* nothing was begun */
    file_write(path, "");                     /* begun before, and stopped */
    assert_int_equal(create_err(&o->dana, path), ERR_EXISTS);
    assert_non_null(strstr(o->dana.detail, "key file of another vault"));
    assert_int_equal(unlink(keys), 0);
    assert_int_equal(create_err(&o->dana, path), ERR_OK);
}

static void a_newer_vault_is_refused(void **state)
{
    struct one *o = *state;
    device_close(&o->dana);
    sql_run(o->dana.path, "PRAGMA user_version = 999", SQLITE_OK);
    assert_int_equal(open_err(&o->dana, o->dana.path), ERR_NEWER);
}

static void a_read_only_vault_says_so(void **state)
{
    struct one *o = *state;
    uid_t self = geteuid();
    device_close(&o->dana);
    assert_int_equal(chmod(o->dana.path, 0444), 0);
    assert_int_equal(chmod(o->dana.secret, 0444), 0);
    assert_int_equal(chmod(o->dana.dir, 0555), 0);
    if (self == 0) /* nothing is read-only to root */
        assert_int_equal(seteuid(65534), 0);
    enum err err = open_err(&o->dana, o->dana.path);
    if (self == 0)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(o->dana.dir, 0700), 0);
    assert_int_equal(err, ERR_READ_ONLY);
}

static void the_log_refuses_change(void **state)
{
    struct one *o = *state;
    char person[ID_CHARS + 1];
    write_person(o->dana.vault, "Rosa", person);
    const char *path = o->dana.path;
    sql_run(path, "UPDATE log SET n = 7", SQLITE_CONSTRAINT);
    sql_run(path, "DELETE FROM log", SQLITE_CONSTRAINT);
    sql_run(path, "UPDATE link SET n = 7", SQLITE_CONSTRAINT);
    sql_run(path, "DELETE FROM link", SQLITE_CONSTRAINT);
    assert_sound(o->dana.vault);
}

static bool file_has(const char *path, const char *text)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    size_t size = strlen(text), matched = 0;
    bool found = false;
    for (int c; !found && (c = getc(file)) != EOF;) {
        matched = c == text[matched] ? matched + 1 : c == text[0];
        found = matched == size;
    }
    fclose(file);
    return found;
}

static void nothing_of_a_case_stands_there_in_plain(void **state)
{
    struct one *o = *state;
    char person[ID_CHARS + 1], contact[ID_CHARS + 1], wal[3 * DIR_CHARS];
    write_person(o->dana.vault, "Rosa", person);
    write_contact(o->dana.vault, person, "The roof leaks again.", contact);
    snprintf(wal, sizeof wal, "%s-wal", o->dana.path);
    const char *secrets[] = {"Rosa",           "roof",     "home_visit",
                             "preferred_name", person,     contact,
                             "contact\"",      "person\"", "correct horse"};
    assert_true(file_has(wal, "SQLite format 3") ||
                file_has(o->dana.path, "SQLite format 3"));
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        assert_false(file_has(o->dana.path, secrets[i]));
        assert_false(file_has(wal, secrets[i]));
    }
}

static void tampering_is_found(void **state)
{
    struct one *o = *state;
    char person[ID_CHARS + 1];
    size_t problems;
    write_person(o->dana.vault, "Rosa", person);
    write_person(o->dana.vault, "Omar", person);
    const char *const harms[] = {
        "DROP TRIGGER log_update;"
        "UPDATE log SET hash = zeroblob(32) WHERE n = 1",
        "DROP TRIGGER link_update;"
        "UPDATE link SET signature = zeroblob(64) WHERE n = 2",
        "UPDATE record SET state = zeroblob(200) WHERE id = 2",
        "DELETE FROM record_line WHERE line = 1",
        "INSERT INTO case_sum (key, sum) VALUES (1, 5)",
    };
    for (size_t i = 0; i < sizeof harms / sizeof harms[0]; i++) {
        sql_run(o->dana.path, harms[i], SQLITE_OK);
        assert_int_equal(vault_verify(o->dana.vault, NULL, NULL, &problems),
                         ERR_OK);
        assert_true(problems > i);
    }
}

static void a_rebuild_mends_what_is_derived(void **state)
{
    struct one *o = *state;
    char person[ID_CHARS + 1], contact[ID_CHARS + 1];
    struct buffer before, after;
    write_person(o->dana.vault, "Rosa", person);
    write_contact(o->dana.vault, person, "Roof leaks.", contact);
    far_sync_up(o->far, o->dana.vault);
    far_pull(o->far, o->dana.vault, person);
    revise(o->dana.vault, person, "{\"preferred_name\":\"Rosie\"}");
    read_state(o->dana.vault, person, &before);
    sql_run(o->dana.path,
            "DELETE FROM record_line; DELETE FROM case_sum;"
            "DELETE FROM record WHERE id = 2;"
            "UPDATE record SET state = zeroblob(9), open = 4",
            SQLITE_OK);
    assert_int_equal(vault_rebuild(o->dana.vault), ERR_OK);
    assert_sound(o->dana.vault);
    read_state(o->dana.vault, person, &after);
    assert_string_equal(buffer_text(&before), buffer_text(&after));
    buffer_fini(&before);
    buffer_fini(&after);
    revise(o->dana.vault, contact, "{\"narrative\":\"Fixed.\"}");
    assert_sound(o->dana.vault);
}

static void one_sync_at_a_time(void **state)
{
    struct one *o = *state;
    struct vault *other;
    assert_int_equal(vault_open(&other, o->dana.path, &o->dana.options, NULL),
                     ERR_OK);
    assert_int_equal(vault_lease(o->dana.vault, 60000), ERR_OK);
    assert_int_equal(vault_lease(o->dana.vault, 60000), ERR_OK);
    assert_int_equal(vault_lease(other, 60000), ERR_BUSY);
    vault_lease_end(other, false); /* not its own: nothing happens */
    assert_int_equal(vault_lease(other, 60000), ERR_BUSY);
    vault_lease_end(o->dana.vault, false);
    assert_int_equal(vault_lease(other, 60000), ERR_OK);
    o->dana.now += 60001; /* its holder died */
    assert_int_equal(vault_lease(o->dana.vault, 60000), ERR_OK);
    o->dana.now -= INT64_C(86400000); /* the clock was put back by a day */
    assert_int_equal(vault_lease(other, 60000), ERR_OK);
    vault_close(other);
}

static void handles_see_what_others_write(void **state)
{
    struct one *o = *state;
    struct vault *other;
    char person[ID_CHARS + 1];
    int64_t before, after;
    struct buffer text;
    assert_int_equal(vault_open(&other, o->dana.path, &o->dana.options, NULL),
                     ERR_OK);
    write_person(o->dana.vault, "Rosa", person);
    assert_int_equal(vault_change_count(o->dana.vault, &before), ERR_OK);
    revise(other, person, "{\"preferred_name\":\"Rosie\"}");
    revise(o->dana.vault, person, "{\"first_name\":\"Rosa\"}");
    revise(other, person, "{\"preferred_name\":\"R.\"}");
    assert_int_equal(vault_change_count(o->dana.vault, &after), ERR_OK);
    assert_int_equal(after, before + 3);
    read_state(o->dana.vault, person, &text);
    assert_non_null(strstr(buffer_text(&text), "\"value\":\"R.\""));
    buffer_fini(&text);
    assert_sound(other);
    vault_close(other);
}

static void before_enrolment_nothing_is_written(void **state)
{
    struct device fresh;
    struct record_written out;
    struct vault_status status;
    (void)state;
    device_create(&fresh);
    struct record_write write = {.type = "person"};
    record_written_init(&out);
    assert_int_equal(record_write(fresh.vault, &write, &out), ERR_DENIED);
    assert_true(vault_detail(fresh.vault)[0]);
    record_written_fini(&out);
    assert_int_equal(record_status(fresh.vault, &status), ERR_OK);
    assert_int_equal(status.here, 0);
    assert_sound(fresh.vault);
    device_remove(&fresh);
}

/* What the system says of the memory at this address: "dd": not in an image,
 * "lo": not swapped. */
static bool memory_is(const void *at, const char *flag)
{
    char line[512];
    bool here = false, is = false;
    FILE *file = fopen("/proc/self/smaps", "r");
    assert_non_null(file);
    while (!is && fgets(line, sizeof line, file)) {
        unsigned long from, to;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            here = (uintptr_t)at >= from && (uintptr_t)at < to;
        else if (here && !strncmp(line, "VmFlags:", 8))
            is = strstr(line, flag) != NULL;
    }
    fclose(file);
    return is;
}

/* Where the system lets a page be locked, keys are.  The sanitizers lock
 * nothing. */
static bool pages_can_be_locked(void)
{
    static char page[1 << 13];
    if (mlock(page, sizeof page))
        return false;
    bool locked = memory_is(page, " lo");
    munlock(page, sizeof page);
    return locked;
}

static void keys_are_neither_swapped_nor_in_an_image(void **state)
{
    struct one *o = *state;
    const struct vault *vault = o->dana.vault;
    const struct case_key *key;
    char person[ID_CHARS + 1];
    int elsewhere = 0;
    write_person(o->dana.vault, "Rosa", person);
    assert_int_equal(case_key_find(o->dana.vault, bytes_text(person), &key),
                     ERR_OK);
    assert_false(memory_is(&elsewhere, " dd"));
    assert_true(memory_is(vault->vault_key, " dd"));
    assert_true(memory_is(&vault->tip.writing, " dd"));
    assert_true(memory_is(key->key, " dd"));
    if (pages_can_be_locked()) {
        assert_true(memory_is(vault->vault_key, " lo"));
        assert_true(memory_is(&vault->tip.writing, " lo"));
        assert_true(memory_is(key->key, " lo"));
    }
}

static bool is_zero(const void *at, size_t size)
{
    const unsigned char *bytes = at;
    while (size && !bytes[size - 1])
        size--;
    return !size;
}

static void locking_overwrites_the_keys(void **state)
{
    struct one *o = *state;
    const struct vault *vault = o->dana.vault;
    const struct case_key *key;
    char person[ID_CHARS + 1];
    write_person(o->dana.vault, "Rosa", person);
    assert_int_equal(case_key_find(o->dana.vault, bytes_text(person), &key),
                     ERR_OK);
    assert_false(is_zero(key->key, sizeof key->key));
    assert_false(is_zero(vault->vault_key, sizeof vault->vault_key));
    assert_false(is_zero(&vault->tip.writing, sizeof vault->tip.writing));
    vault_lock(o->dana.vault);
    assert_true(is_zero(key->key, sizeof key->key)); /* its room stays */
    assert_true(is_zero(vault->vault_key, sizeof vault->vault_key));
    assert_true(is_zero(vault->token_key, sizeof vault->token_key));
    assert_true(is_zero(vault->tokens, sizeof vault->tokens));
    assert_true(is_zero(&vault->tip.writing, sizeof vault->tip.writing));
    assert_null(vault->plain.at);
    assert_null(vault->line.at);
    assert_null(vault->arena.blocks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(a_vault_opens_again_with_its_passphrase),
        TEST(a_wrong_passphrase_is_told_apart),
        TEST(another_device_secret_is_told_apart),
        TEST(what_is_no_vault_is_left_alone),
        TEST(a_key_file_of_another_vault_is_no_place_for_one),
        TEST(a_newer_vault_is_refused),
        TEST(a_read_only_vault_says_so),
        TEST(the_log_refuses_change),
        TEST(nothing_of_a_case_stands_there_in_plain),
        TEST(tampering_is_found),
        TEST(a_rebuild_mends_what_is_derived),
        TEST(one_sync_at_a_time),
        TEST(handles_see_what_others_write),
        TEST(before_enrolment_nothing_is_written),
        TEST(keys_are_neither_swapped_nor_in_an_image),
        TEST(locking_overwrites_the_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
