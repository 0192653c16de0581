#ifndef STORE_DEVICE_RECORD_H
#define STORE_DEVICE_RECORD_H

#include "buf.h"
#include "store/devices.h"

/*
 * A device record as bytes. docs/store.md, "Record layouts".
 */

/**
 * store_device_decode() - read a record.
 * @id:    its key
 * @value: the bytes; the spans of *out point into them
 *
 * Return: POA_OK; POA_F_STORE (not of this version, or a rule of devices.h is broken).
 */
POA_MUST_USE poa_err store_device_decode(const store_uuid *id, poa_span value, store_device *out);

/**
 * store_device_encode() - write a record, and read it back: what is written is what would be read.
 * @b:   empty; grows by the record
 * @own: the record with its spans in @b, which no put moves
 *
 * Return: POA_OK, POA_F_USAGE (a rule of devices.h is broken), POA_F_NOMEM.
 */
POA_MUST_USE poa_err store_device_encode(const store_device *device, poa_buf *b, store_device *own);

/* Read a record of version 1 (format 1 of the store): what it did not say yet is filled in as docs/store.md says. */
POA_MUST_USE poa_err store_device_decode_v1(const store_uuid *id, poa_span value, store_device *out);

/* 1 to 8 segments of 1 to 64 bytes. */
bool store_location_is_valid(poa_span location);

#endif
