/* A device in miniature: keys, a log, requests and replies by hand, so that
 * tests of the office can also say what no honest device would. */
#ifndef TESTS_UNIT_SERVER_DEVICE_H
#define TESTS_UNIT_SERVER_DEVICE_H

#include <stdio.h>
#include <stdlib.h>
#include "server/office.h"
#include "server/sync.h"

#ifndef DEVICE_LINES_MAX
#define DEVICE_LINES_MAX 512
#endif
#define DEVICE_SCOPES_MAX 8

#define CHECK(expression)                                                      \
    do {                                                                       \
        enum err check_err = (expression);                                     \
        if (check_err) {                                                       \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__,             \
                    #expression, err_text(check_err));                         \
            abort();                                                           \
        }                                                                      \
    } while (0)

struct device {
    struct keypair keys, transport;
    char replica[REPLICA_CHARS + 1];
    char user[NAME_CHARS_MAX + 1];
    char code[32]; /* by which it enrolled */
    struct buffer certificate;
    uint8_t certificate_sig[SIGNATURE_BYTES];
    char lineage[LINEAGE_CHARS + 1];
    char token[TOKEN_CHARS + 1];
    char *lines[DEVICE_LINES_MAX + 1]; /* by n; owned */
    uint8_t links[DEVICE_LINES_MAX + 1][LINK_BYTES];
    int64_t head, received;
    int64_t ahead; /* of its clock, ms */
    struct cursor cursors[DEVICE_SCOPES_MAX];
    size_t cursor_count;
};

/* What came back. */
struct reply {
    int status;
    struct error_body error;
    struct reply_header header;
    char *text;        /* all lines after the header, each with newline */
    size_t line_count; /* revision lines */
    size_t cursor_count, join_count, leave_count, diff_count;
    struct arena arena;
    struct buffer plain;
};
void reply_fini(struct reply *reply);
/* True when some line of the reply contains `part`. */
bool reply_has(const struct reply *reply, const char *part);

/* The office of a test: a folder of its own, removed at the end. */
struct place {
    struct arena statements; /* the driver knows statements by address */
    struct office *office;
    struct sql sql;
    char folder[64];
    struct clock clock;
    int64_t now;
};
void place_open(struct place *place);
/* Fails when the office does not verify. */
void place_close(struct place *place);
size_t place_problems(struct place *place);
/* Another process of the same office, or the same after a crash. */
void place_reopen(struct place *place);
void place_account(struct place *place, const char *account, const char *scope);
void place_scope(struct place *place, const char *account, int at,
                 const char *scope); /* NULL removes */
void place_exec(struct place *place, const char *statement);
/* As when a backup from before it was enrolled is restored. */
void place_forget(struct place *place, const struct device *d);
int64_t place_int(struct place *place, const char *statement);

/* Enrols with a fresh code. */
void device_enrol(struct device *d, struct place *place, const char *account);
/* A fresh identity that follows `old`, with reason. */
void device_succeed(struct device *d, const struct device *old,
                    struct place *place, const char *reason);
/* Only makes it and its request, whose certificate is borrowed from `old`. */
void device_succession(struct device *d, const struct device *old,
                       const char *reason, struct enrol_request *request);
void device_fini(struct device *d);
/* A copy of the vault, as a backup program or a thief makes it. */
void device_clone(struct device *out, const struct device *d);

/* What a test file begins with: an office, dana and lee in caseload east, kim
 * in west. */
#define PERSON "0192b5a0-0000-7000-8000-000000000001"
#define NOTE "0192b5a0-0000-7000-8000-000000000002"
#define PERSON_2 "0192b5a0-0000-7000-8000-000000000011"
#define NOTE_2 "0192b5a0-0000-7000-8000-000000000012"
#define NAMED "{\"last_name\":\"Ames\"}"
#define TOLD "{\"narrative\":\"Roof leaks again.\"}"
int place_setup(void **state);
int place_teardown(void **state);
/* Syncs; the test fails when the status is another. */
void device_expect(struct device *d, struct place *place, unsigned flags,
                   int status, struct reply *reply);
/* One exchange that is answered with 409 and this error. */
void device_stopped(struct device *d, struct place *place, const char *error);
/* The same, expecting 200 and looking at nothing. */
void device_sync_ok(struct device *d, struct place *place);

/* Each returns the n of the new line. */
int64_t device_write(struct device *d, struct revision_draft *draft);
int64_t device_create(struct device *d, const char *type, const char *record,
                      const char *kase, const char *set);
int64_t device_revise(struct device *d, const char *record, const char *seen,
                      const char *set);
int64_t device_append(struct device *d, const char *line);

enum {
    DEVICE_UNSIGNED = 1,
    DEVICE_LOCKED = 2,
    DEVICE_CUT = 4,
    DEVICE_NO_CURSORS = 8,
    DEVICE_KEEP = 16,
    DEVICE_SMALL_ROOM = 32,
    DEVICE_NO_LINES = 64,
    DEVICE_BUNDLE = 1024 /* made to come by file */
};
/* One sync; the reply is applied to the device unless DEVICE_KEEP. */
void device_sync(struct device *d, struct place *place, unsigned flags,
                 struct reply *reply);
/* The request alone; `extra` lines (newline-terminated) after the push. */
void device_request(const struct device *d, unsigned flags, const char *mode,
                    const char *extra, struct buffer *out);
void device_send(struct device *d, struct place *place, struct bytes request,
                 struct reply *reply);
void device_apply(struct device *d, const struct reply *reply);

#endif
