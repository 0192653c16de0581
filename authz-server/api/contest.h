#ifndef API_CONTEST_H
#define API_CONTEST_H

#include "api/service.h"
#include "store/devices.h"

/*
 * Two devices claim one identity. The one that came first keeps it; but where the newcomer shows stronger evidence than
 * the record has, the record is put into review and orchestrators are told, so that nobody can squat on a serial.
 *
 * Stronger: an IDevID against none; for the same identification link one held by an IDevID or a ticket against one that
 * is only typed or told by the device.
 */

/**
 * api_contest - what stands in a newcomer's way.
 * @others: records that hold an identifier of it
 * @ids:    those of them that are active and have weaker evidence; @count: how many
 */
typedef struct api_contest {
    size_t others;
    store_uuid ids[STORE_DEVICE_CONFLICTS_MAX];
    size_t count;
} api_contest;

/**
 * api_contest_find() - look for them; an expected record is in nobody's way who has its id.
 * @newcomer: as its record would be
 *
 * Return: POA_OK, POA_F_*.
 */
POA_MUST_USE poa_err api_contest_find(store_txn *txn, const store_device *newcomer, api_contest *out);

/**
 * api_contest_raise() - put each of @ids into review, and append the event device.conflict with both sides.
 * @until_s: deadline of the review
 *
 * Return: POA_OK, POA_F_*.
 */
POA_MUST_USE poa_err api_contest_raise(const api_service *service, store_txn *txn, const store_device *newcomer,
                                       const api_contest *contest, int64_t now_s, int64_t until_s);

#endif
