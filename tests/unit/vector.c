#include "vector.h"

#include "test.h"

#include "base64url.h"
#include "bounds.h"
#include "buf.h"
#include "chain.h"
#include "cleanup.h"
#include "crypto.h"
#include "json.h"
#include "policy.h"
#include "span.h"

#include "poa/decision.h"
#include "poa/device.h"
#include "poa/proof.h"
#include "poa/revocation_list.h"

#include <string.h>

POA_CLEANUP_DEFINE(poa_statement, poa_statement_free)

/* A vector while it is decided. What is owned ends with vector_clear(). */
typedef struct trial {
    const poa_ctx *ctx;
    const json_t *vector;
    int64_t now_s;
    int64_t mark_s;
    poa_policy *policy;
    poa_chain *chain;
    poa_revocation_list *list;
    const poa_revocation_source *source;
} trial;

static void trial_clear(trial *t)
{
    poa_revocation_list_free(t->list);
    poa_chain_free(t->chain);
    poa_policy_free(t->policy);
}

/* ---- Reading: a vector that is not as its schema says is no test ---- */

static const json_t *member(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    if (!value)
        fail_msg("no member %s", name);
    return value;
}

static int64_t number(const json_t *object, const char *name)
{
    int64_t n = 0;
    assert_true(poa_json_int(member(object, name), 0, POA_TIME_MAX, &n));
    return n;
}

/* A string, or ptr NULL for null. */
static poa_span text_or_null(const json_t *value)
{
    assert_true(json_is_null(value) || json_is_string(value));
    return poa_json_span(value);
}

static poa_id hash(const json_t *value)
{
    poa_id id = {0};
    assert_true(poa_id_parse(poa_json_span(value), &id));
    return id;
}

/* The bytes that base64url stands for; the caller owns *bytes, which holds them. */
static poa_span decoded(const json_t *value, char **bytes)
{
    const poa_span text = poa_json_span(value);
    const size_t cap = POA_BASE64URL_BYTES(text.len);
    *bytes = malloc(cap + 1);
    assert_non_null(*bytes);
    poa_span out = {*bytes, 0};
    assert_true(poa_base64url_decode(text, (uint8_t *)*bytes, cap, &out.len));
    return out;
}

static void read_policy(trial *t, const json_t *policies)
{
    const json_t *limits = member(t->vector, "limits");
    poa_limits configured = {0};
    if (!json_is_null(limits)) {
        configured.links = (size_t)number(limits, "links");
        configured.chain_bytes = (size_t)number(limits, "chain_bytes");
    }
    const char *name = json_string_value(member(t->vector, "policy"));
    assert_non_null(name);
    const poa_span document = poa_json_span(member(policies, name));
    poa_reason why = {0};
    if (poa_policy_parse(t->ctx, document, &configured, &t->policy, &why))
        fail_msg("policy %s: %s at %s", name, poa_err_name(why.code), why.member);
}

/* ---- Steps 1 to 6 ---- */

static poa_err verify_chain(trial *t, poa_reason *why)
{
    POA_CLEANUP(poa_freep) char *bytes = NULL;
    poa_span text = poa_json_span(json_object_get(t->vector, "chain"));
    const json_t *encoded = json_object_get(t->vector, "chain_b64");
    if (encoded)
        text = decoded(encoded, &bytes);
    else
        assert_non_null(text.ptr);
    return poa_chain_verify(t->ctx, text, t->policy, t->now_s, &t->chain, why);
}

/* ---- Steps 7 and 8 ---- */

/* A file of statements becomes a source only where there is a chain in hand. */
static poa_err open_source(trial *t, poa_reason *why)
{
    const json_t *revocations = member(t->vector, "revocations");
    if (json_is_null(revocations))
        return POA_OK;
    const poa_span mode = poa_json_span(member(revocations, "mode"));
    if (poa_span_is(mode, "unchecked")) {
        t->source = &poa_revocation_unchecked;
        return POA_OK;
    }
    assert_true(poa_span_is(mode, "complete") || poa_span_is(mode, "file"));

    POA_CLEANUP(poa_buf_clear) poa_buf lines = {0};
    size_t i = 0;
    const json_t *line = NULL;
    json_array_foreach(member(revocations, "lines"), i, line)
    {
        poa_buf_add(&lines, poa_json_span(line));
        poa_buf_text(&lines, "\n");
    }
    const poa_err err = poa_revocation_list_parse(t->ctx, poa_buf_span(&lines), t->chain, t->now_s,
                                                  poa_span_is(mode, "complete"), &t->list, why);
    if (!err)
        t->source = poa_revocation_list_source(t->list);
    return err;
}

static poa_err check_alive(trial *t, poa_reason *why)
{
    poa_err err = poa_chain_in_time(t->chain, t->now_s, t->mark_s, why);
    if (!err)
        err = open_source(t, why);
    return err ? err : poa_chain_alive(t->ctx, t->chain, t->now_s, t->mark_s, t->source, NULL, why);
}

/* ---- Step 9 ---- */

static poa_err ask_nonce(void *self, poa_span nonce, int64_t now_s)
{
    const json_t *server = self;
    (void)now_s;
    size_t i = 0;
    const json_t *valid = NULL;
    json_array_foreach(member(server, "nonces"), i,
                       valid) if (poa_span_equal(poa_json_span(valid), nonce)) return POA_OK;
    return POA_E_NONCE_INVALID;
}

static poa_err ask_seen(void *self, const poa_id *key, poa_span jti, int64_t until_s)
{
    const json_t *server = self;
    (void)until_s;
    size_t i = 0;
    const json_t *seen = NULL;
    json_array_foreach(member(server, "seen"), i, seen)
    {
        const poa_id by = hash(member(seen, "key"));
        if (poa_id_equal(&by, key) && poa_span_equal(poa_json_span(member(seen, "jti")), jti))
            return POA_E_PROOF_REPLAYED;
    }
    return POA_OK;
}

static poa_err check_proof(const trial *t, poa_reason *why)
{
    const json_t *proof = member(t->vector, "proof");
    if (json_is_null(proof))
        return POA_OK;
    const json_t *server = member(proof, "server");
    const poa_span url = poa_json_span(member(proof, "url"));
    POA_CLEANUP(poa_freep) char *bytes = NULL;
    const poa_span body = decoded(member(proof, "body_b64"), &bytes);
    const poa_proof_expected expected = {.method = poa_json_span(member(proof, "method")),
                                         .urls = &url,
                                         .urls_len = 1,
                                         .chain = poa_chain_text(t->chain),
                                         .body = body,
                                         .now_s = t->now_s,
                                         .started_s = number(server, "started"),
                                         .nonce_demanded = json_is_true(member(server, "demands_nonce"))};
    const poa_proof_memory memory = {.self = (void *)(uintptr_t)server, .nonce = ask_nonce, .use = ask_seen};
    return poa_proof_check(t->ctx, text_or_null(member(proof, "token")), t->chain, t->policy, &expected, &memory, NULL,
                           NULL, why);
}

/* ---- Step 10 ---- */

/* The identity that a device object states; the caller owns *path, which it borrows. */
static poa_identity read_device(const json_t *device, poa_id **path)
{
    const json_t *hashes = json_object_get(device, "idevid_path");
    const size_t len = json_array_size(hashes);
    *path = calloc(len + 1, sizeof **path);
    assert_non_null(*path);
    for (size_t i = 0; i < len; i++)
        (*path)[i] = hash(json_array_get(hashes, i));
    return (poa_identity){.manufacturer = poa_json_span(json_object_get(device, "manufacturer")),
                          .model = poa_json_span(json_object_get(device, "model")),
                          .serial = poa_json_span(json_object_get(device, "serial")),
                          .id_link = poa_json_span(json_object_get(device, "id_link")),
                          .idevid_path = *path,
                          .idevid_path_len = len};
}

static unsigned read_evidence(const json_t *names)
{
    static const struct {
        const char *name;
        unsigned bit;
    } known[] = {{"device_key", POA_EVIDENCE_DEVICE_KEY},
                 {"idevid", POA_EVIDENCE_IDEVID},
                 {"attestation", POA_EVIDENCE_ATTESTATION},
                 {"approval", POA_EVIDENCE_APPROVAL}};
    unsigned set = 0;
    for (size_t i = 0; i < json_array_size(names); i++)
        for (size_t k = 0; k < POA_COUNT(known); k++)
            if (poa_span_is(poa_json_span(json_array_get(names, i)), known[k].name))
                set |= known[k].bit;
    return set;
}

static poa_err ask_counter(void *self, const poa_id *poa, size_t index, uint64_t *used)
{
    const json_t *counters = self;
    *used = 0;
    size_t i = 0;
    const json_t *counter = NULL;
    json_array_foreach(counters, i, counter)
    {
        const poa_id counted = hash(member(counter, "poa"));
        if (poa_id_equal(&counted, poa) && number(counter, "power") == (int64_t)index)
            *used = (uint64_t)number(counter, "used");
    }
    return POA_OK;
}

static poa_err check_request(const trial *t, poa_reason *why)
{
    const json_t *asked = member(t->vector, "request");
    if (json_is_null(asked))
        return POA_OK;
    poa_request request = {.type = poa_json_span(member(asked, "type")),
                           .action = poa_json_span(member(asked, "action")),
                           .location = text_or_null(member(asked, "location")),
                           .resource = text_or_null(member(asked, "resource")),
                           .evidence = read_evidence(member(asked, "evidence")),
                           .now_s = t->now_s};
    /* Where a vector does not say, the verifier established the identity by itself, the label with it. */
    const json_t *vouched = json_object_get(asked, "id_link_vouched");
    request.id_link_vouched = vouched ? json_is_true(vouched) : (request.evidence & POA_EVIDENCE_IDEVID) != 0;
    POA_CLEANUP(poa_freep) poa_id *path = NULL;
    POA_CLEANUP(poa_freep) poa_id *old_path = NULL;
    request.device = read_device(member(asked, "device"), &path);
    const poa_identity replaced = read_device(member(asked, "replaced"), &old_path);
    if (!json_is_null(member(asked, "replaced")))
        request.replaced = &replaced;
    const poa_span address = text_or_null(member(asked, "address"));
    if (address.ptr)
        assert_true(poa_address_parse(address, &request.address));

    const poa_quota quota = {.self = (void *)(uintptr_t)member(asked, "counters"), .used = ask_counter};
    poa_decision decision;
    return poa_decide(t->chain, &request, &quota, &decision, why);
}

/* ---- A statement offered to a server ---- */

static poa_err offer_statement(trial *t, const json_t *offer, poa_reason *why)
{
    POA_CLEANUP(poa_statement_freep) poa_statement *statement = NULL;
    poa_err err = poa_statement_read(t->ctx, poa_json_span(member(offer, "text")), &statement, why);
    if (err)
        return err;

    poa_reason unused;
    poa_acceptance under = {.policy = t->policy, .now_s = t->now_s, .mark_s = t->mark_s};
    if (verify_chain(t, &unused) == POA_OK) {
        assert_int_equal(open_source(t, &unused), POA_OK);
        under.source = t->source;
        under.shown = json_is_true(member(offer, "with_chain")) ? t->chain : NULL;
    }
    POA_CLEANUP(poa_freep) char *reach = NULL;
    return poa_statement_accept(t->ctx, statement, &under, &reach, why);
}

/* ---- A token of a device or a maker ---- */

static poa_err check_device_proof(const poa_ctx *ctx, poa_span text, const poa_key *key, poa_reason *why)
{
    poa_device_proof *proof = NULL;
    poa_err err = poa_device_proof_read(ctx, text, &proof, why);
    if (!err)
        err = poa_device_proof_verify(ctx, proof, key, why);
    poa_device_proof_free(proof);
    return err;
}

static poa_err check_trust_proof(const poa_ctx *ctx, poa_span text, const poa_key *key, poa_reason *why)
{
    poa_trust_proof *proof = NULL;
    poa_err err = poa_trust_proof_read(ctx, text, &proof, why);
    if (!err)
        err = poa_trust_proof_verify(ctx, proof, key, why);
    poa_trust_proof_free(proof);
    return err;
}

static poa_err check_ticket(const poa_ctx *ctx, poa_span text, const poa_key *key, poa_reason *why)
{
    poa_ticket *ticket = NULL;
    poa_err err = poa_ticket_read(ctx, text, &ticket, why);
    if (!err)
        err = poa_ticket_verify(ctx, ticket, key, why);
    poa_ticket_free(ticket);
    return err;
}

static poa_err check_device_token(const trial *t, const json_t *token, poa_reason *why)
{
    static const struct {
        const char *kind;
        poa_err (*check)(const poa_ctx *ctx, poa_span text, const poa_key *key, poa_reason *why);
    } kinds[] = {{"device-proof", check_device_proof}, {"trust-proof", check_trust_proof}, {"ticket", check_ticket}};
    POA_CLEANUP(poa_key_freep) poa_key *key = NULL;
    assert_int_equal(poa_key_from_json(t->ctx, member(token, "key"), &key), POA_OK);
    for (size_t i = 0; i < POA_COUNT(kinds); i++)
        if (poa_span_is(poa_json_span(member(token, "kind")), kinds[i].kind))
            return kinds[i].check(t->ctx, poa_json_span(member(token, "text")), key, why);
    fail_msg("no such kind of token");
    return POA_F_USAGE;
}

/* ---- All of it ---- */

static poa_err decide(trial *t, poa_reason *why)
{
    const json_t *offer = member(t->vector, "statement");
    if (!json_is_null(offer))
        return offer_statement(t, offer, why);
    const json_t *token = json_object_get(t->vector, "device");
    if (token)
        return check_device_token(t, token, why);

    poa_err err = verify_chain(t, why);
    if (!err)
        err = check_alive(t, why);
    if (!err)
        err = check_proof(t, why);
    return err ? err : check_request(t, why);
}

static bool ids_agree(const poa_chain *chain, const json_t *ids)
{
    if (!ids || !chain)
        return !ids;
    if (json_array_size(ids) != poa_chain_len(chain))
        return false;
    for (size_t i = 0; i < poa_chain_len(chain); i++)
        if (!poa_span_is(poa_json_span(json_array_get(ids, i)), poa_id_print(&poa_chain_link(chain, i)->id).chars))
            return false;
    return true;
}

poa_reason vector_decide(const poa_ctx *ctx, const json_t *policies, const json_t *vector, bool *ids_ok)
{
    POA_CLEANUP(trial_clear) trial t = {.ctx = ctx, .vector = vector, .now_s = number(vector, "now")};
    if (!json_is_null(member(vector, "mark")))
        t.mark_s = number(vector, "mark");
    read_policy(&t, policies);

    poa_reason why = {.hop = POA_HOP_NONE};
    const poa_err err = decide(&t, &why);
    if (err <= POA_OK)
        why = (poa_reason){.code = err, .hop = POA_HOP_NONE};
    assert_int_equal(why.code, err);
    *ids_ok = ids_agree(t.chain, json_object_get(member(vector, "expect"), "poa_ids"));
    return why;
}
