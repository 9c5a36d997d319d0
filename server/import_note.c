#include "server/import_note.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTES_BYTES_MAX (4u * 1024u * 1024u)
#define QUOTED_BYTES 60

void import_notes_init(struct import_notes *notes)
{
    *notes = (struct import_notes){0};
    arena_init(&notes->arena, NOTES_BYTES_MAX);
}

void import_notes_fini(struct import_notes *notes)
{
    arena_fini(&notes->arena);
    free(notes->list);
    *notes = (struct import_notes){0};
}

static bool continues(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

void import_place(struct bytes text, size_t offset, size_t *line,
                  size_t *column)
{
    size_t start = 0;
    if (text.size >= 3 && !memcmp(text.at, "\xef\xbb\xbf", 3))
        start = 3;
    *line = 1;
    for (size_t i = start; i < offset && i < text.size; i++) {
        bool pair =
            text.at[i] == '\r' && i + 1 < text.size && text.at[i + 1] == '\n';
        if ((text.at[i] == '\n' || text.at[i] == '\r') && !pair) {
            (*line)++;
            start = i + 1;
        }
    }
    *column = 1;
    for (size_t i = start; i < offset && i < text.size; i++)
        *column += !continues(text.at[i]);
}

static enum err reserve(struct import_notes *notes)
{
    if (notes->count < notes->room)
        return ERR_OK;
    size_t room = notes->room ? 2 * notes->room : 16;
    struct import_note *list = realloc(notes->list, room * sizeof *list);
    if (!list)
        return ERR_NOMEM;
    notes->list = list;
    notes->room = room;
    return ERR_OK;
}

/* A multibyte character that vsnprintf cut in two is left out whole. */
static struct bytes whole(const char *text)
{
    struct bytes bytes = bytes_text(text);
    size_t offset;
    if (!utf8_valid(bytes, &offset))
        bytes.size = offset;
    return bytes;
}

enum err import_notes_add(struct import_notes *notes,
                          enum import_note_kind kind,
                          const struct import_file *file, size_t offset,
                          const char *format, ...)
{
    if (notes->count == IMPORT_NOTES_MAX) {
        notes->totals[kind]++;
        return ERR_OK;
    }
    enum err err = reserve(notes);
    if (err)
        return err;
    char text[IMPORT_NOTE_CHARS];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    struct import_note note = {.kind = kind, .file = ""};
    note.text = arena_copy(&notes->arena, whole(text));
    if (note.text && file)
        note.file = arena_copy(&notes->arena, bytes_text(file->name));
    if (!note.text || !note.file)
        return ERR_NOMEM;
    if (file && offset != IMPORT_NOWHERE)
        import_place(file->text, offset, &note.line, &note.column);
    notes->list[notes->count++] = note;
    notes->totals[kind]++;
    return ERR_OK;
}

const char *import_quote(char out[IMPORT_QUOTE_CHARS], struct bytes text)
{
    bool cut = text.size > QUOTED_BYTES;
    size_t size = cut ? QUOTED_BYTES : text.size;
    while (cut && size > 0 && continues(text.at[size]))
        size--;
    size_t used = 0;
    out[used++] = '"';
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = text.at[i];
        out[used++] = (char)(byte < 0x20 || byte == 0x7f ? ' ' : byte);
    }
    (void)snprintf(out + used, IMPORT_QUOTE_CHARS - used, "%s\"",
                   cut ? "..." : "");
    return out;
}

enum err import_note_line(struct buffer *out, const struct import_note *note)
{
    if (note->line)
        return buffer_printf(out, "%s:%zu:%zu: %s", note->file, note->line,
                             note->column, note->text);
    if (note->file[0])
        return buffer_printf(out, "%s: %s", note->file, note->text);
    return buffer_add_text(out, note->text);
}
