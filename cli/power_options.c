#include "power_options.h"

#include "bounds.h"
#include "cleanup.h"
#include "cli.h"
#include "files.h"
#include "json.h"
#include "output.h"
#include "power.h"
#include "span.h"
#include "times.h"

#include <string.h>

enum {
    OPTION_POWER = CLI_OPTIONS_POWER,
    OPTION_TYPE,
    OPTION_ACTION,
    OPTION_LOCATION,
    OPTION_DEVICE,
    OPTION_MAX_DEVICES,
    OPTION_EVIDENCE,
    OPTION_CREDENTIAL_LIFETIME,
    OPTION_EFFECT,
    OPTION_ON_REVOKE,
    OPTION_HOURS,
    OPTION_NETWORK,
    OPTION_RESOURCE,
};

static void append(const struct argp_state *state, json_t **list, json_t *item, const char *complaint)
{
    if (!item)
        argp_error(state, "%s", complaint);
    if (!*list)
        *list = json_array();
    if (json_array_append_new(*list, item) != 0)
        argp_failure(state, CLI_FAULT, 0, "out of memory");
}

static error_t parse_power(int key, char *arg, struct argp_state *state)
{
    cli_power_options *o = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        o->max_devices = -1;
        o->credential_lifetime_s = -1;
        return 0;
    case OPTION_POWER:
        cli_texts_add(state, &o->files, arg);
        return 0;
    case OPTION_TYPE:
        o->type = arg;
        return 0;
    case OPTION_ACTION:
        cli_texts_add_list(state, &o->actions, arg);
        return 0;
    case OPTION_LOCATION:
        cli_texts_add_list(state, &o->locations, arg);
        return 0;
    case OPTION_DEVICE:
        append(state, &o->devices, cli_selector_parse(arg),
               "--device wants any, or name=value,name=value: model=XY-1,serial=SN-1*");
        return 0;
    case OPTION_MAX_DEVICES:
        o->max_devices = cli_number(state, "--max-devices", arg, 0, POA_TIME_MAX);
        return 0;
    case OPTION_EVIDENCE:
        cli_texts_add_list(state, &o->evidence, arg);
        return 0;
    case OPTION_CREDENTIAL_LIFETIME:
        o->credential_lifetime_s = cli_duration_option(state, "--credential-lifetime", arg);
        return 0;
    case OPTION_EFFECT:
        o->effect = arg;
        return 0;
    case OPTION_ON_REVOKE:
        o->on_revoke = arg;
        return 0;
    case OPTION_HOURS:
        append(state, &o->hours, cli_window_parse(arg), "--hours wants days and times: mon-fri,07:00-17:00");
        return 0;
    case OPTION_NETWORK:
        cli_texts_add_list(state, &o->networks, arg);
        return 0;
    case OPTION_RESOURCE:
        cli_texts_add(state, &o->resources, arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option power_options[] = {
    {NULL, 0, NULL, 0, "What is granted:", 20},
    {"power", OPTION_POWER, "FILE", 0, "Powers as JSON, one object or an array; no other option of this group then",
     21},
    {"type", OPTION_TYPE, "TYPE", 0, "device_onboarding (default), access or administration", 22},
    {"action", OPTION_ACTION, "ACTION,...", 0,
     "onboard, reestablish, replace, suspend, resume, decommission, read; for administration: revoke, suspend, resume, "
     "approve, audit",
     22},
    {"location", OPTION_LOCATION, "PATH,...", 0, "Site paths, each with all below it: mine-7/hall-2", 22},
    {"device", OPTION_DEVICE, "NAME=VALUE,...", 0,
     "Devices that match all of manufacturer, model, serial, id_link, idevid_issuer; or any. May be repeated", 23},
    {"max-devices", OPTION_MAX_DEVICES, "N", 0, "How many devices may be brought in, sub-grants included", 23},
    {"evidence", OPTION_EVIDENCE, "KIND,...", 0, "device_key, idevid, attestation, approval", 24},
    {"credential-lifetime", OPTION_CREDENTIAL_LIFETIME, "DURATION", 0, "Longest life of a credential: 7d", 24},
    {"effect", OPTION_EFFECT, "EFFECT", 0,
     "until_exp: devices go dark when the PoA ends; permanent: they stay. Wanted with the action onboard", 24},
    {"on-revoke", OPTION_ON_REVOKE, "WHAT", 0, "What becomes of devices: stop_new, review or cascade", 24},
    {"hours", OPTION_HOURS, "DAYS,TIMES", 0, "In UTC: mon-fri,07:00-17:00. May be repeated", 25},
    {"network", OPTION_NETWORK, "CIDR,...", 0, "Addresses from which the agent may act", 25},
    {"resource", OPTION_RESOURCE, "URI", 0, "For access: a resource and all below it. May be repeated", 25},
    {0},
};
const struct argp cli_power_argp = {.options = power_options, .parser = parse_power};

void cli_power_options_clear(cli_power_options *options)
{
    json_decref(options->devices);
    json_decref(options->hours);
    options->devices = NULL;
    options->hours = NULL;
}

bool cli_power_options_said(const cli_power_options *o)
{
    return o->type || o->actions.count > 0 || o->locations.count > 0 || o->devices || o->max_devices >= 0 ||
           o->evidence.count > 0 || o->credential_lifetime_s >= 0 || o->effect || o->on_revoke || o->hours ||
           o->networks.count > 0 || o->resources.count > 0;
}

/* ---- From options ---- */

static bool set_texts(json_t *power, const char *member, const cli_texts *texts)
{
    if (texts->count == 0)
        return true;
    json_t *list = json_array();
    for (size_t i = 0; i < texts->count; i++)
        if (json_array_append_new(list, json_string(texts->at[i])) != 0) {
            json_decref(list);
            return false;
        }
    return json_object_set_new(power, member, list) == 0;
}

static bool set_text(json_t *power, const char *member, const char *text)
{
    return !text || json_object_set_new(power, member, json_string(text)) == 0;
}

static bool set_number(json_t *power, const char *member, int64_t number)
{
    return number < 0 || json_object_set_new(power, member, json_integer(number)) == 0;
}

static bool set_list(json_t *power, const char *member, json_t *list)
{
    return !list || json_object_set(power, member, list) == 0;
}

/* Give the power each member that an option names. False without memory, or for text that is not UTF-8. */
static bool override(json_t *power, const cli_power_options *o)
{
    return set_texts(power, "actions", &o->actions) && set_texts(power, "locations", &o->locations) &&
           set_texts(power, "resources", &o->resources) && set_list(power, "devices", o->devices) &&
           set_number(power, "max_devices", o->max_devices) && set_texts(power, "evidence", &o->evidence) &&
           set_number(power, "credential_lifetime", o->credential_lifetime_s) && set_text(power, "effect", o->effect) &&
           set_text(power, "on_revoke", o->on_revoke) && set_list(power, "hours", o->hours) &&
           set_texts(power, "networks", &o->networks);
}

static const char *type_of(const cli_power_options *o)
{
    if (o->type)
        return o->type;
    return o->resources.count > 0 ? "access" : "device_onboarding";
}

static json_t *power_of(const cli_power_options *o, const char *type)
{
    POA_CLEANUP(poa_json_decrefp) json_t *power = json_pack("{s:s}", "type", type);
    return power && override(power, o) ? POA_TAKE(power) : NULL;
}

/* ---- From files ---- */

/* An array of powers, one power, or a document that has them as authorization_details. */
static int add_file(json_t *powers, const char *path)
{
    POA_CLEANUP(poa_freep) char *text = NULL;
    size_t len = 0;
    const int failed = cli_file_read(path, POA_LINK_BYTES_MAX, &text, &len);
    if (failed)
        return failed;
    POA_CLEANUP(poa_json_decrefp) json_t *value = cli_json_value((poa_span){text, len});
    if (!json_is_array(value) && !json_is_object(value)) {
        (void)cli_usage("malformed: %s is no JSON with one power or an array of them, each member named once", path);
        return poa_err_describe(POA_E_MALFORMED)->exit;
    }
    json_t *inner = json_object_get(value, "authorization_details");
    json_t *from = inner ? inner : value;
    const int added = json_is_array(from) ? json_array_extend(powers, from) : json_array_append(powers, from);
    return added == 0 ? CLI_OK : cli_fault_of(POA_F_NOMEM);
}

static int say_files(const cli_power_options *options, json_t **powers)
{
    if (cli_power_options_said(options)) {
        (void)cli_usage("--power says the whole powers, so no option may say more of them");
        cli_hint("write all into the file, or leave --power out");
        return CLI_USAGE;
    }
    POA_CLEANUP(poa_json_decrefp) json_t *list = json_array();
    for (size_t i = 0; i < options->files.count; i++) {
        const int failed = add_file(list, options->files.at[i]);
        if (failed)
            return failed;
    }
    *powers = POA_TAKE(list);
    return CLI_OK;
}

int cli_powers_say(const cli_power_options *options, json_t **powers)
{
    if (options->files.count > 0)
        return say_files(options, powers);
    json_t *power = power_of(options, type_of(options));
    if (!power)
        return cli_usage("the powers are no valid UTF-8 text");
    *powers = json_pack("[o]", power);
    return *powers ? CLI_OK : cli_fault_of(POA_F_NOMEM);
}

/* ---- From the parent ---- */

static bool is_inside(const json_t *child, const json_t *parent)
{
    POA_CLEANUP(poa_power_freep) poa_power *c = NULL;
    POA_CLEANUP(poa_power_freep) poa_power *p = NULL;
    return poa_power_read(child, POA_HOP_NONE, "", 0, &c, NULL) == POA_OK &&
           poa_power_read(parent, POA_HOP_NONE, "", 0, &p, NULL) == POA_OK && poa_power_inside(c, p);
}

/* Two powers that narrow to the same are one. */
static bool holds(const json_t *powers, const json_t *power)
{
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach(powers, i, item) if (json_equal(item, power)) return true;
    return false;
}

static bool is_type(const json_t *power, const char *type)
{
    return poa_span_is(poa_json_span(json_object_get(power, "type")), type);
}

static bool has_type(const json_t *powers, const char *type)
{
    size_t i = 0;
    const json_t *power = NULL;
    json_array_foreach(powers, i, power) if (is_type(power, type)) return true;
    return false;
}

/* The type that the options are about: what they say, or else the only one that the parent has. */
static const char *type_under(const cli_power_options *options, const json_t *parent)
{
    const char *type = type_of(options);
    if (options->type || has_type(parent, type))
        return type;
    const char *first = json_string_value(json_object_get(json_array_get(parent, 0), "type"));
    size_t i = 0;
    const json_t *power = NULL;
    json_array_foreach(parent, i, power) if (first && !is_type(power, first)) return type;
    return first ? first : type;
}

/*
 * Go through the parent's powers in their order and take each as the options make it.
 * @also_wider: also those that do not lie inside the parent's then
 */
static bool narrow_each(const cli_power_options *options, const char *type, const json_t *parent, bool also_wider,
                        json_t *powers)
{
    size_t i = 0;
    json_t *from = NULL;
    json_array_foreach((json_t *)(uintptr_t)parent, i, from)
    {
        const bool named = is_type(from, type);
        if (!named && options->type)
            continue;
        POA_CLEANUP(poa_json_decrefp) json_t *power = json_copy(from);
        if (!power || (named && !override(power, options)))
            return false;
        if (holds(powers, power) || (named && !also_wider && !is_inside(power, from)))
            continue;
        if (json_array_append(powers, power) != 0)
            return false;
    }
    return true;
}

int cli_powers_narrow(const cli_power_options *options, const json_t *parent, json_t **powers)
{
    if (options->files.count > 0)
        return say_files(options, powers);
    POA_CLEANUP(poa_json_decrefp) json_t *list = json_array();
    const char *type = type_under(options, parent);
    if (!list || !narrow_each(options, type, parent, false, list))
        return cli_fault_of(POA_F_NOMEM);
    /* Nothing fits: what was asked for goes to the library as it is, for its reason. */
    if (!has_type(list, type) && (json_array_clear(list) != 0 || !narrow_each(options, type, parent, true, list)))
        return cli_fault_of(POA_F_NOMEM);
    if (!has_type(list, type) && json_array_append_new(list, power_of(options, type)) != 0)
        return cli_fault_of(POA_F_NOMEM);
    *powers = POA_TAKE(list);
    return CLI_OK;
}
