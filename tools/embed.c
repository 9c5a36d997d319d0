/* embed [-z] TABLE [FILE...]: writes a C source with one array a file, named
 * after its path (embed_<path with _>, and ..._size), and the table of them.
 * With -z one array has all files in one zlib stream, a line each: the file's
 * name without ".json", a space, the file. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define MEMBERS_MAX 1024 /* of one object */

static void name_print(const char *path)
{
    printf("embed_");
    for (; *path; path++)
        putchar(isalnum((unsigned char)*path) ? *path : '_');
}

static bool ends_with(const char *path, const char *end)
{
    size_t length = strlen(path), tail = strlen(end);
    return length >= tail && !strcmp(path + length - tail, end);
}

struct pile {
    unsigned char *at; /* owned */
    size_t size, room;
};

static bool pile_add(struct pile *pile, int c)
{
    if (pile->size == pile->room) {
        size_t room = pile->room ? 2 * pile->room : 4096;
        void *at = realloc(pile->at, room);
        if (!at)
            return false;
        pile->at = at;
        pile->room = room;
    }
    pile->at[pile->size++] = (unsigned char)c;
    return true;
}

static bool pile_text(struct pile *pile, const char *text, size_t size)
{
    bool good = true;
    for (size_t i = 0; good && i < size; i++)
        good = pile_add(pile, (unsigned char)text[i]);
    return good;
}

/* --- JSON ------------------------------------------------------------------
 */

/* White space and the order of members are for people who read the source: a
 * definition that is canonical needs not be made so each time it is read.
 * Functions move *at behind what they have put. */
static bool value_put(struct pile *out, const char **at);

static const char *space_skip(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

static bool text_put(struct pile *out, const char **at)
{
    const char *end = *at + 1;
    while (*end && *end != '"')
        end += end[0] == '\\' && end[1] ? 2 : 1;
    bool good = **at == '"' && *end && pile_text(out, *at, end + 1 - *at);
    *at = end + (*end != '\0');
    return good;
}

static bool member_put(struct pile *out, const char **at)
{
    bool good = text_put(out, at);
    *at = space_skip(*at);
    good = good && **at == ':' && pile_add(out, ':');
    *at = space_skip(*at + good);
    return good && value_put(out, at) && pile_add(out, '\0');
}

/* A name ends with a quote, which is below all that names consist of. */
static int member_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool members_put(struct pile *out, char **members, size_t count)
{
    bool good = true;
    qsort(members, count, sizeof *members, member_compare);
    for (size_t i = 0; good && i < count; i++)
        good = (!i || pile_add(out, ',')) &&
               pile_text(out, members[i], strlen(members[i]));
    return good;
}

static bool object_put(struct pile *out, const char **at)
{
    char *members[MEMBERS_MAX];
    size_t count = 0;
    bool good = pile_add(out, '{');
    *at = space_skip(*at + 1);
    while (good && **at && **at != '}' && count < MEMBERS_MAX) {
        struct pile member = {0};
        good = member_put(&member, at);
        members[count++] = (char *)member.at;
        *at = space_skip(*at);
        *at = space_skip(*at + (**at == ','));
    }
    good = good && **at == '}' && members_put(out, members, count) &&
           pile_add(out, '}');
    *at += good;
    while (count)
        free(members[--count]);
    return good;
}

static bool list_put(struct pile *out, const char **at)
{
    bool good = pile_add(out, '[');
    *at = space_skip(*at + 1);
    for (bool first = true; good && **at && **at != ']'; first = false) {
        good = (first || pile_add(out, ',')) && value_put(out, at);
        *at = space_skip(*at);
        *at = space_skip(*at + (**at == ','));
    }
    good = good && **at == ']' && pile_add(out, ']');
    *at += good;
    return good;
}

static bool value_put(struct pile *out, const char **at)
{
    if (**at == '{')
        return object_put(out, at);
    if (**at == '[')
        return list_put(out, at);
    if (**at == '"')
        return text_put(out, at);
    size_t size = strcspn(*at, ",]} \t\r\n");
    bool good = size && pile_text(out, *at, size);
    *at += size;
    return good;
}

/* --- files -----------------------------------------------------------------
 */

static bool file_read(struct pile *pile, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    bool good = true;
    for (int c; good && (c = getc(file)) != EOF;)
        good = pile_add(pile, c);
    good = good && !ferror(file);
    fclose(file);
    return good;
}

static bool file_add(struct pile *pile, const char *path)
{
    if (!ends_with(path, ".json"))
        return file_read(pile, path);
    struct pile text = {0};
    bool good = file_read(&text, path) && pile_add(&text, '\0');
    const char *at = good ? space_skip((char *)text.at) : "";
    if (good && (!value_put(pile, &at) || *space_skip(at))) {
        fprintf(stderr, "embed: %s is not JSON\n", path);
        good = false;
    }
    free(text.at);
    return good;
}

static void array_print(const char *name, const unsigned char *at, size_t size)
{
    printf("extern const unsigned char ");
    name_print(name);
    printf("[];\nextern const size_t ");
    name_print(name);
    printf("_size;\nconst unsigned char ");
    name_print(name);
    printf("[] = {");
    for (size_t i = 0; i < size; i++)
        printf("%s%d,", i % 16 ? "" : "\n    ", at[i]);
    printf("\n    0};\nconst size_t ");
    name_print(name);
    printf("_size = %zu;\n\n", size);
}

static bool print_each(char **paths, size_t *sizes)
{
    for (size_t i = 0; paths[i]; i++) {
        struct pile pile = {0};
        bool good = file_add(&pile, paths[i]);
        if (good)
            array_print(paths[i], pile.at, pile.size);
        sizes[i] = pile.size;
        free(pile.at);
        if (!good) {
            perror(paths[i]);
            return false;
        }
    }
    return true;
}

static bool stem_add(struct pile *pile, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t size = strlen(name) - (ends_with(name, ".json") ? 5 : 0);
    return pile_text(pile, name, size) && pile_add(pile, ' ');
}

/* `plain` receives what it was before. */
static bool print_deflated(const char *name, char **paths, size_t *packed,
                           size_t *plain)
{
    struct pile pile = {0};
    bool good = true;
    for (; good && *paths; paths++) {
        good = stem_add(&pile, *paths) && file_add(&pile, *paths) &&
               pile_add(&pile, '\n');
        if (!good)
            perror(*paths);
    }
    uLongf size = compressBound((uLong)pile.size);
    unsigned char *out = malloc(size);
    good = good && out &&
           compress2(out, &size, pile.at, (uLong)pile.size, 9) == Z_OK;
    if (good)
        array_print(name, out, size);
    *packed = size;
    *plain = pile.size;
    free(out);
    free(pile.at);
    return good;
}

static void row_print(const char *name, size_t size, size_t plain)
{
    printf("    {\"%s\", ", name);
    name_print(name);
    printf(", %zu, %zu},\n", size, plain);
}

int main(int argc, char **argv)
{
    bool deflated = argc > 1 && !strcmp(argv[1], "-z");
    argv += deflated;
    if (!argv[1]) {
        fprintf(stderr, "usage: embed [-z] TABLE [FILE...]\n");
        return 2;
    }
    char *packed = "packed";
    size_t *sizes = calloc((size_t)argc, sizeof *sizes), plain = 0;
    if (!sizes)
        return 1;
    printf("/* Generated by tools/embed. */\n#include \"tools/embed.h\"\n\n");
    bool good = deflated ? print_deflated(packed, argv + 2, sizes, &plain)
                         : print_each(argv + 2, sizes);
    printf("const struct embed %s[] = {\n", argv[1]);
    if (deflated)
        row_print(packed, sizes[0], plain);
    for (int i = 2; !deflated && argv[i]; i++)
        row_print(argv[i], sizes[i - 2], sizes[i - 2]);
    printf("    {NULL, NULL, 0, 0},\n};\n");
    free(sizes);
    return !good || ferror(stdout) || fflush(stdout) ? 1 : 0;
}
