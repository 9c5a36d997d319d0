/* What people and applications do, and what befalls them, that nobody has
 * foreseen (mishap.c). */
#ifndef SIM_MISHAP_H
#define SIM_MISHAP_H

#include "tests/sim/world.h"

/* A form that was read on one tablet is saved on another, which has not got
 * what the first had in view; nor has the office, for a while. */
void mishap_lend(struct world *world);
/* Two give one id to two records of a person, often of two types. */
void mishap_same_id(struct world *world);
/* A tablet falls into the river: what nobody else has is gone with it. */
void mishap_lose(struct world *world);
/* A vault is put back to what a backup program has kept of it; first of all it
 * has to keep one. */
void mishap_roll_back(struct world *world);

/* A vault is copied, and both copies are used. */
void mishap_clone(struct world *world);
/* The office's disk is lost; there is a backup. */
void mishap_restore(struct world *world);
/* All three: what a vault wrote after a backup came to a colleague; the office
 * is taken back; a copy of the vault writes under the same number; then the
 * colleague brings what he has. */
void mishap_collide(struct world *world);
/* An attachment reaches the office and no backup, or one, or two; its device
 * makes room as far as it may, and the office's disk is lost. */
void mishap_unbacked(struct world *world);
/* Whoever answers in the office's place can make a device wait and no more. */
void mishap_stranger(struct world *world);

#endif
