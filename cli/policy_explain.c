#include "policy_verbs.h"

#include "bounds.h"
#include "chains.h"
#include "cleanup.h"
#include "json.h"
#include "options.h"
#include "output.h"
#include "policy.h"
#include "power_text.h"
#include "span.h"
#include "times.h"

#include <inttypes.h>

typedef struct explain_task {
    const char *policy;
    cli_output_options output;
} explain_task;

static error_t parse(int key, char *arg, struct argp_state *state)
{
    explain_task *task = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &task->output;
        return 0;
    case ARGP_KEY_ARG:
        cli_only_argument(state, &task->policy, arg);
        return 0;
    case ARGP_KEY_END:
        cli_need(state, task->policy, "POLICY, a file or -,");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- For programs: the settings with their defaults, and the owners ---- */

static json_t *algorithms_json(const poa_policy *policy)
{
    json_t *names = json_array();
    for (poa_alg alg = POA_ALG_ES256; alg <= POA_ALG_PS256; alg++)
        if (poa_policy_allows(policy, alg))
            (void)json_array_append_new(names, json_string(poa_alg_name(alg)));
    return names;
}

static json_t *keys_json(const poa_policy *policy, const poa_policy_owner *owner)
{
    json_t *keys = json_array();
    const poa_key *key = NULL;
    for (size_t i = 0; (key = poa_policy_owner_key(owner, i)) != NULL; i++) {
        const int64_t until_s = poa_policy_pinned_until(policy, poa_key_thumbprint(key));
        (void)json_array_append_new(keys, json_pack("{s:s, s:s, s:o}", "thumbprint",
                                                    poa_id_print(poa_key_thumbprint(key)).chars, "kind",
                                                    poa_key_kind(key), "accept_until",
                                                    until_s == POA_TIME_MAX ? json_null() : json_integer(until_s)));
    }
    return keys;
}

static json_t *powers_json(const poa_policy_owner *owner)
{
    json_t *list = json_array();
    const poa_powers *powers = poa_policy_owner_powers(owner);
    for (size_t i = 0; i < poa_powers_count(powers); i++) {
        POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
        poa_power_json(poa_powers_at(powers, i), &b);
        (void)json_array_append_new(list, cli_json_value(poa_buf_span(&b)));
    }
    return list;
}

static json_t *owners_json(const poa_policy *policy)
{
    json_t *owners = json_array();
    const poa_policy_owner *owner = NULL;
    for (size_t i = 0; (owner = poa_policy_owner_at(policy, i)) != NULL; i++)
        (void)json_array_append_new(
            owners, json_pack("{s:s%, s:o, s:I, s:I, s:s, s:o}", "iss", owner->iss.ptr, owner->iss.len, "keys",
                              keys_json(policy, owner), "max_links", (json_int_t)owner->max_links, "max_lifetime",
                              (json_int_t)owner->max_lifetime_s, "administers", owner->administers_all ? "all" : "own",
                              "powers", powers_json(owner)));
    return owners;
}

static json_t *manufacturers_json(const poa_policy *policy)
{
    json_t *list = json_array();
    const poa_policy_manufacturer *maker = NULL;
    for (size_t i = 0; (maker = poa_policy_manufacturer_at(policy, i)) != NULL; i++) {
        json_t *hosts = json_array();
        for (size_t j = 0; j < maker->id_link_hosts_len; j++)
            (void)json_array_append_new(hosts, cli_json_text(maker->id_link_hosts[j]));
        (void)json_array_append_new(
            list, json_pack("{s:s%, s:o, s:s}", "name", maker->name.ptr, maker->name.len, "id_link_hosts", hosts,
                            "serial_from",
                            maker->serial_from == POA_SERIAL_FROM_COMMON_NAME ? "commonName" : "serialNumber"));
    }
    return list;
}

static int print_json(const poa_policy *policy)
{
    const poa_policy_settings *s = poa_policy_get(policy);
    POA_CLEANUP(poa_json_decrefp)
    json_t *all = json_pack(
        "{s:s%, s:s, s:o, s:I, s:I, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "resource_owner",
        s->resource_owner.ptr, s->resource_owner.len, "document", poa_id_print(poa_policy_document_id(policy)).chars,
        "algorithms", algorithms_json(policy), "clock_skew", (json_int_t)s->clock_skew_s, "max_revocation_age",
        (json_int_t)s->max_revocation_age_s, "approval", s->approval == POA_APPROVAL_ALWAYS ? "always" : "as_granted",
        "tickets", s->tickets == POA_TICKETS_REQUIRED ? "required" : "optional", "offline_age",
        (json_int_t)s->offline_age_s, "credential_lifetime", (json_int_t)s->credential_lifetime_s, "trust_period",
        (json_int_t)s->trust_period_s, "trust_grace", (json_int_t)s->trust_grace_s, "review_deadline",
        (json_int_t)s->review_deadline_s, "manufacturers", manufacturers_json(policy), "owners", owners_json(policy));
    return cli_print_json(all);
}

/* ---- For people ---- */

static void add_duration(poa_buf *b, const char *text, int64_t seconds)
{
    char shown[CLI_TIME_TEXT];
    cli_duration_exact(seconds, shown);
    poa_buf_printf(b, "%s%s.\n", text, shown);
}

static void add_settings(poa_buf *b, const poa_policy *policy)
{
    const poa_policy_settings *s = poa_policy_get(policy);
    poa_buf_text(b, "The site ");
    cli_escape(b, s->resource_owner);
    poa_buf_text(b, " accepts PoAs signed with ");
    POA_CLEANUP(poa_json_decrefp) json_t *names = algorithms_json(policy);
    cli_value_show(b, "actions", names);
    poa_buf_text(b, ".\n");
    add_duration(b, "Clocks may differ by ", s->clock_skew_s);
    add_duration(b, "What is known of revocations may be as old as ", s->max_revocation_age_s);
    add_duration(b, "A device's credential lives at most ", s->credential_lifetime_s);
    poa_buf_text(b, s->approval == POA_APPROVAL_ALWAYS ? "Every onboarding wants somebody's approval.\n"
                                                       : "An onboarding wants approval where its powers say so.\n");
    poa_buf_text(b, s->tickets == POA_TICKETS_REQUIRED ? "Only devices that are expected come in.\n"
                                                       : "Devices need not be expected.\n");
    add_duration(b, "What was collected without a network is handed in within ", s->offline_age_s);
    add_duration(b, "A device re-establishes trust about every ", s->trust_period_s);
    add_duration(b, "One that does not is suspended after a grace of ", s->trust_grace_s);
    add_duration(b, "One in review is suspended where nobody ratifies it within ", s->review_deadline_s);
}

static void add_manufacturers(poa_buf *b, const poa_policy *policy)
{
    const poa_policy_manufacturer *maker = NULL;
    if (!poa_policy_manufacturer_at(policy, 0))
        poa_buf_text(b, "No manufacturer's IDevIDs are believed.\n");
    for (size_t i = 0; (maker = poa_policy_manufacturer_at(policy, i)) != NULL; i++) {
        poa_buf_text(b, "Manufacturer ");
        cli_escape(b, maker->name);
        poa_buf_printf(b, ": its IDevIDs are believed, with the serial in %s",
                       maker->serial_from == POA_SERIAL_FROM_COMMON_NAME ? "commonName" : "serialNumber");
        for (size_t j = 0; j < maker->id_link_hosts_len; j++) {
            poa_buf_text(b, j == 0 ? "; its links are at " : ", ");
            cli_escape(b, maker->id_link_hosts[j]);
        }
        poa_buf_text(b, "\n");
    }
}

static void add_key(poa_buf *b, const poa_policy *policy, const poa_key *key, poa_span label, int64_t now_s)
{
    const int64_t until_s = poa_policy_pinned_until(policy, poa_key_thumbprint(key));
    char when[CLI_TIME_TEXT];
    cli_moment_show(until_s, when);
    poa_buf_printf(b, "  key %s, %s", poa_id_print(poa_key_thumbprint(key)).chars, poa_key_kind(key));
    if (label.len > 0) {
        poa_buf_text(b, ", \"");
        cli_escape(b, label);
        poa_buf_text(b, "\"");
    }
    if (until_s != POA_TIME_MAX)
        poa_buf_printf(b, until_s <= now_s ? ", no longer accepted since %s" : ", accepted until %s", when);
    poa_buf_text(b, "\n");
}

static void add_power(poa_buf *b, const json_t *power)
{
    const char *member = NULL;
    const json_t *value = NULL;
    poa_buf_text(b, "  may grant ");
    cli_escape(b, poa_json_span(json_object_get(power, "type")));
    poa_buf_text(b, "\n");
    json_object_foreach((json_t *)(uintptr_t)power, member, value)
    {
        if (poa_span_is(POA_SPAN("type"), member))
            continue;
        poa_buf_printf(b, "    %s: ", member);
        cli_value_show(b, member, value);
        poa_buf_text(b, "\n");
    }
}

static void add_owner(poa_buf *b, const poa_policy *policy, const poa_policy_owner *owner, const json_t *document,
                      int64_t now_s)
{
    char life[CLI_TIME_TEXT];
    cli_duration_exact(owner->max_lifetime_s, life);
    poa_buf_text(b, "\nOwner ");
    cli_escape(b, owner->iss);
    poa_buf_printf(b, ": chains of at most %zu links, each living at most %s%s\n", owner->max_links, life,
                   owner->administers_all ? "; its administrators may bar anyone's" : "");
    const poa_key *key = NULL;
    const json_t *pins = json_object_get(document, "keys");
    for (size_t i = 0; (key = poa_policy_owner_key(owner, i)) != NULL; i++)
        add_key(b, policy, key, poa_json_span(json_object_get(json_array_get(pins, i), "label")), now_s);
    size_t i = 0;
    const json_t *power = NULL;
    json_array_foreach(json_object_get(document, "powers"), i, power) add_power(b, power);
}

static int print_text(const cli *app, const poa_policy *policy)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    POA_CLEANUP(poa_json_decrefp) json_t *document = NULL;
    if (poa_json_parse(poa_policy_document(policy), &document) != POA_OK)
        return cli_fault_of(POA_F_NOMEM);
    add_settings(&b, policy);
    add_manufacturers(&b, policy);
    const json_t *owners = json_object_get(document, "owners");
    const poa_policy_owner *owner = NULL;
    for (size_t i = 0; (owner = poa_policy_owner_at(policy, i)) != NULL; i++)
        add_owner(&b, policy, owner, json_array_get(owners, i), app->now_s);
    return cli_print(&b);
}

int cli_policy_explain(cli *app, int argc, char **argv)
{
    static const struct argp_child children[] = {{&cli_json_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        NULL,
        parse,
        "POLICY",
        "Say for people what a site policy allows: whom it accepts, by which keys, and the most that each may grant. "
        "Defaults are filled in.\v"
        "Example:\n  poa policy explain site.json",
        children,
        NULL,
        NULL};

    explain_task task = {0};
    cli_parse(&argp, argc, argv, &task);
    POA_CLEANUP(poa_policy_freep) poa_policy *policy = NULL;
    const int failed = cli_policy_read(app, task.policy, &policy);
    if (failed)
        return failed;
    return task.output.json ? print_json(policy) : print_text(app, policy);
}
