/* The schema in force: built-in types, and those that came as records of type
 * `schema`.
 *
 * Its epoch is a number in the file that changes with any type; a record whose
 * state was folded in another epoch is folded anew when it is next read. */
#ifndef REPLICA_VAULT_SCHEMA_H
#define REPLICA_VAULT_SCHEMA_H

#include "shared/replica/vault_inner.h"

/* Fills vault->schema and vault->epoch unless they are there. */
MUST_CHECK enum err vault_schema_load(struct vault *vault);
/* Drops what another process has replaced. */
MUST_CHECK enum err vault_schema_refresh(struct vault *vault);
void vault_schema_drop(struct vault *vault);
/* Is this the type token of type definitions? */
bool vault_schema_is(struct vault *vault,
                     const uint8_t type[TOKEN_KEYED_BYTES]);
/* A type definition was received.  Inside a write transaction. */
MUST_CHECK enum err vault_schema_changed(struct vault *vault);

#endif
