#include "client/cli/change.h"

#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"
#include "shared/base/bytes.h"

void change_init(struct change *change, const json_t *shown, const char *type)
{
    *change = (struct change){json_object(), json_object(), json_object(),
                              shown, type};
}

void change_fini(struct change *change)
{
    json_decref(change->set);
    json_decref(change->add);
    json_decref(change->drop);
}

static int change_set(struct cli *cli, struct change *change, const char *name,
                      const char *text)
{
    char *json;
    /* What is said now corrects what the draft says. */
    if (json_object_get(change->set, name) && !cli->given.draft)
        return cli_misuse(cli, "%s is given twice; give each field once", name);
    int error = satchel_value(cli->vault, change->type, name, text, &json);
    if (error)
        return cli_fail_vault(cli, error);
    json_object_set_new(change->set, name, cli_parse(json));
    satchel_free(json);
    return EXIT_DONE;
}

static void change_add(struct change *change, const char *name,
                       const char *member)
{
    json_t *list = json_object_get(change->add, name);
    if (!list) {
        list = json_array();
        json_object_set_new(change->add, name, list);
    }
    json_array_append_new(list, json_string(member));
}

/* The members of a field that are in force: an array, or NULL. */
static json_t *members_of(const struct change *change, const char *name)
{
    const json_t *fields = json_object_get(change->shown, "fields");
    return json_object_get(json_object_get(fields, name), "value");
}

static int no_member(struct cli *cli, json_t *members, const char *name,
                     const char *text)
{
    char *list = json_array_size(members) ? json_dumps(members, 0) : NULL;
    int code = cli_fail(cli, EXIT_FAILED, "not_found",
                        "%s-=%s: this begins with no member and a colon; "
                        "members in force: %s",
                        name, text, list ? list : "none");
    free(list);
    return code;
}

/* MEMBER:REASON.  Members hold colons themselves, so it is what is in force
 * that tells where the reason begins; *at is the colon before it. */
static int reason_find(struct cli *cli, const struct change *change,
                       const char *name, const char *text, size_t *at)
{
    json_t *members = members_of(change, name), *item;
    bool whole = false;
    size_t i;
    *at = 0;
    json_array_foreach(members, i, item)
    {
        const char *member = json_string_value(item);
        size_t size = json_string_length(item);
        whole = whole || (member && !strcmp(member, text));
        if (member && size > *at && !strncmp(member, text, size) &&
            text[size] == ':')
            *at = size;
    }
    if (whole || (*at && !text[*at + 1]))
        return cli_misuse(cli, "%s-=%s: say why, %s-=MEMBER:REASON", name, text,
                          name);
    return *at ? EXIT_DONE : no_member(cli, members, name, text);
}

static int change_drop(struct cli *cli, struct change *change, const char *name,
                       char *text)
{
    size_t at;
    int code = reason_find(cli, change, name, text, &at);
    if (code)
        return code;
    text[at] = 0;
    json_t *members = json_object_get(change->drop, name);
    if (!members) {
        members = json_object();
        json_object_set_new(change->drop, name, members);
    }
    json_object_set_new(members, text, json_string(text + at + 1));
    return EXIT_DONE;
}

int change_operand(struct cli *cli, struct change *change, const char *operand)
{
    const char *equals = strchr(operand, '=');
    if (!utf8_valid(bytes_text(operand), NULL))
        return cli_fail(cli, EXIT_FAILED, "invalid",
                        "%.*s: the text is not UTF-8; nothing was written",
                        equals ? (int)(equals - operand) : 0, operand);
    if (!equals || equals == operand)
        return cli_misuse(cli,
                          "\"%s\": write FIELD=VALUE, FIELD+=MEMBER or "
                          "FIELD-=MEMBER:REASON",
                          operand);
    char sign = equals[-1];
    size_t length = (size_t)(equals - operand) - (sign == '+' || sign == '-');
    char *name = strndup(operand, length);
    char *value = strdup(equals + 1);
    int code = EXIT_DONE;
    if (!name || !value)
        code = cli_fail(cli, EXIT_FAILED, "nomem", "memory is exhausted");
    else if (sign == '+')
        change_add(change, name, value);
    else if (sign == '-')
        code = change_drop(cli, change, name, value);
    else
        code = change_set(cli, change, name, value);
    free(name);
    free(value);
    return code;
}

static int member_fail(struct cli *cli, const char *key, const char *form)
{
    return cli_fail(cli, EXIT_FAILED, "invalid", "\"%s\": give %s", key, form);
}

/* "phones+": ["MEMBER", ...] */
static int given_add_members(struct cli *cli, struct change *change,
                             const char *key, const char *name,
                             const json_t *list)
{
    const json_t *item;
    size_t i;
    if (!json_is_array(list))
        return member_fail(cli, key, "a list of members");
    json_array_foreach(list, i, item)
    {
        if (!json_is_string(item))
            return member_fail(cli, key, "a list of texts");
        change_add(change, name, json_string_value(item));
    }
    return EXIT_DONE;
}

/* "phones-": {"MEMBER": "REASON", ...} */
static int given_drop_members(struct cli *cli, struct change *change,
                              const char *key, const char *name, json_t *object)
{
    if (!json_is_object(object))
        return member_fail(cli, key, "an object of member and reason");
    json_t *members = json_object_get(change->drop, name);
    if (members)
        json_object_update(members, object);
    else
        json_object_set(change->drop, name, object);
    return EXIT_DONE;
}

int change_object(struct cli *cli, struct change *change, json_t *object)
{
    const char *key;
    json_t *value;
    int code = EXIT_DONE;
    json_object_foreach(object, key, value)
    {
        size_t size = strlen(key);
        char sign = size > 1 ? key[size - 1] : 0;
        if (sign != '+' && sign != '-') {
            json_object_set(change->set, key, value);
            continue;
        }
        char *name = strndup(key, size - 1);
        if (!name)
            return cli_fail(cli, EXIT_FAILED, "nomem", "memory is exhausted");
        code = sign == '+' ? given_add_members(cli, change, key, name, value)
                           : given_drop_members(cli, change, key, name, value);
        free(name);
        if (code)
            return code;
    }
    return code;
}

char *change_text(const json_t *object)
{
    if (!json_object_size(object))
        return NULL;
    return json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
}

int change_given(struct cli *cli, struct change *change)
{
    const char *text = given_read(cli);
    json_error_t fault;
    if (!text)
        return EXIT_FAILED;
    if (!text[strspn(text, " \t\r\n")])
        return cli_fail(cli, EXIT_FAILED, "invalid",
                        "%s is empty; give one JSON object {\"field\": value}",
                        cli->given.draft ? "the draft" : "standard input");
    json_t *given = json_loads(text, JSON_REJECT_DUPLICATES, &fault);
    if (!json_is_object(given)) {
        int line = given ? 1 : fault.line, column = given ? 1 : fault.column;
        json_decref(given);
        return cli_fail(cli, EXIT_FAILED, "invalid",
                        "%s:%d:%d: %s; give one JSON object {\"field\": value}",
                        cli->given.draft ? "the draft" : "standard input", line,
                        column, given ? "not an object" : fault.text);
    }
    int code = change_object(cli, change, given);
    json_decref(given);
    return code;
}
