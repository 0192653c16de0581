#include "jwt_libjwt.h"

#include "cleanup.h"

#include <assert.h>
#include <jwt.h>
#include <stdlib.h>
#include <string.h>

/*
 * Only calls that libjwt 1.10 (Debian 12) and 1.17 (Debian 13) share. Values of jwt_alg_t shift between versions, so
 * algorithms are compared and kept by name.
 */

#ifdef CLI_NO_JWT_FREE_STR
static void jwt_free_str(char *text)
{
    free(text);
}
#endif

static void freep(jwt_t **jwt)
{
    jwt_free(*jwt);
}

/* jwt_str_alg() takes any case, and what it does not know for none. */
static bool is_alg(jwt_alg_t alg, const char *name)
{
    const char *found = alg == JWT_ALG_NONE ? NULL : jwt_alg_str(alg);
    return found && strcmp(found, name) == 0;
}

bool cli_libjwt_verify(const char *token, const char *alg, const char *pem)
{
    const size_t pem_len = strlen(pem);
    assert(pem_len > 0); /* libjwt takes an empty key for "do not verify" */
    POA_CLEANUP(freep) jwt_t *jwt = NULL;
    return jwt_decode(&jwt, token, (const unsigned char *)pem, (int)pem_len) == 0 && is_alg(jwt_get_alg(jwt), alg);
}

char *cli_libjwt_sign(const char *payload, const char *alg, const char *pem)
{
    const jwt_alg_t chosen = jwt_str_alg(alg);
    POA_CLEANUP(freep) jwt_t *jwt = NULL;
    if (!is_alg(chosen, alg) || jwt_new(&jwt) != 0 || jwt_add_grants_json(jwt, payload) != 0 ||
        jwt_set_alg(jwt, chosen, (const unsigned char *)pem, (int)strlen(pem)) != 0)
        return NULL;
    char *token = jwt_encode_str(jwt);
    char *copy = token ? strdup(token) : NULL; /* jwt_free_str() need not be free() */
    if (token)
        jwt_free_str(token);
    return copy;
}
