#ifndef API_PENDING_H
#define API_PENDING_H

#include "bounds.h"
#include "buf.h"
#include "poa/decision.h"
#include "poa/request.h"
#include "store/store.h"

/*
 * What the record of a device that waits for approval keeps of its request (store_device.request), so that the decision
 * can be made again as it was asked, and the quota given back.
 */

/** api_charge - a place that a device took up: of a power's max_devices at one link. */
typedef struct api_charge {
    poa_id poa;
    uint32_t power;
} api_charge;

/**
 * api_pending - that part of a request.
 * @address: of who asked
 * @charges: root first
 * @csr:     DER; borrowed
 */
typedef struct api_pending {
    poa_address address;
    api_charge charges[POA_CHAIN_LINKS_HARD];
    size_t charges_len;
    poa_span csr;
} api_pending;

/** api_pending_of() - the charges are those of a decision. */
api_pending api_pending_of(const poa_chain *chain, const poa_decision *decision, const poa_address *address,
                           poa_span csr);

/** api_pending_write() - at most STORE_REQUEST_BYTES_MAX bytes; the caller looks whether b failed. */
void api_pending_write(const api_pending *pending, poa_buf *b);

/** api_pending_read() - POA_OK; POA_F_STORE for anything that api_pending_write() does not write. */
POA_MUST_USE poa_err api_pending_read(poa_span bytes, api_pending *pending);

/** api_pending_give_back() - count one device less at every link: it does not come in. POA_OK, POA_F_*. */
POA_MUST_USE poa_err api_pending_give_back(const api_pending *pending, store_txn *txn);

/**
 * api_pending_quota() - counters for deciding again: just the powers that were charged have room, so that the same
 * ones apply. @pending: borrowed, longer than the result is used.
 */
poa_quota api_pending_quota(api_pending *pending);

#endif
