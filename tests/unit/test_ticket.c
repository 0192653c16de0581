#include "device_rig.h"

#define TYP  "poa-ticket+jwt"
#define HEAD "'typ':'" TYP "','alg':'ES256'"

#define ISS   "'iss':'Acme',"
#define IAT   "'iat':1000,"
#define ID    "'jti':'" JTI "',"
#define SN    "'serial':'SN-1'"
#define LINK  "'id_link':'https://id.example/m/1'"
#define START ISS IAT ID
#define MAX                                                                                                            \
    "1234567812345678123456781234567812345678123456781234567812345678123456781234567812345678123456781234567812345678" \
    "1234567812345678"

static poa_err read(const char *header, const char *payload, poa_alg alg, poa_ticket **out, poa_reason *why)
{
    POA_CLEANUP(poa_freep) char *text = token_of(header, payload, alg);
    *out = NULL;
    const poa_err err = poa_ticket_read(rig.ctx, poa_span_of(text), out, why);
    assert_int_equal(*out != NULL, err == POA_OK);
    return err;
}

static const token_case claims[] = {
    {"a serial", START SN, POA_OK, ""},
    {"a label", START LINK, POA_OK, ""},
    {"everything", START SN "," LINK ",'exp':1001,'model':'M-1','key':'" ID43 "'", POA_OK, ""},
    {"the longest name", "'iss':'" MAX "'," IAT ID SN, POA_OK, ""},

    {"no iss", IAT ID SN, POA_E_CLAIM_MISSING, "/iss"},
    {"iss too long", "'iss':'" MAX "9'," IAT ID SN, POA_E_CLAIM_TYPE, "/iss"},
    {"no iat", ISS ID SN, POA_E_CLAIM_MISSING, "/iat"},
    {"iat negative", ISS "'iat':-1," ID SN, POA_E_CLAIM_TYPE, "/iat"},
    {"exp at iat", START SN ",'exp':1000", POA_E_WINDOW_EMPTY, "/exp"},
    {"exp before iat", START SN ",'exp':999", POA_E_WINDOW_EMPTY, "/exp"},
    {"exp 0", START SN ",'exp':0", POA_E_WINDOW_EMPTY, "/exp"},
    {"exp a text", START SN ",'exp':'never'", POA_E_CLAIM_TYPE, "/exp"},
    {"no jti", ISS IAT SN, POA_E_CLAIM_MISSING, "/jti"},
    {"jti too short", ISS IAT "'jti':'1'," SN, POA_E_CLAIM_TYPE, "/jti"},
    {"neither serial nor label", START "'model':'M-1'", POA_E_CLAIM_MISSING, "/serial"},
    {"serial with a blank", START "'serial':'SN 1'", POA_E_CLAIM_TYPE, "/serial"},
    {"serial empty beside a label", START "'serial':''," LINK, POA_E_CLAIM_TYPE, "/serial"},
    {"label null", START "'id_link':null", POA_E_CLAIM_TYPE, "/id_link"},
    {"label no link", START SN ",'id_link':'urn:x'", POA_E_CLAIM_TYPE, "/id_link"},
    {"label a prefix", START SN ",'id_link':'https://id.example/*'", POA_E_CLAIM_TYPE, "/id_link"},
    {"model empty", START SN ",'model':''", POA_E_CLAIM_TYPE, "/model"},
    {"model too long", START SN ",'model':'" MAX "9'", POA_E_CLAIM_TYPE, "/model"},
    {"key no hash", START SN ",'key':{}", POA_E_CLAIM_TYPE, "/key"},
    {"unknown claim", START SN ",'nbf':1", POA_E_CLAIM_FORBIDDEN, "/nbf"},
    {"order: exp before jti", ISS IAT SN ",'exp':1", POA_E_WINDOW_EMPTY, "/exp"},
    {"order: serial before label", START "'serial':7,'id_link':7", POA_E_CLAIM_TYPE, "/serial"},
};

static void each_claim(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(claims); i++) {
        poa_ticket *ticket = NULL;
        poa_reason why = {0};
        const poa_err err = read(HEAD X5C, claims[i].part, POA_ALG_ES256, &ticket, &why);
        poa_ticket_free(ticket);
        expect_reason(&claims[i], err, &why);
    }
}

static const token_case headers[] = {
    {"ES384", "'typ':'" TYP "','alg':'ES384'" X5C, POA_OK, ""},
    {"RS256", "'typ':'" TYP "','alg':'RS256'" X5C, POA_OK, ""},
    {"EdDSA", "'typ':'" TYP "','alg':'EdDSA'" X5C, POA_E_ALG_NOT_ALLOWED, "/header/alg"},
    {"a trust proof", "'typ':'poa-trust+jwt','alg':'ES256'" X5C, POA_E_TYP_MISMATCH, "/header/typ"},
    {"a key instead of certificates", HEAD ",'jwk':{}", POA_E_HEADER_FORBIDDEN, "/header/jwk"},
    {"no certificates", HEAD, POA_E_KEY_INVALID, "/header/x5c"},
};

static void each_header(void **state)
{
    (void)state;
    for (size_t i = 0; i < POA_COUNT(headers); i++) {
        poa_ticket *ticket = NULL;
        poa_reason why = {0};
        const poa_err err = read(headers[i].part, START SN, POA_ALG_ES256, &ticket, &why);
        poa_ticket_free(ticket);
        expect_reason(&headers[i], err, &why);
    }
}

static void what_it_says(void **state)
{
    (void)state;
    poa_ticket *ticket = NULL;
    assert_int_equal(read(HEAD X5C, START SN, POA_ALG_ES256, &ticket, NULL), POA_OK);
    const poa_ticket_facts *facts = poa_ticket_get(ticket);
    assert_int_equal(facts->x5c.len, 2);
    assert_true(poa_span_is(facts->iss, "Acme"));
    assert_int_equal(facts->iat_s, 1000);
    assert_int_equal(facts->exp_s, -1);
    assert_true(poa_span_is(facts->jti, JTI));
    assert_true(poa_span_is(facts->serial, "SN-1"));
    assert_null(facts->id_link.ptr);
    assert_null(facts->model.ptr);
    assert_false(facts->has_key);
    assert_int_equal(poa_ticket_verify(rig.ctx, ticket, rig.keys[POA_ALG_ES256], NULL), POA_OK);
    assert_int_equal(poa_ticket_verify(rig.ctx, ticket, rig.keys[POA_ALG_RS256], NULL), POA_E_ALG_KEY_MISMATCH);
    poa_ticket_free(ticket);
}

static void what_is_signed_is_read(void **state)
{
    (void)state;
    const poa_ticket_facts whole = {
        .x5c = {.certificates = {POA_SPAN("signer"), POA_SPAN("root")}, .len = 2},
        .iss = POA_SPAN("Acme \"& Sons\""),
        .iat_s = 1000,
        .exp_s = 2000,
        .jti = POA_SPAN(JTI),
        .serial = POA_SPAN("SN-1"),
        .id_link = POA_SPAN("https://id.example/m/1"),
        .model = POA_SPAN("M-1"),
        .has_key = true,
        .key = {{9}},
    };
    poa_ticket_facts least = whole;
    least.exp_s = -1;
    least.serial = least.model = (poa_span){0};
    least.has_key = false;
    const poa_ticket_facts *const both[] = {&whole, &least};
    for (size_t i = 0; i < POA_COUNT(both); i++) {
        const poa_ticket_facts *want = both[i];
        const poa_signer signer = rig_signer(POA_ALG_ES384);
        POA_CLEANUP(poa_freep) char *text = NULL;
        assert_int_equal(poa_ticket_sign(rig.ctx, want, &signer, &text, NULL), POA_OK);
        poa_ticket *ticket = NULL;
        assert_int_equal(poa_ticket_read(rig.ctx, poa_span_of(text), &ticket, NULL), POA_OK);
        const poa_ticket_facts *got = poa_ticket_get(ticket);
        assert_int_equal(got->x5c.len, 2);
        assert_true(poa_span_equal(got->iss, want->iss));
        assert_int_equal(got->iat_s, want->iat_s);
        assert_int_equal(got->exp_s, want->exp_s);
        assert_true(poa_span_equal(got->jti, want->jti));
        assert_true(poa_span_equal(got->serial, want->serial));
        assert_true(poa_span_equal(got->id_link, want->id_link));
        assert_true(poa_span_equal(got->model, want->model));
        assert_int_equal(got->has_key, want->has_key);
        if (want->has_key)
            assert_true(poa_id_equal(&got->key, &want->key));
        assert_int_equal(poa_ticket_verify(rig.ctx, ticket, rig.keys[POA_ALG_ES384], NULL), POA_OK);
        poa_ticket_free(ticket);
    }

    const poa_signer signer = rig_signer(POA_ALG_ES256);
    least.id_link = (poa_span){0};
    char *text = NULL;
    poa_reason why = {0};
    assert_int_equal(poa_ticket_sign(rig.ctx, &least, &signer, &text, &why), POA_E_CLAIM_MISSING);
    assert_string_equal(why.member, "/serial");
    assert_null(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_claim),
        cmocka_unit_test(each_header),
        cmocka_unit_test(what_it_says),
        cmocka_unit_test(what_is_signed_is_read),
    };
    return cmocka_run_group_tests(tests, open_rig, close_rig);
}
