#include "server/command.h"

#include <stdio.h>
#include <string.h>
#include "server/trial_certificate.h"
#include "server/views.h"

#define HOSTS_MAX 16

static int report(struct command *c)
{
    const struct office *office = c->office;
    char cert[TRIAL_PATH_CHARS], key[TRIAL_PATH_CHARS];
    trial_certificate_paths(office->keys_dir, cert, key);
    if (!c->json) {
        printf("made the office of %s in %s\n"
               "its keys are in %s: keep a copy elsewhere, they are in no "
               "backup\n"
               "for a trial over a network: satchel-central serve --data %s "
               "--listen 0.0.0.0:8470 --tls-cert %s --tls-key %s; devices "
               "pin that certificate with --ca\n"
               "next: satchel-central user add NAME --role supervisor "
               "--os-user %s --data %s\n",
               office->agency, office->data_dir, office->keys_dir,
               office->data_dir, cert, key, command_os_user(),
               office->data_dir);
        return EXIT_DONE;
    }
    struct buffer json;
    buffer_init(&json, COMMAND_JSON_BYTES_MAX);
    buffer_printf(&json, "{\"agency\":\"%s\",\"data\":", office->agency);
    canon_put_text(&json, bytes_text(office->data_dir));
    buffer_add_text(&json, ",\"keys\":");
    canon_put_text(&json, bytes_text(office->keys_dir));
    buffer_printf(&json, ",\"lineage\":\"%s\",\"root\":\"", office->lineage);
    buffer_add_base64(&json, office->keys.root.public_key, KEY_BYTES);
    buffer_add_text(&json, "\",\"tls_cert\":");
    canon_put_text(&json, bytes_text(cert));
    buffer_add_text(&json, ",\"tls_key\":");
    canon_put_text(&json, bytes_text(key));
    buffer_add_char(&json, '}');
    return command_print(c, &json);
}

static int hosts_read(struct command *c, const char *hosts[HOSTS_MAX],
                      size_t *count)
{
    *count = args_list_count(&c->args, "--host");
    if (*count > HOSTS_MAX)
        return command_misuse(c, "at most %d --host can be given", HOSTS_MAX);
    for (size_t i = 0; i < *count; i++) {
        hosts[i] = args_list_at(&c->args, "--host", i);
        if (!trial_certificate_host(hosts[i]))
            return command_misuse(c,
                                  "\"%.64s\" is neither a name nor an address; "
                                  "write --host office.example or 10.0.0.5",
                                  hosts[i]);
    }
    return EXIT_DONE;
}

static int make_certificate(struct command *c, const char *const *hosts,
                            size_t count)
{
    enum err err = trial_certificate_make(c->office->keys_dir, hosts, count,
                                          clock_wall_ms(c->office->clock));
    if (!err || err == ERR_EXISTS)
        return EXIT_DONE;
    return command_fail(c, err,
                        "the office is made, but no certificate for a trial: "
                        "%s",
                        err_text(err));
}

int command_init(struct command *c)
{
    const char *hosts[HOSTS_MAX];
    size_t host_count;
    const char *agency = args_text(&c->args, "--agency");
    const char *name = args_text(&c->args, "--name");
    if (c->operand_count > 0)
        return command_misuse(c, "init takes no operand; the directory is "
                                 "given with --data");
    if (!agency)
        return command_misuse(c, "--agency SLUG is missing: the agency's short "
                                 "name");
    if (!name_valid(bytes_text(agency)))
        return command_misuse(c,
                              "\"%.64s\" cannot be an agency's short name; use "
                              "1 to 64 of a-z 0-9 _ . - and begin with a "
                              "letter or digit",
                              agency);
    int code = hosts_read(c, hosts, &host_count);
    if (code != EXIT_DONE)
        return code;
    const char *data = args_text(&c->args, "--data");
    if (!command_is_new(data))
        return command_fail(c, ERR_EXISTS,
                            "%.300s is not empty; give --data a directory that "
                            "is new",
                            data);
    char detail[OFFICE_DETAIL_CHARS] = "";
    struct office_options options = command_options(c);
    enum err err = office_init(&options, agency, name ? name : agency, detail);
    if (err)
        return command_fail(c, err, "%s", detail[0] ? detail : err_text(err));
    code = command_open(c, COMMAND_READ);
    if (code == EXIT_DONE && (err = views_update(c->office)) != ERR_OK)
        code = command_fail_office(c, err);
    if (code == EXIT_DONE)
        code = make_certificate(c, hosts, host_count);
    if (code == EXIT_DONE)
        command_warn_journal(c);
    return code == EXIT_DONE ? report(c) : code;
}
