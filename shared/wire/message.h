/* The protocol's messages as structs: encode and decode, nothing else.
 *
 * sync-protocol.md sections 7, 9, 10, 12, 20.  Decoded structs borrow from the
 * line and the arena.  Encoders append one canonical line without newline. */
#ifndef WIRE_MESSAGE_H
#define WIRE_MESSAGE_H

#include "shared/model/chain.h"
#include "shared/model/revision.h"

#define PROTOCOL_MIN 1
#define PROTOCOL_MAX 1
#define REQUEST_HEADER_BYTES_MAX (64u << 10)
#define LINEAGE_BYTES 16
#define LINEAGE_CHARS 22
#define TOKEN_BYTES 8
#define TOKEN_CHARS 11
#define MAC_BYTES 16
#define PAGE_LINES_MAX 64
#define CASES_LINE_MAX 1000
#define NEED_LINE_MAX 1000
#define DIFF_LINE_MAX 4096
#define SCOPES_MAX 256
#define FOLLOWS_MAX 64 /* identities that a certificate names */
#define REQUEST_LINES_MAX 16384
#define ROOM_BYTES_DEFAULT (1u << 20)
#define ROOM_BYTES_MAX (8u << 20)
#define BUNDLE_ROOM_BYTES_MAX (32u << 20)
#define WAIT_S_MAX 60

enum mode { MODE_SYNC, MODE_RECONCILE, MODE_FIX };

struct cursor {
    char scope[SCOPE_CHARS_MAX + 1];
    int64_t seq, off, own;
    bool has_sum;
    uint64_t sum;
};

/* A log and a place in it. */
#define LOG_MARKS_MAX 16
struct log_mark {
    char replica[REPLICA_CHARS + 1];
    int64_t n;
};

struct request_header {
    char agency[NAME_CHARS_MAX + 1];
    char replica[REPLICA_CHARS + 1];
    int64_t protocol;
    int64_t head;
    int64_t base_n; /* 0: none */
    uint8_t base_link[LINK_BYTES];
    char lineage[LINEAGE_CHARS + 1]; /* "" unknown */
    char token[TOKEN_CHARS + 1];     /* "" none */
    char term[REPLICA_CHARS + 1];    /* "" none */
    bool locked;
    bool bundle; /* it comes by file */
    enum mode mode;
    int64_t room, wait;
    const struct cursor *cursors; /* borrowed or in the arena */
    size_t cursor_count;
    /* Borrowed or in the arena: predecessors' logs that have lines which are
     * not backed up, and up to which they are; office terms of the history
     * before, and how far they said to have written. */
    const struct log_mark *older, *terms;
    size_t older_count, terms_count;
    const struct canon *clock; /* decoded only; NULL none */
    struct bytes clock_json;   /* for encoding; canonical array or empty */
};

MUST_CHECK enum err request_header_write(struct buffer *out,
                                         const struct request_header *header);
/* ERR_UNSUPPORTED: no common protocol version.  ERR_TOO_BIG, ERR_INVALID with
 * `fault` (which may be NULL). */
MUST_CHECK enum err request_header_read(struct arena *arena, struct bytes line,
                                        struct request_header *out,
                                        struct canon_fault *fault);

/* Which kind a body line is; LINE_REVISION for all that is no control line. */
enum line_kind {
    LINE_REVISION,
    /* requests */
    LINE_AUTH,
    LINE_SIGN,
    LINE_KEY,
    LINE_SEALED,
    LINE_LOG,
    LINE_ERASED,
    LINE_CASES,
    LINE_PAGE,
    LINE_NEED,
    /* replies */
    LINE_JOIN,
    LINE_LEAVE,
    LINE_CURSOR,
    LINE_DIFF,
    LINE_GIVEN
};
enum line_kind line_kind(struct bytes line);

struct sign_line {
    int64_t n;
    uint8_t signature[SIGNATURE_BYTES];
};
struct key_line {
    struct bytes kase;
    struct bytes wrap; /* decoded */
};
struct sealed_line {
    int64_t n;
    struct bytes kase;
    struct bytes body; /* decoded */
};
struct log_line {
    int64_t from;
    char replica[REPLICA_CHARS + 1];
    uint8_t key[KEY_BYTES];
    bool has_link; /* it goes on from what was given before */
    uint8_t link[LINK_BYTES];
};
/* Stands for a line that is no longer on the device. */
struct erased_line {
    int64_t n;
    uint8_t hash[HASH_BYTES];
};
struct case_sum {
    char kase[ID_CHARS + 1];
    uint64_t sum;
}; /* "" caseless */
struct cases_line {
    struct case_sum *sums;
    size_t count;
};
struct page_line {
    int64_t count;
    struct bytes hashes;
    uint8_t mac[MAC_BYTES];
};
struct need_line {
    char kase[ID_CHARS + 1];
    struct bytes hashes;
};
struct join_line {
    char kase[ID_CHARS + 1];
};
struct leave_line {
    char kase[ID_CHARS + 1];         /* "": the whole scope */
    char scope[SCOPE_CHARS_MAX + 1]; /* "*": no granted scope has it */
    char replica[REPLICA_CHARS + 1];
    char lineage[LINEAGE_CHARS + 1];
    int64_t at;
    char term[REPLICA_CHARS + 1];
    uint8_t signature[SIGNATURE_BYTES];
};
struct cursor_line {
    struct cursor cursor;
    bool end;
    bool has_mac;
    uint8_t mac[MAC_BYTES];
};
struct diff_line {
    char kase[ID_CHARS + 1];
    char scope[SCOPE_CHARS_MAX + 1];
    struct bytes have;
    bool more;
};
struct given_line {
    uint8_t mac[MAC_BYTES];
};

MUST_CHECK enum err auth_line_write(struct buffer *out, const uint8_t sig[64]);
MUST_CHECK enum err auth_line_read(struct arena *a, struct bytes line,
                                   uint8_t sig[64]);
#define MESSAGE_LINE(name)                                                     \
    MUST_CHECK enum err name##_write(struct buffer *out,                       \
                                     const struct name *message);              \
    MUST_CHECK enum err name##_read(struct arena *arena, struct bytes line,    \
                                    struct name *out)
MESSAGE_LINE(sign_line);
MESSAGE_LINE(key_line);
MESSAGE_LINE(sealed_line);
MESSAGE_LINE(log_line);
MESSAGE_LINE(erased_line);
MESSAGE_LINE(cases_line);
MESSAGE_LINE(page_line);
MESSAGE_LINE(need_line);
MESSAGE_LINE(join_line);
MESSAGE_LINE(leave_line);
MESSAGE_LINE(cursor_line);
MESSAGE_LINE(diff_line);
MESSAGE_LINE(given_line);
/* The bytes that a leave's signature covers. */
MUST_CHECK enum err leave_message(struct buffer *out,
                                  const struct leave_line *leave);

struct held_note {
    int64_t n;
    char reason[NAME_CHARS_MAX + 1];
};
struct receipt {
    char agency[NAME_CHARS_MAX + 1]; /* of the message, not on the wire */
    char lineage[LINEAGE_CHARS + 1];
    char replica[REPLICA_CHARS + 1];
    int64_t n;
    uint8_t link[LINK_BYTES];
    char term[REPLICA_CHARS + 1];
    uint8_t signature[SIGNATURE_BYTES];
};
MUST_CHECK enum err receipt_message(struct buffer *out,
                                    const struct receipt *receipt);

enum reply_state {
    REPLY_OK,
    REPLY_LOCKED,
    REPLY_STALE,
    REPLY_REVOKED,
    REPLY_RECONCILE
};
struct reply_header {
    int64_t at, head;
    char lineage[LINEAGE_CHARS + 1]; /* "": that of the request */
    char token[TOKEN_CHARS + 1];
    bool more;
    enum reply_state state;
    /* Of both agency and replica are filled in by the reader. */
    bool has_receipt, has_backed;
    struct receipt receipt;
    struct receipt backed;       /* backed up, which says received, too */
    const struct receipt *older; /* the same of predecessors' logs */
    size_t older_count;
    const struct held_note *held;
    size_t held_count;
    const char (*scopes)[SCOPE_CHARS_MAX + 1];
    size_t scope_count;
    struct bytes term_text; /* canonical term certificate, or empty */
    uint8_t term_signature[SIGNATURE_BYTES];
    bool has_statement; /* revoked */
    int64_t statement_at;
    char statement_term[REPLICA_CHARS + 1];
    uint8_t statement_signature[SIGNATURE_BYTES];
    int64_t wants_from, wants_to; /* 0: none */
    int64_t wrote; /* last n of the answering term's own log; 0: not said */
};
MUST_CHECK enum err reply_header_write(struct buffer *out,
                                       const struct reply_header *header);
MUST_CHECK enum err reply_header_read(struct arena *arena, struct bytes line,
                                      struct reply_header *out);
MUST_CHECK enum err statement_message(struct buffer *out, const char *agency,
                                      const char *lineage, const char *replica,
                                      int64_t at);

/* Certificates: canonical texts signed by the root. */
struct certificate {
    char agency[NAME_CHARS_MAX + 1], replica[REPLICA_CHARS + 1];
    char user[NAME_CHARS_MAX + 1], role[NAME_CHARS_MAX + 1];
    int64_t at;
    uint8_t key[KEY_BYTES], transport[KEY_BYTES];
    char (*scopes)[SCOPE_CHARS_MAX + 1]; /* arena */
    size_t scope_count;
    /* The identities that it follows, the last one first; arena. */
    char (*follows)[REPLICA_CHARS + 1];
    size_t follow_count;
};
struct term_certificate {
    char agency[NAME_CHARS_MAX + 1], replica[REPLICA_CHARS + 1];
    int64_t at;
    uint8_t key[KEY_BYTES];
};
MESSAGE_LINE(certificate);
MESSAGE_LINE(term_certificate);

/* Enrolment bodies. */
struct enrol_request {
    char code[32]; /* "" for a successor */
    /* With a code, of a vault that has an office: the user and the root that
     * the code must be of, so that no other's is spent on it. */
    char user[NAME_CHARS_MAX + 1]; /* "" any */
    bool has_root;
    uint8_t root[KEY_BYTES];
    uint8_t key[KEY_BYTES], transport[KEY_BYTES];
    uint8_t proof[SIGNATURE_BYTES];
    char replica[REPLICA_CHARS + 1]; /* successor: the predecessor */
    char reason[16];                 /* fork, stale, lineage, unknown */
    struct bytes certificate;        /* predecessor's, text */
    uint8_t certificate_sig[SIGNATURE_BYTES];
    uint8_t successor_sig[SIGNATURE_BYTES];
    int64_t protocol;
};
struct enrol_reply {
    char agency[NAME_CHARS_MAX + 1], replica[REPLICA_CHARS + 1];
    char lineage[LINEAGE_CHARS + 1];
    char dictionary[9]; /* DICTID hex or "" */
    uint8_t box[KEY_BYTES], root[KEY_BYTES];
    struct bytes certificate;
    uint8_t certificate_sig[SIGNATURE_BYTES];
    struct bytes term;
    uint8_t term_sig[SIGNATURE_BYTES];
    bool has_received;
    int64_t received_n;
    uint8_t received_link[LINK_BYTES];
    int64_t protocol;
};
MESSAGE_LINE(enrol_request);
MESSAGE_LINE(enrol_reply);
/* What `proof` covers (with a code) and what both signatures of a successor
 * cover (without). */
MUST_CHECK enum err enrol_proof_message(struct buffer *out,
                                        const struct enrol_request *request);

struct error_body {
    char error[32];
    char detail[256];
    int64_t offset, received, retry_after_s, min, max; /* -1: absent */
    char lineage[LINEAGE_CHARS + 1];
    char replica[REPLICA_CHARS + 1]; /* whose old log is refused */
};
MESSAGE_LINE(error_body);

/* Attachments (section 20): the signed header of a request about one, the
 * office's answer, and what its receipt covers. */
#define BLOB_PIECE_BYTES_MAX (1u << 20) /* of one request or answer */
#define BLOB_HEADER_BYTES_MAX 2048
#define BLOB_WRAP_BYTES_MAX 256
struct blob_request {
    char agency[NAME_CHARS_MAX + 1];
    uint8_t blob[HASH_BYTES];
    bool has_body;
    uint8_t body[HASH_BYTES]; /* hash of the request's body */
    char lineage[LINEAGE_CHARS + 1];
    bool locked;
    char method[8];
    int64_t offset;
    int64_t protocol;
    char replica[REPLICA_CHARS + 1];
    int64_t size; /* PUT: of the whole sealed form; GET: at most so much */
    char term[REPLICA_CHARS + 1];
    char token[TOKEN_CHARS + 1];
    struct bytes wrap; /* PUT: the case key, sealed to the office */
};
MESSAGE_LINE(blob_request);
struct blob_receipt {
    char agency[NAME_CHARS_MAX + 1];
    uint8_t blob[HASH_BYTES];
    char lineage[LINEAGE_CHARS + 1];
    char replica[REPLICA_CHARS + 1];
    char term[REPLICA_CHARS + 1];
    uint8_t signature[SIGNATURE_BYTES];
};
MUST_CHECK enum err blob_receipt_message(struct buffer *out,
                                         const struct blob_receipt *receipt);
struct blob_reply {
    int64_t offset; /* bytes of the sealed form that are durable */
    bool has_receipt, has_backed;
    char term[REPLICA_CHARS + 1]; /* of both */
    uint8_t signature[SIGNATURE_BYTES];
    uint8_t backed_signature[SIGNATURE_BYTES];
    struct bytes term_text; /* certificate, or empty */
    uint8_t term_signature[SIGNATURE_BYTES];
};
MESSAGE_LINE(blob_reply);

/* Page receipts. */
void page_mac(uint8_t out[MAC_BYTES], const uint8_t page_key[32],
              const char *agency, struct bytes hashes);

#endif
