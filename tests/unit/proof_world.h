#ifndef POA_TEST_PROOF_WORLD_H
#define POA_TEST_PROOF_WORLD_H

/* What the tests of proofs share: two keys, a policy, proofs spoiled in one place, a memory that notes. */

#include "test.h"

#include "base64url.h"
#include "bounds.h"
#include "buf.h"
#include "cleanup.h"
#include "span.h"

#include "poa/proof.h"

#include <string.h>

/* Keys for tests alone: d is SHA-256("poa unit tests: agent") and of the same with "other". */
#define AGENT_JWK                                            \
    "\"kty\":\"EC\",\"crv\":\"P-256\","                      \
    "\"x\":\"ZpNzpeZOsBcROLC78KSl0dsXm0hjY0YpiLv08D2Y9rw\"," \
    "\"y\":\"1u1WRU92HZz6PutUey7IKYuA-Mre-J_ZtYKvowYUpvg\""
#define AGENT_D "\"d\":\"haD2ekE8j8WcG0AxeIyq-9XoX_3xqiqBDJRDnTn6GxA\""
#define OTHER_JWK                                            \
    "\"kty\":\"EC\",\"crv\":\"P-256\","                      \
    "\"x\":\"O5MJTzasyrZ1tiUYxV6DjuQHeLMmIMzqD58pYartKng\"," \
    "\"y\":\"JOIK21d6tvR_pkky0PQ94Gzwy6F-BXTUovuDvaezyHE\""
#define OTHER_D "\"d\":\"r4-sKdgpUGvHXLfGF1_g_UwMEqgrhD0R2KLhQp_DYzg\""

#define CHAIN      "root~leaf"
#define CHAIN_HASH "pE7aTkQJzrixP5HDZL8RCxQhCbKsa0kA5LhKz69p8Ik"
#define BODY       "{\"device\":1}"
#define BODY_HASH  "fkMVkXAF14rTiewmIKjbzVYknwmBiotm9YDA94alQl0"
#define NO_HASH    "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
#define URL        "https://site.example/v1/onboardings"
#define NOW        1790000000

static struct world {
    poa_ctx *ctx;
    poa_policy *policy;
    poa_key *agent;
    poa_key *other;
} world;

static inline poa_key *read_key(const char *json)
{
    poa_key *key = NULL;
    assert_int_equal(poa_key_from_private_jwk(world.ctx, poa_span_of(json), &key), POA_OK);
    return key;
}

static inline int set_up(void **state)
{
    (void)state;
    static const char policy[] = "{\"version\":1,\"resource_owner\":\"site\",\"owners\":[{\"iss\":\"owner\","
                                 "\"keys\":[{\"jwk\":{" OTHER_JWK "}}],\"powers\":[{\"type\":\"administration\","
                                 "\"actions\":[\"audit\"],\"locations\":[\"site\"]}]}]}";
    assert_int_equal(poa_ctx_new(&world.ctx), POA_OK);
    assert_int_equal(poa_policy_parse(world.ctx, poa_span_of(policy), NULL, &world.policy, NULL), POA_OK);
    world.agent = read_key("{" AGENT_JWK "," AGENT_D "}");
    world.other = read_key("{" OTHER_JWK "," OTHER_D "}");
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    poa_key_free(world.other);
    poa_key_free(world.agent);
    poa_policy_free(world.policy);
    poa_ctx_free(world.ctx);
    return 0;
}

static inline poa_signer signer_of(const poa_key *key, poa_alg alg)
{
    poa_signer signer;
    assert_int_equal(poa_signer_of(key, alg, &signer), POA_OK);
    return signer;
}

/* ---- Proofs ---- */

/* A member of an object and its JSON text; GONE takes it away. */
typedef struct member {
    const char *name;
    const char *json;
} member;

#define GONE NULL

/* No change. */
static const member as_is[] = {{0}};

static const member good_header[] = {{"typ", "\"dpop+jwt\""}, {"alg", "\"ES256\""}, {"jwk", "{" AGENT_JWK "}"}, {0}};
static const member good_claims[] = {{"jti", "\"jti-1\""},
                                     {"htm", "\"POST\""},
                                     {"htu", "\"" URL "\""},
                                     {"iat", "1790000000"},
                                     {"ath", "\"" CHAIN_HASH "\""},
                                     {"bh", "\"" BODY_HASH "\""},
                                     {0}};

static inline const member *find_member(const member *members, const char *name)
{
    for (; members->name; members++)
        if (strcmp(members->name, name) == 0)
            return members;
    return NULL;
}

/* An object: the members of base, as changes say; members that base lacks follow. Both end with a zeroed one. */
static inline char *object_of(const member *base, const member *changes)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    const char *separator = "{";
    for (const member *m = base; m->name; m++) {
        const member *change = find_member(changes, m->name);
        const char *json = change ? change->json : m->json;
        if (!json)
            continue;
        poa_buf_printf(&b, "%s\"%s\":%s", separator, m->name, json);
        separator = ",";
    }
    for (const member *m = changes; m->name; m++) {
        if (find_member(base, m->name))
            continue;
        poa_buf_printf(&b, "%s\"%s\":%s", separator, m->name, m->json);
        separator = ",";
    }
    poa_buf_text(&b, "}");
    char *text = poa_buf_take(&b);
    assert_non_null(text);
    return text;
}

/* The token with this header and these claims, whatever they are. */
static inline char *sign_text(const char *header, const char *claims, const poa_signer *signer)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_base64url(&b, header, strlen(header));
    poa_buf_text(&b, ".");
    poa_buf_base64url(&b, claims, strlen(claims));
    uint8_t signature[POA_SIGNATURE_BYTES_MAX];
    size_t len = 0;
    assert_int_equal(signer->sign(signer->self, poa_buf_span(&b), signature, sizeof signature, &len), POA_OK);
    poa_buf_text(&b, ".");
    poa_buf_base64url(&b, signature, len);
    char *text = poa_buf_take(&b);
    assert_non_null(text);
    return text;
}

/* The good proof, changed in its header and its claims and then signed by key. */
static inline char *make_proof(const member *header, const member *claims, const poa_key *key)
{
    POA_CLEANUP(poa_freep) char *header_text = object_of(good_header, header);
    POA_CLEANUP(poa_freep) char *claims_text = object_of(good_claims, claims);
    const poa_signer signer = signer_of(key, POA_ALG_NONE);
    return sign_text(header_text, claims_text, &signer);
}

/* ---- What is expected, and a memory ---- */

static const poa_span world_urls[] = {POA_SPAN_INIT("https://other.example/v1/onboardings"), POA_SPAN_INIT(URL)};

static inline poa_proof_expected expect(void)
{
    return (poa_proof_expected){.method = POA_SPAN("POST"),
                                .urls = world_urls,
                                .urls_len = POA_COUNT(world_urls),
                                .chain = POA_SPAN(CHAIN),
                                .body = POA_SPAN(BODY),
                                .now_s = NOW,
                                .started_s = NOW - 1000};
}

/* A memory that knows the nonce "fresh" and the jti "seen", and notes what it is told. */
typedef struct notes {
    poa_err nonce_fault;
    poa_err use_fault;
    size_t nonces;
    size_t uses;
    poa_id key;
    char jti[POA_PROOF_TEXT_BYTES_MAX + 1];
    int64_t until_s;
} notes;

static inline poa_err ask_nonce(void *self, poa_span nonce, int64_t now_s)
{
    notes *n = self;
    (void)now_s;
    n->nonces++;
    if (n->nonce_fault)
        return n->nonce_fault;
    return poa_span_is(nonce, "fresh") ? POA_OK : POA_E_NONCE_INVALID;
}

static inline poa_err note_use(void *self, const poa_id *key, poa_span jti, int64_t until_s)
{
    notes *n = self;
    n->uses++;
    if (n->use_fault)
        return n->use_fault;
    n->key = *key;
    memcpy(n->jti, jti.ptr, jti.len);
    n->jti[jti.len] = '\0';
    n->until_s = until_s;
    return poa_span_is(jti, "seen") ? POA_E_PROOF_REPLAYED : POA_OK;
}

/* Check a text as a proof by the agent; n is NULL for a verifier without memory. */
static inline poa_err check_text(poa_span text, const poa_proof_expected *expected, notes *n, bool *verified)
{
    const poa_proof_memory memory = {.self = n, .nonce = ask_nonce, .use = note_use};
    poa_reason why = {.hop = 7};
    poa_proof_facts facts;
    const poa_err err = poa_proof_check_key(world.ctx, text, world.agent, world.policy, expected, n ? &memory : NULL,
                                            &facts, verified, &why);
    if (err > POA_OK) {
        assert_int_equal(why.code, err);
        assert_int_equal(why.hop, POA_HOP_NONE);
        assert_string_equal(why.member, "");
    }
    return err;
}

/* Make a proof and check it. A jti is used up exactly when the signature held. */
static inline poa_err check(const member *header, const member *claims, const poa_key *key,
                            const poa_proof_expected *expected, notes *n)
{
    POA_CLEANUP(poa_freep) char *text = make_proof(header, claims, key);
    *n = (notes){.nonce_fault = n->nonce_fault, .use_fault = n->use_fault};
    bool verified = true;
    const poa_err err = check_text(poa_span_of(text), expected, n, &verified);
    assert_int_equal(verified, n->uses == 1);
    return err;
}

/* The changes given, which are few, and the zeroed one behind them. */
#define MEMBERS(...) ((const member[4]){__VA_ARGS__})
#define A64          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A256         A64 A64 A64 A64

#endif
