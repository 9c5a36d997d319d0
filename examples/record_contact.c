/* Records one contact on an existing vault and says how safe it is.
 *
 *   cc record_contact.c $(pkg-config --cflags --libs libsatchel) -o record
 *   ./record dana.vault PERSON "Roof leaks again; landlord called twice."
 *
 * The vault must be enrolled (`satchel enroll`), and the passphrase stands in
 * the file that SATCHEL_PASSPHRASE_FILE names.  No network is needed: what is
 * written is kept here until `satchel sync` or the daemon brings it to the
 * office. */
#include <satchel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The handle carries the text of what went wrong, also when opening failed. */
static int complain(satchel *vault)
{
    fprintf(stderr, "record: %s\n", satchel_message(vault));
    satchel_close(vault);
    return EXIT_FAILURE;
}

static int read_passphrase(char *out, int size)
{
    const char *path = getenv("SATCHEL_PASSPHRASE_FILE");
    FILE *file = path ? fopen(path, "r") : NULL;
    if (!file)
        return 0;
    int got = fgets(out, size, file) != NULL;
    fclose(file);
    out[got ? strcspn(out, "\r\n") : 0] = 0;
    return got;
}

int main(int argc, char **argv)
{
    char passphrase[256];
    if (argc != 4 || !read_passphrase(passphrase, sizeof passphrase)) {
        fputs("usage: SATCHEL_PASSPHRASE_FILE=F record VAULT PERSON TEXT\n",
              stderr);
        return 2;
    }

    /* Options are versioned: start from the _INIT value, set what you need. */
    struct satchel_options options = SATCHEL_OPTIONS_INIT;
    options.passphrase = passphrase;
    satchel *vault;
    if (satchel_open(&vault, argv[1], &options) != SATCHEL_OK)
        return complain(vault);

    /* Documenting a contact.  What is left out is simply not known yet. */
    struct satchel_contact contact = SATCHEL_CONTACT_INIT;
    contact.person = argv[2];
    contact.kind = "home_visit";
    contact.narrative = argv[3];
    char id[SATCHEL_ID_BYTES];
    if (satchel_record_contact(vault, &contact, id) != SATCHEL_OK)
        return complain(vault);

    /* Reading it back: JSON with every field, who wrote it and when, and the
     * context token.  A form that lets the person edit the record gives that
     * token to satchel_write(): if a colleague has changed the same field
     * meanwhile, both values are kept and the office is asked. */
    char *shown;
    if (satchel_read(vault, id, 0, &shown) != SATCHEL_OK)
        return complain(vault);
    printf("%s\n", shown);
    satchel_free(shown);

    /* Custody: what only this device has, and for how long. */
    struct satchel_status status = SATCHEL_STATUS_INIT;
    if (satchel_status(vault, &status) != SATCHEL_OK)
        return complain(vault);
    printf("contact %s is kept; %lld not yet at the office, oldest %lld s\n",
           id, (long long)status.here, (long long)status.oldest_s);

    satchel_close(vault);
    return EXIT_SUCCESS;
}
