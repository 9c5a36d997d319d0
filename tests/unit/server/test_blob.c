#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "server/blob_call.h"
#include "server/blob_file.h"
#include "server/blob_keep.h"
#include "server/verify.h"
#include "tests/unit/server/device.h"

#define PHOTO_BYTES 100000

/* A photo as a device would have it, sealed. */
struct photo {
    uint8_t plain[PHOTO_BYTES];
    uint8_t salt[BLOB_SALT_BYTES], blob[HASH_BYTES], key[32];
    uint8_t wrap[32 + crypto_box_SEALBYTES];
    uint8_t sealed[PHOTO_BYTES + 2 * BLOB_SEAL_BYTES];
    char name[BLOB_NAME_CHARS + 1];
};

static void chunk_seal(struct photo *p, int64_t index, size_t size)
{
    uint8_t ad[BLOB_AD_BYTES];
    uint8_t *at = p->sealed + index * (BLOB_CHUNK_BYTES + BLOB_SEAL_BYTES);
    unsigned long long made;
    blob_ad(ad, p->salt, index);
    randombytes_buf(at, 24);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        at + 24, &made, p->plain + index * BLOB_CHUNK_BYTES, size, ad,
        sizeof ad, NULL, at, p->key);
}

static void photo_make(struct photo *p, const struct place *place)
{
    struct blob_hasher *hasher;
    randombytes_buf(p->plain, sizeof p->plain);
    randombytes_buf(p->salt, sizeof p->salt);
    randombytes_buf(p->key, sizeof p->key);
    crypto_box_seal(p->wrap, p->key, sizeof p->key,
                    place->office->keys.box_public);
    CHECK(blob_hasher_new(&hasher, p->salt));
    blob_hasher_add(hasher, bytes_of(p->plain, sizeof p->plain));
    blob_hasher_end(hasher, p->blob);
    blob_hasher_free(hasher);
    hex_encode(p->name, p->blob, HASH_BYTES);
    chunk_seal(p, 0, BLOB_CHUNK_BYTES);
    chunk_seal(p, 1, PHOTO_BYTES - BLOB_CHUNK_BYTES);
}

static struct bytes wrap_of(const struct photo *p)
{
    return bytes_of(p->wrap, sizeof p->wrap);
}

/* {"attachments":[...]} */
static const char *naming(const struct photo *p)
{
    static char set[512];
    struct blob_ref ref = {.bytes = PHOTO_BYTES,
                           .name = bytes_text("roof.jpg"),
                           .type = bytes_text("image/jpeg")};
    struct buffer out;
    memcpy(ref.blob, p->blob, HASH_BYTES);
    memcpy(ref.salt, p->salt, BLOB_SALT_BYTES);
    buffer_init(&out, sizeof set);
    buffer_add_text(&out, "{\"attachments\":[");
    blob_ref_write(&out, &ref);
    buffer_add_text(&out, "]}");
    snprintf(set, sizeof set, "%s", buffer_text(&out));
    buffer_fini(&out);
    return set;
}

/* An office, dana of east with a note that names a photo. */
struct scene {
    struct place *place;
    struct device dana, kim;
    struct photo photo;
};

static struct scene *scene_open(void **state)
{
    static struct scene s;
    s.place = *state;
    photo_make(&s.photo, s.place);
    device_enrol(&s.dana, s.place, "dana");
    device_enrol(&s.kim, s.place, "kim");
    device_create(&s.dana, "person", PERSON, PERSON, NAMED);
    device_create(&s.dana, "contact", NOTE, PERSON, naming(&s.photo));
    device_sync_ok(&s.dana, s.place);
    device_sync_ok(&s.kim, s.place);
    return &s;
}

static void scene_close(struct scene *s)
{
    device_fini(&s->dana);
    device_fini(&s->kim);
}

/* What the office makes of a request; "" when it is granted. */
struct asking {
    const char *method;
    const uint8_t *blob;
    bool locked, forged;
    const char *token;
};

static void judge(struct blob_call *call, struct scene *s,
                  const struct device *d, struct asking how)
{
    struct buffer line;
    uint8_t sig[SIGNATURE_BYTES];
    char text[BASE64_CHARS(SIGNATURE_BYTES) + 1], name[BLOB_NAME_CHARS + 1];
    struct blob_request q = {.protocol = 1,
                             .size = sizeof s->photo.sealed,
                             .locked = how.locked,
                             .wrap = wrap_of(&s->photo)};
    snprintf(q.agency, sizeof q.agency, "%s", s->place->office->agency);
    snprintf(q.method, sizeof q.method, "%s", how.method);
    memcpy(q.replica, d->replica, sizeof q.replica);
    memcpy(q.lineage, d->lineage, sizeof q.lineage);
    snprintf(q.token, sizeof q.token, "%s", how.token ? how.token : d->token);
    memcpy(q.blob, how.blob ? how.blob : s->photo.blob, HASH_BYTES);
    hex_encode(name, q.blob, HASH_BYTES);
    buffer_init(&line, BLOB_HEADER_BYTES_MAX);
    CHECK(blob_request_write(&line, &q));
    chain_sign(sig, how.locked ? &d->transport : &d->keys, DOMAIN_BLOB,
               buffer_bytes(&line));
    sig[3] ^= how.forged;
    base64_encode(text, sig, sizeof sig);
    blob_call_init(call);
    CHECK(blob_call_judge(call, s->place->office, &s->place->sql, how.method,
                          name, buffer_text(&line), text));
    buffer_fini(&line);
}

static const char *ask(struct scene *s, const struct device *d,
                       struct asking how)
{
    static char error[32];
    struct blob_call call;
    judge(&call, s, d, how);
    snprintf(error, sizeof error, "%s",
             call.status == 200 ? "" : call.error.error);
    blob_call_fini(&call);
    return error;
}
#define ASK(d, ...) ask(s, d, (struct asking){__VA_ARGS__})

static void F16_who_sees_the_record_may_read_and_bring(void **state)
{
    struct scene *s = scene_open(state);
    assert_string_equal(ASK(&s->dana, .method = "GET"), "");
    assert_string_equal(ASK(&s->dana, .method = "PUT"), "");
    assert_string_equal(ASK(&s->dana, .method = "PUT", .locked = true), "");
    /* A locked vault has nobody in front of it. */
    assert_string_equal(ASK(&s->dana, .method = "GET", .locked = true),
                        "not-found");
    scene_close(s);
}

static void F16_what_is_out_of_view_does_not_exist(void **state)
{
    static const uint8_t none[HASH_BYTES] = {1};
    struct scene *s = scene_open(state);
    assert_string_equal(ASK(&s->kim, .method = "GET"), "not-found");
    assert_string_equal(ASK(&s->kim, .method = "PUT"), "not-found");
    assert_string_equal(ASK(&s->kim, .method = "GET", .blob = none),
                        "not-found");
    assert_string_equal(ASK(&s->dana, .method = "GET", .blob = none),
                        "not-found");
    scene_close(s);
}

/* Who has only heard of it names it in a case of his own. */
static void F16_naming_gives_no_right(void **state)
{
    struct scene *s = scene_open(state);
    device_create(&s->kim, "person", PERSON_2, PERSON_2, NAMED);
    device_create(&s->kim, "contact", NOTE_2, PERSON_2, naming(&s->photo));
    device_sync_ok(&s->kim, s->place);
    assert_string_equal(ASK(&s->kim, .method = "GET"), "not-found");
    scene_close(s);
}

static void
F16_a_writer_who_lost_the_case_brings_and_does_not_read(void **state)
{
    struct scene *s = scene_open(state);
    static const char west[1][SCOPE_CHARS_MAX + 1] = {"caseload:west"};
    CHECK(sql_begin(&s->place->sql, true));
    CHECK(ingest_assign(s->place->office, &s->place->sql, "ruth", PERSON, west,
                        1));
    CHECK(sql_commit(&s->place->sql));
    assert_string_equal(ASK(&s->dana, .method = "GET"), "not-found");
    assert_string_equal(ASK(&s->dana, .method = "PUT"), "");
    assert_string_equal(ASK(&s->kim, .method = "GET"), "");
    scene_close(s);
}

/* Another of base64's. */
static char other_char(char c)
{
    return c == 'A' ? 'B' : 'A';
}

static void a_stranger_a_copy_and_a_replay_are_refused(void **state)
{
    struct scene *s = scene_open(state);
    struct device stranger = s->dana;
    assert_string_equal(ASK(&s->dana, .method = "PUT", .forged = true),
                        "bad-auth");
    stranger.replica[3] = other_char(stranger.replica[3]);
    assert_string_equal(ASK(&stranger, .method = "PUT"), "bad-auth");
    assert_string_equal(ASK(&s->dana, .method = "PUT", .token = "AAAAAAAAAAA"),
                        "stale");
    stranger = s->dana;
    stranger.lineage[0] = other_char(stranger.lineage[0]);
    assert_string_equal(ASK(&stranger, .method = "PUT"), "lineage");
    scene_close(s);
}

/* The identity that follows a clone, and is told only that it is revoked. */
static void F16_one_that_was_never_given_a_token_brings(void **state)
{
    struct scene *s = scene_open(state);
    place_exec(s->place, "UPDATE replica SET token_confirmed = token_latest");
    assert_string_equal(ASK(&s->dana, .method = "PUT", .token = ""), "stale");
    place_exec(s->place, "UPDATE replica SET token_latest = '', "
                         "token_confirmed = '', revoked_at = 7");
    assert_string_equal(ASK(&s->dana, .method = "PUT", .token = ""), "");
    assert_string_equal(ASK(&s->dana, .method = "PUT"), "stale");
    scene_close(s);
}

/* --- contents ------------------------------------------------------------- */

static struct blob_row row_of(struct scene *s)
{
    struct blob_row row;
    CHECK(store_blob_find(&s->place->sql, s->place->office->agency,
                          s->photo.blob, &row));
    return row;
}

static enum err bring(struct scene *s, int64_t from, int64_t upto)
{
    int fd;
    int64_t size;
    struct blob_row row = row_of(s);
    const struct office *office = s->place->office;
    CHECK(
        blob_part_open(office, s->photo.blob, wrap_of(&s->photo), &fd, &size));
    assert_int_equal(size, from);
    CHECK(blob_part_write(
        fd, from, bytes_of(s->photo.sealed + from, (size_t)(upto - from))));
    enum err err = ERR_OK;
    if (upto == sizeof s->photo.sealed)
        err = blob_part_finish(office, &row, wrap_of(&s->photo), fd);
    close(fd);
    return err;
}

static void F16_a_part_goes_on_at_the_byte_after_a_restart(void **state)
{
    struct scene *s = scene_open(state);
    const struct office *office = s->place->office;
    struct buffer got;
    assert_int_equal(bring(s, 0, 70001), ERR_OK);
    assert_false(blob_file_there(office, s->photo.blob));
    place_reopen(s->place);
    office = s->place->office;
    assert_int_equal(bring(s, 70001, sizeof s->photo.sealed), ERR_OK);
    assert_true(blob_file_there(office, s->photo.blob));
    buffer_init(&got, PHOTO_BYTES);
    CHECK(blob_file_read(office, s->photo.blob, 0, PHOTO_BYTES, &got));
    assert_true(
        bytes_equal(buffer_bytes(&got), bytes_of(s->photo.plain, PHOTO_BYTES)));
    buffer_fini(&got);
    scene_close(s);
}

static void F16_what_is_not_what_the_record_names_is_dropped(void **state)
{
    struct scene *s = scene_open(state);
    s->photo.sealed[80000] ^= 1;
    assert_int_equal(bring(s, 0, sizeof s->photo.sealed), ERR_CORRUPT);
    assert_false(blob_file_there(s->place->office, s->photo.blob));
    s->photo.sealed[80000] ^= 1;
    /* Well sealed, and yet another photo. */
    s->photo.plain[5] ^= 1;
    chunk_seal(&s->photo, 0, BLOB_CHUNK_BYTES);
    assert_int_equal(bring(s, 0, sizeof s->photo.sealed), ERR_CORRUPT);
    s->photo.plain[5] ^= 1;
    chunk_seal(&s->photo, 0, BLOB_CHUNK_BYTES);
    assert_int_equal(bring(s, 0, sizeof s->photo.sealed), ERR_OK);
    scene_close(s);
}

static int64_t missing(struct scene *s)
{
    return place_int(s->place,
                     "SELECT count(*) FROM blob WHERE received_at IS NULL");
}

static void received(struct scene *s)
{
    CHECK(sql_begin(&s->place->sql, true));
    CHECK(store_blob_received(&s->place->sql, s->place->office->agency,
                              s->photo.blob, 5));
    CHECK(sql_commit(&s->place->sql));
}

/* Does the office's receipt of it say that it would survive a restore? */
static bool said_backed(struct scene *s)
{
    struct blob_call call;
    struct blob_reply reply;
    struct arena arena;
    struct buffer out;
    judge(&call, s, &s->dana, (struct asking){.method = "PUT"});
    assert_int_equal(call.status, 200);
    buffer_init(&out, 1u << 16);
    arena_init(&arena, 1u << 16);
    CHECK(blob_call_reply(&call, s->place->office, 0, true, &out));
    CHECK(blob_reply_read(&arena, buffer_bytes(&out), &reply));
    assert_true(reply.has_receipt);
    bool backed = reply.has_backed;
    arena_fini(&arena);
    buffer_fini(&out);
    blob_call_fini(&call);
    return backed;
}

static void backup_counts(struct scene *s, bool there)
{
    CHECK(sql_begin(&s->place->sql, true));
    CHECK(store_blob_backup(&s->place->sql, s->place->office->agency,
                            s->photo.blob, there));
    CHECK(sql_commit(&s->place->sql));
}

static void F16_what_is_received_is_backed_up_by_two_backups_only(void **state)
{
    struct scene *s = scene_open(state);
    assert_int_equal(bring(s, 0, sizeof s->photo.sealed), ERR_OK);
    received(s);
    assert_false(said_backed(s));
    backup_counts(s, true);
    assert_false(said_backed(s));
    backup_counts(s, true);
    assert_true(said_backed(s));
    backup_counts(s, false); /* it was not in the newest */
    assert_false(said_backed(s));
    scene_close(s);
}

static void F16_a_lost_file_is_found_and_missing_again(void **state)
{
    struct scene *s = scene_open(state);
    char folder[BLOB_PATH_CHARS], path[BLOB_PATH_CHARS];
    int64_t lost = -1;
    assert_int_equal(missing(s), 1);
    assert_int_equal(bring(s, 0, sizeof s->photo.sealed), ERR_OK);
    received(s);
    assert_int_equal(missing(s), 0);
    assert_int_equal(place_problems(s->place), 0);
    blob_file_folder(folder, s->place->office);
    blob_file_path(path, folder, s->photo.blob);
    assert_int_equal(truncate(path, PHOTO_BYTES - 1), 0);
    assert_int_equal(place_problems(s->place), 1);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(place_problems(s->place), 1);
    CHECK(sql_begin(&s->place->sql, true));
    CHECK(blob_keep_census(s->place->office, &s->place->sql, &lost));
    CHECK(sql_commit(&s->place->sql));
    assert_int_equal(lost, 1);
    assert_int_equal(missing(s), 1);
    scene_close(s);
}

static void leave_behind(struct scene *s, const char *end, int64_t age_s)
{
    char folder[BLOB_PATH_CHARS], path[BLOB_PATH_CHARS];
    char whole[BLOB_PATH_CHARS + 32];
    struct timespec times[2] = {{.tv_sec = time(NULL) - age_s},
                                {.tv_sec = time(NULL) - age_s}};
    blob_file_folder(folder, s->place->office);
    blob_file_path(path, folder, s->photo.blob);
    snprintf(whole, sizeof whole, "%s%s", path, end);
    FILE *file = fopen(whole, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(utimensat(AT_FDCWD, whole, times, 0), 0);
}

static int files(struct scene *s)
{
    char folder[BLOB_PATH_CHARS];
    int count = 0;
    blob_file_folder(folder, s->place->office);
    DIR *all = opendir(folder);
    assert_non_null(all);
    while (readdir(all))
        count++;
    closedir(all);
    return count - 2;
}

static void what_a_killed_process_left_goes_and_nothing_else(void **state)
{
    struct scene *s = scene_open(state);
    assert_int_equal(bring(s, 0, 5000), ERR_OK);
    leave_behind(s, ".new.aaaaaa", 7200);
    leave_behind(s, ".new.bbbbbb", 10);
    assert_int_equal(files(s), 3);
    blob_file_sweep(s->place->office);
    assert_int_equal(files(s), 2); /* the part and what is at work */
    assert_int_equal(bring(s, 5000, sizeof s->photo.sealed), ERR_OK);
    leave_behind(s, ".other.part", 10);
    blob_file_sweep(s->place->office);
    assert_int_equal(files(s), 2);
    assert_true(blob_file_there(s->place->office, s->photo.blob));
    scene_close(s);
}

static void
a_part_that_nobody_brings_to_its_end_goes_after_a_month(void **state)
{
    struct scene *s = scene_open(state);
    assert_int_equal(bring(s, 0, 5000), ERR_OK);
    leave_behind(s, ".gone.part", 31 * 86400);
    leave_behind(s, ".slow.part", 29 * 86400);
    assert_int_equal(files(s), 3);
    blob_file_sweep(s->place->office);
    assert_int_equal(files(s), 2);
    assert_int_equal(bring(s, 5000, sizeof s->photo.sealed), ERR_OK);
    scene_close(s);
}

static void what_others_have_begun_is_counted(void **state)
{
    struct scene *s = scene_open(state);
    uint8_t other[HASH_BYTES] = {1};
    assert_int_equal(blob_file_parts(s->place->office, other), 0);
    assert_int_equal(bring(s, 0, 5000), ERR_OK);
    assert_int_equal(blob_file_parts(s->place->office, other), 5000);
    assert_int_equal(blob_file_parts(s->place->office, s->photo.blob), 0);
    assert_int_equal(bring(s, 5000, sizeof s->photo.sealed), ERR_OK);
    assert_int_equal(blob_file_parts(s->place->office, other), 0);
    scene_close(s);
}

static void what_lines_name_can_be_read_from_the_log_again(void **state)
{
    struct scene *s = scene_open(state);
    place_exec(s->place, "DELETE FROM blob");
    CHECK(office_rebuild(s->place->office, &s->place->sql));
    struct blob_row row = row_of(s);
    assert_int_equal(row.bytes, PHOTO_BYTES);
    assert_string_equal(row.record, NOTE);
    assert_string_equal(row.account, "dana");
    assert_string_equal(row.name, "roof.jpg");
    scene_close(s);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(F16_who_sees_the_record_may_read_and_bring),
        TEST(F16_what_is_out_of_view_does_not_exist),
        TEST(F16_naming_gives_no_right),
        TEST(F16_a_writer_who_lost_the_case_brings_and_does_not_read),
        TEST(a_stranger_a_copy_and_a_replay_are_refused),
        TEST(F16_one_that_was_never_given_a_token_brings),
        TEST(F16_a_part_goes_on_at_the_byte_after_a_restart),
        TEST(F16_what_is_not_what_the_record_names_is_dropped),
        TEST(F16_what_is_received_is_backed_up_by_two_backups_only),
        TEST(F16_a_lost_file_is_found_and_missing_again),
        TEST(what_others_have_begun_is_counted),
        TEST(what_a_killed_process_left_goes_and_nothing_else),
        TEST(a_part_that_nobody_brings_to_its_end_goes_after_a_month),
        TEST(what_lines_name_can_be_read_from_the_log_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
