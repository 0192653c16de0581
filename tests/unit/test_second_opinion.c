/*
 * test_second_opinion FILE COUNT - libjwt reads what we read.
 *
 * Each payload of a file of tests/vectors is signed anew as an ordinary `typ: JWT` token and given to libjwt, which
 * judges the signature and the JSON, not our rules. It is looser than we are, so: what our reader takes, libjwt takes,
 * and both see the same claims; what libjwt refuses, we refuse; and neither takes a signature that was touched. COUNT
 * is how many payloads it judges, so that none goes unjudged unseen.
 */

#include "test.h"

#include "base64url.h"
#include "buf.h"
#include "cleanup.h"
#include "crypto.h"
#include "json.h"
#include "json_hook.h"
#include "jws.h"
#include "span.h"

#include "poa/signer.h"

#include <jwt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 1048576, PAYLOAD_MAX = 16384 };

static const char *path;
static size_t expected;
static poa_ctx *ctx;
static poa_key *key;
static char *public_pem;

/* A token of our own key over a payload as it stands. */
static char *sign_anew(poa_span payload)
{
    static const char header[] = "{\"typ\":\"JWT\",\"alg\":\"ES256\"}";
    poa_buf b = {0};
    poa_buf_base64url(&b, header, strlen(header));
    poa_buf_text(&b, ".");
    poa_buf_add(&b, payload);
    poa_signer signer;
    uint8_t signature[POA_SIGNATURE_BYTES_MAX];
    size_t len = 0;
    assert_int_equal(poa_signer_of(key, POA_ALG_ES256, &signer), POA_OK);
    assert_int_equal(signer.sign(signer.self, poa_buf_span(&b), signature, sizeof signature, &len), POA_OK);
    poa_buf_text(&b, ".");
    poa_buf_base64url(&b, signature, len);
    return poa_buf_take(&b);
}

/* libjwt 1.10 verifies with a key and refuses without saying why. */
static jwt_t *ask_libjwt(const char *token)
{
    jwt_t *jwt = NULL;
    if (jwt_decode(&jwt, token, (const unsigned char *)public_pem, (int)strlen(public_pem)) != 0)
        return NULL;
    assert_int_equal(jwt_get_alg(jwt), JWT_ALG_ES256);
    return jwt;
}

static void same_text(jwt_t *jwt, const json_t *ours, const char *name)
{
    const json_t *value = json_object_get(ours, name);
    if (!json_is_string(value))
        return;
    const char *theirs = jwt_get_grant(jwt, name);
    assert_non_null(theirs);
    assert_string_equal(theirs, json_string_value(value));
}

static void same_number(jwt_t *jwt, const json_t *ours, const char *name)
{
    const json_t *value = json_object_get(ours, name);
    if (json_is_integer(value) && json_integer_value(value) <= INT64_MAX / 2)
        assert_int_equal(jwt_get_grant_int(jwt, name), json_integer_value(value));
}

/* A signature with one bit changed is refused by both. */
static void touched(char *token)
{
    char *last = strrchr(token, '.') + 5;
    *last = *last == 'A' ? 'B' : 'A';
    poa_jws jws;
    assert_null(ask_libjwt(token));
    assert_int_equal(poa_jws_split(ctx, poa_span_of(token), &jws), POA_OK);
    assert_int_not_equal(poa_jws_verify(ctx, &jws, POA_ALG_ES256, key, POA_HOP_NONE, NULL), POA_OK);
}

/* jansson, on which libjwt stands, cannot hold every number that JSON allows; there it has no say. */
static bool beyond_libjwt(const poa_jws *jws)
{
    char text[PAYLOAD_MAX];
    size_t len = 0;
    json_error_t error;
    if (!poa_base64url_decode(jws->payload, (uint8_t *)text, sizeof text, &len))
        return true;
    json_t *value = json_loadb(text, len, 0, &error);
    const bool beyond = !value && json_error_code(&error) == json_error_numeric_overflow;
    json_decref(value);
    return beyond;
}

static bool judge(poa_span payload)
{
    POA_CLEANUP(poa_freep) char *token = sign_anew(payload);
    poa_jws jws;
    if (!token || poa_jws_split(ctx, poa_span_of(token), &jws) != POA_OK || beyond_libjwt(&jws))
        return false;
    assert_int_equal(poa_jws_verify(ctx, &jws, POA_ALG_ES256, key, POA_HOP_NONE, NULL), POA_OK);

    POA_CLEANUP(poa_json_decrefp) json_t *ours = NULL;
    const bool we_take_it = poa_jws_read_payload(&jws, &ours) == POA_OK;
    jwt_t *theirs = ask_libjwt(token);
    if (we_take_it) {
        assert_non_null(theirs);
        static const char *const texts[] = {"iss", "sub", "jti", "par_hash", "principal_name", "op", "htm"};
        for (size_t i = 0; i < POA_COUNT(texts); i++)
            same_text(theirs, ours, texts[i]);
        same_number(theirs, ours, "iat");
        same_number(theirs, ours, "exp");
    }
    jwt_free(theirs);
    touched(token);
    return true;
}

/* The payload of a compact JWS, still encoded; empty when it is none that libjwt could be given. */
static poa_span payload_of(poa_span token)
{
    poa_cursor c = {.rest = token};
    (void)poa_take_until(&c, '.', SIZE_MAX);
    const poa_span payload = poa_take_until(&c, '.', PAYLOAD_MAX);
    if (c.failed || poa_span_find(c.rest, '.') != SIZE_MAX || !poa_base64url_is_canonical(payload))
        return (poa_span){0};
    return payload;
}

static void each_payload_of_the_file(void **state)
{
    (void)state;
    POA_CLEANUP(poa_freep) char *text = NULL;
    POA_CLEANUP(poa_json_decrefp) json_t *file = NULL;
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    text = malloc(FILE_MAX);
    assert_non_null(text);
    const size_t len = fread(text, 1, FILE_MAX, stream);
    assert_int_equal(fclose(stream), 0);
    assert_int_equal(poa_json_parse((poa_span){text, len}, &file), POA_OK);

    POA_CLEANUP(poa_json_decrefp) json_t *seen = json_object();
    size_t i = 0;
    const json_t *vector = NULL;
    json_array_foreach(json_object_get(file, "vectors"), i, vector)
    {
        poa_fields links = poa_fields_of(poa_json_span(json_object_get(vector, "chain")), '~');
        poa_span link;
        while (poa_fields_next(&links, &link)) {
            const poa_span payload = payload_of(link);
            POA_CLEANUP(poa_freep) char *name = poa_span_dup(payload);
            assert_non_null(name);
            if (payload.len == 0 || json_object_get(seen, name))
                continue;
            if (judge(payload))
                assert_int_equal(json_object_set_new(seen, name, json_true()), 0);
        }
    }
    printf("# libjwt judged %zu payloads\n", json_object_size(seen));
    assert_int_equal(json_object_size(seen), expected);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s FILE COUNT\n", argv[0]);
        return 2;
    }
    path = argv[1];
    expected = strtoul(argv[2], NULL, 10);
    poa_json_hook_install();
    if (poa_ctx_new(&ctx) != POA_OK || poa_key_generate(ctx, POA_ALG_ES256, &key) != POA_OK ||
        poa_key_public_pem(key, &public_pem) != POA_OK)
        return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_payload_of_the_file)};
    const int failed = cmocka_run_group_tests_name("second_opinion", tests, NULL, NULL);
    free(public_pem);
    poa_key_free(key);
    poa_ctx_free(ctx);
    return failed;
}
