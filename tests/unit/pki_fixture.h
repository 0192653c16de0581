#ifndef POA_TEST_PKI_FIXTURE_H
#define POA_TEST_PKI_FIXTURE_H

#include "crypto_key.h"
#include "csr.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

/* What the tests of certificate requests share. */

static poa_ctx *ctx;

static inline int set_up(void **state)
{
    (void)state;
    return poa_ctx_new(&ctx);
}

static inline int tear_down(void **state)
{
    (void)state;
    poa_ctx_free(ctx);
    return 0;
}

/* Parse a copy that ends where the bytes end, so that the sanitizer sees a read behind them. */
static inline poa_err parse(poa_span bytes, poa_csr **out)
{
    uint8_t *exact = malloc(bytes.len > 0 ? bytes.len : 1);
    assert_non_null(exact);
    if (bytes.len > 0)
        memcpy(exact, bytes.ptr, bytes.len);
    poa_why why = {""};
    *out = NULL;
    const poa_err err = poa_csr_parse(ctx, (poa_span){(const char *)exact, bytes.len}, out, &why);
    free(exact);
    assert_int_equal(*out != NULL, err == POA_OK);
    assert_int_equal(why.text[0] != '\0', err > POA_OK);
    assert_int_equal(ERR_peek_error(), 0);
    return err;
}

static inline poa_err parse_only(poa_span bytes)
{
    POA_CLEANUP(poa_csr_freep) poa_csr *csr = NULL;
    return parse(bytes, &csr);
}

#endif
