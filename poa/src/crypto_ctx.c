#include "crypto_key.h"

#include "cleanup.h"
#include "span.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <stdlib.h>

POA_CLEANUP_DEFINE(poa_ctx, poa_ctx_free)

poa_err poa_openssl_refused(poa_err no)
{
    bool memory = false;
    for (unsigned long error = 0; (error = ERR_get_error()) != 0;)
        memory = memory || ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
    return memory ? POA_F_NOMEM : no;
}

/* An EVP_PKEY that holds a curve and no key: copying it costs a twentieth of naming the curve again. */
static EVP_PKEY *curve(const char *name)
{
    char group[16];
    if (!OPENSSL_strlcpy(group, name, sizeof group))
        return NULL;
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
                                 OSSL_PARAM_construct_end()};
    POA_CLEANUP(poa_pkey_ctx_freep) EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *pkey = NULL;
    if (!make || EVP_PKEY_fromdata_init(make) != 1 ||
        EVP_PKEY_fromdata(make, &pkey, EVP_PKEY_KEY_PARAMETERS, (OSSL_PARAM *)(uintptr_t)params) != 1)
        return NULL;
    return pkey;
}

poa_err poa_ctx_new(poa_ctx **out)
{
    POA_CLEANUP(poa_ctx_freep) poa_ctx *ctx = calloc(1, sizeof *ctx);
    if (!ctx)
        return POA_F_NOMEM;
    ERR_clear_error();
    ctx->sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    ctx->p256 = curve("P-256");
    ctx->p384 = curve("P-384");
    if (!ctx->sha256 || !ctx->p256 || !ctx->p384)
        return poa_openssl_refused(POA_F_CRYPTO);
    *out = POA_TAKE(ctx);
    return POA_OK;
}

void poa_ctx_free(poa_ctx *ctx)
{
    if (!ctx)
        return;
    EVP_MD_free(ctx->sha256);
    EVP_PKEY_free(ctx->p256);
    EVP_PKEY_free(ctx->p384);
    free(ctx);
}

poa_err poa_sha256(const poa_ctx *ctx, poa_span bytes, poa_id *out)
{
    poa_id id;
    unsigned len = 0;
    const void *data = bytes.ptr ? bytes.ptr : "";
    ERR_clear_error();
    if (EVP_Digest(data, bytes.len, id.bytes, &len, ctx->sha256, NULL) != 1 || len != sizeof id.bytes)
        return poa_openssl_refused(POA_F_CRYPTO);
    *out = id;
    return POA_OK;
}

bool poa_secret_equal(poa_span a, poa_span b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0);
}

void poa_secret_clear(poa_secret *secret)
{
    if (secret->text)
        OPENSSL_cleanse(secret->text, secret->len);
    free(secret->text);
    *secret = (poa_secret){0};
}
