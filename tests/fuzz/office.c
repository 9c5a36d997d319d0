/* An office that strangers, thieves and broken devices talk to.
 *
 * The input is lines of text, a script.  A line that names a user begins a
 * request of his device; what follows is its body:
 *
 *   dana                     the header that an honest device would send, and
 *                            first what it has no receipt for
 *   dana fix|reconcile|locked|bundle        the same, of another kind
 *   dana {...}               this header; it is signed, whatever it says
 *   {...}                    a line as it is; one that is no control line goes
 *                            into the device's log
 *   +{...}                   a revision: author, place, `at` and, unless given,
 *                            `prev` are filled in
 *   @...                     the same, sealed under the case key "k"
 *   !                        signs the log as it stands
 *   =                        the last page that this device was given
 *   <                        the log of the device's identity before, whole
 *   <2                       the same; its line 2 was erased
 *
 *   succeed dana REASON      a fresh identity
 *   get dana NAME {...}      a request about an attachment (put, get)
 *   office release DOT, office assign CASE SCOPE, office revoke dana
 *
 * Whatever is sent is answered with a documented status and error; receipts
 * are for what was signed; and in the end the office verifies. */
#include <stdio.h>
#include <string.h>
#include "server/blob_call.h"
#include "server/revoke.h"
#include "tests/fuzz/scene/office_call.h"
#include "tests/fuzz/scene/word.h"

#define REQUESTS_MAX 12
#define VERIFY_EVERY 8

const size_t replay_stride = 501;

/* --- texts ---------------------------------------------------------------- */

/* The next word, as text of at most 128 characters. */
static const char *word_take(struct play *p, struct bytes *rest)
{
    const uint8_t *space =
        rest->size ? memchr(rest->at, ' ', rest->size) : NULL;
    size_t size = space ? (size_t)(space - rest->at) : rest->size;
    char *copy = arena_copy(&p->arena, bytes_of(rest->at, size % 129));
    must(copy != NULL);
    size += space != NULL;
    *rest = bytes_of(rest->at + size, rest->size - size);
    return copy;
}

static bool user_take(struct play *p, struct bytes *rest, size_t *who)
{
    for (*who = 0; *who < SCENE_DEVICES; ++*who)
        if (word_is(rest, p->scene->devices[*who].user))
            return true;
    return false;
}

/* --- other acts ----------------------------------------------------------- */

static void succeed(struct play *p, struct bytes rest)
{
    size_t who;
    if (!user_take(p, &rest, &who) || p->seed > 40)
        return;
    struct scene_device old = p->scene->devices[who];
    const char *reason = word_take(p, &rest);
    static const char *const reasons[] = {"fork", "stale", "lineage",
                                          "unknown"};
    size_t i = 0;
    while (i < 3 && strcmp(reason, reasons[i]) != 0)
        i++;
    if (scene_enrol(p->scene, &p->scene->devices[who], p->seed++, &old,
                    reasons[i]) != 200)
        return;
    p->before[who] = old;
    p->succeeded[who] = true;
}

static void attachment(struct play *p, struct bytes rest)
{
    size_t who;
    struct blob_call call;
    uint8_t sig[SIGNATURE_BYTES];
    char text[BASE64_CHARS(SIGNATURE_BYTES) + 1];
    if (!user_take(p, &rest, &who))
        return;
    const char *name = word_take(p, &rest);
    char *header = arena_copy(&p->arena, rest);
    must(header != NULL);
    chain_sign(sig, &p->scene->devices[who].keys, DOMAIN_BLOB,
               bytes_text(header));
    base64_encode(text, sig, sizeof sig);
    for (int get = 0; get < 2; get++) {
        blob_call_init(&call);
        must(!blob_call_judge(&call, p->scene->office, &p->scene->sql,
                              get ? "GET" : "PUT", name, header, text));
        if (call.status != 200)
            call_error(call.status, &call.error);
        blob_call_fini(&call);
    }
}

/* What the office's own people do. */
static void office_act(struct play *p, struct bytes rest)
{
    struct office *office = p->scene->office;
    struct sql *sql = &p->scene->sql;
    char scope[1][SCOPE_CHARS_MAX + 1];
    struct replica_row row;
    struct dot dot;
    size_t who;
    enum err err = ERR_INVALID;
    must(!sql_begin(sql, true));
    if (word_is(&rest, "release") && dot_parse(&dot, rest)) {
        err = ingest_release(office, sql, "ruth", &dot);
    } else if (word_is(&rest, "assign")) {
        const char *kase = word_take(p, &rest);
        const char *to = word_take(p, &rest);
        snprintf(scope[0], sizeof scope[0], "%s", to);
        if (id_valid(bytes_text(kase)) && scope_valid(bytes_text(scope[0])))
            err = ingest_assign(office, sql, "ruth", kase,
                                (const char(*)[SCOPE_CHARS_MAX + 1]) scope, 1);
    } else if (word_is(&rest, "revoke") && user_take(p, &rest, &who)) {
        err = store_replica_find(sql, SCENE_AGENCY,
                                 p->scene->devices[who].replica, &row);
        if (!err)
            err = revoke_write(office, sql, "ruth", &row, "lost");
    }
    must(err != ERR_CORRUPT && err != ERR_IO);
    if (err)
        sql_rollback(sql);
    else
        must(!sql_commit(sql));
}

static void line_play(struct call *c, struct bytes line)
{
    struct play *p = c->play;
    struct bytes rest = line;
    size_t who;
    bool act = word_is(&rest, "succeed") || word_is(&rest, "get") ||
               word_is(&rest, "office");
    bool call = !act && user_take(p, &rest, &who);
    if (!act && !call) {
        if (c->frame)
            call_line(c, line);
        return;
    }
    call_end(c);
    if (call && p->requests++ < REQUESTS_MAX) {
        *c = (struct call){
            .play = p, .who = who, .device = &p->scene->devices[who]};
        call_open(c, rest);
    } else if (act && line.at[0] == 's') {
        succeed(p, rest);
    } else if (act && line.at[0] == 'g') {
        attachment(p, rest);
    } else if (act) {
        office_act(p, rest);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t size)
{
    static size_t runs;
    struct play p = {.scene = scene_begin(), .seed = 20};
    struct call call = {.play = &p};
    arena_init(&p.arena, (size_t)1 << 28);
    random_seeded_init(&p.dice, 3);
    must(!deflate_line_new(&p.deflate, 6));
    for (size_t i = 0; i < SCENE_DEVICES; i++) {
        buffer_init(&p.pages[i].hashes, 1u << 20);
        buffer_init(&p.pages[i].lines, BODY_BYTES_MAX);
    }
    while (size > 0) {
        const uint8_t *end = memchr(at, '\n', size);
        size_t line = end ? (size_t)(end - at) : size;
        line_play(&call, bytes_of(at, line));
        line += end != NULL;
        at += line;
        size -= line;
    }
    call_end(&call);
    /* It takes longer than all the rest; alone, an input is always verified. */
    if (p.wrote && runs++ % VERIFY_EVERY == 0)
        scene_verify(p.scene);
    for (size_t i = 0; i < SCENE_DEVICES; i++) {
        buffer_fini(&p.pages[i].hashes);
        buffer_fini(&p.pages[i].lines);
    }
    deflate_line_free(p.deflate);
    arena_fini(&p.arena);
    scene_end(p.scene);
    return 0;
}
