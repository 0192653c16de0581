#include "crypto_key.h"

#include "cleanup.h"
#include "span.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

enum { PEM_BYTES_MAX = 16384, RSA_BITS_NEW = 3072 };

/* With HMAC-SHA-256, as the OWASP password storage cheat sheet of 2023 has it: a third of a second. */
enum { PBKDF2_ROUNDS = 600000 };

static void bio_freep(BIO **p)
{
    BIO_free(*p);
}

static poa_span trim(poa_span text)
{
    while (text.len > 0 && strchr(" \t\r\n", text.ptr[0]))
        text = poa_span_skip(text, 1);
    while (text.len > 0 && strchr(" \t\r\n", text.ptr[text.len - 1]))
        text = poa_span_head(text, text.len - 1);
    return text;
}

/* Is text exactly one PEM block with this label? */
static bool is_block(poa_span text, const char *label)
{
    char begin[64], end[64];
    (void)snprintf(begin, sizeof begin, "-----BEGIN %s-----", label);
    (void)snprintf(end, sizeof end, "-----END %s-----", label);
    if (!poa_span_starts(text, poa_span_of(begin)) || !poa_span_ends(text, poa_span_of(end)))
        return false;
    const poa_span rest = poa_span_skip(text, strlen(begin));
    return !memmem(rest.ptr, rest.len, "-----BEGIN", 10);
}

/* OpenSSL's default would ask on the terminal. */
static int give_passphrase(char *buf, int size, int writing, void *arg)
{
    (void)writing;
    const poa_span *passphrase = arg;
    if (!passphrase->ptr || passphrase->len > (size_t)size)
        return -1;
    if (passphrase->len > 0)
        memcpy(buf, passphrase->ptr, passphrase->len);
    return (int)passphrase->len;
}

poa_err poa_key_from_pem(const poa_ctx *ctx, poa_span pem, poa_span passphrase, poa_key **out)
{
    static const char *const private_labels[] = {"PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "EC PRIVATE KEY",
                                                 "RSA PRIVATE KEY"};
    const poa_span text = trim(pem);
    if (pem.len > PEM_BYTES_MAX)
        return POA_E_KEY_INVALID;
    bool is_private = false;
    for (size_t i = 0; i < POA_COUNT(private_labels); i++)
        is_private = is_private || is_block(text, private_labels[i]);
    if (!is_private && !is_block(text, "PUBLIC KEY"))
        return POA_E_KEY_INVALID;

    POA_CLEANUP(bio_freep) BIO *bio = BIO_new_mem_buf(text.ptr, (int)text.len);
    if (!bio)
        return POA_F_NOMEM;
    ERR_clear_error();
    POA_CLEANUP(poa_pkey_freep)
    EVP_PKEY *pkey = is_private ? PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, &passphrase)
                                : PEM_read_bio_PUBKEY(bio, NULL, give_passphrase, &passphrase);
    if (!pkey)
        return poa_openssl_refused(POA_E_KEY_INVALID);
    const poa_err err = poa_key_from_pkey(ctx, pkey, is_private, out);
    if (!err)
        pkey = NULL;
    return err;
}

static EVP_PKEY *generate(poa_alg alg)
{
    switch (alg) {
    case POA_ALG_ES256:
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    case POA_ALG_ES384:
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
    case POA_ALG_EDDSA:
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    case POA_ALG_RS256:
    case POA_ALG_PS256:
        return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)RSA_BITS_NEW);
    case POA_ALG_NONE:
        return NULL;
    }
    return NULL;
}

poa_err poa_key_generate(const poa_ctx *ctx, poa_alg alg, poa_key **out)
{
    POA_CLEANUP(poa_pkey_freep) EVP_PKEY *pkey = generate(alg);
    ERR_clear_error();
    if (!pkey)
        return POA_F_CRYPTO;
    const poa_err err = poa_key_from_pkey(ctx, pkey, true, out);
    if (!err)
        pkey = NULL;
    return err == POA_E_KEY_INVALID ? POA_F_CRYPTO : err;
}

/* OpenSSL's own writer would stretch the passphrase by 2048 rounds. */
static bool write_sealed(BIO *bio, const EVP_PKEY *pkey, poa_span passphrase)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
    X509_SIG *sealed =
        info ? PKCS8_encrypt(-1, EVP_aes_256_cbc(), passphrase.ptr, (int)passphrase.len, NULL, 0, PBKDF2_ROUNDS, info)
             : NULL;
    const bool ok = sealed && PEM_write_bio_PKCS8(bio, sealed) == 1;
    X509_SIG_free(sealed);
    PKCS8_PRIV_KEY_INFO_free(info);
    return ok;
}

poa_err poa_key_to_pem(const poa_key *key, poa_span passphrase, poa_secret *out)
{
    if (!key->is_private)
        return POA_F_USAGE;
    /* A secure heap BIO wipes what it leaves behind when it grows. */
    POA_CLEANUP(bio_freep) BIO *bio = BIO_new(BIO_s_secmem());
    if (!bio)
        return POA_F_NOMEM;
    const bool ok = passphrase.ptr ? write_sealed(bio, key->pkey, passphrase)
                                   : PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) == 1;
    ERR_clear_error();
    if (!ok)
        return POA_F_CRYPTO;
    char *text = NULL;
    const long len = BIO_get_mem_data(bio, &text);
    if (len <= 0)
        return POA_F_CRYPTO;
    char *copy = poa_span_dup((poa_span){text, (size_t)len});
    if (!copy)
        return POA_F_NOMEM;
    *out = (poa_secret){copy, (size_t)len};
    return POA_OK;
}

poa_err poa_key_public_pem(const poa_key *key, char **out)
{
    POA_CLEANUP(bio_freep) BIO *bio = BIO_new(BIO_s_mem());
    if (!bio)
        return POA_F_NOMEM;
    const int ok = PEM_write_bio_PUBKEY(bio, key->pkey);
    ERR_clear_error();
    char *text = NULL;
    const long len = BIO_get_mem_data(bio, &text);
    if (ok != 1 || len <= 0)
        return POA_F_CRYPTO;
    *out = poa_span_dup((poa_span){text, (size_t)len});
    return *out ? POA_OK : POA_F_NOMEM;
}
