#include "device_verbs.h"

#include "device_options.h"
#include "onboard_options.h"
#include "span.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
    cli_onboard_options *o = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = o;
        return 0;
    case ARGP_KEY_ARG:
        cli_only_argument(state, &o->replace, arg);
        return 0;
    case ARGP_KEY_END:
        cli_need(state, o->replace, "ID of the device that is replaced");
        if (!poa_span_is_uuid(poa_span_of(o->replace)))
            argp_error(state, "a device's id is a UUID in lower case, as `poa device list' shows it");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int cli_device_replace(cli *app, int argc, char **argv)
{
    static const struct argp_child children[] = {{&cli_onboard_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        NULL,
        parse,
        "ID",
        "Put a new device in the place of a dead one: it takes the location, both records name each other, the old "
        "certificate is revoked, and no place of the PoA is used up. Wants a power with the action replace over both.\v"
        "Example:\n"
        "  poa device replace 0b9a3c1e-5d3f-4a57-9d54-1f6f0f4a9f10 \\\n"
        "    --server https://poa.site.example --chain fitter.poa --key fitter.key \\\n"
        "    --device serial=SN-18,manufacturer=Acme --device-key new.key -o new.pem",
        children,
        NULL,
        NULL};

    cli_onboard_options task = {.replaces = true};
    cli_parse(&argp, argc, argv, &task);
    return cli_onboard_run(app, &task);
}
