/* The JSON shapes of HSDS 3.0 as rows of tables.
 *
 * `tabular`: an object of lists named as the CSV files; `*_list`: a page with
 * `contents`; everything else is one object, `*_full` or not, whose nested
 * objects and lists are rows of their own that belong to the object around
 * them.  Which type the outermost object is tells the file's name, else its
 * members. */
#ifndef SERVER_IMPORT_SHAPE_H
#define SERVER_IMPORT_SHAPE_H

#include "server/import_rows.h"

/* Adds all rows of a parsed file; what cannot be used is noted. */
MUST_CHECK enum err import_shape_add(struct import_rows *rows,
                                     const struct import_json *root,
                                     const struct import_file *file);

#endif
