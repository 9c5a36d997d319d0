/* The office as a vault sees it: keys, signatures, lines that it has taken.
 *
 * Enough to test the vault without a server: it enrols, verifies and keeps
 * what is pushed, signs receipts and leaves, and hands lines to another
 * vault's inbox. */
#ifndef TESTS_FAR_END_H
#define TESTS_FAR_END_H

#include "shared/replica/inbox.h"
#include "shared/replica/outbox.h"
#include "shared/model/fold.h"
#include "shared/replica/record.h"
#include "shared/wire/deflate.h"
#include "tests/device.h"

#define FAR_LINES_MAX 20000
#define FAR_LOGS_MAX 16

struct far_line {
    char replica[REPLICA_CHARS + 1];
    int64_t n;
    uint8_t *at; /* owned */
    size_t size;
};

struct far_log {
    char replica[REPLICA_CHARS + 1];
    uint8_t key[KEY_BYTES];
    int64_t n;
    uint8_t link[LINK_BYTES];
};

struct far_end {
    char agency[NAME_CHARS_MAX + 1];
    char lineage[LINEAGE_CHARS + 1];
    struct keypair root, term;
    char term_name[REPLICA_CHARS + 1];
    uint8_t box[KEY_BYTES], box_secret[32], page_key[32];
    struct far_line lines[FAR_LINES_MAX]; /* in order of receipt */
    size_t count;
    struct far_log logs[FAR_LOGS_MAX];
    size_t log_count;
    size_t sealed; /* lines that came as envelopes */
    struct arena arena;
    int64_t term_n; /* the term's own log */
};

struct far_end *far_end_new(void);
void far_end_free(struct far_end *far);

/* Dana and Eli, enrolled at one office, and what a test remembers of them. */
struct pair {
    struct far_end *far;
    struct device dana, eli;
    char person[ID_CHARS + 1], contact[ID_CHARS + 1], other[ID_CHARS + 1];
    char replica[REPLICA_CHARS + 1]; /* Dana's first */
    struct inbox *inbox;             /* owned: Eli's; or NULL */
};

int pair_setup(void **state); /* the state is a struct pair */
/* The same; Dana has three received lines and two that are not. */
int pair_setup_unsent(void **state);
int pair_teardown(void **state);
/* Everything the office has reaches Eli, who then shows what Dana shows. */
void assert_eli_agrees(struct pair *p);

/* Enrols as `user` with the scopes "agency" and "caseload:north". */
void far_enrol(struct far_end *far, struct device *device, const char *user);
/* The reply to an enrolment request, for tests that spoil it. */
void far_enrol_reply(struct far_end *far, const struct enrol_request *request,
                     const char *user, struct enrol_reply *reply);

/* The vault goes on under a fresh key, with what the office has of the old. */
void far_succeed(struct far_end *far, struct device *device,
                 const char *reason);
/* The office loses the lines of a log above n, and takes another lineage. */
void far_rollback(struct far_end *far, const char *replica, int64_t n);
/* Takes what predecessors' logs have to contribute; returns how many lines. */
size_t far_contributed(struct far_end *far, struct vault *vault);

/* Takes everything above the last receipt, checks chain and signatures, and
 * returns how many lines were new. */
size_t far_push(struct far_end *far, struct vault *vault);
/* The receipt for what was taken. */
void far_receipt(struct far_end *far, struct vault *vault,
                 struct receipt *receipt);
/* Both, and the vault takes the receipt. */
void far_sync_up(struct far_end *far, struct vault *vault);

/* Hands the lines from..to (of far->lines) to the inbox as one page of a scope
 * and closes it with a cursor at seq. */
enum err far_page(struct far_end *far, struct inbox *inbox, size_t from,
                  size_t to, const char *scope, int64_t seq, bool end);
/* All lines in pages, each after a join of its case where `join` says so. */
void far_pull(struct far_end *far, struct vault *vault, const char *join);
/* A revision of the office itself is added to far->lines. */
void far_write(struct far_end *far, struct revision_draft *draft);
void far_leave(struct far_end *far, struct vault *vault, const char *kase,
               const char *scope, struct leave_line *leave);

/* The state of a record, to be released with buffer_fini(). */
void read_state(struct vault *vault, const char *record, struct buffer *state);
/* That both vaults show the same bytes. */
void assert_same_state(struct vault *a, struct vault *b, const char *record);
/* That everything derived agrees with the log. */
void assert_sound(struct vault *vault);
const struct cursor *cursor_of(struct vault *vault, const char *scope);
/* Short cuts; they assert success. */
void write_person(struct vault *vault, const char *name, char id[ID_CHARS + 1]);
void write_contact(struct vault *vault, const char *person, const char *text,
                   char id[ID_CHARS + 1]);
void revise(struct vault *vault, const char *record, const char *set);

#endif
