/* How the devices of far_end.h are looked at and written on. */
#include "tests/unit/replica/far_end.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

void read_state(struct vault *vault, const char *record, struct buffer *state)
{
    struct buffer context;
    buffer_init(state, STATE_BYTES_MAX);
    buffer_init(&context, 1u << 20);
    enum err err = record_read(vault, record, state, &context);
    if (err)
        fail_msg("%s", vault_detail(vault));
    buffer_fini(&context);
}

void assert_same_state(struct vault *a, struct vault *b, const char *record)
{
    struct buffer first, second;
    read_state(a, record, &first);
    read_state(b, record, &second);
    assert_string_equal(buffer_text(&first), buffer_text(&second));
    buffer_fini(&first);
    buffer_fini(&second);
}

static void problem_print(void *context, const char *text)
{
    (void)context;
    print_error("problem: %s\n", text);
}

void assert_sound(struct vault *vault)
{
    size_t problems;
    enum err err = vault_verify(vault, problem_print, NULL, &problems);
    if (err)
        fail_msg("%s: %s", err_text(err), vault_detail(vault));
    assert_int_equal(problems, 0);
}

const struct cursor *cursor_of(struct vault *vault, const char *scope)
{
    static struct cursor cursors[SCOPES_MAX];
    size_t count, i = 0;
    assert_int_equal(inbox_cursors(vault, cursors, SCOPES_MAX, &count), ERR_OK);
    while (i < count && strcmp(cursors[i].scope, scope))
        i++;
    if (i == count)
        fail_msg("no cursor of %s", scope);
    return &cursors[i];
}

/* --- short cuts ----------------------------------------------------------- */

static void write_ok(struct vault *vault, const struct record_write *write,
                     char id[ID_CHARS + 1])
{
    struct record_written out;
    record_written_init(&out);
    enum err err = record_write(vault, write, &out);
    if (err)
        fail_msg("%s: %s", err_text(err), vault_detail(vault));
    if (id)
        memcpy(id, out.record, ID_CHARS + 1);
    record_written_fini(&out);
}

void write_person(struct vault *vault, const char *name, char id[ID_CHARS + 1])
{
    char set[256];
    snprintf(set, sizeof set, "{\"preferred_name\":\"%s\"}", name);
    struct record_write write = {.type = "person", .set = bytes_text(set)};
    write_ok(vault, &write, id);
}

void write_contact(struct vault *vault, const char *person, const char *text,
                   char id[ID_CHARS + 1])
{
    char set[2048];
    snprintf(set, sizeof set,
             "{\"kind\":\"home_visit\",\"narrative\":\"%s\",\"person\":\"%s\"}",
             text, person);
    struct record_write write = {.type = "contact", .set = bytes_text(set)};
    write_ok(vault, &write, id);
}

void revise(struct vault *vault, const char *record, const char *set)
{
    struct buffer state, context;
    buffer_init(&state, STATE_BYTES_MAX);
    buffer_init(&context, 1 << 20);
    assert_int_equal(record_read(vault, record, &state, &context), ERR_OK);
    struct record_write write = {.record = record,
                                 .context = buffer_text(&context),
                                 .set = bytes_text(set)};
    write_ok(vault, &write, NULL);
    buffer_fini(&state);
    buffer_fini(&context);
}
