#ifndef API_UUID_H
#define API_UUID_H

#include "store/store.h"

/** api_uuid_make() - a random UUID (RFC 9562 section 5.4). POA_OK, POA_F_CRYPTO. */
POA_MUST_USE poa_err api_uuid_make(const poa_random *random, store_uuid *id);

#endif
