#include "onboard_options.h"

#include "times.h"

enum {
    OPTION_CHAIN = CLI_OPTIONS_ONBOARD,
    OPTION_DEVICE,
    OPTION_DEVICE_KEY,
    OPTION_DEVICE_PASSPHRASE,
    OPTION_CSR,
    OPTION_NONCE,
    OPTION_PROOF,
    OPTION_TICKET,
    OPTION_SIMULATED,
    OPTION_MISBEHAVE,
    OPTION_WAIT,
};

static void begin(struct argp_state *state)
{
    cli_onboard_options *o = state->input;
    o->device_key.passphrase.descriptor = -1;
    state->child_inputs[0] = &o->key;
    state->child_inputs[1] = &o->server;
    state->child_inputs[2] = &o->output;
}

static void check_one(const struct argp_state *state)
{
    const cli_onboard_options *o = state->input;
    if (!o->replaces)
        cli_need(state, o->location, "--location PATH");
    if (!o->simulated)
        cli_need(state, o->device, "--device FILE");
    if ((o->device_key.file != NULL) + (o->csr != NULL) + (o->simulated != NULL) != 1)
        argp_error(state, "one of --device-key FILE, --csr FILE and --simulated DIR is wanted");
    if (o->csr && !o->nonce)
        argp_error(state, "--csr wants --nonce NONCE, which the request for a certificate repeats");
    if (o->device_proof && !o->csr)
        argp_error(state, "--device-proof goes with --csr: the device made both");
    if (o->misbehaviour != CLI_BEHAVE && !o->simulated)
        argp_error(state, "--misbehave goes with --simulated");
    if (o->results)
        argp_error(state, "--results goes with --batch");
}

static void check_batch(const struct argp_state *state)
{
    const cli_onboard_options *o = state->input;
    if (o->location || o->device || o->csr || o->device_key.file || o->nonce || o->device_proof || o->ticket ||
        o->wait_s || o->misbehaviour != CLI_BEHAVE || o->output.file)
        argp_error(state,
                   "--batch says all about the devices itself: --results FILE goes with it, and --simulated DIR");
    cli_need(state, o->results, "--results FILE");
}

static void check(const struct argp_state *state)
{
    const cli_onboard_options *o = state->input;
    cli_need(state, o->server.url, "--server URL");
    cli_need(state, o->chain, "--chain FILE");
    cli_need(state, o->key.file, "--key FILE, the private key of the chain's last agent,");
    if (o->batch)
        check_batch(state);
    else
        check_one(state);
}

/* Where an option that is a text goes; NULL for another. */
static const char **slot_of(cli_onboard_options *o, int key)
{
    switch (key) {
    case OPTION_CHAIN:
        return &o->chain;
    case OPTION_DEVICE:
        return &o->device;
    case OPTION_DEVICE_KEY:
        return &o->device_key.file;
    case OPTION_DEVICE_PASSPHRASE:
        return &o->device_key.passphrase.file;
    case OPTION_CSR:
        return &o->csr;
    case OPTION_NONCE:
        return &o->nonce;
    case OPTION_PROOF:
        return &o->device_proof;
    case OPTION_TICKET:
        return &o->ticket;
    case OPTION_SIMULATED:
        return &o->simulated;
    default:
        return NULL;
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    cli_onboard_options *o = state->input;
    const char **slot = slot_of(o, key);
    if (slot) {
        *slot = arg;
        return 0;
    }
    switch (key) {
    case ARGP_KEY_INIT:
        begin(state);
        return 0;
    case OPTION_MISBEHAVE:
        o->misbehaviour = cli_misbehaviour_option(state, arg);
        return 0;
    case OPTION_WAIT:
        o->wait_s = cli_duration_option(state, "--wait", arg);
        return 0;
    case ARGP_KEY_END:
        check(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"chain", OPTION_CHAIN, "FILE", 0, "Chain that lets you act", 10},
    {"device", OPTION_DEVICE, "FILE", 0,
     "Its identity as JSON: manufacturer, model, serial, id_link; or typed as serial=SN-17,model=XY-1", 11},
    {"device-key", OPTION_DEVICE_KEY, "FILE", 0, "Private key of the device: makes the certificate request", 12},
    {"device-passphrase-file", OPTION_DEVICE_PASSPHRASE, "FILE", 0, "First line of FILE is that key's passphrase", 12},
    {"csr", OPTION_CSR, "FILE", 0, "Certificate request that the device made with --nonce as challengePassword", 13},
    {"nonce", OPTION_NONCE, "NONCE", 0, "Nonce that the server gave (`poa challenge')", 13},
    {"device-proof", OPTION_PROOF, "FILE", 0, "Proof that the device made by its IDevID, with --csr", 13},
    {"simulated", OPTION_SIMULATED, "DIR", 0, "A simulated device answers (`poa device simulate')", 14},
    {"misbehave", OPTION_MISBEHAVE, "HOW", 0,
     "It answers badly: wrong-serial, old-proof, other-agent, cloned-label "
     "or copied-idevid",
     14},
    {"ticket", OPTION_TICKET, "FILE", 0, "The maker's signed ticket, which ties the label to the key", 15},
    {"wait", OPTION_WAIT, "DURATION", 0, "Where somebody has to approve, wait so long for it: 10m", 15},
    {0},
};
static const struct argp_child children[] = {
    {&cli_key_argp, 0, NULL, 0}, {&cli_server_argp, 0, NULL, 0}, {&cli_output_argp, 0, NULL, 0}, {0}};

const struct argp cli_onboard_argp = {options, parse, NULL, NULL, children, NULL, NULL};
