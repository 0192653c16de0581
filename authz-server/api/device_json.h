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

/**
 * api_device_json() - a device record as the routes show it: each identifier with its source, its life, its trust. What
 * is not stated, not known or none is left out.
 */
void api_device_json(poa_buf *b, const store_device *device);

/** api_identifiers_json() - the names of a set of 1 << store_identifier, as a JSON array. */
void api_identifiers_json(poa_buf *b, unsigned identifiers);

/**
 * api_device_identity() - its identity for a decision, the path of its IDevID included: that one the server validated
 * itself. Borrowed from the record, and from @device, which must not move meanwhile.
 */
poa_identity api_device_identity(const store_device *device);

#endif
