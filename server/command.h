/* The `satchel-central` command: what its sub-commands share.
 *
 * Exit codes: 0 done, 1 failed, 2 misuse.  Results go to stdout; an error is
 * one line on stderr that says what is wrong and what to do ({"detail","error"}
 * with
 * --json). */
#ifndef SERVER_COMMAND_H
#define SERVER_COMMAND_H

#include "server/office.h"
#include "server/user.h"
#include "shared/base/args.h"

/* EXIT_NOTED: what was checked can be written, and something is remarked. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_MISUSE = 2, EXIT_NOTED = 3 };

#define COMMAND_JSON_BYTES_MAX (64u << 20)
#define COMMAND_OPERATION_CHARS 32
#define COMMAND_BY_CHARS (NAME_CHARS_MAX + 4)

struct command {
    struct args args;
    const char *name;                        /* "case assign" */
    char operation[COMMAND_OPERATION_CHARS]; /* for its roles; "": the name */
    const char *const *operands;
    size_t operand_count;
    bool json;
    struct log log;
    struct office *office; /* owned; NULL until command_open() */
    struct sql sql;        /* owned; of the office */
    char author[NAME_CHARS_MAX + 1];
    char by[COMMAND_BY_CHARS + 1]; /* who stands in acts: author or os:NAME */
};

enum command_access {
    COMMAND_READ,  /* changes nothing; anybody's who is not named */
    COMMAND_ADMIN, /* administration by whoever owns the data directory */
    COMMAND_WRITE  /* writes records: begins a term, needs an author */
};

/* One line on stderr; returns EXIT_FAILED. */
int command_fail(const struct command *command, enum err err,
                 const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same with what the office or its store say of the failure. */
int command_fail_office(const struct command *command, enum err err);
int command_misuse(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* EXIT_DONE, or an exit code with the message printed. */
int command_open(struct command *command, enum command_access access);
/* The office alone, without connection and author: for `serve`. */
int command_open_office(struct command *command, bool term);
void command_close(struct command *command);
/* The options of office_init() and the like, from --data and --keys. */
struct office_options command_options(const struct command *command);
/* Whoever runs this, as the operating system calls them; "?" if it does not. */
const char *command_os_user(void);

/* Reads a store through; `shown` is what the message calls it. */
int command_check_store(const struct command *command, const char *path,
                        const char *shown, int64_t *lines);
/* Says so on stderr when the journal is on the same volume as the store. */
void command_warn_journal(struct command *command);
/* True when the directory is absent or empty. */
bool command_is_new(const char *path);
/* Write transaction; a message is printed on failure. */
int command_begin(struct command *command);
/* Commits when `code` is EXIT_DONE, else rolls back; returns the exit code. */
int command_end(struct command *command, int code);

/* Writes one of the acts of administration, in a transaction of its own;
 * `detail` is canonical JSON. */
MUST_CHECK enum err command_act(struct command *command, const char *what,
                                struct bytes detail);

/* Prints what is in the buffer and a newline; the buffer is finished. */
int command_print(const struct command *command, struct buffer *json);

/* The same of one line of many, and the buffer is emptied for the next. */
MUST_CHECK enum err command_put_line(struct buffer *json);
/* Ends a command that lists: `json` is its list, closed and printed with
 * --json, and finished; without it `none` is said when `count` is 0. */
int command_list_end(struct command *command, enum err err, struct buffer *json,
                     size_t count, const char *none);

enum command_format { COMMAND_TEXT, COMMAND_CSV, COMMAND_JSON };
/* What --format says, or --json.  EXIT_DONE, or EXIT_MISUSE with the message
 * printed. */
int command_format(const struct command *command, enum command_format *out);

/* Appends the text as JSON, null when it is empty; a time, null when it is 0.
 */
void command_json_text(struct buffer *json, const char *text);
void command_json_time(struct buffer *json, int64_t ms);

#define COMMAND_CODES_CHARS 512

/* What left the office: `kase` NULL says that it was everybody's.  Without a
 * consent it is an export, which the purpose alone allows. */
struct command_disclosure {
    const char *kase, *purpose, *to_whom, *consent, *referral;
    struct bytes classes; /* canonical: list of texts */
};
/* After command_open(): --purpose, one of the codes of the disclosure log, or
 * `preset` (NULL: it must be given).  EXIT_DONE, or an exit code with a message
 * that lists them. */
int command_purpose(const struct command *command, const char *preset,
                    const char **out);
/* Writes it into the disclosure log, inside a transaction. */
MUST_CHECK enum err
command_disclosed(struct command *command,
                  const struct command_disclosure *disclosure);
/* Both in a transaction of its own, before data about the persons of a case, or
 * of all (NULL), leave. */
int command_leaves(struct command *command, const char *kase, const char *what);

/* "7d", "12h", "30m", "45s" as milliseconds; false when it is none. */
bool duration_read(const char *text, int64_t *ms);

int command_init(struct command *command);
int command_serve(struct command *command);
int command_case_assign(struct command *command);
int command_case_list(struct command *command);
int command_user_add(struct command *command);
int command_user_set(struct command *command);
int command_user_list(struct command *command);
int command_user_disable(struct command *command);
int command_user_enable(struct command *command);
int command_invite(struct command *command);
int command_replica_list(struct command *command);
int command_replica_revoke(struct command *command);
int command_replica_lost(struct command *command);
int command_conflicts_list(struct command *command);
int command_conflicts_resolve(struct command *command);
int command_holds_list(struct command *command);
int command_holds_release(struct command *command);
int command_import_codes(struct command *command);
int command_import_hsds(struct command *command);
int command_import_schema(struct command *command);
int command_put(struct command *command);
int command_merge(struct command *command);
int command_unmerge(struct command *command);
int command_duplicates(struct command *command);
int command_findings(struct command *command);
int command_findings_policies(struct command *command);
int command_findings_resolve(struct command *command);
int command_unknown(struct command *command);
int command_disclose(struct command *command);
int command_show(struct command *command);
int command_list(struct command *command);
int command_export_case(struct command *command);
int command_export_fhir(struct command *command);
int command_export_hsds(struct command *command);
int command_export_ndjson(struct command *command);
int command_roles(struct command *command);
int command_status(struct command *command);
int command_report(struct command *command);
int command_attachment_list(struct command *command);
int command_attachment_save(struct command *command);
int command_bundle_take(struct command *command);
int command_backup(struct command *command);
int command_recovery_close(struct command *command);
int command_restore(struct command *command);
int command_case_close(struct command *command);
int command_legal_hold_set(struct command *command);
int command_legal_hold_lift(struct command *command);
int command_dispose_propose(struct command *command);
int command_dispose_withdraw(struct command *command);
int command_dispose_approve(struct command *command);
int command_dispose_list(struct command *command);
int command_dispose_clean(struct command *command);
int command_authorize(struct command *command);
int command_approve(struct command *command);
int command_authorization_list(struct command *command);
int command_authorization_void(struct command *command);
int command_authorization_paid(struct command *command);
int command_cap_set(struct command *command);
int command_cap_list(struct command *command);
int command_voucher_issue(struct command *command);
int command_voucher_list(struct command *command);
int command_voucher_void(struct command *command);
int command_voucher_settle(struct command *command);
int command_verify(struct command *command);
int command_rebuild(struct command *command);

#endif
