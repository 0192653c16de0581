#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "store/env.h"

/**
 * store_migrate() - open all tables; make a new store or bring an older one forward first, step by step.
 * @s: with an open environment
 *
 * Return: POA_OK; POA_F_STORE with a line in why; POA_F_NOMEM.
 */
POA_MUST_USE poa_err store_migrate(store *s, const poa_random *random, char why[STORE_WHY_BYTES]);

#endif
