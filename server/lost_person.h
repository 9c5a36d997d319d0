/* Who is to be told of a lost device: the persons of the cases on it, with how
 * they can be reached and what to mind: a letter may go to a house from which
 * somebody fled.  And the vouchers and attachments of those cases. */
#ifndef SERVER_LOST_PERSON_H
#define SERVER_LOST_PERSON_H

#include "server/lost.h"

struct lost_person {
    char record[ID_CHARS + 1];
    char same_as[ID_CHARS + 1]; /* the record that stands for it; "" itself */
    char kase[ID_CHARS + 1];    /* on the device */
    bool there;
    /* Owned by the arena of the list; "" nothing is known. */
    const char *name, *phones, *address, *mind;
};

struct lost_voucher {
    char record[ID_CHARS + 1];
    const char *number, *user, *until; /* owned by the arena */
    int64_t cents;
};

struct lost_people {
    struct lost_person *persons; /* by name */
    size_t person_count, person_room;
    size_t told; /* persons, each once */
    struct lost_voucher *vouchers;
    size_t voucher_count, voucher_room;
    size_t nobody;                  /* cases that are of no person */
    int64_t files_own, files_other; /* written there; fetched, maybe */
    bool found; /* somebody, in the case that is being read */
    struct same *same;
    struct map *known; /* records in `persons` */
    struct arena arena;
};

/* After lost_cases_load(). */
MUST_CHECK enum err lost_people_load(struct lost_people *out,
                                     const struct lost *lost,
                                     struct office *office, struct sql *sql);
void lost_people_fini(struct lost_people *people); /* a zeroed one, too */

#endif
