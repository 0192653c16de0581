#include "api/trust_request.h"

#include "api/device_json.h"
#include "api/nonces.h"
#include "bounds.h"
#include "credential.h"
#include "crypto.h"
#include "guard.h"
#include "json.h"
#include "pem.h"
#include "policy_read.h"
#include "span.h"
#include "store/certificates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_S = 300, REASON_SUPERSEDED = 4 };

void api_trust_request_clear(api_trust_request *request)
{
    json_decref(request->body);
    poa_trust_proof_free(request->proof);
    free(request->nonce);
    poa_csr_free(request->csr);
    poa_idevid_free(request->credential);
    *request = (api_trust_request){0};
}

static poa_err refuse(api_exchange *x, poa_err code, const char *member, const char *detail)
{
    (void)snprintf(x->detail, sizeof x->detail, "%s", detail);
    return api_deny(x, code, member);
}

/* ---- by itself ---- */

static poa_err read_proof(api_exchange *x, poa_span text, api_trust_request *out)
{
    const poa_err err = poa_trust_proof_read(x->service->ctx, text, &out->proof, &x->why);
    if (err == POA_E_CLAIM_MISSING && strcmp(x->why.member, "/nonce") == 0)
        return api_deny(x, POA_E_NONCE_REQUIRED, "/nonce");
    if (err)
        return api_note(x, err);
    out->facts = poa_trust_proof_get(out->proof);
    out->nonce = poa_span_dup(out->facts->nonce);
    return out->nonce ? POA_OK : api_note(x, POA_F_NOMEM);
}

static poa_err check_binding(api_exchange *x, poa_span device, const poa_trust_proof_facts *facts)
{
    const poa_span site = poa_policy_get(x->snapshot->policy)->resource_owner;
    if (POA_GUARD(trust_aud, !poa_span_equal(facts->aud, site)))
        return api_deny(x, POA_E_PROOF_BINDING_MISMATCH, "/aud");
    if (POA_GUARD(trust_sub, !poa_span_equal(facts->device, device)))
        return api_deny(x, POA_E_PROOF_BINDING_MISMATCH, "/sub");
    const poa_err err = api_nonce_check(x->service->nonces, facts->nonce, x->now_s, NULL);
    if (err)
        return err == POA_E_NONCE_INVALID ? api_deny(x, err, "/nonce") : api_note(x, err);
    /* A device's clock is poor, and the nonce says already that this was made now. */
    const bool stale = facts->iat_s < x->now_s - WINDOW_S || facts->iat_s > x->now_s + WINDOW_S;
    return POA_GUARD(trust_iat, stale) ? api_deny(x, POA_E_PROOF_STALE, "/iat") : POA_OK;
}

static poa_err check_csr_hash(api_exchange *x, poa_span pem, const poa_trust_proof_facts *facts)
{
    POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
    poa_id hash;
    poa_err err = poa_pem_one(pem, POA_PEM_CSR, POA_CSR_BYTES_MAX, &der);
    if (!err)
        err = poa_sha256(x->service->ctx, poa_bytes_span(&der), &hash);
    if (err)
        return poa_err_is_fault(err) ? api_note(x, err) : api_deny(x, err, "/csr");
    if (POA_GUARD(trust_csr_hash, !poa_id_equal(&hash, &facts->csr_hash)))
        return refuse(x, POA_E_PROOF_BINDING_MISMATCH, "/csr", "the proof was made with another CSR");
    return POA_OK;
}

static poa_err read_csr(api_exchange *x, poa_span pem, api_trust_request *out)
{
    if (!pem.ptr)
        return POA_GUARD(trust_csr_missing, out->facts->has_csr_hash) ? api_deny(x, POA_E_CLAIM_MISSING, "/csr")
                                                                      : POA_OK;
    if (POA_GUARD(trust_csr_unasked, !out->facts->has_csr_hash))
        return refuse(x, POA_E_CLAIM_FORBIDDEN, "/csr", "the proof does not name it (csr_hash)");
    poa_why why = {{0}};
    poa_err err = check_csr_hash(x, pem, out->facts);
    if (err)
        return err;
    err = poa_csr_parse(x->service->ctx, pem, &out->csr, &why);
    if (err)
        return poa_err_is_fault(err) ? api_note(x, err) : refuse(x, err, "/csr", why.text);
    if (POA_GUARD(trust_csr_challenge, !poa_span_is(poa_csr_challenge(out->csr), out->nonce)))
        return refuse(x, POA_E_CLAIM_TYPE, "/csr", "the CSR's challengePassword is not the nonce of the proof");
    return POA_OK;
}

poa_err api_trust_request_read(api_exchange *x, poa_span device, api_trust_request *out)
{
    poa_err err = api_body(x, &out->body);
    if (err)
        return err;
    poa_members m = poa_members_of(out->body, "", &x->why);
    poa_span proof = {0}, csr = {0};
    poa_members_text(&m, "proof", true, POA_JSON_BYTES_MAX, &proof);
    const json_t *pem = poa_members_take(&m, "csr", false);
    if (pem && !json_is_string(pem))
        poa_members_refuse(&m, POA_E_CLAIM_TYPE, "csr");
    csr = poa_json_span(pem);
    err = poa_members_end(&m);
    if (err)
        return api_note(x, err);
    err = read_proof(x, proof, out);
    if (!err)
        err = check_binding(x, device, out->facts);
    return err ? err : read_csr(x, csr, out);
}

/* ---- whose it is ---- */

/* Of a certificate that has ended: as of its last second. */
static poa_err verify_path(api_exchange *x, const store_device *device, api_trust_request *request)
{
    const poa_ders sent = {request->facts->x5c.certificates, request->facts->x5c.len};
    const poa_ders issuers = {device->certificates + 1, device->certificate_count - 1};
    int64_t from_s = 0, to_s = 0;
    poa_why why = {{0}};
    poa_err err = poa_credential_times(sent.list[0], &from_s, &to_s);
    if (!err)
        err = poa_credential_verify(x->service->ctx, sent, issuers, to_s < x->now_s ? to_s : x->now_s,
                                    &request->credential, &why);
    return err && !poa_err_is_fault(err) ? refuse(x, err, "/proof", why.text) : err;
}

static poa_err verify_credential(api_exchange *x, const store_device *device, api_trust_request *request)
{
    if (POA_GUARD(trust_no_certificate, device->certificate_count < 2))
        return api_deny(x, POA_E_PROOF_KEY_MISMATCH, "/proof");
    const poa_err err = verify_path(x, device, request);
    if (err)
        return err;
    const api_uuid_text name = api_uuid_print(&device->id);
    if (POA_GUARD(trust_other_device, !poa_span_is(poa_idevid_device(request->credential), name.chars)))
        return refuse(x, POA_E_PROOF_KEY_MISMATCH, "/proof", "the certificate is that of another device");
    return POA_OK;
}

/* Was this certificate superseded by the very last trust of the device, which was a rekey? */
static poa_err was_superseded(store_txn *txn, const store_device *device, const poa_idevid *credential, bool *was)
{
    store_certificate certificate;
    bool found = false;
    const poa_err err = store_certificate_get(txn, poa_idevid_cert_serial(credential), &certificate, &found);
    if (err)
        return err;
    *was = found && memcmp(certificate.device.bytes, device->id.bytes, sizeof device->id.bytes) == 0 &&
           certificate.reason == REASON_SUPERSEDED && certificate.revoked_s == device->trust_s && device->trust_s > 0;
    return POA_OK;
}

static poa_err check_key(api_exchange *x, store_txn *txn, const store_device *device, api_trust_request *request)
{
    const poa_id *shown = poa_idevid_key_id(request->credential);
    const poa_id *fresh = request->csr ? poa_csr_key_id(request->csr) : NULL;
    request->late = !poa_span_equal(poa_idevid_cert_serial(request->credential), device->certificate_serial);
    request->repeats = false;
    if (!POA_GUARD(trust_key, !poa_id_equal(shown, &device->key))) {
        if (POA_GUARD(trust_same_key, fresh && poa_id_equal(fresh, &device->key)))
            return refuse(x, POA_E_CLAIM_TYPE, "/csr", "the CSR is for the key that the device has already");
        return POA_OK;
    }
    if (fresh && poa_id_equal(fresh, &device->key)) {
        const poa_err err = was_superseded(txn, device, request->credential, &request->repeats);
        if (err)
            return err;
    }
    if (POA_GUARD(trust_old_key, !request->repeats))
        return refuse(x, POA_E_PROOF_KEY_MISMATCH, "/proof", "the device has another key by now");
    return POA_OK;
}

poa_err api_trust_request_verify(api_exchange *x, store_txn *txn, const store_device *device,
                                 api_trust_request *request)
{
    poa_idevid_free(POA_TAKE(request->credential));
    poa_err err = verify_credential(x, device, request);
    if (!err)
        err = check_key(x, txn, device, request);
    if (!err)
        err = poa_trust_proof_verify(x->service->ctx, request->proof, poa_idevid_key(request->credential), &x->why);
    return api_note(x, err);
}
