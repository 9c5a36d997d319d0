#include "server/admit.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct admit {
    pthread_mutex_t mutex;
    size_t budget, reserve, used;
    struct admit_ticket *first;  /* waiting, oldest first; borrowed */
    struct admit_ticket *inside; /* in any order; borrowed */
    size_t waiting;
    bool stopped;
};

enum err admit_open(struct admit **out, size_t budget, size_t reserve)
{
    *out = NULL;
    struct admit *admit = calloc(1, sizeof *admit);
    if (!admit)
        return ERR_NOMEM;
    assert(reserve < budget);
    admit->budget = budget;
    admit->reserve = reserve;
    pthread_mutex_init(&admit->mutex, NULL);
    *out = admit;
    return ERR_OK;
}

void admit_close(struct admit *admit)
{
    if (!admit)
        return;
    assert(!admit->first && !admit->inside);
    pthread_mutex_destroy(&admit->mutex);
    free(admit);
}

/* One request always fits, however heavy. */
static bool fits(const struct admit *admit, const struct admit_ticket *ticket)
{
    if (admit->used == 0)
        return true;
    size_t budget = admit->budget;
    if (ticket->weight > ADMIT_LIGHT_BYTES)
        budget -= admit->reserve;
    return admit->used < budget && ticket->weight <= budget - admit->used;
}

static void unlink_ticket(struct admit *admit, struct admit_ticket *ticket)
{
    struct admit_ticket **at = &admit->first;
    while (*at != ticket)
        at = &(*at)->next;
    *at = ticket->next;
    ticket->next = NULL;
    admit->waiting--;
}

static void let_in(struct admit *admit, struct admit_ticket *ticket)
{
    admit->used += ticket->weight;
    ticket->state = ADMIT_IN;
    ticket->beside = admit->inside;
    admit->inside = ticket;
}

static void let_out(struct admit *admit, struct admit_ticket *ticket)
{
    struct admit_ticket **at = &admit->inside;
    while (*at != ticket)
        at = &(*at)->beside;
    *at = ticket->beside;
    ticket->beside = NULL;
    admit->used -= ticket->weight;
}

static bool has_all_places(const struct admit *admit, const char *name)
{
    unsigned count = 0;
    for (struct admit_ticket *t = admit->first; t; t = t->next)
        count += strcmp(t->name, name) == 0;
    for (struct admit_ticket *t = admit->inside; t; t = t->beside)
        count += strcmp(t->name, name) == 0;
    return count >= ADMIT_PLACES_MAX;
}

enum admit_state admit_ask(struct admit *admit, struct admit_ticket *ticket)
{
    assert(ticket->state == ADMIT_NEW);
    pthread_mutex_lock(&admit->mutex);
    if (admit->stopped || admit->waiting >= ADMIT_WAITING_MAX ||
        has_all_places(admit, ticket->name)) {
        ticket->state = ADMIT_REFUSED;
    } else if (fits(admit, ticket)) {
        let_in(admit, ticket);
    } else {
        struct admit_ticket **at = &admit->first;
        while (*at)
            at = &(*at)->next;
        *at = ticket;
        ticket->next = NULL;
        admit->waiting++;
        ticket->state = ADMIT_WAITING;
    }
    enum admit_state state = ticket->state;
    pthread_mutex_unlock(&admit->mutex);
    return state;
}

enum admit_state admit_state(struct admit *admit,
                             const struct admit_ticket *ticket)
{
    pthread_mutex_lock(&admit->mutex);
    enum admit_state state = ticket->state;
    pthread_mutex_unlock(&admit->mutex);
    return state;
}

/* Moves all that may go on out of the queue into a list of their own: waking
 * happens outside the lock. */
static struct admit_ticket *take_ready(struct admit *admit)
{
    struct admit_ticket *ready = NULL;
    struct admit_ticket *next;
    for (struct admit_ticket *t = admit->first; t; t = next) {
        next = t->next;
        if (!admit->stopped && !fits(admit, t))
            continue;
        unlink_ticket(admit, t);
        if (admit->stopped)
            t->state = ADMIT_REFUSED;
        else
            let_in(admit, t);
        t->next = ready;
        ready = t;
    }
    return ready;
}

static void wake_all(struct admit_ticket *ready)
{
    while (ready) {
        struct admit_ticket *ticket = ready;
        ready = ticket->next;
        ticket->next = NULL;
        ticket->wake(ticket->context); /* the ticket may be gone after this */
    }
}

void admit_leave(struct admit *admit, struct admit_ticket *ticket)
{
    pthread_mutex_lock(&admit->mutex);
    if (ticket->state == ADMIT_IN)
        let_out(admit, ticket);
    else if (ticket->state == ADMIT_WAITING)
        unlink_ticket(admit, ticket);
    ticket->state = ADMIT_NEW;
    struct admit_ticket *ready = take_ready(admit);
    pthread_mutex_unlock(&admit->mutex);
    wake_all(ready);
}

void admit_stop(struct admit *admit)
{
    pthread_mutex_lock(&admit->mutex);
    admit->stopped = true;
    struct admit_ticket *ready = take_ready(admit);
    pthread_mutex_unlock(&admit->mutex);
    wake_all(ready);
}
