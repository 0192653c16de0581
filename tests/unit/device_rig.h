#ifndef POA_TEST_DEVICE_RIG_H
#define POA_TEST_DEVICE_RIG_H

/*
 * What the tests of the devices' tokens share: keys, and tokens of any header and payload, written with ' for ".
 * Certificates are bytes here, because the library does not look into them.
 */

#include "test.h"

#include "poa/device.h"

#include "bounds.h"
#include "buf.h"
#include "cleanup.h"
#include "crypto.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>

#define ID43 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define JTI  "ABCDEFGHIJKLMNOPQRSTUV"
#define X5C  ",'x5c':['Zm9v','Zm9vYg==']" /* "foo", "foob" */

static struct rig {
    poa_ctx *ctx;
    poa_key *keys[POA_ALG_PS256 + 1];
} rig;

static inline int open_rig(void **state)
{
    (void)state;
    poa_err err = poa_ctx_new(&rig.ctx);
    for (int alg = POA_ALG_ES256; !err && alg <= POA_ALG_PS256; alg++)
        err = poa_key_generate(rig.ctx, (poa_alg)alg, &rig.keys[alg]);
    return err;
}

static inline int close_rig(void **state)
{
    (void)state;
    for (int alg = POA_ALG_ES256; alg <= POA_ALG_PS256; alg++)
        poa_key_free(rig.keys[alg]);
    poa_ctx_free(rig.ctx);
    return 0;
}

static inline poa_signer rig_signer(poa_alg alg)
{
    poa_signer signer;
    assert_int_equal(poa_signer_of(rig.keys[alg], alg, &signer), POA_OK);
    return signer;
}

static inline void add_part(poa_buf *b, const char *json)
{
    POA_CLEANUP(poa_freep) char *copy = strdup(json);
    assert_non_null(copy);
    for (char *c = copy; *c != '\0'; c++)
        if (*c == '\'')
            *c = '"';
    poa_buf_base64url(b, copy, strlen(copy));
}

/* {header}.{payload}, without their braces, signed with the key of an algorithm. Malloc'ed. */
static inline char *token_of(const char *header, const char *payload, poa_alg alg)
{
    char text[20000];
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    assert_true(snprintf(text, sizeof text, "{%s}", header) < (int)sizeof text);
    add_part(&b, text);
    poa_buf_text(&b, ".");
    assert_true(snprintf(text, sizeof text, "{%s}", payload) < (int)sizeof text);
    add_part(&b, text);
    const poa_signer signer = rig_signer(alg);
    uint8_t signature[POA_SIGNATURE_BYTES_MAX];
    size_t len = 0;
    assert_int_equal(signer.sign(signer.self, poa_buf_span(&b), signature, sizeof signature, &len), POA_OK);
    poa_buf_text(&b, ".");
    poa_buf_base64url(&b, signature, len);
    char *token = poa_buf_take(&b);
    assert_non_null(token);
    return token;
}

/* 'typ':'…','alg':'…','jwk':… of a key in the rig; malloc'ed. */
static inline char *jwk_header(const char *typ, const char *alg, poa_alg key)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_printf(&b, "'typ':'%s','alg':'%s','jwk':%s", typ, alg, poa_key_jwk(rig.keys[key]));
    return poa_buf_take(&b);
}

/* One token that is wrong in one place, and what must be said of it; POA_OK: nothing is wrong. */
typedef struct token_case {
    const char *name;
    const char *part; /* the header or the payload, without braces */
    poa_err want;
    const char *member;
} token_case;

static inline void expect_reason(const token_case *c, poa_err err, const poa_reason *why)
{
    if (err != c->want || strcmp(why->member, err ? c->member : "") != 0)
        fail_msg("%s: %s at %s", c->name, poa_err_name(err), why->member);
    if (err)
        assert_int_equal(why->hop, POA_HOP_NONE);
}

#endif
