#ifndef CLI_KEYS_H
#define CLI_KEYS_H

#include "cli.h"

#include "poa/key.h"
#include "poa/signer.h"

#include <argp.h>

/*
 * Key files: PKCS#8 PEM, with or without a passphrase, or a JWK. A private key that others may read is refused. A
 * passphrase comes from a file, an open descriptor, or the terminal; never from the command line or the environment.
 */

/* Where a passphrase comes from. Zeroed (descriptor -1): from the terminal when the key needs one. */
typedef struct cli_passphrase {
    const char *file;
    int descriptor;
} cli_passphrase;

/* A private key to be used. */
typedef struct cli_key_options {
    const char *file;
    cli_passphrase passphrase;
    poa_alg alg;             /* to sign with; POA_ALG_NONE: the key's own */
    bool readable_by_others; /* the relaxing option was typed */
} cli_key_options;

/* --key, --alg, --passphrase-file, --passphrase-fd and the option that lets others read the file. Input:
 * cli_key_options. */
extern const struct argp cli_key_argp;
/* The same without --key, where the file is an argument of the verb. */
extern const struct argp cli_passphrase_argp;

/* Read a key of any kind: PEM or JWK, private or public. Exit codes: CLI_USAGE, 3 for what is no key, CLI_FAULT. */
int cli_key_read(const cli *app, const cli_key_options *options, poa_key **out);
/* Read a private key and make a signer on it. The key is owned by the caller and must outlive the signer. */
int cli_key_sign_with(const cli *app, const cli_key_options *options, poa_key **key, poa_signer *signer);
/* Read somebody else's public key (JWK or PEM). A private one is refused: it is not ours to hold. */
int cli_key_read_public(const cli *app, const char *path, poa_key **out);

/*
 * A passphrase for a new key.
 * @ask: ask twice on the terminal where no source is named; else the result is empty (text NULL)
 */
int cli_passphrase_for_new(const cli_passphrase *source, bool ask, poa_secret *out);

/* Random bytes of the kernel. */
extern const poa_random cli_random;

static inline void cli_key_freep(poa_key **key)
{
    poa_key_free(*key);
}

#endif
