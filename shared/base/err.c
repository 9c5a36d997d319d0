#include "shared/base/err.h"

#include <errno.h>

static const struct {
    const char *name;
    const char *text;
} errors[ERR_COUNT] = {
    [ERR_OK] = {"ok", "no error"},
    [ERR_NOMEM] = {"nomem", "memory is exhausted"},
    [ERR_IO] = {"io", "a read or write failed"},
    [ERR_FULL] = {"full", "the disk is full"},
    [ERR_CORRUPT] = {"corrupt", "stored bytes are damaged"},
    [ERR_BUSY] = {"busy", "another process holds the lock"},
    [ERR_NOT_FOUND] = {"not_found", "no such thing"},
    [ERR_EXISTS] = {"exists", "it exists already"},
    [ERR_INVALID] = {"invalid", "the input is not of the expected form"},
    [ERR_TOO_BIG] = {"too_big", "a limit is exceeded"},
    [ERR_DENIED] = {"denied", "this is not permitted"},
    [ERR_LOCKED] = {"locked", "the vault is locked"},
    [ERR_PASSPHRASE] = {"passphrase", "the passphrase is wrong"},
    [ERR_NEWER] = {"newer", "this was written by a newer version"},
    [ERR_FOREIGN] = {"foreign", "this is not a file of this program or agency"},
    [ERR_READ_ONLY] = {"read_only", "the file or folder cannot be written"},
    [ERR_NETWORK] = {"network", "the office was not reached"},
    [ERR_PROTOCOL] = {"protocol", "the other side broke the protocol"},
    [ERR_SIGNATURE] = {"signature", "a signature does not verify"},
    [ERR_GAP] = {"gap", "a line of the log is missing"},
    [ERR_FORK] = {"fork", "two lines stand at one place of a log"},
    [ERR_STALE] = {"stale", "an old copy of this vault is at work"},
    [ERR_LINEAGE] = {"lineage", "the office's history was rolled back"},
    [ERR_REVOKED] = {"revoked", "the office revoked this device"},
    [ERR_AGAIN] = {"again", "there is nothing yet; ask later"},
    [ERR_TIMEOUT] = {"timeout", "it took too long"},
    [ERR_CONFLICT] = {"conflict", "the context does not fit the record"},
    [ERR_UNSUPPORTED] = {"unsupported", "this version cannot do that"},
    [ERR_DESTROYED] = {"destroyed", "the key of the vault is destroyed"},
};

const char *err_text(enum err err)
{
    if ((unsigned int)err >= ERR_COUNT)
        return "an unknown error";
    return errors[err].text;
}

const char *err_name(enum err err)
{
    if ((unsigned int)err >= ERR_COUNT)
        return "unknown";
    return errors[err].name;
}

enum err err_of_failure(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
        return ERR_DENIED;
    case EROFS:
        return ERR_READ_ONLY;
    case ENOSPC:
    case EDQUOT:
        return ERR_FULL;
    case EEXIST:
        return ERR_EXISTS;
    case ENOMEM:
        return ERR_NOMEM;
    case EISDIR:
        return ERR_FOREIGN;
    default:
        return ERR_IO;
    }
}
