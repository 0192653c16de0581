#include "jwt_gate.h"

#include "cleanup.h"
#include "guard.h"
#include "json.h"
#include "jws.h"
#include "jwt_libjwt.h"
#include "reason.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>

bool cli_jwt_knows(poa_alg alg)
{
    return alg == POA_ALG_RS256 || alg == POA_ALG_ES256 || alg == POA_ALG_ES384;
}

static poa_err check_header(const json_t *header, poa_alg alg, poa_reason *why)
{
    const json_t *typ = json_object_get(header, "typ");
    const json_t *said = json_object_get(header, "alg");
    if (POA_GUARD(jwt_gate_crit, json_object_get(header, "crit") != NULL))
        return poa_deny(why, POA_E_HEADER_FORBIDDEN, POA_HOP_NONE, "/header/crit");
    if (POA_GUARD(jwt_gate_typ, typ && !poa_span_is(poa_json_span(typ), "JWT")))
        return poa_deny(why, POA_E_TYP_MISMATCH, POA_HOP_NONE, "/header/typ");
    if (POA_GUARD(jwt_gate_alg_missing, !json_is_string(said)))
        return poa_deny(why, POA_E_ALG_MISSING, POA_HOP_NONE, "/header/alg");
    if (POA_GUARD(jwt_gate_alg, !poa_span_is(poa_json_span(said), poa_alg_name(alg)))) {
        (void)poa_deny(why, POA_E_ALG_NOT_ALLOWED, POA_HOP_NONE, "/header/alg");
        poa_reason_values(why, NULL, said, NULL);
        return POA_E_ALG_NOT_ALLOWED;
    }
    return POA_OK;
}

/* A second opinion. The signature holds by now, so what libjwt does not take is the form: a number too large for it. */
static poa_err ask_libjwt(const poa_jws *jws, const poa_key *key, poa_alg alg, poa_reason *why)
{
    POA_CLEANUP(poa_freep) char *pem = NULL;
    POA_CLEANUP(poa_freep) char *token = poa_span_dup(jws->text);
    if (!token || poa_key_public_pem(key, &pem) != POA_OK)
        return POA_F_NOMEM;
    if (POA_GUARD(jwt_gate_libjwt, !cli_libjwt_verify(token, poa_alg_name(alg), pem)))
        return poa_deny(why, POA_E_MALFORMED, POA_HOP_NONE, "%s", "");
    return POA_OK;
}

/* The JSON reader's own codes name no member. */
static poa_err refuse_json(poa_err err, poa_reason *why, const char *member)
{
    return poa_err_is_fault(err) ? err : poa_deny(why, err, POA_HOP_NONE, "%s", member);
}

poa_err cli_jwt_open(const poa_ctx *ctx, poa_span token, const poa_key *key, poa_alg alg, json_t **payload,
                     poa_reason *why)
{
    if (POA_GUARD(jwt_gate_size, token.len > CLI_JWT_BYTES_MAX))
        return poa_deny(why, POA_E_TOO_LARGE, POA_HOP_NONE, "%s", "");
    if (POA_GUARD(jwt_gate_alg_known, !cli_jwt_knows(alg)))
        return poa_deny(why, POA_E_ALG_NOT_ALLOWED, POA_HOP_NONE, "/header/alg");
    poa_jws jws;
    poa_err err = poa_jws_split(ctx, token, &jws);
    if (err)
        return refuse_json(err, why, "");
    POA_CLEANUP(poa_json_decrefp) json_t *header = NULL;
    err = poa_jws_read_header(&jws, &header);
    if (err)
        return refuse_json(err, why, "/header");
    err = check_header(header, alg, why);
    if (!err)
        err = poa_jws_verify(ctx, &jws, alg, key, POA_HOP_NONE, why);
    if (err)
        return err;
    POA_CLEANUP(poa_json_decrefp) json_t *body = NULL;
    err = poa_jws_read_payload(&jws, &body);
    if (err)
        return refuse_json(err, why, "");
    err = ask_libjwt(&jws, key, alg, why);
    if (err)
        return err;
    *payload = POA_TAKE(body);
    return POA_OK;
}
