#include "tests/sim/focus.h"

#define NEVER (-1)
#define NOTHING_BREAKS                                                         \
    [STEP_CLONE] = NEVER, [STEP_RESTORE] = NEVER, [STEP_LOSE] = NEVER,         \
    [STEP_ROLL_BACK] = NEVER, [STEP_COLLIDE] = NEVER, [STEP_UNBACKED] = NEVER

/* How often each thing happens, unless the focus says otherwise. */
static const int usual[STEP_COUNT] = {
    [STEP_PERSON] = 60,       [STEP_CHILD] = 120,
    [STEP_EDIT] = 170,        [STEP_FORM_OPEN] = 60,
    [STEP_FORM_SAVE] = 60,    [STEP_MEMBER] = 40,
    [STEP_SEAL] = 20,         [STEP_RESOLVE] = 50,
    [STEP_SYNC] = 230,        [STEP_ASSIGN] = 35,
    [STEP_OFFICE_EDIT] = 40,  [STEP_OFFICE_RESOLVE] = 25,
    [STEP_DEVICE_CRASH] = 25, [STEP_OFFICE_CRASH] = 15,
    [STEP_OUTAGE] = 15,       [STEP_CLOCK] = 10,
    [STEP_CLONE] = 4,         [STEP_BACKUP] = 6,
    [STEP_RESTORE] = 5,       [STEP_FORGE] = 20,
    [STEP_LOCKED] = 15,       [STEP_MAIL] = 40,
    [STEP_LOSE] = 3,          [STEP_SUSPEND] = 12,
    [STEP_HOT_EDIT] = 15,     [STEP_ENROL] = 3,
    [STEP_STRANGER] = 6,      [STEP_LEND] = 25,
    [STEP_SAME_ID] = 4,       [STEP_ODD] = 8,
    [STEP_REVOKE] = 3,        [STEP_ROLL_BACK] = 6,
    [STEP_TYPE] = 12,         [STEP_VISIT] = 40,
    [STEP_REFER] = 15,        [STEP_DISCLOSE] = 12,
    [STEP_ANSWER] = 25,
};

static const struct focus focuses[] = {
    {"everything", {0}},
    {"conflicts",
     {NOTHING_BREAKS, [STEP_HOT_EDIT] = 200, [STEP_RESOLVE] = 180,
      [STEP_SEAL] = 60, [STEP_FORM_OPEN] = 100, [STEP_FORM_SAVE] = 100,
      [STEP_MEMBER] = 80, [STEP_OFFICE_EDIT] = 80, [STEP_SYNC] = 260,
      [STEP_PERSON] = 15, [STEP_CHILD] = 50, [STEP_ASSIGN] = NEVER}},
    {"holds",
     {NOTHING_BREAKS, [STEP_HOT_EDIT] = 260, [STEP_SUSPEND] = 70,
      [STEP_OFFICE_RESOLVE] = 40, [STEP_SYNC] = 330, [STEP_PERSON] = 20,
      [STEP_CHILD] = 40, [STEP_EDIT] = 60, [STEP_ASSIGN] = 10, [STEP_LEND] = 80,
      [STEP_SAME_ID] = 10}},
    {"moves",
     {NOTHING_BREAKS, [STEP_ASSIGN] = 150, [STEP_SYNC] = 350,
      [STEP_PERSON] = 25, [STEP_HOT_EDIT] = 60, [STEP_ENROL] = 10}},
    {"restores",
     {[STEP_BACKUP] = 50,
      [STEP_RESTORE] = 25,
      [STEP_ASSIGN] = 110,
      [STEP_PERSON] = 30,
      [STEP_OFFICE_EDIT] = 110,
      [STEP_ENROL] = 15,
      [STEP_SYNC] = 280,
      [STEP_HOT_EDIT] = 40}},
    {"clones",
     {[STEP_CLONE] = 25,
      [STEP_ROLL_BACK] = 40,
      [STEP_RESTORE] = NEVER,
      [STEP_SYNC] = 280,
      [STEP_HOT_EDIT] = 80,
      [STEP_ASSIGN] = 90,
      [STEP_LOSE] = 6}},
    {"sites",
     {NOTHING_BREAKS, [STEP_REFER] = 60, [STEP_DISCLOSE] = 60,
      [STEP_ANSWER] = 160, [STEP_ASSIGN] = 90, [STEP_SYNC] = 330,
      [STEP_PERSON] = 30}},
    {"copies and restores",
     {[STEP_CLONE] = 25,
      [STEP_BACKUP] = 40,
      [STEP_RESTORE] = 25,
      [STEP_ROLL_BACK] = 20,
      [STEP_SYNC] = 300,
      [STEP_HOT_EDIT] = 60,
      [STEP_ASSIGN] = 60,
      [STEP_LOSE] = 12}},
    {"strangers",
     {NOTHING_BREAKS, [STEP_STRANGER] = 60, [STEP_FORGE] = 60,
      [STEP_LOCKED] = 40, [STEP_MAIL] = 90, [STEP_ENROL] = 10}},
};

const struct focus *focus_of(uint64_t seed)
{
    return &focuses[seed % (sizeof focuses / sizeof *focuses)];
}

/* Of one seed in four (history.c). */
static const int further_usual[STEP_COUNT] = {
    [STEP_DISPOSE] = 20,  [STEP_JOURNAL] = 12,  [STEP_ATTACH] = 40,
    [STEP_FETCH] = 15,    [STEP_PRUNE] = 12,    [STEP_BLOB_DISK] = 6,
    [STEP_COLLIDE] = 8,   [STEP_TOGETHER] = 25, [STEP_BACKUP] = 12,
    [STEP_UNBACKED] = 12,
};

static int weight(const struct focus *focus, bool further, int kind)
{
    int own = focus->weights[kind];
    int more = further ? further_usual[kind] : 0;
    return own < 0 ? 0 : (own ? own : usual[kind]) + more;
}

enum step_kind focus_draw(const struct focus *focus, bool further,
                          const struct random *dice)
{
    int total = 0;
    for (int i = 0; i < STEP_COUNT; i++)
        total += weight(focus, further, i);
    int at = (int)random_below(dice, (uint64_t)total);
    for (int i = 0; i < STEP_COUNT; i++)
        if ((at -= weight(focus, further, i)) < 0)
            return (enum step_kind)i;
    return STEP_SYNC;
}
