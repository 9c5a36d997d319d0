/* What people do on devices: write, keep forms open, save them later. */
#include "tests/sim/people.h"

#include <stdio.h>
#include <string.h>

struct screen {
    struct form *form;
    struct world *world;
    char self[REPLICA_CHARS + 1];
    bool full;
};

static enum err see(void *context, const struct record_entry *entry)
{
    struct screen *screen = context;
    struct form *form = screen->form;
    /* What is held is shown to nobody but its writer. */
    if (entry->held[0] && strcmp(entry->dot.replica, screen->self) != 0)
        return ERR_OK;
    if (form->screen_count == SCREEN_MAX) {
        screen->full = true;
        return ERR_OK;
    }
    memcpy(form->screen[form->screen_count++], entry->write,
           WRITE_ID_CHARS + 1);
    return ERR_OK;
}

/* What stands on the screen: context and every write that the state shows. */
bool form_open(struct world *world, struct device *device, struct form *form,
               const char *record, const char *type)
{
    struct buffer state;
    struct screen screen = {.form = form, .world = world};
    struct identity identity;
    buffer_init(&state, STATE_BYTES_MAX);
    buffer_clear(&form->context);
    form->screen_count = 0;
    enum err err = identity_load(device->vault, &identity);
    if (!err) {
        memcpy(screen.self, identity.replica, sizeof screen.self);
        memcpy(form->reader, identity.replica, sizeof form->reader);
        err = record_read(device->vault, record, &state, &form->context);
    }
    if (!err)
        err = record_history(device->vault, record, see, &screen);
    /* One whose creation is held shows nothing that could be revised. */
    bool waits =
        !err && strstr(buffer_text(&state), "\"waiting\":true") != NULL;
    buffer_fini(&state);
    form->open = !err && !screen.full && !waits;
    snprintf(form->record, sizeof form->record, "%s", record);
    snprintf(form->type, sizeof form->type, "%s", type);
    return form->open;
}

struct find {
    const char *dot;
    char *id;
};

static enum err find_dot(void *context, const struct record_entry *entry)
{
    struct find *find = context;
    char dot[DOT_CHARS + 1];
    dot_format(dot, &entry->dot);
    if (!strcmp(dot, find->dot))
        memcpy(find->id, entry->write, WRITE_ID_CHARS + 1);
    return ERR_OK;
}

/* An acknowledged write joins the ground truth. */
static void remember(struct world *world, struct device *device,
                     const struct record_written *written,
                     const struct form *form)
{
    if (world->write_count == WRITES_MAX)
        return;
    struct write *w = &world->writes[world->write_count++];
    memset(w, 0, sizeof *w);
    w->device = (int)(device - world->devices);
    w->step = world->step;
    memcpy(w->record, written->record, sizeof w->record);
    dot_format(w->dot, &written->dot);
    struct find find = {w->dot, w->id};
    if (record_history(device->vault, written->record, find_dot, &find) ||
        !*w->id)
        world_fail(world, "%s: an acknowledged write is not in history",
                   w->dot);
    if (!form)
        return;
    memcpy(w->screen, form->screen, sizeof w->screen);
    w->screen_count = form->screen_count;
    memcpy(w->reader, form->reader, sizeof w->reader);
}

/* A write whose outcome nobody heard of: it may stand nevertheless. */
static void remember_attempt(struct world *world, const struct form *form)
{
    if (!form)
        return;
    if (world->attempt_count == ATTEMPTS_MAX) {
        world_fail(world, "more attempts than can be remembered");
        return;
    }
    struct write *w = &world->attempts[world->attempt_count++];
    *w = (struct write){.screen_count = form->screen_count};
    memcpy(w->record, form->record, sizeof w->record);
    memcpy(w->screen, form->screen, sizeof w->screen);
}

static void learn(struct world *world, const struct record_written *written,
                  const char *type, const char *kase)
{
    if (world->record_count == RECORDS_MAX)
        return;
    for (size_t j = 0; j < world->record_count; j++)
        if (!strcmp(world->records[j], written->record))
            return; /* two have given one id */
    size_t i = world->record_count++;
    memcpy(world->records[i], written->record, ID_CHARS + 1);
    snprintf(world->record_types[i], NAME_CHARS_MAX + 1, "%s", type);
    snprintf(world->record_cases[i], ID_CHARS + 1, "%s",
             kase ? kase : written->record);
}

bool people_write(struct world *world, struct device *device,
                  struct record_write *write, const struct form *form,
                  const char *type, const char *kase)
{
    struct record_written written;
    record_written_init(&written);
    enum err err = record_write(device->vault, write, &written);
    if (!err && !form)
        learn(world, &written, type, kase);
    people_wrote(world, device, err, &written, form, type);
    record_written_fini(&written);
    return !err;
}

void people_wrote(struct world *world, struct device *device, enum err err,
                  const struct record_written *written, const struct form *form,
                  const char *type)
{
    if (!err)
        remember(world, device, written, form);
    world_say(world, "%s writes %s %.8s: %s %s", device->name, type,
              err ? "" : written->record, err_name(err),
              err ? vault_detail(device->vault) : "");
    if (disk_is_off(device->name)) {
        world_say(world, "%s loses power while it writes", device->name);
        if (err)
            remember_attempt(world, form);
        device_crash(world, device);
    } else if (err && !world->weak && !device_shut(device, err)) {
        world_fail(world, "%s: a good write is refused: %s %s", device->name,
                   err_name(err), vault_detail(device->vault));
    }
}

struct pick {
    struct world *world;
    uint64_t lot;
    char record[ID_CHARS + 1];
    uint64_t best;
    size_t seen;
};

static size_t number_of(const struct world *world, const char *record)
{
    size_t i = 0;
    while (i < world->record_count && strcmp(world->records[i], record) != 0)
        i++;
    return i;
}

static void take_greater(struct pick *pick, const char *record, uint64_t rank)
{
    if (pick->seen++ && rank <= pick->best)
        return;
    pick->best = rank;
    memcpy(pick->record, record, ID_CHARS + 1);
}

/* Vaults list records by their arrival, which after a reconcile goes by ids,
 * and so by clocks: of twins each takes the same one nevertheless. */
static uint64_t rank_of(const struct pick *pick, const char *record)
{
    struct random_seeded lot;
    uint64_t rank;
    random_seeded_init(&lot, pick->lot + number_of(pick->world, record));
    random_fill(&lot.random, &rank, sizeof rank);
    return rank;
}

static enum err pick_one(void *context, const char *record, struct bytes state)
{
    struct pick *pick = context;
    (void)state;
    if (world_twin(pick->world))
        take_greater(pick, record, rank_of(pick, record));
    else if (world_dice(pick->world, ++pick->seen) == 0)
        memcpy(pick->record, record, ID_CHARS + 1);
    return ERR_OK;
}

bool people_pick(struct world *world, struct device *device, const char *type,
                 char record[ID_CHARS + 1])
{
    struct pick pick = {.world = world};
    if (world_twin(world))
        random_fill(&world->dice.random, &pick.lot, sizeof pick.lot);
    if (record_list(device->vault, type, pick_one, &pick) || !pick.seen)
        return false;
    memcpy(record, pick.record, ID_CHARS + 1);
    return true;
}

const char *people_pick_type(struct world *world)
{
    static const char *const types[] = {"person", "person", "need", "contact"};
    return types[world_dice(world, 4)];
}

/* A change to one field of such a record, one rule each. */
void people_change(struct world *world, const char *type, char *out,
                   size_t room)
{
    static const char *const stages[] = {"open", "referred", "met",
                                         "in_progress", "declined"};
    static const char *const can[] = {"yes", "partly", "no"};
    int number = (int)world_dice(world, 1000);
    int which = (int)world_dice(world, 3);
    if (!strcmp(type, "contact"))
        snprintf(out, room, "{\"narrative\":\"note %d\"}", number);
    else if (!strcmp(type, "need") && which == 0)
        snprintf(out, room, "{\"status\":\"%s\"}",
                 stages[world_dice(world, 5)]);
    else if (!strcmp(type, "need") && which == 1)
        snprintf(out, room, "{\"rank\":%d}", number);
    else if (!strcmp(type, "need"))
        snprintf(out, room, "{\"csbg_can_meet\":\"%s\"}",
                 can[world_dice(world, 3)]);
    else if (which == 0)
        snprintf(out, room, "{\"preferred_name\":\"name %d\"}", number);
    else if (which == 1)
        snprintf(out, room, "{\"legal_name\":\"legal %d\"}", number);
    else
        snprintf(out, room, "{\"county\":\"%d\",\"language\":\"l%d\"}", number,
                 number % 7);
}

static enum err pick_first(void *context, const char *record,
                           struct bytes state)
{
    struct pick *pick = context;
    (void)state;
    take_greater(pick, record, RECORDS_MAX - number_of(pick->world, record));
    return ERR_OK;
}

bool people_pick_oldest(struct world *world, struct device *device,
                        const char *type, char record[ID_CHARS + 1])
{
    struct pick pick = {.world = world};
    if (record_list(device->vault, type, pick_first, &pick) || !pick.seen)
        return false;
    memcpy(record, pick.record, ID_CHARS + 1);
    return true;
}

struct device *people_colleague(struct world *world, const struct device *of)
{
    for (int i = 0; i < DEVICES_MAX; i++) {
        struct device *d = &world->devices[i];
        if (d != of && d->used && d->vault && d->enrolled && !d->revoked &&
            !d->told && !strcmp(d->scope, of->scope) &&
            strcmp(d->user, of->user) != 0)
            return d;
    }
    return NULL;
}
