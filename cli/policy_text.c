#include "policy_text.h"

#include "cleanup.h"
#include "cli.h"
#include "files.h"
#include "json.h"
#include "json_place.h"
#include "nearest.h"
#include "output.h"
#include "policy.h"
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

/* The object in which the last part of a pointer stands, or would; borrowed; NULL when there is none. */
static const json_t *container_of(const json_t *document, const char *pointer)
{
    const json_t *at = document;
    poa_fields parts = poa_fields_of(poa_span_of(pointer), '/');
    poa_span part;
    (void)poa_fields_next(&parts, &part); /* what stands before the first slash: nothing */
    while (poa_fields_next(&parts, &part) && !parts.done) {
        uint64_t index = 0;
        POA_CLEANUP(poa_freep) char *name = poa_span_dup(part);
        if (json_is_array(at) && poa_span_number(part, SIZE_MAX, &index))
            at = json_array_get(at, (size_t)index);
        else
            at = name ? json_object_get(at, name) : NULL;
    }
    return at;
}

/* A member is missing: perhaps it stands there, misspelled. */
static void suggest_missing(const json_t *container, const char *wanted)
{
    poa_nearest nearest = {.word = poa_span_of(wanted)};
    const char *name = NULL;
    const json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)container, name, value) poa_nearest_offer(&nearest, name);
    if (!nearest.best)
        return;
    POA_CLEANUP(poa_freep) char *shown = cli_escaped(poa_span_of(nearest.best));
    cli_hint("\"%s\" stands there: did you mean \"%s\"?", shown, wanted);
}

static void suggest_member(poa_span text, const char *pointer)
{
    POA_CLEANUP(poa_json_decrefp) json_t *document = NULL;
    if (poa_json_parse(text, &document) != POA_OK)
        return;
    const char *name = cli_pointer_last(pointer);
    const json_t *container = container_of(document, pointer);
    if (!json_object_get(container, name)) {
        suggest_missing(container, name);
        return;
    }
    poa_nearest nearest = {.word = poa_span_of(name)};
    for (size_t i = 0; i < POA_COUNT(member_names); i++)
        poa_nearest_offer(&nearest, member_names[i]);
    if (nearest.best && !poa_span_is(nearest.word, nearest.best))
        cli_hint("did you mean \"%s\"?", nearest.best);
}

/* An iss or a key that is sound by itself is refused where another owner has it. */
static void hint_taken(const poa_reason *why)
{
    const poa_span name = poa_span_of(cli_pointer_last(why->member));
    const bool of_owner = poa_span_starts(poa_span_of(why->member), POA_SPAN("/owners/"));
    if (why->code == POA_E_CLAIM_TYPE && of_owner && (poa_span_is(name, "iss") || poa_span_is(name, "jwk")))
        cli_hint("an iss and a key stand in one owner alone");
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
    suggest_member(text, why->member);
    hint_taken(why);
    return exit_code;
}

static bool any_administers_all(const poa_policy *policy)
{
    const poa_policy_owner *owner = NULL;
    for (size_t i = 0; (owner = poa_policy_owner_at(policy, i)) != NULL; i++)
        if (owner->administers_all)
            return true;
    return false;
}

static void warn_of_keys(const cli *app, const poa_policy *policy, const poa_policy_owner *owner)
{
    const poa_key *key = NULL;
    for (size_t i = 0; (key = poa_policy_owner_key(owner, i)) != NULL; i++)
        if (poa_policy_pinned_until(policy, poa_key_thumbprint(key)) <= app->now_s)
            cli_warn("the key %s is past its accept_until", poa_id_print(poa_key_thumbprint(key)).chars);
}

void cli_policy_warn(const cli *app, const poa_policy *policy)
{
    const poa_policy_owner *owner = NULL;
    for (size_t i = 0; (owner = poa_policy_owner_at(policy, i)) != NULL; i++)
        warn_of_keys(app, policy, owner);
    if (any_administers_all(policy))
        return;
    cli_warn("no owner administers all: the site itself cannot bar anyone");
    cli_hint("`poa policy new --site-key FILE' pins a key of the site's own");
}

int cli_policy_write(const cli *app, const cli_output_options *output, const json_t *document)
{
    POA_CLEANUP(poa_freep) char *text = json_dumps(document, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    POA_CLEANUP(poa_policy_freep) poa_policy *policy = NULL;
    poa_buf_printf(&b, "%s\n", text ? text : "");
    if (!text || b.failed)
        return cli_fault_of(POA_F_NOMEM);
    poa_reason why = {.hop = POA_HOP_NONE};
    const poa_err err = poa_policy_parse(app->ctx, poa_buf_span(&b), NULL, &policy, &why);
    if (err)
        return cli_policy_refuse(err, &why, "the new policy", poa_buf_span(&b));
    const int failed = cli_file_write(&(cli_write){.path = output->file, .force = output->force}, poa_buf_span(&b));
    if (!failed)
        cli_policy_warn(app, policy);
    return failed;
}
