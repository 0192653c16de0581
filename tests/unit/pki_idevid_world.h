#ifndef POA_TEST_PKI_IDEVID_WORLD_H
#define POA_TEST_PKI_IDEVID_WORLD_H

#include "idevid.h"
#include "pki_forge.h"

/* A maker's PKI: root, issuing CA, device; and what must not pass under it. */

#define LINK   "https://id.maker.example/XY-1/SN-1042"
#define URN    "urn:maker.example:XY-1:SN-1042"
#define SPIFFE "spiffe://site.example/device/7"
#define UUID   "1f0c0a52-3f7b-4c8e-9d55-0a8f6f6c2b11"

static EVP_PKEY *root_key;
static EVP_PKEY *sub_key;
static EVP_PKEY *leaf_key;
static EVP_PKEY *other_key;
static EVP_PKEY *rsa_key;
static X509 *root;
static X509 *sub;

static const forged_plan plain_leaf = {
    .names = {{NID_commonName, V_ASN1_UTF8STRING, "XY-1", 0}, {NID_serialNumber, V_ASN1_PRINTABLESTRING, "SN-1042", 0}},
    .exts = {{NID_key_usage, "critical,digitalSignature"},
             {NID_subject_key_identifier, "hash"},
             {NID_authority_key_identifier, "keyid"},
             {NID_subject_alt_name, "URI:" LINK ",URI:" URN}},
};

static inline X509 *make_leaf(forged_plan plan)
{
    plan.key = plan.key ? plan.key : leaf_key;
    plan.issuer = plan.issuer ? plan.issuer : sub;
    plan.issuer_key = plan.issuer_key ? plan.issuer_key : sub_key;
    return forge_cert(&plan);
}

/* Judge the given certificates under these anchors. */
static inline poa_err judge(X509 *const *x5c, size_t count, X509 *const *anchors, size_t anchor_count,
                            poa_idevid_trust trust, int64_t now_s, poa_idevid **out)
{
    POA_CLEANUP(poa_certs_freep) poa_certs *given = forge_list(x5c, count);
    POA_CLEANUP(poa_certs_freep) poa_certs *believed = forge_list(anchors, anchor_count);
    trust.anchors = believed;
    poa_why why = {""};
    *out = NULL;
    const poa_err err = poa_idevid_verify(ctx, given, &trust, now_s, out, &why);
    assert_int_equal(*out != NULL, err == POA_OK);
    assert_int_equal(why.text[0] != '\0', err > POA_OK);
    assert_int_equal(ERR_peek_error(), 0);
    return err;
}

static inline poa_err judge_leaf(X509 *leaf, poa_idevid_trust trust, poa_idevid **out)
{
    return judge((X509 *[]){leaf, sub}, 2, &root, 1, trust, FORGE_NOW, out);
}

static inline int make_all(void **state)
{
    if (set_up(state) != 0)
        return 1;
    root_key = EVP_EC_gen("P-384");
    sub_key = EVP_EC_gen("P-256");
    leaf_key = EVP_EC_gen("P-256");
    other_key = EVP_EC_gen("P-256");
    rsa_key = EVP_RSA_gen(2048);
    root = forge_ca("maker root", root_key, NULL, NULL);
    sub = forge_ca("maker issuing", sub_key, root, root_key);
    return 0;
}

static inline int drop_all(void **state)
{
    X509_free(root);
    X509_free(sub);
    EVP_PKEY_free(root_key);
    EVP_PKEY_free(sub_key);
    EVP_PKEY_free(leaf_key);
    EVP_PKEY_free(other_key);
    EVP_PKEY_free(rsa_key);
    return tear_down(state);
}

#endif
