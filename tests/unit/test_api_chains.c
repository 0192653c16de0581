#include "site.h"

#include "api/chains.h"
#include "api/device_json.h"
#include "api/proxy.h"
#include "cleanup.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>

static void a_chain_is_verified_once_for_its_bytes_and_policy(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_freep) char *text = chain_text(s, (grant[]){{.from = OWNER, .to = CONTRACTOR}}, 1);
    api_chains *chains = NULL;
    assert_int_equal(api_chains_new(8, &chains), POA_OK);
    poa_chain *first = NULL;
    poa_chain *again = NULL;
    assert_int_equal(api_chains_verify(chains, s->ctx, poa_span_of(text), s->policy, NOW, &first, NULL), POA_OK);
    assert_int_equal(api_chains_verify(chains, s->ctx, poa_span_of(text), s->policy, NOW, &again, NULL), POA_OK);
    assert_ptr_equal(first, again);

    /* Another policy version is another fact, and so are other bytes; refusals are not kept. */
    const poa_limits wider = {.links = 9};
    poa_policy *other = NULL;
    assert_int_equal(poa_policy_parse(s->ctx, poa_policy_document(s->policy), &wider, &other, NULL), POA_OK);
    poa_chain *elsewhere = NULL;
    assert_int_equal(api_chains_verify(chains, s->ctx, poa_span_of(text), other, NOW, &elsewhere, NULL), POA_OK);
    assert_ptr_not_equal(first, elsewhere);
    text[strlen(text) - 5] ^= 1;
    poa_chain *none = NULL;
    assert_int_not_equal(api_chains_verify(chains, s->ctx, poa_span_of(text), s->policy, NOW, &none, NULL), POA_OK);
    assert_null(none);

    uint64_t hits = 0, misses = 0;
    api_chains_count(chains, &hits, &misses);
    assert_int_equal(hits, 1);
    assert_int_equal(misses, 3);
    poa_chain_free(first);
    poa_chain_free(again);
    poa_chain_free(elsewhere);
    poa_policy_free(other);
    api_chains_free(chains);
}

/* A pin may end while the chain is kept: then it does not verify any more, whoever asks. */
static void a_chain_is_not_kept_beyond_the_pin_of_its_root(void **state)
{
    const site *s = *state;
    POA_CLEANUP(poa_freep) char *text = chain_text(s, (grant[]){{.from = OLD_OWNER, .to = CONTRACTOR}}, 1);
    api_chains *chains = NULL;
    assert_int_equal(api_chains_new(8, &chains), POA_OK);
    static const struct {
        int64_t now_s;
        poa_err want;
    } asks[] = {
        {OLD_UNTIL - 1, POA_OK},
        {OLD_UNTIL, POA_E_ROOT_UNTRUSTED},
        {OLD_UNTIL - 1, POA_OK},
        {NOW, POA_E_ROOT_UNTRUSTED},
    };
    for (size_t i = 0; i < POA_COUNT(asks); i++) {
        poa_chain *chain = NULL;
        poa_reason why = {.code = POA_OK};
        const poa_err err =
            api_chains_verify(chains, s->ctx, poa_span_of(text), s->policy, asks[i].now_s, &chain, &why);
        assert_int_equal(err, asks[i].want);
        assert_int_equal(why.code, asks[i].want);
        assert_int_equal(chain != NULL, asks[i].want == POA_OK);
        poa_chain_free(chain);
    }
    api_chains_free(chains);
}

static void the_cache_is_bounded(void **state)
{
    const site *s = *state;
    api_chains *chains = NULL;
    assert_int_equal(api_chains_new(1, &chains), POA_OK);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 12; i++) {
            POA_CLEANUP(poa_freep)
            char *text = chain_text(s, (grant[]){{.from = OWNER, .to = CONTRACTOR, .exp_s = NOW + DAY + i}}, 1);
            poa_chain *chain = NULL;
            assert_int_equal(api_chains_verify(chains, s->ctx, poa_span_of(text), s->policy, NOW, &chain, NULL),
                             POA_OK);
            poa_chain_free(chain);
        }
    }
    api_chains_free(chains);
}

static char *long_chain(const site *s, int64_t exp_s, unsigned locations)
{
    char powers[8192] = "[{'type':'device_onboarding','actions':['onboard'],'devices':[{'any':true}],'locations':[";
    for (unsigned i = 0; i < locations; i++)
        (void)snprintf(powers + strlen(powers), sizeof powers - strlen(powers),
                       "%s'mine-7/%064u/%064d/%064d/%064d/%064d/%064d'", i ? "," : "", i, 0, 0, 0, 0, 0);
    strcat(powers, "]}]");
    return chain_text(s, (grant[]){{.from = OWNER, .to = CONTRACTOR, .powers = powers, .exp_s = exp_s}}, 1);
}

/* How many of these chains are found when each is asked for once more. */
static size_t found_again(const site *s, api_chains *chains, char *const *texts, size_t count)
{
    uint64_t before = 0, after = 0, misses = 0;
    for (int round = 0; round < 2; round++) {
        if (round == 1)
            api_chains_count(chains, &before, &misses);
        for (size_t i = 0; i < count; i++) {
            poa_chain *chain = NULL;
            assert_int_equal(api_chains_verify(chains, s->ctx, poa_span_of(texts[i]), s->policy, NOW, &chain, NULL),
                             POA_OK);
            poa_chain_free(chain);
        }
    }
    api_chains_count(chains, &after, &misses);
    return after - before;
}

/* Four entries have 16 KiB: room for four short chains, for two long ones, and for short ones again. */
static void the_cache_is_bounded_in_bytes(void **state)
{
    const site *s = *state;
    static const struct {
        unsigned locations;
        size_t count;
        size_t found;
    } cases[] = {{3, 4, 4}, {9, 2, 2}, {9, 3, 0}, {3, 4, 4}};
    api_chains *chains = NULL;
    assert_int_equal(api_chains_new(1, &chains), POA_OK);
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        char *texts[4] = {0};
        for (size_t k = 0; k < cases[i].count; k++)
            texts[k] = long_chain(s, NOW + DAY + (int64_t)(10 * i + k), cases[i].locations);
        assert_in_range(strlen(texts[0]), cases[i].locations == 3 ? 2048 : 5462, cases[i].locations == 3 ? 4096 : 8192);
        assert_int_equal(found_again(s, chains, texts, cases[i].count), cases[i].found);
        for (size_t k = 0; k < cases[i].count; k++)
            free(texts[k]);
    }
    api_chains_free(chains);
}

/* Long chains that nobody asks for any more do not keep others out, whichever set they stand in. */
static void who_fills_the_cache_does_not_keep_it(void **state)
{
    const site *s = *state;
    enum { ENTRIES = 32 };
    api_chains *chains = NULL;
    assert_int_equal(api_chains_new(ENTRIES, &chains), POA_OK);
    for (int i = 0; i < 3 * ENTRIES; i++) {
        POA_CLEANUP(poa_freep) char *text = long_chain(s, NOW + DAY + i, 10);
        poa_chain *chain = NULL;
        assert_int_equal(api_chains_verify(chains, s->ctx, poa_span_of(text), s->policy, NOW, &chain, NULL), POA_OK);
        poa_chain_free(chain);
    }
    for (int i = 0; i < ENTRIES; i++) {
        char *text = chain_text(s, (grant[]){{.from = OWNER, .to = CONTRACTOR, .exp_s = NOW + DAY + i}}, 1);
        assert_int_equal(found_again(s, chains, &text, 1), 1);
        free(text);
    }
    api_chains_free(chains);
}

static void uuids(void **state)
{
    (void)state;
    static const char text[] = "00112233-4455-4677-8899-aabbccddeeff";
    store_uuid id;
    assert_true(api_uuid_parse(poa_span_of(text), &id));
    assert_string_equal(api_uuid_print(&id).chars, text);
    static const char *const bad[] = {"",
                                      "00112233-4455-4677-8899-aabbccddeef",
                                      "00112233-4455-4677-8899-aabbccddeefff",
                                      "00112233-4455-4677-8899-AABBCCDDEEFF",
                                      "001122334-455-4677-8899-aabbccddeeff",
                                      "0011223304455046770889900aabbccddeef",
                                      "g0112233-4455-4677-8899-aabbccddeeff"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(api_uuid_parse(poa_span_of(bad[i]), &id));
}

static void urls_are_under_a_base_by_whole_segments(void **state)
{
    (void)state;
    static const char *const bases[] = {"https://gate.example", "https://x.example/a"};
    static const struct {
        const char *url;
        bool under;
    } cases[] = {
        {"https://gate.example", true},          {"https://gate.example/", true},
        {"https://gate.example?q", true},        {"https://gate.example.evil", false},
        {"https://gate.example:444/", false},    {"https://gate.exampl", false},
        {"https://x.example/a/b", true},         {"https://x.example/ab", false},
        {"https://x.example/", false},           {"HTTPS://gate.example/", false},
        {"https://x.example/a/../b", false}, /* the proof's own check would read it as /b, another point's */
        {"https://x.example/a/%2e%2E/b", false}, {"https://x.example/a/./../b", false},
        {"https://x.example/a/..", false},       {"https://x.example/a/b/../c", true},
        {"https://x.example/a/%7e", true},       {"https://x.example/a/b#c", true},
        {"https://x.example/a/%2", false},       {"", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(api_url_is_under(poa_span_of(cases[i].url), bases, 2), cases[i].under);
}

static void proxies_are_blocks(void **state)
{
    (void)state;
    server_config config = {.proxies_len = 2};
    assert_true(poa_address_parse(POA_SPAN("10.1.0.0"), &config.proxies[0].address));
    config.proxies[0].prefix = 15;
    assert_true(poa_address_parse(POA_SPAN("2001:db8::1"), &config.proxies[1].address));
    config.proxies[1].prefix = 128;
    static const struct {
        const char *address;
        bool is;
    } cases[] = {{"10.1.0.0", true},    {"10.0.255.255", true}, {"10.2.0.0", false},
                 {"2001:db8::1", true}, {"2001:db8::2", false}, {"127.0.0.1", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        poa_address address;
        assert_true(poa_address_parse(poa_span_of(cases[i].address), &address));
        assert_int_equal(api_is_proxy(&config, &address), cases[i].is);
    }
    const poa_address unknown = {0};
    assert_false(api_is_proxy(&config, &unknown));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_is_verified_once_for_its_bytes_and_policy),
        cmocka_unit_test(a_chain_is_not_kept_beyond_the_pin_of_its_root),
        cmocka_unit_test(the_cache_is_bounded),
        cmocka_unit_test(the_cache_is_bounded_in_bytes),
        cmocka_unit_test(who_fills_the_cache_does_not_keep_it),
        cmocka_unit_test(uuids),
        cmocka_unit_test(urls_are_under_a_base_by_whole_segments),
        cmocka_unit_test(proxies_are_blocks),
    };
    return cmocka_run_group_tests_name("api_chains", tests, site_open, site_close);
}
