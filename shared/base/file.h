/* Whole files: read with a ceiling, or made durably and never over another.
 *
 * What file_write_new() has written is on the disk, under its name, when it
 * returns; until then nothing stands there. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdio.h>

#include "shared/base/buffer.h"

#define FILE_PATH_CHARS 4096

/* What went wrong with a file that somebody named; static. */
const char *file_err_text(enum err err);

/* Appends the contents; ERR_TOO_BIG above the buffer's ceiling. */
MUST_CHECK enum err file_read(const char *path, struct buffer *out);

/* ERR_EXISTS when there is something of that name, which then stays. */
MUST_CHECK enum err file_write_new(const char *path, struct bytes contents);

/* Closes `out`: ERR_IO when any of all that was printed to it did not arrive.
 * Whoever prints for people and pipes ends with this for stdout. */
MUST_CHECK enum err file_print_end(FILE *out);

/* Makes durable what its folder says of this name. */
MUST_CHECK enum err file_folder_sync(const char *path);

#endif
