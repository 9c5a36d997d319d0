#include "tests/fuzz/scene/office.h"

#include <stdio.h>
#include <string.h>
#include "server/verify.h"
#include "shared/model/invite_code.h"
#include "tests/dir.h"

/* --- transactions inside the one of the input ----------------------------- */

static struct sql store; /* the real connection */

static enum err nested_begin(void *context, bool write)
{
    (void)write;
    return store.run(context, "SAVEPOINT inner", NULL, 0, NULL, NULL);
}

static enum err nested_commit(void *context)
{
    return store.run(context, "RELEASE inner", NULL, 0, NULL, NULL);
}

static enum err nested_rollback(void *context)
{
    enum err err = store.run(context, "ROLLBACK TO inner", NULL, 0, NULL, NULL);
    return err ? err : nested_commit(context);
}

/* --- making it ------------------------------------------------------------ */

static int64_t scene_now(void *context)
{
    return ((struct scene *)context)->now;
}

static void keys_make(struct keypair *keys, uint8_t seed)
{
    uint8_t bytes[32];
    memset(bytes, seed, sizeof bytes);
    keypair_from_seed(keys, bytes);
}

static void request_sign(struct scene_device *d, struct enrol_request *request,
                         const struct scene_device *old)
{
    struct buffer message;
    buffer_init(&message, 4096);
    must(!enrol_proof_message(&message, request));
    chain_sign(request->proof, &d->keys, DOMAIN_ENROL, buffer_bytes(&message));
    if (old)
        chain_sign(request->successor_sig, &old->keys, DOMAIN_SUCCESSOR,
                   buffer_bytes(&message));
    buffer_fini(&message);
}

static void enrolled(struct scene_device *d, struct bytes body)
{
    struct arena arena;
    struct enrol_reply reply;
    arena_init(&arena, 1u << 20);
    must(!enrol_reply_read(&arena, body, &reply));
    must(reply.certificate.size < sizeof d->certificate);
    memcpy(d->replica, reply.replica, sizeof d->replica);
    memcpy(d->lineage, reply.lineage, sizeof d->lineage);
    memcpy(d->certificate, reply.certificate.at, reply.certificate.size);
    memcpy(d->certificate_sig, reply.certificate_sig, SIGNATURE_BYTES);
    link_zero(d->links[0], SCENE_AGENCY, d->keys.public_key);
    arena_fini(&arena);
}

static void code_make(struct scene *scene, const char *user, char code[32])
{
    char plain[INVITE_CHARS + 1];
    uint8_t hash[HASH_BYTES];
    snprintf(code, 32, "0000-0000-0000-000%c", user[0] == 'l' ? '1' : user[0]);
    must(invite_read(plain, bytes_text(code)));
    invite_hash(hash, plain);
    must(!sql_run(&scene->sql,
                  "INSERT INTO invite(agency, code_hash, account, made_at, "
                  "expires_at) VALUES ('" SCENE_AGENCY "', $1, $2, 0, $3)",
                  SQL_VALUES(sql_blob(bytes_of(hash, sizeof hash)),
                             sql_text(user), sql_int(scene->now + 1000))));
}

int scene_enrol(struct scene *scene, struct scene_device *device, uint8_t seed,
                const struct scene_device *old, const char *reason)
{
    struct scene_device d = {.user = device->user};
    struct enrol_request request = {.protocol = 1};
    struct buffer text, body;
    int status;
    keys_make(&d.keys, seed);
    keys_make(&d.transport, (uint8_t)(seed + 100));
    memcpy(request.key, d.keys.public_key, KEY_BYTES);
    memcpy(request.transport, d.transport.public_key, KEY_BYTES);
    if (old) {
        memcpy(request.replica, old->replica, sizeof request.replica);
        snprintf(request.reason, sizeof request.reason, "%s", reason);
        request.certificate = bytes_text(old->certificate);
        memcpy(request.certificate_sig, old->certificate_sig, SIGNATURE_BYTES);
    } else {
        code_make(scene, d.user, request.code);
    }
    request_sign(&d, &request, old);
    buffer_init(&text, 1u << 16);
    buffer_init(&body, 1u << 16);
    must(!enrol_request_write(&text, &request));
    must(!enrol_whole(scene->office, &scene->sql, buffer_bytes(&text), &body,
                      &status));
    if (status == 200) {
        enrolled(&d, buffer_bytes(&body));
        *device = d;
    }
    buffer_fini(&text);
    buffer_fini(&body);
    return status;
}

/* The directory and the record types are on every device already. */
static void caught_up(struct scene *scene, struct scene_device *d)
{
    struct cursor *cursor = &d->cursors[d->cursor_count++];
    memcpy(cursor->scope, "agency", sizeof "agency");
    must(!sql_find_int(&scene->sql,
                       "SELECT max(seq) FROM feed WHERE scope = 'agency'", NULL,
                       0, &cursor->seq));
}

static void accounts_make(struct scene *scene)
{
    static const char *const users[SCENE_DEVICES] = {"dana", "lee", "kim"};
    for (size_t i = 0; i < SCENE_DEVICES; i++) {
        scene->devices[i].user = users[i];
        must(!sql_run(&scene->sql,
                      "INSERT INTO account(agency, account, role, made_at) "
                      "VALUES ('" SCENE_AGENCY "', $1, 'worker', 0)",
                      SQL_VALUES(sql_text(users[i]))));
        must(!sql_run(
            &scene->sql,
            "INSERT INTO account_scope(agency, account, place, "
            "scope) VALUES ('" SCENE_AGENCY "', $1, 1, $2)",
            SQL_VALUES(sql_text(users[i]),
                       sql_text(i < 2 ? "caseload:east" : "caseload:west"))));
        must(scene_enrol(scene, &scene->devices[i], (uint8_t)(i + 1), NULL,
                         NULL) == 200);
        caught_up(scene, &scene->devices[i]);
    }
}

/* Its files are gone once it is open, whatever becomes of the process. */
static void scene_make(struct scene *scene)
{
    char folder[DIR_CHARS], keys[2 * DIR_CHARS];
    char detail[OFFICE_DETAIL_CHARS];
    static struct random_seeded dice;
    random_seeded_init(&dice, 1);
    dir_make(folder);
    dir_file(keys, folder, "keys");
    scene->now = INT64_C(1795000000000);
    scene->clock = (struct clock){scene_now, scene_now, scene};
    struct office_options options = {.data_dir = folder,
                                     .keys_dir = keys,
                                     .clock = &scene->clock,
                                     .random = &dice.random};
    must(!office_init(&options, SCENE_AGENCY, "North", detail));
    must(!office_open(&scene->office, &options, true, detail));
    must(!office_connect(scene->office, &store));
    dir_remove(folder);
    scene->sql = store;
    scene->sql.begin = nested_begin;
    scene->sql.commit = nested_commit;
    scene->sql.rollback = nested_rollback;
    scene->sql.idle = NULL;
}

/* --- each input ----------------------------------------------------------- */

static struct scene made; /* as it is before each input */
static int64_t made_schema;
static char made_lineage[LINEAGE_CHARS + 1];

struct scene *scene_begin(void)
{
    static struct scene scene;
    static struct random_seeded dice;
    if (!made.office) {
        scene_make(&made);
        must(!store.begin(store.context, true));
        accounts_make(&made);
        must(!store.commit(store.context));
        made.office->random = &dice.random;
        made_schema = made.office->schema_arrival;
        memcpy(made_lineage, made.office->lineage, sizeof made_lineage);
    }
    scene = made;
    scene.office->clock = &scene.clock;
    scene.clock.context = &scene;
    random_seeded_init(&dice, 2);
    must(!store.begin(store.context, true));
    return &scene;
}

void scene_end(struct scene *scene)
{
    (void)scene;
    must(!store.rollback(store.context));
    memcpy(made.office->lineage, made_lineage, sizeof made_lineage);
    if (made.office->schema_arrival != made_schema)
        must(!office_schema_refresh(made.office, &made.sql));
}

static void problem(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "verify: %s\n", text);
}

void scene_verify(struct scene *scene)
{
    size_t problems;
    must(!office_verify(scene->office, &scene->sql, problem, NULL, &problems));
    must(!problems);
}
