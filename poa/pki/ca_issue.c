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

/* Printable ASCII without blanks: what an IA5String of a URI can hold. What makes it a link was checked before. */
static bool is_uri_text(poa_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= 0x20 || text.ptr[i] >= 0x7f)
            return false;
    }
    return text.len <= POA_ID_LINK_BYTES_MAX;
}

static bool plan_is_sound(const poa_leaf_plan *plan)
{
    return poa_span_is_uuid(plan->device) && poa_span_is_identifier(plan->owner) && is_uri_text(plan->id_link) &&
           plan->now_s >= 0 && plan->now_s <= POA_X509_TIME_MAX && plan->backdate_s >= 0 && plan->lifetime_s >= 1 &&
           plan->end_s > plan->now_s;
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

static bool fill_leaf(const poa_ctx *ctx, X509 *cert, const poa_ca *ca, const poa_csr *csr, const poa_leaf_plan *plan,
                      poa_leaf *leaf)
{
    const X509 *issuer = poa_ca_x509(ca);
    return X509_set_version(cert, X509_VERSION_3) == 1 && poa_x509_serial(cert, leaf->serial) &&
           poa_x509_times(cert, leaf->not_before_s, leaf->not_after_s) &&
           X509_set_issuer_name(cert, X509_get_subject_name(issuer)) == 1 &&
           X509_set_pubkey(cert, poa_csr_key(csr)->pkey) == 1 && add_names(ctx, cert, plan) &&
           poa_x509_constraints(cert, false) && poa_x509_usage(cert, POA_USAGE_SIGN) &&
           poa_x509_purpose(cert, NID_client_auth) && poa_x509_subject_key_id(ctx, cert) &&
           poa_x509_authority_key_id(cert, issuer) && poa_x509_sign(cert, ca->key);
}

poa_err poa_ca_issue(const poa_ctx *ctx, const poa_ca *ca, const poa_csr *csr, const poa_leaf_plan *plan, poa_leaf *out,
                     poa_why *why)
{
    POA_PKI_SCOPE();
    if (POA_GUARD(ca_issue_plan, !plan_is_sound(plan)))
        return POA_F_USAGE;
    if (POA_GUARD(ca_issue_expired, plan->now_s > ca->not_after_s))
        return poa_pki_refuse(why, POA_F_SIGNER, "the site's CA certificate has expired");
    if (POA_GUARD(ca_issue_early, plan->now_s < ca->not_before_s))
        return poa_pki_refuse(why, POA_F_SIGNER, "the site's CA certificate is not valid yet");

    POA_CLEANUP(poa_leaf_clear) poa_leaf leaf = {0};
    plan_times(ca, plan, &leaf);
    POA_CLEANUP(X509_freep) X509 *cert = X509_new();
    if (!cert || !fill_leaf(ctx, cert, ca, csr, plan, &leaf))
        return poa_pki_fault();
    const poa_err err = poa_der_encode(cert, ASN1_ITEM_rptr(X509), &leaf.der);
    if (err)
        return err;
    *out = leaf;
    leaf = (poa_leaf){0};
    return POA_OK;
}
