/* Configuration files (inih): sections, keys, values, with file:line errors.
 *
 * Values are staged and handed over only when the whole file parsed, since inih
 * gives a value longer than its line buffer truncated.  A line holds at most
 * 197 characters; a comment begins with ';' or '#', inside a line with " ;". */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include "shared/base/bytes.h"

#define CONFIG_ENTRIES_MAX 1024
#define CONFIG_SECTION_CHARS_MAX 49 /* inih would cut the rest off */
#define CONFIG_DETAIL_CHARS 256

struct config;

/* `detail` (CONFIG_DETAIL_CHARS) receives "file:line: what is wrong".
 * ERR_NOT_FOUND, ERR_DENIED, ERR_INVALID, ERR_TOO_BIG. */
MUST_CHECK enum err config_load(struct config **out, const char *path,
                                char *detail);
void config_free(struct config *config);
/* The last value of section.key, or NULL.  Borrowed from the config. */
const char *config_get(const struct config *config, const char *section,
                       const char *key);
size_t config_count(const struct config *config);
void config_entry(const struct config *config, size_t index,
                  const char **section, const char **key, const char **value);
/* The first line of a [section], whether it holds anything or not; *section is
 * borrowed.  False past the last. */
bool config_section(const struct config *config, size_t index,
                    const char **section, size_t *line);

#endif
