#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "shared/exchange/session_bundle.h"
#include "shared/wire/bundle.h"
#include "shared/wire/frame.h"
#include "tests/fault.h"
#include "tests/unit/exchange/scene.h"

struct trip {
    struct scene *scene;
    struct buffer request; /* what was sealed in the bundle */
    struct bundle_report report;
};

static void bundle_write(struct trip *trip, void **state)
{
    struct bundle_label label;
    struct bytes sealed;
    struct buffer file;
    struct desk *desk;
    *trip = (struct trip){.scene = *state};
    desk = trip->scene->desk;
    buffer_init(&file, BUNDLE_BYTES_MAX);
    buffer_init(&trip->request, BUNDLE_BYTES_MAX);
    assert_int_equal(
        session_bundle_write(trip->scene->device.vault, &file, &trip->report),
        ERR_OK);
    assert_int_equal(bundle_label_read(buffer_bytes(&file), &label, &sealed),
                     ERR_OK);
    assert_int_equal(label.kind, BUNDLE_REQUEST);
    assert_string_equal(label.replica, desk->replica);
    assert_int_equal(
        bundle_open(&trip->request, sealed, desk->box, desk->box_secret),
        ERR_OK);
    buffer_fini(&file);
}

static enum err header_take(void *context, struct bytes line)
{
    struct buffer *out = context;
    return out->size ? ERR_OK : buffer_add_bytes(out, line);
}

static void header_line(const struct trip *trip, struct buffer *out)
{
    struct frame_reader *reader;
    buffer_init(out, REQUEST_HEADER_BYTES_MAX);
    assert_int_equal(frame_reader_new(&reader, header_take, out), ERR_OK);
    assert_int_equal(frame_feed(reader, buffer_bytes(&trip->request)), ERR_OK);
    frame_reader_free(reader);
}

/* The desk answers the request; its answer goes into a file, signed by `term`.
 */
static void reply_make(struct trip *trip, const struct keypair *term,
                       struct buffer *file)
{
    struct desk *desk = trip->scene->desk;
    struct transport transport = desk_transport(desk);
    struct transport_request request = {.url = "http://127.0.0.1/v1/sync",
                                        .method = "POST",
                                        .content_type = "application/x-satchel",
                                        .body = buffer_bytes(&trip->request)};
    struct transport_response response = {.status = 0};
    struct bundle_label label = {.kind = BUNDLE_REPLY};
    struct bundle_reply reply = {.at = 1, .status = 200};
    struct term_certificate certificate = {.at = 1};
    struct buffer header, text, content;
    uint8_t box[KEY_BYTES];
    bool done;
    buffer_init(&response.body, TRANSPORT_RESPONSE_BYTES_MAX);
    assert_int_equal(transport.start(transport.context, &request), ERR_OK);
    assert_int_equal(transport.poll(transport.context, 0, &done, &response),
                     ERR_OK);
    assert_int_equal(response.status, 200);
    header_line(trip, &header);
    buffer_init(&text, 4096);
    buffer_init(&content, BUNDLE_BYTES_MAX);
    buffer_init(file, BUNDLE_BYTES_MAX);
    memcpy(certificate.agency, desk->agency, sizeof certificate.agency);
    replica_id(certificate.replica, 'o', desk->agency, term->public_key);
    memcpy(certificate.key, term->public_key, KEY_BYTES);
    assert_int_equal(term_certificate_write(&text, &certificate), ERR_OK);
    chain_sign(reply.term_signature, &desk->root, DOMAIN_TERM,
               buffer_bytes(&text));
    reply.term = buffer_bytes(&text);
    reply.header = buffer_bytes(&header);
    reply.body = buffer_bytes(&response.body);
    assert_int_equal(bundle_reply_write(&content, &reply, &desk->term), ERR_OK);
    memcpy(label.agency, desk->agency, sizeof label.agency);
    memcpy(label.replica, desk->replica, sizeof label.replica);
    assert_int_equal(bundle_reply_key(box, desk->transport_key), ERR_OK);
    assert_int_equal(bundle_seal(file, &label, box, buffer_bytes(&content)),
                     ERR_OK);
    buffer_fini(&content);
    buffer_fini(&text);
    buffer_fini(&header);
    buffer_fini(&response.body);
    buffer_fini(&trip->request);
}

static enum err reply_read(struct trip *trip, const struct buffer *file)
{
    return session_bundle_read(trip->scene->device.vault, buffer_bytes(file),
                               &trip->report);
}

static void read_ok(struct trip *trip, const struct buffer *file)
{
    if (reply_read(trip, file))
        fail_msg("%s", trip->report.detail);
}

static int64_t cursor_at(struct device *d)
{
    struct cursor cursors[8];
    size_t count;
    int64_t seq = 0;
    assert_int_equal(inbox_cursors(d->vault, cursors, 8, &count), ERR_OK);
    for (size_t i = 0; i < count; i++)
        if (!strcmp(cursors[i].scope, "caseload:north"))
            seq = cursors[i].seq;
    return seq;
}

static void lines_go_out_and_the_receipt_comes_back(void **state)
{
    struct trip trip;
    struct buffer reply;
    struct scene *scene = *state;
    device_write(&scene->device, "Ruth");
    device_write(&scene->device, "Amos");
    bundle_write(&trip, state);
    assert_int_equal(trip.report.lines, 2);
    assert_int_equal(trip.report.left, 0);
    assert_int_equal(device_identity(&scene->device).received, 0);
    reply_make(&trip, &scene->desk->term, &reply);
    read_ok(&trip, &reply);
    assert_int_equal(trip.report.received, 2);
    in_step(scene);
    read_ok(&trip, &reply);
    assert_int_equal(trip.report.received, 0);
    buffer_fini(&reply);
}

static void a_bundle_says_that_it_is_one_and_has_no_token(void **state)
{
    struct trip trip;
    struct buffer reply;
    struct scene *scene = *state;
    sync_ok(scene);
    bundle_write(&trip, state);
    reply_make(&trip, &scene->desk->term, &reply);
    assert_true(scene->desk->heard.header.bundle);
    assert_int_equal(scene->desk->heard.header.wait, 0);
    assert_string_equal(scene->desk->heard.header.token, "");
    for (size_t i = 0; i < scene->desk->heard.header.cursor_count; i++)
        assert_false(scene->desk->heard.cursors[i].has_sum);
    buffer_fini(&reply);
}

static void pages_come_in_their_order_or_are_passed_over(void **state)
{
    struct trip first, second;
    struct buffer early, late;
    struct scene *scene = *state;
    sync_ok(scene);
    bundle_write(&first, state);
    desk_lay_person(scene->desk, 1, "Amos", 5, true);
    reply_make(&first, &scene->desk->term, &early);
    read_ok(&first, &early);
    assert_int_equal(first.report.pulled, 1);
    assert_int_equal(cursor_at(&scene->device), 5);

    bundle_write(&second, state);
    desk_lay_person(scene->desk, 2, "Rose", 9, true);
    reply_make(&second, &scene->desk->term, &late);
    read_ok(&second, &late);
    assert_int_equal(cursor_at(&scene->device), 9);
    assert_int_equal(device_people(&scene->device), 2);

    /* An older one takes nothing back, not even the cursor. */
    read_ok(&first, &early);
    assert_true(first.report.passed_over);
    assert_int_equal(first.report.pulled, 0);
    assert_int_equal(cursor_at(&scene->device), 9);
    buffer_fini(&early);
    buffer_fini(&late);
}

static void the_second_file_alone_leaves_no_gap(void **state)
{
    struct trip first, second;
    struct buffer early, late;
    struct scene *scene = *state;
    sync_ok(scene);
    bundle_write(&first, state);
    desk_lay_person(scene->desk, 1, "Amos", 5, true);
    reply_make(&first, &scene->desk->term, &early);
    read_ok(&first, &early);
    bundle_write(&second, state);
    desk_lay_person(scene->desk, 2, "Rose", 9, true);
    reply_make(&second, &scene->desk->term, &late);
    /* The network brought another page meanwhile. */
    desk_lay_person(scene->desk, 3, "Cora", 7, true);
    sync_ok(scene);
    assert_int_equal(cursor_at(&scene->device), 7);
    read_ok(&second, &late);
    assert_true(second.report.passed_over);
    assert_int_equal(cursor_at(&scene->device), 7);
    buffer_fini(&early);
    buffer_fini(&late);
}

static void a_locked_vault_takes_the_receipt_alone(void **state)
{
    struct trip trip;
    struct buffer reply;
    struct scene *scene = *state;
    sync_ok(scene);
    device_write(&scene->device, "Ruth");
    bundle_write(&trip, state);
    desk_lay_person(scene->desk, 1, "Amos", 5, true);
    reply_make(&trip, &scene->desk->term, &reply);
    vault_lock(scene->device.vault);
    read_ok(&trip, &reply);
    in_step(scene);
    assert_int_equal(trip.report.pulled, 0);
    assert_int_equal(vault_unlock(scene->device.vault, "correct horse"),
                     ERR_OK);
    read_ok(&trip, &reply);
    assert_int_equal(trip.report.pulled, 1);
    buffer_fini(&reply);
}

static void a_term_that_did_not_sign_is_not_believed(void **state)
{
    struct trip trip;
    struct buffer reply;
    struct scene *scene = *state;
    struct keypair other;
    const uint8_t seed[32] = {9};
    keypair_from_seed(&other, seed);
    device_write(&scene->device, "Ruth");
    bundle_write(&trip, state);
    reply_make(&trip, &other, &reply);
    assert_int_equal(reply_read(&trip, &reply), ERR_SIGNATURE);
    assert_int_equal(device_identity(&scene->device).received, 0);
    buffer_fini(&reply);
}

static void a_cut_reply_changes_nothing(void **state)
{
    struct trip trip;
    struct buffer reply;
    struct scene *scene = *state;
    device_write(&scene->device, "Ruth");
    bundle_write(&trip, state);
    reply_make(&trip, &scene->desk->term, &reply);
    for (size_t size = 0; size < reply.size; size += 7) {
        enum err err = session_bundle_read(
            scene->device.vault, bytes_of(reply.at, size), &trip.report);
        assert_true(err == ERR_FOREIGN || err == ERR_CORRUPT);
        assert_true(strlen(trip.report.detail) > 10);
    }
    assert_int_equal(device_identity(&scene->device).received, 0);
    read_ok(&trip, &reply);
    in_step(scene);
    buffer_fini(&reply);
}

static void writing_survives_every_allocation_failure(void **state)
{
    struct scene *scene = *state;
    struct bundle_report report;
    device_write(&scene->device, "Ruth");
    for (int nth = 1;; nth++) {
        struct buffer file;
        buffer_init(&file, BUNDLE_BYTES_MAX);
        fault_at(nth, false);
        enum err err =
            session_bundle_write(scene->device.vault, &file, &report);
        bool hit = fault_hit();
        fault_at(0, false);
        buffer_fini(&file);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            assert_true(nth > 5);
            return;
        }
        assert_true(err == ERR_NOMEM || err == ERR_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(lines_go_out_and_the_receipt_comes_back),
        SCENE(a_bundle_says_that_it_is_one_and_has_no_token),
        SCENE(pages_come_in_their_order_or_are_passed_over),
        SCENE(the_second_file_alone_leaves_no_gap),
        SCENE(a_locked_vault_takes_the_receipt_alone),
        SCENE(a_term_that_did_not_sign_is_not_believed),
        SCENE(a_cut_reply_changes_nothing),
        SCENE(writing_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
