#include "simulated.h"

#include "bounds.h"
#include "cleanup.h"
#include "credential.h"
#include "crypto.h"
#include "csr.h"
#include "files.h"
#include "json.h"
#include "keys.h"
#include "makers.h"
#include "output.h"
#include "pem.h"
#include "refusal.h"
#include "span.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*
 * The next key stands beside the one in use until a site has certified it: who did not hear the reply to a rekey asks
 * again for the same key, and the server knows it.
 */
#define NEXT_KEY "device.key.next"

typedef struct speech {
    poa_key *fresh; /* owned; NULL: the device keeps its key */
    poa_bytes csr;  /* owned; DER */
    poa_signer signs;
    poa_trust_proof_facts facts;
} speech;

static void clear(speech *s)
{
    poa_key_free(s->fresh);
    poa_bytes_clear(&s->csr);
}

/* ---- the next key ---- */

/* The next key, where one is there. */
static int load_next(const cli *app, const cli_simulated *device, poa_key **key)
{
    POA_CLEANUP(poa_freep) char *path = cli_simulated_path(device, NEXT_KEY);
    if (!path)
        return cli_fault_of(POA_F_NOMEM);
    if (access(path, F_OK) != 0)
        return CLI_OK;
    const cli_key_options options = {.file = path, .passphrase = {.descriptor = -1}};
    poa_signer unused = {0};
    return cli_key_sign_with(app, &options, key, &unused);
}

static int need_next(const cli *app, const cli_simulated *device, poa_key **key)
{
    const int failed = load_next(app, device, key);
    if (failed || *key)
        return failed;
    const poa_err err = poa_key_generate(app->ctx, POA_ALG_ES256, key);
    return err ? cli_fault_of(err) : cli_maker_write_key(device->folder, NEXT_KEY, *key);
}

static int put_next_in_place(cli_simulated *device, poa_key *next)
{
    POA_CLEANUP(poa_freep) char *from = cli_simulated_path(device, NEXT_KEY);
    POA_CLEANUP(poa_freep) char *to = cli_simulated_path(device, "device.key");
    if (!from || !to)
        return cli_fault_of(POA_F_NOMEM);
    if (rename(from, to) != 0)
        return cli_fault("the next key of %s cannot be put in place: %s", device->folder, strerror(errno));
    poa_key_free(device->key);
    device->key = poa_key_ref(next);
    return CLI_OK;
}

/* Is the credential one for this key? */
static bool is_certified(const cli *app, const cli_simulated *device, const poa_key *key)
{
    poa_span ders[POA_CERTS_MAX];
    const size_t count = poa_certs_count(device->credential);
    for (size_t i = 0; i < count; i++)
        ders[i] = poa_certs_der(device->credential, i);
    int64_t from_s = 0, to_s = 0;
    POA_CLEANUP(poa_idevid_freep) poa_idevid *held = NULL;
    return count > 1 && poa_credential_times(ders[0], &from_s, &to_s) == POA_OK &&
           poa_credential_verify(app->ctx, (poa_ders){ders, 1}, (poa_ders){ders + 1, count - 1}, to_s, &held, NULL) ==
               POA_OK &&
           poa_id_equal(poa_key_thumbprint(poa_idevid_key(held)), poa_key_thumbprint(key));
}

int cli_simulated_settle(const cli *app, cli_simulated *device)
{
    POA_CLEANUP(cli_key_freep) poa_key *next = NULL;
    const int failed = load_next(app, device, &next);
    if (failed || !next || !device->credential || !is_certified(app, device, next))
        return failed;
    return put_next_in_place(device, next);
}

/* ---- what it signs ---- */

static poa_err request_certificate(const cli *app, const cli_simulated *device, const char *nonce, speech *s)
{
    const poa_span serial = poa_json_span(json_object_get(device->label, "serial"));
    const poa_err err = poa_csr_make(s->fresh, poa_span_of(nonce), serial, &s->csr);
    s->facts.has_csr_hash = true;
    return err ? err : poa_sha256(app->ctx, poa_bytes_span(&s->csr), &s->facts.csr_hash);
}

static void fill_facts(const cli_simulated *device, const cli_simulated_renewal *renewal, poa_trust_proof_facts *facts)
{
    for (size_t i = 0; i < poa_certs_count(device->credential) && i < POA_X5C_MAX; i++)
        facts->x5c.certificates[facts->x5c.len++] = poa_certs_der(device->credential, i);
    facts->aud = renewal->site;
    facts->device = poa_json_span(json_object_get(device->state, "id"));
    facts->iat_s = (int64_t)time(NULL);
    facts->nonce = poa_span_of(renewal->nonce);
    facts->reason = renewal->reason;
    facts->boot_counter = json_integer_value(json_object_get(device->state, "boot_counter"));
    facts->has_firmware = poa_id_parse(poa_json_span(json_object_get(device->state, "firmware")), &facts->firmware);
}

int cli_simulated_renew(const cli *app, const cli_simulated *device, const cli_simulated_renewal *renewal, json_t **out)
{
    POA_CLEANUP(clear) speech s = {0};
    POA_CLEANUP(poa_freep) char *proof = NULL;
    POA_CLEANUP(poa_bytes_clear) poa_bytes pem = {0};
    poa_reason why = {.hop = POA_HOP_NONE};
    if (!device->credential)
        return cli_usage("%s is in no site yet: it has no credential", device->folder);
    /* A next key that is there may be known to the server already: then the old one proves nothing alone. */
    const int failed =
        renewal->reason == POA_TRUST_REKEY ? need_next(app, device, &s.fresh) : load_next(app, device, &s.fresh);
    if (failed)
        return failed;
    poa_err err = poa_signer_of(device->key, POA_ALG_NONE, &s.signs);
    fill_facts(device, renewal, &s.facts);
    if (!err && s.fresh)
        err = request_certificate(app, device, renewal->nonce, &s);
    if (!err && s.fresh)
        err = poa_pem_write(POA_PEM_CSR, poa_bytes_span(&s.csr), &pem);
    if (!err)
        err = poa_trust_proof_sign(app->ctx, &s.facts, &s.signs, &proof, &why);
    if (err)
        return cli_refuse(err, &why, device->folder);
    *out = json_pack("{s:s, s:s*}", "proof", proof, "csr", (const char *)pem.ptr);
    return *out ? CLI_OK : cli_fault_of(POA_F_NOMEM);
}

int cli_simulated_renewed(const cli *app, cli_simulated *device, const json_t *reply)
{
    const int failed = cli_simulated_keep(app, device, reply);
    return failed ? failed : cli_simulated_settle(app, device);
}
