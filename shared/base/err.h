/* The one list of things that can go wrong.
 *
 * Append-only: numbers are part of the library's ABI (client/satchel.h shows
 * the same ones).  0 is success.  Misuse is an assert, the outside world is an
 * enum err.  Detail (which file, which offset) stands on the nearest handle. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define MUST_CHECK __attribute__((warn_unused_result))

enum err {
    ERR_OK = 0,
    ERR_NOMEM,       /* memory is exhausted */
    ERR_IO,          /* a read or write failed */
    ERR_FULL,        /* the disk or a quota is full */
    ERR_CORRUPT,     /* stored bytes are not what was stored */
    ERR_BUSY,        /* another process holds the lock; try again */
    ERR_NOT_FOUND,   /* no such thing */
    ERR_EXISTS,      /* it is there already */
    ERR_INVALID,     /* input is not of the expected form */
    ERR_TOO_BIG,     /* a stated limit is exceeded */
    ERR_DENIED,      /* the one who asks may not */
    ERR_LOCKED,      /* the vault is locked: a passphrase is needed */
    ERR_PASSPHRASE,  /* the passphrase is wrong */
    ERR_NEWER,       /* written by a newer version of the program */
    ERR_FOREIGN,     /* a file, but not one of ours or of another agency */
    ERR_READ_ONLY,   /* the file or folder cannot be written */
    ERR_NETWORK,     /* the office was not reached */
    ERR_PROTOCOL,    /* the other side broke the protocol */
    ERR_SIGNATURE,   /* a signature or authentication tag does not verify */
    ERR_GAP,         /* a log number is missing */
    ERR_FORK,        /* two lines stand at one place of a log */
    ERR_STALE,       /* an old copy of this vault is at work */
    ERR_LINEAGE,     /* the office's history was rolled back */
    ERR_REVOKED,     /* the office revoked this device */
    ERR_AGAIN,       /* nothing now; ask later */
    ERR_TIMEOUT,     /* it took too long */
    ERR_CONFLICT,    /* the context is missing or from another record */
    ERR_UNSUPPORTED, /* a feature or version this build does not have */
    ERR_DESTROYED,   /* the vault's key is gone: too many wrong passphrases */
    ERR_COUNT
};

/* A short lower-case text ("the disk is full"); never NULL. */
const char *err_text(enum err err);

/* The stable name of an error for JSON and logs ("full"); never NULL. */
const char *err_name(enum err err);

/* What an errno of a file or socket means; ERR_IO when nothing closer does. */
enum err err_of_failure(int number);

/* The same, with the promise where analysers see it: it is never ERR_OK. */
static inline enum err err_of_errno(int number)
{
    enum err err = err_of_failure(number);
    return err ? err : ERR_IO;
}

#endif
