#ifndef STORE_MIGRATE_2_H
#define STORE_MIGRATE_2_H

#include "store/env.h"

/**
 * store_migrate_2() - make format 2 out of format 1: docs/store.md, "Formats and migration".
 *
 * Return: POA_OK; POA_F_STORE (a record of format 1 that breaks its layout), POA_F_CRYPTO, POA_F_NOMEM.
 */
POA_MUST_USE poa_err store_migrate_2(store_txn *txn);

#endif
