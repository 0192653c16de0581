#ifndef API_DECISION_REQUEST_H
#define API_DECISION_REQUEST_H

#include "api/exchange.h"
#include "poa/decision.h"

#define API_IDEVID_PATH_MAX 16

/**
 * api_decision_request - the body of POST /v1/decisions, read and judged by itself. Spans point into @body.
 * @point:  the configured enforcement point that it names
 * @chain, @proof, @method, @url: as the point received them from the agent
 * @has_hash: the request that the point received had a body, whose SHA-256 is @body_hash
 * @commit: KEY under which the point commits, or empty
 * @id:     SHA-256 of what is asked, the body's hash and the address with it, without the agent's proof: what a KEY
 *          stands for
 */
typedef struct api_decision_request {
    json_t *body; /* owned */
    const config_point *point;
    poa_span chain;
    poa_span proof;
    poa_span method;
    poa_span url;
    poa_id body_hash;
    bool nonce_demanded;
    poa_request request;
    poa_identity replaced;
    poa_id idevid_path[2][API_IDEVID_PATH_MAX];
    poa_span commit;
    poa_id id;
} api_decision_request;

void api_decision_request_clear(api_decision_request *request);

/**
 * api_decision_request_read() -
 * {"point","chain","proof","method","url","body_hash","nonce_demanded","address","commit","request":{"type","action",
 * "location","resource","device":{"manufacturer","model","serial","id_link","idevid_path":[…]},"replaced":{…},
 * "evidence":[…]}}
 *
 * Return: POA_OK; the JSON reader's errors, claim_missing, claim_type, claim_forbidden with the member of the body;
 * root_untrusted (/point) for a point that the configuration does not name; proof_binding_mismatch (/url) for a URL
 * that is not that point's; POA_F_*.
 */
POA_MUST_USE poa_err api_decision_request_read(api_exchange *x, api_decision_request *out);

#endif
