#include "bench/agency/office.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench/agency/world.h"

#define COMMAND_CHARS 2048

static pid_t server;

__attribute__((format(printf, 2, 0))) static char *
run(const struct office *office, const char *format, va_list list)
{
    char command[COMMAND_CHARS], rest[COMMAND_CHARS / 2];
    char *out = NULL;
    size_t size = 0, got;
    vsnprintf(rest, sizeof rest, format, list);
    snprintf(command, sizeof command,
             "'%s/satchel-central' %s --data '%s/office' 2>'%s/told' || "
             "{ cat '%s/told' >&2; false; }",
             office->build, rest, office->folder, office->folder,
             office->folder);
    FILE *pipe = popen(command, "r");
    if (!pipe)
        die("%s: cannot be run", command);
    do {
        out = realloc(out, size + 65537);
        if (!out)
            die("out of memory");
        got = fread(out + size, 1, 65536, pipe);
        size += got;
    } while (got > 0);
    out[size] = '\0';
    if (pclose(pipe))
        die("%s: %.200s", command, out);
    return out;
}

char *office_ask(const struct office *office, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    char *out = run(office, format, list);
    va_end(list);
    return out;
}

void office_tell(const struct office *office, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    free(run(office, format, list));
    va_end(list);
}

void office_make(struct office *office)
{
    office_tell(office,
                "init --agency north --name North --journal '%s/journal'",
                office->folder);
    office_tell(office, "user add ruth --role supervisor");
    office_tell(office, "import codes schema/codes --as ruth");
    office_tell(office, "import hsds examples/directory --as ruth");
}

void office_stop(void)
{
    if (server <= 0)
        return;
    kill(server, SIGTERM);
    waitpid(server, NULL, 0);
    server = 0;
}

static void serve(const struct office *office, int write_end)
{
    char program[512], data[512];
    /* Whatever becomes of the generator, the office does not stay. */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    snprintf(program, sizeof program, "%s/satchel-central", office->build);
    snprintf(data, sizeof data, "%s/serve.log", office->folder);
    if (!freopen(data, "w", stderr))
        _exit(127);
    snprintf(data, sizeof data, "%s/office", office->folder);
    dup2(write_end, STDOUT_FILENO);
    execl(program, program, "serve", "--data", data, "--listen", "127.0.0.1:0",
          (char *)NULL);
    _exit(127);
}

void office_serve(struct office *office)
{
    int ends[2];
    char line[512];
    if (pipe(ends))
        die("no pipe");
    server = fork();
    if (server == 0)
        serve(office, ends[1]);
    close(ends[1]);
    FILE *out = fdopen(ends[0], "r");
    office->url[0] = '\0';
    while (!office->url[0] && out && fgets(line, sizeof line, out)) {
        const char *at = strstr(line, "http");
        if (at)
            snprintf(office->url, sizeof office->url, "%.*s",
                     (int)strcspn(at, " \r\n"), at);
    }
    if (!office->url[0])
        die("the office does not serve");
}
