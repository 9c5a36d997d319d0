/* A year in one agency: plays it from a seed, with vaults that sync with a real
 * office, and compares every report with the books that it kept meanwhile.
 *
 *   agency BUILD WORKERS PERSONS CONTACTS SEED
 *
 * BUILD has satchel-central; run it where schema/ and examples/ are.  Prints a
 * line a report, "ok" or "not ok", and ends with 1 when a figure differs.  With
 * KEEP set office and vaults stay, as something true to work on. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include "bench/agency/tally.h"
#include "bench/agency/year.h"

static char folder[256];

/* Everything that was started ends, and its files go. */
static void leave(void)
{
    char command[320];
    office_stop();
    if (getenv("KEEP") && folder[0]) {
        printf("# kept: %s/office\n", folder);
        return;
    }
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (folder[0] && system(command))
        fputs("some files stay behind\n", stderr);
}

static void stopped(int number)
{
    (void)number;
    exit(1);
}

static int number(const char *text, int least)
{
    int value = atoi(text);
    if (value < least)
        die("%s: give a number of at least %d", text, least);
    return value;
}

static void hire(struct world *w, struct office *office, int worker)
{
    char path[400];
    struct worker *me = LIST_ADD(w->workers);
    me->team = worker / 2;
    snprintf(me->device.user, sizeof me->device.user, "worker%02d", worker);
    office_tell(office, "user add %s --role worker --caseload team%d",
                me->device.user, me->team);
    char *invite = office_ask(office, "invite --user %s --json --as ruth",
                              me->device.user);
    char *code = strstr(invite, "\"code\":\"");
    if (!code)
        die("no code in %s", invite);
    code += strlen("\"code\":\"");
    code[strcspn(code, "\"")] = '\0';
    snprintf(path, sizeof path, "%s/%s.vault", folder, me->device.user);
    device_enrol(&me->device, path, office->url, code);
    free(invite);
}

int main(int argc, char **argv)
{
    static struct world world;
    struct office office = {.folder = folder};
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 6)
        die("agency BUILD WORKERS PERSONS CONTACTS SEED");
    setenv("TZ", "UTC", 1);
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/satchel-agency.XXXXXX",
             base ? base : "/tmp");
    atexit(leave);
    signal(SIGINT, stopped);
    signal(SIGTERM, stopped);
    if (!mkdtemp(folder))
        die("no folder like %s", folder);
    office.build = argv[1];
    world.worker_count = number(argv[2], 2);
    world.person_count = number(argv[3], 1);
    world.contact_count = number(argv[4], 0);
    workload_init(&world.dice, (uint64_t)number(argv[5], 0));
    directory_read(&world);
    office_make(&office);
    office_serve(&office);
    for (int i = 0; i < world.worker_count; i++)
        hire(&world, &office, i);
    year_play(&world, &office);
    printf("# played: %zu persons, %zu contacts, %zu referrals, %zu "
           "conflicts\n",
           world.persons.count, world.contacts.count, world.referrals.count,
           world.clashes.count);
    bool agree = tally_all(&world, &office);
    for (int i = 0; i < world.worker_count; i++)
        device_close(device_of(&world, i));
    return agree ? 0 : 1;
}
