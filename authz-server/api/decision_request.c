#include "api/decision_request.h"

#include "address.h"
#include "api/proxy.h"
#include "bounds.h"
#include "crypto.h"
#include "guard.h"
#include "json.h"
#include "policy_read.h"
#include "span.h"
#include "store/commits.h"

void api_decision_request_clear(api_decision_request *request)
{
    json_decref(request->body);
    *request = (api_decision_request){0};
}

/* A text of any length that the body's own bound allows; no control characters. */
static void read_text(poa_members *m, const char *name, bool required, poa_span *out)
{
    poa_members_text(m, name, required, POA_JSON_BYTES_MAX, out);
}

static void read_path(poa_members *m, poa_id ids[API_IDEVID_PATH_MAX], poa_identity *identity)
{
    const json_t *path = poa_members_array(m, "idevid_path", false, 1, API_IDEVID_PATH_MAX);
    for (size_t i = 0; path && i < json_array_size(path); i++) {
        if (!poa_id_parse(poa_json_span(json_array_get(path, i)), &ids[i])) {
            poa_members_refuse(m, POA_E_CLAIM_TYPE, "idevid_path");
            return;
        }
        identity->idevid_path = ids;
        identity->idevid_path_len = i + 1;
    }
}

/* What the point established of a device: it is the verifier here. */
static poa_err read_identity(const json_t *body, const char *path, poa_id ids[API_IDEVID_PATH_MAX],
                             poa_identity *identity, poa_reason *why)
{
    poa_members m = poa_members_of(body, path, why);
    read_text(&m, "manufacturer", false, &identity->manufacturer);
    read_text(&m, "model", false, &identity->model);
    read_text(&m, "serial", false, &identity->serial);
    read_text(&m, "id_link", false, &identity->id_link);
    read_path(&m, ids, identity);
    return poa_members_end(&m);
}

static void read_evidence(poa_members *m, unsigned *out)
{
    const json_t *names = poa_members_array(m, "evidence", false, 1, 4);
    for (size_t i = 0; names && i < json_array_size(names); i++) {
        const unsigned bit = poa_evidence_by_name(poa_json_span(json_array_get(names, i)));
        if (bit == 0) {
            poa_members_refuse(m, POA_E_CLAIM_TYPE, "evidence");
            return;
        }
        *out |= bit;
    }
}

static poa_err read_request(const json_t *body, api_decision_request *out, poa_reason *why)
{
    poa_members m = poa_members_of(body, "/request", why);
    poa_request *request = &out->request;
    read_text(&m, "type", true, &request->type);
    read_text(&m, "action", true, &request->action);
    read_text(&m, "location", false, &request->location);
    read_text(&m, "resource", false, &request->resource);
    const json_t *device = poa_members_object(&m, "device");
    const json_t *replaced = poa_members_object(&m, "replaced");
    read_evidence(&m, &request->evidence);
    /* The point established the identity by itself, the label with it. */
    request->id_link_vouched = (request->evidence & POA_EVIDENCE_IDEVID) != 0;
    poa_err err = poa_members_end(&m);
    if (!err && device)
        err = read_identity(device, "/request/device", out->idevid_path[0], &request->device, why);
    if (!err && replaced) {
        err = read_identity(replaced, "/request/replaced", out->idevid_path[1], &out->replaced, why);
        request->replaced = &out->replaced;
    }
    return err;
}

static const config_point *find_point(const server_config *config, poa_span name)
{
    for (size_t i = 0; i < config->points_len; i++)
        if (poa_span_is(name, config->points[i].name))
            return &config->points[i];
    return NULL;
}

/* All that the decision hangs on but the agent's proof, which is another at each attempt. */
static poa_err find_id(const poa_ctx *ctx, api_decision_request *out)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    char address[46];
    poa_address_print(&out->request.address, address);
    const poa_id_text body = poa_id_print(&out->body_hash);
    const poa_span parts[] = {out->chain, out->method, out->url, poa_span_of(body.chars), poa_span_of(address)};
    for (size_t i = 0; i < POA_COUNT(parts); i++) {
        poa_buf_json_text(&b, parts[i]);
        poa_buf_text(&b, "\n");
    }
    poa_buf_json(&b, json_object_get(out->body, "request"));
    return b.failed ? POA_F_NOMEM : poa_sha256(ctx, poa_buf_span(&b), &out->id);
}

static poa_err read_members(api_exchange *x, api_decision_request *out)
{
    poa_members m = poa_members_of(out->body, "", &x->why);
    poa_span point = {0}, address = {0};
    read_text(&m, "point", true, &point);
    read_text(&m, "chain", true, &out->chain);
    read_text(&m, "proof", true, &out->proof);
    read_text(&m, "method", true, &out->method);
    read_text(&m, "url", true, &out->url);
    const json_t *hash = poa_members_take(&m, "body_hash", false);
    /* No body has the hash of nothing: a proof may then leave bh out. */
    if (!m.err && !hash)
        m.err = poa_sha256(x->service->ctx, (poa_span){0}, &out->body_hash);
    else if (hash && !poa_id_parse(poa_json_span(hash), &out->body_hash))
        poa_members_refuse(&m, POA_E_CLAIM_TYPE, "body_hash");
    const json_t *demanded = poa_members_take(&m, "nonce_demanded", false);
    if (demanded && !json_is_boolean(demanded))
        poa_members_refuse(&m, POA_E_CLAIM_TYPE, "nonce_demanded");
    out->nonce_demanded = json_is_true(demanded);
    read_text(&m, "address", false, &address);
    if (!m.err && address.ptr && !poa_address_parse(address, &out->request.address))
        poa_members_refuse(&m, POA_E_CLAIM_TYPE, "address");
    poa_members_text(&m, "commit", false, STORE_COMMIT_KEY_BYTES_MAX, &out->commit);
    const json_t *request = poa_members_take(&m, "request", true);
    poa_err err = poa_members_end(&m);
    if (!err)
        err = read_request(request, out, &x->why);
    if (err)
        return err;
    out->point = find_point(x->service->config, point);
    if (POA_GUARD(point_known, !out->point))
        return api_deny(x, POA_E_ROOT_UNTRUSTED, "/point");
    if (POA_GUARD(point_url, !api_url_is_under(out->url, out->point->urls, out->point->urls_len)))
        return api_deny(x, POA_E_PROOF_BINDING_MISMATCH, "/url");
    return find_id(x->service->ctx, out);
}

poa_err api_decision_request_read(api_exchange *x, api_decision_request *out)
{
    poa_err err = api_body(x, &out->body);
    if (!err)
        err = read_members(x, out);
    out->request.now_s = x->now_s;
    x->why.child[0] = '\0'; /* a token in the wrong place; a reason goes to the log */
    return api_note(x, err);
}
