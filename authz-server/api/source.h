#ifndef API_SOURCE_H
#define API_SOURCE_H

#include "poa/revocation.h"
#include "store/store.h"

/**
 * api_source_of() - the server's own store as a revocation source, of age 0, within one transaction, which is borrowed.
 */
poa_revocation_source api_source_of(store_txn *txn);

#endif
