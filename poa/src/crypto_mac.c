#include "crypto.h"

#include "cleanup.h"

#include <openssl/err.h>
#include <openssl/evp.h>

poa_err poa_hmac_sha256(const uint8_t key[32], poa_span bytes, poa_id *out)
{
    poa_id mac;
    size_t len = 0;
    const unsigned char *data = (const unsigned char *)(bytes.ptr ? bytes.ptr : "");
    const bool ok = EVP_Q_mac(NULL, "HMAC", NULL, "SHA2-256", NULL, key, 32, data, bytes.len, mac.bytes,
                              sizeof mac.bytes, &len) != NULL;
    ERR_clear_error();
    if (!ok || len != sizeof mac.bytes)
        return POA_F_CRYPTO;
    *out = mac;
    return POA_OK;
}
