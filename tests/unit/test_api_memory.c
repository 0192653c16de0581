#include "test.h"

#include "api/nonces.h"
#include "api/replays.h"
#include "base64url.h"
#include "bounds.h"
#include "cleanup.h"
#include "poa/json_hook.h"
#include "span.h"

#include <string.h>

static poa_ctx *ctx;

static bool count_up(void *self, uint8_t *out, size_t len)
{
    static uint8_t counter;
    (void)self;
    memset(out, ++counter, len);
    return true;
}

static bool no_bytes(void *self, uint8_t *out, size_t len)
{
    (void)self;
    (void)out;
    (void)len;
    return false;
}

static const poa_random counting = {.fill = count_up};
static const poa_random empty = {.fill = no_bytes};

enum { NOW = 1790000000, SKEW = 30 };

/* ---- nonces ---- */

static void a_nonce_has_a_life(void **state)
{
    (void)state;
    api_nonces *nonces = NULL;
    assert_int_equal(api_nonces_new(&counting, POA_SPAN("mine.example"), &nonces), POA_OK);
    api_nonce nonce;
    assert_int_equal(api_nonce_make(nonces, &counting, NOW, &nonce), POA_OK);
    assert_int_equal(strlen(nonce.chars), API_NONCE_CHARS);
    const poa_span text = poa_span_of(nonce.chars);
    int64_t expires_s = 0;
    assert_int_equal(api_nonce_check(nonces, text, NOW, &expires_s), POA_OK);
    assert_int_equal(expires_s, NOW + API_NONCE_LIFETIME_S);
    assert_int_equal(api_nonce_check(nonces, text, NOW + API_NONCE_LIFETIME_S - 1, NULL), POA_OK);
    assert_int_equal(api_nonce_check(nonces, text, NOW + API_NONCE_LIFETIME_S, NULL), POA_E_NONCE_INVALID);
    assert_int_equal(api_nonce_check(nonces, text, NOW - 1, NULL), POA_E_NONCE_INVALID);

    api_nonce other;
    assert_int_equal(api_nonce_make(nonces, &counting, NOW, &other), POA_OK);
    assert_string_not_equal(nonce.chars, other.chars);
    assert_int_equal(api_nonce_make(nonces, &empty, NOW, &other), POA_F_CRYPTO);
    api_nonces_free(nonces);
}

static void a_nonce_is_of_one_process_and_one_site(void **state)
{
    (void)state;
    const char *const audiences[] = {"mine.example", "mine.example", "other.example"};
    api_nonces *nonces[3];
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(api_nonces_new(&counting, poa_span_of(audiences[i]), &nonces[i]), POA_OK);
    api_nonce nonce;
    assert_int_equal(api_nonce_make(nonces[0], &counting, NOW, &nonce), POA_OK);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(api_nonce_check(nonces[i], poa_span_of(nonce.chars), NOW, NULL),
                         i == 0 ? POA_OK : POA_E_NONCE_INVALID);
    for (size_t i = 0; i < 3; i++)
        api_nonces_free(nonces[i]);
}

static void no_bit_of_a_nonce_may_change(void **state)
{
    (void)state;
    api_nonces *nonces = NULL;
    assert_int_equal(api_nonces_new(&counting, POA_SPAN("mine.example"), &nonces), POA_OK);
    api_nonce nonce;
    assert_int_equal(api_nonce_make(nonces, &counting, NOW, &nonce), POA_OK);
    uint8_t bytes[API_NONCE_BYTES];
    assert_true(poa_base64url_decode_exact(poa_span_of(nonce.chars), bytes, sizeof bytes));
    for (size_t bit = 0; bit < sizeof bytes * 8; bit++) {
        char text[API_NONCE_CHARS + 1];
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        poa_base64url_encode(bytes, sizeof bytes, text);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(api_nonce_check(nonces, poa_span_of(text), NOW, NULL), POA_E_NONCE_INVALID);
    }
    assert_int_equal(api_nonce_check(nonces, POA_SPAN(""), NOW, NULL), POA_E_NONCE_INVALID);
    assert_int_equal(api_nonce_check(nonces, poa_span_head(poa_span_of(nonce.chars), 53), NOW, NULL),
                     POA_E_NONCE_INVALID);
    api_nonces_free(nonces);
}

/* ---- proofs seen ---- */

static poa_err use(api_replays *r, uint8_t agent, unsigned jti, int64_t now_s)
{
    poa_id key;
    memset(key.bytes, agent, sizeof key.bytes);
    char text[32];
    const int len = snprintf(text, sizeof text, "jti-%u", jti);
    return api_replays_use(r, ctx, &key, (poa_span){text, (size_t)len}, now_s, now_s + 120, SKEW);
}

static void a_jti_serves_once_per_key(void **state)
{
    (void)state;
    api_replays *r = NULL;
    assert_int_equal(api_replays_new(0, &r), POA_OK);
    assert_int_equal(use(r, 1, 1, NOW), POA_OK);
    assert_int_equal(use(r, 1, 1, NOW), POA_E_PROOF_REPLAYED);
    assert_int_equal(use(r, 2, 1, NOW), POA_OK);
    assert_int_equal(use(r, 1, 2, NOW), POA_OK);
    assert_int_equal(use(r, 1, 1, NOW + 120), POA_E_PROOF_REPLAYED);
    size_t held = 0, room = 0;
    api_replays_count(r, &held, &room);
    assert_int_equal(held, 3);
    assert_true(room > 100);
    api_replays_free(r);
}

/* One agent fills what it can; another still comes in; what has expired makes room. */
static void one_agent_does_not_take_the_room_of_all(void **state)
{
    (void)state;
    api_replays *r = NULL;
    assert_int_equal(api_replays_new(0, &r), POA_OK);
    size_t held = 0, room = 0;
    api_replays_count(r, &held, &room);
    assert_int_equal(use(r, 2, 0, NOW), POA_OK);
    unsigned taken = 0;
    while (use(r, 1, taken, NOW) == POA_OK)
        taken++;
    assert_in_range(taken, room / 2 - 1, room / 2 + 1);
    assert_int_equal(use(r, 1, taken, NOW), POA_F_STORE);
    for (unsigned i = 1; i < room / 4; i++)
        assert_int_equal(use(r, 2, i, NOW), POA_OK);
    assert_int_equal(use(r, 3, 0, NOW), POA_OK);
    assert_int_equal(use(r, 1, 0, NOW), POA_E_PROOF_REPLAYED);

    /* The clock may go back by the skew: so much longer they stay. */
    assert_int_equal(use(r, 1, taken, NOW + 120 + SKEW), POA_F_STORE);
    assert_int_equal(use(r, 1, taken, NOW + 120 + SKEW + 1), POA_OK);
    api_replays_count(r, &held, &room);
    assert_int_equal(held, 1);
    api_replays_free(r);
}

/* Whatever iat an agent writes, its proofs hold their places no longer than one could be accepted that comes now. */
static void a_proof_that_cannot_be_accepted_holds_no_place(void **state)
{
    (void)state;
    static const struct {
        int64_t until_s;
        bool held;
    } cases[] = {
        {INT64_MAX, false},
        {POA_TIME_MAX, false},
        {NOW + API_REPLAYS_AHEAD_S + 1, false},
        {NOW + API_REPLAYS_AHEAD_S, true},
        {NOW, true},
        {NOW - 1, false},
        {0, false},
    };
    for (size_t i = 0; i < POA_COUNT(cases); i++) {
        api_replays *r = NULL;
        assert_int_equal(api_replays_new(0, &r), POA_OK);
        const poa_id key = {{1}};
        const poa_err again = cases[i].held ? POA_E_PROOF_REPLAYED : POA_OK;
        assert_int_equal(api_replays_use(r, ctx, &key, POA_SPAN("jti"), NOW, cases[i].until_s, SKEW), POA_OK);
        assert_int_equal(api_replays_use(r, ctx, &key, POA_SPAN("jti"), NOW, cases[i].until_s, SKEW), again);
        size_t held = 0, room = 0;
        api_replays_count(r, &held, &room);
        assert_int_equal(held, cases[i].held);
        api_replays_free(r);
    }
}

static int set_up(void **state)
{
    (void)state;
    return poa_ctx_new(&ctx);
}

static int tear_down(void **state)
{
    (void)state;
    poa_ctx_free(ctx);
    return 0;
}

int main(void)
{
    poa_json_hook_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_nonce_has_a_life),
        cmocka_unit_test(a_nonce_is_of_one_process_and_one_site),
        cmocka_unit_test(no_bit_of_a_nonce_may_change),
        cmocka_unit_test(a_jti_serves_once_per_key),
        cmocka_unit_test(one_agent_does_not_take_the_room_of_all),
        cmocka_unit_test(a_proof_that_cannot_be_accepted_holds_no_place),
    };
    return cmocka_run_group_tests_name("api_memory", tests, set_up, tear_down);
}
