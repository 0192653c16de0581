#include "crl.h"

#include "ca_openssl.h"
#include "guard.h"
#include "x509_make.h"

POA_CLEANUP_DEFINE(X509_CRL, X509_CRL_free)
POA_CLEANUP_DEFINE(X509_REVOKED, X509_REVOKED_free)
POA_CLEANUP_DEFINE(ASN1_TIME, ASN1_TIME_free)
POA_CLEANUP_DEFINE(ASN1_GENERALIZEDTIME, ASN1_GENERALIZEDTIME_free)
POA_CLEANUP_DEFINE(ASN1_INTEGER, ASN1_INTEGER_free)
POA_CLEANUP_DEFINE(ASN1_ENUMERATED, ASN1_ENUMERATED_free)

static bool is_time(int64_t time_s)
{
    return time_s >= 0 && time_s <= POA_X509_TIME_MAX;
}

static bool reason_is_sound(poa_crl_reason reason)
{
    switch (reason) {
    case POA_CRL_UNSPECIFIED:
    case POA_CRL_KEY_COMPROMISE:
    case POA_CRL_CA_COMPROMISE:
    case POA_CRL_AFFILIATION_CHANGED:
    case POA_CRL_SUPERSEDED:
    case POA_CRL_CESSATION_OF_OPERATION:
    case POA_CRL_CERTIFICATE_HOLD:
    case POA_CRL_PRIVILEGE_WITHDRAWN:
    case POA_CRL_AA_COMPROMISE:
        return true;
    case POA_CRL_REMOVE_FROM_CRL:
        break;
    }
    return false;
}

static bool plan_is_sound(const poa_crl_plan *plan, const poa_crl_entry *entries, size_t count)
{
    if (!is_time(plan->this_update_s) || !is_time(plan->next_update_s) || plan->next_update_s <= plan->this_update_s ||
        count > POA_CRL_ENTRIES_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!is_time(entries[i].revoked_s) || !is_time(entries[i].invalidity_s) || !reason_is_sound(entries[i].reason))
            return false;
    }
    return true;
}

static bool set_times(X509_CRL *crl, const poa_crl_plan *plan)
{
    POA_CLEANUP(ASN1_TIME_freep) ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)plan->this_update_s);
    POA_CLEANUP(ASN1_TIME_freep) ASN1_TIME *until = ASN1_TIME_set(NULL, (time_t)plan->next_update_s);
    return from && until && X509_CRL_set1_lastUpdate(crl, from) == 1 && X509_CRL_set1_nextUpdate(crl, until) == 1;
}

static bool set_number(X509_CRL *crl, uint64_t number)
{
    POA_CLEANUP(ASN1_INTEGER_freep) ASN1_INTEGER *value = ASN1_INTEGER_new();
    return value && ASN1_INTEGER_set_uint64(value, number) == 1 &&
           X509_CRL_add1_ext_i2d(crl, NID_crl_number, value, 0, X509V3_ADD_DEFAULT) == 1;
}

static bool set_authority(X509_CRL *crl, const X509 *issuer)
{
    POA_CLEANUP(AUTHORITY_KEYID_freep) AUTHORITY_KEYID *authority = poa_x509_authority(issuer);
    return authority && X509_CRL_add1_ext_i2d(crl, NID_authority_key_identifier, authority, 0, X509V3_ADD_DEFAULT) == 1;
}

static bool set_serial(X509_REVOKED *entry, const uint8_t serial[POA_SERIAL_NUMBER_BYTES])
{
    POA_CLEANUP(BN_freep) BIGNUM *number = BN_bin2bn(serial, POA_SERIAL_NUMBER_BYTES, NULL);
    POA_CLEANUP(ASN1_INTEGER_freep) ASN1_INTEGER *value = number ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
    return value && X509_REVOKED_set_serialNumber(entry, value) == 1;
}

static bool set_revoked(X509_REVOKED *entry, int64_t revoked_s)
{
    POA_CLEANUP(ASN1_TIME_freep) ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)revoked_s);
    return time && X509_REVOKED_set_revocationDate(entry, time) == 1;
}

/* Section 5.3.1: reasonCode is left out rather than say unspecified. */
static bool set_reason(X509_REVOKED *entry, poa_crl_reason reason)
{
    if (reason == POA_CRL_UNSPECIFIED)
        return true;
    POA_CLEANUP(ASN1_ENUMERATED_freep) ASN1_ENUMERATED *value = ASN1_ENUMERATED_new();
    return value && ASN1_ENUMERATED_set(value, (long)reason) == 1 &&
           X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, value, 0, X509V3_ADD_DEFAULT) == 1;
}

static bool set_invalidity(X509_REVOKED *entry, int64_t invalidity_s)
{
    if (invalidity_s == 0)
        return true;
    POA_CLEANUP(ASN1_GENERALIZEDTIME_freep)
    ASN1_GENERALIZEDTIME *time = ASN1_GENERALIZEDTIME_set(NULL, (time_t)invalidity_s);
    return time && X509_REVOKED_add1_ext_i2d(entry, NID_invalidity_date, time, 0, X509V3_ADD_DEFAULT) == 1;
}

static bool add_entry(X509_CRL *crl, const poa_crl_entry *from)
{
    POA_CLEANUP(X509_REVOKED_freep) X509_REVOKED *entry = X509_REVOKED_new();
    if (!entry || !set_serial(entry, from->serial) || !set_revoked(entry, from->revoked_s) ||
        !set_reason(entry, from->reason) || !set_invalidity(entry, from->invalidity_s) ||
        X509_CRL_add0_revoked(crl, entry) != 1)
        return false;
    entry = NULL; /* the list took it */
    return true;
}

static bool fill(X509_CRL *crl, const poa_ca *ca, const poa_crl_plan *plan, const poa_crl_entry *entries, size_t count)
{
    const X509 *issuer = poa_ca_x509(ca);
    if (X509_CRL_set_version(crl, X509_CRL_VERSION_2) != 1 ||
        X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer)) != 1 || !set_times(crl, plan) ||
        !set_authority(crl, issuer) || !set_number(crl, plan->number))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!add_entry(crl, &entries[i]))
            return false;
    }
    return X509_CRL_sort(crl) == 1;
}

/* Sorted entries that are the same stand side by side. */
static bool has_twins(X509_CRL *crl)
{
    STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(crl);
    for (int i = 1; i < sk_X509_REVOKED_num(entries); i++) {
        if (ASN1_INTEGER_cmp(X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(entries, i - 1)),
                             X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(entries, i))) == 0)
            return true;
    }
    return false;
}

poa_err poa_crl_make(const poa_ca *ca, const poa_crl_plan *plan, const poa_crl_entry *entries, size_t count,
                     poa_bytes *der, poa_why *why)
{
    POA_PKI_SCOPE();
    if (POA_GUARD(crl_plan, !plan_is_sound(plan, entries, count)))
        return POA_F_USAGE;
    if (POA_GUARD(crl_usage, (X509_get_key_usage(poa_ca_x509(ca)) & KU_CRL_SIGN) == 0))
        return poa_pki_refuse(why, POA_F_SIGNER, "the keyUsage of the site's CA certificate does not allow cRLSign");
    POA_CLEANUP(X509_CRL_freep) X509_CRL *crl = X509_CRL_new();
    if (!crl || !fill(crl, ca, plan, entries, count))
        return poa_pki_fault();
    if (POA_GUARD(crl_twins, has_twins(crl)))
        return POA_F_USAGE;
    if (X509_CRL_sign(crl, ca->key->pkey, poa_pki_digest(ca->key)) <= 0)
        return poa_pki_fault();
    return poa_der_encode(crl, ASN1_ITEM_rptr(X509_CRL), der);
}
