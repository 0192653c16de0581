#include "keys.h"
#include "guard.h"

#include "cleanup.h"
#include "files.h"
#include "options.h"
#include "output.h"
#include "passphrase.h"
#include "refusal.h"
#include "span.h"

#include <string.h>
#include <sys/random.h>

enum { OPTION_KEY = CLI_OPTIONS_KEY, OPTION_PASSPHRASE_FILE, OPTION_PASSPHRASE_FD, OPTION_READABLE, OPTION_ALG };

static const char *const readable_option = "--let-others-read-my-private-key";

static error_t parse_key(int key, char *arg, struct argp_state *state)
{
    cli_key_options *o = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        o->passphrase.descriptor = -1;
        return 0;
    case OPTION_KEY:
        o->file = arg;
        return 0;
    case OPTION_PASSPHRASE_FILE:
        o->passphrase.file = arg;
        return 0;
    case OPTION_PASSPHRASE_FD:
        o->passphrase.descriptor = (int)cli_number(state, "--passphrase-fd", arg, 0, 1023);
        return 0;
    case OPTION_ALG:
        o->alg = poa_alg_by_name(poa_span_of(arg));
        if (o->alg == POA_ALG_NONE)
            argp_error(state, "--alg wants ES256, ES384, EdDSA, RS256 or PS256");
        return 0;
    case OPTION_READABLE:
        o->readable_by_others = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

#define PASSPHRASE_OPTIONS                                                                                    \
    {"passphrase-file", OPTION_PASSPHRASE_FILE, "FILE", 0, "First line of FILE is the key's passphrase", 80}, \
        {"passphrase-fd", OPTION_PASSPHRASE_FD, "N", 0, "Read the passphrase from descriptor N", 80},         \
        {"let-others-read-my-private-key",                                                                    \
         OPTION_READABLE,                                                                                     \
         NULL,                                                                                                \
         0,                                                                                                   \
         "Relaxes: use a key file that its group or others may read",                                         \
         81},                                                                                                 \
    {                                                                                                         \
        0                                                                                                     \
    }

static const struct argp_option key_options[] = {
    {"key", OPTION_KEY, "FILE", 0, "Private key to sign with (PKCS#8 PEM; - for standard input)", 1},
    {"alg", OPTION_ALG, "ALG", 0, "Sign with this, where the key knows several: RS256 or PS256", 1},
    PASSPHRASE_OPTIONS,
};
static const struct argp_option passphrase_options[] = {PASSPHRASE_OPTIONS};

const struct argp cli_key_argp = {.options = key_options, .parser = parse_key};
const struct argp cli_passphrase_argp = {.options = passphrase_options, .parser = parse_key};

static bool fill_random(void *self, uint8_t *out, size_t len)
{
    (void)self;
    while (len > 0) {
        const ssize_t n = getrandom(out, len, 0);
        if (n < 0)
            return false;
        out += n;
        len -= (size_t)n;
    }
    return true;
}

const poa_random cli_random = {.fill = fill_random};

static bool holds(const poa_secret *text, const char *what)
{
    return memmem(text->text, text->len, what, strlen(what)) != NULL;
}

/* Everything that ssh, gpg and OpenSSL put before a JWK is white space. */
static bool looks_like_json(const poa_secret *text)
{
    const size_t blank = strspn(text->text, " \t\r\n");
    return text->text[blank] == '{';
}

static int parse_pem(const cli *app, const cli_key_options *options, const poa_secret *text, poa_key **out)
{
    POA_CLEANUP(poa_secret_clear) poa_secret passphrase = {0};
    const bool sealed = holds(text, "ENCRYPTED");
    if (sealed) {
        const int failed = cli_passphrase_for_use(&options->passphrase, &passphrase);
        if (failed)
            return failed;
    }
    const poa_err err =
        poa_key_from_pem(app->ctx, (poa_span){text->text, text->len}, (poa_span){passphrase.text, passphrase.len}, out);
    if (err != POA_E_KEY_INVALID)
        return err ? cli_fault_of(err) : CLI_OK;
    const int exit_code = cli_refuse_code(err);
    if (sealed)
        cli_hint("the passphrase does not open %s, or it is no key of an accepted kind", options->file);
    else
        cli_hint("%s shall be one PEM block or a JWK: EC P-256 or P-384, Ed25519, RSA of 2048 to 4096 bits",
                 options->file);
    return exit_code;
}

static int parse_public_jwk(const cli *app, const poa_secret *text, poa_key **out)
{
    poa_reason why = {.hop = POA_HOP_NONE};
    const poa_err err = poa_key_from_jwk(app->ctx, (poa_span){text->text, text->len}, out, &why);
    return err ? cli_refuse(err, &why, NULL) : CLI_OK;
}

static int parse_jwk(const cli *app, const poa_secret *text, poa_key **out)
{
    if (!holds(text, "\"d\""))
        return parse_public_jwk(app, text, out);
    /* Only the code is told: the whole reason could hold private members. */
    const poa_err err = poa_key_from_private_jwk(app->ctx, (poa_span){text->text, text->len}, out);
    return err ? cli_refuse_code(err) : CLI_OK;
}

/* The permissions count only where a private key is inside. */
static int check_readable(const cli_key_options *options, bool loose, const poa_key *key)
{
    if (!POA_GUARD(key_file_readable, loose && poa_key_is_private(key)))
        return CLI_OK;
    if (options->readable_by_others) {
        cli_warn("others on this machine may read the private key in %s, because of %s", options->file,
                 readable_option);
        return CLI_OK;
    }
    (void)cli_usage("others on this machine may read the private key in %s", options->file);
    cli_hint("chmod 600 %s", options->file);
    return CLI_USAGE;
}

int cli_key_read(const cli *app, const cli_key_options *options, poa_key **out)
{
    POA_CLEANUP(poa_secret_clear) poa_secret text = {0};
    bool loose = false;
    int failed = cli_file_read_secret(options->file, CLI_KEY_BYTES_MAX, &text, &loose);
    if (failed)
        return failed;

    POA_CLEANUP(cli_key_freep) poa_key *key = NULL;
    failed = looks_like_json(&text) ? parse_jwk(app, &text, &key) : parse_pem(app, options, &text, &key);
    if (failed)
        return failed;
    failed = check_readable(options, loose, key);
    if (failed)
        return failed;
    *out = POA_TAKE(key);
    return CLI_OK;
}

int cli_key_sign_with(const cli *app, const cli_key_options *options, poa_key **key, poa_signer *signer)
{
    POA_CLEANUP(cli_key_freep) poa_key *read = NULL;
    const int failed = cli_key_read(app, options, &read);
    if (failed)
        return failed;
    if (!poa_key_is_private(read)) {
        (void)cli_usage("%s is a public key and cannot sign", options->file);
        cli_hint("--key wants the private key, as `poa key new -o FILE' makes it");
        return CLI_USAGE;
    }
    if (options->alg != POA_ALG_NONE && !poa_key_allows(read, options->alg))
        return cli_usage("a key of %s cannot sign with %s", poa_key_kind(read), poa_alg_name(options->alg));
    const poa_err err = poa_signer_of(read, options->alg, signer);
    if (err)
        return cli_fault_of(err);
    *key = POA_TAKE(read);
    return CLI_OK;
}

int cli_key_read_public(const cli *app, const char *path, poa_key **out)
{
    POA_CLEANUP(poa_secret_clear) poa_secret text = {0};
    const int failed = cli_file_read_secret(path, CLI_KEY_BYTES_MAX, &text, NULL);
    if (failed)
        return failed;
    if (POA_GUARD(key_private_given, holds(&text, "PRIVATE KEY"))) {
        const int exit_code = cli_refuse_code(POA_E_PRIVATE_KEY_IN_TOKEN);
        cli_hint("a private key stays with its holder: ask for what `poa key public %s' prints", path);
        return exit_code;
    }
    const cli_key_options options = {.file = path, .passphrase = {.descriptor = -1}};
    return looks_like_json(&text) ? parse_public_jwk(app, &text, out) : parse_pem(app, &options, &text, out);
}
