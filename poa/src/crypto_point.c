#include "crypto_key.h"

#include "cleanup.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <string.h>

/* RFC 8032 section 5.1: p = 2^255 - 19, -x^2 + y^2 = 1 + d x^2 y^2. */
static const char d_hex[] = "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3";

/* The y of every point whose order divides 8, little-endian, without the sign bit. */
static const uint8_t small_order[][32] = {
    {0},
    {1},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
     0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
     0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
};

/* p itself, little-endian. */
static const uint8_t p_bytes[32] = {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};

static void bn_ctx_freep(BN_CTX **p)
{
    BN_CTX_free(*p);
}

static bool below_p(const uint8_t y[32])
{
    for (size_t i = sizeof p_bytes; i-- > 0;)
        if (y[i] != p_bytes[i])
            return y[i] < p_bytes[i];
    return false;
}

/* x^2 = (y^2 - 1) / (d y^2 + 1) has a solution when numerator times denominator is a square. */
static poa_err check_on_curve(const uint8_t y_bytes[32])
{
    POA_CLEANUP(bn_ctx_freep) BN_CTX *bn = BN_CTX_new();
    if (!bn)
        return POA_F_NOMEM;
    BN_CTX_start(bn);
    BIGNUM *p = BN_CTX_get(bn), *d = BN_CTX_get(bn), *y = BN_CTX_get(bn), *u = BN_CTX_get(bn), *v = BN_CTX_get(bn);
    const bool ok = v && BN_lebin2bn(p_bytes, 32, p) && BN_hex2bn(&d, d_hex) && BN_lebin2bn(y_bytes, 32, y) &&
                    BN_mod_sqr(u, y, p, bn) == 1 && BN_mod_mul(v, u, d, p, bn) == 1 && BN_add_word(v, 1) == 1 &&
                    BN_sub_word(u, 1) == 1 && BN_mod_mul(u, u, v, p, bn) == 1;
    const int residue = ok ? BN_kronecker(u, p, bn) : -2;
    BN_CTX_end(bn);
    if (residue < -1)
        return poa_openssl_refused(POA_F_CRYPTO);
    return residue == -1 ? POA_E_KEY_INVALID : POA_OK;
}

poa_err poa_ed25519_check_point(const uint8_t point[32])
{
    uint8_t y[32];
    memcpy(y, point, sizeof y);
    y[31] &= 0x7f; /* the sign of x */
    if (!below_p(y))
        return POA_E_KEY_INVALID;
    for (size_t i = 0; i < POA_COUNT(small_order); i++)
        if (memcmp(y, small_order[i], sizeof y) == 0)
            return POA_E_KEY_INVALID;
    return check_on_curve(y);
}
