#ifndef API_MEMORY_H
#define API_MEMORY_H

#include "api/exchange.h"

/** api_memory - what this server remembers of nonces and proofs, seen from one transaction. All borrowed. */
typedef struct api_memory {
    api_exchange *x;
    store_txn *txn;
} api_memory;

/** api_memory_of() - the same for poa_proof_check(); lives as long as m. */
poa_proof_memory api_memory_of(api_memory *m);

#endif
