/* The files that an import is given: one by name, or those of a folder.
 *
 * Not thread-safe. */
#ifndef SERVER_IMPORT_FILES_H
#define SERVER_IMPORT_FILES_H

#include "server/import_note.h"

#define IMPORT_DETAIL_CHARS 512

/* What is done with each; `detail` (IMPORT_DETAIL_CHARS) says what is wrong. */
typedef enum err import_file_fn(void *context, const struct import_file *file,
                                char *detail);

/* Reads a regular file whole into `arena`.  ERR_INVALID when it is no regular
 * one, ERR_TOO_BIG above `bytes_max`; else as open() and read() say. */
MUST_CHECK enum err import_file_load(struct arena *arena, const char *path,
                                     size_t bytes_max, struct bytes *out);

/* Reads PATH, or the files of the folder PATH whose names end in `suffix`, by
 * name, into `arena`, and hands each to `take`, until one fails.  Files larger
 * than `bytes_max` are ERR_TOO_BIG, a folder without any is ERR_NOT_FOUND;
 * `detail` is one line that names the file. */
MUST_CHECK enum err import_files_each(const char *path, const char *suffix,
                                      size_t bytes_max, struct arena *arena,
                                      import_file_fn *take, void *context,
                                      char *detail);

#endif
