/* An office's desk on the other side of a transport: bytes in, bytes out.
 *
 * It reads requests as sync-protocol.md describes them, checks every signature
 * and the chain, keeps the lines, and answers with receipts and with the feed
 * lines that a test has laid out.  A test may cut either way at any byte, or
 * have the desk misbehave in one respect. */
#ifndef TESTS_UNIT_EXCHANGE_DESK_H
#define TESTS_UNIT_EXCHANGE_DESK_H

#include "shared/exchange/session.h"
#include "shared/replica/record.h"
#include "tests/device.h"

#define DESK_LINES_MAX 4096
#define DESK_BYTES_MAX (16u << 20)
#define DESK_NO_CUT SIZE_MAX

/* What the last request said. */
struct desk_heard {
    struct request_header header; /* cursors copied below */
    struct cursor cursors[8];
    int lines, sealed, keys, signs, old_lines, pages, needs, cases;
    int longest_unsigned;
    bool dictionary;
    bool whole;
};

struct desk_line {
    uint8_t *at; /* owned */
    size_t size;
    uint8_t link[LINK_BYTES]; /* after it */
};

struct desk {
    char agency[NAME_CHARS_MAX + 1], lineage[LINEAGE_CHARS + 1];
    struct keypair root, term;
    char term_name[REPLICA_CHARS + 1];
    uint8_t box[KEY_BYTES], box_secret[32], page_key[32];
    /* the device */
    char replica[REPLICA_CHARS + 1], predecessor[REPLICA_CHARS + 1];
    uint8_t key[KEY_BYTES], transport_key[KEY_BYTES], old_key[KEY_BYTES];
    struct desk_line lines[DESK_LINES_MAX];
    int64_t head;
    int enrolments, requests;
    char reason[16];
    struct desk_heard heard;
    int64_t tokens;
    int64_t old_lines, need_lines, case_lines; /* over all requests */
    int64_t old_links; /* predecessors' logs that went on from what was given */
    /* what to say: lines of the next reply's feed, with their newlines */
    struct buffer feed;
    bool more;
    enum reply_state state;
    bool revoked;
    const char *extra_scope; /* granted from now on */
    struct buffer diff;      /* body of the next reconcile reply */
    bool always_diff;
    /* how to misbehave */
    size_t cut_reply;   /* bytes of the next reply that arrive */
    size_t cut_request; /* bytes of the next request that arrive */
    bool dead;          /* nothing answers */
    bool spoil_receipt, foreign_receipt;
    bool stale_once, fork_always;
    bool unopened_old;           /* no line of a predecessor's can be opened */
    bool honest_after_enrolment; /* a successor gets true receipts */
    bool calm_after_reconcile;   /* then sums are equal */
    int refuse_status;           /* of the next request, with `refuse_body` */
    const char *refuse_body;
    int refuse_times;
    /* the request under way */
    struct transport_request request;
    size_t last_reply_bytes; /* before a cut */
};

struct desk *desk_new(void);
void desk_free(struct desk *desk);
struct transport desk_transport(struct desk *desk);

/* Lays out a page: a person by another worker, closed by a cursor at `seq`.
 * The line's hash goes into the page receipt. */
void desk_lay_person(struct desk *desk, int64_t n, const char *name,
                     int64_t seq, bool end);
/* The next reconcile reply: a case that holds `count` lines unknown here. */
void desk_lay_diff(struct desk *desk, const char *name, size_t count);
/* Loses every line of the device and takes another lineage. */
void desk_roll_back(struct desk *desk);
void desk_lay_cursor(struct desk *desk, const char *scope, int64_t seq,
                     bool end);

/* Creates a device and enrols it at the desk. */
void device_enrol(struct device *device, struct desk *desk);
/* Writes a person; returns its length as a line of the log. */
void device_write(struct device *device, const char *name);
struct identity device_identity(struct device *device);
size_t device_people(struct device *device);

/* One session over the desk. */
enum err desk_sync(struct desk *desk, struct device *device,
                   struct session_report *report);

#endif
