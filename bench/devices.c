/* What a device does, timed: called by bench/run, which starts the office.
 *
 *   devices local VAULT URL CODE ROWS    S1, S2 and the raw limits beside them
 *   devices push  VAULT URL CODE ROWS LEVEL
 *   devices pull  VAULT URL CODE LEVEL
 *   devices again VAULT LEVEL            one new contact, then nothing to say
 *   devices many  DIR URL ROWS CODE...   one process a device, all at once
 *   devices open  VAULT                  open and list
 *
 * Prints name=value pairs, one a line.  Seconds are wall time. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/workload.h"
#include "shared/exchange/session.h"
#include "shared/replica/record.h"

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what, enum err err, const char *detail)
{
    fprintf(stderr, "bench: %s: %s %s\n", what, err_name(err), detail);
    exit(1);
}

static void options_of(struct vault_options *options, const char *path,
                       char secret[512])
{
    snprintf(secret, 512, "%s.secret", path);
    *options = (struct vault_options){.passphrase = "bench",
                                      .device_secret = secret,
                                      .kdf_ops = 1,
                                      .kdf_bytes = 8192};
}

static struct vault *open_vault(const char *path)
{
    struct vault_options options;
    struct vault *vault;
    char secret[512], detail[VAULT_DETAIL_CHARS] = "";
    options_of(&options, path, secret);
    enum err err = vault_open(&vault, path, &options, detail);
    if (err)
        die("open", err, detail);
    return vault;
}

static struct vault *enrolled(const char *path, const char *url,
                              const char *code)
{
    struct vault_options options;
    struct vault *vault;
    struct transport transport;
    char secret[512], detail[VAULT_DETAIL_CHARS] = "";
    bool sent;
    options_of(&options, path, secret);
    enum err err = vault_create(&vault, path, &options, detail);
    if (err)
        die("create", err, detail);
    err = transport_http_open(&transport, -1);
    if (!err)
        err = session_enrol(vault, &transport, url, NULL, code, &sent, detail);
    if (err)
        die("enrol", err, detail);
    transport.close(transport.context);
    return vault;
}

/* A sync on a connection that is open already, as a daemon has one. */
static void sync_on(struct vault *vault, struct transport *transport, int level,
                    struct session_report *report)
{
    struct session_options options = {.level = level};
    enum err err = session_run(vault, transport, &options, report);
    if (err)
        die("sync", err, report->detail);
}

static void sync_now(struct vault *vault, int level,
                     struct session_report *report)
{
    struct transport transport;
    if (transport_http_open(&transport, -1))
        die("transport", ERR_NOMEM, "");
    sync_on(vault, &transport, level, report);
    transport.close(transport.context);
}

static void write_one(struct vault *vault, const char *type, struct bytes set,
                      char id[ID_CHARS + 1])
{
    struct record_write write = {.type = type, .set = set};
    struct record_written written;
    record_written_init(&written);
    enum err err = record_write(vault, &write, &written);
    if (err)
        die("write", err, vault_detail(vault));
    memcpy(id, written.record, ID_CHARS + 1);
    record_written_fini(&written);
}

/* Makes `rows` contacts of every twentieth's person beforehand, so that only
 * the writing is timed.  Returns its seconds. */
static double write_rows(struct vault *vault, struct workload *work, int rows,
                         bool batch)
{
    char person[ID_CHARS + 1], id[ID_CHARS + 1];
    char(*sets)[WORKLOAD_BYTES] = calloc((size_t)rows, sizeof *sets);
    for (int i = 0; i < rows; i++) {
        if (i % 20 == 0)
            write_one(vault, "person", bytes_text("{\"county\":\"28081\"}"),
                      person);
        workload_contact(work, person, sets[i]);
    }
    double start = now_s();
    enum err err = batch ? record_batch_begin(vault) : ERR_OK;
    if (err)
        die("begin", err, vault_detail(vault));
    for (int i = 0; i < rows; i++)
        write_one(vault, "contact", bytes_text(sets[i]), id);
    err = batch ? record_batch_commit(vault) : ERR_OK;
    if (err)
        die("commit", err, vault_detail(vault));
    double took = now_s() - start;
    free(sets);
    return took;
}

/* --- raw SQLite, same rows, same durability ---------------------------------
 */

static void run_sql(sqlite3 *db, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message)) {
        fprintf(stderr, "bench: %s: %s\n", sql, message);
        exit(1);
    }
}

static double raw_rows(const char *path, struct workload *work, int rows,
                       bool batch)
{
    sqlite3 *db;
    sqlite3_stmt *record, *outbox;
    char set[WORKLOAD_BYTES], id[64];
    unlink(path);
    if (sqlite3_open(path, &db))
        exit(1);
    run_sql(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                "CREATE TABLE record(id TEXT PRIMARY KEY, body TEXT) STRICT;"
                "CREATE TABLE outbox(seq INTEGER PRIMARY KEY, body TEXT) "
                "STRICT;");
    sqlite3_prepare_v2(db, "INSERT INTO record VALUES (?1, ?2)", -1, &record,
                       NULL);
    sqlite3_prepare_v2(db, "INSERT INTO outbox(body) VALUES (?1)", -1, &outbox,
                       NULL);
    double start = now_s();
    if (batch)
        run_sql(db, "BEGIN IMMEDIATE");
    for (int i = 0; i < rows; i++) {
        snprintf(id, sizeof id, "0193d1c0-0000-7000-8000-%012d", i);
        workload_contact(work, id, set);
        if (!batch)
            run_sql(db, "BEGIN IMMEDIATE");
        sqlite3_bind_text(record, 1, id, -1, SQLITE_STATIC);
        sqlite3_bind_text(record, 2, set, -1, SQLITE_STATIC);
        sqlite3_bind_text(outbox, 1, set, -1, SQLITE_STATIC);
        sqlite3_step(record);
        sqlite3_step(outbox);
        sqlite3_reset(record);
        sqlite3_reset(outbox);
        if (!batch)
            run_sql(db, "COMMIT");
    }
    if (batch)
        run_sql(db, "COMMIT");
    double took = now_s() - start;
    sqlite3_finalize(record);
    sqlite3_finalize(outbox);
    sqlite3_close(db);
    return took;
}

/* --- commands
 * ------------------------------------------------------------------ */

static int local(char **arg)
{
    struct workload work;
    struct vault *vault = enrolled(arg[0], arg[1], arg[2]);
    struct session_report report;
    char raw[512];
    int rows = atoi(arg[3]), single = rows / 20;
    sync_now(vault, 1, &report);
    snprintf(raw, sizeof raw, "%s.raw", arg[0]);
    workload_init(&work, 1);
    printf("raw_single_per_s=%.0f\n",
           single / raw_rows(raw, &work, single, false));
    printf("single_per_s=%.0f\n",
           single / write_rows(vault, &work, single, false));
    printf("raw_bulk_per_s=%.0f\n", rows / raw_rows(raw, &work, rows, true));
    printf("bulk_per_s=%.0f\n", rows / write_rows(vault, &work, rows, true));
    vault_close(vault);
    return 0;
}

static void print_report(const char *name, double seconds,
                         const struct session_report *r)
{
    printf("%s_s=%.4f\n%s_pushed=%lld\n%s_pulled=%lld\n%s_requests=%lld\n"
           "%s_bytes=%lld\n",
           name, seconds, name, (long long)r->pushed, name,
           (long long)r->pulled, name, (long long)r->requests, name,
           (long long)(r->sent_bytes + r->received_bytes));
}

static int push(char **arg)
{
    struct workload work;
    struct vault *vault = enrolled(arg[0], arg[1], arg[2]);
    struct session_report report;
    sync_now(vault, 1, &report);
    workload_init(&work, (uint64_t)atoi(arg[4]) + 7);
    (void)write_rows(vault, &work, atoi(arg[3]), true);
    double start = now_s();
    sync_now(vault, atoi(arg[4]), &report);
    print_report("push", now_s() - start, &report);
    vault_close(vault);
    return 0;
}

static int pull(char **arg)
{
    struct vault *vault = enrolled(arg[0], arg[1], arg[2]);
    struct session_report report;
    double start = now_s();
    sync_now(vault, atoi(arg[3]), &report);
    print_report("pull", now_s() - start, &report);
    vault_close(vault);
    return 0;
}

static enum err first_person(void *context, const char *record,
                             struct bytes state)
{
    (void)state;
    memcpy(context, record, ID_CHARS + 1);
    return ERR_AGAIN;
}

static int again(char **arg)
{
    struct workload work;
    struct vault *vault = open_vault(arg[0]);
    struct session_report report;
    struct transport transport;
    char person[ID_CHARS + 1] = "", id[ID_CHARS + 1], set[WORKLOAD_BYTES];
    int level = atoi(arg[1]);
    if (transport_http_open(&transport, -1))
        die("transport", ERR_NOMEM, "");
    sync_on(vault, &transport, level, &report);
    if (record_list(vault, "person", first_person, person) != ERR_AGAIN)
        die("list", ERR_NOT_FOUND, "no person");
    workload_init(&work, 99);
    workload_contact(&work, person, set);
    write_one(vault, "contact", bytes_text(set), id);
    double start = now_s();
    sync_on(vault, &transport, level, &report);
    print_report("one", now_s() - start, &report);
    start = now_s();
    sync_on(vault, &transport, level, &report);
    print_report("nothing", now_s() - start, &report);
    transport.close(transport.context);
    vault_close(vault);
    return 0;
}

static void many_child(const char *path, int gate)
{
    struct session_report report;
    char byte;
    struct vault *vault = open_vault(path);
    if (read(gate, &byte, 1) < 0) /* returns when the gate is closed */
        _exit(1);
    sync_now(vault, 1, &report);
    vault_close(vault);
    _exit(report.pushed > 0 ? 0 : 1);
}

static int many(char **arg, int count)
{
    struct workload work;
    char path[64][512];
    int gate[2], bad = 0;
    if (count > 64 || pipe(gate))
        return 1;
    for (int i = 0; i < count; i++) {
        snprintf(path[i], sizeof path[i], "%s/many%d.vault", arg[0], i);
        struct vault *vault = enrolled(path[i], arg[1], arg[3 + i]);
        struct session_report report;
        sync_now(vault, 1, &report);
        workload_init(&work, 1000 + (uint64_t)i);
        (void)write_rows(vault, &work, atoi(arg[2]), true);
        vault_close(vault);
    }
    for (int i = 0; i < count; i++) {
        fflush(NULL);
        if (fork() == 0) {
            close(gate[1]);
            many_child(path[i], gate[0]);
        }
    }
    close(gate[0]);
    usleep(300000); /* all have opened their vaults and wait at the gate */
    double start = now_s();
    close(gate[1]);
    for (int i = 0; i < count; i++) {
        int status;
        wait(&status);
        bad += !WIFEXITED(status) || WEXITSTATUS(status);
    }
    printf("many_s=%.4f\nmany_failed=%d\n", now_s() - start, bad);
    return bad != 0;
}

static enum err count_one(void *context, const char *record, struct bytes state)
{
    (void)record;
    (void)state;
    (*(int *)context)++;
    return ERR_OK;
}

static int open_and_list(char **arg)
{
    struct rusage usage;
    int count = 0;
    double start = now_s();
    struct vault *vault = open_vault(arg[0]);
    enum err err = record_list(vault, "person", count_one, &count);
    printf("open_ms=%.1f\nopen_persons=%d\n", (now_s() - start) * 1e3, count);
    getrusage(RUSAGE_SELF, &usage);
    printf("open_rss_kb=%ld\n", usage.ru_maxrss);
    vault_close(vault);
    return err != ERR_OK;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (!strcmp(what, "local") && argc == 6)
        return local(argv + 2);
    if (!strcmp(what, "push") && argc == 7)
        return push(argv + 2);
    if (!strcmp(what, "pull") && argc == 6)
        return pull(argv + 2);
    if (!strcmp(what, "again") && argc == 4)
        return again(argv + 2);
    if (!strcmp(what, "many") && argc > 5)
        return many(argv + 2, argc - 5);
    if (!strcmp(what, "open") && argc == 3)
        return open_and_list(argv + 2);
    fputs("usage: devices local|push|pull|again|many|open ...; see the head "
          "of bench/devices.c\n",
          stderr);
    return 2;
}
