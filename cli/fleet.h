#ifndef CLI_FLEET_H
#define CLI_FLEET_H

#include "client.h"
#include "simulated.h"

/*
 * Simulated devices that keep their trust at a site, as real ones do: each comes when it is due, waits when it is told
 * to, and keeps the certificate that it gets. Many share a few connections, one thread each.
 */

/*
 * How a fleet is played. All borrowed.
 * @folders:  one device each; every one holds a credential
 * @reason:   of the first trust of each; the later ones are periodic. With POA_TRUST_RESTART each device counts a start
 * @at_once:  the first trust of each is now; else when it is due
 * @once:     each comes once, and the fleet ends; gives up after a while without a server
 * @for_s:    how long the fleet is played; 0: until SIGINT or SIGTERM
 * @firmware: what each runs from now on; NULL: what it ran
 */
typedef struct cli_fleet_plan {
    const cli_server_options *server;
    char *const *folders;
    size_t count;
    size_t connections;
    enum poa_trust_reason reason;
    bool at_once;
    bool once;
    int64_t for_s;
    const poa_id *firmware;
} cli_fleet_plan;

enum { CLI_FLEET_CONNECTIONS_MAX = 64 };

/*
 * Play it to its end. *summary is {"done":…,"failed":…,"refused":{code:count}}, owned by the caller; set whenever the
 * fleet began. Exit code of the first trust that failed; CLI_UNREACHABLE when the server was away for good.
 */
int cli_fleet_run(const cli *app, const cli_fleet_plan *plan, json_t **summary);

/* ---- one visit of one device ---- */

/* What came of it. */
typedef enum cli_visit_end {
    CLI_VISIT_DONE,   /* trust is established; due again at due_s */
    CLI_VISIT_LATER,  /* the server said when: after wait_s */
    CLI_VISIT_AWAY,   /* there was no server, or it could not */
    CLI_VISIT_FAILED, /* refused with a code, or the device's folder cannot be used */
} cli_visit_end;

typedef struct cli_visit {
    cli_visit_end end;
    int64_t due_s;
    int64_t wait_s;
    int exit_code; /* of CLI_VISIT_FAILED */
    char code[64]; /* likewise: of the refusal, "http_404" where it has none, "device" for a folder */
} cli_visit;

/*
 * What a device comes with.
 * @boots: it starts now, and counts that before it says so
 */
typedef struct cli_visit_plan {
    poa_span site;
    const char *folder;
    enum poa_trust_reason reason;
    bool boots;
    const poa_id *firmware;
} cli_visit_plan;

/* The device comes once. A refusal is told on standard error, and so is a fault. */
void cli_fleet_visit(const cli *app, cli_connection *connection, const cli_visit_plan *plan, cli_visit *visit);

#endif
