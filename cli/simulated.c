#include "simulated.h"

#include "bounds.h"

#include "cleanup.h"
#include "crypto.h"
#include "csr.h"
#include "files.h"
#include "json.h"
#include "keys.h"
#include "output.h"
#include "pem.h"
#include "refusal.h"
#include "span.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LABEL_BYTES_MAX = 4096, IDEVID_BYTES_MAX = POA_X5C_MAX * 2 * POA_CERT_BYTES_MAX, JTI_BYTES = 16 };

#define A_YEAR_S (366 * INT64_C(86400))

static const struct {
    enum cli_misbehaviour misbehaviour;
    const char *name;
} misbehaviours[] = {
#define X(symbol, name, what) {symbol, name},
    CLI_MISBEHAVIOUR_LIST(X)
#undef X
};

enum cli_misbehaviour cli_misbehaviour_option(const struct argp_state *state, const char *name)
{
    static const char all[] =
#define X(symbol, name, what) name ": " what "\n"
        CLI_MISBEHAVIOUR_LIST(X)
#undef X
        ;
    for (size_t i = 0; i < POA_COUNT(misbehaviours); i++)
        if (strcmp(misbehaviours[i].name, name) == 0)
            return misbehaviours[i].misbehaviour;
    argp_error(state, "--misbehave knows:\n%s", all);
    return CLI_BEHAVE;
}

/* ---- the folder ---- */

char *cli_simulated_path(const cli_simulated *device, const char *name)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_printf(&b, "%s/%s", device->folder, name);
    return poa_buf_take(&b);
}

static bool has_file(const cli_simulated *device, const char *name)
{
    POA_CLEANUP(poa_freep) char *path = cli_simulated_path(device, name);
    return path && access(path, F_OK) == 0;
}

static int load_key(const cli *app, const cli_simulated *device, const char *name, poa_key **key)
{
    POA_CLEANUP(poa_freep) char *path = cli_simulated_path(device, name);
    if (!path)
        return cli_fault_of(POA_F_NOMEM);
    const cli_key_options options = {.file = path, .passphrase = {.descriptor = -1}};
    poa_signer unused = {0};
    return cli_key_sign_with(app, &options, key, &unused);
}

static int load_certs(const cli_simulated *device, const char *name, poa_certs **certs)
{
    POA_CLEANUP(poa_freep) char *path = cli_simulated_path(device, name);
    POA_CLEANUP(poa_freep) char *text = NULL;
    size_t len = 0;
    if (!path)
        return cli_fault_of(POA_F_NOMEM);
    const int failed = cli_file_read(path, IDEVID_BYTES_MAX, &text, &len);
    if (failed)
        return failed;
    const poa_err err = poa_certs_parse((poa_span){text, len}, certs, NULL);
    return err ? cli_refuse(err, NULL, path) : CLI_OK;
}

static int load_object(const cli_simulated *device, const char *name, json_t **object)
{
    POA_CLEANUP(poa_freep) char *path = cli_simulated_path(device, name);
    POA_CLEANUP(poa_freep) char *text = NULL;
    size_t len = 0;
    if (!path)
        return cli_fault_of(POA_F_NOMEM);
    const int failed = cli_file_read(path, LABEL_BYTES_MAX, &text, &len);
    if (failed)
        return failed;
    const poa_err err = poa_json_parse((poa_span){text, len}, object);
    return err ? cli_refuse(err, NULL, path) : CLI_OK;
}

int cli_simulated_load(const cli *app, const char *folder, cli_simulated *device)
{
    *device = (cli_simulated){.folder = folder};
    if (!has_file(device, "label.json") || !has_file(device, "device.key")) {
        POA_CLEANUP(poa_freep) char *shown = cli_escaped(poa_span_of(folder));
        (void)cli_usage("%s is no simulated device", shown);
        cli_hint("`poa device simulate --maker DIR --serial SN-17 -o %s' makes one", shown);
        return CLI_USAGE;
    }
    int failed = load_object(device, "label.json", &device->label);
    if (!failed)
        failed = load_key(app, device, "device.key", &device->key);
    if (!failed && has_file(device, "idevid.key"))
        failed = load_key(app, device, "idevid.key", &device->idevid_key);
    if (!failed && device->idevid_key)
        failed = load_certs(device, "idevid.pem", &device->idevid);
    if (!failed && has_file(device, "credential.pem"))
        failed = load_certs(device, "credential.pem", &device->credential);
    if (!failed && has_file(device, "state.json"))
        failed = load_object(device, "state.json", &device->state);
    if (!failed && !device->state && !(device->state = json_object()))
        failed = cli_fault_of(POA_F_NOMEM);
    return failed;
}

void cli_simulated_clear(cli_simulated *device)
{
    json_decref(device->label);
    json_decref(device->state);
    poa_key_free(device->idevid_key);
    poa_key_free(device->key);
    poa_certs_free(device->idevid);
    poa_certs_free(device->credential);
    *device = (cli_simulated){0};
}

int cli_simulated_remember(const cli_simulated *device)
{
    POA_CLEANUP(poa_freep) char *path = cli_simulated_path(device, "state.json");
    POA_CLEANUP(poa_freep) char *text = cli_json_compact(device->state);
    if (!path || !text)
        return cli_fault_of(POA_F_NOMEM);
    return cli_file_write(&(cli_write){.path = path, .force = true}, poa_span_of(text));
}

int cli_simulated_keep(const cli *app, cli_simulated *device, const json_t *reply)
{
    (void)app;
    const json_t *record = json_object_get(reply, "device");
    const poa_span pem = poa_json_span(json_object_get(reply, "certificate"));
    POA_CLEANUP(poa_freep) char *path = cli_simulated_path(device, "credential.pem");
    POA_CLEANUP(poa_certs_freep) poa_certs *credential = NULL;
    if (!path)
        return cli_fault_of(POA_F_NOMEM);
    if (poa_certs_parse(pem, &credential, NULL) != POA_OK) {
        (void)cli_usage("the server's reply holds no certificates in PEM form");
        return CLI_UNREACHABLE;
    }
    const int failed = cli_file_write(&(cli_write){.path = path, .force = true}, pem);
    if (failed)
        return failed;
    poa_certs_free(device->credential);
    device->credential = POA_TAKE(credential);
    (void)json_object_set(device->state, "id", json_object_get(record, "id"));
    (void)json_object_set(device->state, "due", json_object_get(record, "due"));
    return cli_simulated_remember(device);
}

/* ---- what it signs ---- */

typedef struct speech {
    const cli_simulated *device;
    const cli_simulated_task *task;
    poa_key *key;     /* owned: in the certificate request */
    poa_signer signs; /* the proof */
    poa_key *stolen;  /* owned: signs where the right key is missing */
    char jti[32];
    poa_bytes csr; /* DER */
    poa_device_proof_facts facts;
    char serial[POA_SERIAL_BYTES_MAX + 1];
} speech;

static void clear(speech *s)
{
    poa_key_free(s->key);
    poa_key_free(s->stolen);
    poa_bytes_clear(&s->csr);
}

static poa_span said(const cli_simulated *device, const char *member)
{
    return poa_json_span(json_object_get(device->label, member));
}

/* A clone has the label and a key of its own; whoever copied the IDevID has another key, too. */
static poa_err choose_keys(const cli *app, speech *s)
{
    const cli_simulated *device = s->device;
    const enum cli_misbehaviour bad = s->task->misbehaviour;
    if (bad == CLI_MISBEHAVE_LABEL || bad == CLI_MISBEHAVE_CERTIFICATE) {
        const poa_err err = poa_key_generate(app->ctx, POA_ALG_ES256, &s->stolen);
        if (err)
            return err;
    }
    s->key = poa_key_ref(bad == CLI_MISBEHAVE_LABEL ? s->stolen : device->key);
    const bool idevid = device->idevid_key && bad != CLI_MISBEHAVE_LABEL;
    const poa_key *signs = idevid ? device->idevid_key : s->key;
    return poa_signer_of(s->stolen ? s->stolen : signs, POA_ALG_NONE, &s->signs);
}

static poa_err make_jti(speech *s)
{
    uint8_t bytes[JTI_BYTES];
    if (!cli_random.fill(cli_random.self, bytes, sizeof bytes))
        return POA_F_CRYPTO;
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_base64url(&b, bytes, sizeof bytes);
    if (b.failed || b.len >= sizeof s->jti)
        return POA_F_NOMEM;
    memcpy(s->jti, b.text, b.len);
    return POA_OK;
}

static void fill_x5c(speech *s)
{
    const poa_certs *idevid = s->device->idevid;
    if (!idevid || s->task->misbehaviour == CLI_MISBEHAVE_LABEL)
        return;
    for (size_t i = 0; i < poa_certs_count(idevid) && i < POA_X5C_MAX; i++)
        s->facts.x5c.certificates[s->facts.x5c.len++] = poa_certs_der(idevid, i);
}

static poa_err fill_facts(const cli *app, speech *s)
{
    const enum cli_misbehaviour bad = s->task->misbehaviour;
    const poa_span stale = POA_SPAN("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    const poa_span serial = said(s->device, "serial");
    poa_device_proof_facts *facts = &s->facts;
    facts->serial = serial;
    if (bad == CLI_MISBEHAVE_SERIAL && serial.len < sizeof s->serial - 1) {
        memcpy(s->serial, serial.ptr, serial.len);
        s->serial[serial.len] = 'X';
        facts->serial = (poa_span){s->serial, serial.len + 1};
    }
    facts->created_s = (int64_t)time(NULL);
    facts->agent_jkt = *s->task->agent;
    if (s->task->nonce)
        facts->nonce = bad == CLI_MISBEHAVE_OLD ? stale : poa_span_of(s->task->nonce);
    else
        facts->jti = poa_span_of(s->jti);
    if (bad == CLI_MISBEHAVE_OLD && !s->task->nonce)
        facts->created_s -= A_YEAR_S;
    if (bad == CLI_MISBEHAVE_AGENT)
        facts->agent_jkt = *poa_key_thumbprint(s->device->key);
    if (said(s->device, "id_link").len > 0)
        facts->id_link = said(s->device, "id_link");
    fill_x5c(s);
    return poa_sha256(app->ctx, poa_bytes_span(&s->csr), &facts->csr_hash);
}

static poa_err speak(const cli *app, speech *s, char **proof, poa_reason *why)
{
    poa_err err = choose_keys(app, s);
    if (!err && !s->task->nonce)
        err = make_jti(s);
    if (!err)
        err = poa_csr_make(s->key, poa_span_of(s->task->nonce ? s->task->nonce : s->jti), said(s->device, "serial"),
                           &s->csr);
    if (!err)
        err = fill_facts(app, s);
    return err ? err : poa_device_proof_sign(app->ctx, &s->facts, &s->signs, proof, why);
}

int cli_simulated_request(const cli *app, const cli_simulated *device, const cli_simulated_task *task, json_t **out)
{
    POA_CLEANUP(clear) speech s = {.device = device, .task = task};
    POA_CLEANUP(poa_freep) char *proof = NULL;
    POA_CLEANUP(poa_bytes_clear) poa_bytes pem = {0};
    poa_reason why = {.hop = POA_HOP_NONE};
    poa_err err = speak(app, &s, &proof, &why);
    if (!err)
        err = poa_pem_write(POA_PEM_CSR, poa_bytes_span(&s.csr), &pem);
    if (err)
        return cli_refuse(err, &why, device->folder);
    *out = json_pack("{s:O, s:s, s:s*, s:s}", "device", device->label, "csr", (const char *)pem.ptr, "location",
                     task->location, "device_proof", proof);
    return *out ? CLI_OK : cli_usage("the location is no valid UTF-8 text");
}
