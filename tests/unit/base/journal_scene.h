/* A journal in a folder of its own: what its tests share.  Functions assert. */
#ifndef TESTS_JOURNAL_SCENE_H
#define TESTS_JOURNAL_SCENE_H

#include "shared/base/journal.h"
#include "tests/dir.h"

struct scene {
    char dir[DIR_CHARS];
    char path[2 * DIR_CHARS];
    char told[4096]; /* what `seen` reported, one line a record */
    struct journal_of of;
    struct journal *journal;
};

struct content {
    uint8_t *at;
    size_t size;
};

extern const uint8_t journal_key[JOURNAL_KEY_BYTES];

int scene_open(void **state);
int scene_close(void **state);
void scene_again(struct scene *s); /* closed and opened */
/* Adds to s->told what a reader is told of a record. */
void tell(void *context, const struct journal_record *record);
enum err journal_put(struct journal *j, uint8_t kind, const char *text);
void journal_three(struct scene *s);
/* A whole file; the caller frees .at. */
struct content content_read(const char *path);
void content_write(const char *path, struct content c);

#endif
