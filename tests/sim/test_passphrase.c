/* The power goes, or a write is refused, at each place of a change of the
 * passphrase and of a wrong try. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "shared/replica/vault.h"
#include "tests/dir.h"
#include "tests/sim/disk.h"

#define OLD "correct horse"
#define NEW "battery staple"
#define WRONG "letmein"
#define SEEDS 3 /* of what a power cut takes along */

struct machine {
    char dir[DIR_CHARS], root[2 * DIR_CHARS], path[3 * DIR_CHARS];
    char secret[2 * DIR_CHARS];
    struct random_seeded dice;
    struct vault_options options;
    struct vault *vault;
};

enum how { POWER, REFUSED, FULL, HOW_COUNT };

static void machine_make(struct machine *m, uint64_t seed)
{
    dir_make(m->dir);
    snprintf(m->root, sizeof m->root, "%s/", m->dir);
    snprintf(m->path, sizeof m->path, "%stablet/dana.vault", m->root);
    dir_file(m->secret, m->dir, "device.secret");
    random_seeded_init(&m->dice, seed);
    disk_reset(m->root, &m->dice.random);
    m->options = (struct vault_options){.passphrase = OLD,
                                        .device_secret = m->secret,
                                        .random = &m->dice.random,
                                        .vfs = DISK_VFS,
                                        .tries_max = 10,
                                        .kdf_ops = 1,
                                        .kdf_bytes = 8192};
    assert_int_equal(vault_create(&m->vault, m->path, &m->options, NULL),
                     ERR_OK);
    bool behind;
    assert_int_equal(vault_passphrase_change(m->vault, OLD, OLD, &behind),
                     ERR_OK);
}

static void machine_remove(struct machine *m)
{
    vault_close(m->vault);
    dir_remove(m->dir);
}

static enum err opens(struct machine *m, const char *passphrase,
                      char detail[VAULT_DETAIL_CHARS])
{
    struct vault *vault;
    m->options.passphrase = passphrase;
    enum err err = vault_open(&vault, m->path, &m->options, detail);
    vault_close(vault);
    return err;
}

static void trouble(enum how how, int64_t at)
{
    if (how == POWER)
        disk_power_cut("tablet", at);
    else
        disk_refuse("tablet", at, false,
                    how == FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE,
                    how == REFUSED);
}

/* It is over, and the vault is closed; true when it did happen. */
static bool trouble_end(struct machine *m, enum how how)
{
    bool hit =
        how == POWER ? disk_is_off("tablet") : disk_has_refused("tablet");
    vault_close(m->vault);
    m->vault = NULL;
    if (how == POWER) {
        /* What was told to the caller is durable: it goes now, if not before */
        disk_power_cut("tablet", 0);
        disk_power_on("tablet");
        disk_power_cut("tablet", -1);
    } else {
        disk_refuse("tablet", 0, false, 0, true);
    }
    return hit;
}

/* One of them opens it, and never both; after it returned, the one that it
 * says. */
static bool changed_in_trouble(enum how how, int64_t at, uint64_t seed)
{
    struct machine m;
    char detail[VAULT_DETAIL_CHARS];
    bool behind;
    machine_make(&m, seed);
    trouble(how, at);
    enum err err = vault_passphrase_change(m.vault, OLD, NEW, &behind);
    bool hit = trouble_end(&m, how);
    enum err old = opens(&m, OLD, detail);
    enum err new = opens(&m, NEW, detail);
    assert_true(hit || !err);
    assert_true(old == ERR_OK || old == ERR_PASSPHRASE);
    assert_int_equal(new, old ? ERR_OK : ERR_PASSPHRASE);
    if (!err)
        assert_int_equal(new, ERR_OK);
    machine_remove(&m);
    return hit;
}

/* Who was told that it is wrong has been counted: the next one of ten is the
 * ninth from the end, not the tenth. */
static bool tried_in_trouble(enum how how, int64_t at, uint64_t seed)
{
    struct machine m;
    char detail[VAULT_DETAIL_CHARS];
    machine_make(&m, seed);
    vault_lock(m.vault);
    trouble(how, at);
    enum err err = vault_unlock(m.vault, WRONG);
    bool hit = trouble_end(&m, how);
    assert_int_not_equal(err, ERR_OK);
    assert_true(hit || err == ERR_PASSPHRASE);
    assert_int_equal(opens(&m, "another", detail), ERR_PASSPHRASE);
    if (err == ERR_PASSPHRASE)
        assert_non_null(strstr(detail, "after 8 more"));
    assert_int_equal(opens(&m, OLD, detail), ERR_OK);
    machine_remove(&m);
    return hit;
}

/* The last one: the key is there, or it is not; it was told to be gone only
 * when it is. */
static bool destroyed_in_trouble(enum how how, int64_t at, uint64_t seed)
{
    static const char *const guesses[] = {"a", "b", "c", "d", "e",
                                          "f", "g", "h", "i"};
    struct machine m;
    char detail[VAULT_DETAIL_CHARS];
    machine_make(&m, seed);
    vault_lock(m.vault);
    for (size_t i = 0; i < sizeof guesses / sizeof *guesses; i++)
        assert_int_equal(vault_unlock(m.vault, guesses[i]), ERR_PASSPHRASE);
    trouble(how, at);
    enum err err = vault_unlock(m.vault, WRONG);
    bool hit = trouble_end(&m, how);
    assert_int_not_equal(err, ERR_OK);
    assert_true(hit || err == ERR_DESTROYED);
    enum err after = opens(&m, OLD, detail);
    assert_true(after == ERR_OK || after == ERR_DESTROYED);
    if (err == ERR_DESTROYED)
        assert_int_equal(after, ERR_DESTROYED);
    machine_remove(&m);
    return hit;
}

typedef bool told(enum how how, int64_t at, uint64_t seed);

static void tell_everywhere(told *once)
{
    for (enum how how = POWER; how < HOW_COUNT; how++)
        for (uint64_t seed = 1; seed <= (how == POWER ? SEEDS : 1); seed++) {
            int64_t at = 1;
            while (once(how, at, seed))
                at++;
            assert_true(at > 2); /* it did happen, and more than once */
        }
}

static void a_change_cut_anywhere_leaves_one_passphrase(void **state)
{
    (void)state;
    tell_everywhere(changed_in_trouble);
}

static void a_wrong_try_is_counted_before_it_is_told(void **state)
{
    (void)state;
    tell_everywhere(tried_in_trouble);
}

static void a_destruction_cut_anywhere_is_whole_or_was_not(void **state)
{
    (void)state;
    tell_everywhere(destroyed_in_trouble);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_cut_anywhere_leaves_one_passphrase),
        cmocka_unit_test(a_wrong_try_is_counted_before_it_is_told),
        cmocka_unit_test(a_destruction_cut_anywhere_is_whole_or_was_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
