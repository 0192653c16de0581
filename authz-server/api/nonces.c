#include "api/nonces.h"

#include "base64url.h"
#include "buf.h"
#include "crypto.h"
#include "guard.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>

enum { TIME_BYTES = 8, RANDOM_BYTES = 16, MAC_BYTES = 16, SAID_BYTES = TIME_BYTES + RANDOM_BYTES };

struct api_nonces {
    uint8_t key[32];
    char *audience; /* owned */
};

poa_err api_nonces_new(const poa_random *random, poa_span audience, api_nonces **out)
{
    api_nonces *nonces = calloc(1, sizeof *nonces);
    if (!nonces)
        return POA_F_NOMEM;
    nonces->audience = poa_span_dup(audience);
    if (!nonces->audience || !random->fill(random->self, nonces->key, sizeof nonces->key)) {
        api_nonces_free(nonces);
        return POA_F_CRYPTO;
    }
    *out = nonces;
    return POA_OK;
}

void api_nonces_free(api_nonces *nonces)
{
    if (!nonces)
        return;
    explicit_bzero(nonces->key, sizeof nonces->key);
    free(nonces->audience);
    free(nonces);
}

/* What a nonce says, bound to the audience; cut to the length that it carries (RFC 2104 section 5). */
static poa_err mac_of(const api_nonces *nonces, const uint8_t said[SAID_BYTES], uint8_t mac[MAC_BYTES])
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_add(&b, (poa_span){(const char *)said, SAID_BYTES});
    poa_buf_text(&b, nonces->audience);
    poa_id whole;
    const poa_err err = b.failed ? POA_F_NOMEM : poa_hmac_sha256(nonces->key, poa_buf_span(&b), &whole);
    if (err)
        return err;
    memcpy(mac, whole.bytes, MAC_BYTES);
    return POA_OK;
}

poa_err api_nonce_make(const api_nonces *nonces, const poa_random *random, int64_t now_s, api_nonce *out)
{
    uint8_t bytes[API_NONCE_BYTES];
    for (size_t i = 0; i < TIME_BYTES; i++)
        bytes[i] = (uint8_t)((uint64_t)now_s >> (56 - 8 * i));
    if (!random->fill(random->self, bytes + TIME_BYTES, RANDOM_BYTES))
        return POA_F_CRYPTO;
    const poa_err err = mac_of(nonces, bytes, bytes + SAID_BYTES);
    if (err)
        return err;
    poa_base64url_encode(bytes, sizeof bytes, out->chars);
    return POA_OK;
}

poa_err api_nonce_check(const api_nonces *nonces, poa_span text, int64_t now_s, int64_t *expires_s)
{
    uint8_t bytes[API_NONCE_BYTES];
    if (!poa_base64url_decode_exact(text, bytes, sizeof bytes))
        return POA_E_NONCE_INVALID;
    uint8_t mac[MAC_BYTES];
    const poa_err err = mac_of(nonces, bytes, mac);
    if (err)
        return err;
    const poa_span have = {(const char *)bytes + SAID_BYTES, MAC_BYTES};
    if (POA_GUARD(nonce_mac, !poa_secret_equal(have, (poa_span){(const char *)mac, MAC_BYTES})))
        return POA_E_NONCE_INVALID;

    uint64_t made_s = 0;
    for (size_t i = 0; i < TIME_BYTES; i++)
        made_s = made_s << 8 | bytes[i];
    if (POA_GUARD(nonce_age, now_s < (int64_t)made_s || now_s >= (int64_t)made_s + API_NONCE_LIFETIME_S))
        return POA_E_NONCE_INVALID;
    if (expires_s)
        *expires_s = (int64_t)made_s + API_NONCE_LIFETIME_S;
    return POA_OK;
}

bool api_nonce_helps(poa_err code)
{
    return code == POA_E_NONCE_REQUIRED || code == POA_E_NONCE_INVALID || code == POA_E_PROOF_STALE;
}
