/* An office with a journal, and what `restore` makes of it. */
#ifndef TESTS_UNIT_SERVER_JOURNAL_SCENE_H
#define TESTS_UNIT_SERVER_JOURNAL_SCENE_H

#include "server/journal_replay.h"
#include "tests/dir.h"

struct scene {
    char dir[DIR_CHARS];
    char data[2 * DIR_CHARS], journal[2 * DIR_CHARS], copy[2 * DIR_CHARS];
    struct office *office;
    struct sql sql;
    uint8_t key[JOURNAL_KEY_BYTES];
    int accounts;      /* added */
    int64_t bytes_min; /* 0: the office's own */
};

struct office_options options_of(struct scene *s, bool journal);
void office_up(struct scene *s, bool journal);
void office_down(struct scene *s);
int scene_open(void **state);
int scene_close(void **state);

/* One transaction that adds a worker; so many. */
enum err work(struct scene *s, const char *name);
void works(struct scene *s, int count);

/* All that a store holds and that is not derived; owned by the caller. */
struct buffer content_of(struct sql *sql);
bool same_content(struct sql *a, struct sql *b);
int64_t accounts_in(struct sql *sql);
int64_t file_bytes(const char *path);

void backup(struct scene *s);
/* Into s->copy; the caller closes *sql. */
enum err restore(struct scene *s, bool from_backup, struct sql *sql,
                 struct replay_plan *plan, struct replay_result *result);
/* The journal alone gives the store as it is now. */
void restored_whole(struct scene *s);

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, scene_open, scene_close)

#endif
