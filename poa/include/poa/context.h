#ifndef POA_CONTEXT_H
#define POA_CONTEXT_H

#include "poa/error.h"

/**
 * poa_ctx - what OpenSSL wants fetched once: digests and curve parameters. Immutable, so threads share one.
 */
typedef struct poa_ctx poa_ctx;

/**
 * poa_ctx_new() - make a context; the caller ends it with poa_ctx_free() after everything made with it.
 *
 * Return: POA_OK, POA_F_NOMEM, POA_F_CRYPTO.
 */
POA_API POA_MUST_USE poa_err poa_ctx_new(poa_ctx **out);

/** poa_ctx_free() - NULL is fine. */
POA_API void poa_ctx_free(poa_ctx *ctx);

#endif
