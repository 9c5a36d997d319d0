#include "tests/unit/base/journal_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const uint8_t journal_key[JOURNAL_KEY_BYTES] =
    "0123456789abcdef0123456789abcde";

void tell(void *context, const struct journal_record *record)
{
    struct scene *s = context;
    size_t used = strlen(s->told);
    snprintf(s->told + used, sizeof s->told - used, "%llu %u %.*s\n",
             (unsigned long long)record->number, record->kind,
             (int)record->payload.size, (const char *)record->payload.at);
}

int scene_open(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    dir_make(s->dir);
    dir_file(s->path, s->dir, "journal");
    s->of = (struct journal_of){.path = s->path,
                                .name = "t",
                                .key = journal_key,
                                .seen = tell,
                                .context = s};
    assert_int_equal(journal_open(&s->journal, &s->of), ERR_OK);
    *state = s;
    return 0;
}

int scene_close(void **state)
{
    struct scene *s = *state;
    journal_close(s->journal);
    dir_remove(s->dir);
    free(s);
    return 0;
}

void scene_again(struct scene *s)
{
    journal_close(s->journal);
    *s->told = 0;
    assert_int_equal(journal_open(&s->journal, &s->of), ERR_OK);
}

enum err journal_put(struct journal *j, uint8_t kind, const char *text)
{
    enum err err = journal_begin(j);
    if (err)
        return err;
    err = journal_add(j, kind, bytes_text(text));
    if (!err)
        return journal_commit(j);
    journal_cancel(j);
    return err;
}

void journal_three(struct scene *s)
{
    assert_int_equal(journal_put(s->journal, 1, "one"), ERR_OK);
    assert_int_equal(journal_put(s->journal, 2, "two"), ERR_OK);
    assert_int_equal(journal_put(s->journal, 3, ""), ERR_OK);
}

struct content content_read(const char *path)
{
    struct content c = {.at = malloc(1 << 20)};
    int fd = open(path, O_RDONLY);
    c.size = (size_t)read(fd, c.at, 1 << 20);
    close(fd);
    return c;
}

void content_write(const char *path, struct content c)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(write(fd, c.at, c.size) == (ssize_t)c.size);
    close(fd);
}
