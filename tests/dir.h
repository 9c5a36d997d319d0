/* A scratch folder for one test, removed with all it holds. */
#ifndef TESTS_DIR_H
#define TESTS_DIR_H

#define DIR_CHARS 256

/* Makes a folder under $TMPDIR or /tmp; `path` holds DIR_CHARS.  Aborts on
 * failure: a test has nothing to tell then. */
void dir_make(char *path);
void dir_remove(const char *path);
/* "folder/name" into `out`, which holds 2 * DIR_CHARS. */
const char *dir_file(char *out, const char *path, const char *name);

#endif
