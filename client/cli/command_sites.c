/* sites: where a client of a county may be sent for free tax help, in the order
 * of 18 Miss. Code R. 28-6.8 C: a site of the county that a CSBG entity
 * sponsors; else another one of the county; else, since most counties have
 * none, the nearest in season, a virtual one, a hotline.  Needs no network. */
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/sites.h"
#include "shared/base/buffer.h"
#include "shared/base/clock.h"

#define LINE_BYTES_MAX (1u << 20)
#define DATE_CHARS 10

/* --- what is asked -------------------------------------------------------- */

static int person_county(struct cli *cli, const char *person,
                         struct sites *sites)
{
    char *json;
    int error = satchel_read(cli->vault, person, 0, &json);
    if (error)
        return cli_fail_vault(cli, error);
    json_t *root = cli_parse(json);
    satchel_free(json);
    const char *county = json_string_value(json_object_get(
        json_object_get(json_object_get(root, "fields"), "county"), "value"));
    snprintf(sites->county, sizeof sites->county, "%s", county ? county : "");
    json_decref(root);
    if (sites->county[0])
        return EXIT_DONE;
    return cli_fail(cli, EXIT_FAILED, "not_found",
                    "nobody has written the county of %s; give --county GEOID",
                    person);
}

static int day_read(struct cli *cli, struct sites *sites)
{
    const char *on = args_text(&cli->args, "--on");
    char now[INSTANT_CHARS];
    if (on && !date_valid(bytes_text(on)))
        return cli_misuse(cli, "--on %s: write a date, as 2026-11-21", on);
    instant_format_local(now, clock_wall_ms(clock_system()));
    snprintf(sites->on, sizeof sites->on, "%.10s", on ? on : now);
    return EXIT_DONE;
}

static int question_read(struct cli *cli, struct sites *sites)
{
    const char *county = args_text(&cli->args, "--county");
    if (cli->operand_count > 1 || (cli->operand_count == 1) == (county != NULL))
        return cli_misuse(cli, "give a person or a county: satchel sites "
                               "PERSON | --county GEOID");
    if (county && strlen(county) != SITES_COUNTY_CHARS)
        return cli_misuse(cli,
                          "--county %.32s: write its GEOID, five digits as "
                          "28081",
                          county);
    int code = day_read(cli, sites);
    if (!code)
        code = cli_open(cli, true);
    if (code)
        return code;
    if (!county)
        return person_county(cli, cli->operands[0], sites);
    snprintf(sites->county, sizeof sites->county, "%s", county);
    return EXIT_DONE;
}

/* --- the answer ----------------------------------------------------------- */

static const char *text_of(const json_t *site, const char *name)
{
    const char *text = json_string_value(json_object_get(site, name));
    return text ? text : "";
}

static void put_part(struct buffer *line, const char *before, const char *text)
{
    if (*text)
        buffer_printf(line, "%s%s", before, text);
}

static void print_line(struct buffer *line)
{
    print_message(stdout, buffer_text(line));
    buffer_clear(line);
}

static void print_site(struct buffer *line, const json_t *site)
{
    const json_t *km = json_object_get(site, "km");
    const char *phone =
        json_string_value(json_array_get(json_object_get(site, "phones"), 0));
    buffer_printf(line, "%s  %s", text_of(site, "basis"),
                  *text_of(site, "name") ? text_of(site, "name") : "not named");
    if (json_is_integer(km))
        buffer_printf(line, ", %" JSON_INTEGER_FORMAT " km",
                      json_integer_value(km));
    print_line(line);
    buffer_add_text(line, "  ");
    put_part(line, "", text_of(site, "address"));
    put_part(line, line->size > 2 ? ", " : "", text_of(site, "city"));
    put_part(line, line->size > 2 ? "; " : "", phone ? phone : "");
    if (line->size > 2)
        print_line(line);
    buffer_clear(line);
    buffer_printf(line, "  %s", text_of(site, "record"));
    put_part(line, "; until ", text_of(site, "season_to"));
    if (!strcmp(text_of(site, "appointment"), "required"))
        buffer_add_text(line, "; by appointment");
    print_line(line);
}

static void print_answer(const struct sites *sites)
{
    struct buffer line;
    size_t i;
    const json_t *site;
    buffer_init(&line, LINE_BYTES_MAX);
    buffer_printf(&line, "county %s%s%s%s on %s", sites->county,
                  sites->county_name[0] ? " (" : "", sites->county_name,
                  sites->county_name[0] ? ")" : "", sites->on);
    buffer_add_text(&line, sites->in_county
                               ? ": refer the client to one of these"
                               : ": no site of the county is in season; "
                                 "the nearest, a virtual one or a "
                                 "hotline");
    print_line(&line);
    json_array_foreach(sites->found, i, site) print_site(&line, site);
    if (!sites->in_county)
        print_message(stdout, "hotline  when no site can be reached");
    buffer_printf(&line, "directory_version=%s", sites->version);
    print_line(&line);
    buffer_fini(&line);
}

static int print_json(const struct sites *sites)
{
    json_t *first = json_array_get(sites->found, 0);
    json_t *root = json_pack("{s:s, s:s, s:s, s:b, s:s, s:O}", "basis",
                             first ? text_of(first, "basis") : "hotline",
                             "county", sites->county, "directory_version",
                             sites->version, "in_county", sites->in_county,
                             "on", sites->on, "sites", sites->found);
    char *text = root ? json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(root);
    if (!text)
        return EXIT_FAILED;
    cli_print_json(text);
    free(text);
    return EXIT_DONE;
}

int command_sites(struct cli *cli)
{
    struct sites sites = {.found = NULL};
    int code = question_read(cli, &sites);
    if (code)
        return code;
    print_access(cli);
    int error = sites_find(&sites, cli->vault);
    if (error)
        code = cli_fail_vault(cli, error);
    else if (cli->json)
        code = print_json(&sites);
    else
        print_answer(&sites);
    sites_fini(&sites);
    return code;
}
