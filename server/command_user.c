#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "server/command_scopes.h"
#include "server/role.h"

/* The first line of the file, without its end. */
static int read_password(const struct command *c,
                         char out[USER_PASSWORD_CHARS_MAX + 2])
{
    const char *path = args_text(&c->args, "--password-file");
    FILE *file = fopen(path, "r");
    if (!file)
        return command_fail(c, ERR_NOT_FOUND,
                            "the password file %.200s cannot be read", path);
    bool read = fgets(out, USER_PASSWORD_CHARS_MAX + 2, file) != NULL;
    fclose(file);
    if (!read)
        return command_fail(c, ERR_INVALID, "the password file %.200s is empty",
                            path);
    out[strcspn(out, "\r\n")] = '\0';
    return EXIT_DONE;
}

static void user_json(struct buffer *json, const struct user *user)
{
    buffer_printf(json, "{\"disabled\":%s,\"os_user\":",
                  user->disabled ? "true" : "false");
    command_json_text(json, user->os_user);
    buffer_printf(json, ",\"password\":%s,\"role\":\"%s\",\"scopes\":",
                  user->has_password ? "true" : "false", user->role);
    command_scopes_json(json, user->scopes, user->scope_count);
    buffer_printf(json, ",\"user\":\"%s\"}", user->name);
}

/* In columns of such widths; 0, 0: in a sentence. */
static void print_user(const struct user *user, int name_width, int role_width)
{
    printf("%-*s %-*s", name_width, user->name,
           user->scope_count ? role_width : 0, user->role);
    for (size_t i = 0; i < user->scope_count; i++)
        printf(" %s", user->scopes[i]);
    if (user->os_user[0])
        printf("   (is %s on this machine)", user->os_user);
    if (user->disabled)
        fputs("   DISABLED", stdout);
    putchar('\n');
}

/* What became of the user named by the first operand. */
static int report(struct command *c, const char *what)
{
    struct user user;
    enum err err = user_find(c->office, &c->sql, c->operands[0], &user);
    if (err)
        return command_fail_office(c, err);
    if (!c->json) {
        printf("%s ", what);
        print_user(&user, 0, 0);
        return EXIT_DONE;
    }
    struct buffer json;
    buffer_init(&json, COMMAND_JSON_BYTES_MAX);
    user_json(&json, &user);
    return command_print(c, &json);
}

typedef enum err user_write(struct office *office, struct sql *sql,
                            const struct user_draft *draft, const char *by);

/* `scopes`: those given, or NULL. */
static int write_user(struct command *c, user_write *write,
                      const struct user_draft *draft,
                      struct command_scopes *scopes, const char *what)
{
    int code = command_open(c, COMMAND_ADMIN);
    if (code == EXIT_DONE)
        code = command_begin(c);
    if (code != EXIT_DONE)
        return code;
    enum err err = ERR_OK;
    if (scopes)
        err = command_scopes_before(c, scopes, draft->name);
    if (!err)
        err = write(c->office, &c->sql, draft, c->by);
    code = command_end(c, err ? command_fail_office(c, err) : EXIT_DONE);
    return code == EXIT_DONE ? report(c, what) : code;
}

static int role_misuse(const struct command *c, const char *role)
{
    char names[ROLE_NAMES_CHARS];
    role_names(names);
    if (!role)
        return command_misuse(c, "--role ROLE is missing; use %s", names);
    return command_misuse(c, "\"%.64s\" is no role; use %s", role, names);
}

/* What a case worker without a caseload begins nobody else would see. */
static int note(struct command *c, const struct command_scopes *scopes)
{
    struct user user;
    bool caseload = false;
    enum err err = user_find(c->office, &c->sql, c->operands[0], &user);
    if (err)
        return command_fail_office(c, err);
    for (size_t i = 0; i < user.scope_count; i++)
        caseload = caseload || !strncmp(user.scopes[i], "caseload:", 9);
    if (!caseload && !user.disabled && role_has_cases(user.role))
        fprintf(stderr,
                "note: %s has no caseload: the office alone will see the cases "
                "that %s begins; give --caseload C\n",
                user.name, user.name);
    command_scopes_note(c, scopes, user.name);
    return EXIT_DONE;
}

static int read_and_write(struct command *c, user_write *write,
                          const char *what)
{
    const char *role = args_text(&c->args, "--role");
    if (role && !role_known(role))
        return role_misuse(c, role);
    char password[USER_PASSWORD_CHARS_MAX + 2] = "";
    struct command_scopes scopes;
    int code = command_scopes_read(c, &scopes);
    bool has_password = args_flag(&c->args, "--password-file");
    if (code == EXIT_DONE && has_password)
        code = read_password(c, password);
    if (code != EXIT_DONE)
        return code;
    struct user_draft draft = {
        .name = c->operands[0],
        .role = role,
        .os_user = args_text(&c->args, "--os-user"),
        .password = has_password ? password : NULL,
        .scopes = (const char(*)[SCOPE_CHARS_MAX + 1]) scopes.name,
        .scope_count = scopes.count,
        .has_scopes = scopes.given,
    };
    code = write_user(c, write, &draft, &scopes, what);
    if (code == EXIT_DONE)
        code = note(c, &scopes);
    sodium_memzero(password, sizeof password);
    return code;
}

int command_user_add(struct command *c)
{
    if (c->operand_count != 1)
        return command_misuse(c, "user add NAME: give one user name");
    if (!args_text(&c->args, "--role"))
        return role_misuse(c, NULL);
    return read_and_write(c, user_add, "added");
}

int command_user_set(struct command *c)
{
    if (c->operand_count != 1)
        return command_misuse(c, "user set NAME: give one user name");
    return read_and_write(c, user_change, "changed");
}

static enum err disable(struct office *office, struct sql *sql,
                        const struct user_draft *draft, const char *by)
{
    return user_disable(office, sql, draft->name, by);
}

int command_user_disable(struct command *c)
{
    if (c->operand_count != 1)
        return command_misuse(c, "user disable NAME: give one user name");
    struct user_draft draft = {.name = c->operands[0]};
    return write_user(c, disable, &draft, NULL, "disabled");
}

static enum err enable(struct office *office, struct sql *sql,
                       const struct user_draft *draft, const char *by)
{
    return user_enable(office, sql, draft->name, by);
}

int command_user_enable(struct command *c)
{
    if (c->operand_count != 1)
        return command_misuse(c, "user enable NAME: give one user name");
    struct user_draft draft = {.name = c->operands[0]};
    return write_user(c, enable, &draft, NULL, "enabled");
}

struct listing {
    struct command *command;
    struct buffer json;
    size_t count;
};

static enum err list_one(void *context, const struct user *user)
{
    struct listing *listing = context;
    if (listing->command->json) {
        buffer_add_text(&listing->json, listing->count ? "," : "");
        user_json(&listing->json, user);
    } else {
        print_user(user, 20, 12);
    }
    listing->count++;
    return buffer_err(&listing->json);
}

int command_user_list(struct command *c)
{
    struct listing listing = {.command = c};
    if (c->operand_count > 0)
        return command_misuse(c, "user list takes no operand");
    int code = command_open(c, COMMAND_READ);
    if (code != EXIT_DONE)
        return code;
    buffer_init(&listing.json, COMMAND_JSON_BYTES_MAX);
    buffer_add_char(&listing.json, '[');
    enum err err = user_list(c->office, &c->sql, list_one, &listing);
    buffer_add_char(&listing.json, ']');
    if (!err && c->json)
        return command_print(c, &listing.json);
    buffer_fini(&listing.json);
    if (err)
        return command_fail_office(c, err);
    if (listing.count == 0)
        puts("nobody yet; begin with `satchel-central user add`");
    return EXIT_DONE;
}
