#ifndef API_DEVICE_FILTER_H
#define API_DEVICE_FILTER_H

#include "api/exchange.h"
#include "store/devices.h"

/** Devices on a page: without `limit`, and at most. */
enum { API_DEVICES_PAGE_DEFAULT = 50, API_DEVICES_PAGE_MAX = 200 };

/**
 * api_device_filter - the query string of GET /v1/devices. Borrowed from the request; a span whose ptr is NULL and a
 * zero are no filter.
 * @location:     at or below this site path
 * @serial, @id_link, @manufacturer: exactly this, byte by byte
 * @idevid:       SHA-256 of the SubjectPublicKeyInfo in its IDevID
 * @poa:          it stands under this PoA or, where @below, under one below it
 * @due_before_s: it has to re-establish trust before then
 * @after:        the cursor
 */
typedef struct api_device_filter {
    store_device_state state;
    poa_span location;
    poa_span serial;
    poa_span id_link;
    poa_span manufacturer;
    bool has_idevid;
    poa_id idevid;
    bool has_poa;
    bool below;
    poa_id poa;
    int64_t due_before_s;
    size_t limit;
    bool has_after;
    store_uuid after;
} api_device_filter;

/** api_device_filter_read() - POA_OK; claim_type with the name of the parameter, as x->why says. */
POA_MUST_USE poa_err api_device_filter_read(api_exchange *x, api_device_filter *filter);

/** api_device_filter_match() - does a record fit? Whether the caller may read it is another question. POA_OK, POA_F_*.
 */
POA_MUST_USE poa_err api_device_filter_match(const api_device_filter *filter, store_txn *txn,
                                             const store_device *device, bool *fits);

#endif
