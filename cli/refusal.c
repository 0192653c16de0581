#include "refusal.h"

#include "cleanup.h"
#include "json.h"
#include "nearest.h"
#include "output.h"
#include "power_text.h"
#include "span.h"

#include <stdlib.h>

/* "action_widened at link 1, /authorization_details/0/actions: an action that the parent's power has not" */
static void say_headline(poa_err err, const poa_reason *why)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_text(&b, poa_err_name(err));
    if (why && why->because != POA_OK)
        poa_buf_printf(&b, " (%s)", poa_err_name(why->because));
    if (why && why->hop != POA_HOP_NONE)
        poa_buf_printf(&b, " at link %d", why->hop);
    if (why && why->member[0] != '\0') {
        poa_buf_text(&b, why->hop != POA_HOP_NONE ? ", " : " at ");
        cli_escape(&b, poa_span_of(why->member));
    }
    const poa_err inner = why && why->because != POA_OK ? why->because : err;
    poa_buf_printf(&b, ": %s", poa_err_describe(inner)->condition);
    (void)cli_usage("%s", b.failed ? poa_err_name(err) : b.text);
}

static void say_value(const char *label, const char *member, const char *json)
{
    POA_CLEANUP(poa_json_decrefp) json_t *value = json[0] != '\0' ? cli_json_value(poa_span_of(json)) : NULL;
    if (!value)
        return;
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    cli_value_show(&b, cli_pointer_last(member), value);
    if (!b.failed && b.len > 0)
        cli_say("  %-6s %s", label, b.text);
}

/* What was about to be signed can be said again within the bound of the link above. */
static void hint_correction(const poa_reason *why)
{
    POA_CLEANUP(poa_json_decrefp) json_t *value = cli_json_value(poa_span_of(why->parent));
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    if (value && cli_value_options(&b, cli_pointer_last(why->member), value) && !b.failed)
        cli_hint("at most: %s", b.text);
}

/* The words that powers are made of. */
static const char *const words[] = {
    "onboard",
    "reestablish",
    "replace",
    "suspend",
    "resume",
    "decommission",
    "read",
    "revoke",
    "approve",
    "audit",
    "device_key",
    "idevid",
    "attestation",
    "approval",
    "until_exp",
    "permanent",
    "review",
    "stop_new",
    "cascade",
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
    "sun",
    "device_onboarding",
    "access",
    "administration",
};

/* A word of a power that is nearly one that exists. */
static void hint_word(poa_span word)
{
    poa_nearest nearest = {.word = word};
    for (size_t i = 0; i < POA_COUNT(words); i++)
        poa_nearest_offer(&nearest, words[i]);
    if (nearest.best && !poa_span_is(word, nearest.best))
        cli_hint("did you mean %s?", nearest.best);
}

static void hint_spelling(const poa_reason *why)
{
    POA_CLEANUP(poa_json_decrefp) json_t *value = cli_json_value(poa_span_of(why->child));
    size_t i = 0;
    const json_t *item = NULL;
    hint_word(poa_json_span(value));
    json_array_foreach(value, i, item) hint_word(poa_json_span(item));
}

int cli_refuse_doing(poa_err err, const poa_reason *why, enum cli_doing doing)
{
    if (poa_err_is_fault(err))
        return cli_fault_of(err);
    say_headline(err, why);
    if (why) {
        say_value("above:", why->member, why->parent);
        say_value("here:", why->member, why->child);
        say_value("asked:", why->member, why->request);
    }
    const poa_err inner = why && why->because != POA_OK && doing == CLI_MINTING ? why->because : err;
    cli_hint("%s", cli_hint_of(inner, doing));
    if (why && (err == POA_E_POWER_INVALID || err == POA_E_POWER_UNKNOWN))
        hint_spelling(why);
    if (why && doing == CLI_MINTING && why->parent[0] != '\0')
        hint_correction(why);
    return poa_err_describe(err)->exit;
}

int cli_refuse(poa_err err, const poa_reason *why, const char *what)
{
    if (what)
        cli_say("%s is refused", what);
    return cli_refuse_doing(err, why, CLI_READING);
}

int cli_refuse_code(poa_err err)
{
    if (poa_err_is_fault(err))
        return cli_fault_of(err);
    say_headline(err, NULL);
    return poa_err_describe(err)->exit;
}
