/* Money: requests, authorisations, vouchers, and what they may come to.
 *
 * The one rule: what the office has said yes to never exceeds a cap, and a yes
 * is answered only when it is backed up.  So each decision is one transaction
 * that commits with the office's journal or not at all, takes its number first
 * (which keeps two of them apart on any store) and is refused in recovery.
 * Record types of money are named in these files alone.
 *
 * A person's cap counts live authorisations and the vouchers bound to that
 * person, those of merged records too.  A voucher that is voided counts until
 * every device that may have spent it has said that it knows. */
#ifndef SERVER_MONEY_H
#define SERVER_MONEY_H

#include "server/office.h"
#include "server/record.h"

#define MONEY_NUMBER_CHARS 31
#define MONEY_PAYEE_CHARS 127
#define MONEY_DATE_CHARS 10
#define MONEY_REPEAT_DAYS 31 /* unless the cap says otherwise */

enum money_kind {
    MONEY_REQUEST,
    MONEY_APPROVAL,
    MONEY_AUTHORIZATION,
    MONEY_VOID,
    MONEY_VOUCHER,
    MONEY_SPEND,
    MONEY_RECEIPT,
    MONEY_KINDS
};

/* One record, as folded. */
struct money {
    enum money_kind kind;
    char id[ID_CHARS + 1], kase[ID_CHARS + 1];
    char person[ID_CHARS + 1];     /* that stands for all that are the same */
    char of[ID_CHARS + 1];         /* the request, voucher, ... it speaks of */
    char enrollment[ID_CHARS + 1]; /* "": counts in each */
    char category[NAME_CHARS_MAX + 1], pool[NAME_CHARS_MAX + 1];
    char number[MONEY_NUMBER_CHARS + 1];
    char by[NAME_CHARS_MAX + 1]; /* who wrote it */
    char assigned_to[NAME_CHARS_MAX + 1];
    char on[MONEY_DATE_CHARS + 1];     /* of a voucher, its last day */
    char payee[MONEY_PAYEE_CHARS + 1]; /* cut */
    char alike[MONEY_PAYEE_CHARS + 1]; /* the payee's letters and digits */
    int64_t cents, at, received_at;
    bool open;        /* a value waits for a person */
    bool withdrawn;   /* or entered in error */
    bool written_off; /* a voided voucher that nobody waits for */
    bool paid;
    size_t next; /* place + 1 of the next that speaks of the same */
};

struct map;
struct money_list {
    struct money *at; /* owned */
    size_t count, room;
    struct same *same;    /* owned: persons that are the same */
    struct map *ids, *of; /* owned: places, by id and by what is spoken of */
    struct map *settled;  /* owned: uses of vouchers that were looked at */
};
/* Allowed on a zeroed list. */
void money_list_fini(struct money_list *list);

/* money_load.c: all of one person, in all cases of records that are the same;
 * all there is.  *list is the caller's to finish, whatever is returned. */
MUST_CHECK enum err money_load_person(struct money_list *list,
                                      struct office *office, struct sql *sql,
                                      const char *person);
MUST_CHECK enum err money_load_all(struct money_list *list,
                                   struct office *office, struct sql *sql);
/* Vouchers, their uses and what voids them. */
MUST_CHECK enum err money_load_vouchers(struct money_list *list,
                                        struct office *office, struct sql *sql);
const struct money *money_find(const struct money_list *list, const char *id);
/* The first of a kind that speaks of this, or the one after `after`; NULL:
 * none. */
const struct money *money_of(const struct money_list *list,
                             enum money_kind kind, const char *of,
                             const struct money *after);
const char *money_root(const struct money_list *list, const char *person);

/* --- money_count.c: pure but for `sql` ------------------------------------ */

bool money_voided(const struct money_list *list, const char *id);
/* The live authorisation of a request, or NULL. */
const struct money *money_authorized(const struct money_list *list,
                                     const char *request);
/* Same person, category and payee, a period that may be the same, close
 * together in time by either clock: theirs or the office's. */
bool money_alike(const struct money *a, const struct money *b, int64_t days);
/* What a voucher may still come to, or has: the sum of its uses, or else its
 * amount, until nobody can spend it. */
MUST_CHECK enum err money_voucher_counts(const struct money_list *list,
                                         struct office *office, struct sql *sql,
                                         const struct money *voucher,
                                         int64_t *cents);
/* Of the list: what one person has had of a category in a period ("": in any),
 * and what a pool has given. */
MUST_CHECK enum err money_used(const struct money_list *list,
                               struct office *office, struct sql *sql,
                               const char *person, const char *category,
                               const char *enrollment, int64_t *cents);
MUST_CHECK enum err money_pool_used(const struct money_list *list,
                                    struct office *office, struct sql *sql,
                                    const char *pool, int64_t *cents);

/* --- money_cap.c ---------------------------------------------------------- */

struct money_cap {
    char id[ID_CHARS + 1];
    char name[NAME_CHARS_MAX + 1];
    bool pool;
    int64_t limit, own_up_to;
    int64_t approval_above; /* -1: none is asked for */
    int64_t repeat_days;
    bool open;
};
/* ERR_NOT_FOUND, and office->detail says what to do. */
MUST_CHECK enum err money_cap_find(struct money_cap *out, struct office *office,
                                   struct sql *sql, const char *name,
                                   bool pool);
struct money_cap_draft {
    const char *name;
    bool pool;
    int64_t limit, own_up_to, approval_above, repeat_days; /* -1: as it is */
    const char *authority;                                 /* NULL: as it is */
};
/* Makes it or changes it. */
MUST_CHECK enum err money_cap_set(struct office *office, struct sql *sql,
                                  const char *author,
                                  const struct money_cap_draft *draft);
typedef enum err money_each_cap(void *context, const struct money_cap *cap);
MUST_CHECK enum err money_cap_each(struct office *office, struct sql *sql,
                                   money_each_cap *each, void *context);

/* --- money.c: the transaction --------------------------------------------- */

/* Begins a write transaction that will be backed up when it commits.
 * ERR_DENIED, and office->detail says why: recovery, or no journal.  Nothing is
 * begun then. */
MUST_CHECK enum err money_begin(struct office *office, struct sql *sql);
/* Commits without `err`, else takes everything back. */
MUST_CHECK enum err money_end(struct office *office, struct sql *sql,
                              enum err err);
/* The next number of a kind, "a3f91c-17". */
MUST_CHECK enum err money_number(struct office *office, struct sql *sql,
                                 const char *what,
                                 char out[MONEY_NUMBER_CHARS + 1]);
/* office->detail. */
MUST_CHECK enum err money_refuse(struct office *office, enum err err,
                                 const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* One that must be of this type and without open fields that count. */
MUST_CHECK enum err money_record(struct record *out, struct office *office,
                                 struct sql *sql, const char *id,
                                 const char *type);
/* The period of enrolment that a cap is counted in: the enrolment, where the
 * office has given it a number (`period_no`), else "", which counts in each.
 * ERR_DENIED when it is of another case. */
MUST_CHECK enum err money_period(struct office *office, struct sql *sql,
                                 const char *kase, const char *enrollment,
                                 char out[ID_CHARS + 1]);
/* A new record of the office's, sealed.  The set is an object. */
MUST_CHECK enum err money_write(struct office *office, struct sql *sql,
                                const char *author, const char *id,
                                const char *type, const char *kase,
                                const struct buffer *set);
/* A member of such an object; nothing for an empty text or NULL. */
void money_put(struct buffer *set, const char *name, const char *text);
void money_put_cents(struct buffer *set, const char *name, int64_t cents);

/* --- money_authorize.c ---------------------------------------------------- */

struct money_authorize {
    const char *request;
    int64_t cents;                              /* 0: what was asked for */
    const char *fund_source, *authority, *note; /* NULL: none */
    int64_t federal_cents, state_cents;         /* -1: not said */
    const char *const *despite; /* requests and uses known to be paid */
    size_t despite_count;
};
struct money_answer {
    char id[ID_CHARS + 1];
    char number[MONEY_NUMBER_CHARS + 1];
    int64_t cents, limit, used; /* of the cap, this one included */
    char alike[ID_CHARS + 1];   /* a request that it repeats; "" none */
    size_t alike_count;
};
/* Within money_begin() and money_end().  ERR_EXISTS: it is authorised; ERR_TOO
 * _BIG: the cap does not allow it; ERR_DENIED: approval, an own request, one
 * that repeats another. */
MUST_CHECK enum err money_authorize(struct office *office, struct sql *sql,
                                    const char *author,
                                    const struct money_authorize *given,
                                    struct money_answer *out);
MUST_CHECK enum err money_approve(struct office *office, struct sql *sql,
                                  const char *author, const char *request,
                                  int64_t cents, const char *note,
                                  struct money_answer *out);

/* --- money_void.c --------------------------------------------------------- */

/* An authorisation or a voucher counts no more. */
MUST_CHECK enum err money_void(struct office *office, struct sql *sql,
                               const char *author, const char *id,
                               enum money_kind kind, const char *reason);
/* The record that an id or a number names. */
MUST_CHECK enum err money_named(struct office *office, struct sql *sql,
                                enum money_kind kind, const char *name,
                                char id[ID_CHARS + 1]);
MUST_CHECK enum err money_paid(struct office *office, struct sql *sql,
                               const char *author, const char *id,
                               const char *on);

/* --- money_voucher.c ------------------------------------------------------ */

struct money_issue {
    const char *user, *category, *until;
    const char *person, *enrollment, *pool; /* person or pool; NULL: not */
    const char *fund_source;
    int64_t cents;
};
MUST_CHECK enum err money_issue(struct office *office, struct sql *sql,
                                const char *author,
                                const struct money_issue *given,
                                struct money_answer *out);
/* An alarm: a use of a voucher that a person has to look at; whose, the roles
 * that authorise money. */
enum money_alarm {
    ALARM_NONE,
    ALARM_TWICE,   /* its second use, or a later one */
    ALARM_UNKNOWN, /* no such voucher is here */
    ALARM_ABOVE,   /* more than it was for */
    ALARM_LATE,    /* after its last day */
    ALARM_OTHER,   /* by or for somebody else */
    ALARM_VOID,
    ALARM_COUNT
};
enum money_alarm money_alarm(const struct money_list *list,
                             const struct money *spend);
const char *money_alarm_text(enum money_alarm alarm); /* "spent twice" */
const char *money_alarm_name(enum money_alarm alarm); /* "spent-twice" */
/* That its uses that are here were looked at, and, voided, that nobody waits
 * for its devices. */
MUST_CHECK enum err money_settle(struct office *office, struct sql *sql,
                                 const char *author, const char *voucher,
                                 const char *note, size_t *uses);

#endif
