#include "server/role.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define ROLE_COUNT (sizeof roles / sizeof roles[0])

static const char *const roles[] = {
    "worker",     /* case manager or case worker, of a caseload */
    "covering",   /* stands in for a while: adds, changes no plan */
    "supervisor", /* assigns, approves, settles conflicts and holds, disposes */
    "fiscal",     /* authorises money */
    "planner",    /* logic models and indicators; counts, no persons */
    "directory",  /* services, VITA sites, county coverage */
    "site",       /* a VITA site: what was referred to it */
    "state",      /* the department: reports, code sets */
    "auditor",    /* reads in a granted scope, writes no case data */
    "admin",      /* accounts, devices, keys */
};

size_t role_count(void)
{
    return ROLE_COUNT;
}

const char *role_at(size_t i)
{
    assert(i < ROLE_COUNT);
    return roles[i];
}

bool role_has_cases(const char *name)
{
    return !strcmp(name, "worker") || !strcmp(name, "covering");
}

bool role_known(const char *name)
{
    for (size_t i = 0; i < ROLE_COUNT; i++)
        if (!strcmp(name, roles[i]))
            return true;
    return false;
}

void role_names(char out[ROLE_NAMES_CHARS])
{
    size_t used = 0;
    for (size_t i = 0; i < ROLE_COUNT; i++) {
        const char *before = i == 0 ? "" : i + 1 < ROLE_COUNT ? ", " : " or ";
        int size = snprintf(out + used, ROLE_NAMES_CHARS - used, "%s%s", before,
                            roles[i]);
        assert(size > 0 && used + (size_t)size < ROLE_NAMES_CHARS);
        used += (size_t)size;
    }
}
