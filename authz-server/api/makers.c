#include "api/makers.h"

#include "cleanup.h"
#include "guard.h"
#include "span.h"

#include <stdio.h>
#include <stdlib.h>

/* One trust for each manufacturer of the policy, in its order, and the anchors that it borrows. */
struct api_makers {
    const poa_policy *policy;
    size_t len;
    poa_idevid_trust *trusts; /* owned */
    poa_certs *anchors[];     /* owned */
};

void api_makers_free(api_makers *makers)
{
    if (!makers)
        return;
    for (size_t i = 0; i < makers->len; i++)
        poa_certs_free(makers->anchors[i]);
    free(makers->trusts);
    free(makers);
}
POA_CLEANUP_DEFINE(api_makers, api_makers_free)

static poa_idevid_serial_from place_of(enum poa_serial_from from)
{
    return from == POA_SERIAL_FROM_COMMON_NAME ? POA_IDEVID_COMMON_NAME : POA_IDEVID_SERIAL_NUMBER;
}

static poa_err read_maker(api_makers *makers, size_t i, poa_why *why)
{
    const poa_policy_manufacturer *maker = poa_policy_manufacturer_at(makers->policy, i);
    const poa_err err = poa_certs_parse(maker->ca, &makers->anchors[i], why);
    makers->trusts[i] = (poa_idevid_trust){
        .anchors = makers->anchors[i], .profile = POA_IDEVID_TOLERANT, .serial_from = place_of(maker->serial_from)};
    return err;
}

poa_err api_makers_load(const poa_policy *policy, api_makers **out, size_t *at, poa_why *why)
{
    size_t count = 0;
    while (poa_policy_manufacturer_at(policy, count))
        count++;
    POA_CLEANUP(api_makers_freep) api_makers *makers = calloc(1, sizeof *makers + count * sizeof makers->anchors[0]);
    if (makers)
        makers->trusts = calloc(count + 1, sizeof *makers->trusts);
    if (!makers || !makers->trusts)
        return POA_F_NOMEM;
    makers->policy = policy;
    for (size_t i = 0; i < count; i++) {
        const poa_err err = read_maker(makers, i, why);
        if (err) {
            *at = i;
            return err;
        }
        makers->len = i + 1;
    }
    *out = POA_TAKE(makers);
    return POA_OK;
}

poa_err api_makers_find(const api_makers *makers, const poa_ctx *ctx, const poa_certs *x5c, int64_t now_s,
                        poa_idevid **out, const poa_policy_manufacturer **maker, poa_why *why)
{
    size_t at = 0;
    const poa_err err = poa_idevid_find(ctx, x5c, makers->trusts, makers->len, now_s, out, &at, why);
    if (!err)
        *maker = poa_policy_manufacturer_at(makers->policy, at);
    return err;
}

poa_err api_makers_signer(const api_makers *makers, const poa_ctx *ctx, poa_span name, const poa_certs *x5c,
                          int64_t now_s, poa_idevid **out, const poa_policy_manufacturer **maker, poa_why *why)
{
    for (size_t i = 0; i < makers->len; i++) {
        const poa_policy_manufacturer *one = poa_policy_manufacturer_at(makers->policy, i);
        if (POA_GUARD(ticket_maker, !poa_span_equal(one->name, name)))
            continue;
        poa_idevid_trust trust = makers->trusts[i];
        trust.profile = POA_IDEVID_MAKER;
        *maker = one;
        return poa_idevid_verify(ctx, x5c, &trust, now_s, out, why);
    }
    (void)snprintf(why->text, sizeof why->text, "the policy names no such manufacturer");
    return POA_E_SIGNATURE_INVALID;
}

static bool is_in(const poa_id *path, size_t len, const poa_id *key)
{
    for (size_t i = 0; i < len; i++)
        if (poa_id_equal(&path[i], key))
            return true;
    return false;
}

/* A key that cannot be read anchors nothing. */
static poa_err has_anchor(const poa_certs *anchors, const poa_ctx *ctx, const poa_id *path, size_t len, bool *has)
{
    for (size_t i = 0; !*has && i < poa_certs_count(anchors); i++) {
        poa_id key;
        const poa_err err = poa_certs_key_id(ctx, anchors, i, &key);
        if (poa_err_is_fault(err))
            return err;
        *has = !err && is_in(path, len, &key);
    }
    return POA_OK;
}

poa_err api_makers_stand(const api_makers *makers, const poa_ctx *ctx, poa_span name, const poa_id *path, size_t len,
                         bool *stands)
{
    poa_err err = POA_OK;
    *stands = false;
    for (size_t i = 0; !err && !*stands && i < makers->len; i++)
        if (poa_span_equal(poa_policy_manufacturer_at(makers->policy, i)->name, name))
            err = has_anchor(makers->anchors[i], ctx, path, len, stands);
    return err;
}
