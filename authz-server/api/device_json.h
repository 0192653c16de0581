#ifndef API_DEVICE_JSON_H
#define API_DEVICE_JSON_H

#include "buf.h"
#include "store/devices.h"

/** Characters of a UUID in text (RFC 9562 section 4). */
#define API_UUID_CHARS 36

/** A UUID as NUL-terminated text. */
typedef struct api_uuid_text {
    char chars[API_UUID_CHARS + 1];
} api_uuid_text;

api_uuid_text api_uuid_print(const store_uuid *id);
/** api_uuid_parse() - lower case, dashes in their places; false otherwise. */
POA_MUST_USE bool api_uuid_parse(poa_span text, store_uuid *out);

/** api_device_json() - a device record as the routes show it. */
void api_device_json(poa_buf *b, const store_device *device);

/** api_device_identity() - its identity for a decision; borrowed from the record. */
poa_identity api_device_identity(const store_device *device);

#endif
