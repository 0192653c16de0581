#include "poa/key.h"

#include "cleanup.h"
#include "span.h"

static const struct {
    const char *name;
    poa_alg alg;
} names[] = {
    {"ES256", POA_ALG_ES256}, {"ES384", POA_ALG_ES384}, {"EdDSA", POA_ALG_EDDSA},
    {"RS256", POA_ALG_RS256}, {"PS256", POA_ALG_PS256}, {"Ed25519", POA_ALG_EDDSA}, /* RFC 9864 */
};

const char *poa_alg_name(poa_alg alg)
{
    for (size_t i = 0; i < POA_COUNT(names); i++)
        if (names[i].alg == alg)
            return names[i].name;
    return "none";
}

poa_alg poa_alg_by_name(poa_span name)
{
    for (size_t i = 0; i < POA_COUNT(names); i++)
        if (poa_span_is(name, names[i].name))
            return names[i].alg;
    return POA_ALG_NONE;
}
