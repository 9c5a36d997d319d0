#include <sodium.h>
#include <stdio.h>
#include <unistd.h>
#include "daemon/loop.h"
#include "shared/base/file.h"
#include "shared/base/process.h"

#define EXIT_MISUSE 2

static int run(const struct options *options)
{
    const struct log log = {
        .fd = STDERR_FILENO,
        .level = options->level,
        .clock = clock_system(),
        .program = "satcheld",
    };
    bool in_step = true;
    enum err err = options->once ? loop_once(options, &log, &in_step)
                                 : loop_run(options, &log);
    if (err == ERR_EXISTS)
        fputs("satcheld: another satcheld serves this device; stop it, or give "
              "--socket another PATH\n",
              stderr);
    else if (err == ERR_NOT_FOUND || err == ERR_READ_ONLY)
        fputs("satcheld: the folder of the control socket is not there or "
              "cannot be written; give --socket another PATH\n",
              stderr);
    else if (err == ERR_FOREIGN)
        fputs("satcheld: nothing that it was given is a vault of this version; "
              "give --vault FILE, one that satchel enroll made\n",
              stderr);
    else if (err)
        fprintf(stderr, "satcheld: %s\n", err_text(err));
    return err || !in_step ? 1 : 0;
}

int main(int argc, char **argv)
{
    struct options options;
    char detail[OPTIONS_DETAIL_CHARS];
    process_keep_secrets();
    if (sodium_init() < 0) {
        fprintf(stderr, "satcheld: this machine gives no random numbers\n");
        return 1;
    }
    enum err err = options_read(&options, argc, argv, detail);
    int status = 0;
    if (err) {
        fprintf(stderr, "satcheld: %s\n", detail[0] ? detail : err_text(err));
        status = EXIT_MISUSE;
    } else if (options.help) {
        options_help(stdout);
    } else if (options.version) {
        puts("satcheld " SATCHEL_VERSION);
    } else {
        status = run(&options);
    }
    options_fini(&options);
    if (file_print_end(stdout) && !status) {
        fputs("satcheld: the output was not written to its end\n", stderr);
        status = 1;
    }
    return status;
}
