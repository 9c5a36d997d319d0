/* export hsds --to DIR: the directory, corrections included, for others. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "server/command.h"
#include "server/hsds.h"
#include "server/import_plan.h"
#include "shared/base/file.h"

#define RECORD_ARENA_BYTES ((size_t)256 << 20)

static const char states_of_type[] =
    "SELECT state FROM record WHERE agency = $1 AND type = $2 ORDER BY record";

struct export
{
    struct hsds hsds;
    struct arena arena; /* reused */
};

static enum err take_row(void *context, const struct sql_value *row,
                         size_t columns)
{
    struct export *x = context;
    const struct canon *state;
    (void)columns;
    arena_clear(&x->arena);
    enum err err = canon_parse(&x->arena, row[0].bytes, &state, NULL);
    if (!err)
        hsds_record(&x->hsds, state);
    return err ? err : x->hsds.err;
}

static enum err take_all(struct export *x, struct command *c)
{
    enum err err = sql_begin(&c->sql, false);
    if (err)
        return err;
    arena_init(&x->arena, RECORD_ARENA_BYTES);
    for (size_t i = 0; i < IMPORT_TYPES && !err; i++)
        err = sql_each_row(&c->sql, states_of_type,
                           SQL_VALUES(sql_text(c->office->agency),
                                      sql_text(import_plan_types[i])),
                           take_row, x);
    arena_fini(&x->arena);
    sql_rollback(&c->sql);
    return err;
}

static int print_result(const struct command *c, const struct hsds *h,
                        const char *folder, size_t rows)
{
    struct buffer json;
    if (!c->json) {
        printf("%zu rows in %s\n", rows, folder);
        if (h->left_out)
            fprintf(stderr,
                    "satchel-central: note: %zu left out; the first: "
                    "%s\n",
                    h->left_out, h->first);
        return EXIT_DONE;
    }
    buffer_init(&json, COMMAND_JSON_BYTES_MAX);
    buffer_printf(&json, "{\"first_left_out\":");
    command_json_text(&json, h->first);
    buffer_printf(&json, ",\"left_out\":%zu,\"rows\":%zu}", h->left_out, rows);
    return command_print(c, &json);
}

static int export_into(struct command *c, const char *folder)
{
    struct export x;
    size_t rows = 0;
    hsds_init(&x.hsds);
    enum err err =
        command_act(c, "export", bytes_text("{\"format\":\"hsds\"}"));
    if (!err)
        err = take_all(&x, c);
    int code = err ? command_fail_office(c, err) : EXIT_DONE;
    if (code == EXIT_DONE)
        err = hsds_write(&x.hsds, folder, &rows);
    if (code == EXIT_DONE && err)
        code = command_fail(c, err, "%.300s: %s", folder, file_err_text(err));
    if (code == EXIT_DONE)
        code = print_result(c, &x.hsds, folder, rows);
    hsds_fini(&x.hsds);
    return code;
}

int command_export_hsds(struct command *c)
{
    const char *folder = args_text(&c->args, "--to");
    if (c->operand_count || !folder)
        return command_misuse(c, "export hsds --to DIR: give a new folder");
    int code = command_open(c, COMMAND_ADMIN);
    if (code != EXIT_DONE)
        return code;
    if (!command_is_new(folder))
        return command_fail(c, ERR_EXISTS,
                            "%.300s is there already; give a new folder",
                            folder);
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return command_fail(c, ERR_IO, "%.300s: %s", folder, strerror(errno));
    return export_into(c, folder);
}
