#include "policy_verbs.h"

#include "bounds.h"
#include "chains.h"
#include "cleanup.h"
#include "files.h"
#include "json.h"
#include "keys.h"
#include "options.h"
#include "output.h"
#include "policy_text.h"
#include "power_options.h"
#include "span.h"
#include "times.h"

#include <string.h>

enum {
    OPTION_SITE = CLI_OPTIONS_VERB,
    OPTION_OWNER,
    OPTION_OWNER_KEY,
    OPTION_MAX_LINKS,
    OPTION_MAX_LIFETIME,
    OPTION_SITE_KEY,
    OPTION_ANSWER_KEY,
    OPTION_ALGORITHM,
    OPTION_FROM,
};

typedef struct policy_task {
    const char *site;
    const char *owner;
    cli_texts owner_keys;
    int64_t max_links; /* -1: not said; likewise the next */
    int64_t max_lifetime_s;
    const char *site_key;
    cli_texts answer_keys;
    cli_texts algorithms;
    const char *from;
    cli_power_options powers;
    cli_output_options output;
} policy_task;

static void begin(struct argp_state *state)
{
    policy_task *task = state->input;
    task->max_links = task->max_lifetime_s = -1;
    state->child_inputs[0] = &task->powers;
    state->child_inputs[1] = &task->output;
}

static void check(const struct argp_state *state)
{
    const policy_task *task = state->input;
    if (!task->site == !task->from)
        argp_error(state, "either --resource-owner SITE or --from FILE is wanted");
    cli_need(state, task->owner, "--owner ID");
    if (task->owner_keys.count == 0)
        argp_error(state, "--owner-key FILE is missing");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    policy_task *task = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        begin(state);
        return 0;
    case OPTION_SITE:
        task->site = arg;
        return 0;
    case OPTION_OWNER:
        task->owner = arg;
        return 0;
    case OPTION_OWNER_KEY:
        cli_texts_add(state, &task->owner_keys, arg);
        return 0;
    case OPTION_MAX_LINKS:
        task->max_links = cli_number(state, "--max-links", arg, 1, POA_CHAIN_LINKS_HARD);
        return 0;
    case OPTION_MAX_LIFETIME:
        task->max_lifetime_s = cli_duration_option(state, "--max-lifetime", arg);
        return 0;
    case OPTION_SITE_KEY:
        task->site_key = arg;
        return 0;
    case OPTION_ANSWER_KEY:
        cli_texts_add(state, &task->answer_keys, arg);
        return 0;
    case OPTION_ALGORITHM:
        cli_texts_add_list(state, &task->algorithms, arg);
        return 0;
    case OPTION_FROM:
        task->from = arg;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "one argument too many: %s", arg);
        return 0;
    case ARGP_KEY_END:
        check(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Append the public key in a file: as {"jwk":…} among an owner's keys, else the JWK itself. */
static int add_key(const cli *app, json_t *keys, const char *path, bool as_pin)
{
    POA_CLEANUP(cli_key_freep) poa_key *key = NULL;
    const int failed = cli_key_read_public(app, path, &key);
    if (failed)
        return failed;
    json_t *jwk = cli_json_value(poa_span_of(poa_key_jwk(key)));
    json_t *item = as_pin ? json_pack("{s:o}", "jwk", jwk) : jwk;
    return json_array_append_new(keys, item) == 0 ? CLI_OK : cli_fault_of(POA_F_NOMEM);
}

static int add_keys(const cli *app, json_t *keys, const cli_texts *files, bool as_pins)
{
    for (size_t i = 0; i < files->count; i++) {
        const int failed = add_key(app, keys, files->at[i], as_pins);
        if (failed)
            return failed;
    }
    return CLI_OK;
}

/* The most that the owner may grant: as said; where nothing is said, any device. */
static int make_powers(const policy_task *task, json_t **powers)
{
    if (task->powers.files.count == 0 && !cli_power_options_said(&task->powers)) {
        (void)cli_usage("what may the owner grant at most? Neither --power nor an option says it");
        cli_hint("for example --action onboard,read --location mine-7 --effect permanent");
        return CLI_USAGE;
    }
    const int failed = cli_powers_say(&task->powers, powers);
    if (failed)
        return failed;
    json_t *first = json_array_get(*powers, 0);
    const char *type = json_string_value(json_object_get(first, "type"));
    const bool wants_devices = task->powers.files.count == 0 && type && strcmp(type, "device_onboarding") == 0;
    if (wants_devices && !json_object_get(first, "devices") &&
        json_object_set_new(first, "devices", json_pack("[{s:b}]", "any", 1)) != 0)
        return cli_fault_of(POA_F_NOMEM);
    return CLI_OK;
}

static int make_owner(const cli *app, const policy_task *task, json_t *owners)
{
    POA_CLEANUP(poa_json_decrefp) json_t *powers = NULL;
    POA_CLEANUP(poa_json_decrefp) json_t *keys = json_array();
    int failed = add_keys(app, keys, &task->owner_keys, true);
    if (!failed)
        failed = make_powers(task, &powers);
    if (failed)
        return failed;
    json_t *owner = json_pack("{s:s, s:O, s:O}", "iss", task->owner, "keys", keys, "powers", powers);
    if (!owner)
        return cli_usage("the owner is no valid UTF-8 text");
    if (task->max_links >= 0)
        (void)json_object_set_new(owner, "max_links", json_integer(task->max_links));
    if (task->max_lifetime_s >= 0)
        (void)json_object_set_new(owner, "max_lifetime", json_integer(task->max_lifetime_s));
    return json_array_append_new(owners, owner) == 0 ? CLI_OK : cli_fault_of(POA_F_NOMEM);
}

/* All locations that the owners' powers name, each once: the reach of the site's own key. */
static json_t *all_locations(const json_t *owners)
{
    POA_CLEANUP(poa_json_decrefp) json_t *seen = json_object();
    json_t *all = json_array();
    size_t o = 0;
    size_t p = 0;
    size_t l = 0;
    const json_t *owner = NULL;
    const json_t *power = NULL;
    json_t *location = NULL;
    json_array_foreach(owners, o, owner) json_array_foreach(json_object_get(owner, "powers"), p, power)
        json_array_foreach(json_object_get(power, "locations"), l, location)
    {
        const char *text = json_string_value(location);
        if (!text || json_object_get(seen, text))
            continue;
        if (json_object_set_new(seen, text, json_true()) != 0 || json_array_append(all, location) != 0)
            break;
    }
    return all;
}

/* The site itself can always bar anyone (protocol section 9). */
static int add_site(const cli *app, const policy_task *task, const char *site, json_t *owners)
{
    if (!task->site_key)
        return CLI_OK;
    POA_CLEANUP(poa_json_decrefp) json_t *keys = json_array();
    const int failed = add_key(app, keys, task->site_key, true);
    if (failed)
        return failed;
    json_t *owner = json_pack("{s:s, s:O, s:[{s:s, s:[s, s, s, s, s], s:o}], s:s}", "iss", site, "keys", keys, "powers",
                              "type", "administration", "actions", "revoke", "suspend", "resume", "approve", "audit",
                              "locations", all_locations(owners), "administers", "all");
    return json_array_append_new(owners, owner) == 0 ? CLI_OK : cli_fault_of(POA_F_NOMEM);
}

/* The document to add to: an existing one, or the bare beginning of a new one. */
static int begin_document(const cli *app, const policy_task *task, json_t **document)
{
    if (!task->from) {
        *document = json_pack("{s:i, s:s, s:[]}", "version", 1, "resource_owner", task->site, "owners");
        return *document ? CLI_OK : cli_usage("the resource owner is no valid UTF-8 text");
    }
    POA_CLEANUP(poa_policy_freep) poa_policy *policy = NULL;
    const int failed = cli_policy_read(app, task->from, &policy);
    if (failed)
        return failed;
    return poa_json_parse(poa_policy_document(policy), document) == POA_OK ? CLI_OK : cli_fault_of(POA_F_NOMEM);
}

static int add_settings(const cli *app, const policy_task *task, json_t *document)
{
    if (task->algorithms.count > 0) {
        json_t *names = json_array();
        for (size_t i = 0; i < task->algorithms.count; i++)
            (void)json_array_append_new(names, json_string(task->algorithms.at[i]));
        if (json_object_set_new(document, "algorithms", names) != 0)
            return cli_fault_of(POA_F_NOMEM);
    }
    if (task->answer_keys.count == 0)
        return CLI_OK;
    json_t *keys = json_object_get(document, "answer_keys");
    if (!keys && json_object_set_new(document, "answer_keys", json_array()) != 0)
        return cli_fault_of(POA_F_NOMEM);
    return add_keys(app, json_object_get(document, "answer_keys"), &task->answer_keys, false);
}

static int make(const cli *app, const policy_task *task)
{
    POA_CLEANUP(poa_json_decrefp) json_t *document = NULL;
    int failed = cli_file_may_write(&(cli_write){.path = task->output.file, .force = task->output.force});
    if (!failed)
        failed = begin_document(app, task, &document);
    if (failed)
        return failed;
    json_t *owners = json_object_get(document, "owners");
    failed = make_owner(app, task, owners);
    if (!failed)
        failed = add_site(app, task, json_string_value(json_object_get(document, "resource_owner")), owners);
    if (!failed)
        failed = add_settings(app, task, document);
    return failed ? failed : cli_policy_write(app, &task->output, document);
}

int cli_policy_new(cli *app, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"resource-owner", OPTION_SITE, "SITE", 0, "Identifier of the site that the policy is for", 1},
        {"from", OPTION_FROM, "FILE", 0, "Add the owner to this policy instead", 1},
        {"owner", OPTION_OWNER, "ID", 0, "Identifier of a root principal that is accepted", 2},
        {"owner-key", OPTION_OWNER_KEY, "FILE", 0, "Its public key (JWK or PEM). May be repeated", 2},
        {"max-links", OPTION_MAX_LINKS, "N", 0, "Longest chain under it, in links (8)", 3},
        {"max-lifetime", OPTION_MAX_LIFETIME, "DURATION", 0, "Longest life of a PoA under it (366d)", 3},
        {"site-key", OPTION_SITE_KEY, "FILE", 0, "Public key of the site's own, which may bar anyone", 4},
        {"answer-key", OPTION_ANSWER_KEY, "FILE", 0, "Public key that signs the server's answers. May be repeated", 4},
        {"algorithm", OPTION_ALGORITHM, "ALG,...", 0, "Algorithms accepted (ES256,ES384,EdDSA)", 4},
        {0},
    };
    static const struct argp_child children[] = {{&cli_power_argp, 0, NULL, 0}, {&cli_output_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        options,
        parse,
        NULL,
        "Write a site policy: which owner a site accepts, by which keys, and the most that it may grant. Another owner "
        "is added with --from.\v"
        "Example:\n"
        "  poa policy new --resource-owner site.example --owner owner.example \\\n"
        "    --owner-key owner.jwk --site-key site.jwk --action onboard,read \\\n"
        "    --location mine-7 --effect permanent -o site.json",
        children,
        NULL,
        NULL};

    policy_task task = {0};
    cli_parse(&argp, argc, argv, &task);
    const int exit_code = make(app, &task);
    cli_power_options_clear(&task.powers);
    return exit_code;
}
