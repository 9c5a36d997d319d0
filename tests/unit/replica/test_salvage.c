#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "shared/replica/mirror.h"
#include "shared/replica/salvage.h"
#include "tests/fault.h"
#include "tests/unit/replica/far_end.h"

#define PASSPHRASE "correct horse"

/* Another vault on Dana's device, for `user`. */
static void fresh_make(struct pair *p, struct device *fresh, const char *user)
{
    device_make(fresh);
    snprintf(fresh->secret, sizeof fresh->secret, "%s", p->dana.secret);
    assert_int_equal(vault_create(&fresh->vault, fresh->path, &fresh->options,
                                  fresh->detail),
                     ERR_OK);
    far_enrol(p->far, fresh, user);
}

static void salvage_ok(struct device *into, const char *source,
                       struct salvage_report *report)
{
    enum err err = salvage(into->vault, source, PASSPHRASE, NULL, NULL, report);
    if (err)
        fail_msg("%s: %s", err_text(err), vault_detail(into->vault));
}

/* A person with a note, the name changed twice. */
static void work(struct pair *p)
{
    write_person(p->dana.vault, "Rosa", p->person);
    revise(p->dana.vault, p->person, "{\"preferred_name\":\"Rosie\"}");
    write_contact(p->dana.vault, p->person, "Roof leaks.", p->contact);
    revise(p->dana.vault, p->person, "{\"preferred_name\":\"Rose\"}");
}

static bool state_has(struct vault *vault, const char *record, const char *part)
{
    struct buffer state;
    read_state(vault, record, &state);
    bool has = strstr(buffer_text(&state), part) != NULL;
    buffer_fini(&state);
    return has;
}

static void a_salvaged_record_is_what_it_was(void **state)
{
    struct pair *p = *state;
    struct device fresh;
    struct salvage_report report;
    work(p);
    fresh_make(p, &fresh, "dana");
    salvage_ok(&fresh, p->dana.path, &report);
    assert_int_equal(report.carried, 4);
    assert_int_equal(report.missing, 0);
    assert_true(state_has(fresh.vault, p->person, "\"value\":\"Rose\""));
    assert_false(state_has(fresh.vault, p->person, "\"open\":true"));
    assert_true(state_has(fresh.vault, p->contact, "Roof leaks."));
    assert_sound(fresh.vault);
    salvage_ok(&fresh, p->dana.path, &report);
    assert_int_equal(report.carried, 0);
    assert_int_equal(report.known, 4);
    device_remove(&fresh);
}

static void what_the_office_has_is_not_brought_again(void **state)
{
    struct pair *p = *state;
    struct device fresh;
    struct salvage_report report;
    work(p);
    far_sync_up(p->far, p->dana.vault);
    size_t received = p->far->count;
    revise(p->dana.vault, p->person, "{\"preferred_name\":\"Rosalind\"}");
    fresh_make(p, &fresh, "dana");
    far_pull(p->far, fresh.vault, p->person);
    salvage_ok(&fresh, p->dana.path, &report);
    assert_int_equal(report.known, received);
    assert_int_equal(report.carried, 1);
    assert_true(state_has(fresh.vault, p->person, "\"value\":\"Rosalind\""));
    /* It has seen what it saw under the old dots: no conflict. */
    assert_false(state_has(fresh.vault, p->person, "\"open\":true"));
    assert_sound(fresh.vault);
    device_remove(&fresh);
}

static void anothers_work_is_left_alone(void **state)
{
    struct pair *p = *state;
    struct device fresh;
    struct salvage_report report;
    work(p);
    fresh_make(p, &fresh, "eli");
    salvage_ok(&fresh, p->dana.path, &report);
    assert_int_equal(report.foreign, 4);
    assert_int_equal(report.carried, 0);
    device_remove(&fresh);
}

static void a_mirror_gives_what_was_unsent(void **state)
{
    struct pair *p = *state;
    struct device fresh;
    struct mirror_status status;
    struct salvage_report report;
    char path[2 * DIR_CHARS];
    dir_file(path, p->dana.dir, "mirror");
    assert_int_equal(mirror_set(p->dana.vault, path), ERR_OK);
    work(p);
    assert_int_equal(mirror_status(p->dana.vault, &status), ERR_OK);
    assert_int_equal(status.err, ERR_OK);
    assert_int_equal(status.missing, 0);
    assert_string_equal(status.path, path);
    fresh_make(p, &fresh, "dana");
    salvage_ok(&fresh, path, &report);
    assert_int_equal(report.carried, 4);
    assert_true(state_has(fresh.vault, p->person, "\"value\":\"Rose\""));
    assert_false(state_has(fresh.vault, p->person, "\"open\":true"));
    far_sync_up(p->far, p->dana.vault);
    salvage_ok(&fresh, path, &report);
    assert_int_equal(report.intact, 0); /* the office has all of it */
    device_remove(&fresh);
}

static void a_mirror_that_fails_stops_no_write(void **state)
{
    struct pair *p = *state;
    struct mirror_status status;
    char folder[2 * DIR_CHARS], path[3 * DIR_CHARS], away[3 * DIR_CHARS];
    dir_file(folder, p->dana.dir, "card");
    snprintf(path, sizeof path, "%s/mirror", folder);
    snprintf(away, sizeof away, "%s.away", folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(mirror_set(p->dana.vault, path), ERR_OK);
    assert_int_equal(rename(folder, away), 0);
    work(p);
    assert_int_equal(mirror_status(p->dana.vault, &status), ERR_OK);
    assert_int_equal(status.err, ERR_NOT_FOUND);
    assert_int_equal(status.missing, 4);
    assert_int_equal(rename(away, folder), 0);
    assert_int_equal(mirror_status(p->dana.vault, &status), ERR_OK);
    assert_int_equal(status.err, ERR_OK);
    assert_int_equal(status.missing, 0);
}

static void a_vault_taken_back_does_not_shorten_its_mirror(void **state)
{
    struct pair *p = *state;
    struct mirror_status status;
    struct device fresh;
    struct salvage_report report;
    char path[2 * DIR_CHARS], copy[2 * DIR_CHARS], command[8 * DIR_CHARS];
    dir_file(path, p->dana.dir, "mirror");
    dir_file(copy, p->dana.dir, "copy");
    write_person(p->dana.vault, "Omar", p->other);
    assert_int_equal(mirror_set(p->dana.vault, path), ERR_OK);
    device_close(&p->dana);
    snprintf(command, sizeof command, "cp %s %s", p->dana.path, copy);
    assert_int_equal(system(command), 0);
    device_open(&p->dana, PASSPHRASE);
    work(p);
    device_close(&p->dana);
    assert_int_equal(rename(copy, p->dana.path), 0);
    device_open(&p->dana, PASSPHRASE);
    assert_int_equal(mirror_status(p->dana.vault, &status), ERR_OK);
    assert_int_equal(status.err, ERR_FORK);
    fresh_make(p, &fresh, "dana");
    salvage_ok(&fresh, path, &report);
    assert_int_equal(report.carried, 5);
    device_remove(&fresh);
}

/* Taken back, and as many lines written anew as were lost: the numbers go on.
 */
static void a_mirror_of_another_story_is_left_as_it_is(void **state)
{
    struct pair *p = *state;
    struct mirror_status status;
    struct device fresh;
    struct salvage_report report;
    char path[2 * DIR_CHARS], other[2 * DIR_CHARS], copy[2 * DIR_CHARS];
    char command[8 * DIR_CHARS];
    dir_file(path, p->dana.dir, "mirror");
    dir_file(other, p->dana.dir, "other");
    dir_file(copy, p->dana.dir, "copy");
    assert_int_equal(mirror_set(p->dana.vault, path), ERR_OK);
    write_person(p->dana.vault, "Omar", p->other);
    device_close(&p->dana);
    snprintf(command, sizeof command, "cp %s %s", p->dana.path, copy);
    assert_int_equal(system(command), 0);
    device_open(&p->dana, PASSPHRASE);
    work(p);
    device_close(&p->dana);
    assert_int_equal(rename(copy, p->dana.path), 0);
    device_open(&p->dana, PASSPHRASE);
    for (int i = 0; i < 6; i++)
        revise(p->dana.vault, p->other, "{\"preferred_name\":\"O\"}");
    assert_int_equal(mirror_status(p->dana.vault, &status), ERR_OK);
    assert_int_equal(status.err, ERR_FORK);
    assert_int_equal(mirror_set(p->dana.vault, other), ERR_FORK);
    assert_int_equal(mirror_set(p->dana.vault, ""), ERR_FORK);
    far_sync_up(p->far, p->dana.vault); /* all is safe, the mirror is not cut */
    assert_int_equal(mirror_status(p->dana.vault, &status), ERR_OK);
    assert_int_equal(status.err, ERR_FORK);
    fresh_make(p, &fresh, "dana");
    salvage_ok(&fresh, path, &report);
    assert_int_equal(report.carried, 5);
    assert_true(state_has(fresh.vault, p->contact, "Roof leaks."));
    device_remove(&fresh);
    /* Moved away by a person, it gives room for a new one. */
    assert_int_equal(rename(path, copy), 0);
    assert_int_equal(mirror_set(p->dana.vault, other), ERR_OK);
    assert_int_equal(mirror_set(p->dana.vault, ""), ERR_OK);
    assert_int_equal(access(other, F_OK), -1);
}

static void a_wrong_passphrase_or_device_is_told_apart(void **state)
{
    struct pair *p = *state;
    struct device fresh, other;
    struct salvage_report report;
    work(p);
    fresh_make(p, &fresh, "dana");
    assert_int_equal(
        salvage(fresh.vault, p->dana.path, "wrong", NULL, NULL, &report),
        ERR_PASSPHRASE);
    device_create(&other);
    far_enrol(p->far, &other, "dana");
    assert_int_equal(
        salvage(other.vault, p->dana.path, PASSPHRASE, NULL, NULL, &report),
        ERR_DENIED);
    assert_non_null(strstr(vault_detail(other.vault), "device secret"));
    device_remove(&other);
    device_remove(&fresh);
}

static void salvaging_survives_every_allocation_failure(void **state)
{
    struct pair *p = *state;
    struct device fresh;
    struct salvage_report report;
    work(p);
    fresh_make(p, &fresh, "dana");
    int64_t carried = 0;
    for (int nth = 1;; nth++) {
        fault_at(nth, false);
        enum err err =
            salvage(fresh.vault, p->dana.path, PASSPHRASE, NULL, NULL, &report);
        bool hit = fault_hit();
        fault_at(0, false);
        carried += err ? 0 : report.carried;
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            assert_true(nth > 20);
            break;
        }
        assert_true(err == ERR_NOMEM || err == ERR_OK);
    }
    assert_int_equal(carried, 4);
    assert_sound(fresh.vault);
    device_remove(&fresh);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, pair_setup, pair_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_salvaged_record_is_what_it_was),
        TEST(what_the_office_has_is_not_brought_again),
        TEST(anothers_work_is_left_alone),
        TEST(a_mirror_gives_what_was_unsent),
        TEST(a_mirror_that_fails_stops_no_write),
        TEST(a_vault_taken_back_does_not_shorten_its_mirror),
        TEST(a_mirror_of_another_story_is_left_as_it_is),
        TEST(a_wrong_passphrase_or_device_is_told_apart),
        TEST(salvaging_survives_every_allocation_failure),
    };
    fault_sqlite();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
