#include "api/exchange.h"
#include "api/nonces.h"
#include "api/routes.h"

/* POST /v1/challenges: a nonce for the proof and for the CSR's challengePassword. Nothing is kept of it. */
void api_challenges_post(http_request *request, void *arg)
{
    api_exchange *x = api_exchange_begin(arg, request);
    if (!x)
        return;
    api_nonce nonce;
    const poa_err err = api_nonce_make(x->service->nonces, &x->service->random, x->now_s, &nonce);
    if (err) {
        (void)api_deny(x, err, "");
        api_refuse(x);
        return;
    }
    poa_buf body = {0};
    poa_buf_printf(&body, "{\"nonce\":\"%s\",\"expires_in\":%d}\n", nonce.chars, API_NONCE_LIFETIME_S);
    api_reply_json(x, 201, &body);
}
