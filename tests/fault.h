/* Makes the nth allocation fail, in any code of the program under test.
 *
 * Tests are linked with --wrap=malloc,calloc,realloc, so that production code
 * needs no hook.  Allocations inside shared libraries are not seen: SQLite and
 * jansson take fault_malloc() and the like through their own hooks, see
 * fault_sqlite() and fault_jansson().  Counts per process; use one thread. */
#ifndef TESTS_FAULT_H
#define TESTS_FAULT_H

#include <stdbool.h>
#include <stddef.h>

/* Fails allocation `nth` from now, counting from 1, and with `persistent` all
 * later ones too.  0 fails nothing.  Forgets earlier hits. */
void fault_at(int nth, bool persistent);
/* True when an allocation was refused since the last fault_at(). */
bool fault_hit(void);
/* Allocations counted since the last fault_at(). */
int fault_count(void);

/* The allocator itself, for libraries that take one. */
void *fault_malloc(size_t size);
void *fault_realloc(void *at, size_t size);

/* Routes jansson's allocations here. */
void fault_jansson(void);
/* Routes SQLite's allocations here.  Call before the first use of SQLite. */
void fault_sqlite(void);

#endif
