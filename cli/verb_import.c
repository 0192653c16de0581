#include "cli.h"

#include "cleanup.h"
#include "files.h"
#include "guard.h"
#include "json.h"
#include "jwt_gate.h"
#include "keys.h"
#include "options.h"
#include "output.h"
#include "power_options.h"
#include "prototype.h"
#include "reason.h"
#include "refusal.h"
#include "span.h"
#include "times.h"

#include <string.h>

enum { OPTION_JWT = CLI_OPTIONS_VERB, OPTION_KEY, OPTION_ALG, OPTION_AT };

/* What a verifier allows between its clock and the one that issued (protocol section 4). */
enum { SKEW_S = 30 };

/* More than the gate lets through, so that the gate can say so. */
enum { FILE_BYTES_MAX = 4 * CLI_JWT_BYTES_MAX };

typedef struct import_task {
    const char *file;
    const char *key;
    poa_alg alg;
    int64_t at_s;
    cli_power_options powers;
    cli_output_options output;
} import_task;

static error_t parse(int key, char *arg, struct argp_state *state)
{
    import_task *task = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &task->powers;
        state->child_inputs[1] = &task->output;
        return 0;
    case OPTION_JWT:
        return 0;
    case OPTION_KEY:
        task->key = arg;
        return 0;
    case OPTION_ALG:
        task->alg = poa_alg_by_name(poa_span_of(arg));
        if (!cli_jwt_knows(task->alg))
            argp_error(state, "--alg wants RS256, ES256 or ES384");
        return 0;
    case OPTION_AT:
        task->at_s = cli_moment_option(state, "--at", arg);
        return 0;
    case ARGP_KEY_ARG:
        cli_only_argument(state, &task->file, arg);
        return 0;
    case ARGP_KEY_END:
        cli_need(state, task->file, "FILE, a JWT or -,");
        cli_need(state, task->key, "--key FILE, the public key of the principal,");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The key in the token is the one that verified it: else the token speaks for somebody else. */
static poa_err check_principal(const cli_prototype *p, const poa_key *key, poa_reason *why)
{
    const bool same = !p->principal_key || poa_id_equal(poa_key_thumbprint(p->principal_key), poa_key_thumbprint(key));
    if (!POA_GUARD(import_principal, !same))
        return POA_OK;
    (void)poa_deny(why, POA_E_KID_MISMATCH, POA_HOP_NONE, "/principalPublicKey");
    poa_reason_text(why->child, poa_span_of(poa_id_print(poa_key_thumbprint(p->principal_key)).chars));
    poa_reason_text(why->request, poa_span_of(poa_id_print(poa_key_thumbprint(key)).chars));
    return POA_E_KID_MISMATCH;
}

static poa_err check_time(const import_task *task, const cli_prototype *p, poa_reason *why)
{
    if (POA_GUARD(import_in_future, p->iat_s > task->at_s + SKEW_S))
        return poa_deny(why, POA_E_ISSUED_IN_FUTURE, POA_HOP_NONE, "/iat");
    if (POA_GUARD(import_not_yet, p->nbf_s > task->at_s + SKEW_S))
        return poa_deny(why, POA_E_NOT_YET_VALID, POA_HOP_NONE, "/nbf");
    if (POA_GUARD(import_over, p->exp_s <= task->at_s))
        return poa_deny(why, POA_E_EXPIRED, POA_HOP_NONE, "/exp");
    return POA_OK;
}

/* What may be done: as the token says, else as the options say; a prototype names no place, so somebody must. */
static int find_powers(const import_task *task, const cli_prototype *p, json_t **powers)
{
    const bool said = task->powers.files.count > 0 || cli_power_options_said(&task->powers);
    if (p->powers && !said) {
        *powers = json_incref((json_t *)(uintptr_t)p->powers);
        return CLI_OK;
    }
    if (!said) {
        (void)cli_usage("a prototype's PoA says for which site and how long, but not what may be done and where");
        cli_hint("say it: --location mine-7 (the action is onboard, the devices any, where nothing else is said)");
        return CLI_USAGE;
    }
    const int failed = cli_powers_say(&task->powers, powers);
    json_t *first = failed || task->powers.files.count > 0 ? NULL : json_array_get(*powers, 0);
    if (!first || task->powers.type || task->powers.resources.count > 0)
        return failed;
    POA_CLEANUP(poa_json_decrefp)
    json_t *defaults =
        json_pack("{s:[s], s:[{s:b}], s:s}", "actions", "onboard", "devices", "any", 1, "effect", "until_exp");
    return defaults && json_object_update_missing(first, defaults) == 0 ? CLI_OK : cli_fault_of(POA_F_NOMEM);
}

/* A name, or where there is none the thumbprint of the key. */
static json_t *name_or_key(poa_span name, const poa_key *key)
{
    return name.ptr ? json_stringn(name.ptr, name.len) : json_string(poa_id_print(poa_key_thumbprint(key)).chars);
}

/* The claims that a PoA of ours would have: what `poa grant' is to sign. */
static json_t *template_of(const cli_prototype *p, const poa_key *key, json_t *powers)
{
    POA_CLEANUP(poa_json_decrefp)
    json_t *claims =
        json_pack("{s:o, s:o, s:s, s:i, s:I, s:I, s:{s:o}, s:O}", "iss", name_or_key(p->principal_name, key), "sub",
                  name_or_key(p->agent_name, p->agent_key), "aud", p->site, "transferable", p->transferable, "iat",
                  (json_int_t)p->iat_s, "exp", (json_int_t)p->exp_s, "cnf", "jwk",
                  cli_json_value(poa_span_of(poa_key_jwk(p->agent_key))), "authorization_details", powers);
    if (claims && p->nbf_s >= 0 && json_object_set_new(claims, "nbf", json_integer((json_int_t)p->nbf_s)) != 0)
        return NULL;
    return POA_TAKE(claims);
}

static int write_template(const import_task *task, const json_t *claims)
{
    POA_CLEANUP(poa_freep) char *text = json_dumps(claims, JSON_INDENT(task->output.json ? 0 : 2) | JSON_ENSURE_ASCII);
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_printf(&b, "%s\n", text ? text : "");
    if (!text || b.failed)
        return cli_fault_of(POA_F_NOMEM);
    return cli_file_write(&(cli_write){.path = task->output.file, .force = task->output.force}, poa_buf_span(&b));
}

static int open_token(const cli *app, const import_task *task, const poa_key *key, json_t **payload)
{
    POA_CLEANUP(poa_freep) char *text = NULL;
    size_t len = 0;
    const int failed = cli_file_read(task->file, FILE_BYTES_MAX, &text, &len);
    if (failed)
        return failed;
    if (len > 0 && text[len - 1] == '\n')
        len--;
    poa_reason why = {.hop = POA_HOP_NONE};
    const poa_alg alg = task->alg != POA_ALG_NONE ? task->alg : poa_key_alg(key);
    const poa_err err = cli_jwt_open(app->ctx, (poa_span){text, len}, key, alg, payload, &why);
    return err ? cli_refuse(err, &why, task->file) : CLI_OK;
}

static int import(const cli *app, const import_task *task)
{
    POA_CLEANUP(cli_key_freep) poa_key *key = NULL;
    POA_CLEANUP(poa_json_decrefp) json_t *payload = NULL;
    POA_CLEANUP(poa_json_decrefp) json_t *powers = NULL;
    POA_CLEANUP(cli_prototype_clear) cli_prototype p = {0};
    int failed = cli_key_read_public(app, task->key, &key);
    if (!failed)
        failed = open_token(app, task, key, &payload);
    if (failed)
        return failed;
    poa_reason why = {.hop = POA_HOP_NONE};
    poa_err err = cli_prototype_read(app->ctx, payload, &p, &why);
    if (!err)
        err = check_principal(&p, key, &why);
    if (!err)
        err = check_time(task, &p, &why);
    if (err)
        return cli_refuse(err, &why, task->file);
    failed = find_powers(task, &p, &powers);
    if (failed)
        return failed;
    POA_CLEANUP(poa_json_decrefp) json_t *claims = template_of(&p, key, powers);
    failed = claims ? write_template(task, claims) : cli_fault_of(POA_F_NOMEM);
    if (!failed)
        cli_say("verified with %s; its principal makes it a PoA with `poa grant --power FILE' and the names above",
                poa_alg_name(task->alg != POA_ALG_NONE ? task->alg : poa_key_alg(key)));
    return failed;
}

int cli_verb_import(cli *app, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"jwt", OPTION_JWT, NULL, 0, "The PoA is an ordinary JWT (there is no other kind yet)", 1},
        {"key", OPTION_KEY, "FILE", 0, "Public key of the principal (PEM or JWK)", 1},
        {"alg", OPTION_ALG, "ALG", 0, "The algorithm that it must be signed with: RS256, ES256, ES384 (the key's)", 1},
        {"at", OPTION_AT, "TIME", 0, "Decide as of then: RFC 3339 or seconds (now)", 1},
        {0},
    };
    static const struct argp_child children[] = {{&cli_power_argp, 0, NULL, 0}, {&cli_output_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        options,
        parse,
        "FILE",
        "Read a PoA of the published prototypes: an ordinary JWT with principalPublicKey, agentPublicKey, "
        "destinationNetworkId or resourceOwnerID, transferable and metadata. It is verified with the key given, never "
        "with the one inside, and printed as the claims that a PoA of ours would have.\v"
        "Example:\n"
        "  poa import old.jwt --key principal.pem --location mine-7 -o claims.json",
        children,
        NULL,
        NULL};

    import_task task = {.at_s = app->now_s};
    cli_parse(&argp, argc, argv, &task);
    const int exit_code = import(app, &task);
    cli_power_options_clear(&task.powers);
    return exit_code;
}
