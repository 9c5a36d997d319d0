/* The office's journal: every committed transaction, once more, in a file on
 * another volume, so that losing the database loses nothing (`restore`).
 *
 * A transaction's statements are appended and synced before its commit.  When
 * that fails the commit goes on: what is committed then is `received` but not
 * `backed up`; the journal is *behind* until a process that serves writes the
 * whole store into it as a new base.  What only repeats the log (the states of
 * records) is left out and made anew by `restore`.  A process that serves
 * begins the file anew, with a base, when it has grown to twice the store.
 *
 * DATA.keys/journal says whether the journal holds everything, so that a
 * restore knows it when the database is gone.  Used inside write transactions
 * alone, by any thread. */
#ifndef SERVER_OFFICE_JOURNAL_H
#define SERVER_OFFICE_JOURNAL_H

#include "server/journal_group.h"
#include "server/office.h"

struct office_journal;

/* The setting that the store keeps. */
struct journal_setting {
    char path[1024];
    uint8_t instance[GROUP_INSTANCE_BYTES];
    int64_t groups, behind_since; /* 0: not behind */
    int64_t
        disposals; /* since the file was begun: it has texts that are gone */
    uint64_t at_end, number;
};
/* ERR_NOT_FOUND: no journal is kept. */
MUST_CHECK enum err journal_setting_load(struct sql *sql, const char *agency,
                                         struct journal_setting *out);
/* Keeps a journal in `path` (absolute), or none if NULL, from the next
 * transaction on.  In the caller's write transaction. */
MUST_CHECK enum err journal_setting_save(struct office *office, struct sql *sql,
                                         const char *path, int64_t groups);

/* The same from what an operator wrote: a file outside the data directory, or
 * "none".  The file is opened once to see that it can be.  A transaction of its
 * own; office->detail says what is wrong. */
MUST_CHECK enum err office_journal_set(struct office *office, struct sql *sql,
                                       const char *path);

/* Whether a journal is kept is looked up in each transaction, since another
 * process may begin or end it.  Only what is `serving` writes a base.  The file
 * is opened when first needed, and never made: office_journal_set() makes it.
 */
MUST_CHECK enum err office_journal_open(struct office_journal **out,
                                        struct office *office, bool serving);
void office_journal_close(struct office_journal *journal);
/* For struct sql; lives as long as the journal. */
const struct sql_tap *office_journal_tap(const struct office_journal *journal);
/* The transaction at hand, that of this thread, commits with the journal or
 * fails.  False when none is kept, or when it is behind: then nothing was asked
 * of it. */
bool office_journal_require(struct office_journal *journal);
/* A transaction of this process has found more in the journal than the store
 * has: somebody put an older store in its place.  The journal is behind then,
 * until a process that serves writes the store into it as another history;
 * before that, `restore` brings everything back. */
bool office_journal_taken_back(const struct office_journal *journal);
/* The last transaction that this process has written is in the journal, and
 * all before it. */
bool office_journal_covers(struct office_journal *journal);

/* What DATA.keys/journal says: this instance's journal holds everything. */
bool journal_state_whole(const char *keys_dir,
                         const uint8_t instance[GROUP_INSTANCE_BYTES]);
MUST_CHECK enum err
journal_state_save(const char *keys_dir,
                   const uint8_t instance[GROUP_INSTANCE_BYTES], bool whole);
/* The key of the records' checks, from the agency's root key. */
void office_journal_key(const struct office_keys *keys,
                        uint8_t out[JOURNAL_KEY_BYTES]);

/* What its first record says it is. */
void office_journal_name(const char *agency, char out[NAME_CHARS_MAX + 16]);

/* journal_base.c: every table but what is derived from others, as inserts. */
typedef enum err journal_each(void *context, const char *statement,
                              const struct sql_value *values, size_t count);
MUST_CHECK enum err journal_base_each(struct sql *sql, journal_each *each,
                                      void *context);
size_t journal_base_tables(void); /* how many they are */
/* The same into a group that is begun. */
MUST_CHECK enum err journal_base_write(struct sql *sql, struct journal *journal,
                                       struct buffer *part);

/* journal_renew.c: a new file in place of one that has grown.  It begins with
 * the whole store as of transaction head->number, and takes the old one's name
 * when it is durable; at any moment one of them is there, whole.  That it has
 * the name is not durable yet.  An old one that also holds another instance's
 * history is kept under a name of its own.  *end and *number are as from
 * journal_end(). */
MUST_CHECK enum err journal_renew(const struct journal_of *of, struct sql *sql,
                                  const struct group_head *head, uint64_t *end,
                                  uint64_t *number);

#endif
