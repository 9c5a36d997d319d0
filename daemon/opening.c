#include "daemon/opening.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PASSPHRASE_BYTES_MAX 1024

/* The first line of the file. */
static enum err passphrase_read(const char *path,
                                char out[PASSPHRASE_BYTES_MAX])
{
    size_t size = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_DENIED;
    for (;;) {
        ssize_t got = read(fd, out + size, PASSPHRASE_BYTES_MAX - 1 - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        size += (size_t)got;
    }
    close(fd);
    out[size] = '\0';
    out[strcspn(out, "\r\n")] = '\0';
    return out[0] ? ERR_OK : ERR_INVALID;
}

static enum err open_with(struct vault **out,
                          const struct options_vault *config,
                          const char *passphrase, char *detail)
{
    struct vault_options options = {.passphrase = passphrase};
    return vault_open(out, config->path, &options, detail);
}

enum err opening_vault(struct vault **out, const struct options_vault *config,
                       enum err *locked_by, char detail[VAULT_DETAIL_CHARS])
{
    char passphrase[PASSPHRASE_BYTES_MAX];
    *out = NULL;
    *locked_by = ERR_OK;
    detail[0] = '\0';
    if (!config->passphrase_file[0])
        return open_with(out, config, NULL, detail);
    enum err err = passphrase_read(config->passphrase_file, passphrase);
    if (!err)
        err = open_with(out, config, passphrase, detail);
    else
        snprintf(detail, VAULT_DETAIL_CHARS,
                 "the passphrase file cannot be used: %s", err_text(err));
    sodium_memzero(passphrase, sizeof passphrase);
    if (!err || (detail[0] && *out))
        return err;
    /* Locked it still brings to safety what was written. */
    char locked_detail[VAULT_DETAIL_CHARS];
    enum err locked_err = open_with(out, config, NULL, locked_detail);
    if (locked_err) {
        memcpy(detail, locked_detail, sizeof locked_detail);
        return locked_err;
    }
    *locked_by = err;
    if (!detail[0])
        snprintf(detail, VAULT_DETAIL_CHARS, "%s", err_text(err));
    return ERR_OK;
}
