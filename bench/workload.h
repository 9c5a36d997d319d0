/* The workload of the measurements: contacts of about 640 bytes of JSON, with
 * 350 bytes of English that differs in each, from a seeded generator.  Header
 * only, since every bench is one program. */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include <stdio.h>
#include <string.h>

#include "shared/base/random.h"

#define WORKLOAD_BYTES 2048

struct workload {
    struct random_seeded dice;
    unsigned day;
};

static inline void workload_init(struct workload *work, uint64_t seed)
{
    random_seeded_init(&work->dice, seed);
    work->day = 0;
}

static inline const char *workload_pick(struct workload *work,
                                        const char *const *of, size_t count)
{
    return of[random_below(&work->dice.random, count)];
}

#define WORKLOAD_PICK(work, of)                                                \
    workload_pick(work, of, sizeof(of) / sizeof *(of))

/* A word that is not among the frequent ones: consonants and vowels in turn, so
 * that a contact takes about as much on the wire as one of real notes does. */
static inline size_t workload_rare(struct workload *work, char *out)
{
    static const char consonants[] = "bcdfghjklmnprstvwz", vowels[] = "aeiou";
    size_t length = 4 + (size_t)random_below(&work->dice.random, 6);
    for (size_t i = 0; i < length; i++)
        out[i] = i % 2 ? vowels[random_below(&work->dice.random, 5)]
                       : consonants[random_below(&work->dice.random, 18)];
    out[length] = 0;
    return length;
}

static inline void workload_text(struct workload *work, char *out, size_t size)
{
    static const char *const words[] = {
        "the",       "client",    "said",     "that",     "her",     "landlord",
        "called",    "again",     "about",    "rent",     "and",     "water",
        "bill",      "is",        "overdue",  "since",    "March",   "school",
        "asked",     "for",       "a",        "form",     "which",   "we",
        "filled",    "together",  "at",       "kitchen",  "table",   "children",
        "were",      "present",   "roof",     "leaks",    "over",    "bedroom",
        "job",       "interview", "Tuesday",  "needs",    "bus",     "pass",
        "childcare", "found",     "neighbor", "will",     "help",    "with",
        "transport", "doctor",    "visit",    "missed",   "because", "car",
        "broke",     "down",      "plan",     "updated",  "goal",    "agreed",
        "next",      "step",      "apply",    "by",       "Friday",  "hours",
        "cut",       "plant",     "shift",    "night",    "tax",     "papers",
        "ready",     "W-2",       "arrived",  "not",      "yet",     "budget",
        "reviewed",  "food",      "pantry",   "referred", "consent", "signed",
        "phone",     "number",    "changed",  "worried",  "hopeful", "tired"};
    size_t used = 0;
    while (used + 24 < size) {
        if (used)
            out[used++] = ' ';
        if (random_below(&work->dice.random, 100) < 40)
            used += (size_t)snprintf(out + used, size - used, "%s",
                                     WORKLOAD_PICK(work, words));
        else
            used += workload_rare(work, out + used);
        if (random_below(&work->dice.random, 11) == 0)
            out[used++] = '.';
        out[used] = 0;
    }
}

/* The fields of one contact as a JSON object. */
static inline void workload_contact(struct workload *work, const char *person,
                                    char out[WORKLOAD_BYTES])
{
    static const char *const kinds[] = {"home_visit", "phone", "office", "text",
                                        "attempted"};
    static const char *const outcomes[] = {"completed", "no_answer",
                                           "left_message", "rescheduled"};
    static const char *const counties[] = {"28081", "28003", "28095",
                                           "23003", "23019", "28049"};
    char text[351];
    unsigned day = work->day++ % 28 + 1;
    workload_text(work, text, sizeof text);
    snprintf(out, WORKLOAD_BYTES,
             "{\"county\":\"%s\",\"direction\":\"us_to_client\","
             "\"duration_min\":%u,\"kind\":\"%s\",\"narrative\":\"%s\","
             "\"next_contact_on\":\"2026-12-%02u\","
             "\"occurred_at\":\"2026-11-%02uT%02u:%02u-06:00\","
             "\"outcome\":\"%s\",\"person\":\"%s\"}",
             WORKLOAD_PICK(work, counties),
             (unsigned)random_below(&work->dice.random, 90) + 5,
             WORKLOAD_PICK(work, kinds), text, day, day,
             (unsigned)random_below(&work->dice.random, 10) + 8,
             (unsigned)random_below(&work->dice.random, 60),
             WORKLOAD_PICK(work, outcomes), person);
}

#endif
