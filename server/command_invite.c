#include <sodium.h>
#include <stdio.h>
#include "server/command.h"
#include "server/invite.h"

static int report(const struct command *c, const char *user, const char *code,
                  int64_t expires_at)
{
    char instant[INSTANT_CHARS];
    if (!c->json) {
        instant_format_local(instant, expires_at);
        printf("%s\n", code);
        fprintf(stderr, "for one device of %s, once, until %s\n", user,
                instant);
        return EXIT_DONE;
    }
    struct buffer json;
    instant_format(instant, expires_at);
    buffer_init(&json, 4096);
    buffer_printf(&json,
                  "{\"code\":\"%s\",\"expires\":\"%s\",\"expires_at\":%lld,"
                  "\"user\":\"%s\"}",
                  code, instant, (long long)expires_at, user);
    return command_print(c, &json);
}

int command_invite(struct command *c)
{
    const char *user = args_text(&c->args, "--user");
    const char *expires = args_text(&c->args, "--expires");
    int64_t lasts_ms = INVITE_EXPIRES_MS;
    char shown[INVITE_SHOWN_CHARS + 1] = "";
    if (c->operand_count > 0)
        return command_misuse(c, "invite takes no operand; the user is given "
                                 "with --user");
    if (!user)
        return command_misuse(c, "--user NAME is missing: whose device it will "
                                 "be");
    if (expires && (!duration_read(expires, &lasts_ms) ||
                    lasts_ms > INVITE_EXPIRES_MS_MAX))
        return command_misuse(c,
                              "--expires takes a time such as 30m, 12h or 7d, "
                              "up to 366d, not \"%.32s\"",
                              expires);
    int code = command_open(c, COMMAND_ADMIN);
    if (code == EXIT_DONE)
        code = command_begin(c);
    if (code != EXIT_DONE)
        return code;
    int64_t expires_at = clock_wall_ms(c->office->clock) + lasts_ms;
    enum err err =
        invite_make(c->office, &c->sql, user, expires_at, c->by, shown);
    code = command_end(c, err ? command_fail_office(c, err) : EXIT_DONE);
    if (code == EXIT_DONE)
        code = report(c, user, shown, expires_at);
    sodium_memzero(shown, sizeof shown);
    return code;
}
