/* `--once`: no loop, no socket. */
#include "daemon/loop.h"

#include <stdio.h>

#include "daemon/label.h"
#include "daemon/opening.h"
#include "shared/exchange/session.h"

/* A vault that does not open is named on stderr, to whoever gave its name; the
 * log, which holds no file names, has nothing to add.  *told is set then.
 * *locked: its passphrase did not open it, and it only sent. */
static enum err sync_once(const struct options_vault *config,
                          const struct log *log, struct session_report *report,
                          char label[LABEL_CHARS], bool *told, bool *locked)
{
    char detail[VAULT_DETAIL_CHARS];
    enum err locked_by;
    struct vault *vault = NULL;
    struct transport transport = {.context = NULL};
    struct session_options options = {.log = log};
    *report = (struct session_report){.err = ERR_OK};
    enum err err = opening_vault(&vault, config, &locked_by, detail);
    label_vault(label, vault, config);
    *told = err && err != ERR_NOMEM;
    if (*told)
        fprintf(stderr, "satcheld: %s\n", detail);
    else if (detail[0])
        fprintf(stderr,
                "satcheld: %s stays locked: %s; what was written is sent, "
                "nothing is fetched\n",
                config->path, err_text(locked_by));
    *locked = locked_by != ERR_OK;
    if (!err)
        err = transport_http_open(&transport, -1);
    if (!err)
        err = session_run(vault, &transport, &options, report);
    if (transport.context)
        transport.close(transport.context);
    vault_close(vault);
    return err;
}

enum err loop_once(const struct options *options, const struct log *log,
                   bool *in_step)
{
    *in_step = true;
    for (size_t i = 0; i < options->vault_count; i++) {
        char label[LABEL_CHARS];
        struct session_report report;
        bool told, locked;
        enum err err =
            sync_once(&options->vaults[i], log, &report, label, &told, &locked);
        if (err == ERR_NOMEM)
            return err;
        if (err || locked)
            *in_step = false;
        if (err && !told)
            log_event(log, LOG_WARN, "sync_failed", "vault", "%s", label,
                      "error", "%s", err_name(err), "detail", "%s",
                      label_detail(err, report.detail), NULL);
        if (err)
            continue;
        log_event(log, LOG_INFO, "sync_done", "vault", "%s", label, "pushed",
                  "%lld", (long long)report.pushed, "pulled", "%lld",
                  (long long)report.pulled, "held", "%lld",
                  (long long)report.held, "requests", "%lld",
                  (long long)report.requests, "sent", "%lld",
                  (long long)report.sent_bytes, "received", "%lld",
                  (long long)report.received_bytes, NULL);
    }
    return ERR_OK;
}
