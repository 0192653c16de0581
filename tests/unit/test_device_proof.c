#include "device_rig.h"

#define TYP  "poa-device+jwt"
#define HEAD "'typ':'" TYP "','alg':'ES256'"

#define SN     "'serial-number':'SN-1',"
#define ON     "'created-on':'2026-09-21T14:13:20Z',"
#define NONCE  "'nonce':'n-1',"
#define OFF    "'jti':'" JTI "',"
#define HASHES "'csr_hash':'" ID43 "','agent_jkt':'" ID43 "'"
#define LINK   ",'id_link':'https://id.example/m/1'"
#define ONLINE SN ON NONCE HASHES

static poa_err read(const char *header, const char *payload, poa_alg alg, poa_device_proof **out, poa_reason *why)
{
    POA_CLEANUP(poa_freep) char *text = token_of(header, payload, alg);
    *out = NULL;
    const poa_err err = poa_device_proof_read(rig.ctx, poa_span_of(text), out, why);
    assert_int_equal(*out != NULL, err == POA_OK);
    return err;
}

static const token_case claims[] = {
    {"online", ONLINE, POA_OK, ""},
    {"offline", SN ON OFF HASHES, POA_OK, ""},
    {"with its label", ONLINE LINK, POA_OK, ""},

    {"no serial", ON NONCE HASHES, POA_E_CLAIM_MISSING, "/serial-number"},
    {"serial empty", "'serial-number':''," ON NONCE HASHES, POA_E_CLAIM_TYPE, "/serial-number"},
    {"serial with a blank", "'serial-number':'SN 1'," ON NONCE HASHES, POA_E_CLAIM_TYPE, "/serial-number"},
    {"serial not ASCII", "'serial-number':'SN-\xc3\xa9'," ON NONCE HASHES, POA_E_CLAIM_TYPE, "/serial-number"},
    {"serial a number", "'serial-number':1," ON NONCE HASHES, POA_E_CLAIM_TYPE, "/serial-number"},
    {"serial of 64",
     "'serial-number':'1234567812345678123456781234567812345678123456781234567812345678'," ON NONCE HASHES, POA_OK, ""},
    {"serial of 65",
     "'serial-number':'12345678123456781234567812345678123456781234567812345678123456789'," ON NONCE HASHES,
     POA_E_CLAIM_TYPE, "/serial-number"},

    {"no created-on", SN NONCE HASHES, POA_E_CLAIM_MISSING, "/created-on"},
    {"created-on a number", SN "'created-on':1790000000," NONCE HASHES, POA_E_CLAIM_TYPE, "/created-on"},
    {"created-on with an offset", SN "'created-on':'2026-09-21T14:13:20+00:00'," NONCE HASHES, POA_E_CLAIM_TYPE,
     "/created-on"},
    {"created-on on no day", SN "'created-on':'2026-02-29T14:13:20Z'," NONCE HASHES, POA_E_CLAIM_TYPE, "/created-on"},

    {"neither nonce nor jti", SN ON HASHES, POA_E_CLAIM_MISSING, "/nonce"},
    {"nonce and jti", SN ON NONCE OFF HASHES, POA_E_CLAIM_FORBIDDEN, "/jti"},
    {"nonce empty", SN ON "'nonce':''," HASHES, POA_E_CLAIM_TYPE, "/nonce"},
    {"nonce null beside jti", SN ON "'nonce':null," OFF HASHES, POA_E_CLAIM_TYPE, "/nonce"},
    {"jti too short", SN ON "'jti':'ABCDEFGHIJKLMNOPQRSTU'," HASHES, POA_E_CLAIM_TYPE, "/jti"},
    {"jti with a dot", SN ON "'jti':'ABCDEFGHIJKLMNOPQRSTU.'," HASHES, POA_E_CLAIM_TYPE, "/jti"},

    {"no csr_hash", SN ON NONCE "'agent_jkt':'" ID43 "'", POA_E_CLAIM_MISSING, "/csr_hash"},
    {"csr_hash too short", SN ON NONCE "'csr_hash':'AAAA','agent_jkt':'" ID43 "'", POA_E_CLAIM_TYPE, "/csr_hash"},
    {"no agent_jkt", SN ON NONCE "'csr_hash':'" ID43 "'", POA_E_CLAIM_MISSING, "/agent_jkt"},
    {"agent_jkt no text", SN ON NONCE "'csr_hash':'" ID43 "','agent_jkt':null", POA_E_CLAIM_TYPE, "/agent_jkt"},

    {"id_link no link", ONLINE ",'id_link':'SN-1'", POA_E_CLAIM_TYPE, "/id_link"},
    {"id_link host in capitals", ONLINE ",'id_link':'https://ID.example/m/1'", POA_E_CLAIM_TYPE, "/id_link"},
    {"id_link empty", ONLINE ",'id_link':''", POA_E_CLAIM_TYPE, "/id_link"},

    {"unknown claim", ONLINE ",'serial':'SN-1'", POA_E_CLAIM_FORBIDDEN, "/serial"},
    {"unknown claim, escaped", ONLINE ",'a/b':1", POA_E_CLAIM_FORBIDDEN, "/a~1b"},
    {"the first unknown claim", "'b':1," ONLINE ",'a':1", POA_E_CLAIM_FORBIDDEN, "/b"},
    {"unknown claim after a wrong one", "'b':1," SN NONCE HASHES, POA_E_CLAIM_MISSING, "/created-on"},
    {"claim twice", ONLINE ",'nonce':'n-2'", POA_E_DUPLICATE_MEMBER, ""},
    {"order: serial before created-on", NONCE HASHES, POA_E_CLAIM_MISSING, "/serial-number"},
    {"order: nonce before csr_hash", SN ON "'id_link':'x'", POA_E_CLAIM_MISSING, "/nonce"},
    {"order: csr_hash before agent_jkt", SN ON NONCE "'id_link':'x'", POA_E_CLAIM_MISSING, "/csr_hash"},
    {"order: agent_jkt before id_link", SN ON NONCE "'csr_hash':'" ID43 "','id_link':'x'", POA_E_CLAIM_MISSING,
     "/agent_jkt"},
};

static void each_claim(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(claims); i++) {
        poa_device_proof *proof = NULL;
        poa_reason why = {0};
        const poa_err err = read(HEAD X5C, claims[i].part, POA_ALG_ES256, &proof, &why);
        poa_device_proof_free(proof);
        expect_reason(&claims[i], err, &why);
    }
}

#define JWK_HEAD "'typ':'" TYP "','alg':'ES256','jwk':"

static const token_case headers[] = {
    {"certificates", HEAD X5C, POA_OK, ""},
    {"one certificate", HEAD ",'x5c':['Zm9v']", POA_OK, ""},
    {"eight", HEAD ",'x5c':['AA==','AA==','AA==','AA==','AA==','AA==','AA==','AA==']", POA_OK, ""},
    {"nine", HEAD ",'x5c':['AA==','AA==','AA==','AA==','AA==','AA==','AA==','AA==','AA==']", POA_E_KEY_INVALID,
     "/header/x5c"},
    {"ES384", "'typ':'" TYP "','alg':'ES384'" X5C, POA_OK, ""},
    {"RS256", "'typ':'" TYP "','alg':'RS256'" X5C, POA_OK, ""},

    {"foreign member", HEAD X5C ",'kid':'" ID43 "'", POA_E_HEADER_FORBIDDEN, "/header/kid"},
    {"crit", "'crit':[]," HEAD X5C, POA_E_HEADER_FORBIDDEN, "/header/crit"},
    {"both keys", HEAD X5C ",'jwk':{}", POA_E_HEADER_FORBIDDEN, "/header/jwk"},
    {"no key", HEAD, POA_E_KEY_INVALID, "/header/x5c"},
    {"no typ", "'alg':'ES256'" X5C, POA_E_TYP_MISMATCH, "/header/typ"},
    {"another typ", "'typ':'poa-trust+jwt','alg':'ES256'" X5C, POA_E_TYP_MISMATCH, "/header/typ"},
    {"typ in capitals", "'typ':'POA-device+jwt','alg':'ES256'" X5C, POA_E_TYP_MISMATCH, "/header/typ"},
    {"no alg", "'typ':'" TYP "'" X5C, POA_E_ALG_MISSING, "/header/alg"},
    {"alg a number", "'typ':'" TYP "','alg':256" X5C, POA_E_ALG_MISSING, "/header/alg"},
    {"none", "'typ':'" TYP "','alg':'none'" X5C, POA_E_ALG_NOT_ALLOWED, "/header/alg"},
    {"HMAC", "'typ':'" TYP "','alg':'HS256'" X5C, POA_E_ALG_NOT_ALLOWED, "/header/alg"},
    {"PS256", "'typ':'" TYP "','alg':'PS256'" X5C, POA_E_ALG_NOT_ALLOWED, "/header/alg"},
    {"EdDSA with certificates", "'typ':'" TYP "','alg':'EdDSA'" X5C, POA_E_ALG_NOT_ALLOWED, "/header/alg"},
    {"order: foreign member before typ", "'typ':'x','alg':'ES256'" X5C ",'x':1", POA_E_HEADER_FORBIDDEN, "/header/x"},
    {"order: typ before alg", "'typ':'x','alg':'none'" X5C, POA_E_TYP_MISMATCH, "/header/typ"},
    {"order: alg before certificates", "'typ':'" TYP "','alg':'none','x5c':1", POA_E_ALG_NOT_ALLOWED, "/header/alg"},

    {"x5c no array", HEAD ",'x5c':'Zm9v'", POA_E_KEY_INVALID, "/header/x5c"},
    {"x5c empty", HEAD ",'x5c':[]", POA_E_KEY_INVALID, "/header/x5c"},
    {"a certificate of no bytes", HEAD ",'x5c':['']", POA_E_KEY_INVALID, "/header/x5c"},
    {"a certificate no text", HEAD ",'x5c':['Zm9v',7]", POA_E_KEY_INVALID, "/header/x5c"},
    {"a certificate in base64url", HEAD ",'x5c':['-_-_']", POA_E_KEY_INVALID, "/header/x5c"},
    {"a certificate without padding", HEAD ",'x5c':['Zg']", POA_E_KEY_INVALID, "/header/x5c"},
    {"a certificate with a line end", HEAD ",'x5c':['Zm9v\\n']", POA_E_KEY_INVALID, "/header/x5c"},
    {"a certificate with stray bits", HEAD ",'x5c':['Zh==']", POA_E_KEY_INVALID, "/header/x5c"},

    {"jwk no object", JWK_HEAD "'x'", POA_E_KEY_INVALID, "/header/jwk"},
    {"jwk empty", JWK_HEAD "{}", POA_E_KEY_INVALID, "/header/jwk"},
    {"a secret key", JWK_HEAD "{'kty':'oct','k':'AAAA'}", POA_E_PRIVATE_KEY_IN_TOKEN, "/header/jwk"},
};

static void each_header(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(headers); i++) {
        poa_device_proof *proof = NULL;
        poa_reason why = {0};
        const poa_err err = read(headers[i].part, ONLINE, POA_ALG_ES256, &proof, &why);
        poa_device_proof_free(proof);
        expect_reason(&headers[i], err, &why);
    }
}

static void the_envelope(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        poa_err want;
    } bad[] = {
        {"", POA_E_MALFORMED}, {"a.b", POA_E_MALFORMED}, {"e30.e30.", POA_E_MALFORMED}, {"AA.AA.AA", POA_E_MALFORMED}};
    poa_device_proof *proof = NULL;
    for (size_t i = 0; i < POA_COUNT(bad); i++) {
        poa_reason why = {0};
        assert_int_equal(poa_device_proof_read(rig.ctx, poa_span_of(bad[i].text), &proof, &why), bad[i].want);
        assert_string_equal(why.member, "");
    }
    assert_null(proof);
}

/* The longest token is read, and one byte more is too large, whatever is in it. */
static void the_longest(void **state)
{
    (void)state;
    char *text = malloc(POA_DEVICE_TOKEN_MAX + 2);
    assert_non_null(text);
    memset(text, 'A', POA_DEVICE_TOKEN_MAX + 1);
    text[4] = text[10] = '.';
    poa_device_proof *proof = NULL;
    assert_int_equal(poa_device_proof_read(rig.ctx, (poa_span){text, POA_DEVICE_TOKEN_MAX}, &proof, NULL),
                     POA_E_MALFORMED);
    assert_int_equal(poa_device_proof_read(rig.ctx, (poa_span){text, POA_DEVICE_TOKEN_MAX + 1}, &proof, NULL),
                     POA_E_TOO_LARGE);
    free(text);
}

static void what_it_says(void **state)
{
    (void)state;
    poa_device_proof *proof = NULL;
    assert_int_equal(read(HEAD X5C, ONLINE LINK, POA_ALG_ES256, &proof, NULL), POA_OK);
    const poa_device_proof_facts *facts = poa_device_proof_get(proof);
    assert_int_equal(facts->alg, POA_ALG_ES256);
    assert_int_equal(facts->x5c.len, 2);
    assert_true(poa_span_is(facts->x5c.certificates[0], "foo"));
    assert_true(poa_span_is(facts->x5c.certificates[1], "foob"));
    assert_null(facts->key);
    assert_true(poa_span_is(facts->serial, "SN-1"));
    assert_int_equal(facts->created_s, 1790000000);
    assert_true(poa_span_is(facts->nonce, "n-1"));
    assert_null(facts->jti.ptr);
    assert_true(poa_span_is(facts->id_link, "https://id.example/m/1"));
    poa_device_proof_free(proof);

    assert_int_equal(read(HEAD X5C, SN ON OFF HASHES, POA_ALG_ES256, &proof, NULL), POA_OK);
    facts = poa_device_proof_get(proof);
    assert_null(facts->nonce.ptr);
    assert_true(poa_span_is(facts->jti, JTI));
    assert_null(facts->id_link.ptr);
    poa_device_proof_free(proof);
}

/* Its own key needs no serial, may be an Ed25519 one, and is the only one that it verifies with. */
static void with_a_key_of_its_own(void **state)
{
    (void)state;
    static const poa_alg algs[] = {POA_ALG_ES256, POA_ALG_ES384, POA_ALG_EDDSA, POA_ALG_RS256};
    for (size_t i = 0; i < POA_COUNT(algs); i++) {
        const poa_alg alg = algs[i];
        POA_CLEANUP(poa_freep) char *header = jwk_header(TYP, poa_alg_name(alg), alg);
        poa_device_proof *proof = NULL;
        poa_reason why = {0};
        assert_int_equal(read(header, ON NONCE HASHES, alg, &proof, &why), POA_OK);
        const poa_device_proof_facts *facts = poa_device_proof_get(proof);
        assert_int_equal(facts->x5c.len, 0);
        assert_null(facts->serial.ptr);
        assert_true(poa_id_equal(poa_key_thumbprint(facts->key), poa_key_thumbprint(rig.keys[alg])));
        assert_int_equal(poa_device_proof_verify(rig.ctx, proof, rig.keys[alg], &why), POA_OK);
        const poa_key *other = rig.keys[alg == POA_ALG_ES256 ? POA_ALG_ES384 : POA_ALG_ES256];
        assert_int_equal(poa_device_proof_verify(rig.ctx, proof, other, &why), POA_E_PROOF_KEY_MISMATCH);
        assert_string_equal(why.member, "/header/jwk");
        poa_device_proof_free(proof);
    }
    POA_CLEANUP(poa_freep) char *pss = jwk_header(TYP, "PS256", POA_ALG_PS256);
    poa_device_proof *proof = NULL;
    assert_int_equal(read(pss, ON NONCE HASHES, POA_ALG_PS256, &proof, NULL), POA_E_ALG_NOT_ALLOWED);
}

/* The grid: each algorithm in the header against each key. */
static void the_key_decides_the_algorithm(void **state)
{
    (void)state;
    static const poa_alg algs[] = {POA_ALG_ES256, POA_ALG_ES384, POA_ALG_RS256};
    for (size_t said = 0; said < POA_COUNT(algs); said++)
        for (size_t held = 0; held < POA_COUNT(algs); held++) {
            char header[128];
            (void)snprintf(header, sizeof header, "'typ':'" TYP "','alg':'%s'" X5C, poa_alg_name(algs[said]));
            poa_device_proof *proof = NULL;
            poa_reason why = {0};
            assert_int_equal(read(header, ONLINE, algs[held], &proof, &why), POA_OK);
            const poa_err err = poa_device_proof_verify(rig.ctx, proof, rig.keys[algs[held]], &why);
            assert_int_equal(err, said == held ? POA_OK : POA_E_ALG_KEY_MISMATCH);
            if (err)
                assert_string_equal(why.member, "/header/alg");
            poa_device_proof_free(proof);
        }
}

/* The same key with another algorithm in the header's JWK binds, too. */
static void alg_of_the_jwk_binds(void **state)
{
    (void)state;
    POA_CLEANUP(poa_freep) char *plain = jwk_header(TYP, "RS256", POA_ALG_RS256);
    char header[2048];
    (void)snprintf(header, sizeof header, "%.*s,'alg':'PS256'}", (int)strlen(plain) - 1, plain);
    poa_device_proof *proof = NULL;
    poa_reason why = {0};
    assert_int_equal(read(header, ONLINE, POA_ALG_RS256, &proof, &why), POA_OK);
    assert_int_equal(poa_device_proof_verify(rig.ctx, proof, rig.keys[POA_ALG_RS256], &why), POA_E_ALG_KEY_MISMATCH);
    poa_device_proof_free(proof);
}

static void signature_of_another(void **state)
{
    (void)state;
    POA_CLEANUP(poa_key_freep) poa_key *other = NULL;
    assert_int_equal(poa_key_generate(rig.ctx, POA_ALG_ES256, &other), POA_OK);
    poa_device_proof *proof = NULL;
    poa_reason why = {0};
    assert_int_equal(read(HEAD X5C, ONLINE, POA_ALG_ES256, &proof, &why), POA_OK);
    assert_int_equal(poa_device_proof_verify(rig.ctx, proof, rig.keys[POA_ALG_ES256], &why), POA_OK);
    assert_int_equal(poa_device_proof_verify(rig.ctx, proof, other, &why), POA_E_SIGNATURE_INVALID);
    assert_string_equal(why.member, "");
    poa_device_proof_free(proof);
}

/* ---- signing ---- */

static poa_device_proof_facts some_facts(void)
{
    return (poa_device_proof_facts){
        .x5c = {.certificates = {POA_SPAN("leaf"), POA_SPAN("issuer")}, .len = 2},
        .serial = POA_SPAN("SN-1"),
        .created_s = 1790000000,
        .nonce = POA_SPAN("n-1"),
        .csr_hash = {{1}},
        .agent_jkt = {{2}},
        .id_link = POA_SPAN("https://id.example/m/1"),
    };
}

static void expect_same(const poa_device_proof_facts *got, const poa_device_proof_facts *want)
{
    assert_int_equal(got->x5c.len, want->x5c.len);
    for (size_t i = 0; i < want->x5c.len; i++)
        assert_true(poa_span_equal(got->x5c.certificates[i], want->x5c.certificates[i]));
    assert_true(poa_span_equal(got->serial, want->serial));
    assert_int_equal(got->created_s, want->created_s);
    assert_true(poa_span_equal(got->nonce, want->nonce));
    assert_true(poa_span_equal(got->jti, want->jti));
    assert_true(poa_id_equal(&got->csr_hash, &want->csr_hash));
    assert_true(poa_id_equal(&got->agent_jkt, &want->agent_jkt));
    assert_true(poa_span_equal(got->id_link, want->id_link));
}

static void sign_and_read(const poa_device_proof_facts *facts, poa_alg alg)
{
    const poa_signer signer = rig_signer(alg);
    POA_CLEANUP(poa_freep) char *text = NULL;
    poa_reason why = {0};
    const poa_err err = poa_device_proof_sign(rig.ctx, facts, &signer, &text, &why);
    if (err)
        fail_msg("%s at %s", poa_err_name(err), why.member);
    poa_device_proof *proof = NULL;
    assert_int_equal(poa_device_proof_read(rig.ctx, poa_span_of(text), &proof, NULL), POA_OK);
    expect_same(poa_device_proof_get(proof), facts);
    assert_int_equal(poa_device_proof_verify(rig.ctx, proof, rig.keys[alg], NULL), POA_OK);
    poa_device_proof_free(proof);
}

static void what_is_signed_is_read(void **state)
{
    (void)state;
    poa_device_proof_facts facts = some_facts();
    sign_and_read(&facts, POA_ALG_ES256);
    sign_and_read(&facts, POA_ALG_RS256);
    facts.nonce = (poa_span){0};
    facts.jti = POA_SPAN(JTI);
    facts.id_link = (poa_span){0};
    sign_and_read(&facts, POA_ALG_ES384);
    facts.x5c.len = 0;
    facts.serial = (poa_span){0};
    sign_and_read(&facts, POA_ALG_EDDSA);
}

/* Signs nothing that a reader would refuse. */
static void what_is_not_signed(void **state)
{
    (void)state;
    const poa_signer signer = rig_signer(POA_ALG_ES256);
    poa_reason why = {0};
    char *text = NULL;

    poa_device_proof_facts facts = some_facts();
    facts.serial = POA_SPAN("\xff");
    assert_int_equal(poa_device_proof_sign(rig.ctx, &facts, &signer, &text, &why), POA_E_CLAIM_TYPE);
    assert_string_equal(why.member, "/serial-number");

    facts = some_facts();
    facts.created_s = 253402300800;
    assert_int_equal(poa_device_proof_sign(rig.ctx, &facts, &signer, &text, &why), POA_E_CLAIM_TYPE);
    assert_string_equal(why.member, "/created-on");
    facts.created_s = -1;
    assert_int_equal(poa_device_proof_sign(rig.ctx, &facts, &signer, &text, &why), POA_E_CLAIM_TYPE);

    facts = some_facts();
    facts.jti = POA_SPAN(JTI);
    assert_int_equal(poa_device_proof_sign(rig.ctx, &facts, &signer, &text, &why), POA_E_CLAIM_FORBIDDEN);
    assert_string_equal(why.member, "/jti");

    facts = some_facts();
    facts.x5c.len = POA_X5C_MAX + 1;
    assert_int_equal(poa_device_proof_sign(rig.ctx, &facts, &signer, &text, &why), POA_F_USAGE);

    facts = some_facts();
    POA_CLEANUP(poa_freep) char *large = calloc(1, POA_DEVICE_TOKEN_MAX);
    facts.x5c.certificates[0] = (poa_span){large, POA_DEVICE_TOKEN_MAX};
    assert_int_equal(poa_device_proof_sign(rig.ctx, &facts, &signer, &text, &why), POA_E_TOO_LARGE);

    const poa_signer eddsa = rig_signer(POA_ALG_EDDSA);
    facts = some_facts();
    assert_int_equal(poa_device_proof_sign(rig.ctx, &facts, &eddsa, &text, &why), POA_E_ALG_NOT_ALLOWED);
    assert_null(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_claim),
        cmocka_unit_test(each_header),
        cmocka_unit_test(the_envelope),
        cmocka_unit_test(the_longest),
        cmocka_unit_test(what_it_says),
        cmocka_unit_test(with_a_key_of_its_own),
        cmocka_unit_test(the_key_decides_the_algorithm),
        cmocka_unit_test(alg_of_the_jwk_binds),
        cmocka_unit_test(signature_of_another),
        cmocka_unit_test(what_is_signed_is_read),
        cmocka_unit_test(what_is_not_signed),
    };
    return cmocka_run_group_tests(tests, open_rig, close_rig);
}
