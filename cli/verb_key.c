#include "cli.h"

#include "cleanup.h"
#include "files.h"
#include "json.h"
#include "keys.h"
#include "options.h"
#include "output.h"
#include "span.h"

#include <stdio.h>

enum { OPTION_ALG = CLI_OPTIONS_VERB, OPTION_PUBLIC, OPTION_PASSPHRASE, OPTION_NEW_FILE, OPTION_PEM };

/* What the four verbs on keys are told; each parser sets what it knows. */
typedef struct key_task {
    cli_key_options key;
    cli_output_options output;
    const char *public_file;
    cli_passphrase seal; /* what encrypts the key that is written */
    poa_alg alg;
    bool ask_passphrase;
    bool pem;
} key_task;

static void begin(key_task *task, struct argp_state *state)
{
    state->child_inputs[0] = &task->key;
    state->child_inputs[1] = &task->output;
    task->seal.descriptor = -1;
}

/* The facts of a key as one object. */
static int print_facts(const poa_key *key, const char *file)
{
    POA_CLEANUP(poa_json_decrefp) json_t *jwk = cli_json_value(poa_span_of(poa_key_jwk(key)));
    POA_CLEANUP(poa_json_decrefp)
    json_t *facts =
        json_pack("{s:s, s:s, s:s, s:b, s:s?, s:O?}", "thumbprint", poa_id_print(poa_key_thumbprint(key)).chars, "kind",
                  poa_key_kind(key), "alg", poa_alg_name(poa_key_alg(key)), "private", poa_key_is_private(key), "file",
                  file, "jwk", jwk);
    return cli_print_json(facts);
}

static int print_line(const char *text)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_printf(&b, "%s\n", text);
    return cli_print(&b);
}

static int write_public(const key_task *task, const char *path, const poa_key *key)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_printf(&b, "%s\n", poa_key_jwk(key));
    if (b.failed)
        return cli_fault_of(POA_F_NOMEM);
    return cli_file_write(&(cli_write){.path = path, .force = task->output.force}, poa_buf_span(&b));
}

static int write_private(const key_task *task, const poa_key *key)
{
    POA_CLEANUP(poa_secret_clear) poa_secret passphrase = {0};
    const int failed = cli_passphrase_for_new(&task->seal, task->ask_passphrase, &passphrase);
    if (failed)
        return failed;
    POA_CLEANUP(poa_secret_clear) poa_secret pem = {0};
    const poa_err err = poa_key_to_pem(key, (poa_span){passphrase.text, passphrase.len}, &pem);
    if (err)
        return cli_fault_of(err);
    return cli_file_write(&(cli_write){.path = task->output.file, .force = task->output.force, .secret = true},
                          (poa_span){pem.text, pem.len});
}

/* Writes the private key and, where asked, the public one; then tells what was made. */
static int keep(const key_task *task, const poa_key *key)
{
    int failed = write_private(task, key);
    if (!failed && task->public_file)
        failed = write_public(task, task->public_file, key);
    if (failed)
        return failed;
    return task->output.json ? print_facts(key, task->output.file)
                             : print_line(poa_id_print(poa_key_thumbprint(key)).chars);
}

/* Before a key is made or read: standard output carries the facts, so the key itself wants a file. */
static int check_outputs(const key_task *task)
{
    const cli_write outputs[] = {{.path = task->output.file, .force = task->output.force},
                                 {.path = task->public_file, .force = task->output.force}};
    for (size_t i = 0; i < POA_COUNT(outputs); i++) {
        const int refused = cli_file_may_write(&outputs[i]);
        if (refused)
            return refused;
    }
    return CLI_OK;
}

/* ---- new ---- */

static error_t parse_new(int key, char *arg, struct argp_state *state)
{
    key_task *task = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        begin(task, state);
        return 0;
    case OPTION_ALG:
        task->alg = poa_alg_by_name(poa_span_of(arg));
        if (task->alg == POA_ALG_NONE)
            argp_error(state, "--alg wants ES256, ES384, EdDSA, RS256 or PS256");
        return 0;
    case OPTION_PUBLIC:
        task->public_file = arg;
        return 0;
    case OPTION_PASSPHRASE:
        task->ask_passphrase = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "one argument too many: %s", arg);
        return 0;
    case ARGP_KEY_END:
        cli_need(state, task->output.file, "-o FILE");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run_new(cli *app, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"alg", OPTION_ALG, "ALG", 0, "ES256 (default), ES384, EdDSA, RS256 or PS256", 1},
        {"public", OPTION_PUBLIC, "FILE", 0, "Also write the public key, as a JWK, to FILE", 2},
        {"passphrase", OPTION_PASSPHRASE, NULL, 0, "Ask for a passphrase that encrypts the key", 2},
        {0},
    };
    static const struct argp_child children[] = {
        {&cli_passphrase_argp, 0, NULL, 0}, {&cli_output_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        options,
        parse_new,
        NULL,
        "Make a key pair. The private key goes to FILE, readable by you alone; its thumbprint to standard output.\v"
        "Example:\n  poa key new -o agent.key --public agent.jwk",
        children,
        NULL,
        NULL};

    key_task task = {.alg = POA_ALG_ES256};
    cli_parse(&argp, argc, argv, &task);
    const int refused = check_outputs(&task);
    if (refused)
        return refused;
    POA_CLEANUP(cli_key_freep) poa_key *key = NULL;
    const poa_err err = poa_key_generate(app->ctx, task.alg, &key);
    task.seal = task.key.passphrase;
    if (task.alg == POA_ALG_PS256)
        cli_hint("a key file does not say which of its algorithms is meant: sign with --alg PS256");
    return err ? cli_fault_of(err) : keep(&task, key);
}

/* ---- import ---- */

static error_t parse_file(int key, char *arg, struct argp_state *state)
{
    key_task *task = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        begin(task, state);
        return 0;
    case OPTION_PUBLIC:
        task->public_file = arg;
        return 0;
    case OPTION_PASSPHRASE:
        task->ask_passphrase = true;
        return 0;
    case OPTION_NEW_FILE:
        task->seal.file = arg;
        return 0;
    case OPTION_PEM:
        task->pem = true;
        return 0;
    case ARGP_KEY_ARG:
        cli_only_argument(state, &task->key.file, arg);
        return 0;
    case ARGP_KEY_END:
        cli_need(state, task->key.file, "KEY, a file or -,");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run_import(cli *app, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"public", OPTION_PUBLIC, "FILE", 0, "Also write the public key, as a JWK, to FILE", 2},
        {"passphrase", OPTION_PASSPHRASE, NULL, 0, "Ask for a passphrase that encrypts the key in FILE", 2},
        {"new-passphrase-file", OPTION_NEW_FILE, "FILE", 0, "First line of FILE encrypts the key that is written", 2},
        {0},
    };
    static const struct argp_child children[] = {
        {&cli_passphrase_argp, 0, NULL, 0}, {&cli_output_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        options,
        parse_file,
        "KEY",
        "Read a key in PEM or JWK form and write it as poa keeps keys: a private one as PKCS#8 PEM to FILE, readable "
        "by you alone; a public one as a JWK. --passphrase-file and --passphrase-fd open KEY.\v"
        "Example:\n  poa key import old-key.pem -o agent.key",
        children,
        NULL,
        NULL};

    key_task task = {0};
    cli_parse(&argp, argc, argv, &task);
    const int refused = check_outputs(&task);
    if (refused)
        return refused;
    POA_CLEANUP(cli_key_freep) poa_key *key = NULL;
    const int failed = cli_key_read(app, &task.key, &key);
    if (failed)
        return failed;
    if (!poa_key_is_private(key))
        return write_public(&task, task.output.file, key);
    if (!task.output.file)
        return cli_usage("-o FILE is missing: this is a private key");
    return keep(&task, key);
}

/* ---- public and thumbprint ---- */

static int run_public(cli *app, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"pem", OPTION_PEM, NULL, 0, "Write PEM (SubjectPublicKeyInfo), not a JWK", 1},
        {0},
    };
    static const struct argp_child children[] = {
        {&cli_passphrase_argp, 0, NULL, 0}, {&cli_output_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {options,
                                     parse_file,
                                     "KEY",
                                     "Write the public half of a key: what you give to who grants you a PoA.\v"
                                     "Example:\n  poa key public agent.key -o agent.jwk",
                                     children,
                                     NULL,
                                     NULL};

    key_task task = {0};
    cli_parse(&argp, argc, argv, &task);
    POA_CLEANUP(cli_key_freep) poa_key *key = NULL;
    const int failed = cli_key_read(app, &task.key, &key);
    if (failed)
        return failed;
    if (task.output.json)
        return print_facts(key, task.key.file);
    if (!task.pem)
        return write_public(&task, task.output.file, key);
    POA_CLEANUP(poa_freep) char *pem = NULL;
    const poa_err err = poa_key_public_pem(key, &pem);
    if (err)
        return cli_fault_of(err);
    return cli_file_write(&(cli_write){.path = task.output.file, .force = task.output.force}, poa_span_of(pem));
}

static int run_thumbprint(cli *app, int argc, char **argv)
{
    static const struct argp_child children[] = {{&cli_passphrase_argp, 0, NULL, 0}, {&cli_json_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        NULL,
        parse_file,
        "KEY",
        "Print the RFC 7638 thumbprint of a key: its name in a kid, in a policy and in revocations.\v"
        "Example:\n  poa key thumbprint agent.jwk",
        children,
        NULL,
        NULL};

    key_task task = {0};
    cli_parse(&argp, argc, argv, &task);
    POA_CLEANUP(cli_key_freep) poa_key *key = NULL;
    const int failed = cli_key_read(app, &task.key, &key);
    if (failed)
        return failed;
    return task.output.json ? print_facts(key, task.key.file) : print_line(poa_id_print(poa_key_thumbprint(key)).chars);
}

int cli_verb_key(cli *app, int argc, char **argv)
{
    static const cli_verb verbs[] = {
        {"new", "make a key pair", run_new},
        {"public", "write the public half of a key", run_public},
        {"thumbprint", "print the thumbprint of a key", run_thumbprint},
        {"import", "bring a PEM or JWK key into the form that poa keeps", run_import},
    };
    return cli_dispatch(app, "poa key", verbs, POA_COUNT(verbs), argc, argv);
}
