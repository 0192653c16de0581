#include "maker.h"

#include "bounds.h"
#include "ca_openssl.h"
#include "span.h"
#include "x509_make.h"

poa_err poa_maker_make(const poa_ctx *ctx, poa_span name, int64_t now_s, poa_ca **out)
{
    if (now_s < POA_MAKER_BACKDATE_S || now_s > POA_X509_TIME_MAX)
        return POA_F_USAGE;
    const poa_ca_plan plan = {
        .owner = name,
        .now_s = now_s,
        .backdate_s = POA_MAKER_BACKDATE_S,
        .lifetime_s = POA_X509_TIME_MAX + 1 - now_s,
    };
    return poa_ca_make(ctx, &plan, out);
}

static bool is_serial(poa_span text)
{
    return text.len == 0 || (text.len <= POA_SERIAL_BYTES_MAX && poa_san_is_uri_text(text)); /* the same characters */
}

static bool plan_is_sound(const poa_maker_plan *plan)
{
    if (!poa_span_is_identifier(plan->manufacturer) || !is_serial(plan->serial) ||
        (plan->common_name.len > 0 && !poa_span_is_identifier(plan->common_name)) ||
        plan->uri_count > POA_IDEVID_URIS_MAX)
        return false;
    for (size_t i = 0; i < plan->uri_count; i++) {
        if (!poa_san_is_uri_text(plan->uris[i]))
            return false;
    }
    return true;
}

static bool add_subject(const poa_ctx *ctx, X509_NAME *subject, const poa_maker_plan *plan)
{
    return poa_x509_name_add(ctx, subject, NID_organizationName, plan->manufacturer) &&
           (plan->common_name.len == 0 || poa_x509_name_add(ctx, subject, NID_commonName, plan->common_name)) &&
           (plan->serial.len == 0 || poa_x509_name_serial(subject, plan->serial));
}

static bool add_uris(X509 *cert, const poa_maker_plan *plan)
{
    if (plan->uri_count == 0)
        return true;
    POA_CLEANUP(GENERAL_NAMES_freep) GENERAL_NAMES *names = GENERAL_NAMES_new();
    bool good = names != NULL;
    for (size_t i = 0; good && i < plan->uri_count; i++)
        good = poa_x509_alt_uri(names, plan->uris[i]);
    return good && poa_x509_alt_names(cert, names);
}

poa_err poa_maker_issue(const poa_ctx *ctx, const poa_ca *maker, const poa_key *key, const poa_maker_plan *plan,
                        poa_leaf *out, poa_why *why)
{
    POA_PKI_SCOPE();
    if (!plan_is_sound(plan))
        return POA_F_USAGE;
    const poa_err err = poa_ca_check_time(maker, plan->now_s, why);
    if (err)
        return err;

    const int64_t from_s = plan->now_s - POA_MAKER_BACKDATE_S;
    POA_CLEANUP(poa_leaf_clear)
    poa_leaf leaf = {
        .not_before_s = from_s > maker->not_before_s ? from_s : maker->not_before_s,
        .not_after_s = maker->not_after_s < POA_X509_TIME_MAX ? maker->not_after_s : POA_X509_TIME_MAX,
    };
    POA_CLEANUP(X509_freep) X509 *cert = X509_new();
    if (!cert || !poa_ca_begin_leaf(ctx, cert, maker, key, &leaf) ||
        !add_subject(ctx, X509_get_subject_name(cert), plan) || !add_uris(cert, plan))
        return poa_pki_fault();
    return poa_ca_finish_leaf(cert, maker, &leaf, out);
}
