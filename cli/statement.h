#ifndef CLI_STATEMENT_H
#define CLI_STATEMENT_H

#include "cli.h"
#include "client.h"
#include "keys.h"
#include "options.h"

#include "poa/chain.h"
#include "poa/statement.h"

/*
 * Revocation statements (protocol section 8), which revoke, suspend and resume share.
 */
typedef struct cli_statement_options {
    enum poa_statement_op op; /* set by the verb */
    cli_key_options key;
    cli_server_options server;
    cli_output_options output;
    const char *poa;        /* PoA id */
    const char *chain;      /* file; its link `hop` is meant */
    int64_t hop;            /* -1: the leaf */
    const char *target_key; /* thumbprint or file of a key */
    const char *hold;       /* jti of a hold */
    const char *statement;  /* file of the statement that placed the hold */
    const char *reason;
    const char *issuer;
    cli_texts audience;
    const char *on_revoke;
    int64_t invalid_since_s; /* -1: not said; likewise the next */
    int64_t issued_before_s;
    const char *admin_chain; /* file with the administrator's own chain */
    bool dry_run;            /* ask what it would do; make none */
} cli_statement_options;

/* Options of a statement with a target (revoke, suspend); those of resume. The input is a cli_statement_options. */
extern const struct argp cli_target_argp;
extern const struct argp cli_resume_argp;

/* Make the statement, write it, and with --server submit it; or, as a dry run, only ask what it would do. */
int cli_statement_run(const cli *app, const cli_statement_options *options);

/* Send a statement to the server, with the chain that shows its signer's standing (ptr NULL: none). `answer`, owned by
 * the caller, is {"store":…,"epoch":…}. */
int cli_statement_submit(const cli_server_options *server, poa_span statement, poa_span chain, json_t **answer);

#endif
