#include "cli.h"

#include "chains.h"
#include "files.h"
#include "guard.h"
#include "json.h"
#include "jwt_gate.h"
#include "jwt_libjwt.h"
#include "keys.h"
#include "options.h"
#include "output.h"
#include "prototype.h"
#include "reason.h"
#include "refusal.h"
#include "span.h"

enum { OPTION_JWT = CLI_OPTIONS_VERB, OPTION_HOP, OPTION_AUDIENCE };

typedef struct export_task {
    const char *chain;
    bool jwt;
    int64_t hop; /* -1: the last */
    const char *audience;
    cli_key_options key;
    cli_output_options output;
} export_task;

static error_t parse(int key, char *arg, struct argp_state *state)
{
    export_task *task = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        task->hop = -1;
        state->child_inputs[0] = &task->key;
        state->child_inputs[1] = &task->output;
        return 0;
    case OPTION_JWT:
        task->jwt = true;
        return 0;
    case OPTION_HOP:
        task->hop = cli_number(state, "--hop", arg, 0, 8);
        return 0;
    case OPTION_AUDIENCE:
        task->audience = arg;
        return 0;
    case ARGP_KEY_ARG:
        cli_only_argument(state, &task->chain, arg);
        return 0;
    case ARGP_KEY_END:
        cli_need(state, task->chain, "CHAIN, a .poa file or -,");
        cli_need(state, task->key.file, "--key FILE, the private key of the link's principal,");
        if (!task->jwt)
            argp_error(state, "--jwt is missing: the form to write");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* An ordinary JWT of a prototype is for one site. */
static int find_site(const export_task *task, const poa_link *link, poa_span *site)
{
    if (!task->audience && link->aud_len == 1) {
        *site = link->aud[0];
        return CLI_OK;
    }
    for (size_t i = 0; task->audience && i < link->aud_len; i++) {
        if (poa_span_is(link->aud[i], task->audience)) {
            *site = link->aud[i];
            return CLI_OK;
        }
    }
    (void)cli_usage("the JWT is for one site of the link: --audience SITE names which");
    return CLI_USAGE;
}

/* Only who signed the link may say the same in another form. */
static int check_signer(const poa_link *link, const poa_key *key, poa_alg alg)
{
    if (POA_GUARD(export_signer, !poa_id_equal(&link->kid, poa_key_thumbprint(key)))) {
        poa_reason why;
        (void)poa_deny(&why, POA_E_KID_MISMATCH, POA_HOP_NONE, "/header/kid");
        poa_reason_text(why.child, poa_span_of(poa_id_print(&link->kid).chars));
        poa_reason_text(why.request, poa_span_of(poa_id_print(poa_key_thumbprint(key)).chars));
        return cli_refuse(POA_E_KID_MISMATCH, &why, NULL);
    }
    if (cli_jwt_knows(alg))
        return CLI_OK;
    (void)cli_usage("an ordinary JWT is signed with RS256, ES256 or ES384, not with %s", poa_alg_name(alg));
    return CLI_USAGE;
}

static int sign(const export_task *task, const json_t *payload, const poa_key *key)
{
    POA_CLEANUP(poa_freep) char *text = payload ? cli_json_compact(payload) : NULL;
    POA_CLEANUP(poa_secret_clear) poa_secret pem = {0};
    if (!text)
        return cli_fault_of(POA_F_NOMEM);
    const poa_err err = poa_key_to_pem(key, (poa_span){0}, &pem);
    if (err)
        return cli_fault_of(err);
    POA_CLEANUP(poa_freep) char *token = cli_libjwt_sign(text, poa_alg_name(poa_key_alg(key)), pem.text);
    if (!token)
        return cli_fault_of(POA_F_SIGNER);
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_printf(&b, task->output.json ? "{\"jwt\":\"%s\"}\n" : "%s\n", token);
    if (b.failed)
        return cli_fault_of(POA_F_NOMEM);
    return cli_file_write(&(cli_write){.path = task->output.file, .force = task->output.force}, poa_buf_span(&b));
}

static int export(const cli *app, const export_task *task)
{
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = NULL;
    POA_CLEANUP(cli_key_freep) poa_key *key = NULL;
    poa_signer signer = {0};
    poa_span site = {0};
    int failed = cli_chain_read(app, task->chain, &chain);
    if (failed)
        return failed;
    const size_t hop = task->hop < 0 ? poa_chain_len(chain) - 1 : (size_t)task->hop;
    const poa_link *link = poa_chain_link(chain, hop);
    if (!link)
        return cli_usage("the chain has no link %zu: the last is %zu", hop, poa_chain_len(chain) - 1);
    failed = find_site(task, link, &site);
    if (!failed)
        failed = cli_key_sign_with(app, &task->key, &key, &signer);
    if (!failed)
        failed = check_signer(link, key, signer.alg);
    if (failed)
        return failed;
    POA_CLEANUP(poa_json_decrefp) json_t *payload = cli_prototype_write(link, key, site);
    failed = sign(task, payload, key);
    if (failed)
        return failed;
    if (hop > 0)
        cli_warn("the JWT tells of link %zu alone: who reads it sees nothing of the links above", hop);
    cli_warn("who verifies only a JWT sees no sub-grant and no revocation, and may not look at the powers in metadata");
    return CLI_OK;
}

int cli_verb_export(cli *app, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"jwt", OPTION_JWT, NULL, 0, "Write an ordinary JWT (typ JWT) with the claims of the prototypes", 10},
        {"hop", OPTION_HOP, "N", 0, "Which link, the root is 0 (the last)", 10},
        {"audience", OPTION_AUDIENCE, "SITE", 0, "For this site, where the link names several", 10},
        {0},
    };
    static const struct argp_child children[] = {{&cli_key_argp, 0, NULL, 0}, {&cli_output_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        options,
        parse,
        "CHAIN",
        "Write one link of a chain as an ordinary JWT, for systems that know nothing else. Its principal signs it "
        "anew; the powers stand in metadata.authorization_details, where `poa import' finds them again.\v"
        "Example:\n  poa export --jwt contractor.poa --key owner.key -o contractor.jwt",
        children,
        NULL,
        NULL};

    export_task task = {0};
    cli_parse(&argp, argc, argv, &task);
    return export(app, &task);
}
