#include "cli.h"

#include "chains.h"
#include "csr.h"
#include "files.h"
#include "json.h"
#include "onboarding.h"
#include "options.h"
#include "output.h"
#include "pem.h"
#include "refusal.h"
#include "request_options.h"
#include "span.h"

#include <string.h>

enum {
    OPTION_CHAIN = CLI_OPTIONS_VERB,
    OPTION_LOCATION,
    OPTION_DEVICE,
    OPTION_DEVICE_KEY,
    OPTION_DEVICE_PASSPHRASE,
    OPTION_CSR,
    OPTION_NONCE,
};

typedef struct onboard_task {
    const char *chain;
    const char *location;
    const char *device; /* file, or members as they are typed */
    const char *csr;
    const char *nonce;
    cli_key_options key;
    cli_key_options device_key;
    cli_server_options server;
    cli_output_options output;
} onboard_task;

static void begin(struct argp_state *state)
{
    onboard_task *task = state->input;
    task->device_key.passphrase.descriptor = -1;
    state->child_inputs[0] = &task->key;
    state->child_inputs[1] = &task->server;
    state->child_inputs[2] = &task->output;
}

static void check(const struct argp_state *state)
{
    const onboard_task *task = state->input;
    cli_need(state, task->server.url, "--server URL");
    cli_need(state, task->chain, "--chain FILE");
    cli_need(state, task->key.file, "--key FILE, the private key of the chain's last agent,");
    cli_need(state, task->location, "--location PATH");
    cli_need(state, task->device, "--device FILE");
    if (!task->device_key.file == !task->csr)
        argp_error(state, "either --device-key FILE or --csr FILE is wanted");
    if (task->csr && !task->nonce)
        argp_error(state, "--csr wants --nonce NONCE, which the request for a certificate repeats");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    onboard_task *task = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        begin(state);
        return 0;
    case OPTION_CHAIN:
        task->chain = arg;
        return 0;
    case OPTION_LOCATION:
        task->location = arg;
        return 0;
    case OPTION_DEVICE:
        task->device = arg;
        return 0;
    case OPTION_DEVICE_KEY:
        task->device_key.file = arg;
        return 0;
    case OPTION_DEVICE_PASSPHRASE:
        task->device_key.passphrase.file = arg;
        return 0;
    case OPTION_CSR:
        task->csr = arg;
        return 0;
    case OPTION_NONCE:
        task->nonce = arg;
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

/* A request for a certificate, as PEM; it must repeat the nonce. */
static int read_csr(const cli *app, const onboard_task *task, char **pem)
{
    POA_CLEANUP(poa_freep) char *text = NULL;
    POA_CLEANUP(poa_csr_freep) poa_csr *csr = NULL;
    size_t len = 0;
    const int failed = cli_file_read(task->csr, POA_CSR_BYTES_MAX, &text, &len);
    if (failed)
        return failed;
    poa_why why = {{0}};
    const poa_span bytes = {text, len};
    poa_err err = poa_csr_parse(app->ctx, bytes, &csr, &why);
    if (err && why.text[0] != '\0')
        cli_say("%s: %s", task->csr, why.text);
    if (err)
        return cli_refuse(err, NULL, NULL);
    if (!poa_span_is(poa_csr_challenge(csr), task->nonce)) {
        (void)cli_usage("the challengePassword of %s is not the nonce", task->csr);
        cli_hint("make the request with the nonce that `poa challenge' gave");
        return CLI_USAGE;
    }
    if (poa_pem_begins(bytes)) {
        *pem = POA_TAKE(text);
        return CLI_OK;
    }
    POA_CLEANUP(poa_bytes_clear) poa_bytes block = {0};
    err = poa_pem_write(POA_PEM_CSR, bytes, &block);
    if (err)
        return cli_fault_of(err);
    *pem = poa_span_dup(poa_bytes_span(&block));
    return *pem ? CLI_OK : cli_fault_of(POA_F_NOMEM);
}

/* What is written to a file or a terminal is a certificate, and nothing that a terminal would act on. */
static bool is_plain_text(poa_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '\n' && (text.ptr[i] < 0x20 || text.ptr[i] > 0x7e))
            return false;
    return poa_pem_begins(text);
}

static int deliver(const onboard_task *task, const json_t *reply, bool created)
{
    const poa_span certificate = poa_json_span(json_object_get(reply, "certificate"));
    const json_t *device = json_object_get(reply, "device");
    if (!is_plain_text(certificate)) {
        (void)cli_usage("the server's reply holds no certificate in PEM form");
        return CLI_UNREACHABLE;
    }
    POA_CLEANUP(poa_freep) char *id = cli_escaped(poa_json_span(json_object_get(device, "id")));
    if (task->output.file || !task->output.json) {
        const int failed =
            cli_file_write(&(cli_write){.path = task->output.file, .force = task->output.force}, certificate);
        if (failed)
            return failed;
    }
    cli_say(created ? "device %s is in" : "device %s was in already: this is what was stored then", id);
    return task->output.json ? cli_print_json(reply) : CLI_OK;
}

static int onboard(const cli *app, const onboard_task *task)
{
    POA_CLEANUP(poa_chain_freep) poa_chain *chain = NULL;
    POA_CLEANUP(cli_key_freep) poa_key *key = NULL;
    POA_CLEANUP(cli_key_freep) poa_key *device_key = NULL;
    POA_CLEANUP(poa_freep) char *csr = NULL;
    POA_CLEANUP(poa_json_decrefp) json_t *device = NULL;
    POA_CLEANUP(poa_json_decrefp) json_t *reply = NULL;
    POA_CLEANUP(cli_connection_freep) cli_connection *connection = NULL;
    poa_signer signer = {0};
    poa_signer unused = {0};
    bool created = false;

    int failed = cli_file_may_write(&(cli_write){.path = task->output.file, .force = task->output.force});
    if (!failed)
        failed = cli_connect(&task->server, &connection);
    if (!failed)
        failed = cli_device_members(task->device, &device);
    if (!failed)
        failed = cli_chain_read(app, task->chain, &chain);
    if (!failed)
        failed = cli_key_sign_with(app, &task->key, &key, &signer);
    if (!failed)
        failed =
            task->csr ? read_csr(app, task, &csr) : cli_key_sign_with(app, &task->device_key, &device_key, &unused);
    if (failed)
        return failed;

    const cli_agent agent = {.server = &task->server, .connection = connection, .chain = chain, .signer = &signer};
    const cli_onboarding onboarding = {.agent = &agent,
                                       .location = task->location,
                                       .device = device,
                                       .device_key = device_key,
                                       .csr = csr,
                                       .nonce = task->nonce};
    failed = cli_onboard(app, &onboarding, &reply, &created);
    return failed ? failed : deliver(task, reply, created);
}

int cli_verb_onboard(cli *app, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"chain", OPTION_CHAIN, "FILE", 0, "Chain that lets you act", 10},
        {"location", OPTION_LOCATION, "PATH", 0, "Where the device stands: mine-7/hall-2", 11},
        {"device", OPTION_DEVICE, "FILE", 0,
         "Its identity as JSON: manufacturer, model, serial, id_link; or typed as serial=SN-17,model=XY-1", 11},
        {"device-key", OPTION_DEVICE_KEY, "FILE", 0, "Private key of the device: makes the certificate request", 12},
        {"device-passphrase-file", OPTION_DEVICE_PASSPHRASE, "FILE", 0, "First line of FILE is that key's passphrase",
         12},
        {"csr", OPTION_CSR, "FILE", 0, "Certificate request that the device made with --nonce as challengePassword",
         13},
        {"nonce", OPTION_NONCE, "NONCE", 0, "Nonce that the server gave (`poa challenge')", 13},
        {0},
    };
    static const struct argp_child children[] = {
        {&cli_key_argp, 0, NULL, 0}, {&cli_server_argp, 0, NULL, 0}, {&cli_output_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        options,
        parse,
        NULL,
        "Bring a device onto a site: present the chain, prove its key, and get the device's certificate. The same "
        "command again gives the same certificate.\v"
        "Example:\n"
        "  poa onboard --server https://poa.site.example --chain technician.poa \\\n"
        "    --key technician.key --location mine-7/hall-2 \\\n"
        "    --device device.json --device-key device.key -o device.pem",
        children,
        NULL,
        NULL};

    onboard_task task = {0};
    cli_parse(&argp, argc, argv, &task);
    return onboard(app, &task);
}
