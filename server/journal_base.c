#include <stdio.h>
#include <string.h>
#include "server/office_journal.h"

/* Every table of the store but `journal`, which is about this file, and
 * `record`, which is made anew. */
static const struct {
    const char *name, *select;
} tables[] = {
#define TABLE(name)                                                            \
    {                                                                          \
#name, "SELECT * FROM " #name                                          \
    }
    TABLE(agency),
    TABLE(act),
    TABLE(account),
    TABLE(account_scope),
    TABLE(invite),
    TABLE(replica),
    TABLE(disposal),
    TABLE(disposed_record),
    TABLE(disposed_write),
    TABLE(disposed_blob),
    TABLE(disposal_proposal),
    TABLE(line),
    TABLE(sign),
    TABLE(placed),
    TABLE(case_row),
    TABLE(membership),
    TABLE(feed),
    TABLE(scope_head),
    TABLE(conflict),
    TABLE(held),
    TABLE(waiting),
    TABLE(site_link),
    TABLE(cursor_seen),
    TABLE(leave_seen),
    TABLE(diff_given),
    TABLE(clock_sample),
    TABLE(published_record),
    TABLE(published),
    TABLE(blob),
    TABLE(recovery),
    TABLE(witness),
    TABLE(numbering),
#undef TABLE
};

size_t journal_base_tables(void)
{
    return sizeof tables / sizeof *tables;
}

struct table_pass {
    char insert[512];
    journal_each *each;
    void *context;
};

static enum err row_tell(void *context, const struct sql_value *row,
                         size_t columns)
{
    struct table_pass *pass = context;
    return pass->each(pass->context, pass->insert, row, columns);
}

static enum err columns_count(void *context, const struct sql_value *row,
                              size_t columns)
{
    (void)row;
    (void)columns;
    (*(size_t *)context)++;
    return ERR_OK;
}

static const char column_names[] = "SELECT name FROM pragma_table_info($1)";

static enum err insert_make(struct sql *sql, const char *table, char *out,
                            size_t room)
{
    size_t columns = 0;
    enum err err = sql_each_row(sql, column_names, SQL_VALUES(sql_text(table)),
                                columns_count, &columns);
    int size = snprintf(out, room, "INSERT INTO %s VALUES (", table);
    for (size_t i = 1; i <= columns; i++)
        size += snprintf(out + size, room - (size_t)size, "%s$%zu",
                         i > 1 ? ", " : "", i);
    snprintf(out + size, room - (size_t)size, ")");
    return err || columns ? err : ERR_CORRUPT;
}

enum err journal_base_each(struct sql *sql, journal_each *each, void *context)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < sizeof tables / sizeof *tables; i++) {
        struct table_pass pass = {.each = each, .context = context};
        err = insert_make(sql, tables[i].name, pass.insert, sizeof pass.insert);
        if (!err)
            err = sql_each_row(sql, tables[i].select, NULL, 0, row_tell, &pass);
    }
    return err;
}

/* --- as records ----------------------------------------------------------- */

struct base_pass {
    struct journal *journal;
    struct buffer *part;
    char table[512];
    uint64_t id;
};

static enum err base_row(void *context, const char *statement,
                         const struct sql_value *values, size_t count)
{
    struct base_pass *pass = context;
    if (strcmp(pass->table, statement) != 0) {
        snprintf(pass->table, sizeof pass->table, "%s", statement);
        pass->id = group_text_id(bytes_text(statement));
        enum err err =
            group_text_add(pass->journal, pass->id, bytes_text(statement));
        if (err)
            return err;
    }
    return group_statement_add(pass->journal, pass->part, pass->id, values,
                               count);
}

enum err journal_base_write(struct sql *sql, struct journal *journal,
                            struct buffer *part)
{
    struct base_pass pass = {.journal = journal, .part = part};
    return journal_base_each(sql, base_row, &pass);
}
