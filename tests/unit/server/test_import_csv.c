#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "server/import_csv.h"
#include "server/import_note.h"
#include "tests/fault.h"

/* Rows are shown as [cell][cell], ended by a line feed; a fault as
 * !LINE:COLUMN what. */
static const struct {
    const char *name, *input, *shown;
    size_t size; /* 0: up to the NUL */
} tables[] = {
    {"nothing", "", "", 0},
    {"only empty lines", "\n\r\n\r", "", 0},
    {"only a byte order mark", "\xef\xbb\xbf", "", 0},
    {"a byte order mark before a quote", "\xef\xbb\xbf\"a\",b\n", "[a][b]\n",
     0},
    {"no line end at the end", "a,b\nc,d", "[a][b]\n[c][d]\n", 0},
    {"line ends of three kinds", "a\r\nb\rc\n", "[a]\n[b]\n[c]\n", 0},
    {"empty cells", ",\n,,x\n", "[][]\n[][][x]\n", 0},
    {"an empty quoted cell alone", "\"\"\n", "[]\n", 0},
    {"a comma at the very end", "a,", "[a][]\n", 0},
    {"spaces are kept", " a , b \n", "[ a ][ b ]\n", 0},
    {"a quoted comma", "\"a,b\",c\n", "[a,b][c]\n", 0},
    {"doubled quotes", "\"say \"\"hi\"\"\"\n", "[say \"hi\"]\n", 0},
    {"nothing but doubled quotes", "\"\"\"\"\"\"\n", "[\"\"]\n", 0},
    {"a quoted line end", "\"a\nb\",c\nd,e\n", "[a\nb][c]\n[d][e]\n", 0},
    {"a quoted CRLF is LF", "\"a\r\nb\"\r\nc\r\n", "[a\nb]\n[c]\n", 0},
    {"a quoted CR stays", "\"a\rb\"\n", "[a\rb]\n", 0},
    {"letters of four bytes", "\xf0\x9f\x8f\xa0,\xc3\xa9\n",
     "[\xf0\x9f\x8f\xa0][\xc3\xa9]\n", 0},
    {"a quote inside plain text", "a,5\" pipe\nb,c\n",
     "!1:4 a quote stands inside plain text\n[b][c]\n", 0},
    {"text behind a closing quote", "\"a\"x,b\nc,d\n",
     "!1:4 text stands behind the closing quote\n[c][d]\n", 0},
    {"a space behind a closing quote", "\"a\" ,b\nc\n",
     "!1:4 text stands behind the closing quote\n[c]\n", 0},
    {"a quote that is never closed", "a\n\"b,c\nd,e\n",
     "[a]\n!2:1 the quote is never closed\n[d][e]\n", 0},
    {"a missing quote takes no other row with it", "\"a,b\nc,d\n\"e\",f\ng,h\n",
     "!1:1 the quote that opens here is not closed before a comma or the end "
     "of a line\n[c][d]\n[e][f]\n[g][h]\n",
     0},
    {"a lone quote at the end", "a,\"", "!1:3 the quote is never closed\n", 0},
    {"a broken letter", "caf\xe9,b\nc,d\n",
     "!1:4 the text is not UTF-8\n[c][d]\n", 0},
    {"a broken letter in quotes", "\"\xff\",b\nc\n",
     "!1:2 the text is not UTF-8\n[c]\n", 0},
    {"half of a surrogate pair", "\xed\xa0\x80\n",
     "!1:1 the text is not UTF-8\n", 0},
    {"a NUL", "a\0b,c\nd\n", "!1:2 the text contains a NUL character\n[d]\n",
     8},
    {"columns count letters", "\xc3\xa9\xc3\xa9,x\"\n",
     "!1:5 a quote stands inside plain text\n", 0},
    {"a row behind a cell of several lines", "\"a\nb\"\nx\"\n",
     "[a\nb]\n!3:2 a quote stands inside plain text\n", 0},
};

static void show(struct buffer *out, struct bytes input, enum err end)
{
    struct arena arena;
    struct import_csv csv;
    struct import_csv_row row;
    size_t line, column;
    arena_init(&arena, 1u << 20);
    import_csv_init(&csv, input);
    enum err err;
    while ((err = import_csv_next(&csv, &arena, &row)) != ERR_NOT_FOUND) {
        if (err == ERR_INVALID) {
            import_place(input, row.fault, &line, &column);
            buffer_printf(out, "!%zu:%zu %s\n", line, column, row.what);
            continue;
        }
        assert_int_equal(err, ERR_OK);
        for (size_t i = 0; i < row.count; i++) {
            buffer_add_char(out, '[');
            buffer_add_bytes(out, row.cells[i].text);
            buffer_add_char(out, ']');
        }
        buffer_add_char(out, '\n');
    }
    assert_int_equal(err, end);
    assert_int_equal(buffer_err(out), ERR_OK);
    arena_fini(&arena);
}

static void every_table_reads_as_shown(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        struct buffer out;
        struct bytes input = bytes_text(tables[i].input);
        if (tables[i].size)
            input.size = tables[i].size;
        buffer_init(&out, 1u << 20);
        show(&out, input, ERR_NOT_FOUND);
        if (strcmp(buffer_text(&out), tables[i].shown) != 0)
            fail_msg("%s:\n%s", tables[i].name, buffer_text(&out));
        buffer_fini(&out);
    }
}

/* `count` times `text`, and what follows. */
static struct bytes repeat(struct buffer *out, const char *text, size_t count,
                           const char *end)
{
    buffer_init(out, 1u << 24);
    for (size_t i = 0; i < count; i++)
        buffer_add_text(out, text);
    buffer_add_text(out, end);
    assert_int_equal(buffer_err(out), ERR_OK);
    return buffer_bytes(out);
}

static void a_row_takes_256_cells_and_no_more(void **state)
{
    (void)state;
    struct buffer input, out;
    buffer_init(&out, 1u << 20);
    show(&out, repeat(&input, ",", 255, "x\n"), ERR_NOT_FOUND);
    assert_non_null(strstr(buffer_text(&out), "[][x]\n"));
    buffer_fini(&input);
    buffer_clear(&out);
    show(&out, repeat(&input, ",", 256, "x\ny\n"), ERR_NOT_FOUND);
    assert_string_equal(buffer_text(&out),
                        "!1:257 the row has more than 256 cells\n[y]\n");
    buffer_fini(&input);
    buffer_fini(&out);
}

static void a_cell_takes_65536_bytes_and_no_more(void **state)
{
    (void)state;
    struct buffer input, out;
    buffer_init(&out, 1u << 20);
    show(&out, repeat(&input, "a", 65536, "\n"), ERR_NOT_FOUND);
    assert_int_equal(out.size, 65536 + 3);
    buffer_fini(&input);
    buffer_clear(&out);
    show(&out, repeat(&input, "a", 65537, "\nb\n"), ERR_NOT_FOUND);
    assert_string_equal(buffer_text(&out),
                        "!1:1 the cell is longer than 65536 bytes\n[b]\n");
    buffer_fini(&input);
    buffer_fini(&out);
}

/* Every line opens a quote: reading stays in proportion to the size. */
static void hostile_quotes_do_not_stall_the_reader(void **state)
{
    (void)state;
    static const char *const lines[] = {"\"\n", "\"\"\n", "\"a\"\"\n", "a\"\n",
                                        "\"\"\"\n"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct buffer input;
        struct arena arena;
        struct import_csv csv;
        struct import_csv_row row;
        size_t calls = 0;
        arena_init(&arena, 1u << 26);
        import_csv_init(&csv, repeat(&input, lines[i], 200000, ""));
        while (import_csv_next(&csv, &arena, &row) != ERR_NOT_FOUND)
            calls++;
        assert_true(calls <= 200000);
        arena_fini(&arena);
        buffer_fini(&input);
    }
}

static void reading_survives_every_allocation_failure(void **state)
{
    (void)state;
    static const char input[] = "\"a\"\"b\",c\n\"d\r\ne\"\n";
    for (int nth = 1;; nth++) {
        struct arena arena;
        struct import_csv csv;
        struct import_csv_row row;
        enum err err = ERR_OK;
        arena_init(&arena, 1u << 20);
        import_csv_init(&csv, bytes_text(input));
        fault_at(nth, false);
        while (!err)
            err = import_csv_next(&csv, &arena, &row);
        bool hit = fault_hit();
        fault_at(0, false);
        arena_fini(&arena);
        if (!hit) {
            assert_int_equal(err, ERR_NOT_FOUND);
            assert_true(nth > 1);
            return;
        }
        assert_int_equal(err, ERR_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_table_reads_as_shown),
        cmocka_unit_test(a_row_takes_256_cells_and_no_more),
        cmocka_unit_test(a_cell_takes_65536_bytes_and_no_more),
        cmocka_unit_test(hostile_quotes_do_not_stall_the_reader),
        cmocka_unit_test(reading_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
