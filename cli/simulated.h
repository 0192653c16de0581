#ifndef CLI_SIMULATED_H
#define CLI_SIMULATED_H

#include "cli.h"

#include "certs.h"

#include "poa/chain.h"
#include "poa/device.h"

#include <argp.h>
#include <jansson.h>

/*
 * A software device: a folder with what a real one holds inside. It answers as a device answers, and badly when asked.
 *
 *   label.json      what is printed on its housing: manufacturer, model, serial, id_link
 *   idevid.key      the key of its IDevID, made with it; idevid.pem the IDevID
 *   device.key      the key of its credential; device.key.next the one that shall follow it
 *   credential.pem  the credential that a site issued, its CA behind it
 *   state.json      {"id":…,"boot_counter":…,"firmware":…,"due":…}: what it remembers
 */
typedef struct cli_simulated {
    const char *folder; /* borrowed */
    json_t *label;
    poa_key *idevid_key; /* NULL: it has no IDevID */
    poa_certs *idevid;
    poa_key *key;
    poa_certs *credential; /* NULL: it is in no site */
    json_t *state;
} cli_simulated;

/* How it misbehaves. X(symbol, name, what it does) */
#define CLI_MISBEHAVIOUR_LIST(X)                                                                           \
    X(CLI_MISBEHAVE_SERIAL, "wrong-serial", "its proof names another serial number")                       \
    X(CLI_MISBEHAVE_OLD, "old-proof", "its proof was made for another nonce, or offline a year ago")       \
    X(CLI_MISBEHAVE_AGENT, "other-agent", "its proof was made for another agent")                          \
    X(CLI_MISBEHAVE_LABEL, "cloned-label", "it carries the label, and has neither the key nor the IDevID") \
    X(CLI_MISBEHAVE_CERTIFICATE, "copied-idevid", "it shows the IDevID, which is public, without its key")

enum cli_misbehaviour {
    CLI_BEHAVE,
#define X(symbol, name, what) symbol,
    CLI_MISBEHAVIOUR_LIST(X)
#undef X
};

/* The value of --misbehave; usage error, which says all of them, for another. */
enum cli_misbehaviour cli_misbehaviour_option(const struct argp_state *state, const char *name);

/* Read one; CLI_USAGE when the folder is no simulated device. */
int cli_simulated_load(const cli *app, const char *folder, cli_simulated *device);
void cli_simulated_clear(cli_simulated *device);

/*
 * What it is asked to sign for.
 * @agent:    thumbprint of the agent who asks
 * @nonce:    the server's; NULL: offline, with a random value of its own
 * @location: where it will stand; NULL: where the device stands that it replaces
 */
typedef struct cli_simulated_task {
    const poa_id *agent;
    const char *nonce;
    const char *location;
    enum cli_misbehaviour misbehaviour;
} cli_simulated_task;

/* {"device":…,"csr":…,"location":…,"device_proof":…}: what is posted to bring it in; owned by the caller. */
int cli_simulated_request(const cli *app, const cli_simulated *device, const cli_simulated_task *task, json_t **out);

/* Keep what the site gave: the certificate and the device's id and due time in the reply. */
int cli_simulated_keep(const cli *app, cli_simulated *device, const json_t *reply);

/*
 * What it is asked to sign to renew its trust.
 * @site:  the resource owner
 * @nonce: the server's
 */
typedef struct cli_simulated_renewal {
    poa_span site;
    const char *nonce;
    enum poa_trust_reason reason;
} cli_simulated_renewal;

/*
 * {"proof":…,"csr":…}: what is posted to re-establish trust, with the boot counter and the firmware of its state; owned
 * by the caller. For a rekey it makes itself a next key; one that is there is handed in until a site has certified it.
 */
int cli_simulated_renew(const cli *app, const cli_simulated *device, const cli_simulated_renewal *renewal,
                        json_t **out);

/* Keep what a site gave for it: as cli_simulated_keep(), and the next key, once it is certified, is the key. */
int cli_simulated_renewed(const cli *app, cli_simulated *device, const json_t *reply);

/* Use the next key, where the credential is already for it: somebody was stopped between the two. */
int cli_simulated_settle(const cli *app, cli_simulated *device);

/* Write what it remembers. */
int cli_simulated_remember(const cli_simulated *device);

/* A file in its folder, malloc'ed. */
char *cli_simulated_path(const cli_simulated *device, const char *name);

#endif
