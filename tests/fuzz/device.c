/* A vault that an office, or what pretends to be one, talks to.
 *
 * The input is lines of text, a script.  Of the device:
 *
 *   write {...}      a person with these fields      revise {...}   the last
 * one lock, unlock     sync
 *
 * and what a sync is answered with, one for each request that it makes:
 *
 *   reply more stale revoked reconcile back cut     a header, properly signed;
 *                    `back` is a receipt for less than the last
 *   reply {...}      this header
 *   status 409 {...} an error
 *   enrolled         what a successor is told
 *
 * The lines behind a reply are its body: {...} as it is; +{...} a revision by
 * another worker, whose author, place and `at` are filled in; `leave CASE
 * SCOPE`, signed.  A $ stands for the id of the last record that was written.
 *
 * Whatever comes, the vault verifies, shows what was written in it, and counts
 * as received only what a signed receipt covers. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "shared/exchange/session.h"
#include "tests/fuzz/file.h"
#include "tests/fuzz/scene/device_net.h"
#include "tests/fuzz/scene/word.h"
#include "tests/sim/disk.h"

const size_t replay_stride = 501;

#define VAULT "/fuzz/dana/dana.vault"

/* --- the vault ------------------------------------------------------------ */

static int64_t play_now(void *context)
{
    return ((struct play *)context)->now;
}

static void keys_make(struct keypair *keys, uint8_t seed)
{
    uint8_t bytes[32];
    memset(bytes, seed, sizeof bytes);
    keypair_from_seed(keys, bytes);
}

static struct vault_options options_of(struct play *p)
{
    uint8_t secret[32] = {9};
    return (struct vault_options){
        .passphrase = "correct horse",
        .device_secret = file_write(bytes_of(secret, sizeof secret)),
        .clock = &p->clock,
        .random = &p->dice.random,
        .vfs = DISK_VFS,
        .kdf_ops = 1,
        .kdf_bytes = 8192};
}

static void play_init(struct play *p, struct bytes script)
{
    uint8_t seed[32] = {5};
    *p = (struct play){.rest = script, .now = INT64_C(1795000000000)};
    arena_init(&p->arena, (size_t)1 << 28);
    p->clock = (struct clock){play_now, play_now, p};
    random_seeded_init(&p->dice, 1);
    record_written_init(&p->last);
    keys_make(&p->root, 1);
    keys_make(&p->term, 2);
    keys_make(&p->other, 3);
    must(!crypto_box_seed_keypair(p->box, p->box_secret, seed));
    replica_id(p->term_name, 'o', AGENCY, p->term.public_key);
    replica_id(p->other_name, 'w', AGENCY, p->other.public_key);
    disk_reset("/fuzz/", &p->dice.random);
}

/* A vault that has just been enrolled, and what the office knows of it. */
static struct {
    char replica[REPLICA_CHARS + 1];
    uint8_t link[LINK_BYTES];
} made;

static void vault_make(void)
{
    struct play p;
    char detail[512];
    bool sent;
    play_init(&p, bytes_text("enrolled\n"));
    struct vault_options options = options_of(&p);
    struct transport transport = net_of(&p);
    must(!vault_create(&p.vault, VAULT, &options, detail));
    must(!session_enrol(p.vault, &transport, "http://127.0.0.1:1", NULL,
                        "0000-0000-0000-0000", &sent, detail));
    memcpy(made.replica, p.replica, sizeof made.replica);
    memcpy(made.link, p.links[0], LINK_BYTES);
    vault_close(p.vault);
    disk_keep();
    record_written_fini(&p.last);
    arena_fini(&p.arena);
}

static void vault_find(struct play *p)
{
    char detail[VAULT_DETAIL_CHARS];
    if (!made.replica[0])
        vault_make();
    play_init(p, p->rest);
    disk_restore();
    struct vault_options options = options_of(p);
    must(!vault_open(&p->vault, VAULT, &options, detail));
    memcpy(p->replica, made.replica, sizeof p->replica);
    memcpy(p->links[0], made.link, LINK_BYTES);
}

/* --- what the device does ------------------------------------------------- */

static void person_write(struct play *p, struct bytes set, bool fresh)
{
    struct record_write write = {.set = set};
    struct record_written done;
    record_written_init(&done);
    if (fresh || !p->last.record[0]) {
        write.type = "person";
    } else {
        write.record = p->last.record;
        write.context = buffer_text(&p->last.context);
    }
    enum err err = p->write_count < WRITES_MAX
                       ? record_write(p->vault, &write, &done)
                       : ERR_FULL;
    must(err != ERR_CORRUPT && err != ERR_IO);
    if (err) {
        record_written_fini(&done);
        return;
    }
    memcpy(p->written[p->write_count++], done.record, sizeof done.record);
    record_written_fini(&p->last);
    p->last = done;
}

static void sync_run(struct play *p)
{
    struct session_options options = {.level = 1};
    struct session_report report;
    struct transport transport = net_of(p);
    enum err err = session_run(p->vault, &transport, &options, &report);
    must(err != ERR_CORRUPT && err != ERR_IO && err != ERR_NOMEM);
    must(!err || report.detail[0]);
    must(utf8_valid(bytes_text(report.detail), NULL));
}

static void line_play(struct play *p, struct bytes line)
{
    if (word_is(&line, "write"))
        person_write(p, line, true);
    else if (word_is(&line, "revise"))
        person_write(p, line, false);
    else if (word_is(&line, "lock"))
        vault_lock(p->vault);
    else if (word_is(&line, "unlock"))
        must(!vault_unlock(p->vault, "correct horse"));
    else if (word_is(&line, "sync"))
        sync_run(p);
}

static void problem(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "verify: %s\n", text);
}

static void vault_check(struct play *p)
{
    struct vault_status status;
    struct buffer state, context;
    size_t problems;
    must(!vault_unlock(p->vault, "correct horse"));
    must(!vault_verify(p->vault, problem, NULL, &problems) && !problems);
    must(!record_status(p->vault, &status));
    must(status.received + status.backed_up <=
         p->receipted + p->receipted_before);
    buffer_init(&state, 32u << 20);
    buffer_init(&context, 1u << 20);
    for (size_t i = 0; i < p->write_count && !p->taken_away; i++) {
        must(!record_read(p->vault, p->written[i], &state, &context));
        buffer_clear(&state);
        buffer_clear(&context);
    }
    buffer_fini(&state);
    buffer_fini(&context);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t size)
{
    struct play p = {.rest = bytes_of(at, size)};
    struct bytes line;
    size_t used;
    vault_find(&p);
    while (script_peek(&p, &line, &used)) {
        script_pass(&p, used);
        line_play(&p, line);
    }
    vault_check(&p);
    vault_close(p.vault);
    record_written_fini(&p.last);
    arena_fini(&p.arena);
    return 0;
}
