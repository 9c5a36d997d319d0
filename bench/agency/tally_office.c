/* Devices and what waits for a decision, and all reports in turn. */
#include "bench/agency/tally.h"

#include <sys/resource.h>

#define YEAR "--from 2022-01-01 --to 2022-12-31"
#define AS_OF "--as-of 2022-12-31"
/* What a smaller agency takes says nothing. */
#define TIMED_CONTACTS 10000

void tally_r19(struct world *w, struct tally *tally)
{
    for (size_t i = 0; i < w->workers.count; i++) {
        const struct device *d = &w->workers.at[i].device;
        struct tally_row *row =
            tally_row(tally, d->user, d->replica, "may sync", NULL);
        tally_add(tally, row, "lines", d->lines);
    }
}

void tally_r19b(struct world *w, struct tally *tally)
{
    for (size_t i = 0; i < w->clashes.count; i++) {
        const struct clash *c = &w->clashes.at[i];
        struct tally_row *row = tally_row(tally, c->type, c->field, NULL);
        tally_add(tally, row, "conflicts", 1);
        tally_id(row, &c->id);
    }
}

static const struct {
    const char *report, *options;
    tally_fill *fill; /* NULL: the year has no books for it */
    const char *ignored, *why;
} all[] = {
    {"R-01", AS_OF, tally_r01, NULL, NULL},
    {"R-01b", YEAR, tally_r01b, NULL, NULL},
    {"R-02", AS_OF, tally_r02, NULL, NULL},
    {"R-02b", "", tally_r02b, NULL, NULL},
    {"R-02c", AS_OF, tally_r02c, NULL, NULL},
    {"R-03", AS_OF " --from 2022-01-01", tally_r03, NULL, NULL},
    {"R-03b", YEAR, tally_r03b, NULL, NULL},
    {"R-04", AS_OF, tally_r04, NULL, NULL},
    {"R-04b", "", tally_r04b, NULL, NULL},
    {"R-05", AS_OF, tally_r05, NULL, NULL},
    {"R-05b", AS_OF, tally_r05b, NULL, NULL},
    {"R-06", "", tally_r06, NULL, NULL},
    {"R-07", YEAR, tally_r07, NULL, NULL},
    {"R-08", YEAR, tally_r08, NULL, NULL},
    {"R-08b", AS_OF, tally_r08b, NULL, NULL},
    {"R-09", YEAR, tally_r09, NULL, NULL},
    {"R-09b", AS_OF, tally_r09b, NULL, NULL},
    {"R-11", AS_OF, tally_r11, NULL, NULL},
    {"R-13", AS_OF, tally_r13, NULL, NULL},
    {"R-10", AS_OF, tally_r10, NULL, NULL},
    {"R-12", YEAR, tally_r12, NULL, NULL},
    {"R-14", YEAR " --set version=2.1", tally_r14, NULL, NULL},
    {"R-14b", YEAR " --set version=2.1", tally_r14b, NULL, NULL},
    {"R-14c", YEAR " --set version=2.1", tally_r14c, NULL, NULL},
    {"R-15", YEAR " " AS_OF, tally_r15, NULL, NULL},
    {"R-16", "", tally_r16, NULL, NULL},
    {"R-16b", "", tally_r16b, NULL, NULL},
    {"R-17", YEAR " " AS_OF, tally_r17, NULL, NULL},
    {"R-18", YEAR " --set tax_year=2021", tally_r18, NULL, NULL},
    {"R-18b", "--as-of 2022-03-01", tally_r18b, NULL, NULL},
    {"R-18c", "--set tax_year=2021", tally_r18c, NULL, NULL},
    {"R-18d", "", tally_r18d, NULL, NULL},
    {"R-19", "", tally_r19, "days ahead_s", "which the machine's clock makes"},
    {"R-19b", "", tally_r19b, "week oldest_days",
     "which the machine's clock makes"},
    {"R-20", "--set case=", tally_r20, NULL, NULL},
};
#define COUNT (sizeof all / sizeof *all)

static void run_uncounted(const char *report, const struct office *office,
                          struct tally_total *total)
{
    free(office_ask(office, "report %s --json", report));
    printf("# %-5s not compared: the generator keeps no books for it\n",
           report);
    total->not_compared++;
}

static void option_text(struct world *w, size_t i, char out[128])
{
    snprintf(out, 128, "%s%s", all[i].options,
             strcmp(all[i].report, "R-20")
                 ? ""
                 : w->persons.at[packet_person(w)].id.text);
}

static void compare_one(struct world *w, const struct office *office,
                        const char *report, struct tally_total *total)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (strcmp(all[i].report, report) != 0)
            continue;
        char options[128];
        option_text(w, i, options);
        struct tally tally = {.report = report,
                              .options = options,
                              .ignored = all[i].ignored,
                              .why = all[i].why};
        all[i].fill(w, &tally);
        tally_compare(&tally, office, total);
        return;
    }
    run_uncounted(report, office, total);
}

static double seconds(const struct rusage *use)
{
    return (double)(use->ru_utime.tv_sec + use->ru_stime.tv_sec) +
           (double)(use->ru_utime.tv_usec + use->ru_stime.tv_usec) / 1e6;
}

/* How long all of them take on two processors. */
static void time_together(struct world *w, const struct office *office)
{
    char path[300], command[400], options[128];
    snprintf(path, sizeof path, "%s/reports", office->folder);
    FILE *file = fopen(path, "w");
    for (size_t i = 0; file && i < COUNT; i++) {
        option_text(w, i, options);
        fprintf(file,
                "\"%s/satchel-central\" report %s %s --json "
                "--data \"%s/office\" >/dev/null\n",
                office->build, all[i].report, options, office->folder);
    }
    if (!file || fclose(file))
        die("%s cannot be written", path);
    snprintf(command, sizeof command, "xargs -P 2 -I LINE sh -c LINE <'%s'",
             path);
    struct rusage before, after;
    getrusage(RUSAGE_CHILDREN, &before);
    double start = tally_now_s();
    if (system(command))
        die("%s failed", command);
    getrusage(RUSAGE_CHILDREN, &after);
    printf("# all reports, two at a time: %.1f s, %.1f s of processors\n",
           tally_now_s() - start, seconds(&after) - seconds(&before));
}

/* Of all reports that the program has, so that a new one is not passed over. */
bool tally_all(struct world *w, const struct office *office)
{
    struct tally_total total = {0};
    char *list = office_ask(office, "report");
    for (char *line = strtok(list, "\n"); line; line = strtok(NULL, "\n")) {
        char report[8];
        snprintf(report, sizeof report, "%.*s", (int)strcspn(line, " "), line);
        compare_one(w, office, report, &total);
    }
    free(list);
    printf("# %lld reports compared, %lld agree: %lld figures, %lld differ; "
           "%lld reports not compared; %.1f s\n",
           total.reports, total.agreeing, total.figures, total.different,
           total.not_compared, total.seconds);
    if (w->contact_count >= TIMED_CONTACTS)
        time_together(w, office);
    return total.reports > 0 && total.different == 0;
}
