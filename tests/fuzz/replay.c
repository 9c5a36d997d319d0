/* Runs a fuzz target over its kept inputs, without a fuzzer: each file of
 * tests/fuzz/corpus/<target>/ and of the folders and files given, then every
 * truncation of each and the empty input.  What a fuzzer once found stays
 * covered by `make check` with any compiler. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define INPUT_BYTES_MAX (1u << 20)
#define TRUNCATED_BYTES_MAX 2048

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t size);

/* In a target that takes long: how many bytes lie between two truncations. */
extern const size_t replay_stride __attribute__((weak));

/* A copy of exactly `size` bytes, so that a sanitizer sees one read too far. */
static void run_exact(const uint8_t *at, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    if (size)
        memcpy(copy, at, size);
    if (LLVMFuzzerTestOneInput(copy, size))
        fprintf(stderr, "a target returns 0\n");
    free(copy);
}

static int file_run(const char *path)
{
    static uint8_t input[INPUT_BYTES_MAX];
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return 1;
    }
    size_t size = fread(input, 1, sizeof input, file);
    int bad = ferror(file);
    fclose(file);
    run_exact(input, size);
    size_t stride = &replay_stride ? replay_stride : 1;
    for (size_t part = 0; part < size && size <= TRUNCATED_BYTES_MAX * stride;
         part += stride)
        run_exact(input, part);
    return bad;
}

static int folder_run(const char *path)
{
    int bad = 0;
    int count = 0;
    DIR *folder = opendir(path);
    if (!folder)
        return file_run(path);
    for (struct dirent *entry; (entry = readdir(folder));) {
        char name[1024];
        struct stat status;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (stat(name, &status) || !S_ISREG(status.st_mode))
            continue;
        bad |= file_run(name);
        count++;
    }
    closedir(folder);
    printf("%s %s: %d inputs\n", bad ? "not ok" : "ok", path, count);
    return bad;
}

int main(int argc, char **argv)
{
    /* .../replay_NAME replays the corpus of NAME. */
    const char *name = strstr(argv[0], "replay_");
    char corpus[1024];
    struct stat status;
    int bad = 0;
    run_exact((const uint8_t *)"", 0);
    snprintf(corpus, sizeof corpus, "tests/fuzz/corpus/%s",
             name ? name + strlen("replay_") : "");
    if (name && !stat(corpus, &status))
        bad |= folder_run(corpus);
    for (int i = 1; i < argc; i++)
        bad |= folder_run(argv[i]);
    return bad;
}
