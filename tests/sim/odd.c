#include "tests/sim/odd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/sync.h"
#include "shared/wire/frame.h"
#include "tests/sim/people.h"

#define USER "dana"
#define AGENCY "north"
#define LOG_BYTES_MAX (32u << 20)
#define HUGE_CHARS 270000
#define LINES_MAX 4

void odd_init(struct odd *odd)
{
    *odd = (struct odd){.enrolled = false};
    buffer_init(&odd->log, LOG_BYTES_MAX);
}

void odd_fini(struct odd *odd)
{
    buffer_fini(&odd->log);
}

/* What cannot fail here but for lack of memory. */
static void must(enum err err)
{
    if (err)
        abort();
}

/* --- enrolment ------------------------------------------------------------ */

static void keys_make(struct world *world, struct keypair *keys)
{
    uint8_t seed[32];
    random_fill(&world->salt.random, seed, sizeof seed);
    keypair_from_seed(keys, seed);
}

static void enrol_write(struct world *world, const char *code,
                        struct buffer *out)
{
    struct odd *odd = &world->odd;
    struct enrol_request request = {.protocol = PROTOCOL_MAX};
    struct buffer proof;
    buffer_init(&proof, 4096);
    snprintf(request.code, sizeof request.code, "%s", code);
    memcpy(request.key, odd->keys.public_key, KEY_BYTES);
    memcpy(request.transport, odd->transport.public_key, KEY_BYTES);
    must(enrol_proof_message(&proof, &request));
    chain_sign(request.proof, &odd->keys, DOMAIN_ENROL, buffer_bytes(&proof));
    must(enrol_request_write(out, &request));
    buffer_fini(&proof);
}

static void enrolled(struct odd *odd, struct bytes body)
{
    struct arena arena;
    struct enrol_reply reply;
    arena_init(&arena, 1u << 20);
    odd->enrolled = !enrol_reply_read(&arena, body, &reply);
    if (odd->enrolled) {
        memcpy(odd->replica, reply.replica, sizeof odd->replica);
        memcpy(odd->lineage, reply.lineage, sizeof odd->lineage);
    }
    odd->token[0] = '\0';
    odd->head = 0;
    buffer_clear(&odd->log);
    link_zero(odd->link, AGENCY, odd->keys.public_key);
    arena_fini(&arena);
}

static void enrol(struct world *world)
{
    struct odd *odd = &world->odd;
    struct buffer request, body;
    char code[32];
    int status = 0;
    if (!admin_invite(world, USER, code))
        return;
    keys_make(world, &odd->keys);
    keys_make(world, &odd->transport);
    buffer_init(&request, 1u << 16);
    buffer_init(&body, 1u << 16);
    enrol_write(world, code, &request);
    enum err err = enrol_whole(world->office, &world->sql,
                               buffer_bytes(&request), &body, &status);
    if (err || status != 200)
        world_fail(world, "an odd client does not enrol: %s %d", err_name(err),
                   status);
    else
        enrolled(odd, buffer_bytes(&body));
    buffer_fini(&request);
    buffer_fini(&body);
}

/* --- lines ---------------------------------------------------------------- */

static void append(struct odd *odd, struct bytes line)
{
    uint8_t hash[HASH_BYTES];
    hash_bytes(hash, line);
    link_next(odd->link, hash);
    must(buffer_add_bytes(&odd->log, line));
    must(buffer_add_char(&odd->log, '\n'));
    odd->head++;
}

/* A creating line of a person, with whatever is wrong about it. */
struct person {
    const char *author, *kase;
    size_t name_chars;
};

static void person_write(struct world *world, const struct person *person,
                         const char record[ID_CHARS + 1], struct buffer *line)
{
    const struct odd *odd = &world->odd;
    must(buffer_printf(
        line,
        "{\"at\":%lld,\"author\":\"%s\",\"case\":\"%s\",\"n\":%lld,"
        "\"record\":\"%s\",\"replica\":\"%s\",\"schema\":1,"
        "\"set\":{\"preferred_name\":\"odd",
        (long long)world->now_ms, person->author, person->kase,
        (long long)odd->head + 1, record, odd->replica));
    for (size_t i = 0; i < person->name_chars; i++)
        must(buffer_add_char(line, 'd'));
    must(buffer_add_text(line, "\"},\"type\":\"person\"}"));
}

/* What only the office may say. */
static void assignment_write(struct world *world, const char *record,
                             struct buffer *line)
{
    const struct odd *odd = &world->odd;
    must(buffer_printf(line,
                       "{\"at\":%lld,\"author\":\"" USER
                       "\",\"case\":\"%s\",\"n\":%lld,\"record\":\"%s\","
                       "\"replica\":\"%s\",\"schema\":1,"
                       "\"type\":\"assignment\"}",
                       (long long)world->now_ms, record,
                       (long long)odd->head + 1, record, odd->replica));
}

/* A line that is as it should be joins the ground truth, once it is pushed. */
static struct write *good(struct world *world, const char *record,
                          struct buffer *line)
{
    if (world->write_count == WRITES_MAX || world->record_count == RECORDS_MAX)
        return NULL;
    struct write *w = &world->writes[world->write_count];
    memset(w, 0, sizeof *w);
    w->device = -1;
    w->step = world->step;
    memcpy(w->record, record, sizeof w->record);
    snprintf(w->dot, sizeof w->dot, "%s:%lld", world->odd.replica,
             (long long)world->odd.head + 1);
    write_id(w->id, buffer_bytes(line));
    return w;
}

static void unborn_write(struct world *world, const char *record,
                         const char *seen, struct buffer *line)
{
    const struct odd *odd = &world->odd;
    must(buffer_printf(line,
                       "{\"at\":%lld,\"author\":\"" USER "\",\"n\":%lld,"
                       "\"record\":\"%s\",\"replica\":\"%s\",\"schema\":1,"
                       "%s\"set\":{\"preferred_name\":\"never\"}}",
                       (long long)world->now_ms, (long long)odd->head + 1,
                       record, odd->replica, seen));
}

static void line_make(struct world *world, const char *record,
                      struct buffer *line)
{
    enum { BROKEN, LONG, OTHERS, HOMELESS, OFFICE, UNBORN, AHEAD, KINDS };
    char other[ID_CHARS + 1];
    struct person person = {USER, record, 1};
    id_new(other, world->now_ms, &world->salt.random);
    switch ((int)world_dice(world, KINDS)) {
    case BROKEN:
        must(buffer_add_text(line, "{\"at\":1,\"author\":\"" USER "\",\"n\""));
        return;
    case LONG:
        person.name_chars = HUGE_CHARS;
        break;
    case OTHERS:
        person.author = "kim";
        break;
    case HOMELESS:
        person.kase = other;
        break;
    case OFFICE:
        assignment_write(world, record, line);
        return;
    case UNBORN:
        unborn_write(world, record, "", line);
        return;
    default: /* it has seen what nobody has written */
        unborn_write(world, record, "\"seen\":{\"wAAAAAAAAAAAA\":7},", line);
        return;
    }
    person_write(world, &person, record, line);
}

/* --- pushing -------------------------------------------------------------- */

static void header_write(const struct odd *odd, struct frame_writer *writer)
{
    struct request_header header = {.protocol = PROTOCOL_MAX,
                                    .head = odd->head,
                                    .agency = AGENCY,
                                    .room = 1000};
    struct buffer text;
    uint8_t sig[SIGNATURE_BYTES];
    memcpy(header.replica, odd->replica, sizeof header.replica);
    memcpy(header.lineage, odd->lineage, sizeof header.lineage);
    memcpy(header.token, odd->token, sizeof header.token);
    buffer_init(&text, 1u << 16);
    must(request_header_write(&text, &header));
    chain_sign(sig, &odd->keys, DOMAIN_REQUEST, buffer_bytes(&text));
    must(frame_line(writer, buffer_bytes(&text)));
    buffer_clear(&text);
    must(auth_line_write(&text, sig));
    must(frame_line(writer, buffer_bytes(&text)));
    buffer_fini(&text);
}

static void sign_write(const struct odd *odd, int64_t n,
                       const uint8_t link[LINK_BYTES],
                       struct frame_writer *writer)
{
    struct sign_line sign = {.n = n};
    struct buffer text;
    chain_sign(sign.signature, &odd->keys, DOMAIN_LINK,
               bytes_of(link, LINK_BYTES));
    buffer_init(&text, 1024);
    must(sign_line_write(&text, &sign));
    must(frame_line(writer, buffer_bytes(&text)));
    buffer_fini(&text);
}

static void log_write(const struct odd *odd, struct frame_writer *writer)
{
    struct bytes rest = buffer_bytes(&odd->log);
    uint8_t link[LINK_BYTES], hash[HASH_BYTES];
    link_zero(link, AGENCY, odd->keys.public_key);
    for (int64_t n = 1; rest.size; n++) {
        const uint8_t *end = memchr(rest.at, '\n', rest.size);
        struct bytes line = bytes_of(rest.at, (size_t)(end - rest.at));
        hash_bytes(hash, line);
        link_next(link, hash);
        must(frame_line(writer, line));
        if (n % 8 == 0 || n == odd->head)
            sign_write(odd, n, link, writer);
        rest = bytes_of(end + 1, rest.size - line.size - 1);
    }
}

struct answer {
    struct arena arena;
    struct reply_header header;
    bool read;
};

static enum err answer_line(void *context, struct bytes line)
{
    struct answer *answer = context;
    if (answer->read)
        return ERR_OK;
    answer->read = true;
    return reply_header_read(&answer->arena, line, &answer->header);
}

/* True when the office has taken the log. */
static bool answered(struct odd *odd, struct bytes body)
{
    struct answer answer = {.read = false};
    struct frame_reader *reader = NULL;
    arena_init(&answer.arena, 1u << 20);
    must(frame_reader_new(&reader, answer_line, &answer));
    must(frame_feed(reader, body));
    bool taken = answer.read && answer.header.state == REPLY_OK &&
                 answer.header.head == odd->head;
    if (taken && answer.header.token[0])
        memcpy(odd->token, answer.header.token, sizeof odd->token);
    if (taken && answer.header.lineage[0])
        memcpy(odd->lineage, answer.header.lineage, sizeof odd->lineage);
    frame_reader_free(reader);
    arena_fini(&answer.arena);
    return taken;
}

static bool push(struct world *world)
{
    struct odd *odd = &world->odd;
    struct frame_writer *writer = NULL;
    struct buffer request, body;
    const char *type;
    int status = 0;
    buffer_init(&request, LOG_BYTES_MAX);
    buffer_init(&body, LOG_BYTES_MAX);
    must(frame_writer_new(&writer, &request, 1, false));
    header_write(odd, writer);
    log_write(odd, writer);
    must(frame_finish(writer));
    frame_writer_free(writer);
    enum err err = sync_whole(world->office, &world->sql,
                              buffer_bytes(&request), &body, &status, &type);
    bool taken = !err && status == 200 && answered(odd, buffer_bytes(&body));
    world_say(world, "an odd client pushes %lld: %s %d %.*s",
              (long long)odd->head, err_name(err), status,
              status == 200 ? 0 : (int)body.size, (const char *)body.at);
    if (!taken && !(world->scenes & SCENE_RESTORED))
        world_fail(world, "an odd client's push stops: %s %d", err_name(err),
                   status);
    buffer_fini(&request);
    buffer_fini(&body);
    return taken;
}

static void odd_learn(struct world *world, const char *record)
{
    size_t i = world->record_count++;
    memcpy(world->records[i], record, ID_CHARS + 1);
    memcpy(world->record_cases[i], record, ID_CHARS + 1);
    snprintf(world->record_types[i], NAME_CHARS_MAX + 1, "person");
}

/* One that is right, behind whatever is not. */
void odd_step(struct world *world)
{
    struct odd *odd = &world->odd;
    struct buffer line;
    char record[ID_CHARS + 1];
    if (!world->office || !office_steady(world))
        return;
    if (!odd->enrolled)
        enrol(world);
    if (!odd->enrolled || world->failed)
        return;
    buffer_init(&line, LINE_BYTES_MAX);
    for (uint64_t i = world_dice(world, LINES_MAX); i; i--) {
        id_new(record, world->now_ms, &world->salt.random);
        buffer_clear(&line);
        line_make(world, record, &line);
        append(odd, buffer_bytes(&line));
    }
    id_new(record, world->now_ms, &world->salt.random);
    buffer_clear(&line);
    person_write(world, &(struct person){USER, record, 0}, record, &line);
    struct write *w = good(world, record, &line);
    append(odd, buffer_bytes(&line));
    buffer_fini(&line);
    odd->enrolled = push(world); /* after a restore it begins anew */
    if (!odd->enrolled || !w)
        return;
    world->write_count++;
    odd_learn(world, record);
}
