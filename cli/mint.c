#include "mint.h"

#include "chains.h"
#include "cleanup.h"
#include "files.h"
#include "guard.h"
#include "json.h"
#include "output.h"
#include "reason.h"
#include "refusal.h"
#include "span.h"

#include "poa/grant.h"

#include <inttypes.h>
#include <stdlib.h>

/* What a verifier allows between its clock and the one that issued (protocol section 4). */
enum { SKEW_S = 30 };

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Fill in the times: what is said, else what fits under the parent. */
static int set_times(const cli *app, const cli_mint *mint, const poa_link *above, poa_grant *grant)
{
    grant->iat_s = mint->issued_at_s >= 0 ? mint->issued_at_s : later(app->now_s, above ? above->iat_s : 0);
    grant->nbf_s = mint->not_before_s;
    if (grant->nbf_s < 0 && above && above->nbf_s > grant->iat_s)
        grant->nbf_s = above->nbf_s;
    const int64_t begins_s = later(grant->iat_s, grant->nbf_s);

    if (mint->until_s >= 0)
        grant->exp_s = mint->until_s;
    else if (mint->for_s >= 0)
        grant->exp_s = begins_s + mint->for_s;
    else if (above)
        grant->exp_s = above->exp_s;
    else {
        (void)cli_usage("a PoA ends some day: --for DURATION or --until TIME is missing");
        cli_hint("for example --for 30d");
        return CLI_USAGE;
    }
    return CLI_OK;
}

static int set_audience(const cli_mint *mint, const poa_link *above, poa_span *aud, poa_grant *grant)
{
    for (size_t i = 0; i < mint->audience.count; i++)
        aud[i] = poa_span_of(mint->audience.at[i]);
    grant->aud = mint->audience.count > 0 || !above ? aud : above->aud;
    grant->aud_len = mint->audience.count > 0 || !above ? mint->audience.count : above->aud_len;
    return grant->aud_len > 0 ? CLI_OK : cli_usage("--audience SITE is missing: who runs the site where it counts?");
}

static bool grants_onboard(const json_t *power)
{
    size_t i = 0;
    const json_t *action = NULL;
    json_array_foreach(json_object_get(power, "actions"), i,
                       action) if (poa_span_is(poa_json_span(action), "onboard")) return true;
    return false;
}

/* Whether devices stay when the PoA ends is decided by who grants, not by a default that nobody has read. */
static int check_effect_said(const cli_mint *mint, const json_t *powers)
{
    if (mint->powers.effect)
        return CLI_OK;
    size_t i = 0;
    const json_t *power = NULL;
    json_array_foreach(powers, i, power)
    {
        const bool said = mint->powers.files.count > 0 && json_object_get(power, "effect");
        if (said || !grants_onboard(power))
            continue;
        (void)cli_usage("the action onboard wants it said what becomes of the devices when the PoA ends");
        const char *above = mint->chain ? json_string_value(json_object_get(power, "effect")) : NULL;
        if (above && poa_span_is(poa_span_of(above), "permanent"))
            cli_hint("--effect until_exp: they go dark with it. --effect permanent, as above: they stay");
        else if (mint->chain)
            cli_hint("--effect until_exp: they go dark with it; the link above allows no other");
        else
            cli_hint("--effect until_exp: they go dark with it. --effect permanent: they stay");
        return CLI_USAGE;
    }
    return CLI_OK;
}

/* The powers as the text that the grant holds. */
static int make_powers(const cli_mint *mint, const poa_link *above, char **text)
{
    POA_CLEANUP(poa_json_decrefp) json_t *powers = NULL;
    POA_CLEANUP(poa_json_decrefp) json_t *parent = above ? cli_json_value(above->powers) : NULL;
    if (above && !parent)
        return cli_fault_of(POA_F_NOMEM);
    int failed = above ? cli_powers_narrow(&mint->powers, parent, &powers) : cli_powers_say(&mint->powers, &powers);
    if (!failed)
        failed = check_effect_said(mint, powers);
    if (failed)
        return failed;
    *text = cli_json_compact(powers);
    return *text ? CLI_OK : cli_fault_of(POA_F_NOMEM);
}

/* The chain above. It must hold together and not be over: under a forged or an ended one nothing is signed. */
static int read_parent(const cli *app, const cli_mint *mint, poa_chain **parent)
{
    poa_reason why = {.hop = POA_HOP_NONE};
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = NULL;
    const int failed = cli_chain_read(app, mint->chain, &chain);
    if (failed)
        return failed;
    poa_err err = poa_chain_check_links(app->ctx, chain, &why);
    if (!err && POA_GUARD(mint_parent_over, poa_chain_leaf(chain)->exp_s <= app->now_s))
        err = poa_deny(&why, POA_E_EXPIRED, (int)poa_chain_len(chain) - 1, "/exp");
    if (err)
        return cli_refuse(err, &why, mint->chain);
    *parent = POA_TAKE(chain);
    return CLI_OK;
}

/* Steps 6 and 7 for the new chain: what a verifier would refuse today for its times, and under a policy at all. */
static int check_as_verifier(const cli *app, const cli_mint *mint, const poa_chain *chain)
{
    poa_reason why = {.hop = POA_HOP_NONE};
    if (mint->policy) {
        POA_CLEANUP(poa_policy_freep) poa_policy *policy = NULL;
        const int failed = cli_policy_read(app, mint->policy, &policy);
        if (failed)
            return failed;
        POA_CLEANUP(poa_chain_freep) poa_chain *verified = NULL;
        const poa_err err = poa_chain_verify(app->ctx, poa_chain_text(chain), policy, app->now_s, &verified, &why);
        if (err)
            return cli_refuse_doing(err, &why, CLI_MINTING);
    }
    const poa_link *leaf = poa_chain_leaf(chain);
    const int hop = (int)poa_chain_len(chain) - 1;
    if (POA_GUARD(mint_in_future, leaf->iat_s > app->now_s + SKEW_S))
        return cli_refuse_doing(poa_deny(&why, POA_E_ISSUED_IN_FUTURE, hop, "/iat"), &why, CLI_MINTING);
    if (POA_GUARD(mint_over, leaf->exp_s <= app->now_s))
        return cli_refuse_doing(poa_deny(&why, POA_E_EXPIRED, hop, "/exp"), &why, CLI_MINTING);
    return CLI_OK;
}

static int write_chain(const cli_mint *mint, const poa_chain *chain)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_add(&b, poa_chain_text(chain));
    poa_buf_text(&b, "\n");
    if (b.failed)
        return cli_fault_of(POA_F_NOMEM);
    if (mint->output.file || !mint->output.json) {
        const int failed =
            cli_file_write(&(cli_write){.path = mint->output.file, .force = mint->output.force}, poa_buf_span(&b));
        if (failed || !mint->output.json)
            return failed;
    }
    POA_CLEANUP(poa_json_decrefp) json_t *facts = cli_link_json(poa_chain_leaf(chain));
    const poa_span text = poa_chain_text(chain);
    if (!facts || json_object_set_new(facts, "chain", json_stringn(text.ptr, text.len)) != 0)
        return cli_fault_of(POA_F_NOMEM);
    return cli_print_json(facts);
}

/* Sign, and read back what was signed. */
static int sign(const cli *app, const cli_mint *mint, const poa_chain *parent, const poa_grant *grant,
                const poa_signer *signer, poa_chain **out)
{
    poa_reason why = {.hop = POA_HOP_NONE};
    POA_CLEANUP(poa_freep) char *text = NULL;
    poa_err err = poa_grant_sign(app->ctx, parent, grant, signer, &cli_random, NULL, &text, &why);
    if (err)
        return cli_refuse_doing(err, &why, CLI_MINTING);
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = NULL;
    err = poa_chain_read(app->ctx, poa_span_of(text), &chain, &why);
    if (err)
        return cli_refuse_doing(err, &why, CLI_MINTING);
    const int refused = check_as_verifier(app, mint, chain);
    if (refused)
        return refused;
    *out = POA_TAKE(chain);
    return CLI_OK;
}

int cli_mint_run(const cli *app, const cli_mint *mint)
{
    POA_CLEANUP(poa_chain_freep) poa_chain *parent = NULL;
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = NULL;
    POA_CLEANUP(cli_key_freep) poa_key *key = NULL;
    POA_CLEANUP(cli_key_freep) poa_key *agent_key = NULL;
    POA_CLEANUP(poa_freep) char *powers = NULL;
    poa_signer signer = {0};
    poa_span aud[CLI_TEXTS_MAX];
    poa_grant grant = {.iss = poa_span_of(mint->issuer),
                       .sub = poa_span_of(mint->agent),
                       .transferable = mint->depth < 0 ? 0 : (int)mint->depth,
                       .principal_name = poa_span_of(mint->principal_name),
                       .agent_name = poa_span_of(mint->agent_name)};

    int failed = cli_file_may_write(&(cli_write){.path = mint->output.file, .force = mint->output.force});
    if (!failed && mint->chain)
        failed = read_parent(app, mint, &parent);
    const poa_link *above = parent ? poa_chain_leaf(parent) : NULL;
    if (!failed)
        failed = set_times(app, mint, above, &grant);
    if (!failed)
        failed = set_audience(mint, above, aud, &grant);
    if (!failed)
        failed = make_powers(mint, above, &powers);
    if (!failed)
        failed = cli_key_read_public(app, mint->to, &agent_key);
    if (!failed)
        failed = cli_key_sign_with(app, &mint->key, &key, &signer);
    if (failed)
        return failed;

    grant.powers = poa_span_of(powers);
    grant.agent_key = agent_key;
    failed = sign(app, mint, parent, &grant, &signer, &chain);
    if (failed)
        return failed;
    failed = write_chain(mint, chain);
    if (!failed)
        cli_mint_tell(app, chain);
    return failed;
}
