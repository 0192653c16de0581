#include "api/uuid.h"

poa_err api_uuid_make(const poa_random *random, store_uuid *id)
{
    if (!random->fill(random->self, id->bytes, sizeof id->bytes))
        return POA_F_CRYPTO;
    id->bytes[6] = (uint8_t)(0x40 | (id->bytes[6] & 0x0f));
    id->bytes[8] = (uint8_t)(0x80 | (id->bytes[8] & 0x3f));
    return POA_OK;
}
