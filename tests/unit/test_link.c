#include "site.h"

#include "cleanup.h"
#include "json.h"
#include "jws.h"
#include "link.h"
#include "poa/json_hook.h"
#include "span.h"

#include <stdlib.h>

#define ID43 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

/* A PoA whose payload ends with more members. */
static char *poa_with(const site *s, const char *more)
{
    POA_CLEANUP(poa_buf_clear) poa_buf payload = {0};
    poa_buf_printf(&payload,
                   "{\"iss\":\"a\",\"sub\":\"b\",\"aud\":\"c\",\"iat\":1,\"exp\":2,\"jti\":\"aaaaaaaaaaaaaaaaaaaaaa\","
                   "\"cnf\":{\"jwk\":%s},\"authorization_details\":[{}]%s}",
                   poa_key_jwk(s->keys[CONTRACTOR]), more);
    const poa_signer signer = signer_of(s, OWNER);
    char *text = NULL;
    assert_int_equal(poa_jws_sign(&signer, "poa+jwt", poa_buf_span(&payload), &text), POA_OK);
    return text;
}

/* A chain may be kept for long: what nobody asks for any more is not kept with it. */
static void what_is_ignored_is_not_kept(void **state)
{
    const site *s = *state;
    static const char *const more[] = {
        "",
        ",\"x\":[[],[],[]]",
        ",\"x\":1,\"y\":{\"z\":{}},\"\":null",
        ",\"status\":{\"status_list\":{\"idx\":1}}",
        ",\"par_hash\":\"" ID43 "\"",
    };
    for (size_t i = 0; i < POA_COUNT(more); i++) {
        POA_CLEANUP(poa_freep) char *text = poa_with(s, more[i]);
        POA_CLEANUP(poa_link_clear) poa_link_body link = {0};
        poa_reason why;
        assert_int_equal(poa_link_split(s->ctx, poa_span_of(text), 0, &link, &why), POA_OK);
        assert_int_equal(poa_link_read_header(~0u, 0, &link, &why), POA_OK);
        assert_int_equal(poa_link_read_claims(s->ctx, 0, &link, &why), POA_OK);
        assert_int_equal(json_object_size(link.payload), 7); /* all above but cnf, which is a key by now */
        assert_true(poa_span_is(link.facts.iss, "a") && poa_span_is(link.facts.aud[0], "c"));
        assert_int_equal(link.facts.has_status, i == 3);
        assert_int_equal(link.has_par_hash, i == 4);
        assert_true(json_is_array(json_object_get(link.payload, "authorization_details")));
    }
}

int main(void)
{
    poa_json_hook_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_ignored_is_not_kept),
    };
    return cmocka_run_group_tests_name("link", tests, site_open, site_close);
}
