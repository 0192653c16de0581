#include "device_verbs.h"

#include "cleanup.h"
#include "crypto.h"
#include "csr.h"
#include "files.h"
#include "json.h"
#include "keys.h"
#include "makers.h"
#include "options.h"
#include "output.h"
#include "refusal.h"
#include "simulated.h"
#include "span.h"
#include "times.h"

#include <stdlib.h>
#include <string.h>

enum { OPTION_MAKER = CLI_OPTIONS_VERB, OPTION_FOR };

enum { JTI_BYTES = 16 };

typedef struct ticket_task {
    const char *maker;
    const char *device;
    int64_t for_s; /* 0: without end */
    cli_output_options output;
} ticket_task;

static error_t parse(int key, char *arg, struct argp_state *state)
{
    ticket_task *task = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &task->output;
        return 0;
    case OPTION_MAKER:
        task->maker = arg;
        return 0;
    case OPTION_FOR:
        task->for_s = cli_duration_option(state, "--for", arg);
        return 0;
    case ARGP_KEY_ARG:
        cli_only_argument(state, &task->device, arg);
        return 0;
    case ARGP_KEY_END:
        cli_need(state, task->maker, "--maker DIR");
        cli_need(state, task->device, "DIR of the device");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* SHA-256 of the SubjectPublicKeyInfo of the key by which the device is known: that of its IDevID, where it has one. */
static poa_err key_of(const cli *app, const cli_simulated *device, poa_id *out)
{
    const poa_key *key = device->idevid_key ? device->idevid_key : device->key;
    POA_CLEANUP(poa_bytes_clear) poa_bytes der = {0};
    POA_CLEANUP(poa_csr_freep) poa_csr *csr = NULL;
    poa_err err = poa_csr_make(key, (poa_span){0}, (poa_span){0}, &der);
    if (!err)
        err = poa_csr_parse(app->ctx, poa_bytes_span(&der), &csr, NULL);
    if (!err)
        *out = *poa_csr_key_id(csr);
    return err;
}

static poa_err sign(const cli *app, const ticket_task *task, const cli_maker *maker, const cli_simulated *device,
                    char **text, poa_reason *why)
{
    uint8_t random[JTI_BYTES];
    POA_CLEANUP(poa_buf_clear) poa_buf jti = {0};
    if (!cli_random.fill(cli_random.self, random, sizeof random))
        return POA_F_CRYPTO;
    poa_buf_base64url(&jti, random, sizeof random);
    const poa_span serial = poa_json_span(json_object_get(device->label, "serial"));
    const poa_span link = poa_json_span(json_object_get(device->label, "id_link"));
    const poa_span model = poa_json_span(json_object_get(device->label, "model"));
    poa_ticket_facts facts = {.x5c = {.certificates = {poa_ca_chain_der(maker->ca, 0)}, .len = 1},
                              .iss = maker->name,
                              .iat_s = app->now_s,
                              .exp_s = task->for_s > 0 ? app->now_s + task->for_s : -1,
                              .jti = poa_buf_span(&jti),
                              .serial = serial,
                              .id_link = link,
                              .model = model,
                              .has_key = true};
    poa_signer signer = {0};
    poa_err err = jti.failed ? POA_F_NOMEM : key_of(app, device, &facts.key);
    if (!err)
        err = poa_signer_of(poa_ca_key(maker->ca), POA_ALG_NONE, &signer);
    return err ? err : poa_ticket_sign(app->ctx, &facts, &signer, text, why);
}

static int make(const cli *app, const ticket_task *task)
{
    POA_CLEANUP(cli_maker_clear) cli_maker maker = {0};
    POA_CLEANUP(cli_simulated_clear) cli_simulated device = {0};
    POA_CLEANUP(poa_freep) char *text = NULL;
    POA_CLEANUP(poa_buf_clear) poa_buf line = {0};
    poa_reason why = {.hop = POA_HOP_NONE};
    int failed = cli_maker_load(app, task->maker, &maker);
    if (!failed)
        failed = cli_simulated_load(app, task->device, &device);
    if (failed)
        return failed;
    const poa_err err = sign(app, task, &maker, &device, &text, &why);
    if (err)
        return cli_refuse(err, &why, task->device);
    poa_buf_printf(&line, "%s\n", text);
    if (line.failed)
        return cli_fault_of(POA_F_NOMEM);
    return cli_file_write(&(cli_write){.path = task->output.file, .force = task->output.force}, poa_buf_span(&line));
}

int cli_device_ticket(cli *app, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"maker", OPTION_MAKER, "DIR", 0, "Whose ticket it is (`poa device maker')", 1},
        {"for", OPTION_FOR, "DURATION", 0, "How long it is good (without end)", 1},
        {0},
    };
    static const struct argp_child children[] = {{&cli_output_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {options,
                                     parse,
                                     "DIR",
                                     "Sign a ticket as a made-up manufacturer: it announces a simulated device, and "
                                     "ties the label on its housing to "
                                     "the key inside. For `poa device expect --ticket' and `poa onboard --ticket'.\v"
                                     "Example:\n"
                                     "  poa device ticket sn-17 --maker acme -o sn-17.ticket",
                                     children,
                                     NULL,
                                     NULL};
    ticket_task task = {0};
    cli_parse(&argp, argc, argv, &task);
    return make(app, &task);
}
