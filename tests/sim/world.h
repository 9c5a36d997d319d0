/* A small world in one process: an office, devices, a network, from one seed.
 *
 * The code under test is the shipped code: vault, exchange, sync, ingest and
 * the SQLite store.  What is simulated stands behind the seams: disks
 * (disk.h), the clock, randomness and the network (net.c).  The world keeps the
 * ground truth: every acknowledged write and what its writer had on the screen.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "server/office.h"
#include "shared/exchange/session.h"
#include "shared/replica/record.h"
#include "tests/sim/disk.h"
#include "tests/sim/odd.h"

#define DEVICES_MAX 10
#define RECORDS_MAX 400
#define WRITES_MAX 4000
#define SCREEN_MAX 96
#define ATTEMPTS_MAX 200
#define FORMS_MAX 4
#define MAIL_MAX 12
#define PHOTOS_MAX 64
#define HOLDS_MAX 256
#define COVERS_MAX 320
#define COVER_CHARS 48
#define START_MS INT64_C(1767225600000) /* 2026-01-01 */

struct map;
struct view;

/* clocks.h */
enum clocks {
    CLOCKS_DRAWN, /* as the steps say */
    CLOCKS_RIGHT,
    CLOCKS_WRONG
};

enum {
    SCENE_CLONED = 1,
    SCENE_RESTORED = 2,
    SCENE_DISPOSED = 4,
    SCENE_JOURNAL = 8,   /* one is kept */
    SCENE_BEHIND = 16,   /* its volume was away once */
    SCENE_DAMAGED = 32,  /* so was what it holds */
    SCENE_PUT_BACK = 64, /* a vault, to a copy of it */
    SCENE_BACKUP = 256,  /* there is one */
    SCENE_TWO_BACKUPS = 512
};

/* What people and machines do; step.c. */
enum step_kind {
    STEP_PERSON,
    STEP_CHILD,
    STEP_EDIT,
    STEP_FORM_OPEN,
    STEP_FORM_SAVE,
    STEP_MEMBER,
    STEP_SEAL,
    STEP_RESOLVE,
    STEP_SYNC,
    STEP_ASSIGN,
    STEP_OFFICE_EDIT,
    STEP_OFFICE_RESOLVE,
    STEP_DEVICE_CRASH,
    STEP_OFFICE_CRASH,
    STEP_OUTAGE,
    STEP_CLOCK,
    STEP_CLONE,
    STEP_RESTORE,
    STEP_BACKUP,
    STEP_FORGE,
    STEP_LOCKED,
    STEP_MAIL,
    STEP_LOSE,
    STEP_SUSPEND,
    STEP_HOT_EDIT,
    STEP_ENROL,
    STEP_STRANGER,
    STEP_LEND,
    STEP_SAME_ID,
    STEP_ODD,
    STEP_REVOKE,
    STEP_ROLL_BACK,
    STEP_TYPE,
    STEP_VISIT,
    STEP_REFER,
    STEP_DISCLOSE,
    STEP_ANSWER,
    STEP_DISPOSE,
    STEP_JOURNAL,
    STEP_ATTACH,
    STEP_FETCH,
    STEP_PRUNE,
    STEP_BLOB_DISK,
    STEP_UNBACKED,
    STEP_COLLIDE,
    STEP_TOGETHER,
    STEP_COUNT
};

/* One acknowledged write and the truth about it. */
struct write {
    char record[ID_CHARS + 1];
    char id[WRITE_ID_CHARS + 1];
    char screen[SCREEN_MAX][WRITE_ID_CHARS + 1]; /* writes its author saw */
    size_t screen_count;
    int device;          /* negative: the office */
    enum step_kind step; /* during which it was written */
    char dot[DOT_CHARS + 1];
    bool excused; /* truth.c */
    bool gone;    /* on purpose; dispose.c */
    /* Whose form it was: the writer may have become another since. */
    char reader[REPLICA_CHARS + 1];
};

/* A form that a person has open: the context and the screen of that moment. */
struct form {
    bool open;
    char record[ID_CHARS + 1];
    char type[NAME_CHARS_MAX + 1];
    struct buffer context;
    char screen[SCREEN_MAX][WRITE_ID_CHARS + 1];
    size_t screen_count;
    char reader[REPLICA_CHARS + 1]; /* the device's name in that moment */
};

/* What happened how often, by name; coverage.h. */
struct cover_item {
    char name[COVER_CHARS];
    int64_t count;
};
struct cover {
    struct cover_item items[COVERS_MAX];
    size_t count;
};

/* An attachment: its bytes follow from its number; photos.c. */
struct photo {
    uint8_t blob[HASH_BYTES];
    char record[ID_CHARS + 1];
    size_t bytes;
    size_t write; /* that names it, in world.writes */
    bool claimed; /* the office has called it backed up */
};

/* A file on its way; mail.c. */
struct mail {
    uint8_t *at; /* owned; NULL: none */
    size_t size;
    bool reply;
};

struct device {
    bool used;
    char name[32], user[32], scope[SCOPE_CHARS_MAX + 1];
    struct vault *vault; /* NULL while it has no power */
    struct clock clock;
    struct world *world;
    int64_t skew_ms;
    struct form forms[FORMS_MAX];
    bool enrolled;
    bool lost;    /* for good; its place is not taken again */
    bool revoked; /* at the office, or was before a restore */
    bool told;    /* it has heard so: it is empty, and nobody writes on it */
    /* That it is revoked stands in the newest backup, and the one before; was
     * lost in a restore, so that it may be let in. */
    bool revoked_in_backup[2], forgotten;
    bool kept;     /* a backup program has a copy of its vault */
    bool put_back; /* to that copy, once */
};

struct world {
    char root[256];
    struct random_seeded dice; /* what happens */
    struct random_seeded salt; /* what the code under test draws */
    /* What no step drew once, apart, so that histories of the corpus stay what
     * they were. */
    struct random_seeded lot;
    int64_t now_ms;
    struct clock clock;
    struct log log;
    struct office *office; /* NULL while it has no power */
    struct sql sql;
    bool sql_open, online, faults;
    bool deaf;        /* no reply reaches a device */
    int64_t cut_up;   /* bytes until a request is cut, once; 0: never */
    int64_t cut_down; /* the same of replies */
    bool weak;        /* a disk may refuse: so may whoever uses it */
    bool stranger;    /* somebody else answers in the office's place */
    bool twins;       /* one id was given to records of two cases */
    unsigned scenes;  /* SCENE_* that happened */
    enum clocks clocks;
    struct view *view; /* borrowed; what the end is told to; NULL: nothing */
    enum step_kind step;
    struct device devices[DEVICES_MAX];
    char records[RECORDS_MAX][ID_CHARS + 1];
    char record_types[RECORDS_MAX][NAME_CHARS_MAX + 1];
    char record_cases[RECORDS_MAX][ID_CHARS + 1];
    size_t record_count;
    struct mail mail[MAIL_MAX];
    struct odd odd;
    struct photo photos[PHOTOS_MAX];
    size_t photo_count;
    int64_t orphans;      /* requests with one whose text was disposed of */
    bool blob_disk_full;  /* attachments find no room at the office */
    struct write *writes; /* owned, WRITES_MAX */
    size_t write_count;
    struct write *attempts; /* owned: whose outcome a power cut hid */
    size_t attempt_count;
    /* What stays held, as it is no revision of a known record. */
    struct dot unreleasable[HOLDS_MAX];
    size_t unreleasable_count;
    int64_t releases; /* that settled what was still held in the end */
    int64_t syncs, requests, reconciles, successions, crashes;
    int64_t lines; /* that were pushed and pulled */
    struct cover cover;
    bool failed;
    char why[1024];
    bool verbose;
};

void world_open(struct world *world, uint64_t seed, bool verbose);
/* One of two runs that are compared. */
bool world_twin(const struct world *world);
void world_close(struct world *world);
/* Nothing was copied or restored so far: nobody has a reason to reconcile. */
bool world_plain(const struct world *world);
/* The first failure counts; the run goes on to its end of step. */
void world_fail(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void world_say(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void world_cover(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
uint64_t world_dice(struct world *world, uint64_t limit);

/* found.c: the office and the first devices, founded once and begun from by
 * every history.  Each process has real files of its own: the agency's keys,
 * and what stands beside the store. */
void found_begin(struct world *world);
void found_remove(void); /* at the process's end */

/* Power and processes. */
void office_paths(const struct world *world, char *data, char *keys,
                  size_t room);
bool office_start(struct world *world);
/* As `restore` does: without a term, and nothing is done yet. */
bool office_start_idle(struct world *world);
void office_stop(struct world *world); /* clean */
void office_crash(struct world *world);
/* Has power, and will go on having it for this step. */
bool office_steady(struct world *world);
bool device_start(struct world *world, struct device *device);
void device_stop(struct device *device);
void device_crash(struct world *world, struct device *device); /* and start */
struct device *device_add(struct world *world, const char *user,
                          const char *scope);
bool device_enrol(struct world *world, struct device *device);
struct device *device_any(struct world *world); /* one that is running */
/* The answer is that it is revoked, as it should be: nobody writes on it. */
bool device_shut(struct device *device, enum err err);

/* One sync over the simulated network; false when it did not finish. */
bool device_sync(struct world *world, struct device *device);

/* net.c: a transport whose other end is the office. */
struct net;
void net_open(struct transport *out, struct world *world,
              struct device *device);

/* step.c: the things that people and machines do. */
struct step {
    enum step_kind kind;
    uint64_t seed; /* its own, so that a step can be left out */
};
const char *step_name(enum step_kind kind);
void step_run(struct world *world, const struct step *step);

/* mail.c: some files are written, brought and read. */
void mail_step(struct world *world);
void mail_close(struct world *world);

/* truth.c: after what may have lost writes that nobody else has. */
void truth_excuse(struct world *world);
void truth_revoked(struct world *world);
/* The ids of all writes whose text the office has. */
void truth_office(struct world *world, struct map *ids);

/* custody.c: a backup, and that the office counts it. */
void custody_backup(struct world *world);
/* Before a restore: the newest backup may be gone. */
void custody_lose_backup(struct world *world);
/* After it: whatever a device calls backed up is there. */
void custody_check(struct world *world);

/* oracle.c */
void oracle_during(struct world *world);
/* Faults have stopped: everything must come together. */
void oracle_settle(struct world *world);

/* admin.c: what an administrator does at the office. */
bool admin_user(struct world *world, const char *user, const char *scope);
enum err office_begin(struct world *world);
enum err office_end(struct world *world, enum err err);
bool admin_invite(struct world *world, const char *user, char code[32]);

#endif
