/* Accounts: who works here, in which role, and what they may see.
 *
 * Functions that write are called in a write transaction and record an act with
 * `by`.  On failure office->detail says what is wrong. */
#ifndef SERVER_USER_H
#define SERVER_USER_H

#include "server/office.h"

#define USER_SCOPES_MAX 64
#define USER_OS_CHARS_MAX 64
#define USER_PASSWORD_CHARS_MIN 8
#define USER_PASSWORD_CHARS_MAX 512

struct user {
    char name[NAME_CHARS_MAX + 1];
    char role[NAME_CHARS_MAX + 1];
    char os_user[USER_OS_CHARS_MAX + 1]; /* "" none */
    bool has_password;
    bool disabled;
    char scopes[USER_SCOPES_MAX][SCOPE_CHARS_MAX + 1]; /* in their order */
    size_t scope_count;
};

/* What is to be; NULL members of a change stay as they are. */
struct user_draft {
    const char *name;
    const char *role;
    const char *os_user;
    const char *password;
    const char (*scopes)[SCOPE_CHARS_MAX + 1]; /* "caseload:NAME", ... */
    size_t scope_count;
    bool has_scopes;
};

/* ERR_INVALID, ERR_EXISTS (the user, or another one has the OS user). */
MUST_CHECK enum err user_add(struct office *office, struct sql *sql,
                             const struct user_draft *draft, const char *by);
/* ERR_NOT_FOUND, ERR_INVALID, ERR_EXISTS. */
MUST_CHECK enum err user_change(struct office *office, struct sql *sql,
                                const struct user_draft *draft, const char *by);
/* Reads and writes nothing any more; devices learn it with their next sync.
 * ERR_NOT_FOUND; ERR_EXISTS when it was disabled already. */
MUST_CHECK enum err user_disable(struct office *office, struct sql *sql,
                                 const char *name, const char *by);
/* Takes that back.  What was held meanwhile stays held until it is released.
 * ERR_NOT_FOUND; ERR_EXISTS when it is not disabled. */
MUST_CHECK enum err user_enable(struct office *office, struct sql *sql,
                                const char *name, const char *by);
MUST_CHECK enum err user_find(struct office *office, struct sql *sql,
                              const char *name, struct user *out);
/* The account that this user of the operating system acts as. */
MUST_CHECK enum err user_find_os(struct office *office, struct sql *sql,
                                 const char *os_user, struct user *out);
typedef enum err user_each(void *context, const struct user *user);
MUST_CHECK enum err user_list(struct office *office, struct sql *sql,
                              user_each *each, void *context);
/* ERR_OK, ERR_DENIED (wrong, none set, or disabled), ERR_NOT_FOUND. */
MUST_CHECK enum err user_check_password(struct office *office, struct sql *sql,
                                        const char *name, const char *password);

#endif
