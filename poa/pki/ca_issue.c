#include "ca_openssl.h"

#include "bounds.h"
#include "guard.h"
#include "san.h"
#include "span.h"
#include "x509_make.h"

#include <string.h>

_Static_assert(POA_SERIAL_NUMBER_BYTES == POA_X509_SERIAL_BYTES, "one length of serial numbers");

void poa_leaf_clear(poa_leaf *leaf)
{
    poa_bytes_clear(&leaf->der);
    *leaf = (poa_leaf){0};
}

/* What an IA5String of a URI can hold. What makes it a link was checked before. */
static bool is_link(poa_span text)
{
    return text.len == 0 || (text.len <= POA_ID_LINK_BYTES_MAX && poa_san_is_uri_text(text));
}

static bool is_web_address(poa_span text)
{
    const bool web = poa_span_starts(text, POA_SPAN("http://")) || poa_span_starts(text, POA_SPAN("https://"));
    return text.len == 0 || (web && poa_san_is_uri_text(text));
}

static bool plan_is_sound(const poa_leaf_plan *plan)
{
    return poa_span_is_uuid(plan->device) && poa_span_is_identifier(plan->owner) && is_link(plan->id_link) &&
           is_web_address(plan->crl_url) && plan->now_s >= 0 && plan->now_s <= POA_X509_TIME_MAX &&
           plan->backdate_s >= 0 && plan->lifetime_s >= 1 && plan->end_s > plan->now_s;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Both ends of the certificate's life; the CA is valid now, so they are in order. */
static void plan_times(const poa_ca *ca, const poa_leaf_plan *plan, poa_leaf *leaf)
{
    int64_t from_s = plan->now_s - least(plan->backdate_s, plan->now_s);
    if (from_s < ca->not_before_s)
        from_s = ca->not_before_s;
    int64_t end_s = 0;
    if (__builtin_add_overflow(plan->now_s, plan->lifetime_s, &end_s))
        end_s = INT64_MAX;
    leaf->not_before_s = from_s;
    leaf->not_after_s = least(least(end_s, plan->end_s) - 1, least(ca->not_after_s, POA_X509_TIME_MAX));
}

static bool add_names(const poa_ctx *ctx, X509 *cert, const poa_leaf_plan *plan)
{
    char urn[sizeof POA_URN_UUID + POA_UUID_LEN] = POA_URN_UUID;
    memcpy(urn + sizeof POA_URN_UUID - 1, plan->device.ptr, POA_UUID_LEN);

    X509_NAME *subject = X509_get_subject_name(cert);
    POA_CLEANUP(GENERAL_NAMES_freep) GENERAL_NAMES *names = GENERAL_NAMES_new();
    return names && poa_x509_name_add(ctx, subject, NID_organizationName, plan->owner) &&
           poa_x509_name_add(ctx, subject, NID_commonName, plan->device) && poa_x509_alt_uri(names, poa_span_of(urn)) &&
           (plan->id_link.len == 0 || poa_x509_alt_uri(names, plan->id_link)) && poa_x509_alt_names(cert, names);
}

static bool fill_leaf(const poa_ctx *ctx, X509 *cert, const poa_leaf_plan *plan)
{
    return add_names(ctx, cert, plan) && poa_x509_purpose(cert, NID_client_auth) &&
           (plan->crl_url.len == 0 || poa_x509_crl_url(cert, plan->crl_url));
}

poa_err poa_ca_check_time(const poa_ca *ca, int64_t now_s, poa_why *why)
{
    if (POA_GUARD(ca_issue_expired, now_s > ca->not_after_s))
        return poa_pki_refuse(why, POA_F_SIGNER, "the site's CA certificate has expired");
    if (POA_GUARD(ca_issue_early, now_s < ca->not_before_s))
        return poa_pki_refuse(why, POA_F_SIGNER, "the site's CA certificate is not valid yet");
    return POA_OK;
}

bool poa_ca_begin_leaf(const poa_ctx *ctx, X509 *cert, const poa_ca *ca, const poa_key *key, poa_leaf *leaf)
{
    const X509 *issuer = poa_ca_x509(ca);
    return X509_set_version(cert, X509_VERSION_3) == 1 && poa_x509_serial(cert, leaf->serial) &&
           poa_x509_times(cert, leaf->not_before_s, leaf->not_after_s) &&
           X509_set_issuer_name(cert, X509_get_subject_name(issuer)) == 1 && X509_set_pubkey(cert, key->pkey) == 1 &&
           poa_x509_constraints(cert, false) && poa_x509_usage(cert, POA_USAGE_SIGN) &&
           poa_x509_subject_key_id(ctx, cert) && poa_x509_authority_key_id(cert, issuer);
}

poa_err poa_ca_finish_leaf(X509 *cert, const poa_ca *ca, poa_leaf *leaf, poa_leaf *out)
{
    if (!poa_x509_sign(cert, ca->key))
        return poa_pki_fault();
    const poa_err err = poa_der_encode(cert, ASN1_ITEM_rptr(X509), &leaf->der);
    if (err)
        return err;
    *out = *leaf;
    *leaf = (poa_leaf){0};
    return POA_OK;
}

poa_err poa_ca_issue_key(const poa_ctx *ctx, const poa_ca *ca, const poa_key *key, const poa_leaf_plan *plan,
                         poa_leaf *out, poa_why *why)
{
    POA_PKI_SCOPE();
    if (POA_GUARD(ca_issue_plan, !plan_is_sound(plan)))
        return POA_F_USAGE;
    const poa_err err = poa_ca_check_time(ca, plan->now_s, why);
    if (err)
        return err;

    POA_CLEANUP(poa_leaf_clear) poa_leaf leaf = {0};
    plan_times(ca, plan, &leaf);
    POA_CLEANUP(X509_freep) X509 *cert = X509_new();
    if (!cert || !poa_ca_begin_leaf(ctx, cert, ca, key, &leaf) || !fill_leaf(ctx, cert, plan))
        return poa_pki_fault();
    return poa_ca_finish_leaf(cert, ca, &leaf, out);
}

poa_err poa_ca_issue(const poa_ctx *ctx, const poa_ca *ca, const poa_csr *csr, const poa_leaf_plan *plan, poa_leaf *out,
                     poa_why *why)
{
    return poa_ca_issue_key(ctx, ca, poa_csr_key(csr), plan, out, why);
}
