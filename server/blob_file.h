/* The files of attachments: DATA/blobs/NAME, and NAME.STREAM.part on the way.
 *
 * Sealed bytes are appended to the part as they come, so that a cut connection
 * goes on at the byte; a stream is one device's sealing of one content, and its
 * bytes never change, so that two connections may write it at once.  Once
 * whole it is opened, checked against its name and renamed: a file without
 * .part is always complete.  No locks, no state in memory. */
#ifndef SERVER_BLOB_FILE_H
#define SERVER_BLOB_FILE_H

#include "server/office.h"
#include "server/store_blob.h"

#define BLOB_PATH_CHARS 1200

/* True when the whole content is here. */
bool blob_file_there(const struct office *office,
                     const uint8_t blob[HASH_BYTES]);
/* Opens the part, made if need be; *size is what it holds. */
MUST_CHECK enum err blob_part_open(const struct office *office,
                                   const uint8_t blob[HASH_BYTES],
                                   struct bytes wrap, int *fd, int64_t *size);
MUST_CHECK enum err blob_part_write(int fd, int64_t offset, struct bytes bytes);
/* The whole part becomes the content, durably.  ERR_CORRUPT when it is not what
 * the name says; the part is then removed. */
MUST_CHECK enum err blob_part_finish(const struct office *office,
                                     const struct blob_row *row,
                                     struct bytes wrap, int fd);
/* Appends up to `most` bytes of the content. */
MUST_CHECK enum err blob_file_read(const struct office *office,
                                   const uint8_t blob[HASH_BYTES],
                                   int64_t offset, size_t most,
                                   struct buffer *out);
/* Reads it through.  ERR_NOT_FOUND, ERR_CORRUPT. */
MUST_CHECK enum err blob_file_check(const char *path,
                                    const struct blob_row *row);
/* The path of a content in a folder of such files. */
void blob_file_path(char out[BLOB_PATH_CHARS], const char *folder,
                    const uint8_t blob[HASH_BYTES]);
void blob_file_folder(char out[BLOB_PATH_CHARS], const struct office *office);
/* Removes what a killed process left: unfinished files older than an hour, and
 * parts of contents that are here; and parts untouched for 30 days, which their
 * devices begin anew. */
void blob_file_sweep(const struct office *office);
/* Bytes on the way of all attachments but this one. */
int64_t blob_file_parts(const struct office *office,
                        const uint8_t blob[HASH_BYTES]);
/* Removes the content and what is on the way of it from a folder of such files;
 * gone already is well. */
MUST_CHECK enum err blob_file_remove(const char *folder,
                                     const uint8_t blob[HASH_BYTES]);
/* Removes the folder of a data directory that is given up. */
void blob_file_forget(const char *data_dir);
/* Would `more` bytes leave the disk enough for the text? */
bool blob_file_room(const struct office *office, int64_t more);

#endif
