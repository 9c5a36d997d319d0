/* libsatchel: record contacts, referrals and follow-ups on an encrypted vault,
 * with no network, and bring them to the office when there is one.
 *
 * A write that returns SATCHEL_OK survives a killed process and a power cut.
 * Nothing is ever overwritten in silence: every value stays in history, and two
 * values that nobody had seen together are both kept until a person decides.
 *
 * Handles.  A `satchel` is one open vault.  Every call locks it, so threads may
 * share a handle; the text of satchel_message() is that of the last failed call
 * of any of them.  Several handles and several processes may have one vault
 * open at once.  An iterator belongs to one thread.
 *
 * Texts are UTF-8.  JSON given may be written in any spelling; JSON taken is
 * canonical (RFC 8785).  What a call returns through char ** is owned by the
 * caller and released with satchel_free().  Everything given is borrowed for
 * the call.  On failure outputs are NULL or untouched.
 *
 * Structs begin with their size, so that a program built against an older
 * header goes on working: start from the _INIT values. */
#ifndef SATCHEL_H
#define SATCHEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SATCHEL_API_VERSION 1
#define SATCHEL_ID_BYTES 37           /* a record id and its NUL */
#define SATCHEL_LINE_BYTES_MAX 262144 /* one write, with all its text */

/* Error codes: append-only, 0 is success. */
enum satchel_error {
    SATCHEL_OK = 0,
    SATCHEL_NOMEM,       /* memory is exhausted */
    SATCHEL_IO,          /* a read or write failed */
    SATCHEL_FULL,        /* the disk is full; what was stored is safe */
    SATCHEL_CORRUPT,     /* stored bytes are damaged: see `satchel verify` */
    SATCHEL_BUSY,        /* another process is writing; try again */
    SATCHEL_NOT_FOUND,   /* no such file, record or identity */
    SATCHEL_EXISTS,      /* it is there already */
    SATCHEL_INVALID,     /* the message names field, value, expected form */
    SATCHEL_TOO_BIG,     /* over a stated limit; nothing was stored */
    SATCHEL_DENIED,      /* not allowed, or the vault is not enrolled yet */
    SATCHEL_LOCKED,      /* needs the passphrase */
    SATCHEL_PASSPHRASE,  /* the passphrase is wrong */
    SATCHEL_NEWER,       /* written by a newer version of libsatchel */
    SATCHEL_FOREIGN,     /* a file, but not a vault */
    SATCHEL_READ_ONLY,   /* the file or its folder cannot be written */
    SATCHEL_NETWORK,     /* the office was not reached; nothing is lost */
    SATCHEL_PROTOCOL,    /* the office did not answer as specified */
    SATCHEL_SIGNATURE,   /* a signature does not verify */
    SATCHEL_GAP,         /* internal to syncing */
    SATCHEL_FORK,        /* internal to syncing */
    SATCHEL_STALE,       /* internal to syncing */
    SATCHEL_LINEAGE,     /* internal to syncing */
    SATCHEL_REVOKED,     /* the office revoked this device */
    SATCHEL_AGAIN,       /* nothing now */
    SATCHEL_TIMEOUT,     /* it took too long */
    SATCHEL_CONFLICT,    /* the context is missing or of another record */
    SATCHEL_UNSUPPORTED, /* this build cannot do it */
    SATCHEL_DESTROYED    /* the key is gone: too many wrong passphrases */
};

/* A short text for a code; static, never NULL. */
const char *satchel_error_text(int error);

typedef struct satchel satchel;

/* ---- open and close ---------------------------------------------------- */

struct satchel_options {
    size_t size;
    const char *passphrase;    /* NULL: stays locked (status, sync only) */
    const char *device_secret; /* file; NULL: the user's own, satchel(1) */
    int busy_ms;               /* patience with other processes; 0: 5000 */
    int64_t kdf_memory_bytes;  /* of a new passphrase; 0: 64 MiB, or as before
                                  where that is more */
    int wrong_tries_max; /* of a new passphrase: so many wrong ones, 1 to 100,
                            destroy the vault's key; -1: none are counted; 0:
                            as before, at first none */
};
#define SATCHEL_OPTIONS_INIT                                                   \
    {                                                                          \
        sizeof(struct satchel_options), NULL, NULL, 0, 0, 0                    \
    }

/* Creates a vault file.  Records can be written once it is enrolled.  *vault is
 * set even on failure (unless memory is out) so that satchel_message() can tell
 * why; close it either way. */
int satchel_create(satchel **vault, const char *path,
                   const struct satchel_options *options);
/* Opens an existing vault; as above. */
int satchel_open(satchel **vault, const char *path,
                 const struct satchel_options *options);
/* Enrols the vault at an office: `code` is the one-time code that the office
 * gave; `ca_file` is a PEM file that pins the office's certificate authority,
 * or NULL.  Needs the network, once.  SATCHEL_INVALID: one of them cannot be
 * right, and no office was asked. */
int satchel_enrol(satchel *vault, const char *server, const char *code,
                  const char *ca_file);
/* Removes the file of a vault that this handle made and that no request to an
 * office has named yet: nothing half done stays.  The handle is then good for
 * satchel_close() only.  SATCHEL_DENIED: the office may know it, the file stays
 * since it holds the key; SATCHEL_BUSY: another process has it open. */
int satchel_discard(satchel *vault);
/* SATCHEL_PASSPHRASE: where wrong ones are counted the message says after how
 * many more the vault's key is destroyed; the same one again is not counted
 * again.  SATCHEL_DESTROYED: it is.  What was written still reaches the office
 * by satchel_sync(), and a new vault gets it back from there; drafts are lost.
 */
int satchel_unlock(satchel *vault, const char *passphrase);
/* From one passphrase to another, in one durable step: whenever it is cut off,
 * one of them opens the vault, and never both.  A locked vault stays locked.
 * What a try costs is raised to what a new vault would have.  Copies of the
 * file from before still open with the old one; satchel_note() names those of
 * the vault's own that could not be written anew just now. */
int satchel_passphrase_change(satchel *vault, const char *before,
                              const char *after);
void satchel_lock(satchel *vault);  /* forgets the keys in memory */
int satchel_locked(satchel *vault); /* 1 or 0 */
void satchel_close(satchel *vault); /* NULL is allowed */

/* One line on the last failure: what is wrong, where, what to do.  Never NULL;
 * valid until the next call on the handle that fails. */
const char *satchel_message(const satchel *vault);

/* What was remarked on the last write of the handle that was stored, a line
 * each: what is still missing, and what must be there before a record may stand
 * where it was moved to; or on a change of the passphrase.  "" when nothing
 * was; valid until the next write. */
const char *satchel_note(const satchel *vault);

void satchel_free(void *memory);

/* ---- contacts, referrals, follow-ups ----------------------------------- */

/* Members not marked "required" may be NULL or 0. */
struct satchel_contact {
    size_t size;
    const char *person;      /* required: record id */
    const char *kind;        /* required: home_visit, office, phone, ... */
    const char *occurred_at; /* ISO 8601 with offset; NULL: now, local */
    const char *direction;   /* client_to_us, us_to_client, third_party */
    const char *outcome;     /* completed, no_answer, refused, ... */
    const char *narrative;   /* facts */
    const char *opinion;     /* the worker's assessment, kept apart */
    const char *client_words;
    int duration_min;
    int seal; /* 1: the note is final now */
};
#define SATCHEL_CONTACT_INIT                                                   \
    {                                                                          \
        sizeof(struct satchel_contact), NULL, NULL, NULL, NULL, NULL, NULL,    \
            NULL, NULL, 0, 0                                                   \
    }
int satchel_record_contact(satchel *vault,
                           const struct satchel_contact *contact,
                           char id[SATCHEL_ID_BYTES]);

struct satchel_referral {
    size_t size;
    const char *person;   /* required: record id */
    const char *need;     /* record id of the need it answers */
    const char *service;  /* record id of the directory's service */
    const char *location; /* record id of the site */
    const char *consent;  /* record id of the release that allows it */
    const char *scope;    /* internal_program, local, state, ... */
    const char *urgency;  /* see schema/referral.json */
    const char *status;   /* NULL: draft */
    const char *note;
};
#define SATCHEL_REFERRAL_INIT                                                  \
    {                                                                          \
        sizeof(struct satchel_referral), NULL, NULL, NULL, NULL, NULL, NULL,   \
            NULL, NULL, NULL                                                   \
    }
int satchel_refer(satchel *vault, const struct satchel_referral *referral,
                  char id[SATCHEL_ID_BYTES]);

struct satchel_follow_up {
    size_t size;
    const char *referral; /* required: record id */
    const char *finding;  /* required: what was learnt */
    const char *on;       /* ISO date; NULL: today */
    const char *method;   /* phone, letter, in_person, ... */
    const char *spoke_to; /* client, provider, family */
    const char *next_due; /* ISO date */
};
#define SATCHEL_FOLLOW_UP_INIT                                                 \
    {                                                                          \
        sizeof(struct satchel_follow_up), NULL, NULL, NULL, NULL, NULL, NULL   \
    }
int satchel_record_follow_up(satchel *vault,
                             const struct satchel_follow_up *follow_up,
                             char id[SATCHEL_ID_BYTES]);

/* ---- money ------------------------------------------------------------- */

/* What is asked for is authorised by the office alone. */
struct satchel_money_request {
    size_t size;
    const char *person;   /* required: record id */
    const char *category; /* required: transportation, clothing, ... */
    const char *payee;    /* required: who is to be paid */
    int64_t amount_cents; /* required */
    const char *purpose;
    const char *need;       /* record id of the need it answers */
    const char *enrollment; /* record id of the period of enrolment */
};
#define SATCHEL_MONEY_REQUEST_INIT                                             \
    {                                                                          \
        sizeof(struct satchel_money_request), NULL, NULL, NULL, 0, NULL, NULL, \
            NULL                                                               \
    }
int satchel_request_money(satchel *vault,
                          const struct satchel_money_request *request,
                          char id[SATCHEL_ID_BYTES]);

/* Spends a voucher, with no network.  Refused is what this vault knows to be
 * spent (SATCHEL_EXISTS), void, expired, of another person or worker
 * (SATCHEL_DENIED), above its amount (SATCHEL_TOO_BIG) or not signed by the
 * agency (SATCHEL_SIGNATURE).  A copy of the vault can spend it once more:
 * both stand, and the office is alarmed. */
struct satchel_spend {
    size_t size;
    const char *voucher;  /* required: record id or number */
    const char *person;   /* required: record id */
    const char *payee;    /* required */
    int64_t amount_cents; /* 0: all of it */
    const char *purpose;
};
#define SATCHEL_SPEND_INIT                                                     \
    {                                                                          \
        sizeof(struct satchel_spend), NULL, NULL, NULL, 0, NULL                \
    }
int satchel_spend(satchel *vault, const struct satchel_spend *spend,
                  char id[SATCHEL_ID_BYTES]);

/* ---- any record -------------------------------------------------------- */

/* A write creates a record (type) or revises one (record and context, the token
 * that satchel_read() gave when the form was filled). */
struct satchel_write {
    size_t size;
    const char *type;      /* creating: required */
    const char *record;    /* revising: required */
    const char *context;   /* revising: required */
    const char *case_id;   /* creating: NULL follows the person */
    const char *set_json;  /* {"field":value,...}; null clears */
    const char *add_json;  /* {"field":["member",...]} of set-valued fields */
    const char *drop_json; /* {"field":{"member":"reason"}} */
    int seal;              /* 1: fields of rule `fixed` are final now */
    int lenient;           /* 1: keep unknown fields and codes as they are */
};
#define SATCHEL_WRITE_INIT                                                     \
    {                                                                          \
        sizeof(struct satchel_write), NULL, NULL, NULL, NULL, NULL, NULL,      \
            NULL, 0, 0                                                         \
    }

/* *result receives {"context","n","record","replica","warning"} as JSON; it may
 * be NULL when not wanted. */
int satchel_write(satchel *vault, const struct satchel_write *write,
                  char **result);

/* Turns what a person typed for a field into its JSON value, by the field's
 * kind in the schema ("20" of a number is 20, "yes" of a truth value is true,
 * "a, b" of a list is ["a","b"], "" is null); other text becomes a JSON text.
 * Unknown types and fields are texts. *json is owned by the caller. */
int satchel_value(satchel *vault, const char *type, const char *field,
                  const char *text, char **json);

/* Many writes in one durable transaction: faster, all or nothing. */
int satchel_begin(satchel *vault);
int satchel_commit(satchel *vault);
void satchel_rollback(satchel *vault);

/* A record as JSON: {"record","type","case","context","hash","fields":{name:
 * {"value","open","live":[{"write","dot","value","author","at"}]}}}; with
 * `history` also every revision, oldest first.  "same" lists the records that
 * the office has merged with this one, where there are any. */
int satchel_read(satchel *vault, const char *record, int history, char **json);

/* Settles a conflict: of the live values of `field` those written by `keep`
 * (write ids or dots, NULL-terminated) stand.  `context` is that of the read
 * that showed them.  SATCHEL_EXISTS: the field is not in conflict. */
int satchel_resolve(satchel *vault, const char *record, const char *field,
                    const char *context, const char *const *keep);

/* Iterators over JSON texts.  satchel_next() gives SATCHEL_OK and a text that
 * is borrowed until the next call, or SATCHEL_NOT_FOUND at the end.  They show
 * the vault as it was when they were made. */
typedef struct satchel_iterator satchel_iterator;
/* {"record","type","case","hash","fields":{name:value}} of each of a type;
 * `where_json` is {"field":"value",...} or NULL; a value that is a record's id
 * also finds what names a record that the office has merged with it. */
int satchel_list(satchel *vault, const char *type, const char *where_json,
                 satchel_iterator **out);
/* {"record","field","base","values":[...]} of each open field. */
int satchel_conflicts(satchel *vault, satchel_iterator **out);
int satchel_next(satchel_iterator *iterator, const char **json);
void satchel_iterator_close(satchel_iterator *iterator);

/* ---- drafts ------------------------------------------------------------ */

/* Text that a write refused, kept on this device until a person is done with
 * it: sealed, never sent, and erased by satchel_draft_drop() alone.  A case
 * that leaves takes no draft along.  Between satchel_begin() and
 * satchel_commit() both calls are part of what is committed, so that a draft
 * can go in the very transaction that records its text. */
#define SATCHEL_DRAFT_BYTES_MAX 67108864

/* Keeps any bytes, as they are.  `about_json` is an object of the application's
 * own that says what they were for.  *draft receives the number. */
int satchel_draft_keep(satchel *vault, const char *about_json, const void *text,
                       size_t text_bytes, int64_t *draft);
/* {"about":{...},"at","bytes","draft"} of each, oldest first; "at", as every
 * time in JSON, is milliseconds since 1970 UTC. */
int satchel_drafts(satchel *vault, satchel_iterator **out);
/* The same JSON (which may be NULL when not wanted) and the text, followed by a
 * NUL that is not counted. */
int satchel_draft_read(satchel *vault, int64_t draft, char **json, char **text,
                       size_t *text_bytes);
int satchel_draft_drop(satchel *vault, int64_t draft);

/* ---- attachments ------------------------------------------------------- */

/* A file that belongs to a record: stored sealed in the vault together with the
 * revision that names it, sent behind all text, resumed at the byte. */
#define SATCHEL_ATTACHMENT_BYTES_MAX 536870912 /* one */

struct satchel_attachment {
    size_t size;
    const char *record;     /* required */
    const char *context;    /* required: the token of satchel_read() */
    const char *field;      /* required: one of kind `attachment` */
    const char *name;       /* file name that people see */
    const char *media_type; /* NULL: application/octet-stream */
};
#define SATCHEL_ATTACHMENT_INIT                                                \
    {                                                                          \
        sizeof(struct satchel_attachment), NULL, NULL, NULL, NULL, NULL        \
    }
/* Reads `fd` to its end.  *result (may be NULL) receives {"blob","context",
 * "record"}.  SATCHEL_TOO_BIG, SATCHEL_FULL: nothing was stored. */
int satchel_attach(satchel *vault, const struct satchel_attachment *attachment,
                   int fd, char **result);
/* {"blob","bytes","field","name","record","state","type"} of each, of one
 * record or (NULL) of all; "state" is "here" (only on this device), "both" or
 * "office". */
int satchel_attachments(satchel *vault, const char *record,
                        satchel_iterator **out);
/* Writes the content to `fd`, from the office if it is not here (SATCHEL_
 * NOT_FOUND when the office has not received it either).  On failure what was
 * written is to be thrown away. */
int satchel_attachment_save(satchel *vault, const char *blob, int fd);

/* ---- custody, syncing, watching ---------------------------------------- */

struct satchel_status {
    size_t size;
    int64_t here;        /* own writes that only this device has */
    int64_t oldest_s;    /* age of the oldest of them, seconds */
    int64_t received;    /* own writes that the office has committed */
    int64_t backed_up;   /* own writes that survive the loss of the office */
    int64_t held;        /* own writes that the office holds for a person */
    int64_t conflicts;   /* open fields; -1 on a locked vault */
    int64_t last_sync;   /* seconds since 1970; 0: never */
    int64_t drafts;      /* texts that wait to be written again */
    int64_t attachments; /* that only this device has */
    int64_t attachment_bytes; /* of them */
    int64_t revoked; /* 0, or since when the office revoked it, seconds since
                        1970; what was written stays, to be kept safe */
    int enrolled;    /* 1: at an office */
};
#define SATCHEL_STATUS_INIT                                                    \
    {                                                                          \
        sizeof(struct satchel_status), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0      \
    }
int satchel_status(satchel *vault, struct satchel_status *status);

/* The office's receipts for what was written here, with the certificates that
 * prove them to anybody who knows the agency's root key: JSON, owned by the
 * caller.  `satchel proof verify` checks it.  SATCHEL_NOT_FOUND: nothing was
 * received yet. */
int satchel_proof(satchel *vault, char **json);

struct satchel_sync_report {
    size_t size;
    int64_t pushed, pulled; /* lines */
    int64_t held;           /* of those pushed */
    int64_t requests, sent_bytes, received_bytes;
    int reached;         /* the office answered */
    int64_t attachments; /* that the office has received */
    int64_t left;        /* cases that may be read here no longer */
    int locked;          /* 1: the vault was, so nothing was fetched */
};
#define SATCHEL_SYNC_REPORT_INIT                                               \
    {                                                                          \
        sizeof(struct satchel_sync_report), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0       \
    }
/* One sync now, waiting for it; satcheld does it when it serves this vault.
 * `report` may be NULL.  SATCHEL_NETWORK when the office was not reached:
 * nothing is lost, try later. */
int satchel_sync(satchel *vault, struct satchel_sync_report *report);

/* The same exchange by file, for where there is no network at all.  The file is
 * sealed to the office; it answers with a file that is sealed to this vault.
 * Files may be lost, come late, in any order and more than once.  Writing
 * changes nothing in the vault.  SATCHEL_EXISTS: nothing is written over
 * another file. */
struct satchel_bundle_report {
    size_t size;
    int64_t lines;                  /* written: own writes in the file */
    int64_t left;                   /* written: those that did not fit */
    int64_t received, pulled, held; /* read: lines */
    int push_only;   /* 1: without the office's news, since the vault is locked
                        or has to meet the office over the network first */
    int more;        /* read: 1: the office has more, write another */
    int passed_over; /* read: 1: some of it was known already */
};
#define SATCHEL_BUNDLE_REPORT_INIT                                             \
    {                                                                          \
        sizeof(struct satchel_bundle_report), 0, 0, 0, 0, 0, 0, 0, 0           \
    }
int satchel_bundle_write(satchel *vault, const char *path,
                         struct satchel_bundle_report *report);
int satchel_bundle_read(satchel *vault, const char *path,
                        struct satchel_bundle_report *report);

/* Writes what the office has not received to a second file, on another volume,
 * right after each commit; NULL or "": no longer.  The file is sealed as the
 * vault is.  Should it fail later, writes go on: ask satchel_mirror_status().
 */
int satchel_mirror(satchel *vault, const char *path);
/* {"file","missing","problem","same_volume"}; *json is NULL when there is no
 * mirror.  Tries to make up for what is missing first. */
int satchel_mirror_status(satchel *vault, char **json);

/* A number that every committed change raises, in whichever process. */
int satchel_change_count(satchel *vault, int64_t *count);
/* Waits until the number differs from `last` or the time is over
 * (SATCHEL_TIMEOUT).  Other threads may use the handle meanwhile. */
int satchel_wait_change(satchel *vault, int64_t last, int timeout_ms,
                        int64_t *count);

/* ---- care -------------------------------------------------------------- */

/* Checks everything derived against the log; *problems counts what is wrong and
 * *report (owned by the caller) lists it, a line each. */
int satchel_verify(satchel *vault, int64_t *problems, char **report);
/* Derives everything anew from the log. */
int satchel_rebuild(satchel *vault);

/* Erases the history of cases that have left, as far as the office has it
 * backed up, and says how much; what is only received stays.  A sync does a
 * little of it each time.  The vault may be locked. */
struct satchel_prune_report {
    size_t size;
    int64_t cases, lines, bytes; /* erased; of the room some is kept for new
                                    work */
    int64_t waiting; /* cases that have left and are not erased yet */
};
#define SATCHEL_PRUNE_REPORT_INIT                                              \
    {                                                                          \
        sizeof(struct satchel_prune_report), 0, 0, 0, 0                        \
    }
int satchel_prune(satchel *vault, struct satchel_prune_report *report);
/* Lets every attachment go from this device that is here now, each at the sync
 * at which the office says that it has it in two backups; *count says how many.
 * Who wants one again fetches it. */
int satchel_let_attachments_go(satchel *vault, int64_t *count);

/* Brings what can be read of a damaged vault, its write-ahead log, its key file
 * and its mirror (`source` is any one of the first and the last) into this
 * vault of the same worker on the same device; the source is only read.  Sync
 * first, so that what the office has is not brought again, and afterwards.
 * *missing (owned by the caller) lists what is nowhere, a line each:
 * LOG:FIRST-LAST. */
struct satchel_salvage_report {
    size_t size;
    int64_t intact;   /* writes of that vault that can be read */
    int64_t carried;  /* of them: brought here */
    int64_t known;    /* of them: were here already */
    int64_t foreign;  /* of them: of another user, not brought */
    int64_t others;   /* lines that came from the office: it has them */
    int64_t unopened; /* that stand there and do not open */
    int64_t missing;
    int64_t unread; /* bytes of the source that the disk did not give */
};
#define SATCHEL_SALVAGE_REPORT_INIT                                            \
    {                                                                          \
        sizeof(struct satchel_salvage_report), 0, 0, 0, 0, 0, 0, 0, 0          \
    }
int satchel_salvage(satchel *vault, const char *source, const char *passphrase,
                    struct satchel_salvage_report *report, char **missing);

#ifdef __cplusplus
}
#endif
#endif
