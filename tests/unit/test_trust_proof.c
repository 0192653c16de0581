#include "device_rig.h"

#define TYP  "poa-trust+jwt"
#define HEAD "'typ':'" TYP "','alg':'ES256'"
#define UUID "0b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8"

#define AUD    "'aud':'mine.example',"
#define SUB    "'sub':'urn:uuid:" UUID "',"
#define IAT    "'iat':1790000000,"
#define NONCE  "'nonce':'n-1',"
#define WHY    "'reason':'periodic',"
#define BOOTS  "'boot_counter':7"
#define BEFORE AUD SUB IAT NONCE
#define WHOLE  BEFORE WHY BOOTS
#define CSR    ",'csr_hash':'" ID43 "'"

static poa_err read(const char *header, const char *payload, poa_alg alg, poa_trust_proof **out, poa_reason *why)
{
    POA_CLEANUP(poa_freep) char *text = token_of(header, payload, alg);
    *out = NULL;
    const poa_err err = poa_trust_proof_read(rig.ctx, poa_span_of(text), out, why);
    assert_int_equal(*out != NULL, err == POA_OK);
    return err;
}

static const token_case claims[] = {
    {"periodic", WHOLE, POA_OK, ""},
    {"restart", BEFORE "'reason':'restart'," BOOTS, POA_OK, ""},
    {"software-update", BEFORE "'reason':'software-update'," BOOTS ",'firmware':'" ID43 "'", POA_OK, ""},
    {"epoch-change", BEFORE "'reason':'epoch-change'," BOOTS, POA_OK, ""},
    {"rekey", BEFORE "'reason':'rekey'," BOOTS CSR, POA_OK, ""},
    {"a new key for another reason", WHOLE CSR, POA_OK, ""},

    {"no aud", SUB IAT NONCE WHY BOOTS, POA_E_CLAIM_MISSING, "/aud"},
    {"aud an array", "'aud':['mine.example']," SUB IAT NONCE WHY BOOTS, POA_E_CLAIM_TYPE, "/aud"},
    {"aud empty", "'aud':''," SUB IAT NONCE WHY BOOTS, POA_E_CLAIM_TYPE, "/aud"},
    {"no sub", AUD IAT NONCE WHY BOOTS, POA_E_CLAIM_MISSING, "/sub"},
    {"sub without its prefix", AUD "'sub':'" UUID "'," IAT NONCE WHY BOOTS, POA_E_CLAIM_TYPE, "/sub"},
    {"sub in capitals", AUD "'sub':'urn:uuid:0B1C2D3E-4F50-4A61-8B72-93A4B5C6D7E8'," IAT NONCE WHY BOOTS,
     POA_E_CLAIM_TYPE, "/sub"},
    {"prefix in capitals", AUD "'sub':'URN:UUID:" UUID "'," IAT NONCE WHY BOOTS, POA_E_CLAIM_TYPE, "/sub"},
    {"sub too long", AUD "'sub':'urn:uuid:" UUID "0'," IAT NONCE WHY BOOTS, POA_E_CLAIM_TYPE, "/sub"},
    {"sub too short", AUD "'sub':'urn:uuid:0b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e'," IAT NONCE WHY BOOTS, POA_E_CLAIM_TYPE,
     "/sub"},
    {"sub without hyphens", AUD "'sub':'urn:uuid:0b1c2d3e04f5004a6108b72093a4b5c6d7e8'," IAT NONCE WHY BOOTS,
     POA_E_CLAIM_TYPE, "/sub"},
    {"sub with a hyphen too many", AUD "'sub':'urn:uuid:0b1c2d3e-4f50-4a61-8b72-93a4b5c6d7-8'," IAT NONCE WHY BOOTS,
     POA_E_CLAIM_TYPE, "/sub"},
    {"no iat", AUD SUB NONCE WHY BOOTS, POA_E_CLAIM_MISSING, "/iat"},
    {"iat a text", AUD SUB "'iat':'1790000000'," NONCE WHY BOOTS, POA_E_CLAIM_TYPE, "/iat"},
    {"no nonce", AUD SUB IAT WHY BOOTS, POA_E_CLAIM_MISSING, "/nonce"},
    {"nonce empty", AUD SUB IAT "'nonce':''," WHY BOOTS, POA_E_CLAIM_TYPE, "/nonce"},
    {"no reason", BEFORE BOOTS, POA_E_CLAIM_MISSING, "/reason"},
    {"reason unknown", BEFORE "'reason':'bored'," BOOTS, POA_E_CLAIM_TYPE, "/reason"},
    {"reason in another case", BEFORE "'reason':'Periodic'," BOOTS, POA_E_CLAIM_TYPE, "/reason"},
    {"no boot_counter", BEFORE "'reason':'periodic'", POA_E_CLAIM_MISSING, "/boot_counter"},
    {"boot_counter negative", BEFORE WHY "'boot_counter':-1", POA_E_CLAIM_TYPE, "/boot_counter"},
    {"boot_counter 0", BEFORE WHY "'boot_counter':0", POA_OK, ""},
    {"boot_counter 2^53-1", BEFORE WHY "'boot_counter':9007199254740991", POA_OK, ""},
    {"boot_counter 2^53", BEFORE WHY "'boot_counter':9007199254740992", POA_E_CLAIM_TYPE, "/boot_counter"},
    {"boot_counter real", BEFORE WHY "'boot_counter':7.0", POA_E_CLAIM_TYPE, "/boot_counter"},
    {"firmware no hash", WHOLE ",'firmware':'1.0'", POA_E_CLAIM_TYPE, "/firmware"},
    {"csr_hash no hash", WHOLE ",'csr_hash':'AAAA'", POA_E_CLAIM_TYPE, "/csr_hash"},
    {"csr_hash null", WHOLE ",'csr_hash':null", POA_E_CLAIM_TYPE, "/csr_hash"},
    {"rekey without a request", BEFORE "'reason':'rekey'," BOOTS, POA_E_CLAIM_MISSING, "/csr_hash"},
    {"unknown claim", WHOLE ",'exp':1790000060", POA_E_CLAIM_FORBIDDEN, "/exp"},
    {"unknown claim after a wrong one", "'x':1," BEFORE WHY "'boot_counter':-1", POA_E_CLAIM_TYPE, "/boot_counter"},
};

static void each_claim(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(claims); i++) {
        poa_trust_proof *proof = NULL;
        poa_reason why = {0};
        const poa_err err = read(HEAD X5C, claims[i].part, POA_ALG_ES256, &proof, &why);
        poa_trust_proof_free(proof);
        expect_reason(&claims[i], err, &why);
    }
}

static const token_case headers[] = {
    {"ES384", "'typ':'" TYP "','alg':'ES384'" X5C, POA_OK, ""},
    {"RS256", "'typ':'" TYP "','alg':'RS256'" X5C, POA_OK, ""},
    {"EdDSA", "'typ':'" TYP "','alg':'EdDSA'" X5C, POA_OK, ""},
    {"PS256", "'typ':'" TYP "','alg':'PS256'" X5C, POA_E_ALG_NOT_ALLOWED, "/header/alg"},
    {"a device proof", "'typ':'poa-device+jwt','alg':'ES256'" X5C, POA_E_TYP_MISMATCH, "/header/typ"},
    {"a key instead of certificates", HEAD ",'jwk':{}", POA_E_HEADER_FORBIDDEN, "/header/jwk"},
    {"both", HEAD X5C ",'jwk':{}", POA_E_HEADER_FORBIDDEN, "/header/jwk"},
    {"no certificates", HEAD, POA_E_KEY_INVALID, "/header/x5c"},
};

static void each_header(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(headers); i++) {
        poa_trust_proof *proof = NULL;
        poa_reason why = {0};
        const poa_err err = read(headers[i].part, WHOLE, POA_ALG_ES256, &proof, &why);
        poa_trust_proof_free(proof);
        expect_reason(&headers[i], err, &why);
    }
}

static void what_it_says(void **state)
{
    (void)state;
    poa_trust_proof *proof = NULL;
    assert_int_equal(read(HEAD X5C, WHOLE, POA_ALG_ES256, &proof, NULL), POA_OK);
    const poa_trust_proof_facts *facts = poa_trust_proof_get(proof);
    assert_int_equal(facts->x5c.len, 2);
    assert_true(poa_span_is(facts->x5c.certificates[1], "foob"));
    assert_true(poa_span_is(facts->aud, "mine.example"));
    assert_true(poa_span_is(facts->device, UUID));
    assert_int_equal(facts->iat_s, 1790000000);
    assert_true(poa_span_is(facts->nonce, "n-1"));
    assert_int_equal(facts->reason, POA_TRUST_PERIODIC);
    assert_int_equal(facts->boot_counter, 7);
    assert_false(facts->has_firmware);
    assert_false(facts->has_csr_hash);
    assert_int_equal(poa_trust_proof_verify(rig.ctx, proof, rig.keys[POA_ALG_ES256], NULL), POA_OK);
    poa_reason why = {0};
    assert_int_equal(poa_trust_proof_verify(rig.ctx, proof, rig.keys[POA_ALG_ES384], &why), POA_E_ALG_KEY_MISMATCH);
    assert_string_equal(why.member, "/header/alg");
    poa_trust_proof_free(proof);
}

/* Every reason, with every kind of key that a credential may have. */
static void what_is_signed_is_read(void **state)
{
    (void)state;
    static const poa_alg algs[] = {POA_ALG_ES256, POA_ALG_ES384, POA_ALG_EDDSA, POA_ALG_RS256, POA_ALG_ES256};
    for (int reason = POA_TRUST_PERIODIC; reason <= POA_TRUST_REKEY; reason++) {
        const poa_trust_proof_facts want = {
            .x5c = {.certificates = {POA_SPAN("credential")}, .len = 1},
            .aud = POA_SPAN("mine.example"),
            .device = POA_SPAN(UUID),
            .iat_s = 1790000000,
            .nonce = POA_SPAN("n \"1\""),
            .reason = (enum poa_trust_reason)reason,
            .boot_counter = reason,
            .has_firmware = reason == POA_TRUST_SOFTWARE_UPDATE,
            .firmware = {{3}},
            .has_csr_hash = reason == POA_TRUST_REKEY,
            .csr_hash = {{4}},
        };
        const poa_signer signer = rig_signer(algs[reason]);
        POA_CLEANUP(poa_freep) char *text = NULL;
        assert_int_equal(poa_trust_proof_sign(rig.ctx, &want, &signer, &text, NULL), POA_OK);
        poa_trust_proof *proof = NULL;
        assert_int_equal(poa_trust_proof_read(rig.ctx, poa_span_of(text), &proof, NULL), POA_OK);
        const poa_trust_proof_facts *got = poa_trust_proof_get(proof);
        assert_true(poa_span_equal(got->x5c.certificates[0], want.x5c.certificates[0]));
        assert_true(poa_span_equal(got->aud, want.aud));
        assert_true(poa_span_equal(got->device, want.device));
        assert_true(poa_span_equal(got->nonce, want.nonce));
        assert_int_equal(got->reason, want.reason);
        assert_int_equal(got->boot_counter, want.boot_counter);
        assert_int_equal(got->has_firmware, want.has_firmware);
        assert_int_equal(got->has_csr_hash, want.has_csr_hash);
        if (want.has_csr_hash)
            assert_true(poa_id_equal(&got->csr_hash, &want.csr_hash));
        assert_int_equal(poa_trust_proof_verify(rig.ctx, proof, rig.keys[algs[reason]], NULL), POA_OK);
        poa_trust_proof_free(proof);
    }
}

static void what_is_not_signed(void **state)
{
    (void)state;
    const poa_signer signer = rig_signer(POA_ALG_ES256);
    poa_trust_proof_facts facts = {
        .x5c = {.certificates = {POA_SPAN("credential")}, .len = 1},
        .aud = POA_SPAN("mine.example"),
        .device = POA_SPAN("no uuid"),
        .nonce = POA_SPAN("n"),
    };
    char *text = NULL;
    poa_reason why = {0};
    assert_int_equal(poa_trust_proof_sign(rig.ctx, &facts, &signer, &text, &why), POA_E_CLAIM_TYPE);
    assert_string_equal(why.member, "/sub");
    facts.device = POA_SPAN(UUID);
    facts.reason = POA_TRUST_REKEY;
    assert_int_equal(poa_trust_proof_sign(rig.ctx, &facts, &signer, &text, &why), POA_E_CLAIM_MISSING);
    assert_string_equal(why.member, "/csr_hash");
    facts.reason = POA_TRUST_RESTART;
    facts.x5c.len = 0;
    assert_int_equal(poa_trust_proof_sign(rig.ctx, &facts, &signer, &text, &why), POA_E_HEADER_FORBIDDEN);
    assert_null(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_claim),         cmocka_unit_test(each_header),
        cmocka_unit_test(what_it_says),       cmocka_unit_test(what_is_signed_is_read),
        cmocka_unit_test(what_is_not_signed),
    };
    return cmocka_run_group_tests(tests, open_rig, close_rig);
}
