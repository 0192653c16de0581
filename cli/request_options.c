#include "request_options.h"

#include "bounds.h"
#include "cleanup.h"
#include "cli.h"
#include "files.h"
#include "json.h"
#include "nearest.h"
#include "output.h"
#include "power_options.h"
#include "span.h"

#include "poa/id.h"

#include <string.h>

enum { DEVICE_BYTES_MAX = 4096 };

enum {
    OPTION_TYPE = CLI_OPTIONS_REQUEST,
    OPTION_ACTION,
    OPTION_LOCATION,
    OPTION_RESOURCE,
    OPTION_DEVICE,
    OPTION_REPLACES,
    OPTION_ADDRESS,
    OPTION_EVIDENCE,
};

static void set_device(const struct argp_state *state, json_t **slot, const char *option, const char *text)
{
    if (*slot)
        argp_error(state, "%s stands twice", option);
    *slot = cli_selector_parse(text);
    if (!*slot)
        argp_error(state, "%s wants name=value,name=value: model=XY-1,serial=SN-17", option);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    cli_request_options *o = state->input;
    switch (key) {
    case OPTION_TYPE:
        o->type = arg;
        return 0;
    case OPTION_ACTION:
        o->action = arg;
        return 0;
    case OPTION_LOCATION:
        o->location = arg;
        return 0;
    case OPTION_RESOURCE:
        o->resource = arg;
        return 0;
    case OPTION_DEVICE:
        set_device(state, &o->device, "--device", arg);
        return 0;
    case OPTION_REPLACES:
        set_device(state, &o->replaced, "--replaces", arg);
        return 0;
    case OPTION_ADDRESS:
        o->address = arg;
        return 0;
    case OPTION_EVIDENCE:
        cli_texts_add_list(state, &o->evidence, arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "A request; without one, only whether the chain is valid and alive:", 30},
    {"type", OPTION_TYPE, "TYPE", 0, "device_onboarding (default), access or administration", 31},
    {"action", OPTION_ACTION, "ACTION", 0, "What would be done: onboard, read, replace, ...", 31},
    {"location", OPTION_LOCATION, "PATH", 0, "Where: mine-7/hall-2", 31},
    {"resource", OPTION_RESOURCE, "URI", 0, "For access: to what", 31},
    {"device", OPTION_DEVICE, "NAME=VALUE,...", 0,
     "The device as established: manufacturer, model, serial, id_link, idevid_issuer", 32},
    {"replaces", OPTION_REPLACES, "NAME=VALUE,...", 0, "For replace: the device on record", 32},
    {"address", OPTION_ADDRESS, "IP", 0, "Address of the caller", 33},
    {"evidence", OPTION_EVIDENCE, "KIND,...", 0, "Established: device_key, idevid, attestation, approval", 33},
    {0},
};
const struct argp cli_request_argp = {.options = options, .parser = parse};

void cli_request_options_clear(cli_request_options *o)
{
    json_decref(o->device);
    json_decref(o->replaced);
    o->device = o->replaced = NULL;
}

bool cli_request_is_asked(const cli_request_options *o)
{
    return o->type || o->action || o->location || o->resource || o->device || o->replaced || o->address ||
           o->evidence.count > 0;
}

static int unknown_member(const char *name)
{
    static const char *const names[] = {"manufacturer", "model", "serial", "id_link", "idevid_issuer"};
    poa_nearest nearest = {.word = poa_span_of(name)};
    for (size_t i = 0; i < POA_COUNT(names); i++)
        poa_nearest_offer(&nearest, names[i]);
    (void)cli_usage("a device has no member %s", name);
    if (nearest.best)
        cli_hint("did you mean %s?", nearest.best);
    else
        cli_hint("members are manufacturer, model, serial, id_link, idevid_issuer");
    return CLI_USAGE;
}

int cli_identity_make(const json_t *members, poa_id *issuer, poa_identity *identity)
{
    const char *name = NULL;
    const json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)members, name, value)
    {
        const poa_span text = poa_json_span(value);
        if (strcmp(name, "manufacturer") == 0)
            identity->manufacturer = text;
        else if (strcmp(name, "model") == 0)
            identity->model = text;
        else if (strcmp(name, "serial") == 0)
            identity->serial = text;
        else if (strcmp(name, "id_link") == 0)
            identity->id_link = text;
        else if (strcmp(name, "idevid_issuer") != 0)
            return unknown_member(name);
        else if (!poa_id_parse(text, issuer))
            return cli_usage("idevid_issuer is the base64url SHA-256 of a public key: 43 characters");
        else {
            identity->idevid_path = issuer;
            identity->idevid_path_len = 1;
        }
    }
    return CLI_OK;
}

/* It works, and a person with a scanner will curse it. */
static void warn_of_link(poa_span link)
{
    if (link.len > POA_ID_LINK_BYTES_ADVISED)
        cli_warn(
            "the identification link has %zu characters; IEC 61406 advises at most %d, to be read from a small label",
            link.len, POA_ID_LINK_BYTES_ADVISED);
}

static int set_evidence(const cli_texts *texts, unsigned *evidence)
{
    static const struct {
        const char *name;
        enum poa_evidence bit;
    } kinds[] = {{"device_key", POA_EVIDENCE_DEVICE_KEY},
                 {"idevid", POA_EVIDENCE_IDEVID},
                 {"attestation", POA_EVIDENCE_ATTESTATION},
                 {"approval", POA_EVIDENCE_APPROVAL}};
    for (size_t i = 0; i < texts->count; i++) {
        size_t k = 0;
        while (k < POA_COUNT(kinds) && strcmp(texts->at[i], kinds[k].name) != 0)
            k++;
        if (k == POA_COUNT(kinds))
            return cli_usage("evidence is device_key, idevid, attestation or approval, not %s", texts->at[i]);
        *evidence |= kinds[k].bit;
    }
    return CLI_OK;
}

int cli_request_make(cli_request_options *o, int64_t now_s, poa_request *request)
{
    if (!o->action) {
        (void)cli_usage("--action is missing: a request asks to do something");
        cli_hint("for example --action onboard");
        return CLI_USAGE;
    }
    *request = (poa_request){
        .type = poa_span_of(o->type       ? o->type
                            : o->resource ? "access"
                                          : "device_onboarding"),
        .action = poa_span_of(o->action),
        .location = poa_span_of(o->location),
        .resource = poa_span_of(o->resource),
        .evidence = POA_EVIDENCE_DEVICE_KEY,
        .now_s = now_s,
    };
    if (o->address && !poa_address_parse(poa_span_of(o->address), &request->address))
        return cli_usage("--address wants an IPv4 or IPv6 address");
    int failed = set_evidence(&o->evidence, &request->evidence);
    /* Who says so established the identity, the label with it. */
    request->id_link_vouched = (request->evidence & POA_EVIDENCE_IDEVID) != 0;
    if (!failed && o->device)
        failed = cli_identity_make(o->device, &o->device_issuer, &request->device);
    if (!failed && o->replaced) {
        failed = cli_identity_make(o->replaced, &o->replaced_issuer, &o->replaced_identity);
        request->replaced = &o->replaced_identity;
    }
    return failed;
}

int cli_device_members(const char *from, json_t **device)
{
    POA_CLEANUP(poa_json_decrefp) json_t *read = NULL;
    if (strchr(from, '=')) {
        read = cli_selector_parse(from);
    } else {
        POA_CLEANUP(poa_freep) char *text = NULL;
        size_t len = 0;
        const int failed = cli_file_read(from, DEVICE_BYTES_MAX, &text, &len);
        if (failed)
            return failed;
        if (poa_json_parse((poa_span){text, len}, &read) != POA_OK)
            read = NULL;
    }
    if (!read) {
        (void)cli_usage("malformed: the device is no JSON object that names each member once");
        cli_hint("for example {\"manufacturer\":\"Acme\",\"model\":\"XY-1\",\"serial\":\"SN-17\"}");
        return poa_err_describe(POA_E_MALFORMED)->exit;
    }
    json_t *inner = json_object_get(read, "device");
    json_t *members = json_is_object(inner) ? inner : read;
    poa_id issuer;
    poa_identity identity = {0};
    const int refused = cli_identity_make(members, &issuer, &identity);
    if (refused)
        return refused;
    warn_of_link(identity.id_link);
    *device = json_incref(members);
    return CLI_OK;
}
