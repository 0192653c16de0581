#include "cli.h"

#include "batch.h"
#include "chains.h"
#include "csr.h"
#include "files.h"
#include "json.h"
#include "onboard_options.h"
#include "onboarding.h"
#include "output.h"
#include "pem.h"
#include "refusal.h"
#include "request_options.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>

enum { TOKEN_BYTES_MAX = 16384 };

/* A request for a certificate, as PEM; it must repeat the nonce. */
static int read_csr(const cli *app, const cli_onboard_options *task, char **pem)
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

/* Who was asked has to ask a person first. */
static int tell_waiting(const cli_onboard_options *task, const json_t *reply)
{
    const json_t *onboarding = json_object_get(reply, "onboarding");
    POA_CLEANUP(poa_freep) char *id = cli_escaped(poa_json_span(json_object_get(onboarding, "id")));
    cli_say("device %s waits for somebody's approval", id);
    cli_hint("`poa device approve %s' says yes; the same command again, or with --wait 10m, gets the certificate", id);
    const int failed = task->output.json ? cli_print_json(reply) : CLI_OK;
    return failed ? failed : poa_err_describe(POA_E_APPROVAL_REQUIRED)->exit;
}

static int deliver(const cli_onboard_options *task, const json_t *reply, enum cli_onboarded how)
{
    if (how == CLI_ONBOARDED_WAITS)
        return tell_waiting(task, reply);
    const poa_span certificate = poa_json_span(json_object_get(reply, "certificate"));
    const json_t *device = json_object_get(reply, "device");
    if (!is_plain_text(certificate)) {
        (void)cli_usage("the server's reply holds no certificate in PEM form");
        return CLI_UNREACHABLE;
    }
    POA_CLEANUP(poa_freep) char *id = cli_escaped(poa_json_span(json_object_get(device, "id")));
    const bool kept = task->simulated && !task->output.file;
    if (task->output.file || (!task->output.json && !kept)) {
        const int failed =
            cli_file_write(&(cli_write){.path = task->output.file, .force = task->output.force}, certificate);
        if (failed)
            return failed;
    }
    cli_say(how == CLI_ONBOARDED_NOW ? "device %s is in" : "device %s was in already: this is what was stored then",
            id);
    return task->output.json ? cli_print_json(reply) : CLI_OK;
}

/* What was read for one onboarding. */
typedef struct sources {
    poa_chain *chain;
    poa_key *key;
    poa_key *device_key;
    poa_signer signer;
    cli_connection *connection;
    cli_simulated simulated;
    json_t *device;
    char *csr;
    char *device_proof;
    char *ticket;
} sources;

static void clear(sources *s)
{
    poa_chain_free(s->chain);
    poa_key_free(s->key);
    poa_key_free(s->device_key);
    cli_connection_free(s->connection);
    cli_simulated_clear(&s->simulated);
    json_decref(s->device);
    free(s->csr);
    free(s->device_proof);
    free(s->ticket);
}

/* A token in a file: its first line. */
static int read_token(const char *path, char **text)
{
    size_t len = 0;
    if (!path)
        return CLI_OK;
    const int failed = cli_file_read(path, TOKEN_BYTES_MAX, text, &len);
    if (!failed)
        (*text)[strcspn(*text, "\r\n")] = '\0';
    return failed;
}

static int read_who(const cli *app, const cli_onboard_options *task, sources *s)
{
    int failed = cli_connect(&task->server, &s->connection);
    if (!failed)
        failed = cli_chain_read(app, task->chain, &s->chain);
    if (!failed)
        failed = cli_key_sign_with(app, &task->key, &s->key, &s->signer);
    return failed;
}

static int read_what(const cli *app, const cli_onboard_options *task, sources *s)
{
    poa_signer unused = {0};
    int failed = task->device ? cli_device_members(task->device, &s->device) : CLI_OK;
    if (!failed && task->simulated)
        failed = cli_simulated_load(app, task->simulated, &s->simulated);
    if (!failed && task->csr)
        failed = read_csr(app, task, &s->csr);
    if (!failed && task->device_key.file)
        failed = cli_key_sign_with(app, &task->device_key, &s->device_key, &unused);
    if (!failed)
        failed = read_token(task->device_proof, &s->device_proof);
    if (!failed)
        failed = read_token(task->ticket, &s->ticket);
    return failed;
}

static int onboard_one(const cli *app, const cli_onboard_options *task)
{
    POA_CLEANUP(clear) sources s = {0};
    POA_CLEANUP(poa_json_decrefp) json_t *reply = NULL;
    POA_CLEANUP(poa_buf_clear) poa_buf path = {0};
    enum cli_onboarded how = CLI_ONBOARDED_NOW;

    int failed = cli_file_may_write(&(cli_write){.path = task->output.file, .force = task->output.force});
    if (!failed)
        failed = read_what(app, task, &s);
    if (!failed)
        failed = read_who(app, task, &s);
    if (failed)
        return failed;
    if (task->replace)
        poa_buf_printf(&path, "/v1/devices/%s/replacement", task->replace);
    else
        poa_buf_text(&path, "/v1/onboardings");
    if (path.failed)
        return cli_fault_of(POA_F_NOMEM);

    const cli_agent agent = {
        .server = &task->server, .connection = s.connection, .chain = s.chain, .signer = &s.signer};
    const cli_onboarding onboarding = {.agent = &agent,
                                       .path = path.text,
                                       .location = task->location,
                                       .device = s.device,
                                       .simulated = task->simulated ? &s.simulated : NULL,
                                       .misbehaviour = task->misbehaviour,
                                       .device_key = s.device_key,
                                       .csr = s.csr,
                                       .device_proof = s.device_proof,
                                       .ticket = s.ticket,
                                       .nonce = task->nonce,
                                       .wait_s = task->wait_s};
    failed = cli_onboard(app, &onboarding, &reply, &how);
    if (!failed && task->simulated && how != CLI_ONBOARDED_WAITS)
        failed = cli_simulated_keep(app, &s.simulated, reply);
    return failed ? failed : deliver(task, reply, how);
}

static int onboard_batch(const cli *app, const cli_onboard_options *task)
{
    POA_CLEANUP(clear) sources s = {0};
    const int failed = read_who(app, task, &s);
    if (failed)
        return failed;
    const cli_agent agent = {
        .server = &task->server, .connection = s.connection, .chain = s.chain, .signer = &s.signer};
    const cli_batch batch = {
        .agent = &agent, .requests = task->batch, .results = task->results, .simulated = task->simulated};
    return cli_batch_run(app, &batch);
}

int cli_onboard_run(const cli *app, const cli_onboard_options *options)
{
    return options->batch ? onboard_batch(app, options) : onboard_one(app, options);
}

enum { OPTION_LOCATION = CLI_OPTIONS_VERB, OPTION_BATCH, OPTION_RESULTS };

static error_t parse(int key, char *arg, struct argp_state *state)
{
    cli_onboard_options *o = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = o;
        return 0;
    case OPTION_LOCATION:
        o->location = arg;
        return 0;
    case OPTION_BATCH:
        o->batch = arg;
        return 0;
    case OPTION_RESULTS:
        o->results = arg;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "one argument too many: %s", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int cli_verb_onboard(cli *app, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"location", OPTION_LOCATION, "PATH", 0, "Where the device stands: mine-7/hall-2", 11},
        {"batch", OPTION_BATCH, "FILE", 0, "Many devices: requests that `poa device collect' wrote, one a line", 16},
        {"results", OPTION_RESULTS, "FILE", 0,
         "What became of each goes there. The same command goes on where it was stopped", 16},
        {0},
    };
    static const struct argp_child children[] = {{&cli_onboard_argp, 0, NULL, 0}, {0}};
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

    cli_onboard_options task = {0};
    cli_parse(&argp, argc, argv, &task);
    return cli_onboard_run(app, &task);
}
