#include "policy_text.h"

#include "cleanup.h"
#include "cli.h"
#include "json_place.h"
#include "nearest.h"
#include "output.h"
#include "power_text.h"
#include "refusal.h"
#include "span.h"

#include <stdlib.h>

/* Every member that may stand anywhere in a policy. */
static const char *const member_names[] = {
    "version",       "resource_owner",
    "owners",        "iss",
    "keys",          "jwk",
    "label",         "accept_until",
    "powers",        "max_links",
    "max_lifetime",  "administers",
    "algorithms",    "clock_skew",
    "answer_keys",   "onboarding",
    "approval",      "tickets",
    "offline_age",   "credentials",
    "lifetime",      "trust",
    "period",        "grace",
    "manufacturers", "max_revocation_age",
    "name",          "ca",
    "id_link_hosts", "serial_from",
    "type",          "actions",
    "locations",     "devices",
    "max_devices",   "evidence",
    "effect",        "credential_lifetime",
    "on_revoke",     "hours",
    "networks",      "resources",
    "manufacturer",  "model",
    "serial",        "id_link",
    "idevid_issuer", "review_deadline",
    "any",           "days",
    "from",          "to",
};

static void suggest_member(const char *pointer)
{
    poa_nearest nearest = {.word = poa_span_of(cli_pointer_last(pointer))};
    for (size_t i = 0; i < POA_COUNT(member_names); i++)
        poa_nearest_offer(&nearest, member_names[i]);
    if (nearest.best && !poa_span_is(nearest.word, nearest.best))
        cli_hint("did you mean \"%s\"?", nearest.best);
}

int cli_policy_refuse(poa_err err, const poa_reason *why, const char *path, poa_span text)
{
    if (poa_err_is_fault(err))
        return cli_fault_of(err);
    size_t line = 1;
    char complaint[CLI_COMPLAINT_BYTES];
    if (cli_json_complaint(text, complaint, &line)) {
        POA_CLEANUP(poa_freep) char *shown = cli_escaped(poa_span_of(complaint));
        cli_say("%s:%zu: %s", path, line, shown);
    } else {
        cli_say("%s:%zu: the policy is refused", path, cli_json_line(text, why->member));
    }
    const int exit_code = cli_refuse_doing(err, why, CLI_READING);
    if (err == POA_E_CLAIM_FORBIDDEN || err == POA_E_POWER_INVALID)
        suggest_member(why->member);
    return exit_code;
}
