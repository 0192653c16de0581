#include "mint.h"

#include "chain.h"
#include "cleanup.h"
#include "output.h"
#include "span.h"
#include "times.h"
#include "tree.h"

#include <inttypes.h>

static void tell_devices(const poa_link *leaf, const poa_power *power)
{
    char when[CLI_TIME_TEXT];
    cli_moment_show(leaf->exp_s, when);
    if (poa_power_effect(power) == POA_EFFECT_UNTIL_EXP)
        cli_say("devices brought in under it go dark at %s, when it ends (effect until_exp)", when);
    else
        cli_say("devices brought in under it stay after %s, until they are revoked (effect permanent, on_revoke %s)",
                when, poa_on_revoke_name(poa_power_on_revoke(power)));
}

/* Each site counts for itself: nobody counts over all. */
static void warn_counted_apart(const poa_link *leaf, const poa_power *power)
{
    int64_t count = 0;
    if (leaf->aud_len < 2 || !poa_power_max_devices(power, &count))
        return;
    cli_warn("max_devices is counted at each site by itself: %" PRId64 " at each of %zu sites, so up to %" PRId64
             " in all",
             count, leaf->aud_len, count * (int64_t)leaf->aud_len);
}

static void tell_narrowed(const poa_chain *chain)
{
    if (poa_chain_len(chain) < 2)
        return;
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    cli_tree_taken(&b, chain, poa_chain_len(chain) - 1, "");
    poa_fields lines = poa_fields_of(poa_buf_span(&b), '\n');
    poa_span line;
    while (poa_fields_next(&lines, &line))
        if (line.len > 0)
            cli_say("%.*s", (int)line.len, line.ptr);
}

void cli_mint_tell(const cli *app, const poa_chain *chain)
{
    const poa_link *leaf = poa_chain_leaf(chain);
    POA_CLEANUP(poa_freep) char *iss = cli_escaped(leaf->iss);
    POA_CLEANUP(poa_freep) char *sub = cli_escaped(leaf->sub);
    char when[CLI_TIME_TEXT];
    char left[CLI_TIME_TEXT];
    cli_moment_show(leaf->exp_s, when);
    cli_duration_show(leaf->exp_s - app->now_s, left);
    cli_say("link %zu signed: %s lets %s act until %s (%s left)", poa_chain_len(chain) - 1, iss, sub, when, left);
    tell_narrowed(chain);

    const poa_powers *powers = poa_chain_powers(chain, poa_chain_len(chain) - 1);
    for (size_t i = 0; i < poa_powers_count(powers); i++) {
        const poa_power *power = poa_powers_at(powers, i);
        if (!poa_power_has_action(power, POA_SPAN("onboard")))
            continue;
        tell_devices(leaf, power);
        warn_counted_apart(leaf, power);
    }
}
