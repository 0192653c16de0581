// The same library from C++: names are found, structs are read, a refusal is named.

#include <poa/poa.h>

#include <cstdio>

int main()
{
    poa_ctx *ctx = nullptr;
    if (poa_ctx_new(&ctx) != POA_OK)
        return 1;
    poa_key *key = nullptr;
    const bool made = poa_key_generate(ctx, POA_ALG_ES256, &key) == POA_OK;
    const bool told = made && poa_key_thumbprint(key) != nullptr && poa_revocation_unchecked.age == nullptr;
    poa_key_free(key);
    poa_ctx_free(ctx);
    if (!told)
        return 1;
    std::printf("permit\n%s\n", poa_err_name(POA_E_LOCATION_NOT_GRANTED));
    return 0;
}
