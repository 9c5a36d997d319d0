#include "tests/fault.h"

#include <jansson.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *at, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *at, size_t size);

/* Atomic, since the tests of threads are linked with this too. */
static struct {
    atomic_int nth; /* 0: nothing fails */
    atomic_int count;
    atomic_bool persistent;
    atomic_bool hit;
} fault;

void fault_at(int nth, bool persistent)
{
    fault.nth = nth;
    fault.count = 0;
    fault.persistent = persistent;
    fault.hit = false;
}

bool fault_hit(void)
{
    return fault.hit;
}

int fault_count(void)
{
    return fault.count;
}

static bool refuses(void)
{
    int count = ++fault.count, nth = fault.nth;
    if (!nth || count < nth)
        return false;
    if (count > nth && !fault.persistent)
        return false;
    fault.hit = true;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return refuses() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refuses() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *at, size_t size)
{
    return refuses() ? NULL : __real_realloc(at, size);
}

void *fault_malloc(size_t size)
{
    return __wrap_malloc(size);
}

void *fault_realloc(void *at, size_t size)
{
    return __wrap_realloc(at, size);
}

void fault_jansson(void)
{
    json_set_alloc_funcs(fault_malloc, free);
}

/* SQLite asks for the size of a block, so one stands in front of each. */
#define HEAD 16

static void *sqlite_malloc(int size)
{
    char *at = fault_malloc((size_t)size + HEAD);
    if (!at)
        return NULL;
    *(int *)(void *)at = size;
    return at + HEAD;
}

static void sqlite_free(void *at)
{
    if (at)
        free((char *)at - HEAD);
}

static void *sqlite_realloc(void *at, int size)
{
    char *head = fault_realloc((char *)at - HEAD, (size_t)size + HEAD);
    if (!head)
        return NULL;
    *(int *)(void *)head = size;
    return head + HEAD;
}

static int sqlite_size(void *at)
{
    return at ? *(int *)(void *)((char *)at - HEAD) : 0;
}

static int sqlite_roundup(int size)
{
    return (size + 7) & ~7;
}

static int sqlite_init(void *context)
{
    (void)context;
    return SQLITE_OK;
}

static void sqlite_shutdown(void *context)
{
    (void)context;
}

void fault_sqlite(void)
{
    static const sqlite3_mem_methods methods = {
        .xMalloc = sqlite_malloc,
        .xFree = sqlite_free,
        .xRealloc = sqlite_realloc,
        .xSize = sqlite_size,
        .xRoundup = sqlite_roundup,
        .xInit = sqlite_init,
        .xShutdown = sqlite_shutdown,
    };
    /* The lookaside pools would hide small allocations. */
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) ||
        sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0))
        abort();
}
